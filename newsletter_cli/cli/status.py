"""newsletter status: what runs, waits and is due. Reads only; opens no template and sends nothing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.approval import approvals_for
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.progress import (
    NO_GUESS,
    canary_sentence,
    clock_time,
    duration,
    lane_sentence,
    limit_of,
    rates_of,
    share_done,
    warmup_sentence,
)
from newsletter_cli.cli.standing import next_steps, shown_state, tell_sum
from newsletter_cli.delivery import sends, standing
from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.delivery.pace import WarmUp
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.standing import WarmDay
from newsletter_cli.delivery.states import SendState
from newsletter_cli.digest.approvals import Awaiting, awaiting_approval
from newsletter_cli.subscribers.numbers import unconfirmed

NOW: Final = (SendState.SENDING, SendState.PAUSED, SendState.ARMED)
LANES: Final = 5  # lanes that are told by name; all are in the document


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One send as it stands, and what holds it back."""

    send: Send
    tally: Tally
    worker: str | None  # the living process that works on it; None when there is none
    next_due: datetime | None  # when the first of those who are left may be tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A digest that waits for approval."""

    digest: str
    list: str
    version: str  # 8 hex digits
    composer: str
    approvals: int  # so far
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brakes:
    """What holds back every send."""

    lanes: tuple[LaneView, ...]
    warm_day: WarmDay | None


