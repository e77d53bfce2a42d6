"""Filling and signing off the event loop: a signature takes a few hundred microseconds and lets other threads run."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from newsletter_cli.delivery.flight import Due
from newsletter_cli.delivery.relays import Relay
from newsletter_cli.delivery.smtp.letter import Letter
from newsletter_cli.mail.problems import MailProblem

TOGETHER: Final = 4  # messages one thread makes before it hands them over: connections wait for the first

Sealed = Callable[[Due, "Letter | MailProblem"], None]


class Sealing:
    """A few threads that make signed messages. Started when the first one is wanted."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def begin(self, relay: Relay, batch: Sequence[Due], sealed: Sealed) -> None:
        """Make the messages of a batch; `sealed` is told of each on the event loop."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="seal")
        loop = asyncio.get_running_loop()
        for start in range(0, len(batch), TOGETHER):
            part = batch[start : start + TOGETHER]
            self._pool.submit(_make, relay, part, loop, sealed)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _make(relay: Relay, batch: Sequence[Due], loop: asyncio.AbstractEventLoop, sealed: Sealed) -> None:
    made = [(due, _made(relay, due)) for due in batch]
    loop.call_soon_threadsafe(_tell, made, sealed)


def _made(relay: Relay, due: Due) -> "Letter | MailProblem":
    assert relay.seal is not None
    try:
        return relay.seal(relay.fill(due.reader))
    except MailProblem as problem:
        return problem


def _tell(made: Sequence[tuple[Due, "Letter | MailProblem"]], sealed: Sealed) -> None:
    for due, letter in made:
        sealed(due, letter)
