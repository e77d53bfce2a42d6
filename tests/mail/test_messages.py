"""One version, one send, one reader: a whole message, read by somebody else."""

import re
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.message import Message as Parsed
from email.policy import default
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter_cli.errors import ConfigError, RefusedError
from newsletter_cli.mail.content import Content, InlinePicture, Mailbox
from newsletter_cli.mail.dkim import Kind as KeyKind
from newsletter_cli.mail.dkim import Signer, new_key, prepare, read_key
from newsletter_cli.mail.document import BlockPiece, Document, Place, Slot, Static
from newsletter_cli.mail.links import Links
from newsletter_cli.mail.message import Message, compile_content
from newsletter_cli.mail.problems import HeaderProblem, ValueProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.rendering import render_sample
from newsletter_cli.mail.stamp import Stamp
from newsletter_cli.mail.tokens import Kind, Token
from tests.mail.decoding import decoded

MakeContent = Callable[..., Content]
MakeStamp = Callable[..., Stamp]
MakeReader = Callable[..., Reader]
Parse = Callable[[bytes], Parsed]

FIELDS = [
    "Date", "To", "Message-ID", "List-Unsubscribe", "Subject", "From", "Reply-To", "MIME-Version", "Content-Type",
    "Content-Language", "List-Unsubscribe-Post", "List-Id", "List-Post", "Feedback-ID", "Precedence",
    "X-Auto-Response-Suppress",
]  # fmt: skip


def assert_fit_for_smtp(message: Message) -> bytes:
    """CRLF only, no line over 998 bytes, none that begins with a dot, size as told; the message in one piece."""
    data = b"".join(message.segments)
    assert message.size == len(data)
    assert data.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data)
    lines = data.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith(b".") for line in lines)
    return data


def bodies(data: bytes) -> dict[str, str]:
    """Decoded text of each part by media type, by the standard library's other parser."""
    parsed = cast("EmailMessage", message_from_bytes(data, policy=default))
    return {
        part.get_content_type(): cast("bytes", part.get_payload(decode=True)).decode()
        for part in parsed.walk()
        if part.get_content_maintype() == "text"
    }


def test_an_independent_reader_sees_the_fields_in_order_and_both_parts(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse
) -> None:
    message = compile_content(content(), stamp()).fill(reader())
    data = assert_fit_for_smtp(message)
    found = parsed(data)
    assert found.keys() == FIELDS
    assert found.defects == []
    assert [part.get_content_type() for part in found.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in found.walk() if not part.is_multipart()} == {"base64"}
    sample = render_sample(content(), reader(), stamp().links())
    assert bodies(data) == {"text/plain": sample.text, "text/html": sample.html}


