"""`newsletter approve ID`: a second pair of eyes on exactly one version."""

import re
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.approval import Approvals, approvals_for, who_may
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.issue import Ready, frozen, ready
from newsletter_cli.cli.output import number
from newsletter_cli.delivery.sends import Send, find_send
from newsletter_cli.delivery.states import SendState
from newsletter_cli.digest.approvals import approve, revoke
from newsletter_cli.digest.file import find_digest
from newsletter_cli.digest.versions import Trial, find_digest_row, last_trial
from newsletter_cli.errors import RefusedError, UsageError
from newsletter_cli.storage.acts import note as note_act
from newsletter_cli.subscribers.audience import count, parse_where
from newsletter_cli.subscribers.lists import list_id

_ADDRESS: Final = re.compile(r"\S*@\S*")


@command(
    "approve",
    examples=("newsletter approve 2026-w42", 'newsletter approve 2026-w42 --note "numbers checked" --yes'),
    exits=(Exit.OK, Exit.USAGE, Exit.NOT_CONFIRMED, Exit.CONFIG, Exit.CHECKS),
    changes=True,
)
def approve_(
    run: Run,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Digest.", autocompletion=completion.digests)],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="A word for the log.")] = "",
    revoke_: Annotated[bool, typer.Option("--revoke", help="Take your approval of this version back.")] = False,
) -> Reply:
    """Only team.approvers, where that is set, and never the composer. Any change to the issue needs a new approval."""
    issue, scheduled = _meant(run, id_)
    found = approvals_for(run, id_, issue.hash, issue.list)
    with run.storage.read() as connection:
        trial = last_trial(connection, id_, issue.hash)
    if revoke_:
        return _revoked(run, issue, found, note)
    _demand_right(run, issue, found)
    _show(run, issue, found, trial, scheduled)
    if not run.globals.dry_run:
        run.confirm(run._("Approve as {user}?").format(user=run.out.cell(run.user)))
        _record(run, issue, note)
    return _reply(run, issue, run._("Approved {digest}, version {version}."))


def _meant(run: Run, id_: str) -> tuple[Ready, Send | None]:
    """What would leave: the frozen version of a scheduled send, else the file as it is now.

    UsageError when it has left.
    """
    with run.storage.read() as connection:
        send, known = find_send(connection, id_), find_digest_row(connection, id_)
    if send is None or send.state is SendState.ARMING:
        find_digest(run.newsroom, id_)  # says that there is none, with the likeliest id
        if known is None or not known.composer:
            raise _by_nobody(id_)
        return ready(run, id_), None
    if send.state is SendState.SCHEDULED:
        return frozen(run, send), send
    raise UsageError(
        "USAGE", f"{id_} has been sent or is being sent ({send.state.value}): there is nothing left to approve.",
        sent="", fix=f"newsletter report {id_}", details={"digest": id_, "state": send.state.value},
    )  # fmt: skip


def _by_nobody(id_: str) -> RefusedError:
    """A file that somebody wrote by hand: whoever approved it first would count as its composer."""
    return RefusedError(
        "NOT-APPROVED", f"Nobody is on record as the composer of {id_}.",
        fix=f"newsletter test {id_}   (by whoever wrote it)", details={"digest": id_},
    )  # fmt: skip


def _demand_right(run: Run, issue: Ready, found: Approvals) -> None:
    if found.composer == run.user:
        why = f"{run.user} composed {issue.digest}; another person has to approve it."
    elif found.approvers and run.user not in found.approvers:
        why = f"{run.user} is not among team.approvers."
    else:
        return
    raise RefusedError(
        "NOT-APPROVED", why, facts=(("may approve", who_may(found.approvers, found.composer)),),
        fix="NEWSLETTER_USER names who you are, where several people share a login", details={"user": run.user},
    )  # fmt: skip


def _show(run: Run, issue: Ready, found: Approvals, trial: Trial | None, scheduled: Send | None) -> None:
    zone = run.settings.newsroom.zone
    tested = f"{trial.at.astimezone(zone):%Y-%m-%d %H:%M} by {trial.by}" if trial else run._("not this version")
    facts = [
        ("Issue", f"{issue.digest}, version {issue.hash[:8]}"),
        ("List", issue.list),
        ("Readers", number(_readers(run, issue))),
        ("Composer", found.composer or "?"),
        ("Tested", tested),
    ]
    if scheduled is not None and scheduled.at is not None:
        facts.append(("When", f"{scheduled.at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"))
    if found.counting:
        facts.append(("Approved", ", ".join(one.by for one in found.counting)))
    for label, text in (*facts, ("Subject", issue.subject)):
        run.out.say(f"  {label:<9} {run.out.cell(text)}")


def _readers(run: Run, issue: Ready) -> int:
    with run.storage.read() as connection:
        known = list_id(connection, issue.list)
        if known is None:
            return 0
        return count(connection, run.clock(), list_id=known, where=parse_where(issue.where))


def _record(run: Run, issue: Ready, note: str) -> None:
    with run.storage.write() as connection:
        row = find_digest_row(connection, issue.digest)
        if row is None:
            raise RuntimeError(f"{issue.digest} has a version and no row")
        if approve(run.storage, connection, row.id, issue.hash, by=run.user, note=note, at=run.clock()):
            note_act(connection, at=run.clock(), by=run.user, what="approved", digest=issue.digest, list=issue.list,
                     details=_details(issue, note))  # fmt: skip


def _revoked(run: Run, issue: Ready, found: Approvals, note: str) -> Reply:
    mine = any(one.by == run.user and one.version == issue.hash for one in found.given)
    if not mine:
        raise UsageError(
            "NOT-FOUND", f"{run.user} has not approved this version ({issue.hash[:8]}).", sent="",
            fix=f"newsletter log {issue.digest}", details={"user": run.user},
        )  # fmt: skip
    if not run.globals.dry_run:
        with run.storage.write() as connection:
            row = find_digest_row(connection, issue.digest)
            if row is not None and revoke(connection, row.id, issue.hash, by=run.user):
                note_act(connection, at=run.clock(), by=run.user, what="took back an approval", digest=issue.digest,
                         list=issue.list, details=_details(issue, note))  # fmt: skip
    return _reply(run, issue, run._("The approval of {digest}, version {version}, is taken back."))


def _details(issue: Ready, note: str) -> str:
    """The log outlives a forgotten reader: no address gets into it."""
    words = " ".join(_ADDRESS.sub("…", note).split())
    return f"({issue.hash[:8]}) {words}".strip()


def _reply(run: Run, issue: Ready, said: str) -> Reply:
    after = approvals_for(run, issue.digest, issue.hash, issue.list)
    document = {
        "digest": issue.digest,
        "version": issue.hash[:8],
        "user": run.user,
        "approvals": len(after.counting),
        "needed": after.needed,
    }

    def tell() -> None:
        run.out.done(said.format(digest=issue.digest, version=issue.hash[:8]))
        if after.missing:
            run.out.result(run.count("{n} more approval is needed.", "{n} more approvals are needed.", after.missing))

    return Reply(document, human=tell, next=() if after.missing else (f"newsletter send {issue.digest}",))
