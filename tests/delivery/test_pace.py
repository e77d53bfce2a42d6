"""Rates and the warm-up's ceiling, as rows that every process shares."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter_cli.delivery import pace
from newsletter_cli.delivery.pace import Allowance, WarmUp
from newsletter_cli.settings import Rate

NOW = datetime(2026, 10, 14, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def take(storage, key, rates, wanted, now) -> int:
    """As a flight does it: what may go, goes."""
    with storage.write() as connection:
        messages = min(wanted, pace.allowed(connection, key, rates, now).messages)
        pace.spend(connection, storage, key, rates, messages, now)
    return messages


def test_ten_a_second_leave_one_by_one(storage):
    rates = (Rate(10, 1),)
    sent = [take(storage, "server smtp", rates, 5, NOW + n * SECOND / 20) for n in range(21)]
    assert sent == [1, 0] * 10 + [1]


def test_a_thousand_a_second_leave_a_tenth_of_a_second_together(storage):
    rates = (Rate(1000, 1),)
    assert take(storage, "a", rates, 5000, NOW) == 100
    assert take(storage, "a", rates, 5000, NOW + SECOND / 20) == 50


def test_who_comes_a_little_late_each_time_loses_nothing(storage):
    rates = (Rate(10, 1),)
    late = [n * SECOND / 10 + (n % 3) * timedelta(milliseconds=20) for n in range(101)]
    assert sum(take(storage, "a", rates, 5, NOW + moment) for moment in late) == 101


def test_the_strictest_of_several_rates_decides_and_says_when(storage):
    rates = (Rate(10, 1), Rate(2, 60))
    assert take(storage, "a", rates, 1, NOW) == 1
    with storage.write() as connection:
        assert pace.allowed(connection, "a", rates, NOW + SECOND) == Allowance(0, NOW + 30 * SECOND)


def test_a_pause_saves_up_nothing(storage):
    rates = (Rate(10, 1),)
    take(storage, "a", rates, 1, NOW)
    assert take(storage, "a", rates, 100, NOW + 3600 * SECOND) == 1


def test_keys_do_not_know_of_each_other(storage):
    rates = (Rate(1, 60),)
    assert [take(storage, key, rates, 1, NOW) for key in ("server a", "server b", "server a")] == [1, 1, 0]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=30), st.integers(1, 50))
def test_no_span_of_time_sees_more_than_its_rate(sqlite_storage, gaps, count):
    rates, key = (Rate(count, 1),), f"any {len(gaps)} {count} {sum(gaps)} {hash(tuple(gaps))}"
    moment, sent = NOW, []
    for gap in gaps:
        moment += timedelta(milliseconds=gap)
        sent.append((moment, take(sqlite_storage, key, rates, 1000, moment)))
    for start, (first, _) in enumerate(sent):
        total = 0
        for last, messages in sent[start:]:
            total += messages
            assert total <= (last - first).total_seconds() * count + max(1, count // 10) + 0.5 + 1e-6


WARM = WarmUp(first_day=500, grow=1.4, until=1500, zone=ZoneInfo("Asia/Damascus"))


def test_the_ceiling_grows_with_each_day_on_which_mail_left_until_it_is_over():
    assert [WARM.ceiling(days) for days in range(5)] == [500, 700, 979, 1371, None]


def test_what_is_left_of_a_day_counts_all_sends_and_what_came_back(storage):
    with storage.write() as connection:
        assert WARM.left(connection, NOW) == 500
        WARM.count(connection, storage, 480, NOW)
        WARM.count(connection, storage, -30, NOW)
        assert WARM.left(connection, NOW) == 50
        WARM.count(connection, storage, 100, NOW)
        assert WARM.left(connection, NOW) == 0
        assert WARM.left(connection, NOW + timedelta(days=1)) == 700
        assert WARM.left(connection, NOW + timedelta(days=5)) == 700  # days without mail do not warm anything up


def test_a_day_is_the_newsrooms():
    late = datetime(2026, 10, 14, 22, 30, tzinfo=UTC)  # half past one in Damascus
    assert WARM.day(late) == "2026-10-15"
    assert WARM.tomorrow(NOW) == datetime(2026, 10, 14, 21, tzinfo=UTC)