def test_every_field_holds_what_it_should(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse
) -> None:
    message = compile_content(content(), stamp()).fill(reader())
    links = stamp().links()
    found = {name: decoded(value) for name, value in parsed(b"".join(message.segments)).items()}
    version = content().digest_hex()[:16]
    assert found == {
        "Date": "Wed, 14 Oct 2026 07:00:00 +0300",
        "To": "reader1@example.org",
        "Message-ID": f"<{message.token}@example.org>",
        "List-Unsubscribe": f"<{links.unsubscribe(reader())}>",
        "Subject": "حصاد الأسبوع: ما الذي تغيّر في أسعار القمح؟",
        "From": "أخبار الحقل <news@example.org>",
        "Reply-To": "desk@example.org",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="=_nl_{version}"',
        "Content-Language": "ar",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "النشرة الأسبوعية <weekly.example.org>",
        "List-Post": "NO",
        "Feedback-ID": "2026-w42:weekly:digest:akhbar",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    assert stamp().keyring.read(message.token, Kind.DELIVERY) == Token(Kind.DELIVERY, 0, 70_001, 0)


def test_what_a_send_may_add(content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse) -> None:
    compiled = compile_content(
        content(reply_to=None),
        stamp(
            key_number=3,
            verp="b-{token}@bounce.example.org",
            unsubscribe_mailto="u-{token}@bounce.example.org",
            auto_submitted=True,
            subject_prefix="[تجربة] ",
            help_url="https://news.example.org/help",
            archive_url="https://news.example.org/archive/",
        ),
    )
    message = compiled.fill(reader())
    found = parsed(assert_fit_for_smtp(message))
    leave = stamp().keyring.make(Kind.UNSUBSCRIBE, 501, 42, key_number=3)
    assert found.keys() == [
        *(name for name in FIELDS[:12] if name != "Reply-To"), "List-Help", "List-Archive", *FIELDS[12:],
        "Auto-Submitted",
    ]  # fmt: skip
    assert found["List-Unsubscribe"] == (
        f"<https://news.example.org/u/{leave}>,\r\n <mailto:u-{leave}@bounce.example.org?subject=unsubscribe>"
    )
    assert message.envelope_from == f"b-{message.token}@bounce.example.org"
    assert decoded(found["Subject"]) == "[تجربة] حصاد الأسبوع: ما الذي تغيّر في أسعار القمح؟"
    assert (found["Auto-Submitted"], found["List-Archive"]) == ("auto-generated", "<https://news.example.org/archive/>")


def test_post_is_left_out_when_nobody_signs(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse
) -> None:
    data = compile_content(content(), stamp(post_header=False)).fill(reader()).joined()
    assert parsed(data).keys() == [name for name in FIELDS if name != "List-Unsubscribe-Post"]


def test_a_test_message_has_a_number_of_its_own_and_links_of_nobody(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse
) -> None:
    nobody = reader(delivery=0, subscription=0, digest=0)
    message = compile_content(content(), stamp()).fill(nobody, message_number=2**56 - 7)
    ring, html = stamp().keyring, bodies(message.joined())["text/html"]
    assert ring.read(message.token, Kind.DELIVERY) == Token(Kind.DELIVERY, 0, 2**56 - 7, 0)
    tokens = [
        (kind, ring.read(token, kind))
        for kind, token in ((Kind.UNSUBSCRIBE, html.split("/u/")[1][:26]), (Kind.VIEW, html.split("/v/")[1][:26]))
    ]
    assert tokens == [(kind, Token(kind, 0, 0, 0)) for kind in (Kind.UNSUBSCRIBE, Kind.VIEW)]


def test_a_second_attempt_is_byte_identical_on_any_machine(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader
) -> None:
    copy = Content.from_json(content().to_json())
    first = compile_content(content(), stamp()).fill(reader())
    assert compile_content(copy, stamp()).fill(reader()) == first
    utc = stamp(date=stamp().date.astimezone(timezone(timedelta(hours=9))))
    assert compile_content(copy, utc).fill(reader()) == first


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {"name": st.text(st.characters(), max_size=60), "city": st.text(st.characters(), max_size=60)}
    )
)
def test_whatever_a_value_holds_the_message_has_exactly_our_fields(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse, values: dict[str, str]
) -> None:
    subject = Document(
        (Static("إلى "), Slot('name | default("-")', Place.HEADER), Slot('city | default("")', Place.HEADER))
    )
    compiled = compile_content(content(subject=subject), stamp())
    message = compiled.fill(reader(name=values["name"], fields={"city": values["city"]}))
    found = parsed(assert_fit_for_smtp(message))
    assert found.keys() == FIELDS
    sample = render_sample(
        content(subject=subject), reader(name=values["name"], fields={"city": values["city"]}), stamp().links()
    )
    assert decoded(found["Subject"]) == sample.subject
    assert bodies(message.joined()) == {"text/plain": sample.text, "text/html": sample.html}


@pytest.mark.parametrize(
    "bad",
    ["a@example.org\r\nBcc: x@example.net", "a@example.org\n.", "a b@example.org", "<a@b.org>", "a@example.org\x00",
     "a", "a@مثال.إختبار", "", "a@example.org,b@example.org"],
)  # fmt: skip
def test_an_address_that_would_end_a_field_is_refused(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, bad: str
) -> None:
    compiled = compile_content(content(), stamp())
    with pytest.raises(HeaderProblem) as caught:
        compiled.fill(reader(email=bad))
    assert caught.value.field == "To"


def test_fields_of_a_reader_cannot_stand_in_for_our_own_names(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader
) -> None:
    hostile = reader(fields={"unsubscribe": "https://example.net/", "view": "https://example.net/", "email": "x"})
    assert "example.net" not in bodies(compile_content(content(), stamp()).fill(hostile).joined())["text/html"]


