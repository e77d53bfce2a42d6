"""newsletter status: what runs, waits and is due. Reads only; opens no template and sends nothing."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.progress import duration
from newsletter_cli.cli.standing import next_steps, shown_state, tell_sum
from newsletter_cli.delivery import sends
from newsletter_cli.delivery.holder import Life, life_of
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.states import SendState
from newsletter_cli.digest.file import find_digest
from newsletter_cli.digest.versions import last_trial, latest_version
from newsletter_cli.subscribers.numbers import unconfirmed

NOW = (SendState.SENDING, SendState.PAUSED, SendState.ARMED)


@command(
    "status",
    examples=("newsletter status", "newsletter status 2026-w42 --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.TRY_AGAIN, Exit.BUSY),
)
def status(
    run: Run,
    digest: Annotated[
        str | None, typer.Argument(metavar="ID", help="Digest; none: everything.", autocompletion=completion.digests)
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 0 when idle, 7 when paused, 8 when sending.")
    ] = False,
) -> Reply:
    """Can be asked from any terminal while a send runs."""
    if digest is not None:
        return _one(run, digest, told=exit_code)
    return _all(run, told=exit_code)


def _look(run: Run, send: Send) -> tuple[Tally, str | None]:
    """The sums, and the living process that works on the send; None when its process is gone."""
    with run.storage.read() as connection:
        tally, names = sends.tally(connection, send.id), sends.holders_of(connection, send.id)
    living = sorted(name for name in names if life_of(run.newsroom.holders, name) is not Life.DEAD)
    return tally, living[0] if living else None


def _one(run: Run, digest: str, *, told: bool) -> Reply:
    with run.storage.read() as connection:
        send = sends.find_send(connection, digest)
    if send is None:
        return _draft(run, digest)
    tally, holder = _look(run, send)
    document = {
        "digest": send.digest,
        "version": send.version[:8],
        "list": send.list,
        "state": shown_state(send, tally),
        "holder": holder,
        "recipients": tally.recipients(),
        "at": send.at,
    }

    def tell() -> None:
        run.out.result(f"{send.digest} → {send.list}     {_words(run, send, tally, holder)}")
        if tally.total:
            tell_sum(run, tally)

    steps = next_steps(send, tally) if holder is None else (f"newsletter pause {send.digest}",)
    return Reply(document, _exit([(send, holder)]) if told else Exit.OK, human=tell, next=steps)


def _draft(run: Run, digest: str) -> Reply:
    file = find_digest(run.newsroom, digest)
    with run.storage.read() as connection:
        frozen = latest_version(connection, digest)
        trial = last_trial(connection, digest)
    state = "tested" if frozen and trial and trial.version == frozen.hash else "draft"
    document = {
        "digest": file.id, "version": frozen.hash[:8] if frozen else None, "list": file.list, "state": state,
        "holder": None, "recipients": Tally().recipients(), "at": None,
    }  # fmt: skip
    return Reply(
        document,
        human=lambda: run.out.result(f"{file.id} → {file.list}     {state}"),
        next=(f"newsletter check {file.id}", f"newsletter send {file.id}"),
    )


def _all(run: Run, *, told: bool) -> Reply:
    with run.storage.read() as connection:
        now = sends.all_sends(connection, *NOW)
        due = sends.all_sends(connection, SendState.SCHEDULED)
        last = sends.all_sends(connection, SendState.SENT, limit=1)
        waiting = unconfirmed(connection)
    looks = [(send, *_look(run, send)) for send in now]
    ended = [(send, _look(run, send)[0]) for send in last]
    document: dict[str, Any] = {
        "sending": [_sending(run, send, tally, holder) for send, tally, holder in looks],
        "waiting": [],
        "due": [{"schedule": None, "digest": send.digest, "list": send.list, "at": send.at} for send in due],
        "inbound_unread": 0,
        "unconfirmed": waiting,
        "last": None,
    }
    for send, tally in ended:
        document["last"] = {
            "digest": send.digest, "list": send.list, "state": shown_state(send, tally), "ended": send.ended,
            "recipients": tally.recipients(),
        }  # fmt: skip

    def tell() -> None:
        for send, tally, holder in looks:
            run.out.result(f"Now       {send.digest} → {send.list}     {_words(run, send, tally, holder)}")
        for send in due:
            run.out.result(f"Due       {send.digest} → {send.list}     {_words(run, send, Tally(), None)}")
        if waiting:
            run.out.result(f"Readers   {waiting:,} unconfirmed")
        for send, tally in ended:
            day = f"{send.ended.astimezone(run.settings.newsroom.zone):%Y-%m-%d}" if send.ended else ""
            gaps = f"   gaps: {tally.failed:,} failed, {tally.uncertain:,} uncertain" * bool(
                tally.failed + tally.uncertain
            )
            run.out.result(
                f"Last      {send.digest} → {send.list}     {day}   {tally.accepted:,} of {tally.total:,}{gaps}"
            )
        if not (looks or due or ended or waiting):
            run.out.result("Nothing runs, nothing waits, nothing was sent yet.")

    code = _exit([(send, holder) for send, _, holder in looks]) if told else Exit.OK
    return Reply(document, code, human=tell)


def _sending(run: Run, send: Send, tally: Tally, holder: str | None) -> dict[str, Any]:
    left = _time_left(run, send, tally) if holder else None
    return {
        "digest": send.digest,
        "list": send.list,
        "state": shown_state(send, tally),
        "holder": holder,
        "recipients": tally.recipients(),
        "eta_s": None if left is None else round(left.total_seconds()),
    }


def _time_left(run: Run, send: Send, tally: Tally) -> timedelta | None:
    """By the speed since the send began; None before there is one."""
    done = tally.total - tally.left
    if send.started is None or not done or not tally.left:
        return None
    return (run.clock() - send.started) * tally.left / done


def _words(run: Run, send: Send, tally: Tally, holder: str | None) -> str:
    """Everything of one send in one line."""
    if send.state is SendState.SCHEDULED and send.at is not None:
        zone = run.settings.newsroom.zone
        word = "begin it with: newsletter send" if send.at <= run.clock() else f"in {duration(send.at - run.clock())}"
        return f"scheduled for {send.at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}, {word}"
    parts = [shown_state(send, tally)]
    if tally.total and send.state in NOW:
        parts.append(f"{(tally.total - tally.left) * 100 // tally.total} %")
    if send.state is SendState.SENDING:
        left = _time_left(run, send, tally)
        if holder and left is not None:
            parts.append(f"{duration(left)} left")
        parts.append(f"by {holder}" if holder else "its process is gone; resume takes it up")
    if send.state is SendState.PAUSED and send.reason:
        parts.append(f"({send.reason})")
    return "   ".join(parts)


def _exit(looks: list[tuple[Send, str | None]]) -> Exit:
    """8 while something sends, 7 when something is paused or was left by its process, 0 when idle."""
    states = {(send.state, holder is not None) for send, holder in looks}
    if any(state in (SendState.SENDING, SendState.ARMED) and held for state, held in states):
        return Exit.BUSY
    unfinished = any(state in NOW for state, _ in states)
    return Exit.TRY_AGAIN if unfinished else Exit.OK
