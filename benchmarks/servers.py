"""The far ends: Debian's smtp-sink and Postfix, the lean sink, and the long line in front of one of them."""

import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installing import NotHere, compiled, debian

from tests.servers import Missing
from tests.servers.postfix import full_postfix, smtp_sink

LEAN = "-lean"  # at the end of a claim's key: the same, to the lean sink


@dataclass(frozen=True, slots=True)
class Count:
    """What the lean sink has seen since it was last asked to forget."""

    messages: int
    bytes: int
    first: float  # seconds since 1970: the first message was announced
    last: float  # the last one was accepted


@dataclass(frozen=True, slots=True)
class LeanSink:
    """A running lean sink."""

    port: int

    def count(self) -> Count:
        messages, size, first, last = (int(word) for word in self._ask("XCOUNT").split()[1:])
        return Count(messages, size, first / 1e6, last / 1e6)

    def forget(self) -> None:
        self._ask("XZERO")

    def _ask(self, verb: str) -> str:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link, link.makefile("rwb") as lines:
            lines.readline()
            lines.write(f"{verb}\r\n".encode())
            lines.flush()
            return lines.readline().decode()


@contextmanager
def lean_sink(
    *, chunking: bool = False, pipelining: bool = True, first_message: Path | None = None,
    recipients: Path | None = None,
) -> Iterator[LeanSink]:  # fmt: skip
    """counterparts/sink.c.  first_message, recipients: files that it writes."""
    words = ["-c"] * chunking + ["-n"] * (not pipelining)
    words += ["-d", str(first_message)] if first_message else []
    words += ["-r", str(recipients)] if recipients else []
    with _port_of([str(compiled("sink")), *words]) as port:
        yield LeanSink(port)


@contextmanager
def long_line(port: int, milliseconds: float) -> Iterator[int]:
    """A port that leads to `port` over a line with this round trip."""
    with _port_of([str(compiled("delay")), str(port), str(round(milliseconds * 500))]) as near:
        yield near


@contextmanager
def debian_sink() -> Iterator[int]:
    """The port of a running smtp-sink."""
    debian("/usr/sbin/smtp-source")
    with smtp_sink(dump=False, backlog=200) as sink:
        yield sink.port


@contextmanager
def far_ends() -> Iterator[dict[str, int]]:
    """{ending of a claim's key: port} of smtp-sink, and of the lean sink, which is never the slowest of the two.

    smtp-sink takes about as much as smtp-source makes: a sender that is faster than that is held back by it.
    """
    with debian_sink() as usual, lean_sink(chunking=True) as lean:
        yield {"": usual, LEAN: lean.port}


@contextmanager
def postfix() -> Iterator[int]:
    """The port of a whole Postfix that throws away what it has taken and queued; only root can start one."""
    debian("/usr/sbin/smtp-source")
    try:
        with full_postfix() as running:
            yield running.port
    except Missing as missing:
        raise NotHere(str(missing)) from missing


@contextmanager
def _port_of(command: list[str]) -> Iterator[int]:
    """Runs one of our own servers, which says its port first."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)


def measure_line(milliseconds: float) -> tuple[float, float]:
    """(milliseconds of one ping through a long line, of one while ten other connections move megabytes)."""
    with _echo() as far, long_line(far, milliseconds) as port:
        alone = _ping(port)
        with _crowd(port):
            return alone, _ping(port)


def demand_line(milliseconds: float) -> None:
    """Refuses to measure over a line that is not as long as it says."""
    for took in measure_line(milliseconds):
        if not milliseconds <= took <= milliseconds * 1.1 + 3:
            raise NotHere(f"a line of {milliseconds:g} ms took {took:.1f} ms: the machine is too busy to measure")


def _ping(port: int) -> float:
    took = []
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(15):
            began = time.perf_counter()
            link.sendall(b"x")
            link.recv(1)
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


@contextmanager
def _echo() -> Iterator[int]:
    """A server that says back what it hears."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)

    def answer(link: socket.socket) -> None:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with link:
            while data := link.recv(65536):
                link.sendall(data)

    def accept() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(link,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def _crowd(port: int) -> Iterator[None]:
    """Ten connections that each have a quarter of a megabyte under way, again and again."""
    over = threading.Event()

    def move() -> None:
        with socket.create_connection(("127.0.0.1", port)) as link:
            while not over.is_set():
                link.sendall(bytes(250_000))
                left = 250_000
                while left:
                    left -= len(link.recv(left))

    threads = [threading.Thread(target=move, daemon=True) for _ in range(10)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    for round_trip in (float(word) for word in sys.argv[1:] or ("20", "80")):
        alone, crowded = measure_line(round_trip)
        print(f"a line of {round_trip:g} ms: a ping takes {alone:.2f} ms alone, {crowded:.2f} ms in a crowd")
