"""Whether something shines through a picture, and what its own ink is: a wordmark may vanish on a dark page (H309)."""

import io
import struct
from enum import StrEnum
from typing import Final

from newsletter_cli.digest.drawing import BROKEN, pillow_version
from newsletter_cli.digest.pictures import Kind, kind_of

_MOST_PIXELS: Final = 4_000_000  # a wordmark has fewer; a larger picture is judged by its head
_DARK, _LIGHT = 96, 160  # of 255: below and above these the ink fades into a dark or a light page
_SEEN: Final = 128  # alpha from which on a pixel counts as ink


class Ink(StrEnum):
    """What is drawn on the part that shines through."""

    DARK = "dark"  # vanishes where the page turns dark
    LIGHT = "light"  # vanishes where the page is light
    MIXED = "mixed"  # seen on both, or nobody could look


def transparent_ink(data: bytes) -> Ink | None:
    """The ink of a picture that something shines through; None for an opaque one.

    Without Pillow the head of the file decides: what may be transparent is taken to be, and its ink for mixed.
    """
    if not _may_be_transparent(data):
        return None
    if pillow_version() is None:
        return Ink.MIXED
    return _looked_at(data)


def _may_be_transparent(data: bytes) -> bool:
    match kind_of(data):
        case Kind.PNG:
            return data[25:26] in (b"\x04", b"\x06") or b"tRNS" in data[: data.find(b"IDAT")]
        case Kind.GIF:
            return any(data[at + 3 : at + 4] and data[at + 3] & 1 for at in _positions(data, b"\x21\xf9\x04"))
        case _:
            return False


def _positions(data: bytes, what: bytes) -> list[int]:
    found = []
    at = data.find(what)
    while at >= 0:
        found.append(at)
        at = data.find(what, at + 1)
    return found


def _looked_at(data: bytes) -> Ink | None:
    from PIL import Image, ImageStat  # lazy: an extra

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "GIF")) as image:
            if image.width * image.height > _MOST_PIXELS:
                return Ink.MIXED
            alpha = image.convert("RGBA").getchannel("A")
            grey = image.convert("RGBA").convert("L")
    except (*BROKEN, Image.DecompressionBombError, struct.error):
        return Ink.MIXED
    if alpha.getextrema()[0] == 255:
        return None
    inked = alpha.point([255 if value >= _SEEN else 0 for value in range(256)])
    if inked.getbbox() is None:
        return Ink.MIXED
    (brightness,) = ImageStat.Stat(grey, inked).mean
    return Ink.DARK if brightness < _DARK else Ink.LIGHT if brightness > _LIGHT else Ink.MIXED
