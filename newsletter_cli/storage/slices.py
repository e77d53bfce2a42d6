"""Long work cut into short transactions, so that a sender or a one-click beside it hardly waits.

SQLite's lock is not fair: a writer that takes it again at once starves the others. So after each slice it stays free
for as long as it was held, five milliseconds at least and a quarter of a second at most.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from newsletter_cli.storage.sqlite import WRITES

LEAST: Final = 0.005  # seconds
MOST: Final = 0.25  # and at most: whoever held it longer was stopped in the middle


def free_after(held: float) -> float:
    """Seconds for which the write lock is left to others after it was held for so many."""
    return min(max(held, LEAST), MOST)


class Slices:
    """One connection for a long work: temporary tables made on it last until the work ends."""

    def __init__(self, connection: Connection, wrote: Callable[[], None]) -> None:
        self._connection = connection
        self._wrote = wrote
        self._free_until = 0.0  # time.monotonic()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One slice: a transaction under the write lock. Keep it under 50 ms, about 5,000 rows."""
        self._connection.execution_options(**{WRITES: True})
        self._rest()
        with self._connection.begin():
            taken = time.monotonic()
            yield self._connection
        given_back = time.monotonic()
        self._free_until = given_back + free_after(given_back - taken)
        self._wrote()

    @contextmanager
    def aside(self) -> Iterator[Connection]:
        """A transaction without the write lock, to make and fill temporary tables while others write."""
        self._connection.execution_options(**{WRITES: False})
        with self._connection.begin():
            yield self._connection

    def _rest(self) -> None:
        if self._connection.dialect.name == "sqlite":  # PostgreSQL locks rows, not the house
            time.sleep(max(0.0, self._free_until - time.monotonic()))
