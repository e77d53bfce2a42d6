"""The ledger of a send: what is claimed before it leaves, and what is stored when the answer has come.

One transaction for each flight: the results of the last one and the intents of the next. An id is in its chunk's
`in_flight` from before the first byte of its data until its result, so that after a SIGKILL exactly those are
uncertain, and everybody else is known. Everything here blocks: the engine calls it in a thread.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import NamedTuple, cast

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Text,
    bindparam,
    exists,
    literal,
    or_,
    select,
    type_coerce,
    update,
)  # fmt: skip

from newsletter_cli.delivery import canary, pace
from newsletter_cli.delivery.canary import Sung
from newsletter_cli.delivery.chunks import (
    IS_UNSENT,
    OUTCOMES,
    Change,
    ChunkRow,
    Report,
    anybody_due,
    close,
    doubt,
    lease_next,
    lock_chunks,
    openings,
    reopen,
    store,
    write_chunks,
)
from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.lanes import LaneView, Rest
from newsletter_cli.delivery.pace import Allowance, WarmUp
from newsletter_cli.delivery.retry import RetryPolicy, next_try
from newsletter_cli.delivery.sends import move
from newsletter_cli.delivery.shares import Berth, share_out
from newsletter_cli.delivery.states import ChunkState, Fact, Outcome, SendEvent, SendState
from newsletter_cli.mail.reader import Reader
from newsletter_cli.settings import Rate, is_allowed
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.prepared import Prepared
from newsletter_cli.storage.schema import EPOCH, Instant, chunk, delivery, lane, send, subscriber, subscription
from newsletter_cli.subscribers import audience

LOOK_AGAIN = timedelta(seconds=0.5)  # between two looks at which lanes have open chunks, when nothing else asks for one
LEAST_SHARE = 8  # messages a lane is claimed at a time, when several share the room


Held = tuple[int, int]  # a chunk and the epoch of a lease: the same chunk may be leased again


class Due(NamedTuple):
    """One reader's message whose turn has come and whose intent is committed."""

    id: int  # delivery row
    chunk: int
    epoch: int  # of the lease it was claimed under
    attempt: int  # the try to come, from 1
    alone: bool  # no neighbours this time: its last write stood still, or it is one of the first readers
    first_try: int | None  # microseconds since 1970
    domain: str
    lane: str
    server: str
    reader: Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the engine could let go now."""

    berths: tuple[Berth, ...] = ()  # servers with room
    lanes: Mapping[str, int] = field(default_factory=dict)  # most of each lane, the neediest first
    resting: Mapping[str, datetime] = field(default_factory=dict)  # domains that rest by themselves, and until when
    rests: tuple[Rest, ...] = ()  # lanes whose state changed: written along
    idle: frozenset[str] = frozenset()  # lanes that rest for long: their chunks are nobody's meanwhile


NOTHING = Ask()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What one transaction brought."""

    due: tuple[Due, ...] = ()
    changes: tuple[Change, ...] = ()
    state: SendState
    reason: str
    lost: frozenset[Held] = frozenset()  # leases that are another's now: begin nothing that was claimed under them
    openings: Mapping[str, datetime] = field(default_factory=dict)  # lane → when more of it can be claimed; past = now
    canary: Sung | None = None  # what the first readers' answers say; None = there is no such trial (any more)
    held_until: datetime | None = None  # nobody but the first readers before this moment
    servers_at: Mapping[str, datetime] = field(default_factory=dict)  # when a server's rate lets the next one go
    lanes_at: Mapping[str, datetime] = field(default_factory=dict)  # the same for a lane's
    day_at: datetime | None = None  # the warm-up lets nobody go before this moment


@dataclass(slots=True)
class _Lease:
    """A chunk in our hands, as we last saw it."""

    epoch: int
    lane: str
    after: int = 0  # last delivery id looked at in this pass
    exhausted: bool = False  # this pass found nobody more


class _Standing(NamedTuple):
    """The send's row, as a flight needs it."""

    state: str
    reason: str
    canary: int
    canary_passed: datetime | None


