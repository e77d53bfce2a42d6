"""Taking a send up again: dead holders, rows a person sends once more, and the end of a send by hand.

take_over       chunks of dead processes → open; what they had in flight → uncertain
make_due_now    retry rows → due; their chunks → open
resend          uncertain or failed rows → waiting, only because a person said so; so with those only_to left out
settle          uncertain rows keep their outcome and stop asking
drop_waiting    cancel: chunk by chunk, all not in flight → skipped
doubt_the_rest  cancel: what got no answer in time → uncertain
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from newsletter_cli.delivery.chunks import ONLY_TO, UNSENT, close, doubt, lock_chunks, write_chunks
from newsletter_cli.delivery.enrol import first_chunks
from newsletter_cli.delivery.holder import Life, life_of
from newsletter_cli.delivery.states import ChunkState, Fact, Outcome, SendState, delivery_after
from newsletter_cli.settings import is_allowed
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, send, subscriber, subscription
from newsletter_cli.subscribers import audience

SAMPLES: Final = 3  # addresses shown of those a send is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What a takeover found."""

    uncertain: int  # rows that were in flight of dead holders
    alive: frozenset[str]  # holders that still hold chunks
    ended: frozenset[str]  # living or unknown holders whose lease was over: stopped, or on another machine
    until: datetime | None  # when the last of their leases ends


def take_over(storage: Storage, send_id: int, holders: Path, now: datetime) -> Takeover:
    """Take the chunks of dead holders away from them; raises their epoch, so that a late one begins nothing.

    A holder is dead when its lock is free on this machine, or its lease is over. Answers that it still brings are
    stored as facts, whatever this made of them.
    """
    uncertain = 0
    with storage.write() as connection:
        leased = connection.execute(
            select(chunk.c.id, chunk.c.holder, chunk.c.lease_until)
            .where(chunk.c.send_id == send_id, chunk.c.state == ChunkState.LEASED.value)
            .order_by(chunk.c.id)
            .with_for_update()  # judged as they are once they are ours: another may have taken or renewed them
        ).all()
        lives = {name: life_of(holders, name) for name in {row.holder for row in leased}}
        dead = {row.id for row in leased if lives[row.holder] is Life.DEAD or row.lease_until < now}
        rows = lock_chunks(connection, dead)
        rows = {id_: row for id_, row in rows.items() if row.state == ChunkState.LEASED}
        for row in rows.values():
            connection.execute(update(chunk).where(chunk.c.id == row.id).values(epoch=chunk.c.epoch + 1))
        uncertain = len(doubt(connection, rows.values(), now))
        for row in rows.values():
            row.in_flight.clear()
            close(connection, row)
        write_chunks(connection, rows)
    others = [row for row in leased if row.id not in dead]
    return Takeover(
        uncertain=uncertain,
        alive=frozenset(row.holder for row in others),
        ended=frozenset(row.holder for row in leased if row.id in dead and lives[row.holder] is not Life.DEAD),
        until=max((row.lease_until for row in others), default=None),
    )


def make_due_now(storage: Storage, send_id: int) -> None:
    """Retry rows, and rows that wait for a lane's rest, are due at once."""
    with storage.slices() as slices:
        done = False
        while not done:
            with slices.write() as connection:
                ids = first_chunks(connection, send_id, chunk.c.not_before.is_not(None))
                connection.execute(
                    update(delivery)
                    .where(delivery.c.chunk_id.in_(ids), delivery.c.outcome.in_(UNSENT))
                    .values(due=None)
                )
                connection.execute(update(chunk).where(chunk.c.id.in_(ids)).values(not_before=None))
                done = not ids


def resend(
    storage: Storage, send_id: int, outcome: Outcome, *, before: Callable[[], datetime | None] = lambda: None
) -> int:
    """Put the uncertain, or the failed, rows of a send back to waiting; returns how many.

    Of the skipped, those that `only_to` left out: nobody who left, was suppressed or cancelled.
    before: only those whose outcome is older than the moment it says: a process that still lives may bring the answers
    of younger ones. Asked while the rows are locked, so that nobody begins with them between the question and the act.
    Rows in flight are not touched, nor any of a send that is cancelled meanwhile. A failed row starts its patience
    anew; its tries go on counting, for each try has its own answers.
    """
    goal = delivery_after(outcome, _AGAIN[outcome])
    assert goal is Outcome.WAITING
    total = after = 0
    with storage.slices() as slices:
        while True:
            with slices.write() as connection:
                ids = first_chunks(connection, send_id, chunk.c[outcome.value] > 0, chunk.c.id > after)
                if not ids:
                    return total
                total += _resend_in(connection, send_id, ids, outcome, before)
                after = ids[-1]


_AGAIN: Final = {
    Outcome.UNCERTAIN: Fact.RESEND_UNCERTAIN,
    Outcome.FAILED: Fact.RESEND_FAILED,
    Outcome.SKIPPED: Fact.TAKEN_UP,
}


def _resend_in(
    connection: Connection,
    send_id: int,
    ids: Iterable[int],
    outcome: Outcome,
    before: Callable[[], datetime | None],
) -> int:
    rows = lock_chunks(connection, ids)
    # Under their locks: a cancel that has dropped these chunks' readers has said so before.
    if connection.execute(select(send.c.state).where(send.c.id == send_id)).scalar_one() == SendState.CANCELLED:
        return 0
    moment = before()
    narrower = [] if moment is None else [delivery.c.at <= moment]
    if outcome is Outcome.SKIPPED:
        narrower.append(delivery.c.reason == ONLY_TO)
    total = 0
    for row in rows.values():
        changed = connection.execute(
            update(delivery)
            .where(delivery.c.chunk_id == row.id, delivery.c.outcome == outcome.value, *narrower)
            .values(outcome=Outcome.WAITING.value, due=None, first_try=None, settled=False)
        ).rowcount
        row.counts[outcome.value] -= changed
        row.touched = True
        total += changed
        if changed and row.state == ChunkState.DONE:
            close(connection, row)
    write_chunks(connection, rows)
    return total


