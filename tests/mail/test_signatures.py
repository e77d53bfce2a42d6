"""Signed messages, judged by another program: dkimpy, which shares no line with ours."""

import base64
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dkim as dkimpy  # type: ignore[import-untyped]
import pytest
from dkim.canonicalization import Relaxed  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter_cli.errors import ConfigError
from newsletter_cli.mail.content import Content, InlinePicture, Mailbox
from newsletter_cli.mail.dkim import Key, Kind, Sealer, Signer, new_key, prepare, read_key
from newsletter_cli.mail.document import BlockPiece, Document, Place, Slot, Static
from newsletter_cli.mail.message import Message, compile_content
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.signature import relaxed, relaxed_fields
from newsletter_cli.mail.stamp import Stamp
from tests.mail.conftest import CONTENT, READER, STAMP

ONE_CLICK = ("list-unsubscribe", "list-unsubscribe-post")
NAMED = Document((Static("إلى "), Slot('name | default("قارئنا العزيز")', Place.HEADER), Static(": حصاد الأسبوع")))


@cache
def key(kind: Kind) -> Key:
    return read_key(new_key(kind), Path("k.pem"))


@cache
def signer(kind: Kind = Kind.RSA, domain: str = "example.org", selector: str = "s1") -> Signer:
    return Signer(domain, selector, key(kind))


def sealed(
    content: Content = CONTENT, stamp: Stamp = STAMP, reader: Reader = READER, signers: tuple[Signer, ...] = ()
) -> Message:
    compiled = compile_content(content, stamp)
    return prepare(compiled, signers or (signer(),)).sign(compiled.fill(reader))


def judged(data: bytes, signers: tuple[Signer, ...] = (), number: int = 0) -> bool:
    """Whether dkimpy takes signature `number` of a message, with our records as its DNS."""
    names = {f"{one.record.name}.".encode(): one.record.value.encode() for one in signers or (signer(),)}
    try:
        return bool(dkimpy.DKIM(data).verify(number, dnsfunc=lambda name, timeout=5: names.get(name)))
    except dkimpy.DKIMException:
        return False


def tags(data: bytes) -> dict[str, str]:
    """Tags of the first DKIM-Signature, without white space."""
    field = re.split(rb"\r\n(?![ \t])", data, maxsplit=1)[0].decode("ascii").partition(":")[2]
    return dict(re.sub(r"\s", "", tag).split("=", 1) for tag in field.split(";"))


# --- what is written --------------------------------------------------------------------------------------------------


def test_the_signature_is_the_first_field_and_says_what_it_covers() -> None:
    message = sealed()
    data = message.joined()
    assert (data.startswith(b"DKIM-Signature: v=1;"), message.size) == (True, len(data))
    found = tags(data)
    assert {name: found[name] for name in ("v", "a", "c", "d", "s", "t")} == {
        "v": "1", "a": "rsa-sha256", "c": "relaxed/simple", "d": "example.org", "s": "s1",
        "t": str(int(STAMP.date.timestamp())),
    }  # fmt: skip
    assert found.keys() == {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}  # no l=, no x=
    # Once for the field that is there, once more against a second one; List-Help is not there and may be added.
    assert found["h"].split(":") == [
        "From", "From", "To", "To", "Subject", "Subject", "Date", "Date", "Message-ID", "Message-ID", "Reply-To",
        "Reply-To", "MIME-Version", "MIME-Version", "Content-Type", "Content-Type", "List-Id", "List-Unsubscribe",
        "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post", "Feedback-ID",
    ]  # fmt: skip


def test_its_lines_are_short_and_the_message_behind_it_is_untouched() -> None:
    message = sealed(signers=(signer(), signer(Kind.ED25519, selector="e1")))
    head, rest = message.segments[0], message.segments[1:]
    assert rest == compile_content(CONTENT, STAMP).fill(READER).segments
    assert head.endswith(b"\r\n")
    lines = head.removesuffix(b"\r\n").split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert [line[:14] for line in lines if not line.startswith(b" ")] == [b"DKIM-Signature"] * 2


def test_a_second_attempt_has_the_same_signature() -> None:
    assert sealed() == sealed()


def test_threads_sign_what_one_thread_signs() -> None:
    compiled = compile_content(CONTENT, STAMP)
    sealer = prepare(compiled, (signer(), signer(Kind.ED25519, selector="e1")))
    messages = [compiled.fill(replace(READER, delivery=number, name=f"قارئ {number}")) for number in range(60)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(sealer.sign, messages)) == [sealer.sign(message) for message in messages]


# --- dkimpy takes every shape of message ------------------------------------------------------------------------------

