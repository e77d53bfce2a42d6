"""A digest in the palette its reader asked for: `?theme=dark` or `light`, by its own dark rules."""

import re
from enum import StrEnum
from typing import Final

_QUERY: Final = re.compile(r"@media\s*\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.I)
_SCHEME: Final = re.compile(r"((?:supported-)?color-schemes?(?:\"\s+content=\"|\s*:\s*))light dark", re.I)
_STYLE: Final = re.compile(r"<style\b[^>]*>.*?</style>|<meta\b[^>]*color-scheme[^>]*>", re.I | re.S)


class Palette(StrEnum):
    """What can be asked for; anything else leaves the choice to the browser."""

    LIGHT = "light"
    DARK = "dark"


def in_palette(html: str, palette: Palette | None) -> str:
    """The page with its dark rules always on, or never; nothing but style elements and metas is touched."""
    if palette is None:
        return html
    query = "@media all" if palette is Palette.DARK else "@media not all"
    return _STYLE.sub(lambda part: _SCHEME.sub(rf"\g<1>{palette}", _QUERY.sub(query, part[0])), html)


def palette_of(text: str | None) -> Palette | None:
    """The palette a query string names, or None."""
    return Palette(text) if text in set(Palette) else None
