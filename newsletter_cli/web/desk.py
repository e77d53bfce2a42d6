"""The desk where the pages' few writes are done: one transaction for all that came while the last one ran.

    leave ──▶ data/leaves.log, forced to the disk ──▶ the database, or the answer without it after half a second
    write ──────────────────────────────────────────▶ the database, after the log of leaves was followed

So a thousand readers who leave in one second cost some dozens of commits, and on SQLite a sender beside us always finds
the lock free again: it is left alone for as long as it was held, and for five milliseconds at least. While the database
is locked nobody who leaves waits for it: the log is followed by whoever sends next, and by us once the lock is free.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from newsletter_cli.errors import BusyError, NewsletterError
from newsletter_cli.storage.engine import Storage
from newsletter_cli.subscribers.leave import Leave
from newsletter_cli.subscribers.leaves import Leaves

T = TypeVar("T")

GAP: Final = 0.005  # seconds
TOGETHER: Final = 100  # works in one transaction: about 20 ms
PATIENCE: Final = 0.5  # seconds: what is in the log needs no database to be true
AGAIN: Final = 1.0  # seconds between two tries to follow the log while the database is locked


@dataclass(slots=True)
class _Asked:
    """One request's work, and what became of it."""

    work: Callable[[Connection], Any]
    order: int = -1  # of a leave: its subscription; -1 = any other work
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    done: bool = False
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Noted:
    """One request's line for the log."""

    leave: Leave
    ended: bool = False
    kept: bool = False  # it is on the disk


@dataclass(slots=True)
class Desk:
    """Belongs to one application and its event loop."""

    storage: Storage
    leaves: Leaves
    _waiting: list[_Asked] = field(default_factory=list)
    _noting: list[_Noted] = field(default_factory=list)
    _at_the_log: asyncio.Lock = field(default_factory=asyncio.Lock)
    _clerk: asyncio.Task[None] | None = None  # writes as long as something waits; one at a time
    _free_from: float = 0.0  # when the database may be taken again, on the monotonic clock

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once it is committed.

        work: quick statements only; run in a thread, beside the works of others: an exception of its own would undo
        theirs.  Raises what `Storage.write` raises.
        """
        result: T = await self._result(self._hand_in(_Asked(work)))
        return result

    async def leave(self, leave: Leave, work: Callable[[Connection], T], otherwise: Callable[[], T]) -> T:
        """What `work` returns, or after half a second `otherwise`: by then the leave is in the log, and so it counts.

        work: does the leave in the database.  otherwise: says the same out of what can be read; run in a thread.
        Raises what `Storage.write` raises only when the log could not be written either.
        """
        kept = await self._note(leave)
        asked = self._hand_in(_Asked(work, order=leave.subscription or 0))
        result: T
        try:
            async with asyncio.timeout(PATIENCE if kept else None):
                result = await self._result(asked)
        except (TimeoutError, NewsletterError):
            if not kept:
                raise
            result = await asyncio.to_thread(otherwise)
        return result

    # --- the log

    async def _note(self, leave: Leave) -> bool:
        """Whether the leave is on the disk; one force for all that came while the last one ran."""
        noted = _Noted(leave)
        self._noting.append(noted)
        async with self._at_the_log:
            if not noted.ended:
                together, self._noting = self._noting, []
                await asyncio.to_thread(self._keep, together)
        return noted.kept

    def _keep(self, together: list[_Noted]) -> None:
        try:
            try:
                self.leaves.record(*(noted.leave for noted in together))
            except NewsletterError:
                if not self.storage.free_reserve():
                    return
                self.leaves.record(*(noted.leave for noted in together))
            for noted in together:
                noted.kept = True
        except NewsletterError:
            return  # then only the database can promise it
        finally:
            for noted in together:
                noted.ended = True

    # --- the database

    def _hand_in(self, asked: _Asked) -> _Asked:
        self._waiting.append(asked)
        if self._clerk is None or self._clerk.done():
            self._clerk = asyncio.create_task(self._write_all(), name="desk")
        return asked

    async def _result(self, asked: _Asked) -> Any:
        await asked.ended.wait()
        if asked.error is not None:
            raise asked.error
        return asked.result

    async def _write_all(self) -> None:
        """Until nothing waits, and the database knows every leave that it had missed."""
        behind = False
        while self._waiting or behind:
            if not self._waiting:
                await asyncio.sleep(AGAIN)
            await asyncio.sleep(max(0.0, self._free_from - time.monotonic()))
            behind = await self._write_waiting()

    async def _write_waiting(self) -> bool:
        """Writes what waits; whether the log has to be followed later."""
        together, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
        began = time.monotonic()
        try:
            # Whatever goes wrong belongs to those who asked: the clerk goes on with the next.
            (problem,) = await asyncio.gather(asyncio.to_thread(self._commit, together), return_exceptions=True)
            for asked in together:
                asked.error = None if asked.done else problem
        finally:
            ended = time.monotonic()
            self._free_from = ended + max(GAP, ended - began)
            for asked in together:
                # A server that is stopped in the middle: nobody may take silence for success.
                if not asked.done and asked.error is None:
                    asked.error = BusyError("DATABASE-BUSY", "The page was stopped before it had stored the change.")
                asked.ended.set()
        return problem is not None and self.leaves.pending()

    def _commit(self, together: list[_Asked]) -> None:
        """Leaves first, in the order of their rows, so that two servers never wait for each other in a ring.

        Then, in a transaction of its own, the log, so that who takes a leave back finds it done; then the others.
        """
        leaving = sorted((asked for asked in together if asked.order >= 0), key=lambda asked: asked.order)
        others = [asked for asked in together if asked.order < 0]
        if leaving:
            with self.storage.write() as connection:
                results = [asked.work(connection) for asked in leaving]
            _settle(leaving, results)
        if others or self.leaves.pending():
            with self.storage.write() as connection:
                if self.leaves.pending():
                    self.leaves.replay(connection)
                results = [asked.work(connection) for asked in others]
            _settle(others, results)


def _settle(works: list[_Asked], results: list[Any]) -> None:
    for asked, result in zip(works, results, strict=True):
        asked.result, asked.done = result, True
