"""Makers for mail: a version, a stamp and a reader, and the standard library's parser to read what was written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Parsed
from email.policy import compat32
from zoneinfo import ZoneInfo

import pytest

from newsletter_cli.mail.content import Content, Mailbox
from newsletter_cli.mail.document import Document, Place, Slot, Static
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.stamp import Stamp
from newsletter_cli.mail.tokens import Keyring

KEYS = {0: bytes(range(32)), 3: bytes(range(100, 132))}

HTML = Document(
    (
        Static('<!DOCTYPE html>\n<html lang="ar" dir="rtl"><body><p>مرحبًا '),
        Slot('name | default("قارئنا العزيز")', Place.HTML),
        Static('،</p>\n<p>ارتفعت أسعار القمح.</p><a href="'),
        Slot("unsubscribe", Place.URL),
        Static('">إلغاء الاشتراك</a> <a href="'),
        Slot("view", Place.URL),
        Static('?theme=dark">الوضع المظلم</a></body></html>\n'),
    )
)
TEXT = Document(
    (
        Static("مرحبًا "),
        Slot('name | default("قارئنا العزيز")', Place.TEXT),
        Static("،\n\nارتفعت أسعار القمح.\n\nإلغاء الاشتراك\n"),
        Slot("unsubscribe", Place.URL),
        Static("\n"),
    )
)
CONTENT = Content(
    digest="2026-w42",
    list="weekly",
    where="",
    language="ar",
    sender=Mailbox("أخبار الحقل", "news@example.org"),
    reply_to=Mailbox("", "desk@example.org"),
    list_id="weekly.example.org",
    list_title="النشرة الأسبوعية",
    newsroom_id="akhbar",
    subject=Document.of("حصاد الأسبوع: ما الذي تغيّر في أسعار القمح؟"),
    html=HTML,
    text=TEXT,
)
STAMP = Stamp(
    date=datetime(2026, 10, 14, 4, 0, tzinfo=UTC),
    timezone=ZoneInfo("Asia/Damascus"),
    public_url="https://news.example.org",
    keyring=Keyring(KEYS, current=0),
)
READER = Reader(
    email="reader1@example.org",
    name="ليلى حداد",
    fields={"city": "دمشق"},
    delivery=70_001,
    subscription=501,
    digest=42,
)


@pytest.fixture
def content() -> Callable[..., Content]:
    """A version; what a test does not name is an ordinary Arabic digest."""
    return lambda **changes: replace(CONTENT, **changes)


@pytest.fixture
def stamp() -> Callable[..., Stamp]:
    """A send's stamp; the default is one-click over https, without VERP."""
    return lambda **changes: replace(STAMP, **changes)


@pytest.fixture
def reader() -> Callable[..., Reader]:
    """A reader; the default has a name and a city."""
    return lambda **changes: replace(READER, **changes)


@pytest.fixture
def parsed() -> Callable[[bytes], Parsed]:
    """The standard library's parser, which only ever reads here."""
    return lambda data: message_from_bytes(data, policy=compat32)
