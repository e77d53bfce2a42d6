"""What the databases complain of, in our words: the one place where their exceptions are translated.

A broken constraint is not among them: what it means only the room knows that wrote the statement.
"""

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import exc

from newsletter_cli.errors import BusyError, ConfigError, NewsletterError, TryAgainError

# Only the caller knows what left the building before the database failed; it can say it better, never less truly.
KEPT: Final = "What was stored before this is kept."


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of complaint."""

    error: type[NewsletterError]
    code: str
    message: str
    fix: str


BUSY = Trouble(
    BusyError, "DATABASE-BUSY", "Another process keeps the database locked.", "Wait a moment, then run it again."
)
AWAY = Trouble(
    BusyError,
    "DATABASE-BUSY",
    "The database server does not answer.",
    "Check that it runs and that storage.database names it, then run it again.",
)
FULL = Trouble(
    TryAgainError, "DISK-FULL", "The disk that holds the database is full.", "Free some space, then run it again."
)
DISK = Trouble(
    TryAgainError,
    "DISK-FULL",
    "The disk that holds the database refused to read or write.",
    "Look at its space, quota and health, then run it again.",
)
PLACE = Trouble(
    ConfigError,
    "CONFIG-VALUE",
    "The database cannot be opened for writing.",
    "Check storage.database, and who may write to that file and its folder.",
)
DAMAGED = Trouble(
    ConfigError,
    "CONFIG-VALUE",
    "The database file is damaged, or is no database at all.",
    "Put the newest copy from the backups folder in its place.",
)
LOGIN = Trouble(
    ConfigError,
    "CONFIG-VALUE",
    "The database server does not let this user in.",
    "Check user, password and database name in storage.database.",
)

# Primary result codes, the low byte of the extended ones (https://www.sqlite.org/rescode.html).
SQLITE: Final[Mapping[int, Trouble]] = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_PROTOCOL: BUSY,  # the lock of the write-ahead log was fought over for ten seconds
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: DISK,
    sqlite3.SQLITE_PERM: PLACE,
    sqlite3.SQLITE_AUTH: PLACE,
    sqlite3.SQLITE_READONLY: PLACE,
    sqlite3.SQLITE_CANTOPEN: PLACE,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}

# PostgreSQL documentation, appendix A. The longest beginning of the SQLSTATE that stands here counts.
POSTGRESQL: Final[Mapping[str, Trouble]] = {
    "08": AWAY,  # connection exceptions
    "25006": PLACE,  # read-only transaction: a standby
    "25P03": BUSY,  # idle in transaction for too long
    "28": LOGIN,
    "3D": LOGIN,  # no such database
    "40": BUSY,  # serialization failure, deadlock
    "42501": PLACE,  # insufficient privilege
    "53": AWAY,  # too many connections, out of memory
    "53100": FULL,
    "55P03": BUSY,  # lock not available in time
    "57": AWAY,  # shut down, starting up
    "57014": BUSY,  # statement timeout
    "58": DISK,  # system error
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}

OS: Final[Mapping[int, Trouble]] = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: FULL,
    errno.EIO: DISK,
}


@contextmanager
def translating(place: str, sent: str = KEPT) -> Iterator[None]:
    """What the database raises inside becomes an error of ours; a programmer's mistake stays what it is.

    place: the database, without password, as the error shows it.  sent: what the error says of mail that left.
    """
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, sqlite3.Error) as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        raise told(trouble, place, str(getattr(error, "orig", error)), sent) from error


@contextmanager
def translating_disk(place: str, sent: str = KEPT) -> Iterator[None]:
    """The same for files of storage's own: locks, copies."""
    try:
        yield
    except OSError as error:
        raise told(OS.get(error.errno or 0, PLACE), place, str(error), sent) from error


def told(trouble: Trouble, place: str, answer: str, sent: str) -> NewsletterError:
    """The error to raise.  answer: the database's own words, of which the first line is shown."""
    facts = [("database", place)]
    if answer.strip():
        facts.append(("answer", answer.strip().splitlines()[0]))
    return trouble.error(trouble.code, trouble.message, facts=facts, sent=sent, fix=trouble.fix)


def trouble_of(error: BaseException) -> Trouble | None:
    """What kind of complaint this is; None for one that only a wrong statement can cause."""
    if isinstance(error, exc.TimeoutError):  # every connection of the pool is in use
        return BUSY
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state is None:  # libpq gives no code when there was no server to give one
        return AWAY if isinstance(error, exc.OperationalError) else None
    return next((POSTGRESQL[state[:n]] for n in range(5, 1, -1) if state[:n] in POSTGRESQL), None)
