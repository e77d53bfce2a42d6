"""A chunk's row and its readers' rows: locked, read, changed by the table of outcomes, and written back.

Everything here works inside a transaction of the caller. The counters move by what a statement changed, so that
results stored twice change nothing.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    bindparam,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)  # fmt: skip

from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.states import ChunkState, Fact, Outcome, delivery_after, same_attempt
from newsletter_cli.storage.prepared import Prepared
from newsletter_cli.storage.schema import EPOCH, MICROSECOND, Instant, chunk, delivery, micros

OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
ONLY_TO: Final = "only-to"  # why somebody is skipped whom a narrower safety.only_to leaves out for now
UNSENT = (Outcome.WAITING.value, Outcome.RETRY.value)
# The same as a condition: one that a prepared statement can hold.
IS_UNSENT = or_(delivery.c.outcome == Outcome.WAITING.value, delivery.c.outcome == Outcome.RETRY.value)


class Report(NamedTuple):
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


class Change(NamedTuple):
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
    lane: str
    canary: bool
    in_flight: dict[int, int]  # delivery id → attempt
    counts: dict[str, int]
    total: int
    touched: bool = False

    @property
    def unsent(self) -> int:
        """Readers of it that are waiting or in retry."""
        counts = self.counts
        return self.total - counts["accepted"] - counts["failed"] - counts["uncertain"] - counts["skipped"]

    def count(self, before: Outcome, after: Outcome) -> None:
        for outcome, step in ((before, -1), (after, 1)):
            if outcome is not Outcome.WAITING:
                self.counts[outcome.value] += step
        self.touched = True


_NOW = bindparam("now", type_=Instant())

COUNTERS = ("accepted", "failed", "uncertain", "skipped", "retry")


_LOCK = Prepared(select(*chunk.c).where(chunk.c.id == bindparam("row")).with_for_update())
_COLUMN = {column.name: index for index, column in enumerate(chunk.c)}


def lock_chunks(connection: Connection, ids: Iterable[int]) -> dict[int, ChunkRow]:
    """The chunks, locked in the order of their ids, so that two processes never wait for each other in a ring."""
    return {row[0]: chunk_row(row) for id_ in sorted(set(ids)) for row in _LOCK.rows(connection, row=id_)}


def chunk_row(row: Sequence[Any]) -> ChunkRow:
    """row: all columns of a chunk, in the table's order."""
    return ChunkRow(
        id=row[_COLUMN["id"]],
        epoch=row[_COLUMN["epoch"]],
        holder=row[_COLUMN["holder"]],
        state=row[_COLUMN["state"]],
        lane=row[_COLUMN["lane"]],
        canary=row[_COLUMN["canary"]],
        in_flight=dict(json.loads(row[_COLUMN["in_flight"]])),
        counts={name: row[_COLUMN[name]] for name in COUNTERS},
        total=row[_COLUMN["total"]],
    )


