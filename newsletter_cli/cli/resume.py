"""newsletter resume: go on from the next reader who has not got it."""

import time
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.progress import duration, given_rates
from newsletter_cli.cli.sending import carry, conditions_of, demand_way_out
from newsletter_cli.cli.standing import document_of, exit_of, next_steps, resume_words, tell_sum
from newsletter_cli.delivery import past, recovery, sends
from newsletter_cli.delivery.arming import arm_again, busy, undo
from newsletter_cli.delivery.flights import have_flown
from newsletter_cli.delivery.holder import Holder, Life, hold, life_of
from newsletter_cli.delivery.outlets import outlets_of
from newsletter_cli.delivery.recovery import Takeover
from newsletter_cli.delivery.run import lanes_for, resume_send, settle_ended, sweep_holders, take_up
from newsletter_cli.delivery.sends import Send, Tally, move
from newsletter_cli.delivery.states import Outcome, SendEvent, SendState
from newsletter_cli.errors import NotConfirmedError, UsageError

DRAIN_WAIT: Final = 15.0  # seconds: a holder that was told to stop takes ten at most for its last answers
DEATH_WAIT: Final = 1.0  # seconds: whoever is just being killed gives up the database a moment before its own lock
LOOK: Final = 0.1
UNFINISHED: Final = (SendState.PAUSED, SendState.SENDING, SendState.ARMED, SendState.ARMING)


