"""The engine: empties the outbox of one send over a few SMTP connections.

    watch   rereads the send every 250 ms                                  ──▶ permit, stop
    links   places for connections: connect, carry, connect again
    pump    ┌─▶ ledger.flight(results of the last flight, what has room)  in a thread: one transaction
            │        │ due                                          │ state
            │        ▼ (signed in threads, if we sign)              ▼
            │      ready ──take──▶ connection ──done──▶ landed     stop
            └───────────────────────────────────────────┘

What is ready, being signed or on the wire together never exceeds connections × depth of a server: that is all a crash
can leave uncertain. A slow ledger claims less, so the servers wait: that is the whole flow control. Nothing here
decides about newsletters.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from newsletter_cli.delivery.breaker import Breaker, bad_canary
from newsletter_cli.delivery.canary import Sung
from newsletter_cli.delivery.chunks import Report
from newsletter_cli.delivery.connection import Closed, Connection, ConnectProblem, Result
from newsletter_cli.delivery.lanes import Lane, Lanes
from newsletter_cli.delivery.ledger import NOTHING, Ask, Due, Flight, Held, Ledger
from newsletter_cli.delivery.links import Links
from newsletter_cli.delivery.problems import STOPS, problem_of, unreachable
from newsletter_cli.delivery.relays import Ready, Relay, Traffic, weigh
from newsletter_cli.delivery.running import Counters, Ending, EndKind, Plan
from newsletter_cli.delivery.sealing import Sealing
from newsletter_cli.delivery.shares import Berth
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome as Heard
from newsletter_cli.delivery.smtp.verdict import Effect
from newsletter_cli.delivery.states import Fact, Outcome, SendState
from newsletter_cli.errors import NewsletterError
from newsletter_cli.mail.problems import MailProblem
from newsletter_cli.storage.schema import EPOCH, MICROSECOND

log = logging.getLogger(__name__)

REREAD: Final = 0.25  # seconds between two looks at the send's state
FRESH: Final = 0.5  # seconds for which such a look permits data to leave
REST: Final = 0.005  # seconds the write lock stays free between two flights, at least
DRAIN: Final = 10.0  # seconds that a stop waits for the answers of what is on the wire
RETRY_STORE: Final = 0.5  # seconds between two tries to store results
LEASE_SHARE: Final = 0.8  # of a lease, after which nothing more is begun under it
CHAIN: Final = 2  # messages that keep the line to a near server busy
IDLE: Final = 5.0  # seconds for which connections are kept open with nobody to write to

FACTS: Final[Mapping[Heard, Fact]] = {
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


class Engine:
    """One run over one send. Make it, call `run` once; `drain` and `abort` may be called while it runs."""

    def __init__(
        self,
        ledger: Ledger,
        relays: Sequence[Relay],
        lanes: Lanes,
        plan: Plan,
        counters: Counters,
        read_state: Callable[[], tuple[SendState, str]],
        *,
        keep_reserve: Callable[[], bool] = lambda: False,
        free_reserve: Callable[[], bool] = lambda: False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        boot: Callable[[], float] = boot_seconds,
    ) -> None:
        """read_state: reads the send's state; called in a thread of its own, so a locked ledger does not blind us.

        keep_reserve, free_reserve: keep space for results on a full disk, and give it back; whether there was any.
        """
        self._ledger = ledger
        self._lanes = lanes
        self._plan = plan
        self.counters = counters
        self._read_state = read_state
        self._keep_reserve = keep_reserve
        self._free_reserve = free_reserve
        self._clock = clock
        self._boot = boot
        self._traffics = {
            relay.name: Traffic(relay, Learned(window=plan.depth), plan.depth, relay.connections, relay.weight)
            for relay in relays
        }
        self._links = Links(self, plan.tls, plan.book, boot)
        self._sealing = Sealing()
        self._breaker = Breaker(plan.stop_on_failure, plan.waived)
        self._told: deque[str] = deque(maxlen=20)
        self._landed: list[tuple[Report, Result | None]] = []  # results not yet stored, the oldest first
        self._lost: frozenset[Held] = frozenset()  # leases that another process took from us
        self._out_of_step: set[int] = set()  # numbers of the links that lost step
        self._openings: Mapping[str, datetime] = {}
        self._canary: Sung | None = None
        self._held_until: datetime | None = None  # only the first readers before this moment
        self._day_at: datetime | None = None  # the warm-up lets nobody go before
        self._seen_sending = float("-inf")  # boot seconds before the last look that found the send `sending`
        self._lease_until = float("-inf")  # boot seconds
        self._storing = True
        self._stop: Ending | None = None
        self._drain_by: float | None = None
        self._news = asyncio.Event()  # for the pump: something landed, a link opened, a stop was asked for
        self._look = asyncio.Event()  # for the watch: look at the send now
        self._store_trouble: float | None = None  # boot seconds since when results cannot be stored
        self._full: NewsletterError | None = None  # the disk is full, and what was kept back is in use
        self._full_since: float | None = None
        self._only_later: float | None = None  # boot seconds since when nobody is due but later
        self._ledger_thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._watch_thread = ThreadPoolExecutor(1, thread_name_prefix="watch")

    # --- the counter: called by connections, on the loop's thread -----------------------------------------------------

    def take(self, traffic: Traffic, link: Connection) -> tuple[Job | None, bool]:
        """The next job, and whether its connection must carry it without neighbours."""
        if link.holds >= CHAIN and traffic.latency < REST:
            # It answers faster than a flight takes: more on the wire would only leave nothing ready for the others.
            return None, False
        ready = traffic.ready
        for _ in range(len(ready)):
            one = ready.popleft()
            due = one.due
            lane = self._lanes.lane(due.lane)
            if (due.alone and link.holds) or not lane.may_carry(link.number):
                ready.append(one)
                continue
            letter = one.letter
            if letter is None:
                try:
                    letter = traffic.relay.fill(due.reader)
                except MailProblem as problem:
                    self._cannot_build(due, problem)
                    continue
            self._breaker.built()
            traffic.out[due.id] = due, self._boot()
            lane.took(link.number)
            return Job(due.id, letter), due.alone
        return None, False

    def permit(self, traffic: Traffic, job_id: int) -> bool:
        """Whether data may leave now: intent committed, send seen `sending` just now, lease not near its end."""
        taken = traffic.out.get(job_id)
        now = self._boot()
        return (
            taken is not None
            and (taken[0].chunk, taken[0].epoch) not in self._lost
            and self._storing
            and self._stop is None
            and now - self._seen_sending < FRESH
            and now < self._lease_until
        )

    def done(self, traffic: Traffic, result: Result) -> None:
        """One job has its result."""
        due, taken = traffic.out.pop(result.id)
        lane = self._lanes.lane(due.lane)
        lane.gave(result.link)
        if result.outcome is Heard.ACCEPTED:
            traffic.took_one(taken, self._boot(), traffic.relay.connections)
            if lane.connections is not None or lane.blocks:
                self._lanes.accepted(due.lane, due.domain, self._clock())
            reply = result.reply
            code, enhanced, answer = (reply.code, reply.enhanced, reply.text) if reply is not None else (None, "", "")
            self._landed.append((self._report(due, Fact.ACCEPTED, code, enhanced, answer), result))
            self._news.set()
            return
        self._heed(traffic, due, result)
        fact, reason = _fact_of(result)
        if result.reply is not None:
            traffic.trouble, traffic.answered = None, self._boot()
        elif fact is Fact.NOT_SENT and not result.given_back:
            self._in_trouble(traffic, "The connection broke before a message was received whole.")
        reply = result.reply
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

    def _report(self, due: Due, fact: Fact, code: int | None, enhanced: str, answer: str) -> Report:
        self._lanes.lane(due.lane).held -= 1
        return Report(due.id, due.chunk, due.attempt, fact, self._clock(), code, enhanced, answer)

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
        report = self._report(due, fact, code, enhanced, answer)
        not_before = None
        if fact is Fact.NOT_SENT:
            self._traffics[due.server].carried -= 1
            lane = self._lanes.lane(due.lane)
            not_before = lane.until if lane.resting(report.at) else None
            if alone:
                not_before = max(report.at + _rest(due, report.at), not_before or report.at)
        self._landed.append((report._replace(reason=reason, alone=alone, not_before=not_before), result))
        self._news.set()

    def _cannot_build(self, due: Due, problem: MailProblem) -> None:
        self._breaker.cannot_build()
        self._land(due, Fact.NEVER, reason="cannot-build", answer=problem.sentence[:500])

    def _heed(self, traffic: Traffic, due: Due, result: Result) -> None:
        """What an answer means beyond its own message: for its lane, or for the whole send."""
        verdict, reply, now = result.verdict, result.reply, self._clock()
        if verdict is None or verdict.effect is Effect.NONE:
            return
        answer = f"{reply.code} {reply.text}" if reply else ""
        if verdict.effect is Effect.SLOW:
            lane = self._lanes.slow(due.lane, due.domain, answer, now)
            if lane is not None:
                self._has_begun_to_rest(lane, f"{lane.key or traffic.relay.server.host} asks us to slow down", now)
        elif verdict.effect is Effect.PAUSE_LANE:
            lane = self._lanes.blocked(due.lane, due.domain, answer, now)
            if lane is not None:
                self._has_begun_to_rest(lane, f"{lane.key} refuses our mail as unwanted", now)
            else:
                self.note(f"{traffic.relay.server.host}: {answer}")
        else:
            self.note(f"{traffic.relay.server.host}: {answer}")
            problem = problem_of(verdict.effect, traffic.relay.server, answer)
            if problem is not None:
                self._end(Ending(kind=EndKind.PROBLEM, problem=problem))

    def _has_begun_to_rest(self, lane: Lane, what: str, now: datetime) -> None:
        minutes = max(1, round(((lane.until or now) - now).total_seconds() / 60))
        self.note(f"{what} ({lane.why[:120]}); trying again in {minutes} min. Others go on.")
        for traffic in self._traffics.values():
            self._return_ready(traffic, lambda due: lane.key in (due.lane, due.domain))

    def opened(self, traffic: Traffic) -> None:
        """A connection is open."""
        self._news.set()

    def ended(self, traffic: Traffic, closed: Closed, *, useful: bool) -> None:
        """A connection is over; all its messages have their results."""
        if not useful:
            self._in_trouble(traffic, closed.reason)
        if closed.out_of_step:
            # Answers and questions of this link no longer fit: what of it is not stored may belong to another message.
            self.note(f"{traffic.relay.server.host} lost step ({closed.reason}); one message at a time from here on.")
            self._out_of_step.add(closed.link)
            self._landed = [self._as_known_now(*item) for item in self._landed]
        self._news.set()

    def refused(self, traffic: Traffic, problem: ConnectProblem) -> None:
        """No connection came about."""
        server = traffic.relay.server
        traffic.problem = problem.reason
        if problem.temporary:
            self.note(f"{server.host}:{server.port}: {problem.reason} Trying again.")
            traffic.failures = max(1, traffic.failures)
            self._in_trouble(traffic, problem.reason)
        else:
            traffic.closed_to_us = True
            if all(one.closed_to_us for one in self._traffics.values()):
                self._end(Ending(kind=EndKind.PROBLEM, problem=problem.as_error(server, sent="")))
            else:
                self.note(f"{server.host}:{server.port}: {problem.reason} The other servers go on.")
        self._return_ready(traffic, None)
        self._news.set()

    def note(self, sentence: str) -> None:
        """Something to show above the live view; the same sentence is not repeated."""
        if sentence not in self._told:
            self._told.append(sentence)
            self.counters.untold.append(sentence)

    # --- running -------------------------------------------------------------------------------------------------

    async def run(self) -> Ending:
        """Send until nobody is due or something stops us. Gives every chunk back before it returns."""
        try:
            async with asyncio.TaskGroup() as background:
                tasks = [background.create_task(self._watch(), name="watch")]
                for traffic in self._traffics.values():
                    tasks += [
                        background.create_task(self._links.keep(traffic), name=f"link of {traffic.name}")
                        for _ in range(self._places(traffic))
                    ]
                try:
                    ending = await self._pump()
                finally:
                    for task in tasks:
                        task.cancel()
                    for traffic in self._traffics.values():
                        traffic.abort()
            return ending
        finally:
            self._ledger_thread.shutdown(wait=False)
            self._watch_thread.shutdown(wait=False)
            self._sealing.close()

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
            self.counters.stopping = True
        self._news.set()

    def _places(self, traffic: Traffic) -> int:
        left = self.counters.tally[Outcome.WAITING] + self.counters.tally[Outcome.RETRY]
        return max(1, min(traffic.relay.connections, left))

    async def _in_ledger(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._ledger_thread, call)

    async def _news_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    # --- pump ----------------------------------------------------------------------------------------------------

    async def _pump(self) -> Ending:
        self._openings = await self._in_ledger(lambda: self._ledger.outlook(self._clock()))
        while self._stop is None:
            if self._full is not None and not self._landed:
                await self._wait_for_space(self._full)
            ask = self._ask(self._clock()) if self._full is None else NOTHING
            if self._landed or ask.berths or ask.rests or self._renewal_is_due():
                began = time.monotonic()
                if await self._flight(ask):
                    # The write lock is not fair: it stays free as long as it was held, for whoever else must write.
                    await asyncio.sleep(max(REST, time.monotonic() - began))
            elif any(traffic.in_hand for traffic in self._traffics.values()):
                await self._news_within(self._next_look(self._clock()))
            else:
                await self._wait_for_somebody(self._clock())
            self._check_patience()
        return await self._land_all()

    def _ask(self, now: datetime) -> Ask:
        """What could be let go now; with no berth when nobody can be claimed or nothing has room."""
        rests = self._lanes.unsaved()
        # Whoever comes next may have them: a lane that rests for longer than half a lease leaves no chunk in our hands.
        idle = self._lanes.resting_after(now + self._ledger.lease / 2) if self.counters.lanes or rests else frozenset()
        nobody = Ask(rests=rests, idle=idle) if rests or idle else NOTHING
        lanes = self._free_lanes(now) if self._stop is None else {}
        if not lanes or _later(self._held_until, now) or _later(self._day_at, now):
            return nobody
        berths = self._berths(now)
        if not any(berth.room for berth in berths):
            return nobody
        return Ask(berths=berths, lanes=lanes, resting=self._lanes.resting_domains(now), rests=rests, idle=idle)

    def _free_lanes(self, now: datetime) -> dict[str, int]:
        """Lanes of which somebody can be claimed now, and how many at most; the one with the least in hand first."""
        free: list[tuple[int, str, int]] = []
        for key, opening in self._openings.items():
            if opening > now:
                continue
            lane = self._lanes.lane(key)
            if self._canary is not Sung.WAITING and (lane.resting(now) or _later(lane.pace_at, now)):
                continue
            most = BIG if lane.connections is None else max(0, lane.connections * self._plan.depth - lane.held)
            if most:
                free.append((lane.held, key, most))
        if len(free) > 1:
            free.sort()
        return {key: most for _, key, most in free}

    def _berths(self, now: datetime) -> tuple[Berth, ...]:
        """The servers that mail may be shared out to. Asking for one makes it connect."""
        traffics = self._traffics.values()
        weigh(traffics, self._boot())
        berths = []
        for traffic in traffics:
            if not traffic.weight:
                # One that is down goes on trying to come back; a stand-in that nobody needs any more goes home.
                if traffic.relay.weight:
                    traffic.wanted.set()
                elif traffic.links:
                    traffic.finish()
                continue
            traffic.wanted.set()
            room = 0 if _later(traffic.pace_at, now) else traffic.room()
            if self._canary is Sung.WAITING:  # one message at a time on each connection
                room = min(room, max(0, len(traffic.links) - traffic.in_hand))
            berths.append(traffic.berth(room))
        return tuple(berths)

    def _next_look(self, now: datetime) -> float:
        """Seconds after which the pump looks up by itself: the next message a rate lets go, a lease to renew."""
        paces = [traffic.pace_at for traffic in self._traffics.values()] + [lane.pace_at for lane in self._lanes]
        waits = [(pace - now).total_seconds() for pace in paces if pace is not None and pace > now]
        return max(0.001, min([0.5, *waits]))

    def _renewal_is_due(self) -> bool:
        # A third of the lease before its last permitted moment: time for a ledger that is slow to answer.
        return bool(self._ledger.leases) and self._boot() > self._lease_until - self._ledger.lease.total_seconds() / 3

    async def _flight(self, ask: Ask) -> bool:
        """One transaction; False when it could not be made: then nothing is begun until one succeeds."""
        landed, self._landed = self._landed, []
        began = self._boot()
        reports = [report for report, _ in landed]
        try:
            flight = await self._in_ledger(partial(self._ledger.flight, reports, ask, self._clock()))
        except NewsletterError as error:
            self._landed = [self._as_known_now(*item) for item in landed] + self._landed
            await self._cannot_store(error)
            return False
        self._storing = self._full is None
        self._store_trouble = None
        self._lease_until = began + self._ledger.lease.total_seconds() * LEASE_SHARE
        self._lanes.saved(ask.rests)
        self._take_in(flight, began, asked=bool(ask.berths))
        return True

    def _take_in(self, flight: Flight, began: float, *, asked: bool) -> None:
        self.counters.apply(flight)
        self._lost |= flight.lost
        self._openings = flight.openings
        self._canary = flight.canary
        self._held_until = flight.held_until
        if asked:
            self._note_paces(flight)
        self._take_up(flight.due)
        if flight.state is SendState.SENDING:
            self._seen_sending = max(self._seen_sending, began)
            problem = self._breaker.judge(self.counters.tally)
            if problem is not None:
                self._end(Ending(kind=EndKind.PROBLEM, problem=problem))
        elif flight.canary is Sung.BADLY:
            self._end(Ending(kind=EndKind.PROBLEM, problem=bad_canary(self._plan.first)))
        else:
            self._end(Ending(kind=EndKind.STOPPED))
        if flight.lost or self._stop is not None:
            lost = flight.lost
            for traffic in self._traffics.values():
                self._return_ready(
                    traffic, (lambda due: (due.chunk, due.epoch) in lost) if self._stop is None else None
                )
        for traffic in self._traffics.values():
            if traffic.ready:
                traffic.wake()
        self.counters.on_wire = sum(len(traffic.out) for traffic in self._traffics.values())
        self.counters.lanes = self._lanes.views(self._clock())

    def _note_paces(self, flight: Flight) -> None:
        for traffic in self._traffics.values():
            traffic.pace_at = flight.servers_at.get(traffic.name)
        for lane in self._lanes:
            lane.pace_at = flight.lanes_at.get(lane.key)
        if flight.day_at is not None and flight.day_at != self._day_at:
            self.note("The warm-up lets no more mail go today; the rest waits for tomorrow.")
        self._day_at = flight.day_at

    def _take_up(self, claimed: Sequence[Due]) -> None:
        """Put what was claimed where its server's connections take it; signed first where we sign."""
        batches: dict[str, list[Due]] = {}
        for due in claimed:
            self._lanes.lane(due.lane).held += 1
            traffic = self._traffics[due.server]
            traffic.carried += 1
            if traffic.relay.seal is None:
                traffic.ready.append(Ready(due))
            else:
                batches.setdefault(due.server, []).append(due)
        for name, batch in batches.items():
            traffic = self._traffics[name]
            traffic.sealing += len(batch)
            self._sealing.begin(traffic.relay, batch, partial(self._sealed, traffic))

    def _sealed(self, traffic: Traffic, due: Due, letter: object) -> None:
        """One message is signed, or cannot be built."""
        traffic.sealing -= 1
        if isinstance(letter, MailProblem):
            self._cannot_build(due, letter)
        elif (
            self._stop is not None
            or (due.chunk, due.epoch) in self._lost
            or self._lanes.lane(due.lane).resting(self._clock())
        ):
            self._land(due, Fact.NOT_SENT)
        else:
            traffic.ready.append(Ready(due, letter))  # type: ignore[arg-type]
            traffic.wake()

    def _return_ready(self, traffic: Traffic, which: Callable[[Due], bool] | None) -> None:
        """Give back what no connection has taken: some of it, or (None) everything."""
        kept: deque[Ready] = deque()
        for one in traffic.ready:
            if which is None or which(one.due):
                self._land(one.due, Fact.NOT_SENT)
            else:
                kept.append(one)
        traffic.ready = kept

    async def _cannot_store(self, error: NewsletterError) -> None:
        """Stop the sending, not the storing: nothing is begun, and the same results are tried again."""
        now = self._boot()
        self._storing = False
        if self._store_trouble is None:
            self._store_trouble = now
            # Four megabytes are kept back for this moment: with them the answers of what has left can be stored.
            if error.code == "DISK-FULL" and await self._in_ledger(self._free_reserve):
                self._full = error
                return
        self.note(f"{error.message} Nothing more leaves until the answers are stored; trying again.")
        if now - self._store_trouble >= self._plan.wait.total_seconds():
            self._end(Ending(kind=EndKind.PROBLEM, problem=error))
        await asyncio.sleep(RETRY_STORE)

    async def _wait_for_space(self, error: NewsletterError) -> None:
        """The answers went into what was kept back: nothing more leaves before as much can be kept back again."""
        self._full_since = self._boot() if self._full_since is None else self._full_since
        if await self._in_ledger(self._keep_reserve):
            self._full = self._full_since = None
            self._storing = True
            return
        self.note(f"{error.message} Nothing more leaves until there is room.")
        if self._boot() - self._full_since >= self._plan.wait.total_seconds():
            self._end(Ending(kind=EndKind.PROBLEM, problem=error))
        await asyncio.sleep(RETRY_STORE)

    # --- nobody to write to now ----------------------------------------------------------------------------------

    async def _wait_for_somebody(self, now: datetime) -> None:
        """Nothing is in hand: wait for a connection, a rate, a rest or a retry; end when nobody is left."""
        moment, patient = self._next_moment(now)
        if moment is None:
            if self._canary is not Sung.WAITING:
                self._stop = Ending(kind=EndKind.FINISHED)
                return
            await self._news_within(1.0)  # another process has the first readers in hand
            self._openings = await self._in_ledger(lambda: self._ledger.outlook(self._clock()))
            return
        until = (moment - now).total_seconds()
        if until <= 0:
            self._only_later = None
            await self._news_within(0.5)  # for a connection
            return
        if not patient:
            self._only_later = self._boot() if self._only_later is None else self._only_later
            if until > self._plan.wait.total_seconds() - (self._boot() - self._only_later):
                self._end(Ending(kind=EndKind.RETRIES, next_due=moment))
                return
        if until > IDLE or not patient:
            for traffic in self._traffics.values():
                traffic.finish()
        await self._news_within(min(until, IDLE))

    def _next_moment(self, now: datetime) -> tuple[datetime | None, bool]:
        """(when the next reader can be claimed, whether to wait for it however long, as for a rate)."""
        moments = []
        for key, opening in self._openings.items():
            lane = self._lanes.lane(key)
            rest = lane.until if lane.resting(now) else None
            unpaced = max(opening, rest or opening)
            paced = max(unpaced, lane.pace_at or unpaced)
            moments.append((paced, paced > now >= unpaced))
        if not moments:
            return None, False
        moment, patient = min(moments)
        servers = [one.pace_at for one in self._traffics.values() if one.weight]
        if moment <= now and servers and all(_later(pace, now) for pace in servers):
            moment, patient = min(pace for pace in servers if pace is not None), True
        if _later(self._held_until, now):
            return max(moment, self._held_until or moment), True
        if _later(self._day_at, now):
            return max(moment, self._day_at or moment), False
        return moment, patient

    def _check_patience(self) -> None:
        """Every server has been in trouble for longer than we were to wait."""
        troubles = [one.trouble for one in self._traffics.values() if not one.closed_to_us and one.relay.weight]
        longest = max((self._boot() - since for since in troubles if since is not None), default=None)
        if not troubles or None in troubles or longest is None or longest < self._plan.wait.total_seconds():
            return
        traffic = next(one for one in self._traffics.values() if one.trouble is not None)
        self._end(Ending(kind=EndKind.PROBLEM, problem=unreachable(traffic.relay.server, traffic.problem)))

    # --- the end -------------------------------------------------------------------------------------------------

    async def _land_all(self) -> Ending:
        """After a stop: give back what nobody took, wait for answers, store, open the chunks again."""
        assert self._stop is not None
        traffics = self._traffics.values()
        for traffic in traffics:
            traffic.finish()
        while any(one.out or one.sealing for one in traffics) and self._boot() < (self._drain_by or 0.0):
            for traffic in traffics:
                self._return_ready(traffic, None)
            if self._landed:
                await self._flight(NOTHING)
            await self._news_within(0.1)
        doubted = sum(len(one.out) for one in traffics)
        for traffic in traffics:
            traffic.abort()
            self._return_ready(traffic, None)
        unstored = await self._store_last()
        return replace(self._stop, doubted=doubted, unstored=unstored)

    async def _store_last(self) -> int:
        """Store the last results and open the chunks; returns how many could not be stored within the patience."""
        give_up = self._boot() + max(DRAIN, self._plan.wait.total_seconds() if self._store_trouble is None else DRAIN)
        while True:
            reports = [report for report, _ in self._landed]
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

    def _in_trouble(self, traffic: Traffic, reason: str) -> None:
        traffic.problem = reason
        if traffic.trouble is None:
            traffic.trouble = self._boot()

    def _as_known_now(self, report: Report, result: Result | None) -> tuple[Report, Result | None]:
        if result is None or result.link not in self._out_of_step:
            return report, result
        fact = Fact.LOST if result.written else Fact.NOT_SENT
        return report._replace(fact=fact, reason="out-of-step" if fact is Fact.LOST else ""), result

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


BIG: Final = 1 << 30


def _later(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment > now


def _rest(due: Due, now: datetime) -> timedelta:
    """How long a message waits that broke off in the middle: half as long again as it has been tried, 2 s to 10 min."""
    tried = now - (EPOCH + due.first_try * MICROSECOND) if due.first_try is not None else timedelta(0)
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