SHAPES: dict[str, tuple[dict[str, object], dict[str, object], dict[str, object]]] = {
    "plain": ({}, {}, {}),
    "personal subject": ({"subject": NAMED}, {}, {}),
    "personal subject in ASCII": ({"subject": Document((Slot("name", Place.HEADER),))}, {}, {"name": "Layla  H."}),
    "folded Arabic subject": ({"subject": Document.of("أخبار القمح والشعير في الأسبوع الماضي " * 6)}, {}, {}),
    "folded ASCII subject": ({"subject": Document.of("wheat and  barley this week " * 9 + "end")}, {}, {}),
    "long personal subject": ({"subject": NAMED}, {}, {"name": "عبد الرحمن بن محمد " * 8}),
    "no Reply-To": ({"reply_to": None}, {}, {}),
    "cid pictures": (
        {"pictures": tuple(InlinePicture(f"p{n}@example.org", "image/png", bytes(range(256)) * n) for n in (1, 40))},
        {}, {},
    ),
    "IDN reader and sender": (
        {"sender": Mailbox("أخبار", "news@xn--mgbh0fb.com")}, {}, {"email": "reader1@xn--mgbh0fb.xn--kgbechtv"},
    ),
    "Arabic address": ({}, {}, {"email": "قارئ@xn--mgbh0fb.xn--kgbechtv"}),  # SMTPUTF8: signed as it stands (RFC 8616)
    "VERP, mailto, help and archive": (
        {},
        {"verp": "b-{token}@bounce.example.org", "unsubscribe_mailto": "u-{token}@bounce.example.org",
         "help_url": "https://news.example.org/help", "archive_url": "https://news.example.org/archive/"},
        {},
    ),
    "by a schedule, marked as a test": ({}, {"auto_submitted": True, "subject_prefix": "[تجربة] "}, {}),
    "relay's one-click left out": ({}, {"post_header": False}, {}),
    "no text part": ({"text": Document(())}, {}, {}),
    "nothing personal": ({"text": Document.of("قمح\n" * 50), "html": Document.of("<p>قمح</p>\n" * 90)}, {}, {}),
    "conditions": (
        {"html": Document((BlockPiece("[% if city %]<p>[[ city ]]</p>[% endif %]", Place.HTML), Static("<p>x</p>")))},
        {}, {},
    ),
    "a long name": ({}, {}, {"name": "ليلى " * 40}),
    "two spaces in the sender's name": ({"sender": Mailbox("The  Field   News", "news@example.org")}, {}, {}),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("second", [False, True], ids=["RSA", "RSA and Ed25519"])
def test_dkimpy_takes_the_message(
    shape: str,
    second: bool,
    content: Callable[..., Content],
    stamp: Callable[..., Stamp],
    reader: Callable[..., Reader],
) -> None:
    if second:
        pytest.importorskip("nacl", reason="dkimpy checks Ed25519 with PyNaCl: dkimpy[ed25519]")
    of_content, of_stamp, of_reader = SHAPES[shape]
    signers = (signer(), *((signer(Kind.ED25519, selector="e1"),) if second else ()))
    data = sealed(content(**of_content), stamp(**of_stamp), reader(**of_reader), signers).joined()
    assert [judged(data, signers, number) for number in range(len(signers))] == [True] * len(signers)
    assert set(ONE_CLICK) <= set(tags(data)["h"].lower().split(":"))


def test_a_domain_in_arabic_is_signed_for_in_a_labels() -> None:
    arabic = signer(domain="أخبار.com")
    data = sealed(signers=(arabic,)).joined()
    assert (tags(data)["d"], judged(data, (arabic,))) == ("xn--igbicxr.com", True)


values = st.text(st.characters(), max_size=60)
words = st.text(st.sampled_from("ab قم\t =?<é\u0301👨\u200d👩"), min_size=1, max_size=90)


@settings(max_examples=60)
@given(values, values, words, words)
def test_dkimpy_takes_whatever_a_reader_and_a_sender_are_called(
    name: str, city: str, subject: str, sender: str
) -> None:
    found = Document(
        (Static(subject), Slot('name | default("-")', Place.HEADER), Slot('city|default("")', Place.HEADER))
    )
    content = replace(CONTENT, subject=found, sender=Mailbox(sender, "news@example.org"), list_title=sender)
    data = sealed(content, STAMP, replace(READER, name=name, fields={"city": city})).joined()
    assert judged(data)


# --- and none that was changed on the way -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Subject", "From", "To", "Date", "Reply-To", "Message-ID", "MIME-Version",
                                  "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"])  # fmt: skip
@pytest.mark.parametrize("where", ["above", "below"])
def test_a_second_field_breaks_it(name: str, where: str) -> None:
    data = sealed().joined()
    added = f"{name}: added\r\n".encode()
    changed = added + data if where == "above" else data.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1)
    assert (judged(data), judged(changed)) == (True, False)


