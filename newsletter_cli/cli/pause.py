"""newsletter pause: stop sending, safely, now. Works whatever else is broken: no template, no mail, one UPDATE."""

import time
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.standing import resume_words, shown_state
from newsletter_cli.delivery import recovery, sends
from newsletter_cli.delivery.holder import signal_holders
from newsletter_cli.delivery.sends import Send, Tally, move
from newsletter_cli.delivery.states import SendEvent, SendState
from newsletter_cli.errors import UsageError
from newsletter_cli.storage.acts import note

LOOK: Final = 0.02  # seconds between two looks at what is on the wire
STAY: Final = 0.7  # seconds to wait for the last answers: a pause takes under a second


@command(
    "pause",
    examples=("newsletter pause", "newsletter pause 2026-w42"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.TRY_AGAIN, Exit.BUSY),
    changes=True,
)
def pause(
    run: Run,
    digest: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Digest; none: everything that sends.", autocompletion=completion.digests),
    ] = None,
) -> Reply:
    """Takes effect within a second and needs no confirmation. What is on the wire is brought to its end; nobody else
    is begun. Readers who wait keep waiting until the send is resumed or cancelled."""
    began = time.monotonic()
    found = _sending(run, digest)
    if run.globals.dry_run:
        return _reply(run, found, 0.0)
    for send in found:
        _pause(run, send)
    _stay(run, found)
    return _reply(run, found, time.monotonic() - began)


def _sending(run: Run, digest: str | None) -> tuple[Send, ...]:
    with run.storage.read() as connection:
        if digest is None:
            return sends.all_sends(connection, SendState.SENDING, SendState.ARMED)
        send = sends.find_send(connection, digest)
        if send is None:
            raise UsageError(
                "NOT-FOUND", f"There is no send of “{digest}”.", sent="", fix="newsletter status",
                details={"digest": digest},
            )  # fmt: skip
        return (send,) if send.state in (SendState.SENDING, SendState.ARMED) else ()


def _pause(run: Run, send: Send) -> None:
    # Room kept back for answers is well spent on this: it stops that more of them are needed.
    run.storage.urgently(lambda: _move(run, send))
    with run.storage.read() as connection:
        holders = sends.holders_of(connection, send.id)
    signal_holders(run.newsroom.holders, holders)


def _move(run: Run, send: Send) -> None:
    with run.storage.write() as connection:
        if move(connection, send.id, SendEvent.PAUSE, reason="user"):
            note(connection, at=run.clock(), by=run.user, what="paused", digest=send.digest, list=send.list)


def _stay(run: Run, found: tuple[Send, ...]) -> None:
    """Wait a moment for the answers of what is on the wire, so that the numbers told are the last ones."""
    until = time.monotonic() + STAY
    while time.monotonic() < until:
        with run.storage.read() as connection:
            if not any(recovery.in_flight(connection, send.id) for send in found):
                return
        time.sleep(LOOK)


def _reply(run: Run, found: tuple[Send, ...], seconds: float) -> Reply:
    with run.storage.read() as connection:
        now = [(sends.send_by_id(connection, send.id), sends.tally(connection, send.id)) for send in found]
    document = {
        "digests": [
            {"digest": send.digest, "state": shown_state(send, tally), "recipients": tally.recipients()}
            for send, tally in now
        ],
        "seconds": round(seconds, 3),
    }
    return Reply(
        document,
        human=lambda: _tell(run, now, seconds),
        next=tuple(step for send, _ in now for step in (resume_words(send), f"newsletter cancel {send.digest}")),
    )


def _tell(run: Run, now: list[tuple[Send, Tally]], seconds: float) -> None:
    if not now:
        run.out.result("Nothing is sending.")
    for send, tally in now:
        run.out.result(
            f"Paused {send.digest} in {seconds:.1f} s. {tally.accepted:,} accepted, {tally.failed:,} failed, "
            f"{tally.retry:,} to retry, {tally.waiting:,} wait. Nothing more leaves until it is resumed."
        )
