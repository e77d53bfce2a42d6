"""I: pictures."""

import struct
import zlib
from base64 import b64encode

from tests.digest.making import png
from tests.digest.planted import CARD, LEAD, PAGE, Change, Planted

DATE = "date: 2026-10-12"
ALT = "حقل قمح قرب القامشلي في الصباح"


def pictured(file: str, alt: str | None = ALT) -> tuple[Change, ...]:
    words = f"image: {file}\n" + (f"image_alt: {alt}\n" if alt is not None else "")
    return (Change(LEAD, DATE, words + DATE),)


def in_page(html: str) -> tuple[Change, ...]:
    return (Change(PAGE, "{# footer #}", f"<tr><td>{html}</td></tr>\n{{# footer #}}"),)


def noisy(size: int) -> bytes:
    """A PNG of at least so many bytes."""
    head, rest = png(600, 400)[:-12], png(600, 400)[-12:]
    extra = b"x" * size
    return (
        head + struct.pack(">I", len(extra)) + b"teXt" + extra + struct.pack(">I", zlib.crc32(b"teXt" + extra)) + rest
    )


# Files that lie beside the articles of the newsroom without mistakes.
FILES = {
    "articles/field.png": png(600, 400),
    "articles/wide.png": png(1300, 400),
    "articles/heavy.png": noisy(220_000),
    "articles/drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "articles/photo.webp": b"RIFF\x10\0\0\0WEBPVP8 ",
}
WEB = "https://www.akhbar-alhaql.org/field"
BODIES = (LEAD, CARD)


def of(code: str, changes: tuple[Change, ...], at: str, *, file: str = LEAD, level: str = "warning") -> Planted:
    return Planted(code=code, changes=changes, file=file, at=at, level=level)


PLANTED = (
    of("I101", pictured("field.png", None), "image:", level="error"),
    of("I101", (Change(LEAD, "## ماذا بعد؟", "![](field.png)\n\n## ماذا بعد؟"),), "![](", level="error"),
    of("I101", in_page(f'<img src="{WEB}.png" width="40">'), WEB, file=PAGE, level="error"),
    of("I102", pictured("heavy.png"), "image:"),
    of("I102", pictured("wide.png"), "image:"),
    of("I103", in_page(f'<img src="{WEB}.png" alt="{ALT}">'), WEB, file=PAGE),
    of("I105", pictured("drawing.svg"), "image:"),
    of("I105", pictured("photo.webp"), "image:"),
    of("I105", pictured(f"{WEB}.avif"), "image:"),
    of("I106", pictured("field.png", "صورة"), "image_alt:"),
    of("I106", pictured("field.png", "field.png"), "image_alt:"),
    of("I106", pictured("field.png", "IMG_2041"), "image_alt:"),
    of("I106", in_page(f'<img src="{WEB}.png" width="40" alt="Logo">'), WEB, file=PAGE),
    of("I107", pictured("gone.png"), "image:", level="error"),
    of(
        "I107",
        in_page(f'<img src="data:image/png;base64,{b64encode(b"x").decode()}" width="4" alt="{ALT}">'),
        "data:",
        file=PAGE,
        level="error",
    ),
)
