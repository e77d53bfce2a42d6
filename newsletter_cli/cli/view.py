"""The live view of a send in lines: how far it is, what became of whom, what rests, what Ctrl-C does.

    2026-w42 → weekly     sending                                     started 11:02:10 by editor
       65 % ━━━━━━━━━━━━━━━━━━━╸──────────  8,112 of 12,480      7 min left
      accepted 8,050   to retry 41   failed 21   skipped 0   uncertain 0      9.8 per second of 10
      Domain            accepted   retry   failed
      gmail.com            5,102      38        4
      others               2,948       3       17
      yahoo.com rests until 11:13 (421 4.7.0 too many messages)
    Ctrl-C pauses after the 32 messages now on the wire. Closing this window does the same.

It is English in both languages: Arabic labels between Latin numbers would change places on most terminals. Only the
last lines, which hold no numbers of a table, speak the language of the run. Pure: reads no clock and writes nothing.
"""

import textwrap
from datetime import timedelta
from typing import Final

from rich.cells import cell_len

from newsletter_cli.cli.progress import Header, RowCount, Snapshot, duration, percent, time_left
from newsletter_cli.cli.terminal import clean, clip, padded

HIGHEST: Final = 12  # lines
BAR: Final = 30  # cells
NARROW: Final = 60  # columns below which the view is one line
LOW: Final = 4  # lines below which it is one too: head, bar, counters and the last line find no place
FOOTER: Final = 2  # lines of it at most
STANDING: Final = 3  # lines about what rests
ROWS: Final = 4  # rows of the table with a name; the rest are "others"
NAME: Final = 14  # cells of its first column, at least
GAP: Final = 3  # cells between two of its columns


def view_lines(
    header: Header, snapshot: Snapshot, speed: float, *, width: int, height: int = HIGHEST, footer: str = ""
) -> tuple[str, ...]:
    """At most twelve lines, and `height`, no wider than `width`; one line where there is little room.

    speed: answers per second.  footer: what Ctrl-C does; it stays when the table finds no place.
    """
    if width < NARROW or height < LOW:
        return (_one_line(header, snapshot, speed, width),)
    top = [_head(header, snapshot, width), _bar_line(header, snapshot, speed)]
    foot = [line for part in footer.split("\n") for line in textwrap.wrap(clean(part), width)][:FOOTER]
    room = min(height, HIGHEST) - len(top) - len(foot)
    counters = _counter_lines(header, snapshot, speed, width)[:room]
    standing = _standing_lines(snapshot.standing, room - len(counters))
    table = _table_lines(header, snapshot, width, room - len(counters) - len(standing))
    return tuple(clip(line, width) for line in (*top, *counters, *table, *standing, *foot))


def bar(share: int, cells: int = BAR) -> str:
    """━━━━╸───: `share` per cent of `cells` filled."""
    halves = share * cells * 2 // 100
    filled = "━" * (halves // 2) + "╸" * (halves % 2)
    return filled + "─" * (cells - len(filled))


def _one_line(header: Header, snapshot: Snapshot, speed: float, width: int) -> str:
    told = _time_told(header, snapshot, speed)
    share = f"{percent(header, snapshot)} %  {snapshot.done:,}/{header.total:,}"
    # The name gives way first: how far it is must be seen on the narrowest screen.
    name = clip(clean(header.digest), max(8, width - len(share) - len(told) - 4))
    return clip(clean(f"{name}  {share}  {told}".rstrip()), width)


def _head(header: Header, snapshot: Snapshot, width: int) -> str:
    head = f"{clean(header.digest)} → {clean(header.list)}     {clean(snapshot.state)}".rstrip()
    began = f"{header.began} {header.started.astimezone(header.zone):%H:%M:%S} by {clean(header.by)}"
    return f"{padded(head, max(0, width - len(began) - 2))} {began}"


def _bar_line(header: Header, snapshot: Snapshot, speed: float) -> str:
    share = percent(header, snapshot)
    counted = f"{snapshot.done:,} of {header.total:,}"
    return f"  {share:>3} % {bar(share)}  {counted}      {_time_told(header, snapshot, speed)}".rstrip()


def _time_told(header: Header, snapshot: Snapshot, speed: float) -> str:
    if not snapshot.state:
        return ""
    if snapshot.retry and snapshot.done >= header.total:
        return "only those to retry are left"
    left = time_left(header, snapshot, speed)
    return f"{duration(_rounded(left))} left" if left is not None else ""


def _rounded(span: timedelta) -> timedelta:
    """A guess is not told to the second."""
    step = timedelta(minutes=1) if span > timedelta(minutes=1) else timedelta(seconds=10)
    return max(step, round(span / step) * step)


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
    allowed = "" if header.limit is None else f" of {header.limit:.3g}"
    fast = f"{speed:,.1f} per second{allowed}"
    beside = f"{told}      {fast}"
    return (beside,) if len(beside) <= width else (told, f"  {fast}")


def _standing_lines(standing: tuple[str, ...], room: int) -> list[str]:
    """What rests; more than there is room for are counted."""
    most = max(0, min(STANDING, room))
    if len(standing) <= most:
        return [f"  {clean(line)}" for line in standing]
    kept = [f"  {clean(line)}" for line in standing[: max(0, most - 1)]]
    return [*kept, f"  … and {len(standing) - len(kept)} more"][:most]


def _table_lines(header: Header, snapshot: Snapshot, width: int, room: int) -> list[str]:
    """Head and rows, the smaller ones summed; nothing when there is one row only, or no room for a sum."""
    if len(snapshot.rows) < 2 or room < 3:
        return []
    rows = _rows(snapshot, room - 1)
    numbers = [
        _column("accepted", [f"{row.accepted:,}" for row in rows]),
        _column("retry", [f"{row.retry:,}" for row in rows]),
        _column("failed", [f"{row.failed:,}" for row in rows]),
    ]
    left = width - 2 - sum(GAP + len(column[0]) for column in numbers)  # numbers are not cut off by a long name
    names = [clip(clean(name), left) for name in (header.rows, *(row.name for row in rows))]
    place = max(NAME, *map(cell_len, names))
    lines = zip((padded(name, place) for name in names), *numbers, strict=True)
    return ["  " + (" " * GAP).join(cells) for cells in lines]


def _rows(snapshot: Snapshot, room: int) -> tuple[RowCount, ...]:
    """The rows that find a place; a sum for the others, which would be a name less if it were one row only."""
    if len(snapshot.rows) <= min(ROWS + 1, room):
        return snapshot.rows
    named = min(ROWS, room - 1)
    return (*snapshot.rows[:named], summed("others", snapshot.rows[named:]))


def summed(name: str, rows: tuple[RowCount, ...]) -> RowCount:
    """One row for many."""
    return RowCount(name, sum(row.accepted for row in rows), sum(row.retry for row in rows),
                    sum(row.failed for row in rows))  # fmt: skip


def _column(head: str, cells: list[str]) -> list[str]:
    width = max(len(head), *map(len, cells))
    return [cell.rjust(width) for cell in (head, *cells)]
