"""A chunk's row and its readers' rows: locked, read, changed by the table of outcomes, and written back.

Everything here works inside a transaction of the caller. The counters move by what a statement changed, so that
results stored twice change nothing.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)  # fmt: skip

from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.states import ChunkState, Fact, Outcome, delivery_after, same_attempt
from newsletter_cli.storage.schema import chunk, delivery

Found: TypeAlias = "Row[*tuple[Any, ...]]"
UNSENT = (Outcome.WAITING.value, Outcome.RETRY.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one attempt."""

    id: int  # delivery row
    chunk: int
    attempt: int
    fact: Fact
    at: datetime
    code: int | None = None
    enhanced: str = ""
    answer: str = ""  # cleaned: UTF-8, no controls, 500 characters
    reason: str = ""  # verdict of the reply book
    alone: bool = False  # must go by itself next time
    not_before: datetime | None = None  # of what was not sent: the lane's rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that a transaction changed: what the live view counts."""

    domain: str
    before: Outcome
    after: Outcome


@dataclass(slots=True)
class ChunkRow:
    """A chunk locked in this transaction, and what we are about to write to it."""

    id: int
    epoch: int
    holder: str
    state: str
    in_flight: dict[int, int]  # delivery id → attempt
    counts: dict[str, int]
    touched: bool = False

    def count(self, before: Outcome, after: Outcome) -> None:
        for outcome, step in ((before, -1), (after, 1)):
            if outcome is not Outcome.WAITING:
                self.counts[outcome.value] += step
        self.touched = True


COUNTERS = ("accepted", "failed", "uncertain", "skipped", "retry")


def lock_chunks(connection: Connection, ids: Iterable[int]) -> dict[int, ChunkRow]:
    """The chunks, locked in the order of their ids, so that two processes never wait for each other in a ring."""
    query = select(chunk).where(chunk.c.id.in_(sorted(set(ids)))).order_by(chunk.c.id).with_for_update()
    return {row.id: chunk_row(row) for row in connection.execute(query)}


def chunk_row(row: Found) -> ChunkRow:
    return ChunkRow(
        id=row.id,
        epoch=row.epoch,
        holder=row.holder,
        state=row.state,
        in_flight={int(id_): int(attempt) for id_, attempt in json.loads(row.in_flight)},
        counts={name: getattr(row, name) for name in COUNTERS},
    )


def write_chunks(
    connection: Connection,
    rows: Mapping[int, ChunkRow],
    ours: Mapping[int, ChunkRow] | None = None,
    *,
    flights: int = 0,
    lease_until: datetime | None = None,
) -> None:
    """Write what a transaction made of the chunks; `ours` are still leased by us and live on until `lease_until`."""
    for row in rows.values():
        mine = ours is not None and row.id in ours
        if not row.touched and not mine:
            continue
        values: dict[str, Any] = {"in_flight": json.dumps(list(row.in_flight.items())), **row.counts}
        if mine:
            values |= {"lease_until": lease_until, "flights": chunk.c.flights + flights}
        connection.execute(update(chunk).where(chunk.c.id == row.id).values(**values))


WhenAgain = Callable[[int, datetime, datetime], datetime | None]  # (tries so far, first try, now) → next try


def store(
    connection: Connection, rows: Mapping[int, ChunkRow], reports: Sequence[Report], when_again: WhenAgain
) -> tuple[Change, ...]:
    """Apply the table of outcomes to the rows as they are, and move the counters by what changed."""
    if not reports:
        return ()
    current = {
        row.id: row
        for row in connection.execute(
            select(
                delivery.c.id, delivery.c.outcome, delivery.c.attempt, delivery.c.first_try, delivery.c.domain
            ).where(delivery.c.id.in_([report.id for report in reports]))
        )
    }  # fmt: skip
    changes: list[Change] = []
    updates: list[dict[str, Any]] = []
    for report in reports:
        row = current[report.id]
        holder = rows[report.chunk]
        if holder.in_flight.get(report.id) == report.attempt:
            del holder.in_flight[report.id]
            holder.touched = True
        before = Outcome(row.outcome)
        update_ = _update_for(report, before, row, when_again)
        if update_ is not None:
            after = Outcome(update_["o"])
            if after is not before:
                holder.count(before, after)
            changes.append(Change(domain=row.domain, before=before, after=after))
            updates.append(update_)
    if updates:
        connection.execute(_UPDATE_DELIVERY, updates)
    return tuple(changes)


_UPDATE_DELIVERY = (
    update(delivery)
    .where(delivery.c.id == bindparam("row"))
    .values(
        outcome=bindparam("o"),
        attempt=bindparam("tries"),
        first_try=bindparam("first"),
        due=bindparam("next"),
        alone=bindparam("by_itself"),
        code=bindparam("c"),
        enhanced=bindparam("e"),
        answer=bindparam("text"),
        reason=bindparam("why"),
        settled=bindparam("done"),
        at=bindparam("moment"),
    )
)


