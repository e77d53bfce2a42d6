"""Four megabytes kept back for the day the disk is full: given up then, so that what was sent can still be stored.

Answers of servers are facts that have to be written down, also when nothing more fits on the disk. A run makes the
reserve before it begins; who cannot store a result removes it and tries again; it is made anew once there is room.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

SIZE: Final = 4 * 2**20  # bytes: the results of some 10,000 messages, and the log that carries them
# It must not take the last room itself: made only where four times as much is free, so that it does not come and go.
ROOM: Final = 4 * SIZE


class Reserve:
    """The file of one newsroom; any process may make it, and any may give it up."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> bool:
        """Makes the file unless it is there; whether it is there now. Raises nothing: without one all goes on."""
        try:
            if self._is_whole():
                return True
            free = os.statvfs(self._path.parent)
            return free.f_bavail * free.f_frsize >= ROOM and self._make()
        except OSError:
            return False

    def free(self) -> bool:
        """Removes the file; whether it was there."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def _is_whole(self) -> bool:
        try:
            return self._path.stat().st_size == SIZE
        except FileNotFoundError:
            return False

    def _make(self) -> bool:
        # One name for all: what a killed process left is taken up, and two that begin at once write one noise.
        half = self._path.with_name(f".{self._path.name}.part")
        try:
            with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                # Noise: file systems that compress would keep zeros, or an allocation alone, for nothing.
                file.write(os.urandom(SIZE))
                file.flush()
                os.fsync(file.fileno())
            half.replace(self._path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                half.unlink()
        return True
