"""newsletter cancel: unschedule a digest, or drop the readers who have not got it."""

import time
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.standing import exit_of, shown_state, tell_sum
from newsletter_cli.delivery import recovery, sends
from newsletter_cli.delivery.arming import unschedule
from newsletter_cli.delivery.holder import Life, life_of, signal_holders
from newsletter_cli.delivery.sends import Send, Tally, move
from newsletter_cli.delivery.states import SendEvent, SendState
from newsletter_cli.errors import UsageError
from newsletter_cli.storage.acts import note

WAIT: Final = 10.0  # seconds for the answers of what is on the wire
LOOK: Final = 0.05


@command(
    "cancel",
    examples=("newsletter cancel 2026-w42", "newsletter cancel 2026-w42 --confirm 2026-w42"),
    exits=(0, 2, 3, 4, 6, 7, 8, 9),
    changes=True,
    sends=True,
)
def cancel(
    run: Run,
    digest: Annotated[str, typer.Argument(metavar="ID", help="Digest.", autocompletion=completion.digests)],
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="ID", help="The digest again, instead of the question.")
    ] = None,
) -> Reply:
    """A scheduled digest becomes a draft again. One that is being sent is stopped, and everybody who has not got it is
    dropped for good; who has it keeps it."""
    send, tally = _find(run, digest)
    if send.state is SendState.CANCELLED and tally.left and not run.globals.dry_run:
        return _drop(run, send, before=tally)  # whoever cancelled it died before the readers were dropped
    if send.state is SendState.CANCELLED or (send.state is SendState.SENT and not run.globals.dry_run):
        return _nothing_to_do(run, send, tally)
    if send.state in (SendState.SCHEDULED, SendState.ARMING):
        return _unschedule(run, send, tally, confirm)
    _confirm(run, send, tally, confirm)
    if run.globals.dry_run:
        return _reply(run, send, tally, before=tally)
    return _cancel(run, send, tally)


def _find(run: Run, digest: str) -> tuple[Send, Tally]:
    with run.storage.read() as connection:
        send = sends.find_send(connection, digest)
        if send is None:
            raise UsageError(
                "NOT-FOUND", f"“{digest}” is neither scheduled nor being sent.", fix="newsletter status",
                details={"digest": digest},
            )  # fmt: skip
        return send, sends.tally(connection, send.id)


def _nothing_to_do(run: Run, send: Send, tally: Tally) -> Reply:
    word = "was cancelled already" if send.state is SendState.CANCELLED else "was sent already"
    return Reply(
        {"digest": send.digest, "state": shown_state(send, tally), "recipients": tally.recipients()},
        exit_of(send, tally) if send.state is SendState.CANCELLED else Exit.OK,
        human=lambda: run.out.result(f"{send.digest} {word}. Nothing to do."),
        next=(f"newsletter report {send.digest}",),
    )


def _unschedule(run: Run, send: Send, tally: Tally, confirm: str | None) -> Reply:
    run.ask_name(send.digest, f"Unschedule {send.digest}? Type its id", f"--confirm {send.digest}", given=confirm)
    if send.state is SendState.ARMING and life_of(run.newsroom.holders, send.holder) is Life.ALIVE:
        raise UsageError("USAGE", f"{send.digest} is just being armed; stop that command with Ctrl-C.",
                         fix=f"newsletter status {send.digest}")  # fmt: skip
    if not run.globals.dry_run:
        unschedule(run.storage, send, run.user, run.clock())
    return Reply(
        {"digest": send.digest, "state": "draft", "recipients": tally.recipients()},
        human=lambda: run.out.done(f"Unscheduled. {send.digest} is a draft again. Nothing was sent."),
        next=(f"newsletter send {send.digest}",),
    )


def _confirm(run: Run, send: Send, tally: Tally, confirm: str | None) -> None:
    if confirm is not None:
        run.ask.given(confirm, send.digest)
        return
    if run.can_ask:
        run.out.say(f"{tally.accepted + tally.uncertain:,} readers already have this issue. That cannot be undone.")
        run.out.say(f"{tally.left:,} have not; cancelling drops them for good.")
    run.ask_number(tally.left, f"Type {tally.left} to cancel", f"--confirm {send.digest}")


def _cancel(run: Run, send: Send, before: Tally) -> Reply:
    """Stop, drop per chunk, wait for the last answers, and set the rest aside as uncertain."""
    if not run.storage.urgently(lambda: _move(run, send)):
        raise UsageError("USAGE", f"{send.digest} cannot be cancelled any more.",
                         fix=f"newsletter status {send.digest}")  # fmt: skip
    return _drop(run, send, before=before)


def _move(run: Run, send: Send) -> bool:
    now = run.clock()
    with run.storage.write() as connection:
        moved = move(connection, send.id, SendEvent.CANCEL, reason="user", ended=now)
        if moved:
            note(connection, at=now, by=run.user, what="cancelled", digest=send.digest, list=send.list)
    return moved


def _drop(run: Run, send: Send, *, before: Tally) -> Reply:
    with run.storage.read() as connection:
        holders = sends.holders_of(connection, send.id)
    signal_holders(run.newsroom.holders, holders)
    run.storage.urgently(lambda: recovery.drop_waiting(run.storage, send.id, run.clock()))
    alive = any(life_of(run.newsroom.holders, name) is not Life.DEAD for name in holders)
    until = time.monotonic() + (WAIT if alive else 0.0)
    while time.monotonic() < until:
        with run.storage.read() as connection:
            if not recovery.in_flight(connection, send.id):
                break
        time.sleep(LOOK)
    recovery.doubt_the_rest(run.storage, send.id, run.clock())
    # What came back unsent while we waited is dropped as well.
    recovery.drop_waiting(run.storage, send.id, run.clock())
    send, tally = _find(run, send.digest)
    return _reply(run, send, tally, before=before)


def _reply(run: Run, send: Send, tally: Tally, *, before: Tally) -> Reply:
    document = {"digest": send.digest, "state": shown_state(send, tally), "recipients": tally.recipients()}

    def tell() -> None:
        if send.state is SendState.CANCELLED:
            run.out.done(f"Cancelled {send.digest}.")
        else:
            run.out.result(f"{before.left:,} readers would be dropped.")
        tell_sum(run, tally)
        if tally.unsettled:
            run.out.result(f"  {tally.unsettled:,} uncertain: they may or may not have got it.")

    return Reply(document, exit_of(send, tally), human=tell, next=(f"newsletter report {send.digest}",))
