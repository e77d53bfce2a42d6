"""What is shown and kept before mail leaves: the confirmation screen, plans, samples, rehearsals, copies for people."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter_cli.cli.approval import approval_word
from newsletter_cli.cli.frame import Reply, Run
from newsletter_cli.cli.issue import Ready
from newsletter_cli.cli.output import number
from newsletter_cli.cli.progress import duration
from newsletter_cli.delivery.briefing import Briefing
from newsletter_cli.delivery.briefing import duration as time_for
from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.delivery.outlets import Press, press_for
from newsletter_cli.delivery.rehearsal import readers_of
from newsletter_cli.delivery.run import Conditions
from newsletter_cli.delivery.sends import Tally
from newsletter_cli.digest.check.finding import Level
from newsletter_cli.digest.versions import find_digest_row, last_trial
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.rendering import public_text, render_public
from newsletter_cli.newsroom import write_private
from newsletter_cli.settings import SafetySettings

if TYPE_CHECKING:
    from newsletter_cli.cli.launch import Audience

SAMPLES = 3


def show(
    run: Run,
    issue: Ready,
    briefing: Briefing,
    conditions: Conditions,
    moment: datetime | None,
    safety: SafetySettings,
    first: int,
) -> None:
    """The confirmation screen, on stderr.  first: readers written to before all others."""
    run.out.say(f"Checking…  content {_content_word(issue)}  test of this version {_test_word(run, issue, safety)}  "
                f"approval: {approval_word(run, issue, safety)}")  # fmt: skip
    for label, text in _facts(run, issue, briefing, conditions, moment, first):
        run.out.say(f"  {label:<9} {text}")


def _content_word(issue: Ready) -> str:
    errors = sum(finding.level is Level.ERROR for finding in issue.findings)
    warnings = sum(finding.level is Level.WARNING for finding in issue.findings)
    return " ".join([f"✗ {errors}"] * bool(errors) + [f"! {warnings}"] * bool(warnings)) or "✓"


def _test_word(run: Run, issue: Ready, safety: SafetySettings) -> str:
    with run.storage.read() as connection:
        trial = last_trial(connection, issue.digest, issue.hash)
    if trial is None:
        return "not required" if not safety.require_test else "✗"
    return f"✓ {trial.at.astimezone(run.settings.newsroom.zone):%H:%M}"


def _facts(
    run: Run, issue: Ready, briefing: Briefing, conditions: Conditions, moment: datetime | None, first: int
) -> Iterable[tuple[str, str]]:
    yield "Issue", f"{issue.digest}, version {issue.hash[:8]}"
    yield "From", issue.content.sender.address
    yield "List", f"{issue.list:<24} profile: {run.settings.profile or 'none'}"
    if issue.where:
        yield "Where", run.out.cell(issue.where)
    usual = ""
    if briefing.recent and briefing.change is not None:
        low, high = number(min(briefing.recent)), number(max(briefing.recent))
        usual = f"     last {len(briefing.recent)} issues {low} to {high}     {briefing.change:+.1%}"
    yield "Readers", f"{number(briefing.readers)}{usual}"
    left = [f"{number(count)} {name}" for name, count in asdict(briefing.left_out).items() if count]
    if left:
        yield "", f"left out: {', '.join(left)}"
    if briefing.samples:
        yield "For ex.", ", ".join(run.out.cell(masked(address)) for address in briefing.samples)
    needed = time_for(briefing.readers, conditions.shown_rates)
    zone = run.settings.newsroom.zone
    when = "now" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
    yield (
        "When",
        f"{when}, about {duration(needed)}" if needed is not None else f"{when}, as fast as the server takes it",
    )
    if first:
        yield "First", f"{number(first)} readers, then a look at their answers"
    yield "Subject", run.out.cell(issue.subject)


def masked(address: str) -> str:
    """reader1@example.org as r…1@example.org: enough to know it again, too little to copy."""
    local, _, domain = address.rpartition("@")
    short = f"{local[:1]}…{local[-1:]}" if len(local) > 1 else "…"
    return f"{short}@{domain}"


# --- messages as files -----------------------------------------------------------------------------------------------


def press_now(run: Run, issue: Ready) -> Press:
    """The version as it would leave at this moment."""
    with run.storage.read() as connection:
        keyring = load_keyring(connection)
    return press_for(issue.content, run.settings, run.newsroom.root, keyring, run.clock())


def _digest_number(run: Run, issue: Ready) -> int:
    with run.storage.read() as connection:
        row = find_digest_row(connection, issue.digest)
    return row.id if row is not None else 0


def planned(run: Run, issue: Ready, found: "Audience", *, command: str) -> Reply:
    """--dry-run: the plan, three sample messages and the command, and nothing else."""
    folder = run.newsroom.outbox / issue.digest
    folder.mkdir(parents=True, exist_ok=True)
    press, digest_number = press_now(run, issue), _digest_number(run, issue)
    with run.storage.read() as connection:
        readers = tuple(
            readers_of(connection, run.clock(), list_id=found.list_id, where=found.where,
                       digest_number=digest_number, limit=SAMPLES)
        )  # fmt: skip
    samples = []
    for place, reader in enumerate(readers, 1):
        path = folder / f"sample-{place}.eml"
        write_private(path, press.message(reader).joined())
        samples.append(path)
    recipients = Tally(total=found.briefing.readers).recipients()
    plan = {
        "digest": issue.digest, "version": issue.hash[:8], "list": issue.list, "where": issue.where,
        "recipients": recipients, "left_out": asdict(found.briefing.left_out), "command": command,
        "samples": [path.name for path in samples],
    }  # fmt: skip
    write_private(folder / "plan.json", (json.dumps(plan, ensure_ascii=False, indent=2) + "\n").encode())

    def tell() -> None:
        run.out.result(f"Plan in {_shown(run, folder)}/: plan.json, {len(samples)} sample messages.")
        run.out.result(f"  {command}")

    return Reply(_document(issue, "planned", recipients, next_=(command,)), human=tell)


def rehearse(run: Run, issue: Ready, found: "Audience") -> Reply:
    """One .eml per reader; no connection, no ledger."""
    folder = run.newsroom.outbox / issue.digest / "rehearsal"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.eml"):
        old.unlink()
    press, digest_number, written = press_now(run, issue), _digest_number(run, issue), 0
    with run.storage.read() as connection:
        for reader in readers_of(
            connection, run.clock(), list_id=found.list_id, where=found.where, digest_number=digest_number
        ):
            written += 1
            write_private(folder / f"{written:06}-{_file_name(reader)}.eml", press.message(reader).joined())
    recipients = Tally(total=written).recipients()
    return Reply(
        _document(issue, "rehearsed", recipients),
        human=lambda: run.out.done(f"Rehearsed: {written:,} messages in {_shown(run, folder)}/. Nothing was sent."),
        next=(f"newsletter test {issue.digest}",),
    )


def keep_copies(run: Run, issue: Ready) -> None:
    """message.html and message.txt beside the report, for people; the database holds what counts."""
    folder = run.newsroom.outbox / issue.digest
    with contextlib.suppress(OSError):  # a full disk must not stop a send over a copy
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / "message.html", render_public(issue.content).encode())
        write_private(folder / "message.txt", public_text(issue.content).encode())


def _file_name(reader: Reader) -> str:
    return "".join(c if c.isalnum() or c in "@.-_" else "_" for c in reader.email)[:80]


def _shown(run: Run, path: Path) -> str:
    return path.relative_to(run.newsroom.root).as_posix()


def _document(
    issue: Ready, state: str, recipients: dict[str, int], *, next_: tuple[str, ...] = ()
) -> dict[str, object]:  # fmt: skip
    """newsletter.send/1 of a send that did not happen."""
    return {
        "digest": issue.digest, "version": issue.hash[:8], "list": issue.list, "state": state, "started": None,
        "seconds": None, "rate": None, "recipients": recipients, "unsettled": 0, "reason": None, "already": False,
        "at": None, "next": list(next_),
    }  # fmt: skip
