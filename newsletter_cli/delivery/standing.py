"""How a send stands, from the database alone: sums over its chunks, who works on it, what holds it back.

For whoever looks on, from any process and twice a second: plain reads, never a scan over readers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, or_, select

from newsletter_cli.delivery.holder import Life, life_of
from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.delivery.pace import WarmUp
from newsletter_cli.delivery.sends import Send, holders_of
from newsletter_cli.delivery.states import ChunkState, SendState
from newsletter_cli.storage.schema import chunk, lane, warmup


@dataclass(frozen=True, slots=True)
class LaneSum:
    """What happened so far to the readers of one lane."""

    key: str  # "" = readers of no lane of their own
    accepted: int
    retry: int
    failed: int


@dataclass(frozen=True, slots=True)
class WarmDay:
    """How much of a day's ceiling is used up."""

    day: str  # 2026-10-14 in the newsroom's zone
    messages: int
    ceiling: int


def lanes_held_back(connection: Connection, now: datetime) -> tuple[LaneView, ...]:
    """Lanes that rest, those for longest first, then those with fewer connections than they may have.

    Rows of all sends, whoever wrote them: a lane that rests does so for every process.
    """
    rows = connection.execute(
        select(lane.c.key, lane.c.resting_until, lane.c.why, lane.c.connections)
        .where(or_(lane.c.resting_until > now, lane.c.connections.is_not(None)))
        .order_by(lane.c.resting_until.desc(), lane.c.key)
    )
    found = [LaneView(row.key, row.resting_until, row.why, row.connections) for row in rows]
    return tuple(sorted(found, key=lambda view: view.resting_until is None or view.resting_until <= now))


def lane_sums(connection: Connection, send_id: int) -> tuple[LaneSum, ...]:
    """The sums of a send by lane, the largest first and the readers without a lane last."""
    columns = (chunk.c.accepted, chunk.c.retry, chunk.c.failed)
    rows = connection.execute(
        select(chunk.c.lane, *(func.sum(column) for column in columns))
        .where(chunk.c.send_id == send_id)
        .group_by(chunk.c.lane)
        .order_by(func.sum(chunk.c.total).desc(), chunk.c.lane)
    )
    found = [LaneSum(row[0], *(int(count) for count in row[1:])) for row in rows]
    return tuple(sorted(found, key=lambda row: row.key == ""))


def next_due(connection: Connection, send_id: int) -> datetime | None:
    """When the earliest chunk that nobody works on may be taken up; None when at once, or when none is left."""
    row = connection.execute(
        select(func.count(), func.count(chunk.c.not_before), func.min(chunk.c.not_before)).where(
            chunk.c.send_id == send_id, chunk.c.state == ChunkState.OPEN.value
        )
    ).one()
    moment: datetime | None = row[2]
    return moment if row[0] and row[0] == row[1] else None


def lease_ends(connection: Connection, send_id: int) -> Mapping[str, datetime]:
    """{process that leases chunks of the send: when the last of its leases ends}."""
    rows = connection.execute(
        select(chunk.c.holder, func.max(chunk.c.lease_until))
        .where(chunk.c.send_id == send_id, chunk.c.state == ChunkState.LEASED.value, chunk.c.holder != "")
        .group_by(chunk.c.holder)
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


def warm_day(connection: Connection, plan: WarmUp, now: datetime) -> WarmDay | None:
    """What has begun today and may in all; None once the warm-up is over."""
    today = plan.day(now)
    earlier = connection.execute(
        select(func.count()).where(warmup.c.day < today, warmup.c.messages > 0)
    ).scalar_one()  # fmt: skip
    ceiling = plan.ceiling(earlier)
    if ceiling is None:
        return None
    begun = connection.execute(select(warmup.c.messages).where(warmup.c.day == today)).scalar()
    return WarmDay(today, begun or 0, ceiling)


def living(connection: Connection, holders: Path, found: Send, now: datetime) -> tuple[str, ...]:
    """The processes that work on a send. One on this machine is known by its lock; one elsewhere by its lease."""
    leases = lease_ends(connection, found.id)
    alive = []
    for name in sorted(holders_of(connection, found.id)):
        life = life_of(holders, name)
        if life is Life.ELSEWHERE:
            # Without a lease it may have ended without a word; only whoever counts down has none yet.
            counts_down = found.state is SendState.ARMED and name == found.holder
            life = Life.ALIVE if counts_down or leases.get(name, now) > now else Life.DEAD
        if life is Life.ALIVE:
            alive.append(name)
    return tuple(alive)
