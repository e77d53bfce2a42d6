"""SQLite's write-ahead log, emptied on a timer instead of inside somebody's commit.

SQLite would do it in the commit that fills the log past a limit: that one takes 50 ms and more, and holds up a
sender. So a thread looks once a second, and once the log has outgrown 64 MB, cuts the file too.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

PERIOD: Final = 1.0  # seconds between two looks
LARGE: Final = 64 * 2**20  # bytes of log from which on the file is cut
# Cutting holds writers off while it waits for the last reader of the log; then the next look tries again.
CUT_WAIT: Final = "PRAGMA busy_timeout=40"


class Checkpointer:
    """Empties the log of one database while this process writes to it."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], log: Path) -> None:
        self._connect = connect
        self._log = log
        self._wrote = Event()
        self._stop = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def wrote(self) -> None:
        """To be said after each commit; the first one starts the thread."""
        self._wrote.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = Thread(target=self._run, name="checkpoint", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Ends the thread; what is left in the log SQLite moves when the last connection closes."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PERIOD):
            if self._wrote.is_set():
                self._wrote.clear()
                self.look()

    def look(self) -> None:
        """One look: move what can be moved, cut the file when it is large."""
        try:
            with closing(self._connect()) as connection:
                connection.execute(CUT_WAIT)
                done = _checkpoint(connection, "PASSIVE")
                if self._log.stat().st_size > LARGE:
                    done = _checkpoint(connection, "TRUNCATE")
        except (sqlite3.Error, OSError):
            # The log only stays longer. What ails the disk the next writer meets itself, and can say.
            done = False
        if not done:
            self._wrote.set()


def _checkpoint(connection: sqlite3.Connection, mode: str) -> bool:
    """Whether the whole log was moved; a reader or a writer in the way is no error (wal_checkpoint's first column)."""
    busy, frames, moved = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return not busy and frames == moved
