"""Pictures leave upright, light, without notes, and as the same bytes each time."""

import io
import struct
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.digest.fitting import HEAVIEST, TOGETHER, WIDEST, Limits, Memory, fitted, weight_of_one
from newsletter_cli.digest.pictures import Kind, PictureError, kind_of, measure
from newsletter_cli.digest.transparency import Ink, transparent_ink

Image = pytest.importorskip("PIL.Image", reason='pip install "newsletter-cli[images]"')
LIMITS = Limits(528)


def noise(width, height, mode="RGB"):
    """Something like a photograph: it does not compress to nothing."""
    return Image.effect_noise((width // 8, height // 8), 80).resize((width, height)).convert(mode)


def written(image, form, **how):
    to = io.BytesIO()
    image.save(to, form, **how)
    return to.getvalue()


def opened(data):
    return Image.open(io.BytesIO(data))


def exif(orientation=1):
    notes = Image.Exif()
    notes[0x010F] = "Maker of the camera"
    notes[0x0112] = orientation
    return notes


def fit(data, limits=LIMITS, **more):
    return fitted(data, "a.jpg", limits, **more)


@pytest.fixture(scope="module")
def photograph():
    return written(noise(3000, 2000), "JPEG", quality=92)


def test_a_photograph_gets_light_and_no_wider_than_it_is_shown_twice(photograph):
    made = fit(photograph)
    assert len(photograph) > HEAVIEST
    assert (made.size.media_type, len(made.data) <= HEAVIEST, 528 <= made.size.width <= 1056) == (
        "image/jpeg", True, True,
    )  # fmt: skip
    assert abs(made.size.height - made.size.width * 2 / 3) < 1


def test_the_same_bytes_give_the_same_bytes(photograph):
    assert fit(photograph).data == fit(photograph).data


def test_what_fits_keeps_its_own_bytes():
    for form in ("PNG", "JPEG", "GIF"):
        data = written(noise(400, 300), form)
        assert fit(data).data == data


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_notes_of_the_camera_are_taken_out_without_touching_the_picture(form):
    image = noise(400, 300)
    data = written(image, form, exif=exif())
    made = fit(data)
    assert b"Maker of the camera" in data
    assert b"Maker of the camera" not in made.data
    assert opened(made.data).tobytes() == opened(data).tobytes()


def test_what_hangs_behind_the_end_of_a_photograph_is_taken_off():
    data = written(noise(80, 80), "JPEG")
    assert fit(data + b"a film of the moment before").data == data


def test_a_photograph_taken_sideways_stands_upright():
    image = noise(80, 40)
    image.paste((255, 0, 0), (0, 0, 40, 40))
    made = fit(written(image, "JPEG", exif=exif(6), quality=95))
    assert (made.size.width, made.size.height) == (40, 80)
    assert b"Exif" not in made.data
    red, green, _blue = opened(made.data).getpixel((20, 10))
    assert red > 200 > 100 > green


@pytest.mark.parametrize(
    ("form", "becomes"),
    [("WEBP", "image/jpeg"), ("AVIF", "image/jpeg"), ("TIFF", "image/jpeg"), ("BMP", "image/png")],
)
def test_kinds_that_mail_programs_do_not_show_become_ones_they_do(form, becomes):
    try:
        data = written(noise(320, 200), form)
    except (OSError, KeyError):
        pytest.skip(f"this Pillow writes no {form}")
    made = fit(data)
    assert (made.size.media_type, made.size.width) == (becomes, 320)


def test_what_shines_through_stays_so_and_what_does_not_becomes_opaque():
    through = noise(1400, 600, "RGBA")
    through.putalpha(noise(1400, 600, "L"))
    made = fit(written(through, "PNG"))
    assert (made.size.media_type, len(made.data) <= HEAVIEST) == ("image/png", True)
    assert opened(made.data).convert("RGBA").getchannel("A").getextrema()[0] < 255
    opaque = fit(written(noise(1400, 600, "RGBA"), "PNG"))
    assert opaque.size.media_type == "image/jpeg"


def test_a_drawing_stays_a_png():
    made = fit(written(Image.new("RGB", (2400, 1200), "#0b5d57"), "PNG"))
    assert (made.size.media_type, made.size.width) == ("image/png", 1056)


def test_inks_of_a_press_become_colours_of_a_screen():
    data = written(noise(200, 100).convert("CMYK"), "JPEG")
    assert opened(fit(data).data).mode == "RGB"


def test_a_small_animation_moves_and_a_large_one_stands_still():
    frames = [noise(120, 80), noise(120, 80)]
    small = written(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert fit(small).data == small
    large = [noise(900, 700) for _ in range(3)]
    made = fit(written(large[0], "GIF", save_all=True, append_images=large[1:]))
    assert (made.size.media_type, len(made.data) <= HEAVIEST) == ("image/jpeg", True)


def png_head(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "save it as PNG"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "save it as JPEG"),
        (b"just words", "neither PNG, JPEG nor GIF"),
        (b"", "neither PNG, JPEG nor GIF"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"RIFF\x10\0\0\0WEBPVP8 junk", "damaged"),
        (png_head(60_000, 60_000), "too many pixels"),
        (png_head(12_000, 9_000), "108 million pixels"),
    ],
)
def test_what_cannot_be_shown_says_why(data, why):
    with pytest.raises(PictureError, match=why):
        fit(data)


@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"II*\0", b"BM\0\0\0\0\0\0\0\0"]
    ),
    st.binary(max_size=300),
)
def test_any_bytes_are_a_picture_or_refused(start, rest):
    try:
        made = fit(start + rest)
    except PictureError:
        return
    assert measure(made.data) == made.size


