"""The engine: empties the outbox of one send over a few SMTP connections.

    watch   rereads the send every 250 ms, keeps the leases          ──▶ permit, stop
    links   one task per connection: connect, carry, connect again
    pump    ┌─▶ ledger.flight(results of the last flight, room)  in a thread: one transaction
            │        │ due                                          │ state
            │        ▼                                              ▼
            │      ready ──take──▶ connection ──done──▶ landed     stop
            └───────────────────────────────────────────┘

`ready` and what is on the wire together never exceed connections × depth: that is all a crash can leave uncertain.
A slow ledger claims less, so the servers wait: that is the whole flow control. Nothing here decides about newsletters.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from newsletter_cli.delivery.chunks import Report
from newsletter_cli.delivery.connection import (
    Closed,
    Connection,
    ConnectProblem,
    End,
    Result,
    Server,
    open_connection,
)  # fmt: skip
from newsletter_cli.delivery.ledger import Due, Flight, Ledger
from newsletter_cli.delivery.pace import Pace
from newsletter_cli.delivery.problems import STOPS, problem_of, unreachable
from newsletter_cli.delivery.running import Counters, Ending, EndKind, Plan
from newsletter_cli.delivery.smtp.letter import Job, Letter
from newsletter_cli.delivery.smtp.outcome import Outcome as Heard
from newsletter_cli.delivery.smtp.verdict import Effect
from newsletter_cli.delivery.states import Fact, Outcome, SendState
from newsletter_cli.errors import NewsletterError
from newsletter_cli.mail.problems import MailProblem
from newsletter_cli.mail.reader import Reader

log = logging.getLogger(__name__)

REREAD = 0.25  # seconds between two looks at the send's state
FRESH = 0.5  # seconds for which such a look permits data to leave
REST = 0.005  # seconds the write lock stays free between two flights, at least
DRAIN = 10.0  # seconds that a stop waits for the answers of what is on the wire
RETRY_STORE = 0.5  # seconds between two tries to store results
BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)  # seconds before a link connects again, by failures in a row
LEASE_SHARE = 0.8  # of a lease, after which nothing more is begun under it

FACTS: Mapping[Heard, Fact] = {
    Heard.ACCEPTED: Fact.ACCEPTED,
    Heard.RETRY: Fact.LATER,
    Heard.FAILED: Fact.NEVER,
    Heard.NOT_SENT: Fact.NOT_SENT,
    Heard.UNCERTAIN: Fact.LOST,
}

T = TypeVar("T")


def boot_seconds() -> float:
    """Seconds of a clock that runs on while the machine sleeps, so that a lease ends during a suspend too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class _Desk:
    """One connection's way to the engine: knows what that connection holds."""

    def __init__(self, engine: "Engine", link: Connection) -> None:
        self._engine = engine
        self._link = link
        self._alone: int | None = None
        self.answered = False  # the server has brought a message to an end over this link

    def take(self) -> Job | None:
        if self._alone is not None:
            return None
        job, alone = self._engine.take(may_be_alone=self._link.holds == 0)
        if alone and job is not None:
            self._alone = job.id
        return job

    def permit(self, job_id: int) -> bool:
        return self._engine.permit(job_id)

    def done(self, result: Result) -> None:
        if result.id == self._alone:
            self._alone = None
        self.answered |= result.reply is not None
        self._engine.done(result)


