"""A send as it goes on: its counters at one moment, its speed, the time left, and the lines of a log.

    Header + Snapshot ──▶ view.py      what the terminal shows, four times a second (live.py draws it)
                      ──▶ Milestones   "first line, then every 5 % or 30 s, whichever is later, then the last"

Pure: the moment comes in with each snapshot, nothing here reads a clock or writes.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final

from newsletter_cli.cli.terminal import clean, clip
from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.settings import Rate, Settings
from newsletter_cli.settings.kinds import RATES

STEP: Final = 5  # per cent between two lines of a log
PAUSE: Final = timedelta(seconds=30)  # … and at least this long
NO_GUESS: Final = timedelta(seconds=15)  # no time left is told before: the first connections say nothing
ANSWER: Final = 60  # cells of a server's answer in a line; some are a paragraph
WINDOW: Final = timedelta(seconds=20)  # over which the shown speed is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What does not change while a send goes on."""

    digest: str
    list: str
    total: int
    version: str  # eight hex digits
    started: datetime  # aware
    since: datetime  # from when on this process has seen it: before, nothing is known of its speed
    by: str
    rate: str = "off"  # as the setting says it: 10/s
    limit: float | None = None  # the same in messages a second; None = no limit
    zone: tzinfo  # newsroom.timezone
    began: str = "started"  # or resumed: what happened at `started`
    rows: str = "Domain"  # what the rows of the view's table are