def test_a_picture_is_known_by_its_bytes_and_not_by_its_name():
    assert kind_of(written(noise(16, 16), "PNG")) is Kind.PNG
    assert kind_of(b"\xef\xbb\xbf <!-- x --><SVG/>") is Kind.SVG
    assert kind_of(b"<html><p>no picture") is None


def test_without_pillow_what_is_shown_everywhere_still_leaves_and_other_kinds_say_what_to_install(
    monkeypatch, photograph
):
    drawing = written(noise(64, 64), "WEBP")
    small = written(noise(64, 64), "JPEG", exif=exif())
    monkeypatch.setitem(sys.modules, "PIL", None)  # as if the extra were not installed
    assert fit(photograph).data == photograph
    assert b"Maker of the camera" not in fit(small).data
    with pytest.raises(PictureError, match=r'is WebP.*pip install "newsletter-cli\[images\]"'):
        fit(drawing)


def test_what_was_drawn_is_remembered_and_a_damaged_memory_is_not_believed(tmp_path, photograph):
    (tmp_path / "data").mkdir()
    memory = Memory(tmp_path / "data" / "pictures")
    made = fit(photograph, memory=memory)
    (kept,) = memory.folder.iterdir()
    assert memory.get(kept.name) == made.data
    kept.write_bytes(kept.read_bytes()[:-1])
    assert memory.get(kept.name) is None
    assert fit(photograph, memory=memory) == made


def test_a_memory_that_cannot_be_kept_is_no_trouble(tmp_path, photograph):
    assert fit(photograph, memory=Memory(tmp_path / "nowhere" / "pictures")).size.width <= WIDEST


@given(st.integers(0, 100))
def test_many_pictures_are_each_lighter(count):
    assert 60 * 1024 <= weight_of_one(count) <= HEAVIEST
    if count <= 17:
        assert weight_of_one(count) * count <= TOGETHER


def test_seven_photographs_stay_under_the_sum(room, photograph, picture):
    articles = []
    for number in range(7):
        name = f"p{number}.jpg"
        # The same bytes would be one picture: each loses another column.
        opened(photograph).crop((number, 0, 3000, 2000)).save(room.root / "articles" / name, "JPEG", quality=92)
        articles.append(room.article(f"a{number}", image=picture(name)))
    room = room.set(compose={"cards": 9})
    issue = room.issue(*articles)
    assert len(issue.pictures) == 7
    assert sum(len(one.data) for one in issue.pictures) <= TOGETHER
    again = room.issue(*articles)
    assert [one.hash for one in again.pictures] == [one.hash for one in issue.pictures]


@pytest.mark.parametrize(
    ("ink", "through", "found"),
    [
        ("#000000", True, Ink.DARK),
        ("#ffffff", True, Ink.LIGHT),
        ("#808080", True, Ink.MIXED),
        ("#000000", False, None),
    ],
)
def test_the_ink_of_a_wordmark_is_told_when_something_shines_through(ink, through, found):
    image = Image.new("RGBA", (40, 20), (0, 0, 0, 0) if through else "#fffdf9")
    image.paste(ink, (5, 5, 30, 15))
    assert transparent_ink(written(image, "PNG")) == found
    assert transparent_ink(written(image.convert("RGB"), "JPEG")) is None
