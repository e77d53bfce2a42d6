"""A newsroom with readers, a sent digest and its pages on a real port, asked over real HTTP."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select

from newsletter_cli.mail.content import Content, Mailbox
from newsletter_cli.mail.document import Document, Place, Slot, Static
from newsletter_cli.mail.tokens import Keyring, Kind
from newsletter_cli.newsroom import templates_folder
from newsletter_cli.settings import Settings, load_settings
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import (
    chunk,
    delivery,
    digest,
    list_,
    metadata,
    picture,
    send,
    signing_key,
    subscriber,
    subscription,
    version,
)
from newsletter_cli.web.access import Seen
from newsletter_cli.web.app import create_app
from newsletter_cli.web.server import PageServer, bind, url_of
from newsletter_cli.web.theme import load_theme
from tests.conftest import WEDNESDAY, Clock

KEY = bytes(range(32))
RING = Keyring({1: KEY}, current=1)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)
PICTURE_HASH = "ab" * 32
HTML = Document(
    (
        Static(
            '<!DOCTYPE html>\n<html lang="ar" dir="rtl"><head><meta name="color-scheme" content="light dark">'
            "<style>:root { color-scheme: light dark }\n"
            "@media (prefers-color-scheme: dark) { p { color: #fff } }</style>"
            f'</head><body><p>مرحبًا </p><img src="http://127.0.0.1:8400/a/{PICTURE_HASH}" alt=""><b>'
        ),
        Slot('name | default("قارئنا")', Place.HTML),
        Static('</b><a href="'),
        Slot("unsubscribe", Place.URL),
        Static('">إلغاء الاشتراك</a><a href="'),
        Slot("view", Place.URL),
        Static('">نسخة الويب</a></body></html>\n'),
    )
)
CONTENT = Content(
    digest="2026-w42", list="weekly", where="", language="ar", sender=Mailbox("أخبار", "news@example.org"),
    reply_to=None, list_id="weekly.example.org", list_title="النشرة الأسبوعية", newsroom_id="akhbar",
    subject=Document.of("أسعار القمح"), html=HTML, text=Document.of("نص"),
)  # fmt: skip
LISTS = """
[lists.english]
title = "Weekly & more"
language = "en"
[lists.hidden]
title = "قائمة داخلية"
public = false
"""


@dataclass(frozen=True)
class Seeded:
    """Rows of the newsroom, by what they are for."""

    reader: int  # subscription on `weekly`
    english: int  # the same reader's on `english`
    other: int  # somebody else's on `weekly`
    delivery: int
    digest: int

    def token(self, subscription_id: int | None = None) -> str:
        """The unsubscribe token of the reader, or of another subscription (0 = nobody)."""
        number = self.reader if subscription_id is None else subscription_id
        return RING.make(Kind.UNSUBSCRIBE, number, self.digest)

    def preferences(self, subscription_id: int | None = None) -> str:
        """The token of the reader's preferences, or of another subscription's."""
        number = self.reader if subscription_id is None else subscription_id
        return RING.make(Kind.PREFERENCES, number, self.digest)

    def view(self, delivery_id: int | None = None) -> str:
        """The token of the reader's web copy."""
        return RING.make(Kind.VIEW, self.delivery if delivery_id is None else delivery_id)


@pytest.fixture
def settings(newsroom_folder: Path) -> Settings:
    file = newsroom_folder / "newsletter.toml"
    file.write_text(file.read_text(encoding="utf-8") + LISTS, encoding="utf-8")
    return load_settings(newsroom_folder, profile=None, env={}).settings


@pytest.fixture
def seeded(storage: Storage) -> Seeded:
    """A reader on two lists, another on one, and a digest that was sent to the first."""
    return seed(storage)


