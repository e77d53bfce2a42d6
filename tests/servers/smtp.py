"""A small SMTP server that keeps every message and misbehaves by name.

    with smtp_server(refuse_recipient("b@*"), close_after_data(times=1)) as server:
        ...                       # a client talks to 127.0.0.1, server.port
        server.faults = ()        # it has recovered
    assert server.copies() == {"a@example.org": 1}

The same for a process of its own, ended by SIGTERM; it prints `port N` and writes one JSON line for each message:

    python -m tests.servers.smtp --fault defer:times=2 --fault hang_at:message --record /tmp/received.jsonl
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import wait_until
from tests.servers.certificates import Certificates
from tests.servers.smtp_faults import read_fault, server_context
from tests.servers.smtp_house import Fault, Gone, House, Login, Received
from tests.servers.smtp_session import Session

PATIENCE = 2.0  # seconds a closed connection may take to send what is left of its answers


class Server:
    """A running server on 127.0.0.1. What it tells may be read at any time, also after its end."""

    def __init__(self, house: House) -> None:
        self.port = 0
        self._house = house
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="SMTP server")

    # --- what tests ask ----------------------------------------------------------------------------------------

    @property
    def received(self) -> tuple[Received, ...]:
        """Every message whose data arrived whole, also those refused then."""
        return tuple(self._house.received)

    def copies(self) -> Counter[str]:
        """How many messages each recipient got: those answered 250, and those taken without an answer."""
        return Counter(recipient for message in self.received if message.taken for recipient in message.recipients)

    @property
    def heard(self) -> tuple[tuple[int, str], ...]:
        """Every command line, with the number of its connection."""
        return tuple(self._house.heard)

    @property
    def complaints(self) -> tuple[str, ...]:
        """Where a client broke the protocol: commands ahead without PIPELINING, data before 354, a bare LF."""
        return tuple(self._house.complaints)

    @property
    def connections(self) -> int:
        """How many there were so far."""
        return self._house.connections

    @property
    def open(self) -> int:
        """How many there are now."""
        return self._house.open

    @property
    def hanging(self) -> int:
        """How many wait for `release` now."""
        return self._house.hanging

    @property
    def faults(self) -> tuple[Fault, ...]:
        """In the order in which they are asked; a new tuple holds from the next answer on."""
        return self._house.faults

    @faults.setter
    def faults(self, faults: tuple[Fault, ...]) -> None:
        self._house.faults = faults

    def release(self) -> None:
        """Lets all go on that hang now. Who comes to a hanging fault later hangs again."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._house.release)

    def wait_for(self, *, received: int = 0, hanging: int = 0, seconds: float = 10) -> None:
        """Returns once so many messages have come and so many connections hang; TimeoutError when they do not."""
        what = f"{received} messages at the server, {hanging} connections hanging"
        wait_until(lambda: len(self.received) >= received and self.hanging >= hanging, seconds=seconds, what=what)

    # --- its life ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()
        self._raise_problem()

    def stop(self) -> None:
        """Ends every connection at once, and the thread; raises what went wrong inside."""
        if self._loop is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._raise_problem()

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise self._problem

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as problem:  # noqa: BLE001  (handed to the thread that stops us)
            self._problem = problem
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as connections:

            def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                connections.create_task(self._connection(reader, writer))

            listener = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=512)
            self.port = listener.sockets[0].getsockname()[1]
            self._ready.set()
            try:
                await self._stop.wait()
            finally:
                listener.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._house.connections += 1
        self._house.open += 1
        try:
            with contextlib.suppress(Gone, OSError, asyncio.IncompleteReadError):
                await Session(self._house, self._house.connections, reader, writer).run()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            self._house.open -= 1
            await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(PATIENCE):
            await writer.wait_closed()
    except OSError:  # TimeoutError is one
        writer.transport.abort()


@contextmanager
def smtp_server(
    *faults: Fault,
    certificates: Certificates | None = None,
    implicit_tls: bool = False,
    login: tuple[str, str] | None = None,
    size: int = 50_000_000,
    chunking: bool = False,
    dsn: bool = False,
    record: Path | None = None,
) -> Iterator[Server]:
    """A server that speaks PIPELINING, SIZE, 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES, and these:

    certificates: STARTTLS with these, or with `implicit_tls` TLS from the first byte.
    login: user and password (or token); AUTH PLAIN, LOGIN and XOAUTH2, under TLS if there is any, needed before MAIL.
    size: bytes, the largest message.  chunking: BDAT.  dsn: DSN.
    record: a file that gets one JSON line for each message, written just before its answer, or when its line ends.
    """

    def settled(message: Received) -> None:
        if record is not None:
            _append(record, message)

    house = House(
        faults=faults,
        context=server_context(certificates.chain, certificates.key) if certificates else None,
        implicit_tls=implicit_tls,
        login=Login(*login) if login else None,
        size=size,
        chunking=chunking,
        dsn=dsn,
        settled=settled,
    )
    server = Server(house)
    server.start()
    try:
        yield server
    finally:
        server.stop()


# --- as a process --------------------------------------------------------------------------------------------------


def _append(record: Path, message: Received) -> None:
    line = {
        "number": message.number,
        "connection": message.connection,
        "sender": message.sender,
        "recipients": message.recipients,
        "bytes": len(message.data),
        "taken": message.taken,
        "answer": message.answer,
        "answered": message.answered,
    }
    with record.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def recorded_copies(record: Path) -> Counter[str]:
    """`Server.copies`, from the file of a server in another process."""
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    messages = [json.loads(line) for line in lines]
    return Counter(recipient for message in messages if message["taken"] for recipient in message["recipients"])


def main() -> None:
    """`python -m tests.servers.smtp`: serves until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.servers.smtp", description="an SMTP server with named faults"
    )
    parser.add_argument("--fault", action="append", default=[], type=read_fault, metavar="NAME[:value,name=value]")
    parser.add_argument("--record", type=Path, help="file that gets one JSON line for each message")
    parser.add_argument("--login", metavar="USER:PASSWORD")
    parser.add_argument("--chunking", action="store_true")
    given = parser.parse_args()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before the thread: it would else get them
    login = tuple(given.login.split(":", 1)) if given.login else None
    with smtp_server(*given.fault, login=login, chunking=given.chunking, record=given.record) as server:
        sys.stdout.write(f"port {server.port}\n")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
