"""One run over one send: puts ledger, compiled version, server and engine together, and writes how it ended.

carry_out ─▶ hold a lock file ─▶ compile the version ─▶ Engine.run ─▶ pause or finish the send
"""

import asyncio
import contextlib
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select, update

from newsletter_cli.delivery import past, recovery, sends
from newsletter_cli.delivery.connection import tls_for
from newsletter_cli.delivery.engine import Engine
from newsletter_cli.delivery.holder import Holder, Life, life_of, sweep
from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.delivery.lanes import Lanes, lanes_of, load_providers
from newsletter_cli.delivery.ledger import Ledger
from newsletter_cli.delivery.outlets import Secrets, relays_of
from newsletter_cli.delivery.pace import WarmUp
from newsletter_cli.delivery.relays import Relay
from newsletter_cli.delivery.retry import RetryPolicy
from newsletter_cli.delivery.running import Counters, Ending, EndKind, Plan
from newsletter_cli.delivery.sends import Send, Tally, move, tally
from newsletter_cli.delivery.smtp.book import load_book
from newsletter_cli.delivery.states import Outcome, SendEvent, SendState
from newsletter_cli.errors import NewsletterError
from newsletter_cli.mail.content import Content
from newsletter_cli.newsroom import Newsroom
from newsletter_cli.settings import Rate, Settings
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import send, version
from newsletter_cli.subscribers.leaves import Leaves

