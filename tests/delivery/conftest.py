"""A send ready to go, on each engine: readers, a list, a frozen version, an armed outbox."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from newsletter_cli.delivery.chunks import Report
from newsletter_cli.delivery.enrol import freeze_audience
from newsletter_cli.delivery.flight import NOTHING, Ask, Due
from newsletter_cli.delivery.holder import Holder, hold
from newsletter_cli.delivery.lanes import lanes_of, load_providers
from newsletter_cli.delivery.ledger import Ledger
from newsletter_cli.delivery.retry import RetryPolicy
from newsletter_cli.delivery.sends import Tally, move, tally
from newsletter_cli.delivery.shares import Berth
from newsletter_cli.delivery.states import Fact, SendEvent, SendState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, digest, list_, send, subscriber, subscription, version
from newsletter_cli.subscribers import audience
from tests.conftest import Clock

POLICY = RetryPolicy((timedelta(minutes=1), timedelta(minutes=5)), give_up=timedelta(hours=24))


@dataclass
class Outbox:
    """One send of one digest, and hands to drive its ledger with."""

    storage: Storage
    clock: Clock
    holders: Path
    send_id: int
    list_id: int
    stack: ExitStack

    def ledger(self, *, holder: Holder | None = None, only_to: tuple[str, ...] = ()) -> Ledger:
        """A process's ledger; a holder of its own unless one is given."""
        return Ledger(
            storage=self.storage,
            send_id=self.send_id,
            digest_number=1,
            holder=holder or self.stack.enter_context(hold(self.holders)),
            lease=timedelta(seconds=60),
            retry=POLICY,
            chance=random.Random(1),
            only_to=only_to,
        )

    def tally(self) -> Tally:
        with self.storage.read() as connection:
            return tally(connection, self.send_id)

    def outcomes(self) -> dict[str, str]:
        """Address → outcome of every row."""
        with self.storage.read() as connection:
            rows = connection.execute(select(delivery.c.address, delivery.c.outcome).order_by(delivery.c.id))
            return {row.address: row.outcome for row in rows}

    def row(self, delivery_id: int):
        with self.storage.read() as connection:
            return connection.execute(select(delivery).where(delivery.c.id == delivery_id)).one()

    def chunks(self) -> list[str]:
        with self.storage.read() as connection:
            return list(connection.execute(select(chunk.c.state).order_by(chunk.c.id)).scalars())

    def state(self) -> SendState:
        with self.storage.read() as connection:
            return SendState(connection.execute(select(send.c.state).where(send.c.id == self.send_id)).scalar_one())

    def move(self, event: SendEvent, **columns: object) -> bool:
        with self.storage.write() as connection:
            return move(connection, self.send_id, event, **columns)

    def leave(self, address: str) -> None:
        with self.storage.write() as connection:
            who = select(subscriber.c.id).where(subscriber.c.address == address).scalar_subquery()
            connection.execute(
                update(subscription)
                .where(subscription.c.subscriber_id == who)
                .values(status="unsubscribed", left=self.clock(), left_reason="one-click")
            )


def report(due: Due, fact: Fact, at: datetime, **more: object) -> Report:
    codes = {Fact.ACCEPTED: 250, Fact.LATER: 450, Fact.NEVER: 550}
    return Report(id=due.id, chunk=due.chunk, attempt=due.attempt, fact=fact, at=at, code=codes.get(fact), **more)


def ask(readers: int) -> Ask:
    """Room for so many readers of the lane of all domains."""
    return Ask(berths=(Berth("smtp", readers, 1, 0),), lanes={"": readers}) if readers else NOTHING


def add_readers(storage: Storage, list_id: int, addresses: list[str], now: datetime) -> None:
    with storage.write() as connection:
        for address in addresses:
            subscriber_id = connection.execute(
                insert(subscriber)
                .values(key=address, address=address, domain=address.split("@")[1], name="", fields={}, created=now)
                .returning(subscriber.c.id)
            ).scalar_one()
            connection.execute(
                insert(subscription).values(
                    list_id=list_id, subscriber_id=subscriber_id, status="active", joined=now, confirmed=now
                )
            )


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def make_outbox(storage: Storage, clock: Clock, newsroom_folder: Path, stack: ExitStack) -> Callable[..., Outbox]:
    """make_outbox(readers=7, chunk_size=3): a send in `sending` with that many readers waiting."""

    def make(
        *,
        readers: int = 7,
        chunk_size: int = 3,
        state: SendState = SendState.SENDING,
        addresses: list[str] | None = None,
        canary: int = 0,
    ) -> Outbox:
        now = clock()
        addresses = addresses or [f"reader{n}@example.org" for n in range(1, readers + 1)]
        with storage.write() as connection:
            list_id = connection.execute(
                insert(list_).values(slug="weekly", created=now).returning(list_.c.id)
            ).scalar_one()
            digest_id = connection.execute(
                insert(digest).values(slug="i1", list="weekly", created=now).returning(digest.c.id)
            ).scalar_one()
            connection.execute(
                insert(version).values(
                    hash="a" * 64, digest_id=digest_id, content="{}", subject="عنوان", articles=[], created=now
                )
            )
            send_id = connection.execute(
                insert(send)
                .values(
                    digest_id=digest_id, version="a" * 64, list_id=list_id, state=SendState.ARMING.value, key_number=1,
                    created=now, canary=canary,
                )
                .returning(send.c.id)
            ).scalar_one()  # fmt: skip
        add_readers(storage, list_id, addresses, now)
        frozen = freeze_audience(
            storage,
            send_id=send_id,
            list_id=list_id,
            condition=audience.eligible(now, list_id=list_id),
            chunk_size=chunk_size,
            lanes=lanes_of(load_providers(), ()),
            canary=canary,
        )
        assert frozen == len(addresses)
        with storage.write() as connection:
            connection.execute(update(send).where(send.c.id == send_id).values(state=state.value, started=now))
        return Outbox(storage, clock, newsroom_folder / "data" / "holders", send_id, list_id, stack)

    return make
