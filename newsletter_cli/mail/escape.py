"""One reader's value, made safe for the place where it stands."""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from newsletter_cli.mail.document import Place

# Controls, line ends and lone surrogates would end a line or a field; overrides would disguise what follows them.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NEVER: Final = re.compile("[\u202a-\u202e\ud800-\udfff\ufeff]")
_UNUSUAL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_MARKUP: Final = re.compile("[&<>\"']")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_OPEN: Final = "\u2066\u2067\u2068"
_CLOSE: Final = "\u2069"


def plain(value: str) -> str:
    """One line of text: controls and line ends are a space, overrides and lone surrogates go, isolates are balanced."""
    # Printable holds none of them, and is told at a third of the price; a joiner or a hard space is not printable.
    if value.isprintable() or not _UNUSUAL.search(value):
        return value
    return _balanced(_NEVER.sub("", _CONTROL.sub(" ", value)))


def html(value: str) -> str:
    """For HTML text and attribute values, in either kind of quotes: inliners may change them."""
    if not value.isprintable():
        value = plain(value)
    if not _MARKUP.search(value):
        return value
    return _MARKUP.sub(lambda match: _ENTITIES[match.group()], value)


def url_part(value: str) -> str:
    """For a piece of a URL: everything but letters, digits and `_.-~` is percent-encoded."""
    return quote(plain(value), safe="")


ESCAPERS: Final[Mapping[Place, Callable[[str], str]]] = {
    Place.HTML: html,
    Place.URL_PART: url_part,
    Place.URL: plain,  # only links that we built, which hold nothing to escape
    Place.TEXT: plain,
    Place.HEADER: plain,  # the header serialiser comes after it
}


def _balanced(value: str) -> str:
    """Isolates that end inside the value: an open one would swallow the rest of the line."""
    written, depth = [], 0
    for character in value:
        if character in _OPEN:
            depth += 1
        elif character == _CLOSE:
            if not depth:
                continue
            depth -= 1
        written.append(character)
    return "".join(written) + _CLOSE * depth
