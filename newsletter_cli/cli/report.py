"""newsletter report: what happened to every reader."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Annotated, Any, Final

import typer

from newsletter_cli.cli import comparing, completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.progress import duration
from newsletter_cli.cli.standing import document_of, next_steps, shown_state, tell_sum
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.delivery import reporting, sends
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.states import Outcome
from newsletter_cli.errors import UsageError

COLUMNS: Final = tuple(
    Column(field.name, right=field.name in ("code", "attempts"), arabic=False) for field in fields(reporting.Recipient)
)


@command(
    "report",
    examples=(
        "newsletter report 2026-w42",
        "newsletter report 2026-w42 --compare 4",
        "newsletter report 2026-w42 --recipients failed --format csv",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    formats=LISTING,
)
def report(
    run: Run,
    digest: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Digest; none: the recent ones.", autocompletion=completion.digests),
    ] = None,
    recipients: Annotated[
        str | None,
        typer.Option(
            "--recipients",
            metavar="accepted|failed|uncertain|skipped|retry",
            help="The readers with this outcome, one by one.",
        ),
    ] = None,
    compare: Annotated[
        int | None,
        typer.Option("--compare", metavar="N", min=1, help="Beside the N issues that the list got before it."),
    ] = None,
) -> Reply:
    """The numbers add up: every reader of the frozen audience is in exactly one of them."""
    if recipients is not None and compare is not None:
        raise UsageError("USAGE", "--recipients tells readers and --compare issues; give one of them.", sent="",
                         fix="newsletter report ID --compare 4")  # fmt: skip
    if digest is None:
        if recipients is not None or compare is not None:
            raise UsageError("USAGE", "Which digest?", sent="", fix="newsletter report ID")
        return _recent(run)
    with run.storage.read() as connection:
        send = sends.find_send(connection, digest)
        if send is None:
            raise UsageError(
                "NOT-FOUND", f"“{digest}” was never sent.", sent="", fix="newsletter report",
                details={"digest": digest},
            )  # fmt: skip
        tally = sends.tally(connection, send.id)
    if recipients is not None:
        return _recipients(run, send, tally, recipients)
    return _one(run, send, tally) if compare is None else _compared(run, send, tally, compare)


def _recent(run: Run) -> Reply:
    with run.storage.read() as connection:
        found = [(send, sends.tally(connection, send.id)) for send in sends.all_sends(connection, limit=20)]
    rows = [
        (send.digest, send.list, shown_state(send, tally), send.started, tally.total, tally.accepted, tally.failed,
         tally.uncertain, tally.skipped, tally.left, send.subject)
        for send, tally in found
    ]  # fmt: skip
    numbers = ("total", "accepted", "failed", "uncertain", "skipped", "left")
    columns = (
        Column("digest"), Column("list"), Column("state"), Column("started"),
        *(Column(name, right=True) for name in numbers), Column("subject", arabic=True),
    )  # fmt: skip
    listing = Listing(columns, rows, empty="Nothing was sent yet.")
    return Reply({"reports": [document_of(send, tally) for send, tally in found]}, listing=listing)


def _recipients(run: Run, send: Send, tally: Tally, outcome: str) -> Reply:
    known = [name.value for name in Outcome]
    if outcome not in known:
        raise UsageError("USAGE", f"--recipients {outcome} is not one of: {', '.join(known)}.", sent="",
                         fix=f"newsletter report {send.digest} --recipients failed")  # fmt: skip

    def rows() -> Iterator[tuple[object, ...]]:
        with run.storage.read() as connection:
            for recipient in reporting.recipients(connection, send.id, Outcome(outcome)):
                yield tuple(getattr(recipient, column.name) for column in COLUMNS)

    document = _document(run, send, tally)
    if run.globals.json:
        document["rows"] = [dict(zip((column.name for column in COLUMNS), row, strict=True)) for row in rows()]
    return Reply(document, listing=Listing(COLUMNS, rows(), empty=f"No reader of {send.digest} is {outcome}."))


def _document(run: Run, send: Send, tally: Tally) -> dict[str, Any]:
    """newsletter.report/1"""
    sent = document_of(send, tally)
    started = send.started
    with run.storage.read() as connection:
        failures = reporting.failures(connection, send.id)
        domains = reporting.domains(connection, send.id)
        left = reporting.unsubscribed_since(connection, send.list, started, started + comparing.LATER) if started else 0
    return {
        **{key: sent[key] for key in ("digest", "version", "list", "state", "started")},
        "ended": send.ended,
        **{key: sent[key] for key in ("seconds", "rate", "recipients", "unsettled")},
        "failures": [asdict(failure) for failure in failures],
        "domains": [asdict(domain) for domain in domains],
        # Reports of bounces and complaints are not read by this version: none is known, which is not none.
        "later": {"bounced": None, "unsubscribed": left, "complaints": None},
    }


def _compared(run: Run, send: Send, tally: Tally, number: int) -> Reply:
    """The report, and under it a table of this issue and those before it."""
    one = _one(run, send, tally)
    found = comparing.compare(run, send, number)

    def tell() -> None:
        if one.human is not None:
            one.human()
        run.out.result()
        if len(found) == 1:
            run.out.result(f"  {send.list} got nothing before it.")
            return
        run.out.table(comparing.table(run, found))

    document = {**one.document, "compare": comparing.documents(found)}
    return Reply(document, human=tell, listing=comparing.rows(found), next=one.next)


def _one(run: Run, send: Send, tally: Tally) -> Reply:
    document = _document(run, send, tally)
    with run.storage.read() as connection:
        failures = reporting.failures(connection, send.id)

    def tell() -> None:
        zone = run.settings.newsroom.zone
        head = f"{send.digest} → {send.list}     {shown_state(send, tally)}"
        if send.started:
            head += f" {send.started.astimezone(zone):%Y-%m-%d %H:%M}"
        if send.started and send.ended:
            head += f"–{send.ended.astimezone(zone):%H:%M}, {duration(send.ended - send.started)}"
        run.out.result(f"{head}, by {run.out.cell(send.by)}")
        tell_sum(run, tally)
        if failures:
            why = f"Why {tally.failed:,} failed"
            run.out.result(f"  {why:<30} {'readers':>8}   {'example':<30}  what happens now")
        for failure in failures:
            answer = " ".join(part for part in (str(failure.code or ""), failure.enhanced, failure.domain) if part)
            reason = reporting.REASONS.get(failure.reason, failure.reason)
            run.out.result(f"  {reason:<30} {failure.count:>8,}   {run.out.cell(answer):<30}  {failure.action}")
        if send.started:
            left = document["later"]["unsubscribed"]
            told = f" ({comparing.share(left, tally.total)})" if left else ""
            run.out.result(f"  First 48 hours     unsubscribed {left:,}{told}")

    return Reply(document, human=tell, next=tuple(step for step in next_steps(send, tally) if " report " not in step))
