"""Pictures of a digest: files of the newsroom, known by their bytes, published at /a/{hash} or put into the message.

Only files inside the newsroom are opened, links resolved first. Format and size are read from the bytes: a name can
be wrong, and an attribute `width` that is wrong makes Outlook tear the page. How they are made to fit: fitting.py.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

# 20 MB: a photograph straight from a camera has less; what is larger was never meant for mail.
_FILE_LIMIT: Final = 20 * 1024 * 1024
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})


class PictureError(Exception):
    """Why a picture cannot be shown, as the end of a sentence."""

    def __init__(self, why: str, foreign: "Kind | None" = None) -> None:
        """foreign: the kind of a sound picture that mail programs do not show."""
        super().__init__(why)
        self.foreign = foreign


class Kind(StrEnum):
    """What the bytes of a picture are, whatever the file is called."""

    PNG = "PNG"
    JPEG = "JPEG"
    GIF = "GIF"
    WEBP = "WebP"
    AVIF = "AVIF"
    HEIC = "HEIC"
    BMP = "BMP"
    TIFF = "TIFF"
    SVG = "SVG"


SHOWN: Final = frozenset({Kind.PNG, Kind.JPEG, Kind.GIF})  # by every mail program
_BRANDS: Final = {b"avif": Kind.AVIF, b"avis": Kind.AVIF} | dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), Kind.HEIC
)


@dataclass(frozen=True, slots=True)
class Pixels:
    """Format and pixels of a picture, from its first bytes."""

    media_type: str  # image/png, image/jpeg, image/gif
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture read from the newsroom."""

    data: bytes
    size: Pixels

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def is_online(source: str) -> bool:
    """Whether a picture's source is a web address and not a file."""
    return _scheme(source) in {"http", "https"}


def _scheme(source: str) -> str:
    try:
        return urlsplit(source).scheme.lower()
    except ValueError:  # brackets that hold no IPv6 address
        return source.partition(":")[0].lower()


def read_picture(source: str, *, beside: Path, inside: Path) -> PictureFile:
    """The picture a file names, as it lies there.

    As `picture_bytes`; raises PictureError also for bytes that are neither PNG, JPEG nor GIF.
    """
    data = picture_bytes(source, beside=beside, inside=inside)
    size = measure(data)
    if size is None:
        raise PictureError(f"{source} is neither PNG, JPEG nor GIF")
    return PictureFile(data, size)


def picture_bytes(source: str, *, beside: Path, inside: Path) -> bytes:
    """The bytes of the file that an article names.

    source: path as written in the article, relative to the folder `beside`.  inside: the newsroom's folder.
    Raises PictureError for another kind of address, a missing or unreadable file, one outside the newsroom, or one of
    more than 20 MB, which is not read.
    """
    foreign = _scheme(source) in {"data", "file", "cid", "javascript"} or source.startswith("//")
    if foreign or "\0" in unquote(source):
        raise PictureError(f"{source[:40]} is no file of this newsroom")
    # Sources of articles moved between folders are often given from the newsroom's top.
    places = (beside / unquote(source), inside / unquote(source).lstrip("/"))
    try:
        within = [path for path in (place.resolve() for place in places) if path.is_relative_to(inside.resolve())]
        if not within:
            raise PictureError(f"{source} lies outside of the newsroom's folder")
        path = next((path for path in within if path.is_file()), within[0])
        if not path.is_file():
            raise PictureError(f"there is no file {source}")
        if path.stat().st_size > _FILE_LIMIT:
            raise PictureError(f"{source} has more than 20 MB")
        return path.read_bytes()
    except OSError as error:
        raise PictureError(f"{source[:200]} cannot be read: {error.strerror}") from error
    except RuntimeError as error:  # before Python 3.13: links that lead round in a circle
        raise PictureError(f"{source} cannot be read: {error}") from error


def kind_of(data: bytes) -> Kind | None:
    """What the first bytes say that a picture is; None for what is none."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Kind.GIF
    if data.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Kind.WEBP
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    if data.startswith(b"BM") and data[6:10] == b"\0\0\0\0":
        return Kind.BMP
    if data.startswith((b"II*\0", b"MM\0*")):
        return Kind.TIFF
    start = data[:4096].lower()
    return Kind.SVG if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<svg" in start else None


def measure(data: bytes) -> Pixels | None:
    """Format and pixels of PNG, JPEG or GIF bytes; None for anything else, also when they break off too early."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            width, height = struct.unpack(">II", data[16:24])
            return _size("image/png", width, height)
        if data.startswith((b"GIF87a", b"GIF89a")):
            width, height = struct.unpack("<HH", data[6:10])
            return _size("image/gif", width, height)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except struct.error:
        pass
    return None


def turned(data: bytes) -> bool:
    """Whether a JPEG is shown upright only by programs that read what its camera noted."""
    return kind_of(data) is Kind.JPEG and any(
        marker == 0xE1 and body.startswith(b"Exif\0\0") and _orientation(body[6:]) not in (0, 1)
        for marker, body in jpeg_segments(data)
    )


def is_for_press(data: bytes) -> bool:
    """Whether a JPEG has four inks: browsers draw it in other colours, mail programs often not at all."""
    frames = (body for marker, body in jpeg_segments(data) if marker in _JPEG_FRAMES)
    return kind_of(data) is Kind.JPEG and next(frames, b"")[5:6] == b"\4"


def _size(media_type: str, width: int, height: int) -> Pixels | None:
    return Pixels(media_type, width, height) if 0 < width < 65_536 and 0 < height < 65_536 else None


def _jpeg(data: bytes) -> Pixels | None:
    exchanged = False
    for marker, body in jpeg_segments(data):
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            exchanged = _orientation(body[6:]) in range(5, 9)
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", body[1:5])
            return _size("image/jpeg", height, width) if exchanged else _size("image/jpeg", width, height)
    return None


def jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of each segment of a JPEG up to its first scan, as far as they are sound."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF or marker in _JPEG_BARE:  # fill bytes, and markers without a body
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])  # there are four bytes, see above
        yield marker, data[position + 4 : position + 2 + length]
        if length < 2:
            return
        position += 2 + length


def _orientation(tiff: bytes) -> int:
    """How the camera was held, 1 to 8; from 5 on width and height are exchanged. 0 when it did not say."""
    try:
        return _exif_orientation(tiff)
    except struct.error:
        return 0


def _exif_orientation(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    (offset,) = struct.unpack(f"{order}I", tiff[4:8])
    (count,) = struct.unpack(f"{order}H", tiff[offset : offset + 2])
    for entry in range(min(count, 200)):
        start = offset + 2 + entry * 12
        tag, kind = struct.unpack(f"{order}HH", tiff[start : start + 4])
        if (tag, kind) == (0x0112, 3):
            (value,) = struct.unpack(f"{order}H", tiff[start + 8 : start + 10])
            return int(value)
    return 0
