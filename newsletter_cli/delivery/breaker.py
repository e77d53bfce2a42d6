"""When a send stops by itself: too many readers refused, nobody accepted, nobody that can be built."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from newsletter_cli.delivery.states import Outcome
from newsletter_cli.errors import NewsletterError, TryAgainError

ENOUGH: Final = 200  # answers before a share says anything
UNBUILT: Final = 10  # readers in a row whose message cannot be built


@dataclass(slots=True)
class Breaker:
    """Watches the sums of one send; says once why it must stop."""

    share: float  # of failed answers above which it stops
    waived: bool = False  # a person has seen it stop for that, and went on
    unbuilt: int = 0  # in a row

    def built(self) -> None:
        self.unbuilt = 0

    def cannot_build(self) -> None:
        self.unbuilt += 1

    def judge(self, tally: Mapping[Outcome, int]) -> NewsletterError | None:
        """The reason to stop, or None. tally: over the whole send, as stored."""
        if self.waived:
            return None
        accepted, failed = tally[Outcome.ACCEPTED], tally[Outcome.FAILED]
        answers = accepted + failed
        if self.unbuilt >= UNBUILT:
            return _stop(f"The messages of {UNBUILT} readers in a row cannot be built.")
        if answers >= ENOUGH and failed > self.share * answers:
            return _stop(f"{failed:,} of {answers:,} answers are refusals: more than {self.share:.0%}.")
        outcomes = answers + tally[Outcome.UNCERTAIN] + tally[Outcome.RETRY]
        if not accepted and outcomes >= ENOUGH:
            return _stop(f"{outcomes:,} readers were tried, and nobody was accepted.")
        return None


def bad_canary(first: int) -> NewsletterError:
    """The first readers' answers were bad."""
    return _stop(f"The first {first:,} readers were to show whether all is well; more than a fifth were refused.")


def _stop(sentence: str) -> NewsletterError:
    return TryAgainError(
        "TOO-MANY-FAILURES",
        f"{sentence} The send has paused itself.",
        fix="newsletter report shows the answers; newsletter resume goes on without this stop",
    )
