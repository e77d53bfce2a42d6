"""What a roster keeps of a stranger's text: names, cities, tags, without what could turn or break a line elsewhere."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 200  # characters of one value: no name or city is longer, and a list has a million of them
LONGEST_TAG: Final = 64

# C0, DEL, C1, marks and overrides of direction, BOM. ZWNJ and ZWJ belong to Persian words.
_HARMFUL: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]"
)
_SPACES: Final = re.compile(r"\s+")
# Letters copied from a PDF, not the ligatures that are signs of their own.
_FORMS: Final = re.compile("[\ufb50-\ufdef\ufe70-\ufefc]+")
FORMULA_STARTS: Final = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
_NEUTRALISED: Final = re.compile(f"'+(?=[{re.escape(FORMULA_STARTS)}])")
_TAG: Final = re.compile(r"[^\s,;|،؛\"“”«»()+][^,;|،؛\"“”«»()]*")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

# Words with a meaning of their own in files and templates: no custom field may be called so.
RESERVED: Final = frozenset({"email", "name", "status", "lists", "tags", "joined", "confirmed", "consent"})


def clean_value(text: str) -> str:
    """One line in NFC, without control characters and marks of direction; white space becomes single spaces.

    The apostrophe that our spreadsheet export puts before a formula goes as well, so no kept value begins with one of
    those: that makes both exports read back as they were.
    """
    text = text.strip()
    if not text:
        return ""
    if text[:1] != "'" and "  " not in text and text.isprintable() and _is_plain(text):
        return text
    text = _FORMS.sub(lambda run: unicodedata.normalize("NFKC", run[0]), _HARMFUL.sub("", unescaped(text)))
    return unescaped(unicodedata.normalize("NFC", _SPACES.sub(" ", text)).strip())


def _is_plain(text: str) -> bool:
    """Nearly all names are: worth not taking the long way a million times."""
    return text.isascii() or (not _FORMS.search(text) and unicodedata.is_normalized("NFC", text))


def unescaped(text: str) -> str:
    """A cell without the apostrophe that `escaped` put before it."""
    found = _NEUTRALISED.match(text)
    return text[found.end() :] if found else text


def escaped(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] and text[0] in FORMULA_STARTS else text


def has_harm(text: str) -> bool:
    """Whether `clean_value` takes something out that could do harm."""
    return not text.isprintable() and _HARMFUL.search(text) is not None


def clean_tag(text: str) -> str | None:
    """A tag as it is kept, or None for what cannot be one: separators, quotes, parentheses, over 64 letters."""
    tag = clean_value(text).casefold()
    tag = unicodedata.normalize("NFC", tag)
    return tag if len(tag) <= LONGEST_TAG and _TAG.fullmatch(tag) and not tag.startswith("-") else None


def split_tags(text: str) -> tuple[str, ...]:
    """The tags of one cell, each once, in order; what cannot be a tag is left out."""
    parts = re.split(r"[,;|،؛]", text)
    return tuple(dict.fromkeys(tag for part in parts if (tag := clean_tag(part))))


def is_field(name: str) -> bool:
    """Whether a custom field can be called so: small Latin letters, digits, underscore, and no word of ours."""
    return _FIELD.fullmatch(name) is not None and name not in RESERVED
