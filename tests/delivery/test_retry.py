"""When to try again, and how fast a send may go."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.delivery.pace import Pace
from newsletter_cli.delivery.retry import RetryPolicy, next_try
from newsletter_cli.settings import Rate

NOW = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)
POLICY = RetryPolicy((timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1)), timedelta(hours=24))


@given(st.integers(1, 50), st.integers(0, 86_399), st.integers())
def test_the_next_try_comes_after_the_wait_of_its_attempt_shaken_by_up_to_a_fifth(attempt, tried, seed):
    first = NOW - timedelta(seconds=tried)
    due = next_try(attempt, first, NOW, POLICY, random.Random(seed))
    delay = POLICY.delays[min(attempt, 3) - 1]
    assert delay <= due - NOW <= delay * 1.2


@given(st.integers(1, 50), st.integers(86_400, 10**7))
def test_after_give_up_there_is_no_next_try(attempt, tried):
    assert next_try(attempt, NOW - timedelta(seconds=tried), NOW, POLICY, random.Random(0)) is None


@given(st.lists(st.floats(0, 2), max_size=60), st.integers(1, 500), st.integers(1, 3600))
def test_no_span_of_time_lets_more_messages_go_than_the_rate(steps, count, seconds):
    pace, now, gone = Pace([Rate(count, seconds)], 0.0), 0.0, 0
    for step in steps:
        now += step
        allowed = pace.allowed(now)
        pace.spend(allowed)
        gone += allowed
        assert gone <= now * count / seconds + max(1.0, count / seconds / 10) + 1e-6


def test_the_slowest_of_several_rates_decides():
    pace = Pace([Rate(100, 1), Rate(3600, 3600)], 0.0)
    assert pace.allowed(0.0) == 1
    pace.spend(1)
    assert pace.allowed(0.5) == 0
    assert round(pace.wait(), 3) == 0.5
    assert pace.allowed(1.01) == 1


def test_without_a_rate_everything_may_go():
    pace = Pace([], 0.0)
    assert pace.allowed(5.0) is None
    assert pace.wait() is None
