"""From a confirmed send to mail that leaves: scheduled, or armed, counted down and begun."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType
from typing import Final

from newsletter_cli.cli import plans
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run
from newsletter_cli.cli.issue import Ready
from newsletter_cli.cli.live import Countdown
from newsletter_cli.cli.output import number
from newsletter_cli.cli.progress import duration
from newsletter_cli.cli.sending import carry
from newsletter_cli.cli.standing import document_of, exit_of, next_steps
from newsletter_cli.delivery import arming, sends
from newsletter_cli.delivery.arming import Order
from newsletter_cli.delivery.briefing import Briefing
from newsletter_cli.delivery.canary import size_of
from newsletter_cli.delivery.holder import hold
from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.delivery.run import Conditions, lanes_for, sweep_holders, widen_send
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.states import SendState
from newsletter_cli.errors import NotConfirmedError
from newsletter_cli.settings import SafetySettings
from newsletter_cli.storage.acts import note
from newsletter_cli.subscribers.audience import Expr

LOOK: Final = 0.1  # seconds between two looks at the send in the countdown


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for."""

    list: str | None
    where: str | None
    at: str | None
    confirm: str | None
    max_recipients: int | None
    rate: str | None
    canary: int | None
    undo: int | None
    wait: str | None
    rehearse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom a send is for, and what was seen of them before it was confirmed."""

    list_id: int
    where: Expr
    briefing: Briefing


def first_of(briefing: Briefing, safety: SafetySettings, wish: Wish) -> int:
    """How many readers are written to before all others."""
    wanted = safety.canary if wish.canary is None else wish.canary
    return size_of(briefing.readers, wanted, asked_for=wish.canary is not None)


def first_again(narrow: Send, wish: Wish) -> int:
    """The same for a send that goes on to those it left out: they were chosen when its audience was frozen."""
    return 0 if wish.canary == 0 else narrow.canary


def _order(run: Run, issue: Ready, found: Audience, wish: Wish, key_number: int) -> Order:
    options = {name: value for name, value in (("rate", wish.rate), ("wait", wish.wait)) if value is not None}
    return Order(
        digest=issue.digest,
        version=issue.hash,
        list_id=found.list_id,
        where=issue.where,
        profile=run.settings.profile,
        key_number=key_number,
        by=run.user,
        audience=found.briefing.readers,
        canary=first_of(found.briefing, run.settings.safety_of(issue.list), wish),
        options=dict(options),
    )


def schedule(
    run: Run, issue: Ready, found: Audience, wish: Wish, moment: datetime, scheduled: Send | None
) -> Reply:  # fmt: skip
    now = run.clock()
    with run.storage.write() as connection:
        order = _order(run, issue, found, wish, load_keyring(connection).current)
        if scheduled is None:
            send_id = arming.schedule(connection, run.storage, order, moment, now)
        else:
            send_id = scheduled.id
            arming.reschedule(connection, scheduled, moment)
        note(connection, at=now, by=run.user, what="scheduled", digest=issue.digest, list=issue.list,
             details=f"for {moment:%Y-%m-%d %H:%M} UTC ({issue.hash[:8]})")  # fmt: skip
        stored = sends.send_by_id(connection, send_id)
    local = moment.astimezone(run.settings.newsroom.zone)

    def tell() -> None:
        zone = run.settings.newsroom.zone.key
        run.out.done(
            f"Scheduled: {local:%A} {local.day} {local:%B %Y, %H:%M} {zone} ({moment:%H:%M} UTC), "
            f"in {duration(moment - now)}."
        )
        run.out.result("  Readers who join before then are included; the issue itself is frozen "
                       f"(version {issue.hash[:8]}).")  # fmt: skip
        run.out.warn("This version has no worker: nothing begins by itself. Give the command below at that time.")

    steps = (f"newsletter send {issue.digest}", f"newsletter cancel {issue.digest}")
    return Reply(document_of(stored, Tally(), next_=steps), human=tell, next=steps)


def arm_and_go(
    run: Run, issue: Ready, found: Audience, wish: Wish, safety: SafetySettings, conditions: Conditions
) -> Reply:
    undo = safety.undo_seconds if wish.undo is None else wish.undo
    with hold(run.newsroom.holders) as holder, _signals_interrupt():
        with run.storage.write() as connection:
            order = _order(run, issue, found, wish, load_keyring(connection).current)
            send_id = arming.claim_digest(
                connection, run.storage, order, holder.name, run.newsroom.holders, run.clock()
            )  # fmt: skip
            armed = sends.send_by_id(connection, send_id)
        try:
            _freeze(run, issue, found, armed, undo)
            _count_down(run, armed, undo)
        except KeyboardInterrupt:
            arming.undo(run.storage, armed)
            return _stopped_in_time(run, armed)
        except BaseException:
            arming.undo(run.storage, armed)
            raise
        begun = _begin(run, issue, armed, found.briefing.readers, wish)
        if begun is not None:
            return begun
        plans.keep_copies(run, issue)
        reply = carry(run, armed.id, holder, conditions)
    sweep_holders(run.storage, run.newsroom.holders)
    return reply


def widen_and_go(
    run: Run, issue: Ready, found: Audience, wish: Wish, safety: SafetySettings, conditions: Conditions, narrow: Send
) -> Reply:
    """The digest was sent before, to those a narrower `only_to` let through: now to the others, in the same send.

    Nothing is changed before the countdown is over.
    """
    undo = safety.undo_seconds if wish.undo is None else wish.undo
    with hold(run.newsroom.holders) as holder, _signals_interrupt():
        try:
            _count_down(run, narrow, undo, SendState.SENT)
        except KeyboardInterrupt:
            steps = (f"newsletter send {issue.digest}",)
            return Reply(document_of(narrow, _tally(run, narrow), next_=steps), Exit.INTERRUPTED, next=steps,
                         human=lambda: run.out.result("Stopped. Nothing was sent."))  # fmt: skip
        order = _order(run, issue, found, wish, narrow.key_number)
        begun = widen_send(
            run.storage, narrow.id, holder, run.user, run.clock(), version=order.version, profile=order.profile,
            by=order.by, options=order.options, canary=first_again(narrow, wish),
        )  # fmt: skip
        if not begun:
            raise arming.busy(issue.digest)
        plans.keep_copies(run, issue)
        reply = carry(run, narrow.id, holder, conditions)
    sweep_holders(run.storage, run.newsroom.holders)
    return reply


def _tally(run: Run, of: Send) -> Tally:
    with run.storage.read() as connection:
        return sends.tally(connection, of.id)


def _freeze(run: Run, issue: Ready, found: Audience, armed: Send, undo: int) -> None:
    now = run.clock()
    if found.briefing.readers > 50_000:
        run.out.say(f"Freezing {found.briefing.readers:,} readers…")
    frozen_count = arming.freeze(
        run.storage, armed.id, list_id=found.list_id, where=found.where,
        chunk_size=run.settings.worker.engine.chunk, lanes=lanes_for(run.settings), canary=armed.canary, now=now,
    )  # fmt: skip
    if frozen_count != found.briefing.readers:
        raise NotConfirmedError(
            "WRONG-COUNT",
            f"The list changed while you confirmed: {frozen_count:,} readers now, {found.briefing.readers:,} then.",
            fix=f"newsletter send {issue.digest}",
            details={"confirmed": found.briefing.readers, "now": frozen_count},
        )
    with run.storage.write() as connection:
        arming.arm(
            connection, armed.id, audience_size=frozen_count, now=run.clock(), undo=timedelta(seconds=undo)
        )  # fmt: skip


def _count_down(run: Run, before: Send, undo: int, state: SendState = SendState.ARMED) -> None:
    """The undo window: Ctrl-C, or a pause or cancel from elsewhere, and nothing leaves.

    state: that it has meanwhile, unless somebody changes it.
    """
    if not undo:
        return
    until = time.monotonic() + undo
    with Countdown(run.out, undo, lambda: until - time.monotonic()):
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK, left))
            with run.storage.read() as connection:
                if sends.send_by_id(connection, before.id).state is not state:
                    return


def _begin(run: Run, issue: Ready, armed: Send, readers: int, wish: Wish) -> Reply | None:
    """armed → sending; the reply when somebody paused or cancelled it in the countdown."""
    now = run.clock()
    with run.storage.write() as connection:
        if arming.begin(connection, armed.id, now):
            loosened = f", undo {wish.undo} s" * (wish.undo is not None)
            loosened += f", canary {wish.canary}" * (wish.canary is not None)
            note(connection, at=now, by=run.user, what="began", digest=issue.digest, list=issue.list,
                 details=f"to {number(readers)} readers ({issue.hash[:8]}){loosened}")  # fmt: skip
            return None
        stopped, tally = sends.send_by_id(connection, armed.id), sends.tally(connection, armed.id)
    steps = next_steps(stopped, tally)
    return Reply(
        document_of(stopped, tally, next_=steps), exit_of(stopped, tally),
        human=lambda: run.out.result(f"{stopped.digest} was {stopped.state} in the countdown. Nothing was sent."),
        next=steps,
    )  # fmt: skip


def _stopped_in_time(run: Run, armed: Send) -> Reply:
    """Ctrl-C in the countdown: the state is what it was before."""
    before = "scheduled" if armed.at is not None else "draft"
    document = {**document_of(armed, Tally()), "state": before, "at": armed.at}
    return Reply(document, Exit.INTERRUPTED, human=lambda: run.out.result("Stopped. Nothing was sent."))


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end arming and countdown as Ctrl-C does; the run itself sets its own."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
