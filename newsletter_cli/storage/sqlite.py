"""How SQLite is opened here: one writer, in WAL, nothing acknowledged before it is on the disk."""

import os
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit survives a power cut: the ledger's promise hangs on it
    "PRAGMA foreign_keys=ON",
    "PRAGMA fullfsync=ON",  # macOS: its fsync alone leaves data in the drive; elsewhere this does nothing
    "PRAGMA checkpoint_fullfsync=ON",
    "PRAGMA wal_autocheckpoint=16384",  # pages, 64 MB: a net below checkpoint.py, which comes first
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA cache_size=-2000",  # 2 MB a connection: the system keeps the file's pages as well
)
LARGE_CACHE: Final = (
    "PRAGMA cache_size=-16000"  # for long work, which comes back to the same index pages again and again
)
# SQLite's own wait for a lock doubles its naps up to 100 ms and so sleeps through the 5 ms in which a slice writer
# leaves the lock free. Asking every 2 ms costs a hundredth of a core.
POLL: Final = 0.002
WRITES: Final = "newsletter_writes"  # execution option: this transaction takes the write lock when it begins


def connector(path: Path, wait: timedelta) -> Callable[[], sqlite3.Connection]:
    """A function that opens `path`, which must exist, with our pragmas."""
    uri = f"{path.absolute().as_uri()}?mode=rw"

    def connect() -> sqlite3.Connection:
        # Connections go from thread to thread through the pool, never two threads at once (sqlite3.threadsafety 3).
        connection = sqlite3.connect(
            uri, uri=True, timeout=wait.total_seconds(), isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in PRAGMAS:
                _set(connection, pragma, time.monotonic() + wait.total_seconds())
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def _set(connection: sqlite3.Connection, pragma: str, deadline: float) -> None:
    """SQLite refuses the switch to WAL at once while another process makes it: its own wait does not hold there."""
    while True:
        try:
            connection.execute(pragma)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(POLL)
        else:
            return


def sqlite_engine(connect: Callable[[], sqlite3.Connection], wait: timedelta) -> Engine:
    """An engine whose transactions begin as their `WRITES` option says; `wait` bounds the wait for the lock."""
    engine = create_engine(
        # The file name only tells SQLAlchemy that this is no database in memory: `creator` opens it.
        "sqlite+pysqlite:///newsletter.db", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=60,
        # The one used last first: each connection that is used fills a page cache of its own.
        pool_timeout=wait.total_seconds(), pool_use_lifo=True,
    )  # fmt: skip
    event.listen(engine, "begin", lambda connection: _begin(connection, wait.total_seconds()))
    return engine


def _begin(connection: Connection, wait: float) -> None:
    """BEGIN, or BEGIN IMMEDIATE: one that reads first and then writes is refused at once, whatever the time-out."""
    driver = connection.connection.dbapi_connection  # `driver_connection` forgets it once detached
    assert isinstance(driver, sqlite3.Connection)
    if not connection.get_execution_options().get(WRITES):
        driver.execute("BEGIN")
        return
    deadline = time.monotonic() + wait
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while not _locked(driver, last=time.monotonic() >= deadline):
            time.sleep(POLL)
    finally:
        driver.execute(f"PRAGMA busy_timeout={int(wait * 1000)}")


def _locked(driver: sqlite3.Connection, *, last: bool) -> bool:
    """Whether the write lock is ours now; on the last try a lock held by another is an error."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def create_private(path: Path) -> None:
    """An empty file that only its owner may read, if there is none yet; SQLite gives its log the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
