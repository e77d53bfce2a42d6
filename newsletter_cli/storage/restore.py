"""Putting a copy back in the database's place: looked at and prepared beside it first, the present file kept.

FILE ──copy──▶ data/restoring/ ──migrated, prepared by the caller──▶ data/newsletter.db
                                                 data/newsletter.db ──▶ backups/…-before-restore.db
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from newsletter_cli.errors import ConfigError, UsageError
from newsletter_cli.storage.backup import Backups
from newsletter_cli.storage.engine import WAIT, Storage, open_storage
from newsletter_cli.storage.failures import translating, translating_disk
from newsletter_cli.storage.lock import NewsroomLock
from newsletter_cli.storage.migrate import migrate
from newsletter_cli.storage.postgresql import is_url
from newsletter_cli.storage.revision import REVISIONS, wrong_revision

STAGE: Final = "restoring"
BESIDE: Final = ("-wal", "-shm")  # SQLite's own files; they belong to one database file and to no other


@dataclass(slots=True)
class Restoring:
    """A copy that is about to take the database's place."""

    storage: Storage  # the copy, at this program's tables; what is written to it is in place with it
    before: str  # revision the copy had
    kept: tuple[Path, ...] = field(default=())  # the files that were in its place, filled at the end


def demand_sqlite(database: str) -> None:
    """UsageError on PostgreSQL, whose own tools put it back."""
    if is_url(database):
        raise UsageError(
            "USAGE",
            "A PostgreSQL database is put back with PostgreSQL's own tools.",
            sent="",
            fix="pg_restore or point-in-time recovery, then: newsletter db restore --original-gone",
        )


def revision_in(file: Path) -> str:
    """The revision of a copy. UsageError NOT-FOUND: no such file. ConfigError: damaged, no newsroom's, or too new."""
    if not file.is_file():
        raise UsageError("NOT-FOUND", f"There is no file {file}.", sent="", fix="ls data/backups")
    with translating(str(file)), closing(_readable(file)) as connection:
        problems = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        found = None
        if "alembic_version" in tables:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if problems != ["ok"]:
        raise ConfigError(
            "CONFIG-VALUE", "This copy is damaged.", facts=[("file", str(file)), ("answer", problems[0])],
            fix="take an older copy",
        )  # fmt: skip
    if found is None or "send" not in tables:
        raise ConfigError(
            "CONFIG-VALUE", "This file is no newsroom's database.", facts=[("file", str(file))], fix="ls data/backups"
        )
    if found[0] not in REVISIONS:
        raise wrong_revision(found[0], str(file))
    return str(found[0])


def _readable(file: Path) -> sqlite3.Connection:
    """A copy to be read. One that was copied by hand may have its log beside it, which then belongs to it."""
    # Immutable without one: a copy may lie on a read-only disk, and looking at it must leave no log there.
    has_log = file.with_name(file.name + "-wal").exists()
    how = "mode=ro" if has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)


@contextmanager
def restoring(
    file: Path, database: str, root: Path, backups: Backups, *, now: datetime, wait: timedelta = WAIT
) -> Iterator[Restoring]:
    """Puts a copy in the database's place at the end of the block; any exception in it leaves everything as it was.

    database: as in the settings, a path.  now: aware, UTC; names the file that is kept.
    BusyError BUSY: other processes use the newsroom.  UsageError, ConfigError: see `revision_in`.
    """
    demand_sqlite(database)
    before = revision_in(file)
    with translating_disk(database), _alone(root, wait):
        stage = root / "data" / STAGE
        shutil.rmtree(stage, ignore_errors=True)  # what a killed process left
        try:
            _stage(file, stage)
            migrate("newsletter.db", stage)
            with open_storage("newsletter.db", stage) as storage:
                made = Restoring(storage, before)
                yield made
            made.kept = _keep_present(root / database, backups, now)
            _put_in_place(stage / "newsletter.db", root / database)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _alone(root: Path, wait: timedelta) -> Iterator[None]:
    lock = NewsroomLock(root, alone=True, wait=wait)
    try:
        yield
    finally:
        lock.release()


def _stage(file: Path, stage: Path) -> None:
    stage.mkdir(mode=0o700, parents=True)
    copy = stage / "newsletter.db"
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with translating(str(file)), closing(_readable(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _keep_present(path: Path, backups: Backups, now: datetime) -> tuple[Path, ...]:
    """Copies what is in place into the backups folder, as files: it may be damaged, hence the restore."""
    # Not opened by SQLite, which would move a log of a killed process, or drop one that does not fit.
    backups.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = []
    for name in ("", *BESIDE[:1]):
        source = path.with_name(path.name + name)
        if source.exists() and source.stat().st_size:
            target = backups.folder / f"newsletter-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-before-restore.db{name}"
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
            shutil.copyfile(source, target)
            _force(target)
            kept.append(target)
    _force(backups.folder)
    return tuple(kept)


def _put_in_place(copy: Path, path: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    _force(copy)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in BESIDE:
        path.with_name(path.name + name).unlink(missing_ok=True)
    copy.replace(path)
    _force(path.parent)


def _force(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
