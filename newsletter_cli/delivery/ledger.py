"""The ledger of a send: what is claimed before it leaves, and what is stored when the answer has come.

One transaction for each flight: the results of the last one and the intents of the next. An id is in its chunk's
`in_flight` from before the first byte of its data until its result, so that after a SIGKILL exactly those are
uncertain, and everybody else is known. Everything here blocks: the engine calls it in a thread.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from sqlalchemy import (
    Connection,
    bindparam,
    select,
)  # fmt: skip

from newsletter_cli.delivery import canary
from newsletter_cli.delivery.canary import Sung
from newsletter_cli.delivery.chunks import (
    ChunkRow,
    Report,
    anybody_due,
    close,
    doubt,
    lock_chunks,
    openings,
    reopen,
    store,
    write_chunks,
)
from newsletter_cli.delivery.claims import Claims, Lease
from newsletter_cli.delivery.flight import Ask, Flight
from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.lanes import LaneView, Rest
from newsletter_cli.delivery.pace import WarmUp
from newsletter_cli.delivery.retry import RetryPolicy, next_try
from newsletter_cli.delivery.sends import move
from newsletter_cli.delivery.states import ChunkState, Fact, SendEvent, SendState
from newsletter_cli.settings import Rate
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.prepared import Prepared
from newsletter_cli.storage.schema import EPOCH, lane, send
from newsletter_cli.storage.slices import free_after

LOOK_AGAIN = timedelta(seconds=0.5)  # between two looks at which lanes have open chunks, when nothing else asks for one


class _Standing(NamedTuple):
    """The send's row, as a flight needs it."""

    state: str
    reason: str
    canary: int
    canary_passed: datetime | None


