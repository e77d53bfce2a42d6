"""The desk where the pages' few writes are done: one transaction for all that came while the last one ran.

Each request hands in its work and waits for its turn; whoever's turn it is writes everything that waits. So a thousand
readers who leave in one second cost some dozens of commits, and on SQLite a sender beside us always finds the lock free
again: it is left alone for as long as it was held, and for five milliseconds at least.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from newsletter_cli.errors import BusyError, NewsletterError
from newsletter_cli.storage.engine import Storage

T = TypeVar("T")

GAP: Final = 0.005  # seconds
TOGETHER: Final = 100  # works in one transaction: about 20 ms


@dataclass(slots=True)
class _Asked:
    """One request's work, and what became of it."""

    work: Callable[[Connection], Any]
    done: bool = False
    result: Any = None
    error: NewsletterError | None = None


@dataclass(slots=True)
class Desk:
    """Belongs to one application and its event loop."""

    storage: Storage
    _waiting: list[_Asked] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _free_from: float = 0.0  # when the database may be taken again, on the monotonic clock

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once it is committed.

        work: quick statements only; run in a thread, beside the works of others: an exception of its own would undo
        theirs.  Raises what `Storage.write` raises.
        """
        asked = _Asked(work)
        self._waiting.append(asked)
        async with self._turn:
            while not asked.done:
                await self._write_waiting()
        if asked.error is not None:
            raise asked.error
        result: T = asked.result
        return result

    async def _write_waiting(self) -> None:
        await asyncio.sleep(max(0.0, self._free_from - time.monotonic()))
        together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
        began = time.monotonic()
        try:
            await asyncio.to_thread(self._commit, together)
        except NewsletterError as error:
            for asked in together:
                asked.error = error
        finally:
            ended = time.monotonic()
            self._free_from = ended + max(GAP, ended - began)
            for asked in together:
                # A server that is stopped in the middle: nobody may take silence for success.
                if not asked.done and asked.error is None:
                    asked.error = BusyError("DATABASE-BUSY", "The page was stopped before it had stored the change.")
                asked.done = True

    def _commit(self, together: list[_Asked]) -> None:
        with self.storage.write() as connection:
            results = [asked.work(connection) for asked in together]
        for asked, result in zip(together, results, strict=True):
            asked.result, asked.done = result, True
