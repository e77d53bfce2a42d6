"""`newsletter log [ID|EMAIL]`: who did what, one line per act."""

from datetime import datetime
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.cli.terminal import is_right_to_left
from newsletter_cli.errors import UsageError
from newsletter_cli.mail.address import parse_address
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.storage.acts import Act, acts
from newsletter_cli.subscribers.roster import Roster

LATEST: Final = 50  # acts that are shown when nothing in particular is asked for
COLUMNS: Final = (
    Column("at"), Column("by"), Column("what"), Column("digest"), Column("list"), Column("details", arabic=True),
)  # fmt: skip


@command(
    "log",
    examples=("newsletter log 2026-w42", "newsletter log reader1@example.org --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    formats=LISTING,
)
def log(
    run: Run,
    about: Annotated[
        str | None,
        typer.Argument(
            metavar="ID|EMAIL",
            help="A digest, a list or a reader; none: the latest acts.",
            autocompletion=completion.digests,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="NUMBER", min=1, help="Only so many of the latest acts.")
    ] = None,
) -> Reply:
    """Oldest first. Without ID or EMAIL, the latest fifty acts."""
    found = _latest(run, limit or LATEST) if about is None else _about(run, about, limit)
    rows = [(act.at, act.by, act.what, act.digest, act.list, act.details) for act in found]
    documents = [dict(zip((column.name for column in COLUMNS), row, strict=True)) for row in rows]
    return Reply(
        {"about": about, "log": documents},
        human=lambda: _tell(run, found, about),
        listing=Listing(COLUMNS, rows),
    )


def _latest(run: Run, limit: int) -> tuple[Act, ...]:
    with run.storage.read() as connection:
        return acts(connection, limit=limit)


def _about(run: Run, about: str, limit: int | None) -> tuple[Act, ...]:
    """The acts about a reader, a digest or a list. UsageError NOT-FOUND when nobody ever did anything with it."""
    if "@" in about:
        reader = _reader(run, about)
        with run.storage.read() as connection:
            return acts(connection, subscriber_id=reader, limit=limit)
    with run.storage.read() as connection:
        found = acts(connection, digest=about, limit=limit) or acts(connection, list=about, limit=limit)
    if not found:
        raise UsageError(
            "NOT-FOUND", f"Nothing in the log is about “{about}”.", sent="", fix="newsletter log",
            details={"about": about},
        )  # fmt: skip
    return found


def _reader(run: Run, address: str) -> int:
    try:
        found = Roster(run.storage, run.clock).find(parse_address(address).key)
    except AddressProblem as error:
        raise UsageError("USAGE", f"“{address}” is not an address: {error}", sent="", fix="newsletter log") from error
    if found is None:
        raise UsageError(
            "NOT-FOUND", f"No reader has the address “{address}”.", sent="", fix="newsletter subscribers list",
            details={"email": address},
        )  # fmt: skip
    return found.id


def _tell(run: Run, found: tuple[Act, ...], about: str | None) -> None:
    """10-12 10:51 editor  tested to 2 addresses (9c1f40d2)"""
    if not found:
        run.out.say(run._("Nothing to list."))
    this_year = run.clock().astimezone(run.out.zone).year
    for act in found:
        subject = "" if about is not None else act.digest or act.list
        by, said = run.out.cell(act.by), " ".join(part for part in (subject, act.what, act.details) if part)
        # A name in Arabic comes last: before Latin words it would change places with them.
        parts = (said, by) if is_right_to_left(by) else (by, said)
        run.out.result(f"{_moment(act.at, run, this_year)} {'  '.join(map(run.out.cell, parts))}")


def _moment(at: datetime, run: Run, this_year: int) -> str:
    local = at.astimezone(run.out.zone)
    return f"{local:%m-%d %H:%M}" if local.year == this_year else f"{local:%Y-%m-%d %H:%M}"