_WRITE_CHUNK = Prepared(
    update(chunk)
    .where(chunk.c.id == bindparam("row"))
    .values(in_flight=bindparam("flying"), **{name: bindparam(f"n_{name}") for name in COUNTERS})
)
_RENEW_CHUNK = Prepared(
    update(chunk)
    .where(chunk.c.id == bindparam("row"))
    .values(
        in_flight=bindparam("flying"),
        lease_until=bindparam("until", type_=Instant()),
        flights=chunk.c.flights + bindparam("more"),
        **{name: bindparam(f"n_{name}") for name in COUNTERS},
    )
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
        values: dict[str, Any] = {
            "row": row.id,
            "flying": json.dumps(list(row.in_flight.items())),
            **{f"n_{name}": count for name, count in row.counts.items()},
        }
        if mine:
            _RENEW_CHUNK.run(connection, until=lease_until, more=flights, **values)
        else:
            _WRITE_CHUNK.run(connection, **values)


WhenAgain = Callable[[int, datetime, datetime], datetime | None]  # (tries so far, first try, now) → next try


class _Stored(NamedTuple):
    """A reader's row as it is."""

    id: int
    outcome: str
    attempt: int
    first_try: int | None  # as its column holds it
    domain: str


_BETWEEN = Prepared(
    select(
        delivery.c.id,
        delivery.c.outcome,
        delivery.c.attempt,
        type_coerce(delivery.c.first_try, BigInteger),
        delivery.c.domain,
    ).where(
        delivery.c.chunk_id == bindparam("chunk"),
        delivery.c.id >= bindparam("first"),
        delivery.c.id <= bindparam("last"),
    )
)


def _as_stored(connection: Connection, reports: Sequence[Report]) -> dict[int, _Stored]:
    """The rows the reports are about. Read by chunk: the readers of one flight are neighbours there."""
    spans: dict[int, tuple[int, int]] = {}
    for report in reports:
        first, last = spans.get(report.chunk, (report.id, report.id))
        spans[report.chunk] = (min(first, report.id), max(last, report.id))
    return {
        row[0]: _Stored._make(row)
        for number, (first, last) in spans.items()
        for row in _BETWEEN.rows(connection, chunk=number, first=first, last=last)
    }


def store(
    connection: Connection, rows: Mapping[int, ChunkRow], reports: Sequence[Report], when_again: WhenAgain
) -> tuple[Change, ...]:
    """Apply the table of outcomes to the rows as they are, and move the counters by what changed."""
    if not reports:
        return ()
    current = _as_stored(connection, reports)
    changes: list[Change] = []
    updates: list[tuple[Any, ...]] = []
    for report in reports:
        row = current[report.id]
        holder = rows[report.chunk]
        if holder.in_flight.get(report.id) == report.attempt:
            del holder.in_flight[report.id]
            holder.touched = True
        before = OUTCOMES[row.outcome]
        values = _values_for(report, before, row, when_again)
        if values is not None:
            after = OUTCOMES[values[0]]
            if after is not before:
                holder.count(before, after)
            changes.append(Change(row.domain, before, after))
            updates.append(values)
    if updates:
        _UPDATE_DELIVERY.many(connection, _ORDER, updates)
    return tuple(changes)


_ORDER = (
    "o", "tries", "first", "next", "by_itself", "c", "e", "text", "why", "done", "moment", "row",
)  # fmt: skip
_UPDATE_DELIVERY = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("row"))
    .values(
        outcome=bindparam("o"),
        alone=bindparam("by_itself"),
        attempt=bindparam("tries"),
        first_try=bindparam("first", type_=BigInteger),
        due=bindparam("next", type_=BigInteger),
        code=bindparam("c"),
        enhanced=bindparam("e"),
        answer=bindparam("text"),
        reason=bindparam("why"),
        settled=bindparam("done"),
        at=bindparam("moment", type_=BigInteger),
    )
)


def _values_for(report: Report, before: Outcome, row: _Stored, when_again: WhenAgain) -> tuple[Any, ...] | None:
    """The new values of a row in `_ORDER`, or None when the fact says nothing about it."""
    fact, at = report.fact, micros(report.at)
    if not same_attempt(before, row.attempt, report.attempt, fact):
        return None
    first = at if row.first_try is None else row.first_try
    due, reason = micros(report.not_before), report.reason
    if fact is Fact.LATER:
        again = when_again(report.attempt, _instant(first), report.at)
        due = micros(again)
        if again is None:
            fact, reason = Fact.NEVER, "gave-up"
    elif fact is Fact.NOT_SENT and report.alone and when_again(1, _instant(first), report.at) is None:
        fact, reason = Fact.NEVER, "gave-up"  # it began to leave again and again, and was never received whole
    after = delivery_after(before, fact)
    if after is None:
        return None
    tried = report.fact is not Fact.NOT_SENT
    return (
        after.value,
        max(row.attempt, report.attempt) if tried else min(row.attempt, report.attempt - 1),
        # What was not received whole began to leave: it counts for the end of patience, not for the tries.
        first if tried or report.alone else row.first_try,
        due if after in (Outcome.WAITING, Outcome.RETRY) else None,
        report.alone,
        report.code,
        report.enhanced,
        report.answer,
        reason,
        False,
        at,
        report.id,
    )


def _instant(value: int | None) -> datetime:
    return EPOCH + (value or 0) * MICROSECOND


