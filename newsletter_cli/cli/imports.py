"""newsletter subscribers import and undo: a file is looked at, shown, and only then copied into a list."""

import time
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from random import SystemRandom
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.output import number
from newsletter_cli.cli.readers import list_meant, path_shown, who
from newsletter_cli.cli.table import Column, Listing, lines
from newsletter_cli.errors import UsageError
from newsletter_cli.storage.backup import Backups, backup
from newsletter_cli.subscribers.candidates import Remarks
from newsletter_cli.subscribers.encoding import Reading
from newsletter_cli.subscribers.importing import Imported, Preview, Wish, import_job
from newsletter_cli.subscribers.source import Source, open_source
from newsletter_cli.subscribers.states import SubscriptionStatus
from newsletter_cli.subscribers.undoing import undo_import
from newsletter_cli.subscribers.values import clean_value, is_field

FIRST_WORD: Final = 1.0  # seconds of silence before the first line about progress
BETWEEN: Final = 5.0
SHOWN: Final = 20  # addresses named when an undo keeps readers
DELIMITERS: Final = {"\t": "tab"}
SAMPLE: Final = (
    Column("row", "row", right=True),
    Column("email", "email"),
    Column("who", "name and city", arabic=True),
)


class Joining(StrEnum):
    """What the new readers become."""

    PENDING = "pending"
    ACTIVE = "active"


@command(
    "subscribers import",
    examples=(
        'newsletter subscribers import readers.csv --list weekly --consent "book fair, 2–5 Oct 2026, paper forms"',
        "newsletter subscribers import s.csv --list weekly --status active --consent stand --yes --json",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.NOT_CONFIRMED, Exit.CONFIG, Exit.CHECKS, Exit.TRY_AGAIN, Exit.BUSY),
    changes=True,
)
def import_(
    run: Run,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or TSV; with or without headings.")],
    slug: Annotated[
        str | None, typer.Option("--list", metavar="LIST", help="Slug of the list.", autocompletion=completion.lists)
    ] = None,
    status: Annotated[
        Joining | None,
        typer.Option("--status", metavar="STATUS", help="pending or active (needs --consent); default: by the list."),
    ] = None,
    consent: Annotated[
        str, typer.Option("--consent", metavar="TEXT", help="Where, when and how these readers agreed.")
    ] = "",
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="ENCODING", help="utf-8, utf-16, windows-1256, windows-1252 …")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option("--delimiter", metavar="CHARACTER", help="What stands between columns; tab for a tab.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COL=FIELD", help="Heading or number of a column, and its field; or none."),
    ] = None,
    overwrite: Annotated[
        list[str] | None,
        typer.Option("--overwrite", metavar="FIELDS", help="Fields whose filled values may change: name,city"),
    ] = None,
) -> Reply:
    """Nobody is brought back by a file: who left, bounced, complained or is suppressed stays so. Filled values stay.
    Rows that cannot be used lie in imports/, with the reason. The whole import can be taken back."""
    wish = _wish(run, list_meant(run, slug), status, consent, overwrite or ())
    source = open_source(
        Path(run.around.cwd, file),
        encoding=encoding,
        delimiter=delimiter,
        mapping=_mapping(mapping or ()),
        choose=lambda best, other: _choose(run, best, other),
    )
    dry = run.globals.dry_run
    with import_job(
        run.storage, source, wish, clock=run.clock, chance=SystemRandom(), zone=run.settings.newsroom.zone,
        imports=None if dry else run.newsroom.imports, progress=_Progress(run, source.path.name),
    ) as job:  # fmt: skip
        preview = job.preview()
        _show(run, source, wish, preview)
        if dry:
            return Reply(_document(run, source, wish, preview, None))
        _demand_yes(run, wish, preview)
        done = job.run(_Progress(run, source.path.name))
    return _reply(run, source, wish, preview, done)


@command(
    "subscribers undo",
    examples=("newsletter subscribers undo imp-7f3k", "newsletter subscribers undo imp-7f3k --dry-run"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.BUSY),
    changes=True,
)
def undo(
    run: Run, batch: Annotated[str, typer.Argument(metavar="BATCH", help="The import, such as imp-7f3k.")]
) -> Reply:
    """Takes back what an import made and filled. Readers who have moved since, who left, confirmed, got a message or
    were changed, stay as they are and are listed."""
    dry = run.globals.dry_run
    done = undo_import(run.storage, batch, run.clock(), by=run.user, dry=dry)
    document = {
        "batch": done.batch, "list": done.list, "removed": done.removed, "restored": done.restored, "kept": done.kept,
        "already": done.already,
    }  # fmt: skip

    def human() -> None:
        if done.already is not None:
            run.out.result(
                run._("Taken back already on {when}. Nothing to do.").format(when=run.out.when(done.already))
            )
            return
        said = run.count(
            "{n} reader is off {list} again.", "{n} readers are off {list} again.", done.removed, list=done.list
        )
        run.out.done(said)
        if done.restored:
            run.out.result(run.count("{n} has the old values.", "{n} have the old values.", done.restored))
        if done.kept:
            run.out.result(run.count("{n} kept, changed since:", "{n} kept, changed since:", len(done.kept)))
            for address in done.kept[:SHOWN]:
                run.out.result(f"  {run.out.cell(address)}")
            if len(done.kept) > SHOWN:
                run.out.result(f"  … {number(len(done.kept) - SHOWN)}")

    return Reply(document, human=human)


