"""The database of a newsroom, open: transactions that read, transactions that write, and long work in slices.

    open_storage ──▶ Storage.read()      a transaction that only looks
                     Storage.write()     one transaction under the write lock, all or nothing
                     Storage.slices()    many short ones over one connection, leaving others room between them

On SQLite there is one writer at a time over all processes; whoever writes does it in a thread, never on an event loop.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, Self, TypeVar, cast

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import sqlite as sqlite_dialect

from newsletter_cli.errors import NOTHING_SENT, TryAgainError
from newsletter_cli.storage.checkpoint import Checkpointer
from newsletter_cli.storage.failures import translating, translating_disk
from newsletter_cli.storage.lock import NewsroomLock
from newsletter_cli.storage.postgresql import is_url, postgresql_engine, read_url, shown
from newsletter_cli.storage.reserve import Reserve
from newsletter_cli.storage.revision import HEAD, revision_of, wrong_revision
from newsletter_cli.storage.slices import Slices
from newsletter_cli.storage.sqlite import LARGE_CACHE, WRITES, connector, sqlite_engine

WAIT: Final = timedelta(seconds=10)  # for a lock that another process holds

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]
Insert = sqlite_dialect.Insert  # what both dialects' inserts can do: on_conflict_do_nothing, on_conflict_do_update


class Storage:
    """One newsroom's database, open. Threads may share it; each transaction has a connection of its own."""

    def __init__(
        self,
        engine: Engine,
        place: str,
        root: Path,
        held: ExitStack,
        *,
        checkpointer: Checkpointer | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        """Made by `open_storage`.  held: what `close` gives back.  reserve: on SQLite."""
        self.root = root  # the newsroom's folder
        self.dialect: Dialect = "postgresql" if engine.dialect.name == "postgresql" else "sqlite"
        self.place = place  # the database as errors show it: a path, or a URL without its password
        self._reading = engine
        self._writing = engine.execution_options(**{WRITES: True})
        self._held = held
        self._checkpointer = checkpointer
        self._reserve = reserve

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection inside one transaction, committed at the end of the block, rolled back by any exception.

        On SQLite the write lock is taken at once (BEGIN IMMEDIATE). Blocks for up to the `wait` of `open_storage`.
        BusyError DATABASE-BUSY: somebody else kept the lock. TryAgainError DISK-FULL: no room, or the disk refused.
        """
        with translating(self.place), self._writing.begin() as connection:
            yield connection
        self._wrote()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection inside a transaction that only looks; keep it under five seconds.

        On SQLite all of it sees one moment; on PostgreSQL each statement sees its own (READ COMMITTED).
        """
        with translating(self.place), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def slices(self, *, scattered: bool = False) -> Iterator[Slices]:
        """Long work in many short transactions over one connection, whose temporary tables last to the end.

        scattered: it comes back to the same pages of its indexes again and again, as an import does.
        """
        with translating(self.place), self._reading.connect() as connection:
            connection.detach()  # closed at the end instead of going back to the pool: its temporary tables go too
            if scattered and self.dialect == "sqlite":
                with connection.begin():
                    connection.exec_driver_sql(LARGE_CACHE)
            yield Slices(connection, self._wrote)

    def insert(self, table: Table) -> Insert:
        """The dialect's INSERT, for ON CONFLICT. Both spell it alike, so one type serves."""
        if self.dialect == "sqlite":
            return sqlite_dialect.insert(table)
        from sqlalchemy.dialects import postgresql  # lazy: thirty milliseconds that a newsroom on SQLite never needs

        return cast(Insert, postgresql.insert(table))

    def _wrote(self) -> None:
        if self._checkpointer is not None:
            self._checkpointer.wrote()

    def keep_reserve(self) -> bool:
        """Keeps four megabytes of the disk back for `free_reserve`; whether they are there now.

        For the beginning of a run, and again after a disk was full; one `stat` while they are there. Makes nothing
        where too little is free. A database server looks after its own disk: on PostgreSQL it does nothing.
        """
        return self._reserve is not None and self._reserve.keep()

    def free_reserve(self) -> bool:
        """Gives the disk back what was kept, when results cannot be stored; whether there was anything to give."""
        return self._reserve is not None and self._reserve.free()

    def urgently(self, act: Callable[[], T]) -> T:
        """`act`, and once more without the reserve when the disk was full: for what stops a send."""
        try:
            return act()
        except TryAgainError:
            if not self.free_reserve():
                raise
            return act()

    def demand_head(self) -> None:
        """Nothing when the tables are this program's; else ConfigError DATABASE-VERSION."""
        with translating(self.place, sent=NOTHING_SENT), self._reading.connect() as connection:
            found = revision_of(connection)
        if found != HEAD:
            raise wrong_revision(found, self.place)

    def close(self) -> None:
        """Gives everything back; may be called twice."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_storage(
    database: str, root: Path, *, wait: timedelta = WAIT, any_revision: bool = False, alone: bool = False
) -> Storage:
    """The newsroom's database, which must exist and have this program's tables.

    database: a path, taken from `root`, or postgresql://…  root: the newsroom's folder.  wait: for locks of others.
    any_revision: only for migrating and for copies made before it.  alone: keep every other process out (migrate).
    ConfigError: DATABASE-VERSION (no database, or of another version), EXTRA (no psycopg), CONFIG-VALUE.
    BusyError: BUSY (it is being migrated or restored), DATABASE-BUSY.
    """
    storage = _opened(database, root, wait, alone)
    try:
        if not any_revision:
            storage.demand_head()
    except BaseException:
        storage.close()
        raise
    return storage


def _opened(database: str, root: Path, wait: timedelta, alone: bool) -> Storage:
    checkpointer = reserve = None
    if is_url(database):
        url = read_url(database)
        place = shown(url)
        engine = postgresql_engine(url, wait)
    else:
        place, path = database, root / database
        if not path.exists():
            raise wrong_revision(None, place)
        connect = connector(path, wait)
        engine = sqlite_engine(connect, wait)
        checkpointer = Checkpointer(connect, path.with_name(path.name + "-wal"))
        reserve = Reserve(path.with_name("reserve"))
    held = ExitStack()  # given back from the last to the first: the lock when all connections are closed
    with translating_disk(place, sent=NOTHING_SENT):
        held.callback(NewsroomLock(root, alone=alone, wait=wait).release)
    held.callback(engine.dispose)
    if checkpointer is not None:
        held.callback(checkpointer.close)
    return Storage(engine, place, root, held, checkpointer=checkpointer, reserve=reserve)