def _next_open(*, canary: bool, any_lane: bool) -> Prepared:
    here = [chunk.c.send_id == bindparam("send"), chunk.c.state == ChunkState.OPEN.value]
    if not any_lane:
        here.append(chunk.c.lane == bindparam("of"))
    if canary:
        here.append(chunk.c.canary)
    next_open = (
        select(chunk.c.id)
        .where(*here, or_(chunk.c.not_before.is_(None), chunk.c.not_before <= _NOW))
        .order_by(chunk.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return Prepared(
        update(chunk)
        .where(chunk.c.id == next_open)
        .values(
            state=ChunkState.LEASED.value,
            holder=bindparam("by"),
            boot=bindparam("since"),
            epoch=chunk.c.epoch + 1,
            lease_until=bindparam("until", type_=Instant()),
            not_before=None,
        )
        .returning(*chunk.c)
    )


_LEASE = _next_open(canary=False, any_lane=False)
_LEASE_ANY = _next_open(canary=False, any_lane=True)
_LEASE_CANARY = _next_open(canary=True, any_lane=True)


def lease_next(
    connection: Connection,
    send_id: int,
    holder: Holder,
    now: datetime,
    until: datetime,
    *,
    lane: str | None = None,
    canary: bool = False,
) -> ChunkRow | None:
    """Take the next open chunk whose time has come, or None. Whoever waited for another's lock takes the next one.

    lane: of this lane only; None = of any.  canary: only the readers who are written to first.
    """
    terms = {"send": send_id, "by": holder.name, "since": holder.boot, "now": now, "until": until}
    if canary:
        rows = _LEASE_CANARY.rows(connection, **terms)
    elif lane is None:
        rows = _LEASE_ANY.rows(connection, **terms)
    else:
        rows = _LEASE.rows(connection, of=lane, **terms)
    return chunk_row(rows[0]) if rows else None


def _openings(*, canary: bool) -> Prepared:
    here = [chunk.c.send_id == bindparam("send"), chunk.c.state == ChunkState.OPEN.value]
    if canary:
        here.append(chunk.c.canary)
    earliest = func.min(func.coalesce(chunk.c.not_before, 0), type_=chunk.c.not_before.type)
    return Prepared(select(chunk.c.lane, earliest).where(*here).group_by(chunk.c.lane))


_OPENINGS = _openings(canary=False)
_CANARY_OPENINGS = _openings(canary=True)


def openings(connection: Connection, send_id: int, *, canary: bool = False) -> dict[str, datetime]:
    """{lane: when its earliest open chunk may be leased}; the epoch when at once. A lane without one is left out.

    canary: only the chunks of the readers who are written to first.
    """
    rows = (_CANARY_OPENINGS if canary else _OPENINGS).rows(connection, send=send_id)
    return {row[0]: row[1] for row in rows}


_ANYBODY_DUE = Prepared(
    select(literal(1))
    .where(
        delivery.c.chunk_id == bindparam("chunk"),
        IS_UNSENT,
        or_(delivery.c.due.is_(None), delivery.c.due <= _NOW),
    )
    .limit(1)
)


def anybody_due(connection: Connection, chunk_id: int, now: datetime) -> bool:
    return bool(_ANYBODY_DUE.rows(connection, chunk=chunk_id, now=now))


_LEFT = Prepared(
    select(
        func.count(),
        func.min(func.coalesce(delivery.c.due, 0), type_=delivery.c.due.type),
    ).where(delivery.c.chunk_id == bindparam("chunk"), IS_UNSENT)
)
_CLOSE = Prepared(
    update(chunk)
    .where(chunk.c.id == bindparam("row"))
    .values(
        state=bindparam("becomes"),
        holder="",
        boot="",
        lease_until=None,
        not_before=bindparam("earliest", type_=Instant()),
    )
)


def close(connection: Connection, row: ChunkRow) -> None:
    """Done when nobody of it is waiting or in retry; else open again, not before its earliest due row."""
    unsent, earliest = _LEFT.rows(connection, chunk=row.id)[0]
    becomes = ChunkState.OPEN if unsent else ChunkState.DONE
    _CLOSE.run(connection, row=row.id, becomes=becomes.value, earliest=earliest if unsent else None)
    row.touched = True


def reopen(connection: Connection, rows: Iterable[ChunkRow]) -> bool:
    """Open the chunks that were done and have somebody to write to again; whether there were any.

    A late answer does that: a reader set aside as uncertain was refused for now, or was never sent to.
    """
    again = [row for row in rows if row.state == ChunkState.DONE and row.touched and row.unsent]
    for row in again:
        close(connection, row)
    return bool(again)


def doubt(connection: Connection, rows: Iterable[ChunkRow], now: datetime) -> tuple[Change, ...]:
    """What is in flight without an answer becomes uncertain."""
    rows = tuple(rows)
    reports = [
        Report(id_, row.id, attempt, Fact.LOST, now, reason="no-answer")
        for row in rows
        for id_, attempt in row.in_flight.items()
    ]
    # Nobody asks for the next try: what is lost is tried again by a person only.
    return store(connection, {row.id: row for row in rows}, reports, lambda tries, first, moment: None)
