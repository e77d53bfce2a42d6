"""newsletter db restore: a copy put back in the database's place, and the word that its original is gone."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.delivery import past
from newsletter_cli.delivery.past import Gone, Standing
from newsletter_cli.errors import UsageError
from newsletter_cli.storage.backup import Backups
from newsletter_cli.storage.restore import Restoring, demand_sqlite, restoring, revision_in
from newsletter_cli.storage.revision import HEAD
from newsletter_cli.subscribers.leaves import Leaves


@command(
    "db restore",
    examples=(
        "newsletter db restore data/backups/newsletter-20261014T040000000000Z.db",
        "newsletter db restore --original-gone",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.NOT_CONFIRMED, Exit.CONFIG, Exit.TRY_AGAIN, Exit.BUSY),
    changes=True,
)
def restore(
    run: Run,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="The copy; a name alone is looked for among the backups.")
    ] = None,
    original_gone: Annotated[
        bool, typer.Option("--original-gone", help="The database that was copied will never send again.")
    ] = False,
) -> Reply:
    """The present database is kept in the backups folder. A copy does not know what was sent after it was made, so
    nothing is sent with it until you say that its original is gone. Then everybody whom a send that had begun still
    owed a message is uncertain: resume --uncertain retry sends to them again, some will have two."""
    if file is not None:
        return _put_back(run, file, original_gone)
    if original_gone:
        return _said_gone(run)
    raise UsageError(
        "USAGE", "Which copy is to be put back?", sent="", fix="newsletter db restore data/backups/FILE"
    )  # fmt: skip


# --- a copy in its place


def _put_back(run: Run, name: str, original_gone: bool) -> Reply:
    database = run.settings.storage.database
    demand_sqlite(database)
    backups = _backups(run)
    copy = _find(run, name, backups.folder)
    before = revision_in(copy)
    document: dict[str, object] = {"file": str(copy), "before": before, "after": HEAD}
    if run.globals.dry_run:
        return Reply(document, human=lambda: run.out.fields([("file", copy), ("tables", before)]))
    if run.can_ask and not run.globals.yes:
        run.out.say(run._("The present database is kept in {folder}.").format(folder=run.out.cell(backups.folder)))
    run.confirm(run._("Put {file} in its place?").format(file=run.out.cell(copy.name)))
    with restoring(copy, database, run.newsroom.root, backups, now=run.clock()) as made:
        leaves = Leaves(run.newsroom.root).catch_up(made.storage)
        standing, gone = _mark(run, made, copy, original_gone)
    document |= _document(standing, gone) | {"kept": [str(path) for path in made.kept], "leaves": leaves}
    return Reply(document, human=lambda: _tell_put_back(run, made, leaves, standing, gone), next=_next(gone))


def _mark(run: Run, made: Restoring, copy: Path, original_gone: bool) -> tuple[Standing, Gone | None]:
    now = run.clock()
    standing = past.mark(made.storage, why=f"put back from {copy.name}", by=run.user, now=now, anew=True)
    if not original_gone:
        return standing, None
    return standing, past.original_gone(made.storage, run.newsroom.holders, by=run.user, now=now)


def _find(run: Run, name: str, folder: Path) -> Path:
    given = run.around.cwd / name
    found = given if given.exists() or "/" in name else folder / name
    present = run.newsroom.root / run.settings.storage.database
    if found.exists() and present.exists() and found.samefile(present):
        raise UsageError("USAGE", "That is the present database itself.", sent="", fix="ls data/backups")
    return found


def _tell_put_back(run: Run, made: Restoring, leaves: int, standing: Standing, gone: Gone | None) -> None:
    run.out.done(run._("The copy is in place."))
    facts: list[tuple[str, object]] = [("kept", path) for path in made.kept[:1]]
    if made.before != HEAD:
        facts.append(("tables", f"{made.before} → {HEAD}"))
    run.out.fields(facts, indent=2)
    if leaves:
        left = run.count("{n} reader had left since: followed.", "{n} readers had left since: followed.", leaves)
        run.out.result(f"  {left}")
    if gone is not None:
        _tell_gone(run, gone)
        return
    if standing.paused:
        run.out.result("  " + run._("Paused: {digests}.").format(digests=", ".join(standing.paused)))
    run.out.result("  " + run._("Nothing is sent with it until its original is gone for good."))
    _tell_untouched(run, standing)


# --- the word


def _said_gone(run: Run) -> Reply:
    with run.storage.read() as connection:
        standing = past.standing_of(connection)
    question = run._("Will the database that this one was copied from never send again?")
    if standing is None:
        run.out.say(run._("This database is not marked as a copy."))
        question = run._("Is it a copy all the same, and its original gone for good?")
    elif standing.paused:
        run.out.say(run._("Paused: {digests}.").format(digests=", ".join(standing.paused)))
    if run.globals.dry_run:
        return Reply({"original_gone": False, "paused": list(standing.paused) if standing else []})
    run.confirm(question)
    gone = past.original_gone(run.storage, run.newsroom.holders, by=run.user, now=run.clock())
    return Reply(_document(standing, gone), human=lambda: _tell_gone(run, gone), next=_next(gone))


def _tell_gone(run: Run, gone: Gone) -> None:
    run.out.done(run._("This database may send now."))
    if gone.readers:
        said = run.count(
            "{n} reader may or may not have got {digests}: uncertain.",
            "{n} readers may or may not have got {digests}: uncertain.",
            gone.readers,
            digests=", ".join(gone.digests),
        )
        run.out.result(f"  {said}")


def _tell_untouched(run: Run, standing: Standing) -> None:
    if standing.untouched:
        said = run._("Not begun in this copy, perhaps sent since: {digests}.")
        run.out.warn(said.format(digests=", ".join(standing.untouched)))


def _document(standing: Standing | None, gone: Gone | None) -> dict[str, object]:
    return {
        "original_gone": gone is not None,
        "paused": list(standing.paused) if standing else [],
        "untouched": list(standing.untouched) if standing else [],
        "digests": list(gone.digests) if gone else [],
        "uncertain": gone.readers if gone else 0,
    }


def _next(gone: Gone | None) -> tuple[str, ...]:
    if gone is None:
        return ("newsletter db restore --original-gone",)
    return tuple(f"newsletter report {digest}" for digest in gone.digests[:3])


def _backups(run: Run) -> Backups:
    chosen = run.settings.storage.backups
    return Backups(run.newsroom.root / chosen.dir, chosen.keep)
