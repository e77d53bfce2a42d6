"""How fast mail may leave: rates as rows that everything that sends shares, and the ceiling of a warm-up day.

A rate is a generic cell rate (GCRA, ITU-T I.371): one instant, at which the next message would arrive at the exact
pace. A tenth of a second's worth may go together, at least one: at 10/s the messages leave one by one, not ten at the
turn of each second, which servers count as a burst. Who comes a little late loses nothing: half the time between two
messages, a quarter of a second at most, is made up for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, update

from newsletter_cli.settings.kinds import Rate
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import pace, warmup

MANY: Final = 1 << 30
MOST_SLACK: Final = timedelta(seconds=0.25)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What rates let go now."""

    messages: int
    next: datetime | None = None  # when the first of more may go; None = at once


def allowed(connection: Connection, key: str, rates: Sequence[Rate], now: datetime) -> Allowance:
    """How many messages may go at this moment under all the rates of a key. Locks their rows."""
    least, later = MANY, None
    for rate in rates:
        interval, tolerance, slack = _spacing(rate)
        early = now + tolerance + slack - _from(_arrival(connection, _row_key(key, rate)), now, slack)
        messages = early // interval + 1 if early >= timedelta(0) else 0
        if messages <= 0:
            later = max(later or now, now - early)
        least = min(least, max(0, messages))
    return Allowance(least, later)


def spend(
    connection: Connection, storage: Storage, key: str, rates: Sequence[Rate], messages: int, now: datetime
) -> None:
    """These go now."""
    for rate in rates if messages else ():
        interval, _, slack = _spacing(rate)
        row = _row_key(key, rate)
        arrival = _arrival(connection, row)
        later = _from(arrival, now, slack) + messages * interval
        if arrival is None:
            connection.execute(storage.insert(pace).values(key=row, arrival=later).on_conflict_do_nothing())
        else:
            connection.execute(update(pace).where(pace.c.key == row).values(arrival=later))


def _spacing(rate: Rate) -> tuple[timedelta, timedelta, timedelta]:
    """(time between two messages, how early one may be in a burst, how late without a loss)."""
    interval = timedelta(seconds=rate.seconds / rate.count)
    burst = max(1, int(rate.count / rate.seconds / 10))
    return interval, (burst - 1) * interval, min(interval / 2, MOST_SLACK)


def _from(arrival: datetime | None, now: datetime, slack: timedelta) -> datetime:
    """The arrival the next message is counted from; one that is long past saves up nothing."""
    return arrival if arrival is not None and arrival >= now else now + slack


def _row_key(key: str, rate: Rate) -> str:
    return f"{key} {rate.count}/{rate.seconds}"


def _arrival(connection: Connection, row: str) -> datetime | None:
    return connection.execute(select(pace.c.arrival).where(pace.c.key == row).with_for_update()).scalar()


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A ceiling a day over all sends that grows with each day on which mail left, until it is over."""

    first_day: int
    grow: float
    until: int
    zone: ZoneInfo

    def day(self, now: datetime) -> str:
        """The day of the newsroom an instant lies in."""
        return now.astimezone(self.zone).date().isoformat()

    def tomorrow(self, now: datetime) -> datetime:
        """When the next day of the newsroom begins."""
        local = now.astimezone(self.zone)
        return datetime.combine(local.date() + timedelta(days=1), time(), self.zone).astimezone(now.tzinfo)

    def ceiling(self, earlier_days: int) -> int | None:
        """Messages allowed on a day after so many days with mail; None once the warm-up is over."""
        limit = self.first_day * self.grow**earlier_days
        return None if limit >= self.until else int(limit)

    def left(self, connection: Connection, now: datetime) -> int | None:
        """How many more messages may begin today; None = as many as there are."""
        today = self.day(now)
        earlier = connection.execute(
            select(func.count()).where(warmup.c.day < today, warmup.c.messages > 0)
        ).scalar_one()
        ceiling = self.ceiling(earlier)
        if ceiling is None:
            return None
        begun = connection.execute(select(warmup.c.messages).where(warmup.c.day == today).with_for_update()).scalar()
        return max(0, ceiling - (begun or 0))

    def count(self, connection: Connection, storage: Storage, messages: int, now: datetime) -> None:
        """So many messages began today; a negative number takes back those that did not leave after all."""
        if not messages:
            return
        insert = storage.insert(warmup).values(day=self.day(now), messages=max(0, messages))
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=[warmup.c.day], set_={"messages": warmup.c.messages + messages}
            )
        )  # fmt: skip
