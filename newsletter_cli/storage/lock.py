"""data/newsroom.lock: every process that has the database open shares it; migrating and restoring need it alone.

A file of its own: whoever opens and closes the database file beside SQLite drops SQLite's locks on it (POSIX).
"""

import fcntl
import os
import time
from datetime import timedelta
from pathlib import Path

from newsletter_cli.errors import BusyError
from newsletter_cli.storage.failures import KEPT

POLL = 0.01  # seconds; the kernel's own wait has no time-out


class NewsroomLock:
    """One process's hold on the newsroom, until `release` or the end of the process."""

    def __init__(self, root: Path, *, alone: bool, wait: timedelta) -> None:
        """root: the newsroom's folder.  BusyError BUSY when it is not to be had within `wait`."""
        folder = root / "data"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(folder / "newsroom.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(fcntl.LOCK_EX if alone else fcntl.LOCK_SH, time.monotonic() + wait.total_seconds())
        except BaseException:
            os.close(self._file)
            raise

    def _take(self, kind: int, deadline: float) -> None:
        while True:
            try:
                return fcntl.flock(self._file, kind | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise _held(alone=kind == fcntl.LOCK_EX) from error
            time.sleep(POLL)

    def release(self) -> None:
        os.close(self._file)


def _held(*, alone: bool) -> BusyError:
    if alone:
        message, fix = "Other newsletter processes use this newsroom.", "Stop them, then run it again."
    else:
        message, fix = "The database is being migrated or restored.", "Wait until that has ended."
    return BusyError("BUSY", message, facts=[("lock", "data/newsroom.lock")], sent=KEPT, fix=fix)
