"""The counters of a run as one snapshot: the sums, the largest domains, what rests.

Read four times a second beside a send that may write thousands of messages in that second: what it costs is taken
from the send, so it must not grow with the number of domains.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Final

from newsletter_cli.cli.progress import Header, RowCount, Snapshot, canary_sentence, lane_sentence
from newsletter_cli.delivery.running import Counters
from newsletter_cli.delivery.states import Outcome

LARGEST: Final = 5  # domains that are told by name
FEW: Final = 200  # domains up to which they are ranked at each look
# To rank fifty thousand domains takes tens of milliseconds: at each look, a tenth of the send's own core.
RANKED_FOR: Final = timedelta(seconds=5)


class Counting:
    """Looks at the counters that a run keeps."""

    def __init__(
        self, counters: Counters, header: Header, clock: Callable[[], datetime], *, first: int = 0
    ) -> None:  # fmt: skip
        """To be made before the run begins: the table tells what has changed since.

        first: readers who are written to before all others, when their answers are still waited for.
        """
        self._counters = counters
        self._header = header
        self._clock = clock
        self._first = first
        self._began = dict(counters.tally)
        self._largest: tuple[str, ...] = ()
        self._ranked: datetime | None = None

    def snapshot(self) -> Snapshot:
        """The counters now. Only one thread may call."""
        counters, now = self._counters, self._clock()
        tally = counters.tally
        zone = self._header.zone
        told = [lane_sentence(lane, now, zone) for lane in tuple(counters.lanes.values())]
        if self._header.total - tally[Outcome.WAITING] < self._first:  # nobody else has an answer before they all have
            told.insert(0, canary_sentence(self._first, None, now, zone))
        return Snapshot(
            at=now,
            accepted=tally[Outcome.ACCEPTED],
            retry=tally[Outcome.RETRY],
            failed=tally[Outcome.FAILED],
            skipped=tally[Outcome.SKIPPED],
            uncertain=tally[Outcome.UNCERTAIN],
            on_wire=counters.on_wire,
            rows=self._rows(now),
            standing=tuple(sentence for sentence in told if sentence),
        )

    def _rows(self, now: datetime) -> tuple[RowCount, ...]:
        domains = self._counters.domains
        if self._ranked is None or len(domains) <= FEW or now - self._ranked >= RANKED_FOR:
            self._largest, self._ranked = _largest(self._counters), now
        named = tuple(_row(name, domains[name]) for name in self._largest)
        if len(domains) <= len(named):
            return named
        # What is left of the run's own sums when the named ones are taken away: nobody adds up fifty thousand rows.
        others = _row("others", self._counters.tally)
        for row in (_row("before", self._began), *named):
            others = _less(others, row)
        return (*named, others)


def _largest(counters: Counters) -> tuple[str, ...]:
    # A copy in one step: the run adds domains while we look.
    ranked = nlargest(LARGEST, tuple(counters.domains.items()), key=lambda item: _tried(item[1]))
    return tuple(name for name, _ in ranked)


def _tried(counts: dict[Outcome, int]) -> int:
    # RETRY falls below zero where readers of an earlier run have now got it.
    return counts[Outcome.ACCEPTED] + max(0, counts[Outcome.RETRY]) + counts[Outcome.FAILED]


def _row(name: str, counts: dict[Outcome, int]) -> RowCount:
    """Whoever was to be retried before this run began and has it now would count below zero: shown as zero."""
    shown = (counts[Outcome.ACCEPTED], counts[Outcome.RETRY], counts[Outcome.FAILED])
    return RowCount(name, *(max(0, count) for count in shown))


def _less(row: RowCount, other: RowCount) -> RowCount:
    return RowCount(
        row.name,
        max(0, row.accepted - other.accepted),
        max(0, row.retry - other.retry),
        max(0, row.failed - other.failed),
    )
