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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from newsletter_cli.delivery.breaker import Breaker, bad_canary
from newsletter_cli.delivery.canary import Sung
from newsletter_cli.delivery.flight import NOTHING, Ask, Flight
from newsletter_cli.delivery.lanes import Lanes
from newsletter_cli.delivery.ledger import Ledger
from newsletter_cli.delivery.links import Links
from newsletter_cli.delivery.office import Office
from newsletter_cli.delivery.outlook import Outlook
from newsletter_cli.delivery.permit import DRAIN, Permit
from newsletter_cli.delivery.problems import unreachable
from newsletter_cli.delivery.relays import Relay, Traffic
from newsletter_cli.delivery.running import Counters, Ending, EndKind, Plan
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.states import Outcome, SendState
from newsletter_cli.errors import NewsletterError

log = logging.getLogger(__name__)

REREAD: Final = 0.25  # seconds between two looks at the send's state
RETRY_STORE: Final = 0.5  # seconds between two tries to store results
LEASE_SHARE: Final = 0.8  # of a lease, after which nothing more is begun under it
IDLE: Final = 5.0  # seconds for which connections are kept open with nobody to write to

T = TypeVar("T")


# Seconds of a clock that runs on while the machine sleeps, so that a lease ends during a suspend too.
boot_seconds: Final[Callable[[], float]] = (
    partial(time.clock_gettime, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic
)


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
        self._permit = Permit(boot, counters)
        self._breaker = Breaker(plan.stop_on_failure, plan.waived)
        self._office = Office(self._traffics, lanes, self._breaker, self._permit, counters, clock)
        self._outlook = Outlook(lanes=lanes, traffics=self._traffics, depth=plan.depth, lease=ledger.lease)
        self._links = Links(self._office, plan.tls, plan.book, boot)
        self._look = asyncio.Event()  # for the watch: look at the send now
        self._store_trouble: float | None = None  # boot seconds since when results cannot be stored
        self._full: NewsletterError | None = None  # the disk is full, and what was kept back is in use
        self._full_since: float | None = None
        self._waited = 0.0  # seconds spent with nobody due but later
        self._ledger_thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._watch_thread = ThreadPoolExecutor(1, thread_name_prefix="watch")

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
            self._office.close()

    def drain(self) -> None:
        """Begin nothing more, land what is on the wire for ten seconds, end."""
        self._permit.end(Ending(kind=EndKind.INTERRUPTED))

    def abort(self) -> None:
        """Stop waiting for answers: what is on the wire becomes uncertain."""
        self.drain()
        self._permit.drain_by = self._boot()

    def look(self) -> None:
        """Look at the send's state now, not in a quarter of a second."""
        self._look.set()

    def _places(self, traffic: Traffic) -> int:
        left = self.counters.tally[Outcome.WAITING] + self.counters.tally[Outcome.RETRY]
        return max(1, min(traffic.relay.connections, left))

    async def _in_ledger(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._ledger_thread, call)

    async def _news_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._permit.news.wait()
        self._permit.news.clear()

    # --- pump ----------------------------------------------------------------------------------------------------

    async def _pump(self) -> Ending:
        self._outlook.openings = await self._in_ledger(lambda: self._ledger.outlook(self._clock()))
        while self._permit.ending is None:
            if self._full is not None and not self._office.landed:
                await self._wait_for_space(self._full)
            ask = self._ask() if self._full is None and self._permit.ending is None else NOTHING
            if self._office.landed or ask.berths or ask.rests or self._renewal_is_due():
                await self._flight(ask)
            elif any(traffic.in_hand for traffic in self._traffics.values()):
                await self._news_within(self._outlook.next_look(self._clock()))
            else:
                await self._wait_for_somebody(self._clock())
            self._check_patience()
        return await self._land_all()

    def _ask(self) -> Ask:
        return self._outlook.ask(self._clock(), self._boot(), slowed=bool(self.counters.lanes))

    def _renewal_is_due(self) -> bool:
        # A third of the lease before its last permitted moment: time for a ledger that is slow to answer.
        ahead = self._ledger.lease.total_seconds() / 3
        return bool(self._ledger.leases) and self._boot() > self._permit.lease_until - ahead

    async def _flight(self, ask: Ask) -> None:
        """One transaction, and the time for others after it. When it fails nothing is begun until one succeeds."""
        landed = self._office.take_landed()
        began = self._boot()
        reports = [report for report, _ in landed]
        try:
            flight = await self._in_ledger(partial(self._ledger.flight, reports, ask, self._clock()))
        except NewsletterError as error:
            self._office.put_back(landed)
            await self._cannot_store(error)
            return
        self._permit.storing = self._full is None
        self._store_trouble = None
        self._permit.lease_until = began + self._ledger.lease.total_seconds() * LEASE_SHARE
        self._lanes.saved(ask.rests)
        self._take_in(flight, began, asked=bool(ask.berths))
        await asyncio.sleep(flight.free_until - time.monotonic())

    def _take_in(self, flight: Flight, began: float, *, asked: bool) -> None:
        self.counters.apply(flight)
        self._permit.lost |= flight.lost
        if self._outlook.learn(flight, asked=asked):
            self._office.note("The warm-up lets no more mail go today; the rest waits for tomorrow.")
        self._office.take_up(flight.due)
        self._heed_state(flight, began)
        if self._permit.ending is not None:
            self._office.return_all()
        elif flight.lost:
            self._office.return_all(lambda due: (due.chunk, due.epoch) in flight.lost)
        for traffic in self._traffics.values():
            if traffic.ready:
                traffic.wake()
        self.counters.on_wire = self._office.on_wire
        self.counters.lanes = self._lanes.views(self._clock())

    def _heed_state(self, flight: Flight, began: float) -> None:
        """What the flight found the send to be, and what its sums say."""
        if flight.state is SendState.SENDING:
            self._permit.seen(began)
            problem = self._breaker.judge(self.counters.tally)
            if problem is not None:
                self._permit.end(Ending(kind=EndKind.PROBLEM, problem=problem))
        elif flight.canary is Sung.BADLY:
            self._permit.end(Ending(kind=EndKind.PROBLEM, problem=bad_canary(self._plan.first)))
        else:
            self._permit.end(Ending(kind=EndKind.STOPPED))

    async def _cannot_store(self, error: NewsletterError) -> None:
        """Stop the sending, not the storing: nothing is begun, and the same results are tried again."""
        now = self._boot()
        self._permit.storing = False
        if self._store_trouble is None:
            self._store_trouble = now
            # Four megabytes are kept back for this moment: with them the answers of what has left can be stored.
            if error.code == "DISK-FULL" and await self._in_ledger(self._free_reserve):
                self._full = error
                return
        self._office.note(f"{error.message} Nothing more leaves until the answers are stored; trying again.")
        if now - self._store_trouble >= self._plan.wait.total_seconds():
            self._permit.end(Ending(kind=EndKind.PROBLEM, problem=error))
        await asyncio.sleep(RETRY_STORE)

    async def _wait_for_space(self, error: NewsletterError) -> None:
        """The answers went into what was kept back: nothing more leaves before as much can be kept back again."""
        self._full_since = self._boot() if self._full_since is None else self._full_since
        if await self._in_ledger(self._keep_reserve):
            self._full = self._full_since = None
            self._permit.storing = True
            return
        self._office.note(f"{error.message} Nothing more leaves until there is room.")
        if self._boot() - self._full_since >= self._plan.wait.total_seconds():
            self._permit.end(Ending(kind=EndKind.PROBLEM, problem=error))
        await asyncio.sleep(RETRY_STORE)

    # --- nobody to write to now ----------------------------------------------------------------------------------

    async def _wait_for_somebody(self, now: datetime) -> None:
        """Nothing is in hand: wait for a connection, a rate, a rest or a retry; end when nobody is left."""
        moment, patient = self._outlook.next_moment(now)
        if moment is None:
            if self._outlook.canary is not Sung.WAITING:
                self._permit.end(Ending(kind=EndKind.FINISHED))
                return
            await self._news_within(1.0)  # another process has the first readers in hand
            self._outlook.openings = await self._in_ledger(lambda: self._ledger.outlook(self._clock()))
            return
        until = (moment - now).total_seconds()
        if until <= 0:
            await self._news_within(0.5)  # for a connection
            return
        if not patient and until > self._plan.wait.total_seconds() - self._waited:
            self._permit.end(Ending(kind=EndKind.RETRIES, next_due=moment))
            return
        if until > IDLE or not patient:
            for traffic in self._traffics.values():
                traffic.finish()
        began = self._boot()
        await self._news_within(min(until, IDLE))
        if not patient:
            self._waited += self._boot() - began

    def _check_patience(self) -> None:
        """Every server has been in trouble for longer than we were to wait."""
        troubles = [one.trouble for one in self._traffics.values() if not one.closed_to_us and one.relay.weight]
        longest = max((self._boot() - since for since in troubles if since is not None), default=None)
        if not troubles or None in troubles or longest is None or longest < self._plan.wait.total_seconds():
            return
        traffic = next(one for one in self._traffics.values() if one.trouble is not None)
        self._permit.end(Ending(kind=EndKind.PROBLEM, problem=unreachable(traffic.relay.server, traffic.problem)))

    # --- the end -------------------------------------------------------------------------------------------------

    async def _land_all(self) -> Ending:
        """After a stop: give back what nobody took, wait for answers, store, open the chunks again."""
        traffics = self._traffics.values()
        for traffic in traffics:
            traffic.finish()
        while any(one.out or one.sealing for one in traffics) and self._boot() < self._permit.drain_by:
            self._office.return_all()
            if self._office.landed:
                await self._flight(NOTHING)
            await self._news_within(0.1)
        doubted = self._office.on_wire
        for traffic in traffics:
            traffic.abort()
        self._office.return_all()
        unstored = await self._store_last()
        return self._permit.ended(doubted=doubted, unstored=unstored)

    async def _store_last(self) -> int:
        """Store the last results and open the chunks; returns how many could not be stored within the patience."""
        give_up = self._boot() + max(DRAIN, self._plan.wait.total_seconds() if self._store_trouble is None else DRAIN)
        while True:
            reports = [report for report, _ in self._office.landed]
            try:
                flight = await self._in_ledger(partial(self._ledger.give_back, reports, self._clock()))
            except NewsletterError as error:
                self._office.note(f"{error.message} The last {len(reports)} answers are not stored yet; trying again.")
                if self._boot() >= give_up:
                    return len(reports)
                await asyncio.sleep(RETRY_STORE)
            else:
                self._office.landed = []
                self.counters.apply(flight)
                self.counters.on_wire = 0
                return 0

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
                    self._permit.seen(began)
                else:
                    self._permit.end(Ending(kind=EndKind.STOPPED))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REREAD):
                    await self._look.wait()
            self._look.clear()