def _update_for(report: Report, before: Outcome, row: Found, when_again: WhenAgain) -> dict[str, Any] | None:
    """The new values of a row, or None when the fact says nothing about it."""
    if not same_attempt(before, row.attempt, report.attempt, report.fact):
        return None
    first: datetime = row.first_try or report.at
    fact, due, reason = report.fact, report.not_before, report.reason
    if fact is Fact.LATER:
        due = when_again(report.attempt, first, report.at)
        if due is None:
            fact, reason = Fact.NEVER, "gave-up"
    elif fact is Fact.NOT_SENT and report.alone and when_again(1, first, report.at) is None:
        fact, reason = Fact.NEVER, "gave-up"  # it began to leave again and again, and was never received whole
    after = delivery_after(before, fact)
    if after is None:
        return None
    tried = report.fact is not Fact.NOT_SENT
    return {
        "row": report.id,
        "o": after.value,
        "tries": max(row.attempt, report.attempt) if tried else min(row.attempt, report.attempt - 1),
        # What was not received whole began to leave: it counts for the end of patience, not for the tries.
        "first": first if tried or report.alone else row.first_try,
        "next": due if after in (Outcome.WAITING, Outcome.RETRY) else None,
        "by_itself": report.alone,
        "c": report.code,
        "e": report.enhanced,
        "text": report.answer,
        "why": reason,
        "done": False,
        "moment": report.at,
    }


def lease_next(connection: Connection, send_id: int, holder: Holder, now: datetime, until: datetime) -> ChunkRow | None:
    """Take the next open chunk whose time has come, or None. Whoever waited for another's lock takes the next one."""
    next_open = (
        select(chunk.c.id)
        .where(
            chunk.c.send_id == send_id,
            chunk.c.state == ChunkState.OPEN.value,
            or_(chunk.c.not_before.is_(None), chunk.c.not_before <= now),
        )
        .order_by(chunk.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = connection.execute(
        update(chunk)
        .where(chunk.c.id == next_open)
        .values(
            state=ChunkState.LEASED.value,
            holder=holder.name,
            boot=holder.boot,
            epoch=chunk.c.epoch + 1,
            lease_until=until,
            not_before=None,
        )
        .returning(*chunk.c)
    ).first()
    return None if row is None else chunk_row(row)


def next_opening(connection: Connection, send_id: int) -> datetime | None:
    """When the earliest open chunk may be leased; the epoch when at once; None when none is open."""
    row = connection.execute(
        select(func.count(), func.min(func.coalesce(chunk.c.not_before, 0), type_=chunk.c.not_before.type)).where(
            chunk.c.send_id == send_id, chunk.c.state == ChunkState.OPEN.value
        )
    ).one()
    return row[1] if row[0] else None


def anybody_due(connection: Connection, chunk_id: int, now: datetime) -> bool:
    return bool(
        connection.execute(
            select(
                exists(
                    select(literal(1)).where(
                        delivery.c.chunk_id == chunk_id,
                        delivery.c.outcome.in_(UNSENT),
                        or_(delivery.c.due.is_(None), delivery.c.due <= now),
                    )
                )
            )
        ).scalar_one()
    )


def close(connection: Connection, row: ChunkRow) -> None:
    """Done when nobody of it is waiting or in retry; else open again, not before its earliest due row."""
    unsent = connection.execute(
        select(
            func.count(),
            func.min(func.coalesce(delivery.c.due, 0), type_=delivery.c.due.type),
        ).where(delivery.c.chunk_id == row.id, delivery.c.outcome.in_(UNSENT))
    ).one()
    connection.execute(
        update(chunk)
        .where(chunk.c.id == row.id)
        .values(
            state=(ChunkState.OPEN if unsent[0] else ChunkState.DONE).value,
            holder="",
            boot="",
            lease_until=None,
            not_before=unsent[1] if unsent[0] else None,
        )
    )
    row.touched = True


def doubt(connection: Connection, rows: Iterable[ChunkRow], now: datetime) -> tuple[Change, ...]:
    """What is in flight without an answer becomes uncertain."""
    rows = tuple(rows)
    reports = [
        Report(id=id_, chunk=row.id, attempt=attempt, fact=Fact.LOST, at=now, reason="no-answer")
        for row in rows
        for id_, attempt in row.in_flight.items()
    ]
    # Nobody asks for the next try: what is lost is tried again by a person only.
    return store(connection, {row.id: row for row in rows}, reports, lambda tries, first, moment: None)
