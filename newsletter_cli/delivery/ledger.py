"""The ledger of a send: what is claimed before it leaves, and what is stored when the answer has come.

One transaction for each flight: the results of the last one and the intents of the next. An id is in its chunk's
`in_flight` from before the first byte of its data until its result, so that after a SIGKILL exactly those are
uncertain, and everybody else is known (architecture.md §4). Everything here blocks: the engine calls it in a thread.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias, cast

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
from newsletter_cli.delivery.retry import RetryPolicy, next_try
from newsletter_cli.delivery.states import ChunkState, Fact, Outcome, SendState, delivery_after, same_attempt
from newsletter_cli.mail.reader import Reader
from newsletter_cli.settings import is_allowed
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import EPOCH, Instant, chunk, delivery, send, subscriber, subscription
from newsletter_cli.subscribers import audience

Found: TypeAlias = "Row[*tuple[Any, ...]]"
UNSENT = (Outcome.WAITING.value, Outcome.RETRY.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One reader's message whose turn has come and whose intent is committed."""

    id: int  # delivery row
    chunk: int
    attempt: int  # the try to come, from 1
    alone: bool  # its last write stood still: no neighbours this time
    first_try: datetime | None
    domain: str
    reader: Reader


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What one transaction brought."""

    due: tuple[Due, ...]
    changes: tuple[Change, ...]
    state: SendState
    reason: str
    lost: frozenset[int]  # chunks whose lease is another's now: begin nothing of them
    opening: datetime | None  # when there is more to claim: in the past = now; None = nobody is left for us


@dataclass(slots=True)
class _Lease:
    """A chunk in our hands, as we last saw it."""

    epoch: int
    after: int = 0  # last delivery id looked at in this pass
    exhausted: bool = False  # this pass found nobody more


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


@dataclass(kw_only=True)
class Ledger:
    """One process's way to the outbox of one send. Not thread-safe: one thread calls it."""

    storage: Storage
    send_id: int
    list_id: int
    digest_number: int
    holder: Holder
    lease: timedelta
    retry: RetryPolicy
    chance: Random
    only_to: tuple[str, ...] = ()  # patterns such as "*@example.org"; none = everybody
    leases: dict[int, _Lease] = field(default_factory=dict)

    # --- one flight ----------------------------------------------------------------------------------------------

    def flight(self, reports: Sequence[Report], want: int, now: datetime) -> Flight:
        """Store results and claim up to `want` readers, in one transaction.

        Results are stored whatever the send's state and whoever holds the chunk now; readers are claimed only of
        chunks this process still leases and while the send is `sending`.
        Raises the storage errors; repeated after one, it changes nothing twice.
        """
        with self.storage.write() as connection:
            rows = lock_chunks(connection, {*self.leases, *(report.chunk for report in reports)})
            state, reason = _state_of(connection, self.send_id)
            changes = store(connection, rows, _as_cancelled(reports, state), self._when_again)
            mine = {id_: row for id_, row in rows.items() if self._holds(row)}
            lost = frozenset(self.leases) - frozenset(mine)
            leases = {id_: replace(lease) for id_, lease in self.leases.items() if id_ in mine}
            due: tuple[Due, ...] = ()
            if state is SendState.SENDING and want > 0:
                due, skipped = self._claim(connection, rows, mine, leases, want, now)
                changes += skipped
            self._settle(connection, mine, leases, state, now)
            opening = EPOCH if mine else _next_opening(connection, self.send_id)
            write_chunks(connection, rows, mine, flights=1 if due else 0, lease_until=now + self.lease)
        # Only now: a transaction that failed must leave the memory as it was, for it is repeated as it is.
        self.leases = leases
        return Flight(due=due, changes=changes, state=state, reason=reason, lost=lost, opening=opening)

    def outlook(self) -> datetime | None:
        """When there is somebody to claim: in the past = now; None = nobody is left for us."""
        with self.storage.read() as connection:
            return _next_opening(connection, self.send_id)

    def give_back(self, reports: Sequence[Report], now: datetime) -> Flight:
        """Store the last results and open every chunk we hold; what is still in flight becomes uncertain."""
        with self.storage.write() as connection:
            rows = lock_chunks(connection, {*self.leases, *(report.chunk for report in reports)})
            state, reason = _state_of(connection, self.send_id)
            changes = store(connection, rows, _as_cancelled(reports, state), self._when_again)
            mine = {id_: row for id_, row in rows.items() if self._holds(row)}
            changes += doubt(connection, mine.values(), now)
            for row in mine.values():
                close(connection, row)
            write_chunks(connection, rows)
        self.leases = {}
        return Flight(due=(), changes=changes, state=state, reason=reason, lost=frozenset(), opening=None)

    def _holds(self, row: ChunkRow) -> bool:
        lease = self.leases.get(row.id)
        return (
            lease is not None
            and row.state == ChunkState.LEASED
            and row.holder == self.holder.name
            and row.epoch == lease.epoch
        )

    def _when_again(self, tries: int, first: datetime, now: datetime) -> datetime | None:
        return next_try(tries, first, now, self.retry, self.chance)

    # --- claiming ------------------------------------------------------------------------------------------------

    def _claim(
        self,
        connection: Connection,
        rows: dict[int, ChunkRow],
        mine: dict[int, ChunkRow],
        leases: dict[int, _Lease],
        want: int,
        now: datetime,
    ) -> tuple[tuple[Due, ...], tuple[Change, ...]]:
        """Up to `want` readers, out of our chunks first, then out of the next open ones."""
        due: list[Due] = []
        changes: list[Change] = []
        for id_ in list(mine):
            if len(due) < want:
                self._claim_in(connection, mine[id_], leases[id_], want - len(due), now, due, changes)
        while len(due) < want:
            taken = _lease_next(connection, self.send_id, self.holder, now, now + self.lease)
            if taken is None:
                break
            known = rows.get(taken.id)
            if known is not None:  # late results of it were stored in this transaction: what they changed goes along
                taken = replace(known, epoch=taken.epoch, holder=taken.holder, state=taken.state)
            rows[taken.id] = mine[taken.id] = taken
            leases[taken.id] = _Lease(epoch=taken.epoch)
            self._claim_in(connection, taken, leases[taken.id], want - len(due), now, due, changes)
        return tuple(due), tuple(changes)

    def _claim_in(
        self,
        connection: Connection,
        row: ChunkRow,
        lease: _Lease,
        want: int,
        now: datetime,
        due: list[Due],
        changes: list[Change],
    ) -> None:
        if lease.exhausted:
            return
        got = 0
        while got < want:
            found = connection.execute(_DUE, {"chunk": row.id, "after": lease.after, "n": want - got, "now": now}).all()
            if not found:
                lease.exhausted = True
                return
            lease.after = found[-1].id
            for r in found:
                why = r.why or self._not_now(connection, r)
                if why is not None:
                    changes.append(_skip(connection, row, r, why, now))
                elif r.id not in row.in_flight:
                    row.in_flight[r.id] = r.attempt + 1
                    row.touched = True
                    due.append(self._due_from(r, row.id))
                    got += 1

    def _not_now(self, connection: Connection, row: Found) -> str | None:
        """Why a reader who may be written to gets nothing of this send all the same; moves a changed address along."""
        if self.only_to and not is_allowed(self.only_to, row.address):
            return "only-to"
        if row.address != row.frozen:
            if _has_address(connection, self.send_id, row.address, but=row.id):
                return "same-address"
            connection.execute(
                update(delivery).where(delivery.c.id == row.id).values(address=row.address, domain=row.domain)
            )
        return None

    def _due_from(self, row: Found, chunk_id: int) -> Due:
        return Due(
            id=row.id,
            chunk=chunk_id,
            attempt=row.attempt + 1,
            alone=row.alone,
            first_try=row.first_try,
            domain=row.domain,
            reader=Reader(
                email=row.address,
                name=row.name,
                fields=row.fields or {},
                delivery=row.id,
                subscription=row.subscription_id,
                digest=self.digest_number,
            ),
        )

    # --- the end of a chunk --------------------------------------------------------------------------------------

    def _settle(
        self,
        connection: Connection,
        mine: dict[int, ChunkRow],
        leases: dict[int, _Lease],
        state: SendState,
        now: datetime,
    ) -> None:
        """Close the chunks of ours that have nobody on the wire and nobody due, and all idle ones once we must stop."""
        for id_ in [id_ for id_, row in mine.items() if not row.in_flight]:
            if leases[id_].exhausted and state is SendState.SENDING and _anybody_due(connection, id_, now):
                leases[id_] = _Lease(epoch=leases[id_].epoch)  # another pass: rows fell due, or came back unsent
            elif leases[id_].exhausted or state is not SendState.SENDING:
                close(connection, mine.pop(id_))
                del leases[id_]


