"""The moments people type."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from newsletter_cli.errors import UsageError
from newsletter_cli.schedule.when import read_when

DAMASCUS = ZoneInfo("Asia/Damascus")
PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)  # 11:00 in Damascus


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wed 07:00", datetime(2026, 10, 14, 4, 0, tzinfo=UTC)),
        ("Wednesday 7:00", datetime(2026, 10, 14, 4, 0, tzinfo=UTC)),
        ("الأربعاء ٠٧:٠٠", datetime(2026, 10, 14, 4, 0, tzinfo=UTC)),
        ("mon 12:00", datetime(2026, 10, 12, 9, 0, tzinfo=UTC)),
        ("mon 11:00", datetime(2026, 10, 19, 8, 0, tzinfo=UTC)),
        ("12:00", datetime(2026, 10, 12, 9, 0, tzinfo=UTC)),
        ("07:00", datetime(2026, 10, 13, 4, 0, tzinfo=UTC)),
        ("tomorrow 07:00", datetime(2026, 10, 13, 4, 0, tzinfo=UTC)),
        ("2026-11-01 09:30", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ("2026-11-01T09:30", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_the_newsrooms_zone(text, expected):
    assert read_when(text, MONDAY, DAMASCUS) == expected


@pytest.mark.parametrize("text", ["2026-10-12 10:59", "today 09:00", "2020-01-01 00:00"])
def test_a_past_time_is_refused_with_the_next_one_of_its_kind(text):
    with pytest.raises(UsageError) as caught:
        read_when(text, MONDAY, DAMASCUS)
    assert caught.value.code == "TIME-PAST"
    assert caught.value.sent == "Nothing was scheduled."
    assert read_when(caught.value.fix[6:-1], MONDAY, DAMASCUS) > MONDAY


@pytest.mark.parametrize("text", ["2027-03-28 02:30", "2026-10-25 02:30"])
def test_a_time_that_does_not_exist_or_happens_twice_is_refused(text):
    with pytest.raises(UsageError) as caught:
        read_when(text, MONDAY, PARIS)
    assert caught.value.code == "TIME-CLOCK-CHANGE"


@pytest.mark.parametrize(
    "text", ["", "soon", "wed", "25:00", "2026-13-01 07:00", "wed 07:00 sharp", "2026-02-30 07:00"]
)
def test_anything_else_is_not_a_time(text):
    with pytest.raises(UsageError) as caught:
        read_when(text, MONDAY, DAMASCUS)
    assert caught.value.code == "USAGE"