class Engine:
    """One run over one send. Make it, call `run` once; `drain` and `abort` may be called while it runs."""

    def __init__(
        self,
        ledger: Ledger,
        fill: Callable[[Reader], Letter],
        server: Server,
        tls: ssl.SSLContext,
        plan: Plan,
        counters: Counters,
        read_state: Callable[[], tuple[SendState, str]],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        boot: Callable[[], float] = boot_seconds,
    ) -> None:
        """fill: a reader's values poured into the version; may raise MailProblem for one that cannot be built.

        read_state: reads the send's state; called in a thread of its own, so that a locked ledger does not blind us.
        """
        self._ledger = ledger
        self._fill = fill
        self._server = server
        self._tls = tls
        self._plan = plan
        self.counters = counters
        self._read_state = read_state
        self._clock = clock
        self._boot = boot
        self._told: deque[str] = deque(maxlen=20)
        self._pace = Pace(plan.rates, boot())
        self._ready: deque[Due] = deque()
        self._out: dict[int, Due] = {}
        self._landed: list[tuple[Report, Result | None]] = []  # results not yet stored, the oldest first
        self._lost: frozenset[int] = frozenset()  # chunks that another process took from us
        self._links: dict[int, Connection] = {}
        self._next_link = 0
        self._lock_step = False  # for the rest of the run, once a server lost step
        self._out_of_step: set[int] = set()  # numbers of the links that did
        self._seen_sending = float("-inf")  # boot seconds before the last look that found the send `sending`
        self._lease_until = float("-inf")  # boot seconds
        self._storing = True
        self._stop: Ending | None = None
        self._drain_by: float | None = None
        self._news = asyncio.Event()  # for the pump: something landed, a link opened, a stop was asked for
        self._look = asyncio.Event()  # for the watch: look at the send now
        self._wanted = asyncio.Event()  # for the links: there is somebody to write to
        self._trouble: float | None = None  # boot seconds since when the server brings nothing to an end
        self._store_trouble: float | None = None  # boot seconds since when results cannot be stored
        self._only_retries: float | None = None  # boot seconds since when nobody but retries is left
        self._last_problem = ""
        self._ledger_thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._watch_thread = ThreadPoolExecutor(1, thread_name_prefix="watch")

    # --- the desk: called by connections, on the loop's thread ---------------------------------------------------

    def take(self, *, may_be_alone: bool) -> tuple[Job | None, bool]:
        """The next job, and whether its connection must carry it without neighbours."""
        for _ in range(len(self._ready)):
            due = self._ready.popleft()
            if due.alone and not may_be_alone:
                self._ready.append(due)
                continue
            try:
                letter = self._fill(due.reader)
            except MailProblem as problem:
                self._land(due, Fact.NEVER, reason="cannot-build", answer=problem.sentence[:500])
                continue
            self._out[due.id] = due
            return Job(due.id, letter), due.alone
        return None, False

    def permit(self, job_id: int) -> bool:
        """Whether data may leave now: intent committed, send seen `sending` just now, lease not near its end."""
        now = self._boot()
        return (
            job_id in self._out
            and self._out[job_id].chunk not in self._lost
            and self._storing
            and self._stop is None
            and now - self._seen_sending < FRESH
            and now < self._lease_until
        )

    def done(self, result: Result) -> None:
        """One job has its result."""
        due = self._out.pop(result.id)
        fact, reason = _fact_of(result)
        verdict, reply = result.verdict, result.reply
        if verdict is not None and verdict.effect is not Effect.NONE:
            self._heed(verdict.effect, result)
        if fact is not Fact.NOT_SENT:
            self._trouble = None
        elif not result.given_back:
            self._in_trouble("The connection broke before a message was received whole.")
        self._land(
            due,
            fact,
            result=result,
            reason=reason,
            code=reply.code if reply else None,
            enhanced=reply.enhanced if reply else "",
            answer=reply.text if reply else "",
            alone=result.alone,
        )

    def _land(
        self,
        due: Due,
        fact: Fact,
        *,
        result: Result | None = None,
        reason: str = "",
        code: int | None = None,
        enhanced: str = "",
        answer: str = "",
        alone: bool = False,
    ) -> None:
        now = self._clock()
        report = Report(
            id=due.id, chunk=due.chunk, attempt=due.attempt, fact=fact, at=now, code=code, enhanced=enhanced,
            answer=answer, reason=reason, alone=alone, not_before=now + _rest(due, now) if alone else None,
        )  # fmt: skip
        self._landed.append((report, result))
        self._news.set()

    def _heed(self, effect: Effect, result: Result) -> None:
        """What an answer means for the whole send, beyond its own message."""
        text = result.reply.text if result.reply else ""
        code = f"{result.reply.code} " if result.reply else ""
        self.note(f"{self._server.host}: {code}{text}")
        problem = problem_of(effect, self._server, f"{code}{text}")
        if problem is not None:
            self._end(Ending(kind=EndKind.PROBLEM, problem=problem))

    def note(self, sentence: str) -> None:
        """Something to show above the live view; the same sentence is not repeated."""
        if sentence not in self._told:
            self._told.append(sentence)
            self.counters.untold.append(sentence)
            log.info(sentence)

    # --- running -------------------------------------------------------------------------------------------------

    async def run(self) -> Ending:
        """Send until nobody is due or something stops us. Gives every chunk back before it returns."""
        try:
            async with asyncio.TaskGroup() as background:
                tasks = [background.create_task(self._watch(), name="watch")]
                tasks += [background.create_task(self._link(), name=f"link {n}") for n in range(self._link_count())]
                try:
                    ending = await self._pump()
                finally:
                    for task in tasks:
                        task.cancel()
                    for link in self._links.values():
                        link.abort()
            return ending
        finally:
            self._ledger_thread.shutdown(wait=False)
            self._watch_thread.shutdown(wait=False)

    def drain(self) -> None:
        """Begin nothing more, land what is on the wire for ten seconds, end."""
        self._end(Ending(kind=EndKind.INTERRUPTED))

    def abort(self) -> None:
        """Stop waiting for answers: what is on the wire becomes uncertain."""
        self.drain()
        self._drain_by = self._boot()

    def look(self) -> None:
        """Look at the send's state now, not in a quarter of a second."""
        self._look.set()

    def _end(self, ending: Ending) -> None:
        if self._stop is None:
            self._stop = ending
            self._drain_by = self._boot() + DRAIN
        self._news.set()

    def _link_count(self) -> int:
        left = self.counters.tally[Outcome.WAITING] + self.counters.tally[Outcome.RETRY]
        return max(1, min(self._plan.connections, left))

    async def _in_ledger(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._ledger_thread, call)

    async def _news_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    # --- pump ----------------------------------------------------------------------------------------------------

    async def _pump(self) -> Ending:
        opening = await self._in_ledger(self._ledger.outlook)
        while self._stop is None:
            due_now = opening is not None and opening <= self._clock()
            if self._landed or self._renewal_is_due() or (due_now and self._room()):
                began = time.monotonic()
                flight = await self._flight(self._room() if due_now else 0)
                if flight is not None:
                    opening = flight.opening
                    # The write lock is not fair: it stays free as long as it was held, for whoever else must write.
                    await asyncio.sleep(max(REST, time.monotonic() - began))
            elif self._ready or self._out:
                await self._news_within(self._next_look(due_now))
            elif opening is None:
                self._stop = Ending(kind=EndKind.FINISHED)
            elif due_now:
                self._wanted.set()
                await self._news_within(self._next_look(due_now))
            else:
                await self._wait_for_retries(opening)
            self._check_patience()
        return await self._land_all()

    def _room(self) -> int:
        """How many readers may be claimed now: what open connections and the rate let go at once."""
        room = len(self._links) * self._plan.depth - len(self._ready) - len(self._out)
        allowed = self._pace.allowed(self._boot())
        return max(0, room if allowed is None else min(room, allowed))

    def _next_look(self, due_now: bool) -> float:
        """Seconds after which the pump looks up by itself: the next message the rate lets go, a lease to renew."""
        wait = self._pace.wait() if due_now and self._links else None
        return 0.5 if wait is None else min(0.5, max(wait, 0.001))

    def _renewal_is_due(self) -> bool:
        # A third of the lease before its last permitted moment: time for a ledger that is slow to answer.
        return bool(self._ledger.leases) and self._boot() > self._lease_until - self._ledger.lease.total_seconds() / 3

    async def _flight(self, want: int) -> Flight | None:
        """One transaction; None when it could not be made: then nothing is begun until one succeeds."""
        landed, self._landed = self._landed, []
        began = self._boot()
        reports = tuple(report for report, _ in landed)
        try:
            flight = await self._in_ledger(lambda: self._ledger.flight(reports, want, self._clock()))
        except NewsletterError as error:
            self._landed = [self._as_known_now(*item) for item in landed] + self._landed
            await self._cannot_store(error)
            return None
        self._storing, self._store_trouble = True, None
        self._lease_until = began + self._ledger.lease.total_seconds() * LEASE_SHARE
        self._take_in(flight, began)
        return flight

    def _take_in(self, flight: Flight, began: float) -> None:
        self.counters.apply(flight)
        self._lost |= flight.lost
        self._ready.extend(flight.due)
        self._pace.spend(len(flight.due))
        if flight.state is SendState.SENDING:
            self._seen_sending = max(self._seen_sending, began)
        else:
            self._end(Ending(kind=EndKind.STOPPED))
        if flight.lost or self._stop is not None:
            self._return_ready(flight.lost if self._stop is None else None)
        if flight.due:
            for link in tuple(self._links.values()):
                link.wake()
        self.counters.on_wire = len(self._out)

    def _return_ready(self, chunks: frozenset[int] | None) -> None:
        """Give back what no connection has taken: that of some chunks, or (None) everything."""
        kept: deque[Due] = deque()
        for due in self._ready:
            if chunks is None or due.chunk in chunks:
                self._land(due, Fact.NOT_SENT)
            else:
                kept.append(due)
        self._ready = kept

    async def _cannot_store(self, error: NewsletterError) -> None:
        """Stop the sending, not the storing: nothing is begun, and the same results are tried again."""
        now = self._boot()
        self._storing = False
        self._store_trouble = now if self._store_trouble is None else self._store_trouble
        self.note(f"{error.message} Nothing more leaves until the answers are stored; trying again.")
        if now - self._store_trouble >= self._plan.wait.total_seconds():
            self._end(Ending(kind=EndKind.PROBLEM, problem=error))
        await asyncio.sleep(RETRY_STORE)

    async def _wait_for_retries(self, opening: datetime) -> None:
        """Only retries are left: stay for them up to `wait`, or hand over at once when the next one is later."""
        now = self._boot()
        self._only_retries = now if self._only_retries is None else self._only_retries
        until = (opening - self._clock()).total_seconds()
        if until > self._plan.wait.total_seconds() - (now - self._only_retries):
            self._end(Ending(kind=EndKind.RETRIES, next_due=opening))
            return
        self._wanted.clear()
        for link in tuple(self._links.values()):
            link.finish()
        await self._news_within(min(until, 5.0))

    def _check_patience(self) -> None:
        if self._trouble is not None and self._boot() - self._trouble >= self._plan.wait.total_seconds():
            self._end(Ending(kind=EndKind.PROBLEM, problem=unreachable(self._server, self._last_problem)))

    async def _land_all(self) -> Ending:
        """After a stop: give back what nobody took, wait for answers, store, open the chunks again."""
        assert self._stop is not None
        self._wanted.clear()
        for link in tuple(self._links.values()):
            link.finish()
        while self._out and self._boot() < (self._drain_by or 0.0):
            self._return_ready(None)
            if self._landed:
                await self._flight(0)
            await self._news_within(0.1)
        doubted = len(self._out)
        for link in tuple(self._links.values()):
            link.abort()
        self._return_ready(None)
        unstored = await self._store_last()
        return replace(self._stop, doubted=doubted, unstored=unstored)

    async def _store_last(self) -> int:
        """Store the last results and open the chunks; returns how many could not be stored within the patience."""
        give_up = self._boot() + max(DRAIN, self._plan.wait.total_seconds() if self._store_trouble is None else DRAIN)
        while True:
            reports = tuple(report for report, _ in self._landed)
            try:
                flight = await self._in_ledger(partial(self._ledger.give_back, reports, self._clock()))
            except NewsletterError as error:
                self.note(f"{error.message} The last {len(reports)} answers are not stored yet; trying again.")
                if self._boot() >= give_up:
                    return len(reports)
                await asyncio.sleep(RETRY_STORE)
            else:
                self._landed = []
                self.counters.apply(flight)
                self.counters.on_wire = 0
                return 0

    # --- links ---------------------------------------------------------------------------------------------------

    async def _link(self) -> None:
        """One place for a connection: connect, carry until it ends, connect again."""
        failures = 0
        while True:
            await self._wanted.wait()
            began = self._boot()
            self._next_link += 1
            number = self._next_link
            server = replace(self._server, pipelining=self._server.pipelining and not self._lock_step)
            try:
                link = await open_connection(
                    server, tls=self._tls, secret=self._plan.secret, number=number, book=self._plan.book
                )
            except ConnectProblem as problem:
                self._cannot_connect(problem)
                failures += 1
            else:
                desk = _Desk(self, link)
                self._links[number] = link
                link.start(desk)
                self._news.set()
                try:
                    closed = await link.closed()
                finally:
                    del self._links[number]
                self._has_closed(closed)
                useful = desk.answered or (closed.end is End.FINISHED) or self._boot() - began > 60
                failures = 0 if useful else failures + 1
                if not useful:
                    self._in_trouble(closed.reason)
            self._news.set()
            if failures:
                await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF)) - 1])

    def _cannot_connect(self, problem: ConnectProblem) -> None:
        if problem.temporary:
            self.note(f"{self._server.host}:{self._server.port}: {problem.reason} Trying again.")
            self._in_trouble(problem.reason)
        else:
            self._end(Ending(kind=EndKind.PROBLEM, problem=problem.as_error(self._server, sent="")))

    def _in_trouble(self, reason: str) -> None:
        self._last_problem = reason
        if self._trouble is None:
            self._trouble = self._boot()

    def _has_closed(self, closed: Closed) -> None:
        self._lock_step |= closed.lock_step  # it offers PIPELINING and stalls: not once more for each new connection
        if not closed.out_of_step:
            return
        # Answers and questions of this link no longer fit: what of it is not stored yet may belong to another message.
        self._lock_step = True
        self.note(f"{self._server.host} lost step ({closed.reason}); one message at a time from here on.")
        self._out_of_step.add(closed.link)
        self._landed = [self._as_known_now(*item) for item in self._landed]

    def _as_known_now(self, report: Report, result: Result | None) -> tuple[Report, Result | None]:
        if result is None or result.link not in self._out_of_step:
            return report, result
        fact = Fact.LOST if result.written else Fact.NOT_SENT
        return replace(report, fact=fact, reason="out-of-step" if fact is Fact.LOST else ""), result

    # --- watch ---------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Look at the send every quarter of a second; while it cannot be read, no permit is given."""
        loop = asyncio.get_running_loop()
        while True:
            began = self._boot()
            try:
                state, _ = await loop.run_in_executor(self._watch_thread, self._read_state)
            except NewsletterError as error:
                log.debug("the send cannot be read: %s", error.message)
            else:
                if state is SendState.SENDING:
                    self._seen_sending = max(self._seen_sending, began)
                else:
                    self._end(Ending(kind=EndKind.STOPPED))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REREAD):
                    await self._look.wait()
            self._look.clear()


def _rest(due: Due, now: datetime) -> timedelta:
    """How long a message waits that broke off in the middle: half as long again as it has been tried, 2 s to 10 min."""
    tried = now - due.first_try if due.first_try is not None else timedelta(0)
    return min(max(tried / 2, timedelta(seconds=2)), timedelta(minutes=10))


def _fact_of(result: Result) -> tuple[Fact, str]:
    """What a result says about its reader, and the verdict in one word."""
    fact = FACTS[result.outcome]
    reason = result.verdict.category.value if result.verdict is not None else ""
    if result.verdict is not None and result.verdict.effect in STOPS:
        return Fact.NOT_SENT, reason  # it is about us: the reader is as before
    if fact is Fact.LOST:
        return fact, "no-answer"
    return fact, reason
