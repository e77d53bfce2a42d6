"""newsletter send: send or schedule a digest. Everything that could be wrong is asked before anything leaves."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

import typer

from newsletter_cli.cli import completion, plans
from newsletter_cli.cli.approval import demand_approval
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.issue import Ready, frozen, ready, refuse_findings
from newsletter_cli.cli.launch import Audience, Wish, arm_and_go, first_again, first_of, schedule, widen_and_go
from newsletter_cli.cli.sending import conditions_of, demand_no_stop, demand_server, not_live
from newsletter_cli.cli.standing import document_of, exit_of, next_steps, tell_sum
from newsletter_cli.delivery import arming, past, recovery, sends
from newsletter_cli.delivery.briefing import NOBODY, Briefing, brief, limit_of, unusual
from newsletter_cli.delivery.holder import Life, life_of
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.states import SendEvent, SendState
from newsletter_cli.digest.versions import last_trial, tested
from newsletter_cli.errors import NotConfirmedError, RefusedError, UsageError
from newsletter_cli.schedule.when import read_when
from newsletter_cli.settings import Rate, SafetySettings
from newsletter_cli.settings.kinds import DURATION, RATES, WrongValueError
from newsletter_cli.subscribers import audience
from newsletter_cli.subscribers.audience import parse_where
from newsletter_cli.subscribers.leaves import Leaves
from newsletter_cli.subscribers.lists import list_id as find_list_id


@command(
    "send",
    examples=(
        "newsletter send 2026-w42",
        "newsletter send 2026-w42 --confirm weekly --max-recipients 13000 --json",
        'newsletter send 2026-w42 --at "wed 07:00"',
    ),
    exits=(0, 2, 3, 4, 5, 6, 7, 8, 9, 130),
    changes=True,
    sends=True,
)
def send(
    run: Run,
    digest: Annotated[str, typer.Argument(metavar="ID", help="Digest.", autocompletion=completion.digests)],
    list_: Annotated[str | None, typer.Option("--list", metavar="LIST", help="Another list than the digest's.")] = None,
    where: Annotated[str | None, typer.Option("--where", metavar="EXPR", help="Only these readers of it.")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="WHEN", help="Schedule it for this time.")] = None,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="LIST", help="The list again, instead of the questions.")
    ] = None,
    max_recipients: Annotated[
        int | None, typer.Option("--max-recipients", metavar="N", min=1, help="Refuse when there are more readers.")
    ] = None,
    rate: Annotated[str | None, typer.Option("--rate", metavar="RATE", help="10/s, 500/hour or off.")] = None,
    undo: Annotated[
        int | None, typer.Option("--undo", metavar="SECONDS", min=0, help="Length of the countdown.")
    ] = None,
    wait: Annotated[
        str | None, typer.Option("--wait", metavar="TIME", help="How long to stay for temporary failures.")
    ] = None,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Write one .eml per reader instead; opens no connection.")
    ] = False,
    canary: Annotated[
        int | None, typer.Option("--canary", metavar="N", min=0, help="Readers to write to first; 0: none.")
    ] = None,
) -> Reply:
    """Asks for the number of readers before anything leaves; a script gives --confirm and --max-recipients. Whoever
    leaves while it runs is skipped. A send that was stopped goes on with “newsletter resume”."""
    wish = Wish(
        list=list_, where=where, at=at, confirm=confirm, max_recipients=max_recipients, rate=rate, canary=canary,
        undo=undo, wait=wait, rehearse=rehearse,
    )  # fmt: skip
    quiet = rehearse or run.globals.dry_run
    if not quiet:
        demand_no_stop(run)
    before, over = _begun_before(run, digest)
    if over is not None and not rehearse:
        return over
    is_scheduled = before is not None and before.state is SendState.SCHEDULED
    issue = frozen(run, before) if before and is_scheduled else ready(run, digest, list_=list_, where=where)
    if before and not is_scheduled and not rehearse:
        _demand_same(issue, before, wish)
    moment = read_when(at, run.clock(), run.settings.newsroom.zone) if at is not None else None
    if rehearse:
        return plans.rehearse(run, issue, _audience(run, issue))
    return _send(run, issue, wish, moment, before)


def _send(run: Run, issue: Ready, wish: Wish, moment: datetime | None, before: Send | None) -> Reply:
    safety = run.settings.safety_of(issue.list)
    demand_server(run)
    if not run.globals.dry_run:
        past.demand_present(run.storage, run.newsroom.holders, by=run.user, now=run.clock())
        Leaves(run.newsroom.root).catch_up(run.storage)  # so that who left during a lock is not counted
        refused = _demand_live(run, issue, wish)
        if refused is not None:
            return refused
    conditions = conditions_of(run, rates=_rates(wish.rate), wait=_wait(wish.wait))
    refuse_findings(run, issue, safety.require_check)
    _demand_test(run, issue, safety)
    demand_approval(run, issue, safety)
    found = _audience(run, issue)
    narrow = before if before is not None and before.state is SendState.SENT else None
    if narrow is not None:
        found = _others(run, found, narrow, safety)
    _demand_size(run, issue, found.briefing, safety, wish)
    first = first_of(found.briefing, safety, wish) if narrow is None else first_again(narrow, wish)
    plans.show(run, issue, found.briefing, conditions, moment, safety, first)
    if run.globals.dry_run:
        return plans.planned(run, issue, found, command=_script(issue, found.briefing, wish))
    _confirm(run, issue, found.briefing, safety, wish, moment)
    if moment is not None:
        return schedule(run, issue, found, wish, moment, before)
    if narrow is not None:
        return widen_and_go(run, issue, found, wish, safety, conditions, narrow)
    return arm_and_go(run, issue, found, wish, safety, conditions)


# --- what was before ---------------------------------------------------------------------------------------------


def _begun_before(run: Run, digest: str) -> tuple[Send | None, Reply | None]:
    """(a scheduled send of it, or one that left readers out for now; the reply when there is nothing to begin).

    Where `only_to` was narrower when it was sent, those it left out are still to be written to.
    """
    with run.storage.read() as connection:
        found = sends.find_send(connection, digest)
        if found is None:
            return None, None
        tally, names = sends.tally(connection, found.id), sends.holders_of(connection, found.id)
    living = any(life_of(run.newsroom.holders, name) is not Life.DEAD for name in names)
    if found.state is SendState.SCHEDULED:
        return found, None
    if found.state is SendState.ARMING and not living:
        return None, None  # died while it froze its readers: nothing of it counts, the new one takes its place
    if found.state is SendState.CANCELLED:
        raise UsageError("USAGE", f"{digest} was cancelled; a cancelled digest is not sent again.",
                         fix=f"newsletter compose --correction-of {digest}")  # fmt: skip
    if found.state is SendState.SENT:
        others = tally.skipped and _left_out(run, found, run.settings.safety_of(found.list))[0]
        return (found, None) if others else (None, _already(run, found, tally))
    if living:
        raise arming.busy(digest)
    return None, _unfinished(run, found, tally)


def _left_out(run: Run, narrow: Send, safety: SafetySettings) -> tuple[int, tuple[str, ...]]:
    """How many a narrower `only_to` left out of a send, and this one does not; the first of them."""
    with run.storage.read() as connection:
        return recovery.left_out(connection, narrow.id, safety.only_to, run.clock())


def _others(run: Run, found: Audience, narrow: Send, safety: SafetySettings) -> Audience:
    """The audience of a send that goes on to those it left out; it compares with no other."""
    readers, samples = _left_out(run, narrow, safety)
    return replace(found, briefing=replace(found.briefing, readers=readers, samples=samples, recent=()))


def _demand_same(issue: Ready, narrow: Send, wish: Wish) -> None:
    """What goes on to those it left out has the audience that was frozen for it."""
    if (issue.list, issue.where) != (narrow.list, narrow.where) or wish.at is not None:
        raise UsageError(
            "USAGE", f"{issue.digest} was sent before, to those only_to let through then; the others are taken up now, "
            "of the same list and filter.", fix=f"newsletter send {issue.digest}",
        )  # fmt: skip


def _already(run: Run, found: Send, tally: Tally) -> Reply:
    ended = found.ended.astimezone(run.settings.newsroom.zone) if found.ended else None
    when = f" on {ended:%Y-%m-%d %H:%M}" if ended else ""
    steps = next_steps(found, tally)
    return Reply(
        document_of(found, tally, already=True, next_=steps),
        human=lambda: run.out.result(f"Already sent{when} to {tally.accepted:,} readers. Nothing to do."),
        next=steps,
    )


def _unfinished(run: Run, found: Send, tally: Tally) -> Reply:
    """Begun by a process that is gone, or paused: only resume goes on."""
    if found.state is SendState.ARMED:
        with run.storage.write() as connection:
            sends.move(connection, found.id, SendEvent.PAUSE, reason="user")
            found, tally = sends.send_by_id(connection, found.id), sends.tally(connection, found.id)
    steps = next_steps(found, tally)

    def tell() -> None:
        run.out.result(f"{found.digest} was begun before and is not finished. So far:")
        tell_sum(run, tally)

    return Reply(document_of(found, tally, next_=steps), max(exit_of(found, tally), Exit.TRY_AGAIN), human=tell,
                 next=steps)  # fmt: skip


# --- what must be so ---------------------------------------------------------------------------------------------


def _demand_live(run: Run, issue: Ready, wish: Wish) -> Reply | None:
    """NOT-LIVE; at a terminal a rehearsal is offered instead."""
    if run.settings.safety.live:
        return None
    if not run.can_ask or wish.at is not None or not run.ask_yes(
        "This newsroom is not live: no mail leaves it. Write a rehearsal instead, one .eml per reader?"
    ):  # fmt: skip
        raise not_live(run)
    return plans.rehearse(run, issue, _audience(run, issue))


def _demand_test(run: Run, issue: Ready, safety: SafetySettings) -> None:
    if not safety.require_test:
        return
    with run.storage.read() as connection:
        if tested(connection, issue.hash):
            return
        last = last_trial(connection, issue.digest)
    other = f"; the tested one was {last.version[:8]}" if last else ""
    raise RefusedError(
        "NOT-TESTED",
        f"This version ({issue.hash[:8]}) has not been test-sent{other}.",
        fix=f"newsletter test {issue.digest}",
    )


def _audience(run: Run, issue: Ready) -> Audience:
    where = parse_where(issue.where)
    now = run.clock()
    with run.storage.read() as connection:
        list_id = find_list_id(connection, issue.list)
        if list_id is None:  # nobody has ever joined it
            return Audience(list_id=0, where=where, briefing=NOBODY)
        audience.check_names(connection, where, run.settings.lists)
        briefing = brief(
            connection, list_id=list_id, where=where, digest=issue.digest,
            settings_zone_now=now.astimezone(run.settings.newsroom.zone), now=now,
        )  # fmt: skip
    return Audience(list_id=list_id, where=where, briefing=briefing)


def _demand_size(run: Run, issue: Ready, briefing: Briefing, safety: SafetySettings, wish: Wish) -> None:
    if not briefing.readers:
        raise RefusedError(
            "EMPTY-LIST", f"Nobody on {issue.list} would get this.",
            facts=(("left out", f"{briefing.left_out.total:,}"),) if briefing.left_out.total else (),
            fix=f"newsletter lists count {issue.list}",
        )  # fmt: skip
    limit = limit_of(safety, wish.max_recipients)
    if limit is not None and briefing.readers > limit:
        raise RefusedError(
            "TOO-MANY", f"{briefing.readers:,} readers are more than {limit:,}.",
            fix=f"look at the list, or raise --max-recipients to {briefing.readers}",
            details={"readers": briefing.readers, "limit": limit},
        )  # fmt: skip


# --- confirming --------------------------------------------------------------------------------------------------


def _confirm(
    run: Run, issue: Ready, briefing: Briefing, safety: SafetySettings, wish: Wish, moment: datetime | None
) -> None:
    """A person types the number of readers, and the list's name when something is unusual; a script gives both."""
    start = (moment or run.clock()).astimezone(run.settings.newsroom.zone)
    reasons = unusual(briefing, safety, start)
    if wish.confirm is not None:
        run.ask.given(wish.confirm, issue.list)
        if not run.can_ask and limit_of(safety, wish.max_recipients) is None:
            raise _not_confirmed(issue, briefing)
        for reason in reasons:
            run.out.warn(reason)
        return
    if not run.can_ask:
        raise _not_confirmed(issue, briefing)
    run.ask_number(briefing.readers, "Type the number of readers to send, or Enter to stop", f"--confirm {issue.list}")
    if reasons:
        for reason in reasons:
            run.out.warn(reason)
        run.ask_name(issue.list, "Type the name of the list as well", f"--confirm {issue.list}")