NEW_DATE_AFTER = timedelta(hours=24)  # providers refuse a Date that is out of range
TURN: Final = 0.0005  # seconds of Python for one thread while others wait
STOPPED_ITSELF = "TOO-MANY-FAILURES"
WIDENED = "widened"  # in a send's options: it goes on to those whom `only_to` had left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a run is given besides the send: settings, secret, and what the command line changed for this send."""

    settings: Settings
    root: Path  # the newsroom's folder
    ehlo_name: str
    secrets: Secrets
    rates: tuple[Rate, ...] | None  # of the whole send, as the command line said; None = each server's own
    wait: timedelta
    user: str

    @property
    def shown_rates(self) -> tuple[Rate, ...]:
        """What people are told: the rates given, or those of the settings."""
        return self.settings.smtp.rate if self.rates is None else self.rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a send stands after a run."""

    send: Send
    tally: Tally
    ending: Ending
    seconds: float
    rate: float  # accepted per second in this run


def carry_out(
    storage: Storage,
    send_id: int,
    holder: Holder,
    conditions: Conditions,
    *,
    clock: Callable[[], datetime],
    watch: Callable[[Counters, Send], contextlib.AbstractContextManager[None]],
) -> Ran:
    """Send what is due of a send in `sending`, until nobody is, or it is stopped; its chunks are given back then.

    holder: the lock that this process holds.  watch: told the counters for as long as the run lasts (the live view).
    SIGINT, SIGTERM and SIGHUP end the run after the answers of what is on the wire; a second one does not wait.
    Raises nothing for what servers do: see Ran.ending. Storage errors before the first flight are raised.
    """
    began = clock()
    with storage.read() as connection:
        at_start = tally(connection, send_id)
        current = sends.send_by_id(connection, send_id)
    leaves = Leaves(conditions.root)
    leaves.catch_up(storage)
    storage.keep_reserve()
    counters = Counters.from_tally(at_start)
    holders = Newsroom(conditions.root).holders
    flights = past.begin(storage, holders, holder, send_id, by=conditions.user, now=began)
    with contextlib.closing(flights), watch(counters, current):
        ledger, engine_of = _engine_maker(storage, current, holder, conditions, clock)
        ledger.before_claims = partial(_follow, leaves)
        ledger.committed = partial(flights.committed, send_id)
        ending = _run_loop(engine_of, counters)
    ended = clock()
    _write_ending(storage, send_id, ending, conditions.user, ended)
    with storage.read() as connection:
        current, after = sends.send_by_id(connection, send_id), tally(connection, send_id)
    seconds = max((ended - began).total_seconds(), 1e-6)
    return Ran(
        send=current,
        tally=after,
        ending=ending,
        seconds=seconds,
        rate=(after.accepted - at_start.accepted) / seconds,
    )


def lanes_for(settings: Settings) -> dict[str, str]:
    """{domain: lane} for freezing an audience."""
    return lanes_of(load_providers(), settings.smtp.per_domain)


def _relays(storage: Storage, current: Send, conditions: Conditions) -> tuple[Relay, ...]:
    """The servers of the run, each with the frozen version as it goes over it."""
    with storage.read() as connection:
        text = connection.execute(select(version.c.content).where(version.c.hash == current.version)).scalar_one()
        keyring = load_keyring(connection)
    assert current.dated is not None
    return relays_of(
        Content.from_json(text), conditions.settings, conditions.root, keyring, ehlo_name=conditions.ehlo_name,
        secrets=conditions.secrets, date=current.dated, key_number=current.key_number, rates=conditions.rates,
    )  # fmt: skip


def _warm_up(settings: Settings) -> WarmUp | None:
    plan = settings.smtp.warmup
    return None if plan is None else WarmUp(plan.first_day, plan.grow, plan.until, settings.newsroom.zone)


def _ledger(
    storage: Storage, current: Send, holder: Holder, conditions: Conditions, relays: tuple[Relay, ...]
) -> Ledger:
    settings = conditions.settings
    safety = settings.safety_of(current.list)
    return Ledger(
        storage=storage,
        send_id=current.id,
        digest_number=current.digest_id,
        holder=holder,
        lease=settings.worker.engine.lease,
        retry=RetryPolicy(settings.smtp.retry, settings.smtp.give_up),
        chance=random.Random(),
        only_to=safety.only_to,
        lane_of=lanes_for(settings),
        send_rates=conditions.rates or (),
        server_rates={relay.name: relay.rates for relay in relays if relay.rates},
        lane_rates=dict(settings.smtp.per_domain),
        warm_up=_warm_up(settings),
        canary_wait=safety.canary_wait,
    )


def _follow(leaves: Leaves, connection: Connection) -> None:
    """Who left while the database was locked is not written to either."""
    if leaves.pending():
        leaves.replay(connection)


def _engine_maker(
    storage: Storage,
    current: Send,
    holder: Holder,
    conditions: Conditions,
    clock: Callable[[], datetime],
) -> tuple[Ledger, Callable[[Counters], Engine]]:
    settings = conditions.settings
    smtp = settings.smtp
    relays = _relays(storage, current, conditions)
    ledger = _ledger(storage, current, holder, conditions, relays)
    plan = Plan(
        depth=1 if smtp.pipelining == "off" else smtp.depth,
        wait=conditions.wait,
        book=load_book(),
        tls=tls_for(relay.server for relay in relays),
        stop_on_failure=settings.safety_of(current.list).stop_on_failure,
        waived=bool(current.waived),
        first=current.canary,
    )
    most = sum(relay.connections for relay in relays)
    lanes = Lanes(load_providers(), smtp.per_domain, ledger.resting_lanes(), most=most)

    def read_state() -> tuple[SendState, str]:
        with storage.read() as connection:
            row = connection.execute(select(send.c.state, send.c.reason).where(send.c.id == current.id)).one()
        return SendState(row.state), row.reason

    def make(counters: Counters) -> Engine:
        return Engine(
            ledger, relays, lanes, plan, counters, read_state, keep_reserve=storage.keep_reserve,
            free_reserve=storage.free_reserve, clock=clock,
        )  # fmt: skip

    return ledger, make


def _run_loop(make: Callable[[Counters], Engine], counters: Counters) -> Ending:
    async def run() -> Ending:
        engine = make(counters)
        with _signals(engine):
            return await engine.run()

    with _turns(TURN), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(run())


@contextmanager
def _turns(seconds: float) -> Iterator[None]:
    """Let the loop and the ledger's thread take turns of Python that often: each waits for the other's answers."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed (the extra `fast`): a third less work for each message."""
    try:
        import uvloop  # lazy: an optional library
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


@contextmanager
def _signals(engine: Engine) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            engine.drain()
        else:
            engine.abort()

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)
    for number in handled:
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGUSR1, engine.look)
    try:
        yield
    finally:
        for number in (*handled, signal.SIGUSR1):
            loop.remove_signal_handler(number)


