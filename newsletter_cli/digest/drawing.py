"""A picture drawn anew by Pillow (extra `images`): upright, in screen colours, smaller, lighter.

The same bytes and the same Pillow give the same bytes: the version of a digest depends on them.
"""

import io
import warnings
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from newsletter_cli.digest.pictures import Kind, PictureError

if TYPE_CHECKING:
    from PIL.Image import Image

RECIPE: Final = "1"  # of this file: another one draws the pictures anew that an earlier program had drawn
_MOST_PIXELS: Final = 50_000_000  # 200 MB while it is drawn; a JPEG is read in smaller steps and may have more
_MOST_OF_JPEG: Final = 150_000_000
_QUALITIES: Final = (85, 78, 70, 60, 50)
_SMALLER: Final = 0.8  # of the width, when no quality is light enough
_PHOTOGRAPHS: Final = frozenset({Kind.JPEG, Kind.TIFF, Kind.WEBP, Kind.AVIF})
# What Pillow raises for bytes that are not what they say.
BROKEN: Final = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, AttributeError, OverflowError,
    NotImplementedError, MemoryError, zlib.error,
)  # fmt: skip


def pillow_version() -> str | None:
    """Which Pillow is installed; None without it."""
    try:
        from PIL import __version__  # lazy: an extra
    except ImportError:
        return None
    return __version__


def drawn(data: bytes, kind: Kind, source: str, *, width: int, least: int, weight: int) -> bytes:
    """The picture as PNG or JPEG, of an animation its first frame.

    kind: of the bytes.  source: how messages call it.  width: pixels at most; a smaller picture keeps its own.
    least: pixels that it keeps even when it stays too heavy.  weight: bytes at most, where that is possible.
    Raises PictureError for damaged bytes and for too many pixels.
    """
    from PIL import Image  # lazy: an extra

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # notes on what is odd in a file; its pixels are counted below
            image = _opened(data, kind, source, width)
            return _light_enough(image, kind, width, least, weight)
    except Image.DecompressionBombError as error:
        raise PictureError(f"{source} has far too many pixels") from error
    except BROKEN as error:
        raise PictureError(f"{source} is damaged and cannot be drawn ({kind})") from error


def _opened(data: bytes, kind: Kind, source: str, width: int) -> "Image":
    """The picture upright, in grey, RGB or RGBA, the last only when something shines through."""
    from PIL import Image, ImageOps  # lazy: an extra

    with Image.open(io.BytesIO(data), formats=(kind.upper(),)) as image:
        pixels = image.width * image.height
        if pixels > (_MOST_OF_JPEG if kind is Kind.JPEG else _MOST_PIXELS):
            raise PictureError(f"{source} has {pixels // 1_000_000} million pixels; save it smaller")
        image.draft(None, (2 * width, 2 * width))  # a JPEG is then read at a half, a quarter or an eighth
        upright = ImageOps.exif_transpose(image)
        coloured = _in_screen_colours(upright)
    coloured.info.clear()  # else notes and profile would be written again
    return coloured


def _in_screen_colours(image: "Image") -> "Image":
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        through = image.convert("RGBA")
        if through.getchannel("A").getextrema()[0] != 255:
            return through
        return through.convert("RGB")
    if image.mode.startswith(("I", "F")):  # more than eight bits for each grey
        return (
            image.convert("F").point(lambda value: value / 256).convert("L")
            if image.mode != "F"
            else image.convert("L")
        )
    if image.mode in ("1", "L"):
        return image.convert("L")
    return _by_profile(image) or image.convert("RGB")


def _by_profile(image: "Image") -> "Image | None":
    """Through the colour profile that the picture brings; None without a usable one."""
    from PIL import ImageCms  # lazy: an extra

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return None
    try:
        screen = ImageCms.createProfile("sRGB")
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, own, screen, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _light_enough(image: "Image", kind: Kind, width: int, least: int, weight: int) -> bytes:
    """The best form of it that keeps to the weight, else the lightest."""
    lightest = b""
    for size in _widths(min(image.width, width), least):
        for made in _forms(_resized(image, size), kind):
            if len(made) <= weight:
                return made
            if not lightest or len(made) < len(lightest):
                lightest = made
    return lightest


def _widths(first: int, least: int) -> Iterator[int]:
    width = first
    yield width
    while width > least:
        width = max(least, int(width * _SMALLER))
        yield width


def _resized(image: "Image", width: int) -> "Image":
    from PIL import Image  # lazy: an extra

    if width >= image.width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _forms(image: "Image", kind: Kind) -> Iterator[bytes]:
    """The picture written in several ways, the finest first; what shines through stays so."""
    through = image.mode == "RGBA"
    if through or kind not in _PHOTOGRAPHS:
        yield _written(image, "PNG", optimize=True)
        if through:
            yield _written(image.quantize(256), "PNG", optimize=True)
    if not through:
        for quality in _QUALITIES:
            yield _written(image, "JPEG", quality=quality, optimize=True, progressive=True)


def _written(image: "Image", form: str, **how: object) -> bytes:
    to = io.BytesIO()
    image.save(to, form, **how)
    return to.getvalue()