@dataclass(frozen=True, slots=True)
class RowCount:
    """What happened so far to the readers of one domain or lane; a row of the view's table."""

    name: str
    accepted: int
    retry: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The counters of a send at one moment."""

    at: datetime  # aware
    accepted: int = 0
    retry: int = 0
    failed: int = 0
    skipped: int = 0
    uncertain: int = 0
    on_wire: int = 0
    state: str = "sending"  # in words; "" = this run is over
    rows: tuple[RowCount, ...] = ()  # largest first
    standing: tuple[str, ...] = ()  # what holds part of it back now: a lane that rests, readers who come first

    @property
    def done(self) -> int:
        """Readers who are not waiting any more."""
        return self.accepted + self.retry + self.failed + self.skipped + self.uncertain


@dataclass(slots=True)
class Speed:
    """Answers per second over the last twenty seconds."""

    seen: deque[tuple[datetime, int]] = field(default_factory=deque)

    def at(self, snapshot: Snapshot) -> float:
        """The speed at this snapshot; 0.0 before there are two."""
        answered = snapshot.accepted + snapshot.failed + snapshot.uncertain
        self.seen.append((snapshot.at, answered))
        while len(self.seen) > 2 and snapshot.at - self.seen[1][0] >= WINDOW:
            self.seen.popleft()
        first, before = self.seen[0]
        seconds = (snapshot.at - first).total_seconds()
        return (answered - before) / seconds if seconds > 0 else 0.0


def time_left(header: Header, snapshot: Snapshot, speed: float) -> timedelta | None:
    """Until nobody waits, by the slower of the set and the observed rate; None when that cannot be said yet."""
    waiting = header.total - snapshot.done
    rate = speed if header.limit is None else min(speed, header.limit)
    if waiting <= 0 or rate <= 0 or snapshot.at - header.since < NO_GUESS:
        return None
    return timedelta(seconds=waiting / rate)


def percent(header: Header, snapshot: Snapshot) -> int:
    """Whole per cent that are done; 100 only when all are."""
    return share_done(header.total, header.total - snapshot.done, snapshot.retry)


def share_done(total: int, waiting: int, retry: int) -> int:
    """Whole per cent of the readers who have had an answer; 100 only when nobody waits for another try either."""
    if waiting <= 0:
        return 99 if retry else 100
    return (total - waiting) * 100 // total


def duration(span: timedelta) -> str:
    """1 day 20 h · 21 min 14 s · 8 s: two units, the way the summary says it."""
    seconds = max(0, round(span.total_seconds()))
    units = [(86400, "days"), (3600, "h"), (60, "min"), (1, "s")]
    parts: list[str] = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count} {'day' if name == 'days' and count == 1 else name}")
    kept = [part for part in parts[:2] if not part.startswith("0 ")]
    return " ".join(kept) or "0 s"


def short_duration(span: timedelta) -> str:
    """20m, 45s, 3h: one unit, for a log."""
    seconds = round(span.total_seconds())
    if seconds < 60:
        return f"{seconds}s"
    return f"{round(seconds / 60)}m" if seconds < 5400 else f"{round(seconds / 3600)}h"


def rate_told(rates: tuple[Rate, ...]) -> str:
    """10/s, 500/hour: as the setting says it; off when there is none."""
    units = {1: "s", 60: "minute", 3600: "hour", 86400: "day"}
    told = (f"{rate.count}/{units.get(int(rate.seconds), f'{rate.seconds:g}s')}" for rate in rates)
    return ", ".join(told) or "off"


def rates_of(settings: Settings, options: Mapping[str, object]) -> tuple[Rate, ...]:
    """The rate that was given for a send, else that of the settings."""
    given = given_rates(options)
    return settings.smtp.rate if given is None else given


def given_rates(options: Mapping[str, object]) -> tuple[Rate, ...] | None:
    """The rate that the command line fixed for a send, none = off; None when it fixed none."""
    given = options.get("rate")
    return RATES.read(RATES.from_text(str(given))) if given else None


def limit_of(rates: tuple[Rate, ...]) -> float | None:
    """Messages a second that the strictest of them lets go; None = no limit."""
    return min((rate.count / rate.seconds for rate in rates), default=None)


def lane_sentence(lane: LaneView, now: datetime, zone: tzinfo) -> str:
    """What holds a lane back: yahoo.com rests until 11:13 (421 4.7.0 …); "" when nothing does."""
    name = clean(lane.key) or "everybody else"
    if lane.resting_until is not None and lane.resting_until > now:
        why = f" ({clip(clean(lane.why), ANSWER)})" if lane.why else ""
        return f"{name} rests until {clock_time(lane.resting_until, now, zone)}{why}"
    if lane.connections is None:
        return ""
    return f"{name} starts again with {lane.connections} connection{'' if lane.connections == 1 else 's'}"


def canary_sentence(size: int, passed: datetime | None, now: datetime, zone: tzinfo) -> str:
    """What those who wait for the first readers' answers wait for; "" when they do not wait any more.

    size: 0 = there is no such trial.  passed: from when on the others are written to; None = not all of the first
    have an answer.
    """
    if not size:
        return ""
    if passed is None:
        return f"{size:,} readers first; the rest waits for their answers"
    if passed > now:
        return f"{size:,} readers have answers; the rest begins at {clock_time(passed, now, zone)}"
    return ""


def warmup_sentence(messages: int, ceiling: int) -> str:
    """today 320 of 500; today 500 of 500, the rest tomorrow"""
    return f"today {messages:,} of {ceiling:,}{', the rest tomorrow' if messages >= ceiling else ''}"


def clock_time(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """11:13 of the same day, else 2026-10-15 11:13."""
    there, here = moment.astimezone(zone), now.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%Y-%m-%d %H:%M}"


# --- the lines of a log ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Milestones:
    """Decides when the next line of a log is due, and words it."""

    header: Header
    last_share: int = 0
    last_at: datetime | None = None

    def first(self, snapshot: Snapshot) -> str:
        """07:00:03 send 2026-w42 weekly total=12480 version=9c1f40d2 rate=10/s"""
        self.last_at, self.last_share = snapshot.at, percent(self.header, snapshot)
        header = self.header
        facts = f"total={header.total} version={header.version} rate={header.rate}"
        return f"{self._time(snapshot.at)} send {clean(header.digest)} {clean(header.list)} {facts}"

    def due(self, snapshot: Snapshot) -> bool:
        """Whether both five per cent and thirty seconds have passed since the last line; notes that it is written."""
        share = percent(self.header, snapshot)
        if self.last_at is not None and snapshot.at - self.last_at < PAUSE:
            return False
        if share - self.last_share < STEP:
            return False
        self.last_share, self.last_at = share, snapshot.at
        return True

    def line(self, snapshot: Snapshot, speed: float) -> str:
        """07:01:05 send 2026-w42   624/12480   5%  9.9/s eta=20m failed=1 retry=0"""
        header = self.header
        left = time_left(header, snapshot, speed)
        eta = f" eta={short_duration(left)}" if left is not None else ""
        counted = f"{snapshot.done:>{len(str(header.total))}}/{header.total}"
        share = f"{percent(header, snapshot):>3}%"
        rest = f"{speed:.1f}/s{eta} failed={snapshot.failed} retry={snapshot.retry}"
        return f"{self._time(snapshot.at)} send {clean(header.digest)} {counted} {share}  {rest}"

    def last(self, snapshot: Snapshot, exit_code: int) -> str:
        """07:21:17 done 2026-w42 accepted=12431 failed=21 uncertain=2 skipped=26 exit=9

        What is not settled is said too: waiting= and retry= stand there when they are not zero.
        """
        waiting = self.header.total - snapshot.done
        word = "done" if waiting == snapshot.retry == 0 else "stopped"
        left = "".join(f" {name}={count}" for name, count in (("waiting", waiting), ("retry", snapshot.retry)) if count)
        facts = (
            f"accepted={snapshot.accepted} failed={snapshot.failed} uncertain={snapshot.uncertain} "
            f"skipped={snapshot.skipped}{left} exit={exit_code}"
        )
        return f"{self._time(snapshot.at)} {word} {clean(self.header.digest)} {facts}"

    def _time(self, at: datetime) -> str:
        return f"{at.astimezone(self.header.zone):%H:%M:%S}"
