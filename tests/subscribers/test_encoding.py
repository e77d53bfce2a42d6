import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.subscribers.encoding import ONE_BYTE, Encoding, Reading, detect, named
from newsletter_cli.subscribers.scoring import score

ARABIC = (
    "البريد الإلكتروني;الاسم;المدينة\r\nreader1@example.org;قارئة الأولى;دمشق\r\nreader2@example.org;عمر الخطيب;حلب\r\n"
)
FRENCH = "courriel;nom;ville\r\nreader1@example.org;Hélène;Orléans\r\nreader2@example.org;François;Besançon\r\n"
FILES = {
    "utf-8": (ARABIC.encode("utf-8"), Encoding.UTF_8),
    "utf-8 with BOM": (ARABIC.encode("utf-8-sig"), Encoding.UTF_8),
    "utf-16 LE with BOM": (b"\xff\xfe" + ARABIC.encode("utf-16-le"), Encoding.UTF_16),
    "utf-16 BE with BOM": (b"\xfe\xff" + ARABIC.encode("utf-16-be"), Encoding.UTF_16),
    "utf-16 LE": (ARABIC.encode("utf-16-le"), Encoding.UTF_16),
    "utf-16 BE": (ARABIC.encode("utf-16-be"), Encoding.UTF_16),
    "windows-1256": (ARABIC.encode("cp1256"), Encoding.WINDOWS_1256),
    "iso-8859-6": (ARABIC.encode("iso8859_6"), Encoding.ISO_8859_6),
    "mac-arabic": (ARABIC.encode("mac_arabic"), Encoding.MAC_ARABIC),
    "windows-1252": (FRENCH.encode("cp1252"), Encoding.WINDOWS_1252),
    "ASCII": (b"email\r\nreader1@example.org\r\n", Encoding.UTF_8),
    "nothing": (b"", Encoding.UTF_8),
}


@pytest.mark.parametrize("name", FILES)
def test_each_encoding_is_found(name):
    data, encoding = FILES[name]
    found = detect(io.BytesIO(data))
    assert (found.best.encoding, found.runner_up) == (encoding, None)
    text = data[found.best.skip :].decode(found.best.codec)
    assert text in {ARABIC, FRENCH, "email\r\nreader1@example.org\r\n", ""}


WORDS = [
    "محمد علي حداد",
    "فاطمة الزهراني",
    "يوسف العبد الله",
    "مريم القاسم",
    "قارئة من دمشق",
    "سارة منصور",
    "طارق الحلبي",
    "نور الدين",
    "هدى السيد",
    "آمنة بن علي",
]


@pytest.mark.parametrize("codec", ["cp1256", "iso8859_6", "mac_arabic"])
@pytest.mark.parametrize("words", WORDS)
def test_a_file_of_one_reader_is_enough(codec, words):
    data = f"email,name,city\nreader1@example.org,{words},الإسكندرية".encode(codec)
    found = detect(io.BytesIO(data))
    assert data.decode(found.best.codec) == data.decode(codec)
    assert found.runner_up is None


def test_two_readings_that_both_make_sense_are_a_question():
    data = "email,name\nreader1@example.org,رنا".encode("cp1256")
    found = detect(io.BytesIO(data))
    assert {found.best.encoding, found.runner_up.encoding} == {Encoding.WINDOWS_1256, Encoding.ISO_8859_6}
    assert {found.best.sample, found.runner_up.sample} == {
        "reader1@example.org,رنا", data.decode("iso8859_6").splitlines()[1],
    }  # fmt: skip


def test_one_spoilt_row_does_not_make_another_encoding_of_the_file():
    data = ARABIC.encode("utf-8") + b"reader3@example.org;\xc7\xe1;x\r\n"
    assert detect(io.BytesIO(data)).best.encoding is Encoding.UTF_8


def test_a_question_needs_two_different_texts():
    french = FRENCH.encode("cp1252")
    assert french.decode("cp1252") == french.decode("cp1256")
    assert detect(io.BytesIO(french)).runner_up is None


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("UTF8", Reading(Encoding.UTF_8, "utf-8")),
        ("utf-8-sig", Reading(Encoding.UTF_8, "utf-8")),
        ("Windows-1256", Reading(Encoding.WINDOWS_1256, "cp1256")),
        ("cp1252", Reading(Encoding.WINDOWS_1252, "cp1252")),
        ("ISO-8859-6", Reading(Encoding.ISO_8859_6, "iso8859_6")),
        ("mac-arabic", Reading(Encoding.MAC_ARABIC, "mac_arabic")),
        ("utf-16", Reading(Encoding.UTF_16, "utf-16-le")),
        ("utf-16-be", Reading(Encoding.UTF_16, "utf-16-be")),
        ("big5", None),
        ("klingon", None),
        ("", None),
    ],
)
def test_a_person_may_name_the_encoding(name, reading):
    assert named(name, io.BytesIO(b"email\n")) == reading


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff", b""])
def test_a_named_utf_16_looks_for_the_order_of_its_bytes(mark):
    codec = "utf-16-be" if mark == b"\xfe\xff" else "utf-16-le"
    data = mark + "email\n".encode(codec)
    found = named("utf-16", io.BytesIO(data))
    assert (found.codec, found.skip) == (codec, len(mark))


@given(st.binary(max_size=400) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")))
@example(b"\xff\xfe")
@example(b"\x00" * 10)
def test_any_bytes_have_a_reading(data):
    found = detect(io.BytesIO(data))
    assert isinstance(data[found.best.skip :].decode(found.best.codec, "replace"), str)
    assert found.runner_up is None or found.runner_up.encoding is not found.best.encoding


@pytest.mark.parametrize("wrong", [codec for codec in ONE_BYTE.values() if codec not in {"cp1256", "mac_arabic"}])
def test_arabic_scores_higher_than_what_else_its_bytes_could_be(wrong):
    data = ARABIC.encode("cp1256")
    assert score(data.decode("cp1256")) > score(data.decode(wrong, "replace")) + 0.3
