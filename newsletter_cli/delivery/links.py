"""The connections of a run: each place for one connects, carries until its connection ends, and connects again."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, Protocol

from newsletter_cli.delivery.connection import (
    Closed,
    Connection,
    ConnectProblem,
    End,
    Result,
    open_connection,
)  # fmt: skip
from newsletter_cli.delivery.relays import Traffic
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.verdict import Effect
from newsletter_cli.errors import NewsletterError

BACKOFF: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)  # seconds before a place connects again, by failures in a row
LONG: Final = 60.0  # seconds after which a connection was of use even if it carried nothing


class Counter(Protocol):
    """Where connections get their messages and bring their results: the engine."""

    def take(self, traffic: Traffic, link: Connection) -> tuple[Job | None, bool]:
        """The next job, and whether it must travel without neighbours."""
        ...

    def permit(self, traffic: Traffic, job_id: int) -> bool: ...
    def done(self, traffic: Traffic, result: Result) -> None: ...
    def opened(self, traffic: Traffic) -> None: ...
    def ended(self, traffic: Traffic, closed: Closed, *, useful: bool) -> None: ...
    def refused(self, traffic: Traffic, problem: ConnectProblem) -> None: ...


class _Desk:
    """One connection's way to the engine: knows what that connection holds."""

    def __init__(self, counter: Counter, traffic: Traffic, link: Connection) -> None:
        self._counter = counter
        self._traffic = traffic
        self._link = link
        self._alone: int | None = None
        self.answered = False  # the server has brought a message to an end over this link

    def take(self) -> Job | None:
        if self._alone is not None:
            return None
        job, alone = self._counter.take(self._traffic, self._link)
        if alone and job is not None:
            self._alone = job.id
        return job

    def permit(self, job_id: int) -> bool:
        return self._counter.permit(self._traffic, job_id)

    def done(self, result: Result) -> None:
        if result.id == self._alone:
            self._alone = None
        if result.reply is not None:
            self.answered = True
        self._counter.done(self._traffic, result)


class Links:
    """Opens and keeps the connections to all servers of a run."""

    def __init__(self, counter: Counter, tls: ssl.SSLContext, book: ReplyBook, boot: Callable[[], float]) -> None:
        self._counter = counter
        self._tls = tls
        self._book = book
        self._boot = boot
        self._last = 0

    async def keep(self, traffic: Traffic) -> None:
        """One place for a connection; runs until it is cancelled."""
        failures = 0
        while True:
            await traffic.wanted.wait()
            while len(traffic.links) + traffic.dialling >= traffic.allowed:
                traffic.changed.clear()
                await traffic.changed.wait()
            if traffic.closed_to_us:
                return
            failures = 0 if await self._once(traffic) else failures + 1
            traffic.failures = 0 if not failures else max(traffic.failures, failures)
            traffic.changed.set()
            if failures:
                await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF)) - 1])

    async def _once(self, traffic: Traffic) -> bool:
        """One connection from its start to its end; whether it was of use."""
        began = self._boot()
        link = await self._open(traffic)
        if link is None:
            return False
        desk = _Desk(self._counter, traffic, link)
        traffic.links[link.number] = link
        traffic.failures = 0
        link.start(desk)
        self._counter.opened(traffic)
        try:
            closed = await link.closed()
        finally:
            del traffic.links[link.number]
        useful = desk.answered or closed.end is End.FINISHED or self._boot() - began > LONG
        if closed.verdict is not None and closed.verdict.effect is Effect.SLOW:
            traffic.slow_down()
        self._counter.ended(traffic, closed, useful=useful)
        return useful

    async def _secret(self, traffic: Traffic) -> str | None:
        """What it logs in with, asked for in a thread: a token may come from a command."""
        try:
            return await asyncio.get_running_loop().run_in_executor(None, traffic.relay.secret)
        except NewsletterError as error:
            # It was there when the run began: a token that cannot be had just now is asked for again.
            raise ConnectProblem("SMTP-AUTH", error.message, temporary=True) from error

    async def _open(self, traffic: Traffic) -> Connection | None:
        self._last += 1
        number, relay = self._last, traffic.relay
        traffic.dialling += 1
        try:
            secret = await self._secret(traffic)
            return await open_connection(
                relay.server, tls=self._tls, secret=secret, number=number, book=self._book.at(relay.provider),
                learned=traffic.learned,
            )  # fmt: skip
        except ConnectProblem as problem:
            if problem.verdict is not None and problem.verdict.effect is Effect.SLOW:
                traffic.slow_down()
            self._counter.refused(traffic, problem)
            return None
        finally:
            traffic.dialling -= 1