def _not_confirmed(issue: Ready, briefing: Briefing) -> NotConfirmedError:
    flags = f"--confirm {issue.list} --max-recipients {_rounded(briefing.readers)}"
    return NotConfirmedError(
        "NOT-CONFIRMED", "A send needs a person, or the flags that stand for one.",
        fix=f"add: {flags} (--yes is not enough for a send)", details={"flags": flags},
    )  # fmt: skip


def _rounded(readers: int) -> int:
    """A ceiling a little above: 12,480 → 13,000."""
    step: int = 10 ** max(0, len(str(readers)) - 2)
    return -(-readers // step) * step


def _script(issue: Ready, briefing: Briefing, wish: Wish) -> str:
    """The same send as a command without questions."""
    parts = [f"newsletter send {issue.digest} --confirm {issue.list}",
             f"--max-recipients {wish.max_recipients or _rounded(briefing.readers)}"]  # fmt: skip
    for flag, value in (("--list", wish.list), ("--where", wish.where), ("--at", wish.at), ("--rate", wish.rate),
                        ("--wait", wish.wait)):  # fmt: skip
        if value is not None:
            parts.append(f'{flag} "{value}"')
    for flag, number_ in (("--undo", wish.undo), ("--canary", wish.canary)):
        if number_ is not None:
            parts.append(f"{flag} {number_}")
    return " ".join(parts)


def _rates(text: str | None) -> tuple[Rate, ...] | None:
    try:
        return None if text is None else RATES.read(RATES.from_text(text))
    except WrongValueError as error:
        raise UsageError("USAGE", f"--rate takes {RATES.allowed}, not “{text}”.", fix="--rate 10/s") from error


def _wait(text: str | None) -> timedelta | None:
    try:
        return None if text is None else DURATION.read(DURATION.from_text(text))
    except WrongValueError as error:
        raise UsageError("USAGE", f"--wait takes {DURATION.allowed}, not “{text}”.", fix="--wait 10m") from error
