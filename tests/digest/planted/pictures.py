"""I: pictures."""

import struct
import zlib
from base64 import b64encode
from random import Random

from tests.digest.making import png
from tests.digest.planted import CARD, LEAD, PAGE, Change, Planted

DATE = "date: 2026-10-12"
ALT = "حقل قمح قرب القامشلي في الصباح"


def pictured(file: str, alt: str | None = ALT) -> tuple[Change, ...]:
    words = f"image: {file}\n" + (f"image_alt: {alt}\n" if alt is not None else "")
    return (Change(LEAD, DATE, words + DATE),)


def in_page(html: str) -> tuple[Change, ...]:
    return (Change(PAGE, "{# footer #}", f"<tr><td>{html}</td></tr>\n{{# footer #}}"),)


def noisy(width: int, height: int) -> bytes:
    """A PNG of noise: nothing makes its pixels smaller."""
    noise = Random(1)
    rows = b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# Files that lie beside the articles of the newsroom without mistakes.
FILES = {
    "articles/field.png": png(600, 400),
    "articles/wide.png": png(1300, 400),
    "articles/heavy.png": noisy(400, 200),
    "articles/drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}
WEB = "https://www.akhbar-alhaql.org/field"
BODIES = (LEAD, CARD)


def of(code: str, changes: tuple[Change, ...], at: str, *, file: str = LEAD, level: str = "warning") -> Planted:
    return Planted(code=code, changes=changes, file=file, at=at, level=level)


# Too heavy and too wide only where the extra that makes them fit is not installed.
WITHOUT_PILLOW = (
    of("I102", pictured("heavy.png"), "image:"),
    of("I102", pictured("wide.png"), "image:"),
)
PLANTED = (
    of("I101", pictured("field.png", None), "image:", level="error"),
    of("I101", (Change(LEAD, "## ماذا بعد؟", "![](field.png)\n\n## ماذا بعد؟"),), "![](", level="error"),
    of("I101", in_page(f'<img src="{WEB}.png" width="40">'), WEB, file=PAGE, level="error"),
    of("I103", in_page(f'<img src="{WEB}.png" alt="{ALT}">'), WEB, file=PAGE),
    of("I105", pictured("drawing.svg"), "image:"),
    of("I105", pictured(f"{WEB}.webp"), "image:"),
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
