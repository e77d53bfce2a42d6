"""An inbox on this computer: a real SMTP server that keeps what it is given. For `demo`; the one door to aiosmtpd."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came over the wire."""

    sender: str  # envelope
    recipients: tuple[str, ...]
    data: bytes


@dataclass(slots=True)
class Inbox:
    """What has arrived so far."""

    host: str = "127.0.0.1"
    port: int = 0
    messages: list[Received] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # aiosmtpd's name
        """Keep the message, then say so: what was answered with 250 is in the inbox."""
        content = envelope.original_content or b""
        self.messages.append(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        return "250 2.0.0 kept"


@contextmanager
def open_inbox() -> Iterator[Inbox]:
    """An inbox on a free port of the loopback interface, in a thread of its own, until the block ends."""
    inbox = Inbox()
    loop = asyncio.new_event_loop()
    # Not aiosmtpd's own Controller: it cannot tell which free port it was given.
    listening = loop.run_until_complete(
        loop.create_server(lambda: SMTP(inbox, hostname="localhost", enable_SMTPUTF8=True, loop=loop), inbox.host, 0)
    )
    inbox.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="inbox", daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        asyncio.run_coroutine_threadsafe(_close(listening), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(listening: asyncio.Server) -> None:
    listening.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)
