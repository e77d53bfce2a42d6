"""What a run is allowed to do, how it goes, and how it ended: the records between the engine and its callers."""

import ssl
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter_cli.delivery.flight import Flight
from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.delivery.sends import Tally
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.states import Outcome
from newsletter_cli.errors import NewsletterError


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

    depth: int  # in-flight messages per connection that a crash may leave uncertain
    wait: timedelta  # how long to stay for retries, or for a server that does not answer
    book: ReplyBook
    tls: ssl.SSLContext
    stop_on_failure: float = 1.0  # share of failed answers above which the send stops by itself
    waived: bool = False  # it has stopped for that before, and a person went on
    first: int = 0  # readers written to first, for the sentence that says how they fared


@dataclass(slots=True)
class Counters:
    """What the live view reads, kept by the pump; never read back for a decision of the ledger."""

    tally: dict[Outcome, int]
    domains: dict[str, dict[Outcome, int]] = field(default_factory=dict)
    untold: deque[str] = field(default_factory=deque)  # sentences for above the view; the view takes them out
    on_wire: int = 0
    stopping: bool = False  # nothing more begins: what is on the wire is waited for
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
        tally, domains = self.tally, self.domains
        for name, before, after in flight.changes:
            tally[before] -= 1
            tally[after] += 1
            domain = domains.get(name)
            if domain is None:
                domain = domains[name] = dict.fromkeys(Outcome, 0)
            domain[before] -= 1
            domain[after] += 1
