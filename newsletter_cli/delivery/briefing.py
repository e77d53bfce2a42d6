"""What somebody must see before mail leaves: who gets it, who does not, and what is unusual about it."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import Final

from sqlalchemy import Connection

from newsletter_cli.delivery.sends import recent_audiences, sent_since
from newsletter_cli.settings import Rate, SafetySettings
from newsletter_cli.subscribers import audience
from newsletter_cli.subscribers.audience import Expr, LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """The numbers of the confirmation screen."""

    readers: int
    left_out: LeftOut
    samples: tuple[str, ...]  # first addresses of the audience
    recent: tuple[int, ...]  # readers of the last four sends to this list, the newest first
    today: tuple[str, ...]  # digests the same list was sent on this day of the newsroom

    @property
    def change(self) -> float | None:
        """How far the number of readers is from the mean of the last four sends; +0.007 = 0.7 % more."""
        if not self.recent:
            return None
        usual = sum(self.recent) / len(self.recent)
        return (self.readers - usual) / usual if usual else None


NOBODY: Final = Briefing(readers=0, left_out=LeftOut(), samples=(), recent=(), today=())  # of a list without readers


def brief(
    connection: Connection, *, list_id: int, where: Expr, digest: str, settings_zone_now: datetime, now: datetime
) -> Briefing:
    """Look at an audience as it is now.

    digest: its own slug, which does not count as mailed today.  settings_zone_now: `now` in the newsroom's zone.
    """
    midnight = datetime.combine(settings_zone_now.date(), time(), settings_zone_now.tzinfo).astimezone(UTC)
    today = sent_since(connection, list_id, midnight)
    return Briefing(
        readers=audience.count(connection, now, list_id=list_id, where=where),
        left_out=audience.reasons_left_out(connection, now, list_id=list_id, where=where),
        samples=audience.samples(connection, now, list_id=list_id, where=where),
        recent=recent_audiences(connection, list_id),
        today=tuple(send.digest for send in today if send.digest != digest),
    )


def unusual(briefing: Briefing, safety: SafetySettings, local: datetime) -> tuple[str, ...]:
    """Why this send asks for the list's name as well; a sentence for each reason, none when it is like the others.

    local: the moment it would begin, in the newsroom's zone.
    """
    reasons = []
    change = briefing.change
    if change is not None and abs(change) > safety.max_change:
        against = f"against the last {len(briefing.recent)} issues"
        reasons.append(f"The number of readers changed by {change:+.1%} {against}.")
    if safety.quiet_hours is not None and safety.quiet_hours.contains(local.time().replace(tzinfo=None)):
        reasons.append(f"It is {local:%H:%M}, within the quiet hours.")
    reasons += [f"This list was already sent {digest} today." for digest in briefing.today]
    return tuple(reasons)


def duration(readers: int, rates: tuple[Rate, ...]) -> timedelta | None:
    """How long so many messages take at these rates; None when there is no rate."""
    seconds = max((readers * rate.seconds / rate.count for rate in rates), default=None)
    return None if seconds is None else timedelta(seconds=ceil(seconds))


def limit_of(safety: SafetySettings, flag: int | None) -> int | None:
    """The smaller of the ceilings of the settings and of the flag; None when there is none."""
    given = [limit for limit in (safety.max_recipients or None, flag) if limit is not None]
    return min(given, default=None)
