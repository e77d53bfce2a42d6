"""data/leaves.log: who left, on the disk before the answer, whatever the database is doing just then.

    record ──▶ data/leaves.log ──▶ replay, inside the transaction that claims readers for sending

A reader who is told that he has left gets nothing more, also when the database is locked at that moment, or is replaced
later by a copy from before it. So a leave is appended here and forced to the disk first; every database knows how far
it has followed this log (table setting, key "leaves ID"), and a copy from the past follows again from there.

    first line     {"leaves": 1, "log": ID}
    every other    one leave, see leave.py; a line that a power cut has torn is passed over
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, select, text

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.failures import translating_disk
from newsletter_cli.storage.schema import setting
from newsletter_cli.subscribers.following import follow
from newsletter_cli.subscribers.leave import Leave, leave_from, line_of, plain, read_line

KEEP: Final = timedelta(days=365)  # nobody puts back a copy of the database that is older, and means to send with it
ASK_AGAIN: Final = 1_000  # calls of `pending` after which the database is asked once more how far it is: see there
SLICE: Final = 100  # lines followed in one transaction when there are many: some 30 ms
HEADER: Final = 256  # bytes within which the first line ends
LINE: Final = 1_024  # bytes: no line is longer

_REMEMBER: Final = text(
    "INSERT INTO setting (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True)
class _Read:
    """The log as one look found it."""

    stat: os.stat_result
    log: str  # its ID; "" = torn in its first line, before anything was promised
    start: int  # where its leaves begin
    rest: bytes = b""  # what the database does not know yet


class Leaves:
    """One process's view of a newsroom's log of leaves. Threads may share it."""

    def __init__(self, root: Path) -> None:
        """root: the newsroom's folder. Opens nothing."""
        self._path = root / "data" / "leaves.log"
        self._lock = root / "data" / "leaves.lock"
        # The file (inode, size) of which a transaction has read that the database knows all of it.
        self._followed: tuple[int, int] | None = None
        self._wrote_in: object = None  # the transaction in which we followed last: it may still be rolled back
        self._asked = 0

    # --- writing

    def record(self, *leaves: Leave) -> None:
        """Appends and forces to the disk; once it returns, these readers are out of reach of every later claim.

        Waits for other processes for as long as one append takes, never for the database.
        TryAgainError DISK-FULL, ConfigError CONFIG-VALUE: it could not be written, and nothing may be promised.
        """
        lines = b"".join(line_of(plain(leave)) for leave in leaves)
        with translating_disk(str(self._path)), self._alone():
            self._set_aside_what_has_no_head()
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                _append(file, lines)
            finally:
                os.close(file)
            _force_folder(self._path.parent)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The right to append and to rewrite: a lock on a file of its own, for the log itself may be replaced."""
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _set_aside_what_has_no_head(self) -> None:
        """A log torn in its very first line promised nothing to anybody; a new one begins."""
        try:
            with self._path.open("rb") as file:
                empty = not (first := file.read(HEADER))
        except FileNotFoundError:
            return
        if not empty and not _id(first):
            self._path.replace(self._path.with_name("leaves.torn"))

    # --- following

    def pending(self) -> bool:
        """Whether the database may not know all of it yet. One `stat`: cheap enough for every flight.

        True once more after each `replay`: that transaction may have been rolled back, so only what a later one reads
        is believed. And True now and then without any change: a database server may be replaced, in the middle of a
        run, by one that lacks the last commits.
        """
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return False
        self._asked += 1
        return (found.st_ino, found.st_size) != self._followed or self._asked >= ASK_AGAIN

    def replay(self, connection: Connection, *, most: int | None = None) -> int:
        """Applies what this database does not know yet, inside the caller's transaction; how many readers that changed.

        most: lines to follow; None = all.  Idempotent. A leave older than the confirmation that followed it changes
        nothing: that reader came back. Acts are noted with the instants at which they were done.
        """
        found = self._read(connection, most)
        if found is None or not found.log:
            self._followed = None if found is None else (found.stat.st_ino, found.stat.st_size)
            return 0
        lines = [line for line in found.rest.splitlines(keepends=True)[:most] if line.endswith(b"\n")]
        values = (read_line(line) for line in lines)
        changed = follow(connection, filter(None, (leave_from(one) for one in values if one is not None)))
        end = found.start + sum(map(len, lines))
        if lines:
            self._remember(connection, found.log, end)
        elif connection.get_transaction() is not self._wrote_in:
            self._followed, self._wrote_in, self._asked = (found.stat.st_ino, found.stat.st_size), None, 0
            if end == found.stat.st_size:
                self._shorten(connection, found)
        return changed

    def catch_up(self, storage: Storage) -> int:
        """Follows to the end, in slices: before a run, before an audience is frozen, after a copy was put back."""
        changed = 0
        with storage.slices() as slices:
            while self.pending():
                with slices.write() as connection:
                    changed += self.replay(connection, most=SLICE)
        return changed

    def _read(self, connection: Connection, most: int | None) -> _Read | None:
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            found = os.fstat(file)
            first = os.pread(file, HEADER, 0)
            log, start = _id(first), first.find(b"\n") + 1
            if log:
                value = connection.execute(select(setting.c.value).where(setting.c.key == f"leaves {log}")).scalar()
                known = int(value or 0)
                start = known if start < known <= found.st_size else start
            size = found.st_size - start
            return _Read(found, log, start, os.pread(file, size if most is None else min(size, most * LINE), start))
        finally:
            os.close(file)

    def _remember(self, connection: Connection, log: str, end: int) -> None:
        connection.execute(_REMEMBER, {"key": f"leaves {log}", "value": str(end)})
        self._wrote_in, self._followed = connection.get_transaction(), None

    # --- keeping it small

    def _shorten(self, connection: Connection, found: _Read) -> None:
        """Once it reaches back two years, what is over a year old is dropped, under a new ID.

        Only what the database knows for certain. A copy of it that knows the old ID only follows all of the new one
        again, which changes nothing. Whoever appends waits at the lock, and then opens the new file.
        """
        limit = datetime.fromtimestamp(found.stat.st_mtime, UTC) - KEEP  # the file's own time: that of its last line
        with self._path.open("rb") as file:
            file.readline()
            oldest = _leave_in(file.readline())
        if oldest is None or oldest.at > limit - KEEP:
            return
        with self._alone(), self._path.open("rb") as file:
            now = os.fstat(file.fileno())
            if (now.st_ino, now.st_size) != (found.stat.st_ino, found.stat.st_size):
                return  # somebody was faster; the next look decides anew
            young = [line for line in file if (one := _leave_in(line)) is not None and one.at > limit]
            log = secrets.token_hex(6)
            new = _head(log) + b"".join(young)
            self._replace(new)
        connection.execute(delete(setting).where(setting.c.key == f"leaves {found.log}"))
        self._remember(connection, log, len(new))

    def _replace(self, data: bytes) -> None:
        half = self._path.with_name(".leaves.part")
        file = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write(file, data)
        finally:
            os.close(file)
        half.replace(self._path)
        _force_folder(self._path.parent)


def _head(log: str) -> bytes:
    return line_of({"leaves": 1, "log": log})


def _id(first: bytes) -> str:
    """The ID in the beginning of a log; "" when there is none."""
    values = read_line(first[: first.find(b"\n") + 1])
    return "" if values is None else str(values.get("log", ""))


def _leave_in(line: bytes) -> Leave | None:
    values = read_line(line)
    return None if values is None else leave_from(values)


def _append(file: int, lines: bytes) -> None:
    size = os.fstat(file).st_size
    if not size:
        lines = _head(secrets.token_hex(6)) + lines
    elif os.pread(file, 1, size - 1) != b"\n":
        lines = b"\n" + lines  # a writer was cut off here: what it left becomes a line by itself, which is no leave
    # Never taken back when it fails half-way: others may have followed its first lines already.
    _write(file, lines)


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: its fsync alone leaves data in the drive
        fcntl.fcntl(file, fcntl.F_FULLFSYNC)
    else:
        os.fsync(file)


def _force_folder(folder: Path) -> None:
    """The name of a new file, too, survives a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
