"""An SMTP server ruled by chance: it answers each command once, with whatever comes to its mind, or ends the line.

    async with fuzzed(Random(7), wild=False) as house:
        ...                       # clients talk to 127.0.0.1, house.port
    house.taken                   # recipients of the messages it keeps, with the number of copies

Tame, it keeps to the one rule that makes answers mean something: one for each question, after the question was read,
and nothing taken behind a 421. Wild, it keeps to none: it says things twice, or not at all, or what is no SMTP.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

EXTENSIONS: Final = ("PIPELINING", "CHUNKING", "SIZE 1000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")
REFUSALS: Final = ("450 4.2.0 later", "451 4.3.0 busy", "452 4.3.1 full", "550 5.1.1 nobody", "552 5.2.2 full",
                   "554 5.7.1 no", "503 5.5.1 not now", "502 5.5.1 not here", "500 what?", "555 5.5.4 not so",
                   "354 go on", "334 and?", "220 hello", "421 4.3.2 bye", "421 4.7.0 slow down")  # fmt: skip
NOISE: Final = (b"\r\n", b"\n", b"250", b"250 ", b"250-half\r\n", b"999 no\r\n", b"\x00\xff\xfe\r\n",
                b"HTTP/1.1 200 OK\r\n\r\n", b"250-a\r\n550 b\r\n", b"x" * 70_000, b"250 ok\r\n250 ok\r\n",
                b"550 5.1.1 no\r\n", b"421 bye\r\n")  # fmt: skip


@dataclass
class FuzzedHouse:
    """What the connections of one server share."""

    chance: Random
    wild: bool
    oddity: float = 0.06  # how likely each answer is odd
    port: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    conversations: int = 0


class Conversation(asyncio.Protocol):
    """One connection."""

    def __init__(self, house: FuzzedHouse) -> None:
        self._house = house
        self._chance = Random(house.chance.random())
        house.conversations += 1
        self._oddity = house.oddity * self._chance.choice((0, 1, 1, 2, 6))
        self._inbox = bytearray()
        self._sender = False
        self._recipient = ""
        self._in_data = False
        self._left = -1  # bytes of a chunk to come
        self._closed_to_all = False  # it has said 421
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._answer("220 fuzzed")

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        while self._transport is not None and self._step():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    # --- what it is told

    def _step(self) -> bool:
        if self._left >= 0:
            return self._chunk()
        if self._in_data:
            return self._message()
        line, found, rest = bytes(self._inbox).partition(b"\r\n")
        if not found:
            return False
        self._inbox[:] = rest
        verb, _, argument = line.decode("utf-8", "replace").partition(" ")
        self._command(verb.upper(), argument)
        return True

    def _command(self, verb: str, argument: str) -> None:
        address = argument.partition("<")[2].partition(">")[0]
        if verb == "EHLO":
            words = [word for word in EXTENSIONS if self._chance.random() < 0.8]
            self._answer("\n".join(["250 fuzzed", *words]))
        elif verb == "RSET":
            if self._answer("250 2.0.0 reset"):
                self._sender, self._recipient = False, ""
        elif verb == "MAIL":
            self._sender = self._answer("250 2.1.0 sender")
            self._recipient = ""
        elif verb == "RCPT":
            if self._answer("250 2.1.5 recipient" if self._sender else "503 5.5.1 no sender") and self._sender:
                self._recipient = address
        elif verb == "DATA":
            self._in_data = self._answer("354 go" if self._recipient else "503 5.5.1 no recipient", good="3")
        elif verb == "BDAT":
            self._left = int(argument.split()[0])
        elif verb == "QUIT":
            self._answer("221 bye")
            self._end(reset=False)
        else:
            self._answer("250 here" if verb in ("HELO", "NOOP") else "500 what?")

    def _chunk(self) -> bool:
        if len(self._inbox) < self._left:
            return self._end_in_the_middle()
        del self._inbox[: self._left]
        self._left = -1
        self._end_of_message()
        return True

    def _message(self) -> bool:
        whole = bytes(self._inbox)
        end = 0 if whole.startswith(b".\r\n") else whole.find(b"\r\n.\r\n") + 2
        if end == 1:
            return self._end_in_the_middle()
        self._inbox[:] = whole[end + 3 :]
        self._in_data = False
        self._end_of_message()
        return True

    def _end_of_message(self) -> None:
        recipient, self._recipient, self._sender = self._recipient, "", False
        if recipient and not self._closed_to_all and self._chance.random() < self._oddity / 2:
            # Keeps it, and is gone without a word.
            self._house.taken[recipient] += 1
            self._end(reset=self._chance.random() < 0.5)
        elif self._answer("250 2.0.0 kept" if recipient else "554 5.5.1 for whom?") and recipient:
            self._house.taken[recipient] += 1

    def _end_in_the_middle(self) -> bool:
        if self._chance.random() < self._oddity / 4:
            self._end(reset=self._chance.random() < 0.5)
        return False

    # --- what it says

    def _answer(self, honest: str, good: str = "2") -> bool:
        """Answers once, or ends the line; whether the answer was a good one."""
        said = honest
        if self._closed_to_all:
            said = "421 4.3.2 as I said"
        elif self._chance.random() < self._oddity:
            said = self._chance.choice(REFUSALS)
        first, *rest = said.split("\n")
        code, _, text = first.partition(" ")
        lines = [text, *rest]
        wire = "".join(f"{code}{' ' if line is lines[-1] else '-'}{line}\r\n" for line in lines).encode()
        if said.startswith("421"):
            self._closed_to_all = True
        if self._chance.random() < self._oddity / 4:
            self._end(reset=self._chance.random() < 0.5)  # before a word
            return False
        self._say(self._noisy(wire) if self._house.wild else wire)
        if (self._closed_to_all and self._chance.random() < 0.5) or self._chance.random() < self._oddity / 4:
            self._end(reset=self._chance.random() < 0.3)
        return said.startswith(good)

    def _noisy(self, wire: bytes) -> bytes:
        if self._chance.random() > self._oddity:
            return wire
        kind = self._chance.randrange(5)
        noise = self._chance.choice((self._chance.choice(NOISE), self._chance.randbytes(self._chance.randrange(60))))
        return (b"", wire * 2, noise, noise + wire, wire + noise)[kind]

    def _say(self, wire: bytes) -> None:
        if self._transport is None:
            return
        cut = self._chance.randrange(len(wire) + 1)
        for piece in (wire[:cut], wire[cut:]):
            self._transport.write(piece)

    def _end(self, *, reset: bool) -> None:
        transport, self._transport = self._transport, None
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        if reset and sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.close()


@asynccontextmanager
async def fuzzed(chance: Random, *, wild: bool) -> AsyncIterator[FuzzedHouse]:
    """One on a free port of 127.0.0.1, on the running loop."""
    house = FuzzedHouse(chance, wild)
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(house), "127.0.0.1", 0, backlog=512)
    house.port = server.sockets[0].getsockname()[1]
    try:
        yield house
    finally:
        server.close()