def seed(storage: Storage) -> Seeded:
    """The rows of `seeded`, in any database."""
    now = WEDNESDAY - timedelta(days=1)
    with storage.write() as connection:

        def add(table: Any, **values: object) -> int:
            return int(connection.execute(insert(table).values(values)).inserted_primary_key[0])

        connection.execute(insert(signing_key).values(number=1, secret=KEY, created=now))
        lists = {slug: add(list_, slug=slug, created=now) for slug in ("weekly", "english", "hidden")}
        people = [
            add(subscriber, key=f"reader{n}@example.org", address=f"reader{n}@example.org", domain="example.org",
                name="ليلى <حداد>", fields={"city": "دمشق"}, created=now)
            for n in (1, 2)
        ]  # fmt: skip
        on = [
            add(subscription, list_id=lists[slug], subscriber_id=people[who], status="active", joined=now)
            for slug, who in (("weekly", 0), ("english", 0), ("weekly", 1))
        ]
        connection.execute(insert(picture).values(hash=PICTURE_HASH, media_type="image/png", data=PICTURE, created=now))
        issue = add(digest, slug="2026-w42", list="weekly", created=now)
        connection.execute(
            insert(version).values(
                hash=CONTENT.digest_hex(), digest_id=issue, content=CONTENT.to_json(), subject="أسعار القمح",
                articles=[], created=now,
            )
        )  # fmt: skip
        sent = add(send, digest_id=issue, version=CONTENT.digest_hex(), list_id=lists["weekly"], state="sent",
                   key_number=1, created=now, started=now)  # fmt: skip
        part = add(chunk, send_id=sent, state="done", total=1, accepted=1)
        row = add(delivery, send_id=sent, chunk_id=part, subscriber_id=people[0], subscription_id=on[0],
                  address="reader1@example.org", domain="example.org", outcome="accepted")  # fmt: skip
    return Seeded(reader=on[0], english=on[1], other=on[2], delivery=row, digest=issue)


@dataclass
class Pages:
    """The pages on their port, and what they told their log."""

    url: str
    client: httpx.Client
    seen: list[Seen] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(self.url + path)

    def post(self, path: str, **data: str) -> httpx.Response:
        """A form, as a browser sends it."""
        return self.client.post(self.url + path, data=data)

    def logged(self, lines: int) -> list[Seen]:
        """The access log, once it has so many lines: one is written after its answer was sent."""
        deadline = time.monotonic() + 20
        while len(self.seen) < lines:
            assert time.monotonic() < deadline, self.seen
            time.sleep(0.005)
        return self.seen


Serve = Callable[..., Pages]


@pytest.fixture
def serve(settings: Settings, clock: Clock, newsroom_folder: Path) -> Iterator[Serve]:
    """serve(storage) puts the pages on a free port; its other arguments replace what create_app gets."""
    running: list[tuple[PageServer, threading.Thread, httpx.Client]] = []

    def start(storage: Storage, *, settings: Settings = settings, **changes: Any) -> Pages:
        pages = Pages("", httpx.Client(timeout=30))
        how = {
            "load_theme": lambda: load_theme(newsroom_folder / "templates", templates_folder()),
            "warn": pages.warnings.append,
            "note": pages.seen.append,
        } | changes
        listener, ready = bind("127.0.0.1", 0), threading.Event()
        pages.url = url_of(listener)
        server = PageServer(
            create_app(storage, settings, clock, **how), listener, trusted=["127.0.0.1"], ready=ready.set
        )
        thread = threading.Thread(target=server.serve_until_stopped)
        thread.start()
        running.append((server, thread, pages.client))
        assert ready.wait(20)
        return pages

    yield start
    for server, thread, client in running:
        client.close()
        server.stop()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def pages(serve: Serve, storage: Storage, seeded: Seeded) -> Pages:
    """The pages as `serve` shows them."""
    return serve(storage)


@pytest.fixture
def dump(storage: Storage) -> Callable[[], dict[str, list[tuple[object, ...]]]]:
    """Everything in the database."""

    def all_rows() -> dict[str, list[tuple[object, ...]]]:
        with storage.read() as connection:
            return {
                table.name: sorted(tuple(map(repr, row)) for row in connection.execute(select(table)))
                for table in metadata.sorted_tables
            }

    return all_rows


@pytest.fixture
def status_of(storage: Storage) -> Callable[[int], str]:
    """The status of a subscription."""

    return lambda subscription_id: status_in(storage, subscription_id)


def status_in(storage: Storage, subscription_id: int) -> str:
    """The same, in any database."""
    with storage.read() as connection:
        query = select(subscription.c.status).where(subscription.c.id == subscription_id)
        return str(connection.execute(query).scalar_one())
