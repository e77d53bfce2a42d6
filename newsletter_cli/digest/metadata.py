"""What a camera or a program wrote beside a picture: place, time, owner, an earlier form. Taken out before it leaves.

Without loss: the picture's own bytes stay as they are, so this needs no library and gives the same bytes everywhere.
"""

import struct
from collections.abc import Iterator
from typing import Final

from newsletter_cli.digest.pictures import Kind, jpeg_segments, kind_of

_SIGNATURE: Final = 8  # bytes of a PNG before its first chunk
# Chunks a picture looks different without; those of an animation too.
_PNG_KEPT: Final = frozenset(
    {
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs",
        b"acTL", b"fcTL", b"fdAT", b"cICP",
    }
)  # fmt: skip
_SCAN: Final = 0xDA
_COMMENT: Final = 0xFE
_JFIF, _ADOBE, _PROFILE = 0xE0, 0xEE, 0xE2  # application segments that say how the colours are meant


def without_metadata(data: bytes) -> bytes:
    """PNG or JPEG bytes without notes; other bytes, and those of a broken picture, as they are.

    A JPEG whose camera was held sideways loses the note of that: make it upright first.
    """
    kind = kind_of(data)
    if kind is Kind.PNG:
        return _png(data)
    if kind is Kind.JPEG:
        return _jpeg(data)
    return data


def _png(data: bytes) -> bytes:
    chunks = list(_chunks(data))
    if not chunks or chunks[-1][0] != b"IEND":
        return data
    return data[:_SIGNATURE] + b"".join(chunk for name, chunk in chunks if name in _PNG_KEPT)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, whole chunk) up to the end, or to where the file breaks off."""
    position = _SIGNATURE
    while position + 12 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        end = position + 12 + length
        if end > len(data):
            return
        name = data[position + 4 : position + 8]
        yield name, data[position:end]
        if name == b"IEND":
            return
        position = end


def _jpeg(data: bytes) -> bytes:
    kept = [b"\xff\xd8"]
    for marker, body in jpeg_segments(data):
        if marker == _SCAN:
            start = data.find(b"\xff\xda" + struct.pack(">H", len(body) + 2) + body)
            # Phones put a second picture, or a film, behind the end of the first.
            end = data.find(b"\xff\xd9", start)
            return b"".join((*kept, data[start : end + 2])) if end > 0 else data
        if _says_how_to_draw(marker, body):
            kept.append(bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body)
    return data


def _says_how_to_draw(marker: int, body: bytes) -> bool:
    if marker == _PROFILE:
        return body.startswith(b"ICC_PROFILE\0")
    return marker in (_JFIF, _ADOBE) or not (0xE0 <= marker <= 0xEF or marker == _COMMENT)
