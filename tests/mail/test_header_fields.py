"""What the one header serialiser writes, read back by somebody else."""

import random
import re
import unicodedata
from email.headerregistry import HeaderRegistry

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.mail.clusters import clusters, is_boundary
from newsletter_cli.mail.content import Mailbox
from newsletter_cli.mail.headers import mailbox_field, phrase_field, raw_field, text_field
from newsletter_cli.mail.problems import HeaderProblem
from tests.mail.decoding import decoded

ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأؤئ"
PIECES = [
    *ARABIC, *"ًٌٍَُِّْ", *"ABCxyz", *"0123456789٠١٢٣٤٥٦٧٨٩", *" .,:;!?-()'\"\\<>@=", "=?", "?=", "=?utf-8?B?2YU=?=",
    " ", "  ", "\u00a0", "\u200c", "\u200d", "\u200f", "😀", "👩🏽\u200d🌾", "🇸🇾", "می\u200cخواهم", "e\u0301", "ק", "ہ",
]  # fmt: skip


MIXED = st.lists(st.sampled_from(PIECES), max_size=120).map("".join)


def random_text(chance: random.Random, longest: int) -> str:
    return "".join(chance.choices(PIECES, k=chance.randint(0, longest)))


def lines_of(field: bytes) -> list[str]:
    assert field.endswith(b"\r\n")
    return field[:-2].decode().split("\r\n")


def value_of(field: bytes) -> str:
    return field.decode()[:-2].partition(": ")[2]


def test_three_thousand_random_subjects_come_back_as_they_went(chance: random.Random) -> None:
    for _ in range(3_000):
        subject = random_text(chance, 80)
        assert decoded(value_of(text_field("Subject", subject))) == subject


def test_three_thousand_random_names_come_back_and_leave_the_address_alone(chance: random.Random) -> None:
    for _ in range(3_000):
        name = random_text(chance, 40)
        written = value_of(mailbox_field("From", Mailbox(name, "news@example.org")))
        phrase, bracket, rest = written.replace("\r\n", "").rpartition(" <news@example.org>")
        if not name.strip(" "):
            assert written == "news@example.org"
            continue
        assert (bracket, rest) == (" <news@example.org>", "")
        if phrase.startswith('"'):
            assert re.sub(r"\\(.)", r"\1", phrase[1:-1]) == name
        else:
            assert decoded(phrase) == name


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200))
@example("  قمح  ")
@example("قمح \u0301")
@example("\u0301" * 60)
@example("a" * 300)
@example("=?utf-8?Q?=41?=")
@example("🇸🇾" * 20)
def test_any_subject_comes_back(subject: str) -> None:
    assert decoded(value_of(text_field("Subject", subject))) == subject


@given(MIXED)
def test_encoded_words_keep_their_limits(subject: str) -> None:
    lines = lines_of(text_field("Subject", subject))
    words = re.findall(r"=\?utf-8\?B\?[^?]*\?=", "\n".join(lines))
    if not subject.isascii() or "=?" in subject:
        assert all(len(line) <= 76 for line in lines)
        assert words
    assert all(len(word) <= 75 for word in words)
    assert all(line.startswith(" ") for line in lines[1:])
    assert lines[0] != "Subject: " or not subject


@given(MIXED.filter(lambda text: not text.isascii()))
def test_no_letter_is_cut(subject: str) -> None:
    written, position = lines_of(text_field("Subject", subject)), 0
    for line in written[:-1]:
        position += len(decoded(line.removeprefix("Subject:").strip()))
        assert is_boundary(subject, position)


@given(st.text(max_size=60))
def test_clusters_are_the_text_again_and_marks_stay_with_their_letter(text: str) -> None:
    found = list(clusters(text))
    assert "".join(found) == text
    assert not any(unicodedata.category(cluster[0]) in ("Mn", "Mc", "Me") for cluster in found[1:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("قمّح", ["ق", "مّ", "ح"]),
        ("🇸🇾🇱🇧", ["🇸🇾", "🇱🇧"]),
        ("👩🏽\u200d🌾!", ["👩🏽\u200d🌾", "!"]),
        ("می\u200cخ", ["م", "ی\u200cخ"]),
        ("한국", ["한", "국"]),
        ("\u1112\u1161\u11ab", ["\u1112\u1161\u11ab"]),
    ],
)
def test_what_a_reader_takes_for_one_letter(text: str, expected: list[str]) -> None:
    assert list(clusters(text)) == expected


