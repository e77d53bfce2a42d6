"""The servers of a run: what each was given, what is on its way to it, and how it fares."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from newsletter_cli.delivery.connection import Connection, Server
from newsletter_cli.delivery.flight import Due
from newsletter_cli.delivery.shares import Berth
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Letter
from newsletter_cli.mail.reader import Reader
from newsletter_cli.settings import Rate

MEAN: Final = 16  # messages over which a mean forgets
REGAIN: Final = 50  # messages accepted after which a server that asked for less gets one more connection
STUCK: Final = 15.0  # seconds without an answer after which the other servers no longer keep step with one


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """One SMTP server and what mail over it looks like."""

    name: str  # of its table in smtp.servers; "smtp" when there is only one
    server: Server
    connections: int
    fill: Callable[[Reader], Letter]  # may raise MailProblem for a reader whose message cannot be built
    seal: Callable[[Letter], Letter] | None = None  # signs; off the event loop, from several threads
    secret: Callable[[], str | None] = lambda: None  # password or access token, asked for at each connect in a thread
    weight: int = 1  # share of the mail; 0 = only in the place of another that is down
    rates: tuple[Rate, ...] = ()
    provider: str = ""  # whose server it is, when mail is handed to a mail provider directly


@dataclass(slots=True)
class Ready:
    """A message whose intent is committed and that no connection has taken."""

    due: Due
    letter: Letter | None = None  # None: filled when a connection takes it


@dataclass(slots=True, eq=False)
class Traffic:
    """One server while a run lasts. All times are seconds of the boot clock."""

    relay: Relay
    learned: Learned
    depth: int
    allowed: int  # connections now: fewer after it asked for less
    weight: int  # its share now: that of the servers it stands in for, if it is a stand-in
    links: dict[int, Connection] = field(default_factory=dict)
    dialling: int = 0
    ready: deque[Ready] = field(default_factory=deque)
    sealing: int = 0  # messages that are being signed
    out: dict[int, tuple[Due, float]] = field(default_factory=dict)  # taken by a connection, without a result; and when
    latency: float = 0.0  # seconds from taking a message to its answer, a running mean
    carried: int = 0  # claimed for it since shares last changed, less what came back
    failures: int = 0  # connections in a row that brought nothing to an end
    trouble: float | None = None  # since when it brings nothing to an end
    answered: float = 0.0  # when the last answer came
    problem: str = ""  # why it cannot be used, in one sentence
    closed_to_us: bool = False  # for the rest of the run: it refuses our login, or has no TLS
    clean: int = 0
    pace_at: datetime | None = None  # when its rate lets the next one go
    wanted: asyncio.Event = field(default_factory=asyncio.Event)  # there is somebody to write to over it
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # a link ended, or more are allowed

    @property
    def name(self) -> str:
        return self.relay.name

    @property
    def down(self) -> bool:
        """Nothing goes over it now."""
        return self.closed_to_us or (self.failures > 0 and not self.links)

    @property
    def in_hand(self) -> int:
        return len(self.ready) + self.sealing + len(self.out)

    def stuck(self, now: float) -> bool:
        """It holds messages and says nothing: the others need not wait for it."""
        return bool(self.out) and now - self.answered > STUCK

    def room(self) -> int:
        """Messages that may be claimed for it now: those of its open connections that a crash may leave in doubt."""
        return max(0, len(self.links) * self.depth - self.in_hand)

    def berth(self, room: int) -> Berth:
        return Berth(self.name, room, self.weight, self.carried)

    def slow_down(self) -> None:
        """It asked for less: one connection, and one more for every few messages it takes."""
        self.allowed, self.clean = 1, 0

    def took_one(self, taken: float, now: float, most: int) -> None:
        """It accepted a message that a connection took at that moment."""
        self.trouble, self.answered = None, now
        self.latency += (now - taken - self.latency) / MEAN
        if self.allowed < most:
            self.clean += 1
            if self.clean >= REGAIN:
                self.clean = 0
                self.allowed += 1
                self.changed.set()

    def wake(self) -> None:
        for link in tuple(self.links.values()):
            link.wake()

    def finish(self) -> None:
        """Nobody is to be written to over it for now: land what is in flight, say QUIT."""
        self.wanted.clear()
        for link in tuple(self.links.values()):
            link.finish()

    def abort(self) -> None:
        for link in tuple(self.links.values()):
            link.abort()


def weigh(traffics: Iterable[Traffic], now: float) -> None:
    """Give each server its share of the moment: one that is down has none, its stand-in has that of all that are.

    When shares change, what was carried before no longer counts: who comes back need not catch up.
    """
    traffics = tuple(traffics)
    out = {one.name for one in traffics if one.down or one.stuck(now)}
    missing = sum(one.relay.weight for one in traffics if one.name in out)
    weights = [
        one.relay.weight * (one.name not in out) if one.relay.weight else missing * (not one.closed_to_us)
        for one in traffics
    ]
    if weights == [one.weight for one in traffics]:
        return
    for one, weight in zip(traffics, weights, strict=True):
        one.weight, one.carried = weight, one.in_hand