@dataclass(kw_only=True)
class Ledger:
    """One process's way to the outbox of one send. Not thread-safe: one thread calls it."""

    storage: Storage
    send_id: int
    digest_number: int
    holder: Holder
    lease: timedelta
    retry: RetryPolicy
    chance: Random
    only_to: tuple[str, ...] = ()  # patterns such as "*@example.org"; none = everybody
    lane_of: Mapping[str, str] = field(default_factory=dict)  # domain → lane
    send_rates: tuple[Rate, ...] = ()  # over all servers
    server_rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    lane_rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    warm_up: WarmUp | None = None
    canary_wait: timedelta = timedelta()
    before_claims: Callable[[Connection], None] | None = None  # what must be known before anybody is claimed
    committed: Callable[[int], None] | None = None  # told how many flights of chunks a commit has added
    leases: dict[int, Lease] = field(default_factory=dict)
    _openings: dict[str, datetime] = field(default_factory=dict)
    _looked: datetime = EPOCH

    # --- one flight ----------------------------------------------------------------------------------------------

    def flight(self, reports: Sequence[Report], ask: Ask, now: datetime) -> Flight:
        """Store results and claim up to as many readers as `ask` has room for, in one transaction.

        Results are stored whatever the send's state and whoever holds the chunk now; readers are claimed only of
        chunks this process still leases and while the send is `sending`.
        Raises the storage errors; repeated after one, it changes nothing twice.
        """
        with self.storage.write() as connection:
            locked = time.monotonic()
            if self.before_claims is not None and ask.berths:
                self.before_claims(connection)
            rows = lock_chunks(connection, {*self.leases, *(report.chunk for report in reports)})
            standing = _standing(connection, self.send_id)
            state = SendState(standing.state)
            changes = store(connection, rows, _as_cancelled(reports, state), self._when_again)
            self._take_back(connection, reports, now)
            _write_rests(connection, self.storage, ask.rests)
            state = self._open_again(connection, rows, state)
            mine = {id_: row for id_, row in rows.items() if self._holds(row)}
            lost = frozenset((id_, lease.epoch) for id_, lease in self.leases.items() if id_ not in mine)
            leases = {id_: replace(lease) for id_, lease in self.leases.items() if id_ in mine}
            flight = Flight(state=state, reason=standing.reason)
            if state is SendState.SENDING:
                flight = self._hear_canary(connection, rows, standing, now)
            claims = Claims(self, connection, now, ask.resting, rows, mine, leases)
            if flight.state is SendState.SENDING and ask.berths:
                flight = claims.claim(ask, flight)
            self._settle(claims, ask.idle, flight.state)
            open_ = self._look_for_openings(claims, flight, now)
            flights = len(mine) if flight.due else 0
            write_chunks(connection, rows, mine, flights=1 if flights else 0, lease_until=now + self.lease)
        released = time.monotonic()
        free_until = released + free_after(released - locked)
        # Only now: a transaction that failed must leave the memory as it was, for it is repeated as it is.
        self.leases, self._openings = leases, open_
        if flights and self.committed is not None:
            self.committed(flights)
        return replace(
            flight, changes=changes + tuple(claims.changes), lost=lost, openings=self._claimable(now),
            free_until=free_until,
        )  # fmt: skip

    def outlook(self, now: datetime) -> Mapping[str, datetime]:
        """{lane: when somebody of it can be claimed}; in the past = now. Empty: nobody is left for us."""
        with self.storage.read() as connection:
            self._openings, self._looked = openings(connection, self.send_id), now
        return self._claimable(now)

    def resting_lanes(self) -> tuple[LaneView, ...]:
        """Lanes that rest, or go on with fewer connections, as an earlier run or another process left them."""
        with self.storage.read() as connection:
            return tuple(
                LaneView(row.key, row.resting_until, row.why, row.connections)
                for row in connection.execute(select(lane))
                if row.connections is not None or row.resting_until is not None
            )

    def give_back(self, reports: Sequence[Report], now: datetime) -> Flight:
        """Store the last results and open every chunk we hold; what is still in flight becomes uncertain."""
        with self.storage.write() as connection:
            rows = lock_chunks(connection, {*self.leases, *(report.chunk for report in reports)})
            standing = _standing(connection, self.send_id)
            state = SendState(standing.state)
            changes = store(connection, rows, _as_cancelled(reports, state), self._when_again)
            self._take_back(connection, reports, now)
            state = self._open_again(connection, rows, state)
            mine = {id_: row for id_, row in rows.items() if self._holds(row)}
            changes += doubt(connection, mine.values(), now)
            for row in mine.values():
                close(connection, row)
            write_chunks(connection, rows)
        self.leases = {}
        return Flight(changes=changes, state=state, reason=standing.reason)

    def _holds(self, row: ChunkRow) -> bool:
        lease = self.leases.get(row.id)
        return (
            lease is not None
            and row.state == ChunkState.LEASED
            and row.holder == self.holder.name
            and row.epoch == lease.epoch
        )

    def _open_again(self, connection: Connection, rows: Mapping[int, ChunkRow], state: SendState) -> SendState:
        """Late answers may give a chunk that was done, and a send that was, somebody to write to again."""
        if state is SendState.CANCELLED or not reopen(connection, rows.values()):
            return state
        self._looked = EPOCH
        if state is SendState.SENT and move(connection, self.send_id, SendEvent.RESUME, ended=None):
            return SendState.SENDING
        return state

    def _when_again(self, tries: int, first: datetime, now: datetime) -> datetime | None:
        return next_try(tries, first, now, self.retry, self.chance)

    def _take_back(self, connection: Connection, reports: Sequence[Report], now: datetime) -> None:
        """What did not leave after all does not count for the warm-up's day."""
        if self.warm_up is not None:
            unsent = sum(report.fact is Fact.NOT_SENT for report in reports)
            self.warm_up.count(connection, self.storage, -unsent, now)

    # --- the readers written to first -----------------------------------------------------------------------------

    def _hear_canary(
        self, connection: Connection, rows: Mapping[int, ChunkRow], standing: _Standing, now: datetime
    ) -> Flight:
        """Whether everybody may be written to; stops the send when the first answers are bad."""
        flight = Flight(state=SendState.SENDING, reason=standing.reason)
        if not standing.canary:
            return flight
        if standing.canary_passed is not None:
            return replace(flight, held_until=standing.canary_passed if standing.canary_passed > now else None)
        write_chunks(connection, {id_: row for id_, row in rows.items() if row.canary and row.touched})
        sung = canary.answers(connection, self.send_id).judge()
        if sung is Sung.WELL:
            until = canary.passed(connection, self.send_id, now, self.canary_wait)
            self._looked = EPOCH  # the others' chunks count from here on
            return replace(flight, canary=sung, held_until=until if until > now else None)
        if sung is Sung.BADLY:
            move(connection, self.send_id, SendEvent.PAUSE, reason="TOO-MANY-FAILURES")
            return replace(flight, canary=sung, state=SendState.PAUSED, reason="TOO-MANY-FAILURES")
        return replace(flight, canary=sung)

    # --- the end of a chunk --------------------------------------------------------------------------------------

    def _settle(self, claims: Claims, idle: frozenset[str], state: SendState) -> None:
        """Close the chunks of ours that have nobody on the wire and nobody due, and all idle ones once we must stop."""
        connection, mine, leases = claims.connection, claims.mine, claims.leases
        for id_ in [id_ for id_, row in mine.items() if not row.in_flight]:
            lease = leases[id_]
            goes_on = state is SendState.SENDING and lease.lane not in idle
            if lease.exhausted and goes_on and anybody_due(connection, id_, claims.now):
                leases[id_] = Lease(epoch=lease.epoch, lane=lease.lane)  # another pass: some fell due, or came back
            elif lease.exhausted or not goes_on:
                close(connection, mine.pop(id_))
                del leases[id_]
                self._looked = EPOCH

    def _look_for_openings(self, claims: Claims, flight: Flight, now: datetime) -> dict[str, datetime]:
        """Which lanes have open chunks. Asked again when a chunk was closed or a lane ran out, else now and then."""
        leases = claims.leases.values()
        # A lane with a chunk of ours that is not exhausted has somebody to claim anyway.
        ran_out = {one.lane for one in leases if one.exhausted} - {one.lane for one in leases if not one.exhausted}
        if not ran_out and now - self._looked < LOOK_AGAIN:
            return self._openings
        self._looked = now
        return openings(claims.connection, self.send_id, canary=flight.canary is Sung.WAITING)

    def _claimable(self, now: datetime) -> dict[str, datetime]:
        """{lane: when more of it can be claimed}, open chunks and those in our hands together."""
        return self._openings | {lease.lane: EPOCH for lease in self.leases.values() if not lease.exhausted}


# --- statements --------------------------------------------------------------------------------------------------


_STANDING = Prepared(
    select(send.c.state, send.c.reason, send.c.canary, send.c.canary_passed).where(send.c.id == bindparam("send"))
)


def _standing(connection: Connection, send_id: int) -> _Standing:
    return _Standing._make(_STANDING.rows(connection, send=send_id)[0])


def _write_rests(connection: Connection, storage: Storage, rests: Sequence[Rest]) -> None:
    for rest in rests:
        values = {"resting_until": rest.until, "connections": rest.connections, "why": rest.why, "at": rest.at}
        insert = storage.insert(lane).values(key=rest.key, **values)
        connection.execute(insert.on_conflict_do_update(index_elements=[lane.c.key], set_=values))


def _as_cancelled(reports: Sequence[Report], state: SendState) -> Sequence[Report]:
    """Of a cancelled send nothing is tried again: what did not leave is dropped like the others."""
    if state is not SendState.CANCELLED:
        return reports
    return [
        report._replace(fact=Fact.LEFT, reason="cancelled") if report.fact in (Fact.NOT_SENT, Fact.LATER) else report
        for report in reports
    ]