def test_plain_text_is_folded_at_its_own_spaces_only() -> None:
    subject = " ".join(["wheat"] * 30)
    written = text_field("Subject", subject)
    assert all(len(line) <= 78 for line in lines_of(written))
    assert value_of(written).replace("\r\n", "") == subject


def test_a_long_word_stays_whole_and_the_first_line_is_not_empty() -> None:
    assert text_field("Subject", "x" * 200) == b"Subject: " + b"x" * 200 + b"\r\n"


def test_a_line_over_998_bytes_is_refused() -> None:
    with pytest.raises(HeaderProblem) as caught:
        text_field("Subject", "x" * 1_000)
    assert caught.value.field == "Subject"


REFUSED = [*range(0x09), *range(0x0A, 0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xD800, 0xDFFF]


@pytest.mark.parametrize("code", REFUSED, ids=lambda code: f"U+{code:04X}")
def test_what_would_end_a_field_is_refused_by_the_fields_name(code: int) -> None:
    bad = f"أخبار{chr(code)}Bcc: x@example.net"
    for write in (
        lambda: text_field("Subject", bad),
        lambda: mailbox_field("From", Mailbox(bad, "news@example.org")),
        lambda: mailbox_field("From", Mailbox("", f"news@example.org{chr(code)}")),
        lambda: phrase_field("List-Id", bad, "weekly.example.org"),
        lambda: phrase_field("List-Id", "weekly", f"weekly{chr(code)}.example.org"),
        lambda: raw_field("Message-ID", f"<a{chr(code)}@example.org>"),
    ):
        with pytest.raises(HeaderProblem) as caught:
            write()
        assert caught.value.sentence.startswith(caught.value.field)


def test_a_tab_is_a_space() -> None:
    assert text_field("Subject", "a\tb") == b"Subject: a b\r\n"
    assert decoded(value_of(text_field("Subject", "قمح\tذرة"))) == "قمح ذرة"


@pytest.mark.parametrize("address", ["a b@example.org", "a@b@example.org", "a<b@example.org", "news", "a@مثال.com", ""])
def test_an_address_that_mail_cannot_carry_is_refused(address: str) -> None:
    with pytest.raises(HeaderProblem):
        mailbox_field("From", Mailbox("News", address))


def test_structured_fields_are_ascii_or_refused() -> None:
    assert raw_field("Feedback-ID", "a:b:c:d") == b"Feedback-ID: a:b:c:d\r\n"
    with pytest.raises(HeaderProblem):
        raw_field("Feedback-ID", "نشرة:b:c:d")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("News", b"From: News <n@example.org>\r\n"),
        ("Field News", b"From: Field News <n@example.org>\r\n"),
        ("Field  News", b'From: "Field  News" <n@example.org>\r\n'),
        ("News, daily", b'From: "News, daily" <n@example.org>\r\n'),
        ('The "News" \\', b'From: "The \\"News\\" \\\\" <n@example.org>\r\n'),
        ("", b"From: n@example.org\r\n"),
        ("  ", b"From: n@example.org\r\n"),
    ],
)
def test_ascii_names_are_atoms_or_quoted(name: str, written: bytes) -> None:
    assert mailbox_field("From", Mailbox(name, "n@example.org")) == written


def test_an_arabic_address_stands_as_it_is_beside_an_encoded_name() -> None:
    written = mailbox_field("From", Mailbox("أخبار", "أخبار@xn--mgbh0fb.com"))
    assert written == "From: =?utf-8?B?2KPYrtio2KfYsQ==?= <أخبار@xn--mgbh0fb.com>\r\n".encode()


def test_the_standard_library_reads_the_sender_as_one_address() -> None:
    registry = HeaderRegistry()
    for name in ("أخبار الحقل", "News, daily", 'The "News"', "a@example.net", "أخبار <x@example.net>"):
        value = value_of(mailbox_field("From", Mailbox(name, "news@example.org")))
        (address,) = registry("From", value.replace("\r\n", "")).addresses
        assert (address.display_name, address.addr_spec) == (name, "news@example.org")


def test_the_bracket_of_a_list_id_is_never_encoded() -> None:
    written = phrase_field("List-Id", "النشرة الأسبوعية " * 6, "weekly.example.org")
    assert lines_of(written)[-1].endswith("<weekly.example.org>")
    assert all(len(line) <= 76 for line in lines_of(written))