@command(
    "resume",
    examples=("newsletter resume 2026-w42", "newsletter resume 2026-w42 --uncertain retry"),
    exits=(0, 2, 3, 4, 5, 6, 7, 8, 9, 130),
    changes=True,
    sends=True,
)
def resume(
    run: Run,
    digest: Annotated[
        str | None,
        typer.Argument(
            metavar="ID", help="Digest; none: the only one that is not finished.", autocompletion=completion.digests
        ),
    ] = None,
    uncertain: Annotated[
        str | None,
        typer.Option("--uncertain", metavar="skip|retry", help="Decide on readers who may or may not have got it."),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Try the permanently failed once more.")] = False,
) -> Reply:
    """Nobody who is settled gets it again. Readers left uncertain by a broken connection or a crash are sent to again
    only with --uncertain retry: some of them will then have two copies. Temporary failures are due at once."""
    if uncertain not in (None, "skip", "retry"):
        raise UsageError("USAGE", f"--uncertain takes skip or retry, not “{uncertain}”.", fix="--uncertain retry")
    send = _find(run, digest)
    _refuse(run, send)
    if not run.globals.dry_run:
        past.demand_present(run.storage, run.newsroom.holders, send.id, by=run.user, now=run.clock())
    with hold(run.newsroom.holders) as holder:
        if run.globals.dry_run:
            return _nothing_left(run, *_look(run, send))
        if send.state is SendState.ARMING:
            send = _arm(run, send, holder)
        takeover = _take(run, send, holder)
        if takeover.uncertain:
            run.out.warn(f"{takeover.uncertain:,} readers were on the wire of a process that died; they are uncertain.")
        _decide(run, send, uncertain, holder=holder, ended=takeover.ended, failed=failed)
        send, tally = _look(run, send)
        if not tally.left:
            return _nothing_left(run, send, tally)
        demand_way_out(run)
        _confirm(run, tally)
        conditions = conditions_of(run, rates=given_rates(send.options))
        recovery.make_due_now(run.storage, send.id)
        ours = resume_send(
            run.storage, send.id, holder, run.newsroom.holders, run.user, run.clock(), ended=takeover.ended
        )  # fmt: skip
        if not ours:
            raise busy(send.digest)
        reply = carry(run, send.id, holder, conditions)
    sweep_holders(run.storage, run.newsroom.holders)
    return reply


def _find(run: Run, digest: str | None) -> Send:
    with run.storage.read() as connection:
        if digest is not None:
            send = sends.find_send(connection, digest)
            if send is None:
                raise UsageError(
                    "NOT-FOUND", f"“{digest}” was never sent.", fix=f"newsletter send {digest}",
                    details={"digest": digest},
                )  # fmt: skip
            return send
        found = sends.all_sends(connection, *UNFINISHED)
    if len(found) == 1:
        return found[0]
    names = ", ".join(send.digest for send in found)
    raise UsageError(
        "USAGE",
        f"{len(found)} sends are not finished: {names}." if found else "No send is unfinished.",
        fix="newsletter resume ID" if found else "newsletter status",
    )


def _refuse(run: Run, send: Send) -> None:
    if send.state is SendState.CANCELLED:
        raise UsageError("USAGE", f"{send.digest} was cancelled; its other readers were dropped for good.",
                         fix=f"newsletter report {send.digest}")  # fmt: skip
    if send.state is SendState.SCHEDULED:
        raise UsageError("USAGE", f"{send.digest} has not begun.", fix=f"newsletter send {send.digest}")
    if send.profile != run.settings.profile:
        flag = f"--profile {send.profile}" if send.profile else "no --profile"
        raise UsageError("USAGE", f"{send.digest} was begun with {flag}; it goes on with the same only.",
                         fix=resume_words(send))  # fmt: skip


def _arm(run: Run, send: Send, holder: Holder) -> Send:
    """Its process died while it wrote down the readers it was confirmed for: that is done now, from the start."""
    if life_of(run.newsroom.holders, send.holder) is Life.ALIVE:
        raise busy(send.digest)
    demand_way_out(run)
    readers = arm_again(
        run.storage, send, holder.name, chunk_size=run.settings.worker.engine.chunk, lanes=lanes_for(run.settings),
        now=run.clock(),
    )  # fmt: skip
    with run.storage.read() as connection:
        armed = sends.send_by_id(connection, send.id)
    if send.audience is not None and readers != send.audience:
        undo(run.storage, armed)
        raise NotConfirmedError(
            "WRONG-COUNT", f"The list has changed: {readers:,} readers now, {send.audience:,} were confirmed.",
            fix=f"newsletter send {send.digest}", details={"confirmed": send.audience, "now": readers},
        )  # fmt: skip
    return armed


def _take(run: Run, send: Send, holder: Holder) -> Takeover:
    """Take the chunks of dead processes, and those whose lease is over; wait while a living one drains after a pause.

    BUSY when it goes on, also a moment later: it may be just about to die.
    """
    until = time.monotonic() + (DRAIN_WAIT if send.state is SendState.PAUSED else DEATH_WAIT)
    uncertain, ended = 0, frozenset[str]()
    while True:
        takeover = recovery.take_over(run.storage, send.id, run.newsroom.holders, run.clock())
        uncertain, ended = uncertain + takeover.uncertain, ended | takeover.ended
        # Ourselves, if we have just finished arming it.
        life = Life.DEAD if send.holder == holder.name else life_of(run.newsroom.holders, send.holder)
        armed_by_another = send.state is SendState.ARMED and life is not Life.DEAD
        # With only retries or a resting lane left it holds no chunk, and is at work all the same.
        waits = send.state is SendState.SENDING and life is Life.ALIVE and send.holder not in ended
        if not takeover.alive and not armed_by_another and not waits:
            return replace(takeover, uncertain=uncertain, ended=ended)
        if time.monotonic() >= until:
            raise busy(send.digest)
        time.sleep(LOOK)


def _decide(
    run: Run, send: Send, uncertain: str | None, *, holder: Holder, ended: frozenset[str], failed: bool
) -> None:
    if send.state is SendState.ARMED:  # its process died in the undo window
        with run.storage.write() as connection:
            move(connection, send.id, SendEvent.PAUSE, reason="user")
    take_up(run.storage, send)
    if uncertain == "skip":
        recovery.settle(run.storage, send.id)
    elif uncertain == "retry":
        demand_way_out(run)
        _resend_uncertain(run, send, holder, ended)
    if failed:
        demand_way_out(run)
        recovery.resend(run.storage, send.id, Outcome.FAILED)


def _resend_uncertain(run: Run, send: Send, holder: Holder, ended: frozenset[str]) -> None:
    """Those whose answer nobody can bring any more: while another sender lives, only those past `data_timeout`.

    A process that is about to send, as a second command like this one, has no message out and keeps nobody back.
    """
    patience = max(outlet.settings.data_timeout for outlet in outlets_of(run.settings))

    def before() -> datetime | None:
        others = have_flown(run.newsroom.holders, but=holder.name) | ended
        return run.clock() - patience if others else None

    recovery.resend(run.storage, send.id, Outcome.UNCERTAIN, before=before)
    with run.storage.read() as connection:
        left = sends.tally(connection, send.id).unsettled
    if left:
        run.out.warn(
            f"{left:,} became uncertain less than {duration(patience)} ago, and a process that may still bring their "
            "answers lives: they are left as they are. Give the command again later."
        )


def _look(run: Run, send: Send) -> tuple[Send, Tally]:
    with run.storage.read() as connection:
        found, tally = sends.send_by_id(connection, send.id), sends.tally(connection, send.id)
    if found.state is SendState.ARMING:  # what its process had frozen does not count: all are frozen anew
        return found, Tally(total=found.audience or 0)
    return found, tally


def _confirm(run: Run, tally: Tally) -> None:
    """At a terminal only: a script's send was confirmed before."""
    if not run.can_ask or run.globals.yes:
        return
    settled = tally.total - tally.left
    run.out.say(f"{settled:,} are settled and will not get it again.")
    run.confirm(f"Send to the remaining {tally.left:,}?")


def _nothing_left(run: Run, send: Send, tally: Tally) -> Reply:
    """Nobody is owed anything: the send is finished if it was not, and its exit code told again."""
    if not run.globals.dry_run and not tally.left:
        settle_ended(run.storage, send.id, run.user, run.clock())
        send, tally = _look(run, send)
    steps = next_steps(send, tally)

    def tell() -> None:
        if tally.left:
            run.out.result(f"{tally.left:,} readers would be sent to.")
        else:
            run.out.result(f"{send.digest}: nobody waits for it.")
        tell_sum(run, tally)

    return Reply(document_of(send, tally, next_=steps), exit_of(send, tally), human=tell, next=steps, schema="send")
