"""A roster written straight into the tables, so that a test of reading does not depend on the code that writes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert, select

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import (
    chunk,
    delivery,
    digest,
    list_,
    send,
    subscriber,
    subscription,
    suppression,
    tag,
    version,
)
from newsletter_cli.subscribers.exporting import Format, write_rows
from newsletter_cli.subscribers.importing import Imported, ImportJob, Wish, import_job
from newsletter_cli.subscribers.listing import field_names, rows
from newsletter_cli.subscribers.records import Subscriber
from newsletter_cli.subscribers.roster import Roster
from newsletter_cli.subscribers.source import open_source
from newsletter_cli.subscribers.states import SubscriptionStatus
from tests.conftest import WEDNESDAY, Clock


@dataclass
class People:
    """Makes readers, lists and deliveries; every method returns the id it made."""

    storage: Storage
    lists: dict[str, int] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)  # address → subscriber
    subscriptions: dict[tuple[str, str], int] = field(default_factory=dict)  # (address, list) → subscription

    def list(self, slug: str) -> int:
        if slug not in self.lists:
            self.lists[slug] = self._make(insert(list_).values(slug=slug, created=WEDNESDAY).returning(list_.c.id))
        return self.lists[slug]

    def reader(
        self,
        address: str,
        *,
        on: Mapping[str, str] | None = None,  # list → status
        address_status: str = "ok",
        tags: Iterable[str] = (),
        name: str = "",
        fields: Mapping[str, str] | None = None,
        paused_until: datetime | None = None,
        left: datetime | None = None,
        left_reason: str = "",
    ) -> int:
        made = self._make(
            insert(subscriber)
            .values(
                key=address.casefold(), address=address, domain=address.rpartition("@")[2].lower(), name=name,
                fields=dict(fields or {}), status=address_status, created=WEDNESDAY,
            )
            .returning(subscriber.c.id)
        )  # fmt: skip
        self.ids[address] = made
        with self.storage.write() as connection:
            for word in tags:
                connection.execute(insert(tag).values(subscriber_id=made, tag=word))
        for slug, status in (on or {}).items():
            self.subscriptions[address, slug] = self._make(
                insert(subscription)
                .values(
                    list_id=self.list(slug), subscriber_id=made, status=status, joined=WEDNESDAY,
                    paused_until=paused_until, left=left, left_reason=left_reason,
                )
                .returning(subscription.c.id)
            )  # fmt: skip
        return made

    def suppress(self, key: str) -> None:
        with self.storage.write() as connection:
            connection.execute(insert(suppression).values(key=key, created=WEDNESDAY))

    def delivered(self, slug: str, address: str, outcome: str, *, to: str = "weekly", state: str = "sent") -> None:
        """One delivery of a digest, with whatever rows it needs above it."""
        with self.storage.write() as connection:
            send_id = connection.execute(
                select(send.c.id).join(digest, digest.c.id == send.c.digest_id).where(digest.c.slug == slug)
            ).scalar()
            if send_id is None:
                send_id = self._send(connection, slug, to, state)
            chunk_id = connection.execute(
                insert(chunk).values(send_id=send_id, state="done", total=1).returning(chunk.c.id)
            ).scalar_one()
            connection.execute(
                insert(delivery).values(
                    send_id=send_id, chunk_id=chunk_id, subscriber_id=self.ids[address], address=address,
                    subscription_id=self.subscriptions.get((address, to), 0), domain=address.rpartition("@")[2],
                    outcome=outcome, code=250, answer="2.0.0 Ok", at=WEDNESDAY,
                )
            )  # fmt: skip

    def _send(self, connection: Connection, slug: str, to: str, state: str) -> int:
        digest_id = connection.execute(
            insert(digest).values(slug=slug, list=to, created=WEDNESDAY).returning(digest.c.id)
        ).scalar_one()
        hash_ = f"{digest_id:064x}"
        connection.execute(
            insert(version).values(
                hash=hash_, digest_id=digest_id, content="{}", subject="", articles=[], created=WEDNESDAY
            )
        )
        made: int = connection.execute(
            insert(send)
            .values(
                digest_id=digest_id, version=hash_, list_id=self.lists[to], state=state, key_number=1, created=WEDNESDAY
            )
            .returning(send.c.id)
        ).scalar_one()
        return made

    def _make(self, statement: object) -> int:
        with self.storage.write() as connection:
            made: int = connection.execute(statement).scalar_one()  # type: ignore[call-overload]  # any INSERT … RETURNING
            return made


@pytest.fixture
def people(storage: Storage) -> People:
    return People(storage)


@pytest.fixture
def ask(storage: Storage) -> Callable[[Callable[[Connection], object]], object]:
    """Runs one question in a reading transaction."""

    def run(question: Callable[[Connection], object]) -> object:
        with storage.read() as connection:
            return question(connection)

    return run


@dataclass
class Desk:
    """Imports and exports as an editor does them, one line each."""

    storage: Storage
    folder: Path
    clock: Clock
    chance: Random

    def file(self, text: str | bytes, name: str = "readers.csv") -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read_in(
        self,
        text: str | bytes,
        *,
        to: str = "weekly",
        status: str = "active",
        consent: str = "stand",
        overwrite: Iterable[str] = (),
        **how: str,
    ) -> Imported:
        """Imports a file without asking."""
        wish = Wish(
            list=to, status=SubscriptionStatus(status), consent=consent, by="editor", overwrite=frozenset(overwrite)
        )
        with self.job(text, wish, **how) as job:
            preview = job.preview()
            imported = job.run()
        assert preview.counts == imported.counts  # nobody else changed the roster meanwhile
        return imported

    @contextmanager
    def job(self, text: str | bytes, wish: Wish, **how: str) -> Iterator[ImportJob]:
        source = open_source(self.file(text), **how)
        with import_job(
            self.storage, source, wish, clock=self.clock, chance=self.chance, zone=ZoneInfo("Asia/Damascus"),
            imports=self.folder / "imports",
        ) as job:  # fmt: skip
            yield job

    def export(self, *, slug: str | None = None, excel: bool = False) -> str:
        """The whole roster as a CSV text."""
        found = rows(self.storage, self.clock.now, slug=slug)
        return "".join(write_rows(found, field_names(self.storage), Format.CSV, excel=excel))

    def reader(self, key: str, *, slug: str | None = None) -> Subscriber | None:
        return Roster(self.storage, self.clock).find(key, slug=slug)


@pytest.fixture
def desk(storage: Storage, tmp_path: Path, clock: Clock, chance: Random) -> Desk:
    return Desk(storage, tmp_path, clock, chance)
