"""Whether a PNG lets the ground shine through, and what it is drawn with there."""

import io
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from newsletter_cli.digest.check.colours import luminance

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_SEEN: Final = 96  # of 255: less opaque points are the soft edge of a letter
_LIGHT: Final = 0.45  # relative luminance of #b3b3b3
_DARK: Final = 0.12  # of #616161
_THROUGH: Final = 0.02  # share of the points; less is a rounded corner


class Ink(StrEnum):
    """What of a picture would vanish on some ground."""

    OPAQUE = "opaque"  # the ground does not shine through
    LIGHT = "light"
    DARK = "dark"
    MIDDLE = "middle"  # readable on both
    UNKNOWN = "unknown"  # transparent; its colours cannot be read here (Pillow is an extra)


def ink_of(data: bytes) -> Ink:
    """The ink of a transparent PNG; every other picture is opaque."""
    if not _may_be_transparent(data):
        return Ink.OPAQUE
    try:
        from PIL import Image, UnidentifiedImageError  # lazy: an extra
    except ImportError:
        return Ink.UNKNOWN
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.thumbnail((160, 160))
            flat = picture.convert("RGBA").tobytes()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return Ink.UNKNOWN
    return _ink([(flat[at], flat[at + 1], flat[at + 2], flat[at + 3]) for at in range(0, len(flat), 4)])


def _ink(points: list[tuple[int, int, int, int]]) -> Ink:
    through = sum(alpha < _SEEN for *_, alpha in points)
    seen = [luminance((red, green, blue)) for red, green, blue, alpha in points if alpha >= _SEEN]
    if not seen or through < _THROUGH * len(points):
        return Ink.OPAQUE
    # Mostly: a mark of three colours on a line of white letters loses its letters.
    if sum(one > _LIGHT for one in seen) > len(seen) / 2:
        return Ink.LIGHT
    return Ink.DARK if sum(one < _DARK for one in seen) > len(seen) / 2 else Ink.MIDDLE


def _may_be_transparent(data: bytes) -> bool:
    """Colour types 4 and 6 have an alpha channel; others may have a tRNS chunk (PNG 3 §11.2.1, §11.3.1)."""
    if not data.startswith(_SIGNATURE) or len(data) < 33:
        return False
    return data[25] in {4, 6} or any(kind == b"tRNS" for kind in _chunks(data))


def _chunks(data: bytes) -> Iterator[bytes]:
    position = len(_SIGNATURE)
    while position + 8 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        yield kind
        if kind == b"IDAT":
            return
        position += 12 + length
