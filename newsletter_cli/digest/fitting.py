"""Pictures made fit for mail: PNG, JPEG or GIF, no wider than they are shown on a good screen, light, without notes.

    fits already     its own bytes, without what the camera noted           no library, the same bytes everywhere
    does not         drawn anew by Pillow (extra `images`), and remembered  the same bytes for one version of Pillow

Programs show 600 pixels in one column; a picture of twice that is sharp on every screen, one of a camera is slow on a
phone in the country.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter_cli.digest.drawing import RECIPE, drawn, pillow_version
from newsletter_cli.digest.metadata import without_metadata
from newsletter_cli.digest.pictures import (
    SHOWN,
    Kind,
    PictureError,
    PictureFile,
    is_for_press,
    kind_of,
    measure,
    turned,
)
from newsletter_cli.newsroom import atomic_write

WIDEST: Final = 1200  # pixels
HEAVIEST: Final = 200 * 1024  # bytes of one picture
TOGETHER: Final = 1024 * 1024  # of all pictures of an issue
_LEAST: Final = 60 * 1024  # what a picture may weigh however many there are
INSTALL: Final = 'pip install "newsletter-cli[images]"'
_KEPT: Final = 400  # pictures that are remembered
# Kinds that cannot be drawn here, and what to do.
_NEVER: Final = {
    Kind.SVG: "is a drawing (SVG), which Gmail and Outlook do not show; save it as PNG",
    Kind.HEIC: "is a HEIC photograph, which mail programs do not show; save it as JPEG",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may be."""

    shown: int  # pixels it is shown in
    weight: int = HEAVIEST  # bytes

    @property
    def width(self) -> int:
        """Pixels of a picture that is drawn anew: sharp on a screen with two for each."""
        return min(2 * self.shown, WIDEST)


def weight_of_one(count: int) -> int:
    """Bytes that each of so many pictures may have, so that all of them stay under the sum."""
    return max(_LEAST, min(HEAVIEST, TOGETHER // max(count, 1)))


@dataclass(frozen=True, slots=True)
class Memory:
    """Pictures that were drawn before: a folder of their bytes, each behind a hash of them."""

    folder: Path

    def get(self, key: str) -> bytes | None:
        """The bytes under a key; None when there are none, or they were damaged."""
        try:
            stored = (self.folder / key).read_bytes()
        except OSError:
            return None
        seal, data = stored[:32], stored[32:]
        return data if hashlib.sha256(data).digest() == seal else None

    def put(self, key: str, data: bytes) -> None:
        """Remember bytes. Where that is not possible they are drawn again next time."""
        try:
            if not self.folder.parent.is_dir():
                return
            self.folder.mkdir(exist_ok=True)
            atomic_write(self.folder / key, hashlib.sha256(data).digest() + data)
            self._forget_oldest()
        except OSError:
            return

    def _forget_oldest(self) -> None:
        files = [path for path in self.folder.iterdir() if len(path.name) == 64]
        for path in sorted(files, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            path.unlink(missing_ok=True)


def fitted(data: bytes, source: str, limits: Limits, memory: Memory | None = None) -> PictureFile:
    """The picture as it may leave.

    source: how messages call it.  memory: of pictures drawn before.
    Without the extra `images` a PNG, JPEG or GIF that is too large stays as it is, for I102 to say so.
    Raises PictureError for bytes that are no picture, damaged, too many pixels, or of a kind that cannot be drawn.
    """
    kind = kind_of(data)
    if kind is None:
        raise PictureError(f"{source} is neither PNG, JPEG nor GIF")
    if kind in _NEVER:
        raise PictureError(f"{source} {_NEVER[kind]}", kind)
    size = measure(data)
    if kind in SHOWN and size is None:
        raise PictureError(f"{source} is damaged: it is no whole {kind}")
    is_turned = turned(data)
    bare = data if is_turned else without_metadata(data)
    small = size is not None and size.width <= WIDEST and len(bare) <= limits.weight
    if size is not None and small and not is_turned and not is_for_press(data):
        return PictureFile(bare, size)
    anew = _drawn(data, kind, source, limits, memory)
    if anew is not None:
        size, bare = measure(anew), anew
    if size is None:
        why = f"{source} is {kind}, which mail programs do not show; to have it converted: {INSTALL}"
        raise PictureError(why, kind)
    return PictureFile(bare, size)


def _drawn(data: bytes, kind: Kind, source: str, limits: Limits, memory: Memory | None) -> bytes | None:
    """The picture drawn anew, or as it was drawn before; None without Pillow."""
    pillow = pillow_version()
    if pillow is None:
        return None
    recipe = f"{RECIPE} {pillow} {limits.shown} {limits.weight} ".encode()
    key = hashlib.sha256(recipe + hashlib.sha256(data).digest()).hexdigest()
    known = memory.get(key) if memory else None
    if known is not None:
        return known
    made = drawn(data, kind, source, width=limits.width, least=limits.shown, weight=limits.weight)
    if memory:
        memory.put(key, made)
    return made
