"""Whether data may leave now, and how the run ends: what pump, watch and connections share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from newsletter_cli.delivery.flight import Due, Held
from newsletter_cli.delivery.running import Counters, Ending

FRESH: Final = 0.5  # seconds for which a look at the send permits data to leave
DRAIN: Final = 10.0  # seconds that a stop waits for the answers of what is on the wire


@dataclass(slots=True)
class Permit:
    """All times are seconds of the boot clock."""

    boot: Callable[[], float]
    counters: Counters
    news: asyncio.Event = field(default_factory=asyncio.Event)  # for the pump: something landed, opened, or must end
    ending: Ending | None = None
    drain_by: float = 0.0
    seen_sending: float = float("-inf")  # before the last look that found the send `sending`
    lease_until: float = float("-inf")
    storing: bool = True  # results can be stored
    lost: frozenset[Held] = frozenset()  # leases that another process took from us

    def allows(self, due: Due) -> bool:
        """Send seen `sending` just now, lease not near its end and still ours, results storable, no stop asked for."""
        now = self.boot()
        return (
            (due.chunk, due.epoch) not in self.lost
            and self.storing
            and self.ending is None
            and now - self.seen_sending < FRESH
            and now < self.lease_until
        )

    def seen(self, began: float) -> None:
        """A look that began then found the send `sending`."""
        self.seen_sending = max(self.seen_sending, began)

    def end(self, ending: Ending) -> None:
        """Begin nothing more; the first reason counts."""
        if self.ending is None:
            self.ending = ending
            self.drain_by = self.boot() + DRAIN
            self.counters.stopping = True
        self.news.set()

    def ended(self, *, doubted: int, unstored: int) -> Ending:
        """The reason, with what became of the last messages."""
        assert self.ending is not None
        return replace(self.ending, doubted=doubted, unstored=unstored)
