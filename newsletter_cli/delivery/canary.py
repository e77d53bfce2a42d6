"""The readers a send writes to first: everybody else waits until each of them has an answer, and it was a good one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, func, select, update

from newsletter_cli.storage.schema import chunk, send

WORST: Final = 0.2  # above this share of failed answers the send stops
SMALLEST: Final = 20  # a send of fewer than so many times the canary's size has none


class Sung(StrEnum):
    """What the first readers' answers say."""

    WAITING = "waiting"  # not all of them have one
    WELL = "well"
    BADLY = "badly"


@dataclass(frozen=True, slots=True)
class Answers:
    """Sums over the first readers. A temporary answer counts neither way, an uncertain one as failed."""

    total: int
    accepted: int
    failed: int
    uncertain: int
    skipped: int
    retry: int

    def judge(self) -> Sung:
        if self.accepted + self.failed + self.uncertain + self.skipped + self.retry < self.total:
            return Sung.WAITING
        bad = self.failed + self.uncertain
        return Sung.BADLY if bad > WORST * (self.accepted + bad) else Sung.WELL


def size_of(readers: int, wanted: int, *, asked_for: bool = False) -> int:
    """How many readers go first.  asked_for: on the command line for this send, so its size is not compared."""
    if wanted <= 0 or wanted >= readers:
        return 0
    return wanted if asked_for or readers >= SMALLEST * wanted else 0


def answers(connection: Connection, send_id: int) -> Answers:
    """The sums as they are stored."""
    names = ("total", "accepted", "failed", "uncertain", "skipped", "retry")
    row = connection.execute(
        select(*(func.coalesce(func.sum(chunk.c[name]), 0).label(name) for name in names)).where(
            chunk.c.send_id == send_id, chunk.c.canary
        )
    ).one()
    return Answers(*(int(value) for value in row))


def passed(connection: Connection, send_id: int, now: datetime, wait: timedelta) -> datetime:
    """Their answers were good; returns from when on the others may be written to."""
    moment = now + wait
    connection.execute(update(send).where(send.c.id == send_id).values(canary_passed=moment))
    return moment
