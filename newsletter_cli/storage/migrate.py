"""Makes a database, or brings an old one to this program's tables; all steps in one transaction, or none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from newsletter_cli.storage.backup import Backup, Backups, backup
from newsletter_cli.storage.engine import WAIT, open_storage
from newsletter_cli.storage.failures import translating_disk
from newsletter_cli.storage.postgresql import is_url
from newsletter_cli.storage.revision import HEAD, MIGRATIONS, REVISIONS, revision_of, wrong_revision
from newsletter_cli.storage.sqlite import create_private

MIGRATING = 0x6E6577736C  # the advisory lock of PostgreSQL under which machines migrate one after the other


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did."""

    before: str | None  # revision found; None: there was no database
    after: str
    backup: Backup | None = None  # the copy made first, when there was anything to lose


def migrate(
    database: str, root: Path, *, backups: Backups | None = None, now: datetime | None = None, wait: timedelta = WAIT
) -> Migration:
    """Creates the database, or upgrades it to HEAD; does nothing when it is there.

    backups, now: where and under which moment (aware, UTC) to keep a copy of an older database first.
    BusyError BUSY: other processes have it open.  ConfigError DATABASE-VERSION: it is newer than this program.
    """
    if not is_url(database):
        with translating_disk(database):
            create_private(root / database)
    before = revision_found(database, root, wait=wait)
    if before == HEAD:
        return Migration(before, HEAD)
    with open_storage(database, root, wait=wait, any_revision=True, alone=True) as storage:
        if before is not None and before not in REVISIONS:
            raise wrong_revision(before, storage.place)
        copy = None
        if before is not None and backups is not None and now is not None:
            copy = backup(storage, backups, now=now, why="before-migrate")
        with storage.write() as connection:
            _upgrade(connection)
    return Migration(before, HEAD, copy)


def revision_found(database: str, root: Path, *, wait: timedelta = WAIT) -> str | None:
    """The revision the database is at; None when there is no database, or none of ours. Makes nothing."""
    if not is_url(database) and not (root / database).exists():
        return None
    with open_storage(database, root, wait=wait, any_revision=True) as storage, storage.read() as connection:
        return revision_of(connection)


def _upgrade(connection: Connection) -> None:
    # The door of Alembic: only making and migrating pay for its import.
    from alembic import command  # lazy: half the time that a whole `status` may take
    from alembic.config import Config  # lazy: the same

    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a new index on a large table takes its time
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