@dataclass(slots=True)
class _Claiming:
    """What one flight is claiming."""

    connection: Connection
    now: datetime
    resting: Mapping[str, datetime]
    rows: dict[int, ChunkRow]
    mine: dict[int, ChunkRow]
    leases: dict[int, _Lease]
    alone: bool = False  # these are the first readers
    due: list[Due] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


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
    lane_of: Mapping[str, str] = field(default_factory=dict)  # domain → lane
    send_rates: tuple[Rate, ...] = ()  # over all servers
    server_rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    lane_rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    warm_up: WarmUp | None = None
    canary_wait: timedelta = timedelta()
    before_claims: Callable[[Connection], None] | None = None  # what must be known before anybody is claimed
    committed: Callable[[int], None] | None = None  # told how many flights of chunks a commit has added
    leases: dict[int, _Lease] = field(default_factory=dict)
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
            claiming = _Claiming(connection, now, ask.resting, rows, mine, leases)
            if flight.state is SendState.SENDING and ask.berths:
                flight = self._claim(claiming, ask, flight)
            self._settle(claiming, ask.idle, flight.state)
            open_ = self._look_for_openings(claiming, flight, now)
            flights = len(mine) if flight.due else 0
            write_chunks(connection, rows, mine, flights=1 if flights else 0, lease_until=now + self.lease)
        # Only now: a transaction that failed must leave the memory as it was, for it is repeated as it is.
        self.leases, self._openings = leases, open_
        if flights and self.committed is not None:
            self.committed(flights)
        return replace(flight, changes=changes + tuple(claiming.changes), lost=lost, openings=self._claimable(now))

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

    # --- claiming ------------------------------------------------------------------------------------------------

    def _claim(self, claiming: _Claiming, ask: Ask, flight: Flight) -> Flight:
        """Readers for the servers that have room, out of the lanes that may be written to, as rates allow."""
        connection, now = claiming.connection, claiming.now
        if flight.held_until is not None:
            return flight
        berths, servers_at = self._paced_servers(connection, ask.berths, now)
        whole = pace.allowed(connection, "send", self.send_rates, now) if self.send_rates else ALL
        if whole.next is not None:
            servers_at = {berth.name: whole.next for berth in berths}
        names = share_out(berths, min(whole.messages, sum(berth.room for berth in berths)))
        day_at = None
        if self.warm_up is not None and names:
            left = self.warm_up.left(connection, now)
            names = names if left is None else names[:left]
            day_at = self.warm_up.tomorrow(now) if not names else None
        lanes_at: dict[str, datetime] = {}
        if names and flight.canary is Sung.WAITING:
            claiming.alone = True
            self._claim_in_lane(claiming, None, len(names))
        elif names:
            lanes_at = self._claim_in_lanes(claiming, ask.lanes, len(names))
        due = tuple(due._replace(server=name) for due, name in zip(claiming.due, names, strict=False))
        self._spend(connection, due, now)
        return replace(flight, due=due, servers_at=servers_at, lanes_at=lanes_at, day_at=day_at)

    def _paced_servers(
        self, connection: Connection, berths: Sequence[Berth], now: datetime
    ) -> tuple[tuple[Berth, ...], dict[str, datetime]]:
        """Each server with as much room as its rate leaves it, and when the rate lets the next one go."""
        allowances = {
            berth.name: pace.allowed(connection, f"server {berth.name}", rates, now)
            for berth in berths
            if (rates := self.server_rates.get(berth.name, ()))
        }
        paced = tuple(
            replace(berth, room=min(berth.room, allowances[berth.name].messages))
            if berth.name in allowances
            else berth
            for berth in berths
        )  # fmt: skip
        return paced, {name: later.next for name, later in allowances.items() if later.next is not None}

    def _claim_in_lanes(self, claiming: _Claiming, lanes: Mapping[str, int], want: int) -> dict[str, datetime]:
        """An equal share of each lane, then what is left over; returns when a lane's rate lets the next one go."""
        later: dict[str, datetime] = {}
        most: dict[str, int] = {}
        for key, cap in lanes.items():
            rates = self.lane_rates.get(key, ())
            allowance = pace.allowed(claiming.connection, f"lane {key}", rates, claiming.now) if rates else ALL
            most[key] = min(cap, allowance.messages)
            if allowance.next is not None:
                later[key] = allowance.next
        share = max(LEAST_SHARE, -(-want // max(1, len(most))))
        for quota in (share, want):
            for key in most:
                left = want - len(claiming.due)
                if left > 0 and most[key] > 0:
                    most[key] -= self._claim_in_lane(claiming, key, min(quota, most[key], left))
        return later

    def _claim_in_lane(self, claiming: _Claiming, key: str | None, want: int) -> int:
        """Up to `want` readers of a lane (None: of the first readers'), out of our chunks first; returns how many."""
        before = len(claiming.due)
        for id_, lease in claiming.leases.items():
            if not lease.exhausted and (claiming.mine[id_].canary if key is None else lease.lane == key):
                self._claim_in(claiming, id_, before + want)
        while len(claiming.due) < before + want:
            taken = lease_next(
                claiming.connection, self.send_id, self.holder, claiming.now, claiming.now + self.lease, lane=key,
                canary=key is None,
            )  # fmt: skip
            if taken is None:
                break
            known = claiming.rows.get(taken.id)
            if known is not None:  # late results of it were stored in this transaction: what they changed goes along
                taken = replace(known, epoch=taken.epoch, holder=taken.holder, state=taken.state)
            claiming.rows[taken.id] = claiming.mine[taken.id] = taken
            claiming.leases[taken.id] = _Lease(epoch=taken.epoch, lane=taken.lane)
            self._claim_in(claiming, taken.id, before + want)
        return len(claiming.due) - before

    def _claim_in(self, claiming: _Claiming, chunk_id: int, until: int) -> None:
        """Readers of one chunk, until as many as `until` are claimed in all, or nobody of it is due."""
        row, lease, due = claiming.mine[chunk_id], claiming.leases[chunk_id], claiming.due
        while len(due) < until:
            most = until - len(due)
            found = _DUE.rows(claiming.connection, chunk=chunk_id, after=lease.after, n=most, now=claiming.now)
            for values in found:
                self._claim_one(claiming, row, _Found._make(values))
            if found:
                lease.after = found[-1][0]
            if len(found) < most:
                lease.exhausted = True
                return

    def _claim_one(self, claiming: _Claiming, row: ChunkRow, found: "_Found") -> None:
        if found.id in row.in_flight:
            return
        why = self._not_now(claiming, found)
        if why is not None:
            claiming.changes.append(_skip(claiming.connection, row, found, why, claiming.now))
            return
        rest = claiming.resting.get(found.domain) if claiming.resting else None
        if rest is not None:
            claiming.connection.execute(update(delivery).where(delivery.c.id == found.id).values(due=rest))
            return
        row.in_flight[found.id] = found.attempt + 1
        row.touched = True
        claiming.due.append(self._due_from(found, row, alone=claiming.alone))

    def _not_now(self, claiming: _Claiming, found: "_Found") -> str | None:
        """Why a reader gets nothing of this send after all; moves a changed address along."""
        if not found.may:
            why = audience.skip_reason(claiming.connection, found.subscription_id, claiming.now)
            return None if why is None else why.value
        if self.only_to and not is_allowed(self.only_to, found.address):
            return "only-to"
        if found.address != found.frozen:
            if _has_address(claiming.connection, self.send_id, found.address, but=found.id):
                return "same-address"
            claiming.connection.execute(
                update(delivery).where(delivery.c.id == found.id).values(address=found.address, domain=found.domain)
            )
        return None

    def _due_from(self, found: "_Found", row: ChunkRow, *, alone: bool) -> Due:
        reader = Reader(
            email=found.address,
            name=found.name,
            fields=_fields(found.fields),
            delivery=found.id,
            subscription=found.subscription_id,
            digest=self.digest_number,
        )
        key = self.lane_of.get(found.domain, "") if row.canary else row.lane
        return Due(
            found.id,
            row.id,
            row.epoch,
            found.attempt + 1,
            bool(found.alone) or alone,
            found.first_try,
            found.domain,
            key,
            "",
            reader,
        )

    def _spend(self, connection: Connection, due: Sequence[Due], now: datetime) -> None:
        """These go now: rates and the warm-up's day count them."""
        pace.spend(connection, self.storage, "send", self.send_rates, len(due), now)
        for name, rates in self.server_rates.items():
            count = sum(one.server == name for one in due)
            pace.spend(connection, self.storage, f"server {name}", rates, count, now)
        for key, rates in self.lane_rates.items():
            count = sum(one.lane == key for one in due)
            pace.spend(connection, self.storage, f"lane {key}", rates, count, now)
        if self.warm_up is not None:
            self.warm_up.count(connection, self.storage, len(due), now)

    # --- the end of a chunk --------------------------------------------------------------------------------------

    def _settle(self, claiming: _Claiming, idle: frozenset[str], state: SendState) -> None:
        """Close the chunks of ours that have nobody on the wire and nobody due, and all idle ones once we must stop."""
        connection, mine, leases = claiming.connection, claiming.mine, claiming.leases
        for id_ in [id_ for id_, row in mine.items() if not row.in_flight]:
            lease = leases[id_]
            goes_on = state is SendState.SENDING and lease.lane not in idle
            if lease.exhausted and goes_on and anybody_due(connection, id_, claiming.now):
                leases[id_] = _Lease(epoch=lease.epoch, lane=lease.lane)  # another pass: some fell due, or came back
            elif lease.exhausted or not goes_on:
                close(connection, mine.pop(id_))
                del leases[id_]
                self._looked = EPOCH

    def _look_for_openings(self, claiming: _Claiming, flight: Flight, now: datetime) -> dict[str, datetime]:
        """Which lanes have open chunks. Asked again when a chunk was closed or a lane ran out, else now and then."""
        leases = claiming.leases.values()
        # A lane with a chunk of ours that is not exhausted has somebody to claim anyway.
        ran_out = {one.lane for one in leases if one.exhausted} - {one.lane for one in leases if not one.exhausted}
        if not ran_out and now - self._looked < LOOK_AGAIN:
            return self._openings
        self._looked = now
        return openings(claiming.connection, self.send_id, canary=flight.canary is Sung.WAITING)

    def _claimable(self, now: datetime) -> dict[str, datetime]:
        """{lane: when more of it can be claimed}, open chunks and those in our hands together."""
        return self._openings | {lease.lane: EPOCH for lease in self.leases.values() if not lease.exhausted}


ALL = Allowance(pace.MANY)


# --- statements --------------------------------------------------------------------------------------------------


# The audience's whole predicate is read here, per flight and not per lease: who left a second ago is skipped.

_NOW = bindparam("now", type_=Instant())


class _Found(NamedTuple):
    """A row of `_DUE`."""

    id: int
    attempt: int
    alone: bool
    outcome: str
    first_try: int | None
    subscription_id: int
    frozen: str
    address: str
    domain: str
    name: str
    fields: object
    may: bool


_DUE = Prepared(
    select(
        delivery.c.id,
        delivery.c.attempt,
        type_coerce(delivery.c.alone, Integer),
        delivery.c.outcome,
        type_coerce(delivery.c.first_try, BigInteger),
        delivery.c.subscription_id,
        delivery.c.address.label("frozen"),
        subscriber.c.address,
        subscriber.c.domain,
        subscriber.c.name,
        type_coerce(subscriber.c.fields, Text),
        type_coerce(audience.eligible(cast(datetime, _NOW)), Integer).label("may"),
    )
    .select_from(
        delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
            subscriber, subscriber.c.id == subscription.c.subscriber_id
        )
    )
    .where(
        delivery.c.chunk_id == bindparam("chunk"),
        delivery.c.id > bindparam("after"),
        IS_UNSENT,
        or_(delivery.c.due.is_(None), delivery.c.due <= _NOW),
    )
    .order_by(delivery.c.id)
    .limit(bindparam("n"))
)


@lru_cache(4096)
def _decoded(text: str) -> Mapping[str, str]:
    """Many readers share their fields: a city, a language."""
    return MappingProxyType(json.loads(text))


def _fields(stored: object) -> Mapping[str, str]:
    """Custom fields as a driver gives them: SQLite's as text, PostgreSQL's read already."""
    return _decoded(stored) if isinstance(stored, str) else cast(Mapping[str, str], stored or {})


_STANDING = Prepared(
    select(send.c.state, send.c.reason, send.c.canary, send.c.canary_passed).where(send.c.id == bindparam("send"))
)


def _standing(connection: Connection, send_id: int) -> _Standing:
    return _Standing._make(_STANDING.rows(connection, send=send_id)[0])


def _skip(connection: Connection, row: ChunkRow, found: _Found, why: str, now: datetime) -> Change:
    connection.execute(
        update(delivery)
        .where(delivery.c.id == found.id)
        .values(outcome=Outcome.SKIPPED.value, reason=why, at=now, due=None)
    )
    before = OUTCOMES[found.outcome]
    row.count(before, Outcome.SKIPPED)
    return Change(found.domain, before, Outcome.SKIPPED)


def _has_address(connection: Connection, send_id: int, address: str, *, but: int) -> bool:
    """Whether a send has another row of that address. Walks the send: only for a reader who changed his address."""
    chunks = select(chunk.c.id).where(chunk.c.send_id == send_id)
    row = select(literal(1)).where(
        delivery.c.chunk_id.in_(chunks), delivery.c.address == address, delivery.c.id != but
    )  # fmt: skip
    return bool(connection.execute(select(exists(row))).scalar_one())


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
