"""newsletter subscribers export: readers into a file, or all about one person."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.output import dumps
from newsletter_cli.cli.readers import (
    address_meant,
    filter_meant,
    list_meant,
    no_reader,
    path_shown,
    subscriber_document,
)
from newsletter_cli.errors import UsageError
from newsletter_cli.subscribers.exporting import Counted, Format, write_file, write_rows
from newsletter_cli.subscribers.listing import count_rows, field_names
from newsletter_cli.subscribers.roster import Roster


@command(
    "subscribers export",
    examples=(
        "newsletter subscribers export --list weekly -o weekly.csv",
        "newsletter subscribers export --list weekly --where status:active --excel -o weekly.csv",
        "newsletter subscribers export reader1@example.org -o reader1.json",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    formats=LISTING,
)
def export(
    run: Run,
    email: Annotated[str | None, typer.Argument(metavar="EMAIL", help="One person: everything known, as JSON.")] = None,
    slug: Annotated[
        str | None, typer.Option("--list", metavar="LIST", help="One list.", autocompletion=completion.lists)
    ] = None,
    where: Annotated[str | None, typer.Option("--where", metavar="EXPR", help="Only these readers.")] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it; default: to stdout.")
    ] = None,
    excel: Annotated[
        bool, typer.Option("--excel", help="For spreadsheets: with a mark, and no cell that could run as a formula.")
    ] = False,
) -> Reply:
    """Readers in the order they came, whatever their status. --format csv (the default), tsv or jsonl."""
    path = None if output in (None, "-") else Path(run.around.cwd, output or "")
    if email is not None:
        return _person(run, email, path)
    if run.globals.json and path is None:
        raise UsageError(
            "USAGE", "With --json the readers need a file: stdout holds the document.", sent="", fix="-o FILE"
        )
    kind = Format.CSV if run.globals.format in ("table", "json") else Format(run.globals.format)
    if excel and kind is Format.JSONL:
        raise UsageError("USAGE", "--excel is for csv and tsv.", sent="", fix="--format csv")
    chosen = None if slug is None else list_meant(run, slug)
    expr = filter_meant(run, where)
    if run.globals.dry_run:
        with run.storage.read() as connection:
            n = count_rows(connection, run.clock(), slug=chosen, where=expr)
        return Reply({"list": chosen, "rows": n, "path": None}, human=lambda: run.out.result(_holds(run, n)))
    rows = Counted(Roster(run.storage, run.clock).rows(slug=chosen, where=expr))
    pieces = write_rows(rows, field_names(run.storage), kind, excel=excel)
    _write(run, path, pieces)
    document = {"list": chosen, "rows": rows.count, "path": path_shown(run, path) if path else None}
    return Reply(document, human=lambda: _tell(run, path, rows.count))


def _person(run: Run, email: str, path: Path | None) -> Reply:
    """Everything about one person, as a JSON document of its own."""
    address = address_meant(email)
    roster = Roster(run.storage, run.clock)
    found = roster.find(address.key)
    if found is None:
        raise no_reader(address.spelling)
    happened = [
        {
            "kind": one.kind, "at": one.at, "what": one.what, "digest": one.digest, "list": one.list, "by": one.by,
            "code": one.code, "enhanced": one.enhanced, "answer": one.answer, "details": one.details,
        }
        for one in roster.history(found.id)
    ]  # fmt: skip
    everything = subscriber_document(found) | {"history": happened}
    if path is None and run.globals.json:
        return Reply({"list": None, "rows": 1, "path": None, "person": everything})
    text = json.dumps(json.loads(dumps(everything, ascii_only=False)), ensure_ascii=False, indent=2) + "\n"
    if not run.globals.dry_run:
        _write(run, path, iter([text]))
    document = {"list": None, "rows": 1, "path": path_shown(run, path) if path else None}
    return Reply(document, human=lambda: _tell(run, path, 1))


def _write(run: Run, path: Path | None, pieces: Iterator[str]) -> None:
    if path is None:
        for piece in pieces:
            if piece:
                run.out.payload(piece)
        return
    try:
        write_file(path, pieces)
    except OSError as error:
        raise UsageError(
            "USAGE", f"{path} cannot be written.", facts=[("answer", error.strerror or str(error))], sent="",
            fix="-o FILE in a folder that exists",
        ) from error  # fmt: skip


def _tell(run: Run, path: Path | None, n: int) -> None:
    if path is not None:
        run.out.done(run._("Written: {path}").format(path=run.out.cell(path_shown(run, path))))
    run.out.warn(_holds(run, n))


def _holds(run: Run, n: int) -> str:
    return run.count("This file holds personal data of {n} person.", "This file holds personal data of {n} people.", n)
