"""Letters that look like others: full-width forms and words of two scripts (UTS #39 §5.2)."""

import re
import unicodedata
from typing import Final

# Scripts that live together in one word: Japanese and Korean, and Latin beside them.
_TOGETHER: Final = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)


def has_mixed_scripts(text: str) -> bool:
    """True when one word of `text` has letters of two scripts that do not belong together, such as Latin and Cyrillic.

    Words end at anything that is no letter or mark: an Arabic local part before a Latin domain is not mixed.
    """
    return any(_is_mixed(word) for word in re.split(r"[\W\d_]+", text))


def odd_letters(local: str, domain: str) -> tuple[str, ...]:
    """Warnings for an address: "full-width", "mixed-script"; () for an ordinary one."""
    found = []
    text = f"{local}@{domain}"
    if any(unicodedata.east_asian_width(character) == "F" for character in text):
        found.append("full-width")
    if has_mixed_scripts(text):
        found.append("mixed-script")
    return tuple(found)


def _is_mixed(word: str) -> bool:
    scripts = {script for script in map(_script, word) if script}
    return len(scripts) > 1 and not any(scripts <= group for group in _TOGETHER)


def _script(letter: str) -> str:
    """The script of a letter by the first word of its Unicode name; "" for marks and modifiers, which belong to all."""
    if not unicodedata.category(letter).startswith("L") or unicodedata.category(letter) == "Lm":
        return ""
    first = unicodedata.name(letter, "").partition(" ")[0]
    return {"FULLWIDTH": "LATIN", "HALFWIDTH": "KATAKANA"}.get(first, first)