def _write_ending(storage: Storage, send_id: int, ending: Ending, user: str, now: datetime) -> None:
    """Finish the send when every chunk is done, pause it when a problem or a signal stopped it."""
    with contextlib.suppress(NewsletterError), storage.write() as connection:
        # A ledger that cannot be written stays as it is: `sending` without a holder, which resume takes up.
        current = sends.send_by_id(connection, send_id)
        if recovery.all_done(connection, send_id) and move(connection, send_id, SendEvent.FINISH, ended=now, reason=""):
            note(connection, at=now, by=user, what="finished", digest=current.digest, list=current.list)
        elif ending.kind in (EndKind.PROBLEM, EndKind.INTERRUPTED):
            reason = ending.problem.code if ending.problem is not None else "user"
            if move(connection, send_id, SendEvent.PAUSE, reason=reason):
                note(
                    connection, at=now, by=user, what="paused", digest=current.digest, list=current.list,
                    details=reason,
                )  # fmt: skip


def settle_ended(storage: Storage, send_id: int, user: str, now: datetime) -> None:
    """Finish a send whose every chunk is done: its last process died before it could say so."""
    _write_ending(storage, send_id, Ending(kind=EndKind.FINISHED), user, now)


def resume_send(
    storage: Storage,
    send_id: int,
    holder: Holder,
    holders: Path,
    user: str,
    now: datetime,
    *,
    ended: frozenset[str] = frozenset(),
) -> bool:
    """paused or sent → sending, in our hands; a Date over a day old becomes that of this moment.

    False when it may not go on: it was cancelled, or another living process has it, even if that one only waits.
    ended: living holders whose lease was over and has been taken from them.
    """
    with storage.write() as connection:
        current = sends.send_by_id(connection, send_id)
        columns: dict[str, Any] = {"reason": "", "ended": None, "holder": holder.name}
        at_work = current.holder not in ended and life_of(holders, current.holder) is Life.ALIVE
        if current.state is SendState.SENDING and at_work:
            return False
        if current.dated is None or now - current.dated > NEW_DATE_AFTER:
            columns["dated"] = now
        if current.started is None:
            columns["started"] = now
        if current.reason == STOPPED_ITSELF:
            # A person has seen why, and goes on: not once more for the same reason, and not only to the first readers.
            columns["waived"] = current.reason
            columns["canary_passed"] = current.canary_passed or now
        if current.state is SendState.SENDING:
            connection.execute(update(send).where(send.c.id == send_id).values(**columns))
        elif not move(connection, send_id, SendEvent.RESUME, **columns):
            return False
        note(connection, at=now, by=user, what="resumed", digest=current.digest, list=current.list)
        return True


def widen_send(storage: Storage, send_id: int, holder: Holder, user: str, now: datetime, **columns: Any) -> bool:
    """sent → sending, in our hands, to those whom `only_to` left out; False when somebody else was quicker.

    columns: of the send, as they are under this profile: its version among them.  What a kill leaves undone of it,
    `take_up` does when the send is resumed.
    """
    with storage.write() as connection:
        current = sends.send_by_id(connection, send_id)
        if current.state is not SendState.SENT:
            return False
        options = {**columns.pop("options", {}), WIDENED: True}
        if not move(
            connection, send_id, SendEvent.RESUME, reason="", waived="", ended=None, started=now, dated=now,
            canary_passed=None, holder=holder.name, options=options, **columns,
        ):  # fmt: skip
            return False
    readers = recovery.resend(storage, send_id, Outcome.SKIPPED)
    with storage.write() as connection:
        details = f"to {readers:,} readers whom only_to had left out"
        note(connection, at=now, by=user, what="began", digest=current.digest, list=current.list, details=details)
    return True


def take_up(storage: Storage, unfinished: Send) -> None:
    """Whom `only_to` left out before the send was widened: whoever widened it may have been killed in the middle."""
    if WIDENED in unfinished.options and unfinished.state is not SendState.SENT:
        recovery.resend(storage, unfinished.id, Outcome.SKIPPED)


def sweep_holders(storage: Storage, holders: Path) -> None:
    """Remove the lock files of dead processes that nothing in the database names any more."""
    with storage.read() as connection:
        named = sends.holders_of(connection)
    sweep(holders, named)