# --- statements --------------------------------------------------------------------------------------------------


# The audience's whole predicate is read here, per flight and not per lease: who left a second ago is skipped.
_NOW = bindparam("now", type_=Instant())
_DUE = (
    select(
        delivery.c.id,
        delivery.c.attempt,
        delivery.c.alone,
        delivery.c.outcome,
        delivery.c.first_try,
        delivery.c.subscription_id,
        delivery.c.address.label("frozen"),
        subscriber.c.address,
        subscriber.c.domain,
        subscriber.c.name,
        subscriber.c.fields,
        audience.skip_reason_column(cast(datetime, _NOW)).label("why"),
    )
    .select_from(
        delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
            subscriber, subscriber.c.id == subscription.c.subscriber_id
        )
    )
    .where(
        delivery.c.chunk_id == bindparam("chunk"),
        delivery.c.id > bindparam("after"),
        delivery.c.outcome.in_(UNSENT),
        or_(delivery.c.due.is_(None), delivery.c.due <= _NOW),
    )
    .order_by(delivery.c.id)
    .limit(bindparam("n"))
)


def _skip(connection: Connection, row: ChunkRow, found: Found, why: str, now: datetime) -> Change:
    connection.execute(
        update(delivery)
        .where(delivery.c.id == found.id)
        .values(outcome=Outcome.SKIPPED.value, reason=why, at=now, due=None)
    )
    before = Outcome(found.outcome)
    row.count(before, Outcome.SKIPPED)
    return Change(domain=found.domain, before=before, after=Outcome.SKIPPED)


