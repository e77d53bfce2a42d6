"""An engine in a thread of its own, as the tests drive it, and the letters it carries."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from sqlalchemy import select

from newsletter_cli.delivery.engine import Engine
from newsletter_cli.delivery.running import Ending
from newsletter_cli.delivery.smtp.book import load_book
from newsletter_cli.delivery.states import SendState
from newsletter_cli.storage.schema import send
from tests.conftest import Clock

BOOK = load_book()


@dataclass
class Running(Clock):
    """A clock that begins where the test's does and runs."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self):
        return self.now + timedelta(seconds=time.monotonic() - self.began)


@dataclass(frozen=True)
class Letter:
    """A message as the engine gets it from `fill`."""

    recipient: str
    envelope_from: str = "news@example.org"
    segments: tuple[bytes, ...] = (b"Subject: x\r\n\r\n", b"text\r\n" * 50)
    smtputf8: bool = False

    @property
    def size(self) -> int:
        return sum(map(len, self.segments))


@dataclass
class Driven:
    """An engine in a thread of its own."""

    outbox: object
    engine: Engine | None = None
    ending: Ending | None = None
    thread: threading.Thread | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def drive(self, make: Callable[[], Engine]) -> Self:
        """make: called inside the engine's own event loop."""

        async def run() -> Ending:
            self.loop = asyncio.get_running_loop()
            self.engine = make()
            return await self.engine.run()

        def main() -> None:
            self.ending = asyncio.run(run())

        self.thread = threading.Thread(target=main)
        self.thread.start()
        return self

    def end(self, seconds: float = 30) -> Ending:
        assert self.thread is not None
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "the engine does not end"
        assert self.ending is not None, "the engine failed"
        return self.ending


def state_of(outbox) -> Callable[[], tuple[SendState, str]]:
    """What an engine asks again and again: (state, why) of its send."""

    def read_state() -> tuple[SendState, str]:
        with outbox.storage.read() as connection:
            row = connection.execute(select(send.c.state, send.c.reason).where(send.c.id == outbox.send_id)).one()
        return SendState(row.state), row.reason

    return read_state