def left_out(
    connection: Connection, send_id: int, only_to: tuple[str, ...], now: datetime
) -> tuple[int, tuple[str, ...]]:
    """How many `only_to` left out of a send when it ran who may be written to now, and the first of their addresses.

    only_to: what is allowed now; none = everybody.
    """
    rows = connection.execute(
        select(subscriber.c.address)
        .select_from(
            chunk.join(delivery, delivery.c.chunk_id == chunk.c.id)
            .join(subscription, subscription.c.id == delivery.c.subscription_id)
            .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        )
        .where(
            chunk.c.send_id == send_id, chunk.c.skipped > 0, delivery.c.outcome == Outcome.SKIPPED.value,
            delivery.c.reason == ONLY_TO, audience.eligible(now),
        )
        .order_by(delivery.c.id)
    ).scalars()  # fmt: skip
    count, first = 0, []
    for address in rows:
        if not only_to or is_allowed(only_to, address):
            count += 1
            first += [address] if count <= SAMPLES else []
    return count, tuple(first)


def settle(storage: Storage, send_id: int) -> int:
    """A person leaves the uncertain ones as they are: they keep their outcome and stop exit 9. Returns how many."""
    with storage.write() as connection:
        chunks = select(chunk.c.id).where(chunk.c.send_id == send_id, chunk.c.uncertain > 0)
        return connection.execute(
            update(delivery)
            .where(
                delivery.c.chunk_id.in_(chunks),
                delivery.c.outcome == Outcome.UNCERTAIN.value,
                delivery.c.settled.is_(False),
            )
            .values(settled=True)
        ).rowcount


def drop_waiting(storage: Storage, send_id: int, now: datetime) -> int:
    """Cancel, first step: per chunk the epoch rises and all readers that are not in flight are skipped.

    The send is `cancelled` already. It is the chunk's row that changes: a flight that waits for it finds another
    epoch behind the lock and claims nobody. Returns how many were dropped.
    """
    total = 0
    with storage.slices() as slices:
        while True:
            with slices.write() as connection:
                ids = first_chunks(connection, send_id, _untouched_by_cancel())
                if not ids:
                    return total
                total += _drop_in(connection, ids, now)


def _untouched_by_cancel() -> ColumnElement[bool]:
    """Readers to drop: not those of a chunk that only waits for answers, once it is out of everybody's hands."""
    unsent = chunk.c.total - chunk.c.accepted - chunk.c.failed - chunk.c.uncertain - chunk.c.skipped
    return and_(unsent > 0, or_(chunk.c.state != ChunkState.DONE.value, chunk.c.in_flight == "[]"))


def _drop_in(connection: Connection, ids: Iterable[int], now: datetime) -> int:
    rows = lock_chunks(connection, ids)
    total = 0
    for row in rows.values():
        here = (delivery.c.chunk_id == row.id, delivery.c.id.not_in(list(row.in_flight)))
        for outcome in (Outcome.WAITING, Outcome.RETRY):
            changed = connection.execute(
                update(delivery)
                .where(*here, delivery.c.outcome == outcome.value)
                .values(outcome=Outcome.SKIPPED.value, reason="cancelled", at=now, due=None)
            ).rowcount
            row.counts[Outcome.SKIPPED.value] += changed
            if outcome is Outcome.RETRY:
                row.counts[Outcome.RETRY.value] -= changed
            total += changed
        # Out of everybody's hands; what is in flight stays named in it until its answer, or until the wait is over.
        connection.execute(
            update(chunk)
            .where(chunk.c.id == row.id)
            .values(epoch=chunk.c.epoch + 1, state=ChunkState.DONE.value, holder="", boot="", lease_until=None)
        )
        row.touched = True
    write_chunks(connection, rows)
    return total


def in_flight(connection: Connection, send_id: int) -> int:
    """How many messages of a send are between their intent and their result, over all processes."""
    texts = connection.execute(select(chunk.c.in_flight).where(chunk.c.send_id == send_id, chunk.c.in_flight != "[]"))
    return sum(len(json.loads(text)) for text in texts.scalars())


def doubt_the_rest(storage: Storage, send_id: int, now: datetime) -> int:
    """Cancel, last step: what is in flight still, after the wait, becomes uncertain. Returns how many."""
    with storage.write() as connection:
        ids = connection.execute(
            select(chunk.c.id).where(chunk.c.send_id == send_id, chunk.c.in_flight != "[]")
        ).scalars().all()  # fmt: skip
        rows = lock_chunks(connection, ids)
        changed = len(doubt(connection, rows.values(), now))
        for row in rows.values():
            row.in_flight.clear()
            row.touched = True
        write_chunks(connection, rows)
        return changed


def all_done(connection: Connection, send_id: int) -> bool:
    """Whether every chunk of a send is done."""
    left = connection.execute(
        select(func.count()).where(chunk.c.send_id == send_id, chunk.c.state != ChunkState.DONE.value)
    ).scalar_one()
    return left == 0