def test_a_reader_whose_message_cannot_be_built_is_told_by_name(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader
) -> None:
    compiled = compile_content(content(text=Document((Slot("street", Place.TEXT),))), stamp())
    with pytest.raises(ValueProblem) as caught:
        compiled.fill(reader())
    assert caught.value.expression == "street"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": Document.of("قمح\r\nBcc: x@example.net")}, "Subject"),
        ({"sender": Mailbox("أخبار\n", "news@example.org")}, "From"),
        ({"sender": Mailbox("أخبار", "news@example.org>")}, "From"),
        ({"list_title": "نشرة\x1b"}, "List-Id"),
        ({"language": "ar\r\nX: y"}, "Content-Language"),
    ],
)
def test_a_version_no_field_may_hold_is_refused_before_any_reader(
    content: MakeContent, stamp: MakeStamp, change: dict[str, object], field: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        compile_content(content(**change), stamp())
    assert (caught.value.code, caught.value.facts) == ("CHECKS", (("field", field),))


@pytest.mark.parametrize("setting", ["verp", "unsubscribe_mailto"])
@pytest.mark.parametrize(
    "value",
    ["b@bounce.example.org", "{token}", "b-{token}", "b@{token}.example.org", "{token}-{token}@b.example.org",
     "b {token}@b.example.org", "ب-{token}@b.example.org"],
)  # fmt: skip
def test_an_address_around_a_token_needs_its_place(
    content: MakeContent, stamp: MakeStamp, setting: str, value: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_content(content(), stamp(**{setting: value}))
    assert caught.value.code == "CONFIG-VALUE"


# --- long and foreign ------------------------------------------------------------------------------------------


@given(st.integers(20, 240))
def test_one_click_stays_raw_whatever_the_length_of_its_url(length: int) -> None:
    from tests.mail import conftest as makers

    stamp = makers.STAMP
    url = ("https://news.example.org/" + "p" * 300)[:length].rstrip("/")
    message = compile_content(makers.CONTENT, makers.replace(stamp, public_url=url)).fill(makers.READER)
    head = assert_fit_for_smtp(message).split(b"\r\n\r\n")[0]
    written = Links(url, stamp.keyring).unsubscribe(makers.READER)
    assert f"\r\nList-Unsubscribe: <{written}>\r\n".encode() in head
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head


@pytest.mark.parametrize(
    ("email", "sender", "smtputf8"),
    [
        ("reader1@example.org", "news@example.org", False),
        ("reader1@xn--mgbh0fb.xn--kgbechtv", "news@xn--mgbh0fb.com", False),
        ("قارئ@example.org", "news@example.org", True),
        ("reader1@example.org", "أخبار@example.org", True),
        ("قارئ@xn--mgbh0fb.xn--kgbechtv", "news@example.org", True),
    ],
)
def test_smtputf8_is_for_local_parts_only(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, email: str, sender: str, smtputf8: bool
) -> None:
    message = compile_content(content(sender=Mailbox("أخبار", sender)), stamp()).fill(reader(email=email))
    head = assert_fit_for_smtp(message).split(b"\r\n\r\n")[0].decode()
    assert (message.smtputf8, message.recipient, message.envelope_from) == (smtputf8, email, sender)
    assert f"\r\nTo: {email}\r\n" in head
    assert head.isascii() != smtputf8


def test_pictures_travel_inside_the_alternative_around_the_html(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse
) -> None:
    data = tuple(bytes(range(256)) * size for size in (1, 3))
    found = content(pictures=tuple(InlinePicture(f"p{n}@example.org", "image/png", raw) for n, raw in enumerate(data)))
    tree = parsed(assert_fit_for_smtp(compile_content(found, stamp()).fill(reader())))
    assert [part.get_content_type() for part in tree.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png",
    ]  # fmt: skip
    images = [part for part in tree.walk() if part.get_content_maintype() == "image"]
    assert tuple(part.get_payload(decode=True) for part in images) == data
    assert [part["Content-ID"] for part in images] == ["<p0@example.org>", "<p1@example.org>"]
    assert all(part.defects == [] for part in tree.walk())


@pytest.mark.parametrize(
    ("newsroom", "sender_id"),
    [
        ("akhbar", "akhbar"), ("abcd", "abcd88d42"), ("a" * 15, "a" * 15), ("a-very-long-newsroom", "a-very-lon2960b"),
    ],
)  # fmt: skip
def test_feedback_id_has_a_sender_of_5_to_15_letters(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse, newsroom: str, sender_id: str
) -> None:
    data = compile_content(content(newsroom_id=newsroom), stamp()).fill(reader()).joined()
    assert parsed(data)["Feedback-ID"] == f"2026-w42:weekly:digest:{sender_id}"


def test_an_empty_text_and_a_block_are_parts_like_others(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse
) -> None:
    html = Document((BlockPiece("[% if city %]<p>[[ city ]]</p>\n[% endif %]", Place.HTML),))
    data = assert_fit_for_smtp(compile_content(content(html=html, text=Document(())), stamp()).fill(reader()))
    assert bodies(data) == {"text/plain": "", "text/html": "<p>دمشق</p>\r\n"}


def test_the_date_is_the_newsrooms(content: MakeContent, stamp: MakeStamp, reader: MakeReader, parsed: Parse) -> None:
    found = stamp(date=datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    assert (
        parsed(compile_content(content(), found).fill(reader()).joined())["Date"] == "Tue, 06 Jan 2026 02:30:00 +0300"
    )


def test_a_version_comes_back_from_the_database_as_it_went(content: MakeContent) -> None:
    found = content(pictures=(InlinePicture("p1", "image/png", b"\x00\xff"),), online_pictures=("ab" * 32,))
    copy = Content.from_json(found.to_json())
    assert (copy, copy.digest_hex()) == (found, found.digest_hex())


def test_filling_and_signing_many_readers_keeps_nothing(
    content: MakeContent, stamp: MakeStamp, reader: MakeReader
) -> None:
    """A million readers take the memory of one: what is made for a reader goes with his message."""
    compiled = compile_content(content(), stamp())
    sealer = prepare(compiled, (Signer("example.org", "e1", read_key(new_key(KeyKind.ED25519), Path("k.pem"))),))

    def send(first: int, last: int) -> None:
        for number in range(first, last):
            one = reader(email=f"reader{number}@example.org", name=f"قارئ {number}", delivery=number)
            sealer.sign(compiled.fill(one))

    tracemalloc.start()
    try:
        send(1, 2500)  # the interpreter keeps up to 2,000 empty tuples of a size for use again
        before = tracemalloc.get_traced_memory()[0]
        send(2500, 5000)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 8 * 1024
