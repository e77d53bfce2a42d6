"""A send as it goes on, in words: the lines of the live view, the lines of a log, and when each is due.

    Header + Snapshot ──▶ view_lines   what the terminal shows, four times a second (live.py draws them)
                      ──▶ Milestones   "first line, then every 5 % or 30 s, whichever is later, then the last"

The view is English in both languages: Arabic labels between Latin numbers would change places on most terminals.
Pure: the moment comes in with each snapshot, nothing here reads a clock or writes.
"""

import textwrap
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final

from newsletter_cli.cli.terminal import clean, clip, padded

STEP: Final = 5  # per cent between two lines of a log
PAUSE: Final = timedelta(seconds=30)  # … and at least this long
NO_GUESS: Final = timedelta(seconds=15)  # no time left is told before: the first connections say nothing
WINDOW: Final = timedelta(seconds=20)  # over which the shown speed is measured
BAR: Final = 30  # cells
NARROW: Final = 60  # columns below which the view is one line
FOOTER: Final = 2  # lines of it at most
DOMAINS: Final = 4  # rows of their own; the rest are "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What does not change while a send goes on."""

    digest: str
    list: str
    total: int
    version: str  # eight hex digits
    started: datetime  # aware
    by: str
    rate: str = "off"  # as the setting says it: 10/s
    limit: float | None = None  # the same in messages a second; None = no limit
    zone: tzinfo  # newsroom.timezone


@dataclass(frozen=True, slots=True)
class DomainCount:
    """What happened so far to the readers of one domain."""

    domain: str
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
    state: str = "sending"
    domains: tuple[DomainCount, ...] = ()  # largest first

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
    if waiting <= 0 or rate <= 0 or snapshot.at - header.started < NO_GUESS:
        return None
    return timedelta(seconds=waiting / rate)


def percent(header: Header, snapshot: Snapshot) -> int:
    """Whole per cent that are done; 100 only when all are."""
    return 100 if snapshot.done >= header.total else snapshot.done * 100 // header.total


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


# --- the live view -------------------------------------------------------------------------------------------------


def view_lines(header: Header, snapshot: Snapshot, speed: float, *, width: int, footer: str = "") -> tuple[str, ...]:
    """At most twelve lines no wider than `width`; one line on a narrow terminal. footer: what Ctrl-C does."""
    left = time_left(header, snapshot, speed)
    share = percent(header, snapshot)
    told = f"{duration(_rounded(left))} left" if left is not None else ""
    if width < NARROW:
        line = f"{header.digest}  {share} %  {snapshot.done:,}/{header.total:,}  {told}"
        return (clip(clean(line.rstrip()), width),)
    head = f"{clean(header.digest)} → {clean(header.list)}     {snapshot.state}"
    since = f"{header.started.astimezone(header.zone):%H:%M:%S}"
    began = f"started {since} by {clean(header.by)}"
    counted = f"{snapshot.done:,} of {header.total:,}"
    lines = [
        f"{padded(head, max(0, width - len(began) - 1))}{began}",
        f"  {share:>3} % {bar(share)}  {counted}      {told}".rstrip(),
        *_counter_lines(header, snapshot, speed, width),
        *_domain_lines(snapshot),
        *textwrap.wrap(clean(footer), width)[:FOOTER],
    ]
    return tuple(clip(line, width) for line in lines)


def bar(share: int, cells: int = BAR) -> str:
    """━━━━╸───: `share` per cent of `cells` filled."""
    halves = share * cells * 2 // 100
    filled = "━" * (halves // 2) + "╸" * (halves % 2)
    return filled + "─" * (cells - len(filled))


def _rounded(span: timedelta) -> timedelta:
    """A guess is not told to the second."""
    minute = timedelta(minutes=1)
    return max(minute, round(span / minute) * minute) if span > minute else timedelta(seconds=round(span.seconds, -1))


def _counter_lines(header: Header, snapshot: Snapshot, speed: float, width: int) -> tuple[str, ...]:
    """Counters and speed, beside each other where there is room."""
    counts = (
        ("accepted", snapshot.accepted),
        ("to retry", snapshot.retry),
        ("failed", snapshot.failed),
        ("skipped", snapshot.skipped),
        ("uncertain", snapshot.uncertain),
    )
    told = "  " + "   ".join(f"{name} {count:,}" for name, count in counts)
    allowed = "" if header.limit is None else f" of {header.limit:g}"
    fast = f"{speed:.1f} per second{allowed}"
    beside = f"{told}      {fast}"
    return (beside,) if len(beside) <= width else (told, f"  {fast}")


def _domain_lines(snapshot: Snapshot) -> list[str]:
    if len(snapshot.domains) < 2:
        return []
    named, others = snapshot.domains[:DOMAINS], snapshot.domains[DOMAINS:]
    rows = [(clean(row.domain), row.accepted, row.retry, row.failed) for row in named]
    if others:
        sums = (
            sum(row.accepted for row in others),
            sum(row.retry for row in others),
            sum(row.failed for row in others),
        )
        rows.append(("others", *sums))
    place = max(16, *(len(name) for name, *_ in rows))
    heads = ["accepted", "retry", "failed"]
    lines = [f"  {padded('Domain', place)}{''.join(padded(head, 11, right=True) for head in heads)}"]
    return lines + [f"  {padded(name, place)}{one:>11,}{two:>11,}{three:>11,}" for name, one, two, three in rows]


# --- the lines of a log ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Milestones:
    """Decides when the next line of a log is due, and words it."""

    header: Header
    last_share: int = 0
    last_at: datetime | None = None

    def first(self, at: datetime) -> str:
        """07:00:03 send 2026-w42 weekly total=12480 version=9c1f40d2 rate=10/s"""
        self.last_at = at
        header = self.header
        facts = f"total={header.total} version={header.version} rate={header.rate}"
        return f"{self._time(at)} send {clean(header.digest)} {clean(header.list)} {facts}"

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
