"""A deadline that moves with every answer, watched by one timer that ticks seldom."""

import asyncio
from collections.abc import Callable
from typing import Final

TICK: Final = 1.0  # seconds between two looks, at most: a timer set anew for each answer costs more than the answer


class Patience:
    """How long to wait for the next thing. `late` is called once that has not come, and again until it is changed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, shortest: float, late: Callable[[], None]) -> None:
        """shortest: seconds, the least that will ever be waited; a look comes at least eight times as often."""
        self._loop = loop
        self._late = late
        self._deadline: float | None = None
        self._nap = min(TICK, max(shortest / 8, 0.005))
        self._timer = loop.call_later(self._nap, self._look)

    @property
    def waits(self) -> bool:
        return self._deadline is not None

    @property
    def is_over(self) -> bool:
        return self._deadline is not None and self._loop.time() >= self._deadline

    def wait(self, seconds: float | None) -> None:
        """So many seconds from now, or for nothing at all."""
        self._deadline = None if seconds is None else self._loop.time() + seconds

    def stop(self) -> None:
        self._deadline = None
        self._timer.cancel()

    def _look(self) -> None:
        self._timer = self._loop.call_later(self._nap, self._look)
        if self.is_over:
            self._late()
