"""When to try again."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter_cli.delivery.retry import RetryPolicy, next_try

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
