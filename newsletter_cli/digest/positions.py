"""Where in a page a marker stands: text, attribute, start or inside of an address, comment, or raw text.

Reads only pages that our own inliner has written: well-formed tags, quoted attributes.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<comment><!--.*?-->)"
    r"|(?P<raw><(?P<rawname>style|title|script)\b[^>]*>.*?</(?P=rawname)\s*>)"
    r"|(?P<tag></?(?P<name>[a-zA-Z][\w:-]*)(?:\s(?:[^>\"']|\"[^\"]*\"|'[^']*')*)?>)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"\s(?P<name>[\w:-]+)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')")
_ADDRESSES: Final = frozenset({"href", "src", "action", "background", "cite"})
_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})


class Context(StrEnum):
    """What surrounds a marker."""

    TEXT = "text"
    ATTRIBUTE = "attribute"
    URL_START = "url-start"  # the first thing in an address: decides where it leads
    URL_PART = "url-part"  # further on in an address
    COMMENT = "comment"
    RAW = "raw"  # title, style, script
    TAG = "tag"  # the name of a tag or of an attribute


@dataclass(frozen=True, slots=True)
class Found:
    """One marker in a page."""

    start: int
    end: int
    number: int
    context: Context
    attribute: str  # "" outside of attributes


def find_in_html(html: str, pattern: re.Pattern[str]) -> tuple[Found, ...]:
    """All markers of a page in order; `pattern` has the marker's number as its group 1."""
    tokens = [token for token in _TOKEN.finditer(html) if pattern.search(token[0])]
    found = [
        Found(m.start(), m.end(), int(m[1]), *_context(html, token, m))
        for token in tokens
        for m in pattern.finditer(html, token.start(), token.end())
    ]
    inside = {one.start for one in found}
    found += [
        Found(m.start(), m.end(), int(m[1]), Context.TEXT, "")
        for m in pattern.finditer(html)
        if m.start() not in inside
    ]
    return tuple(sorted(found, key=lambda one: one.start))


def _context(html: str, token: re.Match[str], marker: re.Match[str]) -> tuple[Context, str]:
    if token["comment"]:
        return Context.COMMENT, ""
    if token["raw"]:
        return Context.RAW, ""
    for attribute in _ATTRIBUTE.finditer(html, token.start(), token.end()):
        group = "double" if attribute["double"] is not None else "single"
        if attribute.start(group) <= marker.start() < attribute.end(group):
            name = attribute["name"].lower()
            if name not in _ADDRESSES:
                return Context.ATTRIBUTE, name
            at_start = not html[attribute.start(group) : marker.start()].strip()
            return (Context.URL_START if at_start else Context.URL_PART), name
    return Context.TAG, ""


def unbalanced_tag(html: str) -> str:
    """Name of the first element a fragment opens without closing it, or closes without opening it; "" when none."""
    stack: list[str] = []
    for token in _TOKEN.finditer(html):
        name = (token["name"] or "").lower()
        if not name or name in _VOID or token[0].endswith("/>"):
            continue
        if not token[0].startswith("</"):
            stack.append(name)
        elif not stack or stack.pop() != name:
            return name
    return stack[-1] if stack else ""