def _has_address(connection: Connection, send_id: int, address: str, *, but: int) -> bool:
    """Whether a send has another row of that address. Walks the send: only for a reader who changed his address."""
    row = select(literal(1)).where(delivery.c.send_id == send_id, delivery.c.address == address, delivery.c.id != but)
    return bool(connection.execute(select(exists(row))).scalar_one())


def _state_of(connection: Connection, send_id: int) -> tuple[SendState, str]:
    row = connection.execute(select(send.c.state, send.c.reason).where(send.c.id == send_id)).one()
    return SendState(row.state), row.reason


COUNTERS = ("accepted", "failed", "uncertain", "skipped", "retry")


def lock_chunks(connection: Connection, ids: Iterable[int]) -> dict[int, ChunkRow]:
    """The chunks, locked in the order of their ids, so that two processes never wait for each other in a ring."""
    query = select(chunk).where(chunk.c.id.in_(sorted(set(ids)))).order_by(chunk.c.id).with_for_update()
    return {row.id: _chunk_row(row) for row in connection.execute(query)}


def _chunk_row(row: Found) -> ChunkRow:
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


def _as_cancelled(reports: Sequence[Report], state: SendState) -> Sequence[Report]:
    """Of a cancelled send nothing is tried again: what did not leave is dropped like the others."""
    if state is not SendState.CANCELLED:
        return reports
    return [
        replace(report, fact=Fact.LEFT, reason="cancelled") if report.fact in (Fact.NOT_SENT, Fact.LATER) else report
        for report in reports
    ]


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


def _lease_next(
    connection: Connection, send_id: int, holder: Holder, now: datetime, until: datetime
) -> ChunkRow | None:
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
    return None if row is None else _chunk_row(row)


def _next_opening(connection: Connection, send_id: int) -> datetime | None:
    """When the earliest open chunk may be leased; the epoch when at once; None when none is open."""
    row = connection.execute(
        select(func.count(), func.min(func.coalesce(chunk.c.not_before, 0), type_=chunk.c.not_before.type)).where(
            chunk.c.send_id == send_id, chunk.c.state == ChunkState.OPEN.value
        )
    ).one()
    return row[1] if row[0] else None


def _anybody_due(connection: Connection, chunk_id: int, now: datetime) -> bool:
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