def test_a_field_that_was_absent_cannot_be_added() -> None:
    data = sealed(replace(CONTENT, reply_to=None), replace(STAMP, post_header=False)).joined()
    for added in (b"Reply-To: thief@example.net\r\n", b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"):
        assert (judged(data), judged(added + data)) == (True, False)


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version",
                                  "Content-Type", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help",
                                  "Feedback-ID"])  # fmt: skip
def test_a_changed_value_breaks_it(name: str) -> None:
    data = sealed(stamp=replace(STAMP, help_url="https://news.example.org/help")).joined()
    start = data.index(f"\r\n{name}: ".encode()) + len(name) + 4
    other = b"x" if data[start : start + 1] != b"x" else b"y"
    assert not judged(data[:start] + other + data[start + 1 :])


@settings(max_examples=30)
@given(st.data())
def test_one_changed_byte_of_the_body_breaks_it(data: st.DataObject) -> None:
    message = sealed().joined()
    body = message.index(b"\r\n\r\n") + 4
    at = data.draw(st.integers(body, len(message) - 3))
    changed = bytearray(message)
    changed[at] = changed[at] ^ 1 if changed[at] not in b"\r\n" else 0x41
    assert not judged(bytes(changed))


@pytest.mark.parametrize("added", [b"x\r\n", b" ", b"--=_nl_0123456789abcdef\r\n"])
def test_what_is_added_to_the_body_breaks_it(added: bytes) -> None:
    assert not judged(sealed().joined() + added)


def test_spaces_and_folds_that_a_relay_may_change_do_not_break_it() -> None:
    data = sealed(stamp=replace(STAMP, unsubscribe_mailto="u-{token}@bounce.example.org")).joined()
    assert b">,\r\n <mailto:" in data
    assert judged(data.replace(b">,\r\n <mailto:", b">, \t<mailto:").replace(b"\r\nTo: ", b"\r\nTO:   "))


# --- the parts --------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(st.characters(codec="utf-8"), max_size=120))
def test_signed_in_segments_is_signed_in_one_piece(name: str, page: str) -> None:
    """However a page is cut into static stretches and values, the hash is that of the joined body."""
    html = Document((Static(page), Slot('name | default("")', Place.HTML), Static(f"<p>{page}</p>")))
    compiled = compile_content(replace(CONTENT, html=html), STAMP)
    message = compiled.fill(replace(READER, name=name))
    joined = message.joined()
    head, _, body = joined.partition(b"\r\n\r\n")
    whole = hashlib.sha256(body).digest()
    signed = prepare(compiled, (signer(),)).sign(message)
    assert base64.b64decode(tags(signed.joined())["bh"]) == whole
    assert signed.joined().endswith(joined)
    assert dict(relaxed_fields(head)).keys() >= set(ONE_CLICK)


@given(st.lists(st.tuples(st.sampled_from(["X-A", "subject", "To"]), words), min_size=1, max_size=3))
def test_relaxed_fields_are_those_of_dkimpy(found: list[tuple[str, str]]) -> None:
    fields = [(name.encode(), f" {value}\r\n".encode()) for name, value in found]
    theirs = Relaxed.canonicalize_headers(fields)
    assert [relaxed(name + b":" + value) for name, value in fields] == [name + b":" + value for name, value in theirs]


def test_a_message_with_one_field_twice_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="subject stands twice"):
        relaxed_fields(b"Subject: a\r\nTo: b\r\nSUBJECT : c\r\n")


def test_nobody_cannot_sign() -> None:
    with pytest.raises(ValueError, match="somebody"):
        prepare(compile_content(CONTENT, STAMP), ())


@pytest.mark.parametrize(
    ("domain", "selector"),
    [("example", "s1"), ("", "s1"), ("a b.org", "s1"), ("a..org", "s1"), ("-a.org", "s1"), ("a.org;x", "s1"),
     ("a.org", ""), ("a.org", "s 1"), ("a.org", "s1;"), ("a.org", ".s"), ("a.org", "س")],
)  # fmt: skip
def test_a_name_that_dns_cannot_hold_is_refused(domain: str, selector: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Signer(domain, selector, key(Kind.RSA))
    assert caught.value.code == "CONFIG-VALUE"


def test_a_later_date_gives_a_later_signature() -> None:
    later = replace(STAMP, date=datetime(2026, 10, 16, 9, 0, tzinfo=UTC))
    assert tags(sealed(stamp=later).joined())["t"] == "1792141200"


def test_a_sealer_shows_no_key() -> None:
    sealer: Sealer = prepare(compile_content(CONTENT, STAMP), (signer(),))
    assert "lambda" not in repr(sealer)
    assert "PRIVATE" not in repr(sealer)
