"""Enough CSS to see what a mail program will make of it: declarations, rules, simple selectors. Never raises."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_PART: Final = re.compile(r"(?P<tag>[a-zA-Z][\w-]*)?(?P<classes>(?:\.[A-Za-z_][\w-]*)*)")
_IMPORTANT: Final = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
# ";" ends a declaration, but not inside of quotes and parentheses.
_DECLARATION: Final = re.compile(r"""((?:[^;"'()]|"[^"]*"|'[^']*'|\([^()]*(?:\([^()]*\)[^()]*)*\))+)""")


@dataclass(frozen=True, slots=True)
class Declaration:
    """`name: value`, in lower case but for the value."""

    name: str
    value: str
    important: bool = False


@dataclass(frozen=True, slots=True)
class CssRule:
    """Selectors and what they set; `within` is the @media around them."""

    within: str  # "@media (prefers-color-scheme: dark)"; "" outside
    selectors: tuple[str, ...]
    declarations: tuple[Declaration, ...]
    nested: bool = False  # another rule stands inside of it; its declarations are not read


def without_comments(css: str) -> str:
    """The CSS with its lines where they were."""
    return _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), css)


def declarations(text: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute or of a rule's braces."""
    found = []
    for part in _DECLARATION.findall(without_comments(text)):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            important = _IMPORTANT.search(value)
            plain = _IMPORTANT.sub("", value).strip()
            found.append(Declaration(name.strip().lower(), plain, important is not None))
    return tuple(found)


def rules(css: str, within: str = "") -> Iterator[CssRule]:
    """All rules, also those in @media and @supports, in the order written."""
    css = without_comments(css)
    start = position = 0
    while (opening := css.find("{", position)) >= 0:
        closing = _closing(css, opening)
        head, body = css[start:opening].strip().rpartition(";")[2].strip(), css[opening + 1 : closing]
        if head.startswith("@"):
            yield from rules(body, f"{within} {head}".strip())
        else:
            selectors = tuple(" ".join(one.split()) for one in head.split(",") if one.strip())
            yield CssRule(within, selectors, declarations(re.sub(r"[^;{}]*\{[^{}]*\}", "", body)), "{" in body)
        start = position = closing + 1


def _closing(css: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(css)):
        depth += {"{": 1, "}": -1}.get(css[position], 0)
        if depth == 0:
            return position
    return len(css)


def matches(selector: str, chain: tuple[tuple[str, frozenset[str]], ...]) -> bool:
    """Whether a selector of tags and classes ("td.ink", ".box .link") means the last of a chain of elements.

    chain: (tag, classes) from the top down.  Selectors with anything else in them (:hover, [data-ogsc], >) mean none.
    """
    parts = selector.split()
    if not parts or not all(_PART.fullmatch(part) for part in parts):
        return False
    *above, last = parts
    if not chain or not _is_one(last, chain[-1]):
        return False
    rest = iter(reversed(chain[:-1]))
    return all(any(_is_one(part, one) for one in rest) for part in reversed(above))


def _is_one(part: str, element: tuple[str, frozenset[str]]) -> bool:
    match = _PART.fullmatch(part)
    if match is None:
        return False
    tag, classes = element
    return match["tag"] in (None, tag) and set(match["classes"].split(".")[1:]) <= classes


def values_of(found: tuple[Declaration, ...]) -> Mapping[str, str]:
    """The last value of each name."""
    return {one.name: one.value for one in found}
