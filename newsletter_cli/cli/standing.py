"""How a send stands: its state in one word, its exit code, its document, the sum line, what to do next."""

from typing import Any

from newsletter_cli.cli.exits import Exit, worst
from newsletter_cli.cli.failure import as_lines
from newsletter_cli.cli.frame import Run
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.states import SendState
from newsletter_cli.errors import NewsletterError


def shown_state(send: Send, tally: Tally) -> str:
    """`send.state` of the JSON contract."""
    if send.state is SendState.SENT:
        return "sent-with-gaps" if tally.failed + tally.uncertain else "sent"
    return {SendState.ARMING: "draft"}.get(send.state, send.state.value)


def exit_of(send: Send, tally: Tally, problem: NewsletterError | None = None, *, interrupted: bool = False) -> Exit:
    """The exit code of a send as it stands, by the precedence 130 > 4 > 7 > 9 > 6 > 0."""
    true = [Exit.OK]
    if interrupted:
        true.append(Exit.INTERRUPTED)
    if problem is not None:
        if problem.exit == Exit.BUSY:
            return Exit.BUSY
        true.append(Exit(problem.exit))
    if tally.left and send.state is not SendState.CANCELLED:
        true.append(Exit.TRY_AGAIN)
    if tally.unsettled:
        true.append(Exit.UNCERTAIN)
    if tally.failed:
        true.append(Exit.PARTIAL)
    return worst(true)


def sent_sentence(tally: Tally) -> tuple[str, int]:
    """What left the building, and how many."""
    gone = tally.accepted + tally.uncertain
    if not gone:
        return "Nothing was sent.", 0
    return f"{gone:,} were sent, {tally.left:,} wait.", gone


def document_of(
    send: Send, tally: Tally, *, seconds: float | None = None, rate: float | None = None, already: bool = False,
    next_: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """newsletter.send/1"""
    if seconds is None and send.started is not None and send.ended is not None:
        seconds = (send.ended - send.started).total_seconds()
    if rate is None and seconds:
        rate = tally.accepted / seconds
    return {
        "digest": send.digest,
        "version": send.version[:8],
        "list": send.list,
        "state": shown_state(send, tally),
        "started": send.started,
        "seconds": None if seconds is None else round(seconds, 3),
        "rate": None if rate is None else round(rate, 2),
        "recipients": tally.recipients(),
        "unsettled": tally.unsettled,
        "reason": send.reason or None if send.state is SendState.PAUSED else None,
        "already": already,
        "at": send.at,
        "next": list(next_),
    }


def next_steps(send: Send, tally: Tally) -> tuple[str, ...]:
    """The commands that make sense now."""
    steps = [f"newsletter report {send.digest}"] if tally.total != tally.waiting else []
    if send.state is SendState.CANCELLED:
        return tuple(steps)
    if tally.left:
        steps.insert(0, resume_words(send))
    elif tally.unsettled:
        steps.append(f"{resume_words(send)} --uncertain skip|retry")
    return tuple(steps)


def resume_words(send: Send) -> str:
    """The command that goes on with a send, under the profile it was begun with."""
    profile = f" --profile {send.profile}" if send.profile else ""
    return f"newsletter resume {send.digest}{profile}"


def tell_sum(run: Run, tally: Tally) -> None:
    """12,480 = 12,431 accepted + 21 failed + 2 uncertain + 26 skipped; what is owed still is part of the sum."""
    parts = [("accepted", tally.accepted), ("failed", tally.failed), ("uncertain", tally.uncertain),
             ("skipped", tally.skipped)]  # fmt: skip
    parts += [(name, count) for name, count in (("waiting", tally.waiting), ("to retry", tally.retry)) if count]
    run.out.result(f"    {tally.total:,} = " + " + ".join(f"{count:,} {name}" for name, count in parts))


def tell_problem(run: Run, problem: NewsletterError, tally: Tally) -> None:
    """The error shape, with what has left by now."""
    problem.sent, problem.sent_count = sent_sentence(tally)
    run.out.event("error", "\n".join(as_lines(problem, run.out)), level="error", code=problem.code)