# --- what was asked for ----------------------------------------------------------------------------------------


def _wish(run: Run, slug: str, status: Joining | None, consent: str, overwrite: Iterable[str]) -> Wish:
    consent = clean_value(consent)
    if status is Joining.ACTIVE and not consent:
        raise UsageError(
            "USAGE", "--status active needs --consent: where, when and how these readers agreed.", sent="",
            fix='--consent "book fair stand, 2–5 Oct 2026, paper forms"',
        )  # fmt: skip
    single = run.settings.lists[slug].opt_in == "single"
    active = status is Joining.ACTIVE or (status is None and single)
    fields = frozenset(name.strip() for text in overwrite for name in text.split(",") if name.strip())
    wrong = sorted(name for name in fields if name != "name" and not is_field(name))
    if wrong:
        raise UsageError(
            "USAGE", f"“{wrong[0]}” is no field that can be overwritten.", sent="", fix="--overwrite name,city"
        )
    return Wish(
        list=slug, status=SubscriptionStatus.ACTIVE if active else SubscriptionStatus.PENDING, by=run.user,
        consent=consent, overwrite=fields,
    )  # fmt: skip


def _mapping(given: Iterable[str]) -> dict[str, str]:
    """--map COL=FIELD as a table; a heading may hold a sign of equality itself."""
    found: dict[str, str] = {}
    for text in given:
        heading, sign, field = text.rpartition("=")
        if not sign or not heading.strip():
            raise UsageError(
                "USAGE", f"“{text}” is no column and field.", sent="", fix="--map 'الاسم=name' or --map 2=name"
            )
        found[heading.strip()] = field.strip()
    return found


def _choose(run: Run, best: Reading, other: Reading) -> Reading | None:
    """Shows both readings to a person, each on a line of its own."""
    if not run.can_ask:
        return None
    for place, reading in enumerate((best, other), 1):
        run.out.say(f"[{place}] {reading.encoding.value:<13} {run.out.cell(reading.sample)}")
    readings = {one.encoding.value: one for one in (best, other)}
    options = tuple((name, name) for name in readings)
    return readings[run.ask_choice(run._("Which line can be read?"), options, "--encoding")]


def _demand_yes(run: Run, wish: Wish, preview: Preview) -> None:
    """A backup, then the question; active readers are counted by whoever lets them in."""
    if not preview.changes:
        return
    added = preview.counts.added
    question = run.count("Import {n}?", "Import {n}?", added or preview.changes)
    if not run.globals.yes and not run.can_ask:
        raise run.ask.missing(question, "--yes")
    chosen = run.settings.storage.backups
    folder = Backups(run.newsroom.root / chosen.dir, chosen.keep)
    backup(run.storage, folder, now=run.clock(), why="before-import")
    made = run._("Backup made.")
    run.out.say(made)
    if run.globals.yes:
        return
    if wish.status is SubscriptionStatus.ACTIVE and added:
        prompt = run._("They get the next issue. Type the number of new readers to import them, or Enter to stop")
        run.ask_number(added, prompt, "--yes")
    else:
        run.confirm(question)


# --- what is shown ---------------------------------------------------------------------------------------------