@command(
    "status",
    examples=("newsletter status", "newsletter status --watch", "newsletter status 2026-w42 --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.TRY_AGAIN, Exit.BUSY),
)
def status(
    run: Run,
    digest: Annotated[
        str | None, typer.Argument(metavar="ID", help="Digest; none: everything.", autocompletion=completion.digests)
    ] = None,
    follow: Annotated[
        bool, typer.Option("--watch", help="Follow what is sending, live; Ctrl-C only stops watching.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 0 when idle, 7 when paused, 8 when sending.")
    ] = False,
) -> Reply:
    """Can be asked from any terminal while a send runs."""
    if follow:
        from newsletter_cli.cli import watch  # lazy: the live view is for watching only

        digest = watch.follow(run, digest)
    if digest is not None:
        return _one(run, digest, told=exit_code)
    return _all(run, told=exit_code)


def _look(run: Run, send: Send) -> Look:
    now = run.clock()
    with run.storage.read() as connection:
        alive = standing.living(connection, run.newsroom.holders, send, now)
        return Look(
            send=send,
            # Nothing counts before all of its readers are frozen.
            tally=Tally() if send.state is SendState.ARMING else sends.tally(connection, send.id),
            worker=alive[0] if alive else None,
            next_due=standing.next_due(connection, send.id),
        )


def _brakes(run: Run) -> Brakes:
    now, plan = run.clock(), run.settings.smtp.warmup
    with run.storage.read() as connection:
        day = None
        if plan is not None:
            growth = WarmUp(plan.first_day, plan.grow, plan.until, run.settings.newsroom.zone)
            day = standing.warm_day(connection, growth, now)
        return Brakes(lanes=standing.lanes_held_back(connection, now), warm_day=day)


def _one(run: Run, digest: str, *, told: bool) -> Reply:
    with run.storage.read() as connection:
        send = sends.find_send(connection, digest)
    if send is None:
        return _draft(run, digest)
    look, brakes = _look(run, send), _brakes(run)
    document = {
        "digest": send.digest,
        "version": send.version[:8],
        "list": send.list,
        "state": _state(look),
        "holder": look.worker,
        "recipients": look.tally.recipients(),
        "at": send.at,
        "canary": _canary_document(send),
        **_brakes_document(brakes),
    }

    def tell() -> None:
        run.out.result(f"{send.digest} → {send.list}     {_words(run, look)}")
        if look.tally.total:
            tell_sum(run, look.tally)
        for line in (*_canary_lines(run, look), *(_brake_lines(run, brakes) if send.state in NOW else ())):
            run.out.result(f"  {line}")

    steps = next_steps(send, look.tally) if look.worker is None else (f"newsletter pause {send.digest}",)
    return Reply(document, _exit([look]) if told else Exit.OK, human=tell, next=steps)


def _draft(run: Run, digest: str) -> Reply:
    from newsletter_cli.digest.file import find_digest  # lazy: a draft alone is a file, and needs its readers
    from newsletter_cli.digest.versions import last_trial, latest_version  # lazy: as above

    file = find_digest(run.newsroom, digest)
    with run.storage.read() as connection:
        frozen = latest_version(connection, digest)
        trial = last_trial(connection, digest)
    state = "tested" if frozen and trial and trial.version == frozen.hash else "draft"
    if frozen and approvals_for(run, digest, frozen.hash, frozen.content.list).approved:
        state = "approved"
    document = {
        "digest": file.id, "version": frozen.hash[:8] if frozen else None, "list": file.list, "state": state,
        "holder": None, "recipients": Tally().recipients(), "at": None, "canary": None,
        **_brakes_document(_brakes(run)),
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
        tested = awaiting_approval(connection)
    looks = [_look(run, send) for send in now]
    asking = _asking(run, tested)
    ended = [_look(run, send) for send in last]
    brakes = _brakes(run)
    document: dict[str, Any] = {
        "sending": [_sending(run, look) for look in looks],
        "waiting": [asdict(one) for one in asking],
        "due": [{"schedule": None, "digest": send.digest, "list": send.list, "at": send.at} for send in due],
        "inbound_unread": 0,
        "unconfirmed": waiting,
        "last": _last(ended[0]) if ended else None,
        **_brakes_document(brakes),
    }

    def tell() -> None:
        names = {send.id: f"{send.digest} → {send.list}" for send in (*now, *due, *last)}
        heads = [f"{one.digest} → {one.list}" for one in asking]
        place = max(map(len, (*names.values(), *heads)), default=0) + 4
        rows = [("Now", f"{names[look.send.id]:<{place}}{_words(run, look)}", _canary_lines(run, look))
                for look in looks]  # fmt: skip
        rows += [
            ("Waiting", f"{head:<{place}}{_asking_words(run, one)}", [])
            for head, one in zip(heads, asking, strict=True)
        ]
        rows += [("Due", f"{names[send.id]:<{place}}{_due_words(run, send)}", []) for send in due]
        rows += [("Lanes", line, []) for line in _lane_lines(run, brakes)]
        rows += [("Warm-up", line, []) for line in _warm_lines(brakes)]
        rows += [("Readers", f"{waiting:,} unconfirmed", [])] if waiting else []
        rows += [("Last", f"{names[look.send.id]:<{place}}{_last_words(run, look)}", []) for look in ended]
        before = ""
        for label, line, more in rows:
            run.out.result(f"{label if label != before else '':<10}{line}")
            for part in more:
                run.out.result(f"{'':<10}{part}")
            before = label
        if not rows:
            run.out.result("Nothing runs, nothing waits, nothing was sent yet.")

    return Reply(document, _exit(looks) if told else Exit.OK, human=tell)


def _asking(run: Run, tested: Sequence[Awaiting]) -> list[Asking]:
    """Digests whose last tested version still needs somebody's approval."""
    found = []
    for one in tested:
        approvals = approvals_for(run, one.digest, one.version, one.list)
        if approvals.missing:
            found.append(
                Asking(
                    digest=one.digest,
                    list=one.list,
                    version=one.version[:8],
                    composer=one.composer,
                    approvals=len(approvals.counting),
                    needed=approvals.needed,
                )
            )
    return found


def _asking_words(run: Run, one: Asking) -> str:
    given = f"{one.approvals} of {one.needed}, " if one.approvals else ""
    return f"needs approval ({given}{run.out.cell(one.composer)} composed it)"


def _state(look: Look) -> str:
    """Armed in its foreground by a process that has died, a send is paused: nobody else begins it."""
    if look.send.state is SendState.ARMED and look.send.foreground and look.worker is None:
        return SendState.PAUSED.value
    return shown_state(look.send, look.tally)


# --- in the document -----------------------------------------------------------------------------------------------


def _sending(run: Run, look: Look) -> dict[str, Any]:
    left = _time_left(run, look) if look.worker else None
    return {
        "digest": look.send.digest,
        "list": look.send.list,
        "state": _state(look),
        "holder": look.worker,
        "recipients": look.tally.recipients(),
        "eta_s": None if left is None else round(left.total_seconds()),
        "canary": _canary_document(look.send),
    }


def _last(look: Look) -> dict[str, Any]:
    send = look.send
    return {
        "digest": send.digest, "list": send.list, "state": shown_state(send, look.tally), "ended": send.ended,
        "recipients": look.tally.recipients(),
    }  # fmt: skip


def _canary_document(send: Send) -> dict[str, Any] | None:
    return {"size": send.canary, "passed": send.canary_passed} if send.canary else None


def _brakes_document(brakes: Brakes) -> dict[str, Any]:
    return {
        "lanes": [asdict(lane) for lane in brakes.lanes],
        "warmup": None if brakes.warm_day is None else asdict(brakes.warm_day),
    }


# --- in words ------------------------------------------------------------------------------------------------------


def _time_left(run: Run, look: Look) -> timedelta | None:
    """By the speed since the send began or the set one, the slower of them; None when that cannot be said yet."""
    send, tally = look.send, look.tally
    done = tally.total - tally.left
    if send.started is None or not done or not tally.waiting:
        return None
    elapsed = run.clock() - send.started
    if elapsed < NO_GUESS:
        return None
    limit = limit_of(rates_of(run.settings, send.options))
    speed = done / elapsed.total_seconds()
    return timedelta(seconds=tally.waiting / (speed if limit is None else min(speed, limit)))


def _words(run: Run, look: Look) -> str:
    """Everything of one send in one line."""
    send, tally = look.send, look.tally
    if send.state is SendState.SCHEDULED:
        return _due_words(run, send)
    parts = [_state(look)]
    if tally.total and send.state in NOW:
        parts.append(f"{share_done(tally.total, tally.waiting, tally.retry)} %")
    if send.state is SendState.SENDING:
        parts += _worker_words(run, look)
    if send.state is SendState.PAUSED and send.reason:
        parts.append(f"({send.reason})")
    return "   ".join(parts)


def _worker_words(run: Run, look: Look) -> list[str]:
    """Who works on it and for how long still, or what it waits for when nobody does."""
    by = [f"by {look.worker}"] if look.worker else []
    if not look.tally.waiting and look.tally.retry:
        now, zone = run.clock(), run.settings.newsroom.zone
        when = f", next at {clock_time(look.next_due, now, zone)}" if look.next_due and look.next_due > now else ""
        return [f"{look.tally.retry:,} to retry{when}", *(by or ["resume goes on"])]
    left = _time_left(run, look) if look.worker else None
    told = [f"{duration(left)} left"] if left is not None else []
    return [*told, *(by or ["its process is gone; resume takes it up"])]


def _due_words(run: Run, send: Send) -> str:
    if send.at is None:
        return shown_state(send, Tally())
    zone = run.settings.newsroom.zone
    word = "begin it with: newsletter send" if send.at <= run.clock() else f"in {duration(send.at - run.clock())}"
    return f"scheduled for {send.at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}, {word}"


def _last_words(run: Run, look: Look) -> str:
    send, tally = look.send, look.tally
    day = f"{send.ended.astimezone(run.settings.newsroom.zone):%Y-%m-%d}" if send.ended else ""
    gaps = f"   gaps: {tally.failed:,} failed, {tally.uncertain:,} uncertain" * bool(tally.failed + tally.uncertain)
    return f"{day}   {tally.accepted:,} of {tally.total:,}{gaps}"


def _canary_lines(run: Run, look: Look) -> list[str]:
    send = look.send
    if send.state not in NOW:
        return []
    sentence = canary_sentence(send.canary, send.canary_passed, run.clock(), run.settings.newsroom.zone)
    return [sentence] if sentence else []


def _lane_lines(run: Run, brakes: Brakes) -> list[str]:
    now, zone = run.clock(), run.settings.newsroom.zone
    lines = [lane_sentence(lane, now, zone) for lane in brakes.lanes[:LANES]]
    more = len(brakes.lanes) - LANES
    return [*lines, f"… and {more} more"] if more > 0 else lines


def _warm_lines(brakes: Brakes) -> list[str]:
    return [] if brakes.warm_day is None else [warmup_sentence(brakes.warm_day.messages, brakes.warm_day.ceiling)]


def _brake_lines(run: Run, brakes: Brakes) -> list[str]:
    return [*_lane_lines(run, brakes), *(f"warm-up: {line}" for line in _warm_lines(brakes))]


def _exit(looks: list[Look]) -> Exit:
    """8 while something sends, 7 when something is paused or was left by its process, 0 when idle."""
    if any(look.worker and look.send.state in (SendState.SENDING, SendState.ARMED) for look in looks):
        return Exit.BUSY
    return Exit.TRY_AGAIN if any(look.send.state in NOW for look in looks) else Exit.OK
