"""A send as it goes on: its share, its speed, the time left; the lines of a log come when they are due and add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from newsletter_cli.cli.progress import (
    Header,
    Milestones,
    Snapshot,
    Speed,
    duration,
    percent,
    short_duration,
    time_left,
)

START = datetime(2026, 10, 14, 4, 0, 3, tzinfo=UTC)
HEADER = Header(
    digest="2026-w42",
    list="weekly",
    total=12480,
    version="9c1f40d2",
    started=START,
    since=START,
    by="editor",
    rate="10/s",
    limit=10.0,
    zone=ZoneInfo("Asia/Damascus"),
)


def after(seconds: float, **counts: Any) -> Snapshot:
    return Snapshot(at=START + timedelta(seconds=seconds), **counts)


def test_it_is_100_per_cent_only_when_nobody_waits() -> None:
    assert percent(HEADER, after(1, accepted=12479)) == 99
    assert percent(HEADER, after(1, accepted=12431, failed=21, uncertain=2, skipped=26)) == 100
    assert percent(HEADER, after(1, accepted=12431, failed=21, uncertain=2, skipped=25, retry=1)) == 99
    assert percent(replace(HEADER, total=0), after(1)) == 100


def test_the_time_left_follows_the_slower_of_the_set_and_the_observed_rate() -> None:
    snapshot = after(60, accepted=480)
    assert time_left(HEADER, snapshot, 100.0) == timedelta(seconds=1200)
    assert time_left(HEADER, snapshot, 5.0) == timedelta(seconds=2400)
    assert time_left(replace(HEADER, limit=None), snapshot, 100.0) == timedelta(seconds=120)


@pytest.mark.parametrize(
    ("snapshot", "speed"), [(after(14, accepted=100), 7.0), (after(60), 0.0), (after(60, accepted=12480), 9.0)]
)
def test_no_time_left_is_told_that_is_not_known(snapshot: Snapshot, speed: float) -> None:
    assert time_left(HEADER, snapshot, speed) is None


def test_the_speed_is_that_of_the_last_twenty_seconds() -> None:
    speed = Speed()
    assert speed.at(after(0)) == 0.0
    assert speed.at(after(10, accepted=100)) == 10.0
    shown = [speed.at(after(10 + second, accepted=100 + 2 * second)) for second in range(1, 41)]
    assert shown[-1] == 2.0


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (0, "0 s", "0s"), (8, "8 s", "8s"), (1274, "21 min 14 s", "21m"), (3600, "1 h", "60m"),
        (158400, "1 day 20 h", "44h"), (86400 * 3, "3 days", "72h"), (60, "1 min", "1m"), (7265, "2 h 1 min", "2h"),
    ],
)  # fmt: skip
def test_a_duration_has_at_most_two_units(seconds: int, long: str, short: str) -> None:
    assert (duration(timedelta(seconds=seconds)), short_duration(timedelta(seconds=seconds))) == (long, short)


def test_the_lines_of_a_log_are_as_the_contract_shows_them() -> None:
    milestones = Milestones(HEADER)
    assert milestones.first(after(0)) == "07:00:03 send 2026-w42 weekly total=12480 version=9c1f40d2 rate=10/s"
    assert milestones.line(after(62, accepted=623, failed=1), 9.9) == (
        "07:01:05 send 2026-w42   624/12480   5%  9.9/s eta=20m failed=1 retry=0"
    )
    ended = after(1274, accepted=12431, failed=21, uncertain=2, skipped=26)
    assert milestones.last(ended, 9) == (
        "07:21:17 done 2026-w42 accepted=12431 failed=21 uncertain=2 skipped=26 exit=9"
    )
    assert milestones.last(after(1274, accepted=8050, failed=21, retry=41), 7) == (
        "07:21:17 stopped 2026-w42 accepted=8050 failed=21 uncertain=0 skipped=0 waiting=4368 retry=41 exit=7"
    )


def test_a_line_is_due_after_five_per_cent_and_thirty_seconds_whichever_is_later() -> None:
    milestones = Milestones(replace(HEADER, total=100))
    milestones.first(after(0))
    assert not milestones.due(after(10, accepted=50))  # half is done, but it is too soon
    assert milestones.due(after(31, accepted=50))
    assert not milestones.due(after(120, accepted=54))  # long ago, but nothing worth a line
    assert milestones.due(after(121, accepted=55))
