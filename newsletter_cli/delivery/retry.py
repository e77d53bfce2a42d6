"""When to try a reader again: one decision, without a clock or chance of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits and the end of patience, from `smtp.retry` and `smtp.give_up`."""

    delays: Sequence[timedelta]  # after the first, second … temporary answer; the last repeats
    give_up: timedelta  # counted from the first try


def next_try(attempt: int, first: datetime, now: datetime, policy: RetryPolicy, chance: Random) -> datetime | None:
    """When to try this reader again, or None when it is time to give up.

    attempt: tries so far, from 1.  first, now: aware, UTC; the first try, and this moment.
    chance: seeded by the caller; adds up to a fifth.
    Source: RFC 5321 §4.5.4.1 (the limits must be configurable; giving up takes days, not minutes).
    """
    if now - first >= policy.give_up:
        return None
    delay = policy.delays[min(attempt, len(policy.delays)) - 1]
    # Shaken by up to a fifth: after an outage all rows would fall due in one second, and the server that has just come
    # back would refuse us again.
    return now + delay * (1 + chance.random() / 5)
