"""The ledger of a send: what is claimed before it leaves, and what is stored when the answer has come.

One transaction for each flight: the results of the last one and the intents of the next. An id is in its chunk's
`in_flight` from before the first byte of its data until its result, so that after a SIGKILL exactly those are
uncertain, and everybody else is known. Everything here blocks: the engine calls it in a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import cast

from sqlalchemy import (
    Connection,
    bindparam,
    exists,
    literal,
    or_,
    select,
    update,
)  # fmt: skip

from newsletter_cli.delivery.chunks import (
    UNSENT,
    Change,
    ChunkRow,
    Found,
    Report,
    anybody_due,
    close,
    doubt,
    lease_next,
    lock_chunks,
    next_opening,
    store,
    write_chunks,
)
from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.retry import RetryPolicy, next_try
from newsletter_cli.delivery.states import ChunkState, Fact, Outcome, SendState
from newsletter_cli.mail.reader import Reader
from newsletter_cli.settings import is_allowed
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import EPOCH, Instant, delivery, send, subscriber, subscription
from newsletter_cli.subscribers import audience


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
            opening = EPOCH if mine else next_opening(connection, self.send_id)
            write_chunks(connection, rows, mine, flights=1 if due else 0, lease_until=now + self.lease)
        # Only now: a transaction that failed must leave the memory as it was, for it is repeated as it is.
        self.leases = leases
        return Flight(due=due, changes=changes, state=state, reason=reason, lost=lost, opening=opening)

    def outlook(self) -> datetime | None:
        """When there is somebody to claim: in the past = now; None = nobody is left for us."""
        with self.storage.read() as connection:
            return next_opening(connection, self.send_id)

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
            taken = lease_next(connection, self.send_id, self.holder, now, now + self.lease)
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
            if leases[id_].exhausted and state is SendState.SENDING and anybody_due(connection, id_, now):
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


def _as_cancelled(reports: Sequence[Report], state: SendState) -> Sequence[Report]:
    """Of a cancelled send nothing is tried again: what did not leave is dropped like the others."""
    if state is not SendState.CANCELLED:
        return reports
    return [
        replace(report, fact=Fact.LEFT, reason="cancelled") if report.fact in (Fact.NOT_SENT, Fact.LATER) else report
        for report in reports
    ]
