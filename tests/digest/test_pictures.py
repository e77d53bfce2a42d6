"""Pictures are known by their bytes, and only those of the newsroom are opened."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.digest.pictures import PictureError, Pixels, is_online, measure, read_picture


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80" * 3 * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(width: int, height: int, *, orientation: int = 1, frame: int = 0xC0) -> bytes:
    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 1) + entry + struct.pack(">I", 0)
    start = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + segment(0xE1, exif) + b"\xff" + segment(0xC4, b"\0" * 20) + segment(frame, start) + b"\xff\xd9"


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        (png(528, 300), Pixels("image/png", 528, 300)),
        (b"GIF89a" + struct.pack("<HH", 16, 9) + b"\0" * 8, Pixels("image/gif", 16, 9)),
        (jpeg(1200, 800), Pixels("image/jpeg", 1200, 800)),
        (jpeg(1200, 800, frame=0xC2), Pixels("image/jpeg", 1200, 800)),
        (jpeg(1200, 800, orientation=6), Pixels("image/jpeg", 800, 1200)),  # held upright
        (b"RIFF\0\0\0\0WEBPVP8 ", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (png(528, 300)[:20], None),
        (jpeg(10, 10)[:40], None),
        (png(0, 5), None),
        (b"", None),
    ],
)
def test_format_and_size_come_from_the_bytes(data, pixels):
    assert measure(data) == pixels


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe1"]))
def test_any_bytes_have_a_size_or_none(data, start):
    found = measure(start + data)
    assert found is None or (found.width > 0 and found.height > 0)


@pytest.fixture
def newsroom(tmp_path):
    root = tmp_path / "room"
    (root / "articles" / "2026").mkdir(parents=True)
    (root / "articles" / "2026" / "a b.png").write_bytes(png(4, 3))
    (tmp_path / "outside.png").write_bytes(png(4, 3))
    (root / "articles" / "link.png").symlink_to(tmp_path / "outside.png")
    (root / "articles" / "text.png").write_text("no picture", encoding="utf-8")
    (root / "articles" / "round.png").symlink_to(root / "articles" / "round.png")
    with (root / "articles" / "huge.png").open("wb") as file:
        file.truncate(40 * 1024 * 1024)
    return root


def read(root, source):
    return read_picture(source, beside=root / "articles" / "2026", inside=root)


@pytest.mark.parametrize("source", ["a b.png", "a%20b.png", "./a b.png", "articles/2026/a b.png"])
def test_a_picture_lies_beside_its_article_or_is_named_from_the_newsrooms_top(newsroom, source):
    assert read(newsroom, source).size == Pixels("image/png", 4, 3)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("../../../outside.png", "outside of the newsroom"),
        ("../link.png", "outside of the newsroom"),
        ("/etc/passwd", "there is no file"),
        ("file:///etc/passwd", "no file of this newsroom"),
        ("data:image/png;base64,AAAA", "no file of this newsroom"),
        ("//evil.example/x.png", "no file of this newsroom"),
        ("missing.png", "there is no file missing.png"),
        ("../text.png", "neither PNG, JPEG nor GIF"),
        (".", "there is no file"),
        ("a%00b.png", "no file of this newsroom"),
        ("../round.png", "cannot be read|there is no file"),
        ("../huge.png", "has more than 20 MB"),
    ],
)
def test_what_is_no_picture_of_the_newsroom_says_why(newsroom, source, why):
    with pytest.raises(PictureError, match=why.replace(".", r"\.")):
        read(newsroom, source)


@given(st.text(max_size=40))
def test_any_source_is_a_picture_or_says_why(tmp_path_factory, source):
    root = tmp_path_factory.getbasetemp()
    is_online(source)
    try:
        read_picture(source, beside=root, inside=root)
    except PictureError:
        return


@pytest.mark.parametrize("source", ["http://[", "[::", "HTTPS://example.org/a.png"])
def test_an_address_that_is_none_is_no_trouble(source):
    assert is_online(source) == source.lower().startswith("http")
