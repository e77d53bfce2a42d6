"""A connection under test: servers' settings with short patience, letters, and a desk that keeps what it is told."""

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from newsletter_cli.delivery.connection import (
    Closed,
    Connection,
    ConnectProblem,
    Learned,
    Result,
    Security,
    Server,
    default_tls,
    open_connection,
)
from newsletter_cli.delivery.smtp.book import load_book
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome

BOOK = load_book()
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Text:
    """A letter."""

    recipient: str
    segments: tuple[bytes, ...]
    envelope_from: str = "news@example.org"
    smtputf8: bool = False
    token: str = ""

    @property
    def size(self) -> int:
        return sum(map(len, self.segments))


def letter(number: int, size: int = 1000) -> Text:
    """To r1@example.org and so on, of about that many bytes, in pieces."""
    line = b"line of reader %d ".ljust(76, b"x") % number + b"\r\n"
    head = b"Subject: to reader %d\r\n\r\n" % number
    return Text(f"r{number}@example.org", (head, *([line * 10] * (size // len(line) // 10)), line))


def jobs(count: int, size: int = 1000) -> tuple[Job, ...]:
    return tuple(Job(number, letter(number, size)) for number in range(1, count + 1))


def at(port: int, **changes: object) -> Server:
    """The server on that port of the loopback, in clear, patient for as long as a loaded machine may need."""
    server = Server(
        host="127.0.0.1", port=port, security=Security.NONE, ehlo_name="client.test", timeout=10 * SECOND,
        data_timeout=20 * SECOND,
    )  # fmt: skip
    return replace(server, **changes)  # type: ignore[arg-type]  # names and types are Server's, all in these tests


@dataclass
class Desk:
    """Gives jobs out in order and keeps their results; finishes its connections when all have one."""

    jobs: deque[Job]
    allowed: Callable[[int], bool] = lambda number: True
    results: list[Result] = field(default_factory=list)
    links: list[Connection] = field(default_factory=list)
    asked: Counter[int] = field(default_factory=Counter)  # permits
    finishing: bool = True

    def take(self) -> Job | None:
        return self.jobs.popleft() if self.jobs else None

    def permit(self, job_id: int) -> bool:
        self.asked[job_id] += 1
        return self.allowed(job_id)

    def done(self, result: Result) -> None:
        self.results.append(result)
        if not self.jobs and self.finishing and all(link.holds == 0 for link in self.links):
            for link in self.links:
                link.finish()

    @property
    def outcomes(self) -> dict[int, Outcome]:
        assert len({result.id for result in self.results}) == len(self.results), "two results for one job"
        return {result.id: result.outcome for result in sorted(self.results, key=lambda result: result.id)}

    def result(self, number: int) -> Result:
        [found] = [result for result in self.results if result.id == number]
        return found


def desk_of(given: Iterable[Job], allowed: Callable[[int], bool] = lambda number: True) -> Desk:
    return Desk(deque(given), allowed)


async def connect(
    server: Server, *, tls: ssl.SSLContext | None = None, secret: str | None = None, learned: Learned | None = None
) -> Connection:
    how = tls or default_tls()
    return await open_connection(server, tls=how, secret=secret, number=1, book=BOOK, learned=learned)


async def send(server: Server, desk: Desk, **how: ssl.SSLContext | str | Learned | None) -> Closed:
    """One connection over which the desk's jobs go, until it ends in whatever way."""
    link = await connect(server, **how)  # type: ignore[arg-type]  # tls, secret, learned
    desk.links.append(link)
    link.start(desk)
    return await link.closed()


async def problem_of(server: Server, **how: ssl.SSLContext | str | None) -> ConnectProblem:
    """Why there is no connection."""
    try:
        link = await connect(server, **how)  # type: ignore[arg-type]  # tls, secret, learned
    except ConnectProblem as problem:
        return problem
    link.abort()
    raise AssertionError("it has connected")


async def until(condition: Callable[[], bool], what: str) -> None:
    """Returns once it holds; the loop goes on meanwhile. TimeoutError naming `what` when it does not in time."""
    for _ in range(4000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError(what)
