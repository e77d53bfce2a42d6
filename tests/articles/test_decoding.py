"""Bytes to text: the encoding is found or asked for, what is removed is said, and nothing is repaired unasked."""

import contextlib
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.articles import decode
from newsletter_cli.articles.decoding import normalise, what_it_is
from newsletter_cli.articles.encodings import CODECS, guesses
from newsletter_cli.errors import NotConfirmedError, RefusedError

ARABIC = "قالت مديرية الزراعة إن موسم القطاف بدأ في مواعيده المعتادة، وإن الإنتاج جيد هذا العام."
DOUBTFUL = "مها"  # in ISO 8859-6 the same bytes are كما
FRENCH = "L’été à la forêt, où les élèves apprennent ça."


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (ARABIC.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + ARABIC.encode(), "utf-8"),
        (b"\xff\xfe" + ARABIC.encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + ARABIC.encode("utf-16-be"), "utf-16"),
        (ARABIC.encode("utf-16-le"), "utf-16"),
        (ARABIC.encode("utf-16-be"), "utf-16"),
        (f"title: {ARABIC}".encode("utf-16-le"), "utf-16"),
        (ARABIC.encode("cp1256"), "windows-1256"),
        (ARABIC.encode("iso8859_6"), "iso-8859-6"),
        (ARABIC.encode("mac_arabic"), "mac-arabic"),
        (b"plain ASCII", "utf-8"),
    ],
)
def test_arabic_is_read_in_every_encoding_it_comes_in(data, encoding):
    decoded = decode(data)
    assert decoded.encoding == encoding
    assert decoded.text in (ARABIC, f"title: {ARABIC}", "plain ASCII")


def test_french_in_windows_1252_is_read():
    decoded = decode(FRENCH.encode("cp1252"))
    assert (decoded.text, decoded.encoding) == (FRENCH, "windows-1252")
    assert decoded.notes == ("The file was read as windows-1252.",)


@pytest.mark.parametrize("name", sorted(CODECS))
def test_an_encoding_that_a_person_chose_is_taken(name):
    data = b"\xc7\xe1"
    assert decode(data, encoding=name).text == normalise(data.decode(CODECS[name]))[0]


def test_two_likely_encodings_are_a_question_with_both_readings():
    data = DOUBTFUL.encode("cp1256")
    first, second, *_ = guesses(data)
    assert (first.text, second.text) == (DOUBTFUL, "كما")
    with pytest.raises(NotConfirmedError) as refused:
        decode(data, name="page.txt")
    assert refused.value.code == "ENCODING-AMBIGUOUS"
    assert refused.value.details == {"encodings": [first.encoding, second.encoding]}
    assert [label for label, _ in refused.value.facts] == [first.encoding, second.encoding]


@pytest.mark.parametrize("data", [b"", b"  \r\n\t", b"\x00\x00", b"\n\n\n"])
def test_an_empty_file_is_said_to_be_empty(data):
    with pytest.raises(RefusedError, match=r"page\.txt is empty"):
        decode(data, name="page.txt")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"PK\x03\x04rest", "a zip archive, such as .docx or .xlsx"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff\xe0rest", "a JPEG picture"),
        (bytes(range(256)) * 4, "binary data"),
        (b"text\x00with a zero byte", "binary data"),
    ],
)
def test_what_is_no_text_is_refused_with_what_it_looks_like(data, kind):
    assert what_it_is(data) == kind
    with pytest.raises(RefusedError) as refused:
        decode(data, name="page.txt")
    assert (refused.value.code, refused.value.message) == ("UNREADABLE", f"page.txt is not text: it looks like {kind}.")


def test_letters_from_a_pdf_become_letters_and_signs_stay():
    text, notes = normalise("ﻣﻘﺎل ﷺ ﷼ \ufd3eنص\ufd3f ﻻ")
    assert text == "مقال ﷺ ﷼ \ufd3eنص\ufd3f لا"
    assert notes == ("Letters copied from a PDF were made ordinary letters in 2 places.",)


def test_overrides_and_controls_go_and_what_spells_stays():
    kept = "می\u200cخوانید \u200f(نص)\u200e َـ\u00a0نص"
    text, notes = normalise("\ufeff\u202e\u0007" + kept + "\u2066\u2069\x9f")
    assert text == unicodedata.normalize("NFC", kept)
    assert notes == ("Hidden marks that turn the direction of text were removed in 3 places.",)


def test_every_line_end_is_one():
    assert normalise("a\r\nb\rc\x0bd\x85e\u2028f\u2029g")[0] == "a\nb\nc\nd\ne\nf\n\ng"


def test_misread_utf8_is_offered_and_never_applied():
    for codec in ("cp1256", "cp1252"):
        garbled = ARABIC.encode().decode(codec, "ignore")
        if garbled.encode(codec).decode("utf-8", "ignore") != ARABIC:
            continue  # 1252 has no sign for five bytes: such a text cannot be repaired whole
        decoded = decode(garbled.encode())
        assert (decoded.text, decoded.repair) == (normalise(garbled)[0], ARABIC)
        assert decoded.notes[0].startswith("The text looks like UTF-8 that was once read as another encoding")
        assert decoded.notes[0].endswith(f"iconv -f utf-8 -t {codec.replace('cp', 'windows-')} FILE > repaired.txt")
    assert decode(ARABIC.encode()).repair == ""


def test_misread_utf8_that_cannot_be_turned_back_is_told_too():
    decoded = decode((ARABIC.encode().decode("cp1256", "replace") + " ☃").encode())
    assert decoded.repair == ""
    assert decoded.notes[0].endswith("It cannot be turned back whole: copy the page anew and save it as UTF-8.")


@given(st.text(alphabet=st.characters(), max_size=80))
@example("ﻻ\u0654")
@example("ا\u0653")
@example("\ufe7c\u0651")
def test_normalising_twice_is_normalising_once(text):
    once = normalise(text)[0]
    assert normalise(once)[0] == once


@given(st.text(alphabet="0123456789٠١٢٣٤٥٦٧٨٩۰۱۲۳ ab", max_size=40))
def test_digits_are_never_converted(text):
    assert normalise(text)[0] == text


@given(st.binary(max_size=200))
def test_any_bytes_give_text_or_a_named_refusal(data):
    with contextlib.suppress(RefusedError, NotConfirmedError):
        text = decode(data).text
        assert normalise(text)[0] == text
