"""Claiming: who is written to next, out of which chunk, over which server, as far as rates, lanes and the audience let.

Inside the transaction of a flight. The audience's whole predicate is read for each reader here: who left a second ago
is skipped.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol, cast

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Text,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from newsletter_cli.delivery import pace
from newsletter_cli.delivery.canary import Sung
from newsletter_cli.delivery.chunks import IS_UNSENT, ONLY_TO, OUTCOMES, Change, ChunkRow, lease_next
from newsletter_cli.delivery.flight import Ask, Due, Flight
from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.pace import Allowance, WarmUp
from newsletter_cli.delivery.shares import Berth, share_out
from newsletter_cli.delivery.states import Outcome
from newsletter_cli.mail.reader import Reader
from newsletter_cli.settings import Rate, is_allowed
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.prepared import Prepared
from newsletter_cli.storage.schema import Instant, chunk, delivery, subscriber, subscription
from newsletter_cli.subscribers import audience

LEAST_SHARE: Final = 8  # messages a lane is claimed at a time, when several share the room
ALL: Final = Allowance(pace.MANY)


@dataclass(slots=True)
class Lease:
    """A chunk in our hands, as we last saw it."""

    epoch: int
    lane: str
    after: int = 0  # last delivery id looked at in this pass
    exhausted: bool = False  # this pass found nobody more


class Terms(Protocol):
    """What a ledger lets be claimed."""

    storage: Storage
    send_id: int
    digest_number: int
    holder: Holder
    lease: timedelta
    only_to: tuple[str, ...]
    lane_of: Mapping[str, str]
    send_rates: tuple[Rate, ...]
    server_rates: Mapping[str, tuple[Rate, ...]]
    lane_rates: Mapping[str, tuple[Rate, ...]]
    warm_up: WarmUp | None


@dataclass(slots=True)
class Claims:
    """What one flight is claiming; `rows`, `mine` and `leases` are the flight's own, and change with it."""

    terms: Terms
    connection: Connection
    now: datetime
    resting: Mapping[str, datetime]
    rows: dict[int, ChunkRow]
    mine: dict[int, ChunkRow]
    leases: dict[int, Lease]
    alone: bool = False  # these are the first readers
    due: list[Due] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def claim(self, ask: Ask, flight: Flight) -> Flight:
        """Readers for the servers that have room, out of the lanes that may be written to, as rates allow."""
        connection, now = self.connection, self.now
        if flight.held_until is not None:
            return flight
        berths, servers_at = self._paced_servers(connection, ask.berths, now)
        whole = pace.allowed(connection, "send", self.terms.send_rates, now) if self.terms.send_rates else ALL
        if whole.next is not None:
            servers_at = {berth.name: whole.next for berth in berths}
        names = share_out(berths, min(whole.messages, sum(berth.room for berth in berths)))
        day_at = None
        if self.terms.warm_up is not None and names:
            left = self.terms.warm_up.left(connection, now)
            names = names if left is None else names[:left]
            day_at = self.terms.warm_up.tomorrow(now) if not names else None
        lanes_at: dict[str, datetime] = {}
        if names and flight.canary is Sung.WAITING:
            self.alone = True
            self._claim_in_lane(None, len(names))
        elif names:
            lanes_at = self._claim_in_lanes(ask.lanes, len(names))
        due = tuple(due._replace(server=name) for due, name in zip(self.due, names, strict=False))
        self._spend(connection, due, now)
        return replace(flight, due=due, servers_at=servers_at, lanes_at=lanes_at, day_at=day_at)

    def _paced_servers(
        self, connection: Connection, berths: Sequence[Berth], now: datetime
    ) -> tuple[tuple[Berth, ...], dict[str, datetime]]:
        """Each server with as much room as its rate leaves it, and when the rate lets the next one go."""
        allowances = {
            berth.name: pace.allowed(connection, f"server {berth.name}", rates, now)
            for berth in berths
            if (rates := self.terms.server_rates.get(berth.name, ()))
        }
        paced = tuple(
            replace(berth, room=min(berth.room, allowances[berth.name].messages))
            if berth.name in allowances
            else berth
            for berth in berths
        )  # fmt: skip
        return paced, {name: later.next for name, later in allowances.items() if later.next is not None}

    def _claim_in_lanes(self, lanes: Mapping[str, int], want: int) -> dict[str, datetime]:
        """An equal share of each lane, then what is left over; returns when a lane's rate lets the next one go."""
        later: dict[str, datetime] = {}
        most: dict[str, int] = {}
        for key, cap in lanes.items():
            rates = self.terms.lane_rates.get(key, ())
            allowance = pace.allowed(self.connection, f"lane {key}", rates, self.now) if rates else ALL
            most[key] = min(cap, allowance.messages)
            if allowance.next is not None:
                later[key] = allowance.next
        share = max(LEAST_SHARE, -(-want // max(1, len(most))))
        for quota in (share, want):
            for key in most:
                left = want - len(self.due)
                if left > 0 and most[key] > 0:
                    most[key] -= self._claim_in_lane(key, min(quota, most[key], left))
        return later

    def _claim_in_lane(self, key: str | None, want: int) -> int:
        """Up to `want` readers of a lane (None: of the first readers'), out of our chunks first; returns how many."""
        before = len(self.due)
        for id_, lease in self.leases.items():
            if not lease.exhausted and (self.mine[id_].canary if key is None else lease.lane == key):
                self._claim_in(id_, before + want)
        while len(self.due) < before + want:
            taken = lease_next(
                self.connection, self.terms.send_id, self.terms.holder, self.now, self.now + self.terms.lease, lane=key,
                canary=key is None,
            )  # fmt: skip
            if taken is None:
                break
            known = self.rows.get(taken.id)
            if known is not None:  # late results of it were stored in this transaction: what they changed goes along
                taken = replace(known, epoch=taken.epoch, holder=taken.holder, state=taken.state)
            self.rows[taken.id] = self.mine[taken.id] = taken
            self.leases[taken.id] = Lease(epoch=taken.epoch, lane=taken.lane)
            self._claim_in(taken.id, before + want)
        return len(self.due) - before

    def _claim_in(self, chunk_id: int, until: int) -> None:
        """Readers of one chunk, until as many as `until` are claimed in all, or nobody of it is due."""
        row, lease, due = self.mine[chunk_id], self.leases[chunk_id], self.due
        while len(due) < until:
            most = until - len(due)
            found = _DUE.rows(self.connection, chunk=chunk_id, after=lease.after, n=most, now=self.now)
            for values in found:
                self._claim_one(row, _Found._make(values))
            if found:
                lease.after = found[-1][0]
            if len(found) < most:
                lease.exhausted = True
                return

    def _claim_one(self, row: ChunkRow, found: "_Found") -> None:
        if found.id in row.in_flight:
            return
        why = self._not_now(found)
        if why is not None:
            self.changes.append(_skip(self.connection, row, found, why, self.now))
            return
        rest = self.resting.get(found.domain) if self.resting else None
        if rest is not None:
            self.connection.execute(update(delivery).where(delivery.c.id == found.id).values(due=rest))
            return
        row.in_flight[found.id] = found.attempt + 1
        row.touched = True
        self.due.append(self._due_from(found, row, alone=self.alone))

    def _not_now(self, found: "_Found") -> str | None:
        """Why a reader gets nothing of this send after all; moves a changed address along."""
        if not found.may:
            why = audience.skip_reason(self.connection, found.subscription_id, self.now)
            return None if why is None else why.value
        if self.terms.only_to and not is_allowed(self.terms.only_to, found.address):
            return ONLY_TO
        if found.address != found.frozen:
            if _has_address(self.connection, self.terms.send_id, found.address, but=found.id):
                return "same-address"
            self.connection.execute(
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
            digest=self.terms.digest_number,
        )
        key = self.terms.lane_of.get(found.domain, "") if row.canary else row.lane
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
        pace.spend(connection, self.terms.storage, "send", self.terms.send_rates, len(due), now)
        for name, rates in self.terms.server_rates.items():
            count = sum(one.server == name for one in due)
            pace.spend(connection, self.terms.storage, f"server {name}", rates, count, now)
        for key, rates in self.terms.lane_rates.items():
            count = sum(one.lane == key for one in due)
            pace.spend(connection, self.terms.storage, f"lane {key}", rates, count, now)
        if self.terms.warm_up is not None:
            self.terms.warm_up.count(connection, self.terms.storage, len(due), now)


# --- statements ----------------------------------------------------------------------------------------------------

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
    # Outer: a row whose subscription has vanished has to be found and skipped, else its chunk would never be done.
    .select_from(
        delivery.outerjoin(subscription, subscription.c.id == delivery.c.subscription_id).outerjoin(
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
    """Whether a send has another row of that address, in whatever capitals: to the roster they are one.

    Walks the send: only for a reader who changed his address.
    """
    chunks = select(chunk.c.id).where(chunk.c.send_id == send_id)
    row = select(literal(1)).where(
        delivery.c.chunk_id.in_(chunks), func.lower(delivery.c.address) == func.lower(address), delivery.c.id != but
    )  # fmt: skip
    return bool(connection.execute(select(exists(row))).scalar_one())
