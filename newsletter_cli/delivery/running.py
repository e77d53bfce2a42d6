"""What a run is allowed to do, how it goes, and how it ended: the records between the engine and its callers."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.delivery.ledger import Flight
from newsletter_cli.delivery.sends import Tally
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.states import Outcome
from newsletter_cli.errors import NewsletterError
from newsletter_cli.settings import Rate


class EndKind(StrEnum):
    """Why a run of the engine is over."""

    FINISHED = "finished"  # nobody of this send is due, here or later
    RETRIES = "retries"  # only readers to try again later are left
    STOPPED = "stopped"  # paused or cancelled in the database, by whomever
    INTERRUPTED = "interrupted"  # a signal asked this process to end
    PROBLEM = "problem"  # see `problem`


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended."""

    kind: EndKind
    problem: NewsletterError | None = None
    next_due: datetime | None = None  # when the first of the readers left may be tried
    doubted: int = 0  # messages whose answer was not waited for
    unstored: int = 0  # results that could not be stored; their readers will be uncertain


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is allowed to do."""

    connections: int
    depth: int  # in-flight messages per connection that a crash may leave uncertain
    rates: tuple[Rate, ...]
    wait: timedelta  # how long to stay for retries, or for a server that does not answer
    secret: str | None  # SMTP password
    book: ReplyBook


@dataclass(slots=True)
class Counters:
    """What the live view reads, kept by the pump; never read back for a decision."""

    tally: dict[Outcome, int]
    domains: dict[str, dict[Outcome, int]] = field(default_factory=dict)
    untold: deque[str] = field(default_factory=deque)  # sentences for above the view; the view takes them out
    on_wire: int = 0
    lanes: dict[str, LaneView] = field(default_factory=dict)  # those that rest or are held back, by key

    @classmethod
    def from_tally(cls, tally: Tally) -> "Counters":
        """The counters of a send as it stands."""
        return cls(
            tally={
                Outcome.WAITING: tally.waiting,
                Outcome.RETRY: tally.retry,
                Outcome.ACCEPTED: tally.accepted,
                Outcome.FAILED: tally.failed,
                Outcome.UNCERTAIN: tally.uncertain,
                Outcome.SKIPPED: tally.skipped,
            }
        )

    def apply(self, flight: Flight) -> None:
        for change in flight.changes:
            self.tally[change.before] -= 1
            self.tally[change.after] += 1
            domain = self.domains.setdefault(change.domain, dict.fromkeys(Outcome, 0))
            domain[change.before] -= 1
            domain[change.after] += 1