class _Progress:
    """Says how far it is when it takes longer than a second."""

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self._name = name
        self._next = time.monotonic() + FIRST_WORD

    def __call__(self, what: str, rows: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BETWEEN
        words = {"read": self._run._("{n} rows of {file} read"), "stored": self._run._("{n} rows of {file} stored")}
        self._run.out.say(words[what].format(n=number(rows), file=self._run.out.cell(self._name)))


def _show(run: Run, source: Source, wish: Wish, preview: Preview) -> None:
    """How the file was read, its columns, the first rows, and what would happen."""
    out = run.out
    between = DELIMITERS.get(source.delimiter, f"“{source.delimiter}”")
    rows = run.count("{n} row", "{n} rows", preview.counts.rows)
    read = run._("Read as   {encoding}, separated by {delimiter}, {rows}")
    said = read.format(encoding=source.reading.encoding.value, delimiter=between, rows=rows)
    out.say(f"{said}      {run._('wrong?')} --encoding")
    for column in sorted(source.columns.all, key=lambda one: one.field is None):
        out.say(f"  {column.field or run._('not used'):<9} {out.cell(column.heading)}")
    _show_samples(run, preview)
    for line in _verdicts(run, wish, preview):
        out.say(line)
    for line in _remarks(run, preview.remarks):
        out.warn(line)


def _show_samples(run: Run, preview: Preview) -> None:
    rows = [(one.line, one.address, who(one.name, one.fields.values())) for one in preview.samples]
    for line in lines(Listing(SAMPLE, rows), run.out.cell, None):
        run.out.say(f"  {line}")


def _verdicts(run: Run, wish: Wish, preview: Preview) -> list[str]:
    """One line for each fate a row can have; a path stands on a line of its own, for Arabic has the end of a line."""
    counts = preview.counts
    if wish.status is SubscriptionStatus.ACTIVE:
        becomes = run._("active at once")
    else:
        becomes = run._("wait for confirmation; this version does not send the confirmation mail yet")
    if wish.overwrite:
        filled = run._("filled in where it was empty; overwritten: {fields}")
    else:
        filled = run._("filled in where it was empty, nothing overwritten")
    reasons = " · ".join(f"{n:,} {run._(reason)}" for reason, n in preview.reasons.items())
    told = (
        (counts.added, run._("new"), becomes),
        (counts.already, run._("already on the list"), filled.format(fields=", ".join(sorted(wish.overwrite)))),
        (counts.unsubscribed, run._("unsubscribed earlier"), run._("stay so")),
        (counts.suppressed, run._("suppressed"), run._("suspended, complained or forgotten: stay so")),
        (counts.rejected, run._("not usable"), reasons),
    )
    lines_ = [f"{number(n):>7} {label:<22} {note}" for place, (n, label, note) in enumerate(told) if n or place == 0]
    if preview.rejects_file:
        lines_.append(f"{'':>7} → {path_shown(run, preview.rejects_file)}")
    return lines_


def _remarks(run: Run, remarks: Remarks) -> list[str]:
    told = (
        (remarks.cleaned, "{n} value held control or direction characters; they were taken out.",
         "{n} values held control or direction characters; they were taken out."),
        (remarks.address_ends, "{n} address had invisible characters around it; they were taken off.",
         "{n} addresses had invisible characters around them; they were taken off."),
        (remarks.dates, "{n} date was not understood and is left empty.",
         "{n} dates were not understood and are left empty."),
        (remarks.odd_letters, "{n} address has letters that look like others.",
         "{n} addresses have letters that look like others."),
    )  # fmt: skip
    return [run.count(one, many, n) for n, one, many in told if n]


def _document(run: Run, source: Source, wish: Wish, preview: Preview, done: Imported | None) -> dict[str, object]:
    counts = preview.counts if done is None else done.counts
    file = None if done is None or done.rejects_file is None else path_shown(run, done.rejects_file)
    return {
        "list": wish.list, "rows": counts.rows, "added": counts.added, "already": counts.already,
        "unsubscribed": counts.unsubscribed, "suppressed": counts.suppressed, "rejected": counts.rejected,
        "filled": 0 if done is None else done.filled, "reasons": dict(preview.reasons), "rejects_file": file,
        "encoding": source.reading.encoding, "delimiter": source.delimiter, "status": wish.status,
        "batch": None if done is None else done.batch,
    }  # fmt: skip


def _reply(run: Run, source: Source, wish: Wish, preview: Preview, done: Imported) -> Reply:
    waiting = wish.status is SubscriptionStatus.PENDING
    if waiting:
        said = run.count(
            "{n} added as “waiting for confirmation”.", "{n} added as “waiting for confirmation”.", done.counts.added
        )
    else:
        said = run.count("{n} added to {list}.", "{n} added to {list}.", done.counts.added, list=wish.list)
    if wish.status is SubscriptionStatus.ACTIVE and not wish.consent and done.counts.added:
        run.out.warn(f"{run._('No consent was noted for these readers.')}   --consent TEXT")

    def human() -> None:
        run.out.done(said)
        if done.filled:
            run.out.result(run.count("{n} reader filled in.", "{n} readers filled in.", done.filled))
        if done.rejects_file:
            run.out.result(f"{run._('Not usable')}   {path_shown(run, done.rejects_file)}")
        run.out.result(f"{run._('Undo')}   newsletter subscribers undo {done.batch}")

    return Reply(_document(run, source, wish, preview, done), human=human)
