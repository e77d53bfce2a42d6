"""newsletter db: the database of the newsroom, made, copied, examined."""

from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.storage.backup import Backup, Backups
from newsletter_cli.storage.backup import backup as make_backup
from newsletter_cli.storage.check import check as examine
from newsletter_cli.storage.migrate import Migration, revision_found
from newsletter_cli.storage.migrate import migrate as bring_up
from newsletter_cli.storage.revision import HEAD


@command(
    "db migrate",
    examples=("newsletter db migrate", "newsletter db migrate --dry-run"),
    exits=(Exit.OK, Exit.CONFIG, Exit.TRY_AGAIN, Exit.BUSY),
    changes=True,
)
def migrate(run: Run) -> Reply:
    """Makes the database if there is none. An older one is copied to the backups folder first, then brought to this
    version in one step: all of it, or nothing. Other newsletter processes have to be stopped."""
    database, root = run.settings.storage.database, run.newsroom.root
    if run.globals.dry_run:
        done = Migration(revision_found(database, root), HEAD)
    else:
        done = bring_up(database, root, backups=_backups(run), now=run.clock())
    return Reply(
        {"before": done.before, "after": done.after, "backup": str(done.backup.path) if done.backup else None},
        human=lambda: _tell_migration(run, done),
    )


def _tell_migration(run: Run, done: Migration) -> None:
    text = run.out.words.gettext
    if done.before == done.after:
        run.out.result(text("The database has this version already. Nothing to do."))
    elif run.globals.dry_run:
        run.out.fields([("now", done.before or text("no database")), ("then", done.after)])
    elif done.before is None:
        run.out.done(text("Database made."))
    else:
        run.out.done(text("Database brought up to this version."))
        run.out.fields([("before", done.before), ("now", done.after)], indent=2)
    if done.backup:
        run.out.fields([("backup", done.backup.path)], indent=2)


@command(
    "db backup",
    examples=("newsletter db backup", "newsletter db backup --json"),
    exits=(Exit.OK, Exit.CONFIG, Exit.TRY_AGAIN, Exit.BUSY),
    changes=True,
)
def backup(run: Run) -> Reply:
    """Copies the database into storage.backups.dir while others go on using it: a SQLite file, or from PostgreSQL all
    tables as gzip JSON lines. The newest storage.backups.keep copies stay."""
    backups = _backups(run)
    if run.globals.dry_run:
        return Reply(
            {"path": None, "bytes": None, "removed": [], "folder": str(backups.folder)},
            human=lambda: run.out.fields([("folder", backups.folder), ("keep", backups.keep)]),
        )
    made = make_backup(run.storage, backups, now=run.clock())
    return Reply(
        {
            "path": str(made.path),
            "bytes": made.bytes,
            "removed": [str(path) for path in made.removed],
            "folder": str(backups.folder),
        },
        human=lambda: _tell_backup(run, made),
    )


def _tell_backup(run: Run, made: Backup) -> None:
    run.out.done(run.out.words.gettext("Backup made."))
    facts: list[tuple[str, object]] = [("file", made.path), ("bytes", made.bytes)]
    if made.removed:
        facts.append(("removed", ", ".join(path.name for path in made.removed)))
    run.out.fields(facts, indent=2)


def _backups(run: Run) -> Backups:
    chosen = run.settings.storage.backups
    return Backups(run.newsroom.root / chosen.dir, chosen.keep)


@command(
    "db check",
    examples=("newsletter db check", "newsletter db check --json"),
    exits=(Exit.OK, Exit.CONFIG, Exit.BUSY),
    formats=LISTING,
)
def check(run: Run) -> Reply:
    """Reads the whole database: whether the file is whole, every reference leads somewhere, and the sums of each send
    are those of its readers. Changes nothing. Exit code 4 when something is wrong."""
    found = examine(run.storage)
    text = run.out.words.gettext
    rows = [(problem.part, problem.where, problem.text) for problem in found]
    columns = (Column("part"), Column("where"), Column("text"))
    return Reply(
        {"problems": [dict(zip(("part", "where", "text"), row, strict=True)) for row in rows], "tables": HEAD},
        exit=Exit.CONFIG if found else Exit.OK,
        human=None if found else lambda: run.out.done(text("The database is sound.")),
        listing=Listing(columns, rows),
    )
