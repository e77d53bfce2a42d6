"""The digest as the frame shows it: the delivered page, with the aid that was chosen and nothing else changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter_cli.digest.standalone import with_pictures_inside
from newsletter_cli.mail.content import Content
from newsletter_cli.web.palette import Palette, in_palette

_STYLE: Final = re.compile(r"<style\b[^>]*>.*?</style>", re.IGNORECASE | re.DOTALL)
_HEAD_END: Final = re.compile(r"</head>", re.IGNORECASE)
# An imitation of programs that turn every colour over: pictures are turned back.
_TURNED: Final = (
    "<style>html{filter:invert(1) hue-rotate(180deg);background:#fff}img{filter:invert(1) hue-rotate(180deg)}</style>"
)
_PICTURE: Final = re.compile(r"<img\b[^>]*\ssrc=[\"'](https?://[^\"']+)", re.IGNORECASE)
_LINK: Final = re.compile(r"<a\b[^>]*?\shref=[\"']([^\"']*)[\"'][^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
_ATTRIBUTE: Final = re.compile(r"(\sstyle=\")([^\"]*)(\")")
_DECLARATION: Final = re.compile(r"([\w-]+)\s*:\s*([^;{}]+)")


@dataclass(frozen=True, slots=True)
class Aids:
    """How the editor looks at it."""

    scheme: str = "light"  # light | dark | inverted
    styled: bool = True  # False: without style elements, as some programs show it


def framed(html: str, content: Content, public_url: str, pictures: str, aids: Aids) -> str:
    """The page for the frame.

    public_url: as the page's links have it.  pictures: address below which ours lie, without a slash at its end.
    Dark is the page's own dark CSS, its media query made always true; pictures come from this computer only.
    """
    page = in_palette(html, Palette.DARK if aids.scheme == "dark" else Palette.LIGHT)
    if not aids.styled:
        page = _STYLE.sub("", page)
    for hash_ in content.online_pictures:
        page = page.replace(f"{public_url}/a/{hash_}", f"{pictures}/{hash_}")
    page = with_pictures_inside(page, public_url, carried=content.pictures)
    return _HEAD_END.sub(f"{_TURNED}</head>", page, count=1) if aids.scheme == "inverted" else page


def remote_pictures(html: str, public_url: str) -> tuple[str, ...]:
    """Addresses of pictures that lie elsewhere; the preview fetches none of them."""
    found = dict.fromkeys(match[1] for match in _PICTURE.finditer(html))
    return tuple(url for url in found if not url.startswith(f"{public_url}/a/"))


def links_of(html: str) -> tuple[tuple[str, str], ...]:
    """(address, words) of every link, once."""
    found: dict[str, str] = {}
    for match in _LINK.finditer(html):
        words = " ".join(_TAG.sub("", match[2]).split())
        found[match[1]] = found.get(match[1]) or words
    return tuple(found.items())


def marked_source(html: str, stylesheet: str) -> tuple[tuple[str, bool], ...]:
    """The source in pieces: (text, whether the inliner wrote it). Together they are the source.

    A declaration of a style attribute is the inliner's when the theme's stylesheet has it.
    """
    known = {_normal(match) for match in _DECLARATION.finditer(stylesheet)}
    return tuple(_joined(_pieces(html, known)))


def _pieces(html: str, known: set[tuple[str, str]]) -> Iterator[tuple[str, bool]]:
    at = 0
    for attribute in _ATTRIBUTE.finditer(html):
        yield html[at : attribute.start(2)], False
        for declaration in re.split(r"(?<=;)", attribute[2]):
            match = _DECLARATION.search(declaration)
            yield declaration, match is not None and _normal(match) in known
        at = attribute.end(2)
    yield html[at:], False


def _joined(pieces: Iterator[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    text, mark = "", False
    for piece, marked in pieces:
        if marked == mark:
            text += piece
            continue
        if text:
            yield text, mark
        text, mark = piece, marked
    if text:
        yield text, mark


def _normal(match: re.Match[str]) -> tuple[str, str]:
    value = match[2].replace("&quot;", "'").replace('"', "'").replace("!important", "")
    return match[1].lower(), re.sub(r"\s+|'", "", value).lower()
