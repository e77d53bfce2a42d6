"""What the parts of the test SMTP server share: stages, answers, the messages received, and what a fault is."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple, Protocol


class Stage(StrEnum):
    """What is being answered."""

    CONNECT = "connect"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    AUTH = "auth"  # the last answer of a login
    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the command: 354
    BDAT = "bdat"  # a chunk that is not the last
    MESSAGE = "message"  # the end of the data, by dot or by BDAT LAST
    NOOP = "noop"
    QUIT = "quit"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what is done with the line around it."""

    code: int
    text: bytes  # lines divided by \n
    copies: int = 1  # 0: it is never written, its effect stays
    behind: bytes = b""  # written behind it in the same write
    closing: bool = False  # the connection ends after it
    reset: bool = False  # … with RST instead of FIN

    @property
    def good(self) -> bool:
        return self.code < 400

    @property
    def wire(self) -> bytes:
        *first, last = self.text.split(b"\n")
        lines = [b"%d-%b\r\n" % (self.code, line) for line in first] + [b"%d %b\r\n" % (self.code, last)]
        return b"".join(lines) * self.copies + self.behind


def reply(code: int, text: str) -> Reply:
    return Reply(code, text.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message whose data has arrived whole."""

    number: int  # from 1, in the order of arrival
    connection: int  # from 1
    sender: str  # of the envelope
    recipients: tuple[str, ...]  # those that were accepted
    data: bytes  # dots unstuffed, the end taken off
    tls: bool
    user: str | None  # who was logged in
    smtputf8: bool
    taken: bool  # the server keeps it: its answer is 250, or it has none
    answer: int | None = None  # code of its final answer; None: none yet, or none ever
    answered: bool = False  # that answer was given to a line that stood


class Talk(Protocol):
    """What a fault may see and do of the session it disturbs."""

    number: int  # of the connection, from 1
    house: "House"
    asked: list[str]  # each RCPT of this transaction, accepted or not
    messages: int  # arrived whole on this connection

    @property
    def accepted(self) -> tuple[str, ...]:
        """The recipients of this transaction that were accepted."""
        ...

    def drop_input(self) -> None:
        """Forgets what was sent ahead."""
        ...

    async def stop_reading(self) -> None:
        """Leaves the client's bytes where they are until the release: its window closes."""
        ...


class Gone(Exception):
    """The connection is over, whoever ended it."""


class Fault:
    """A way to misbehave. Each method is a place where a session asks; these answers are the honest ones."""

    unknown: Mapping[str, int] = {}  # verbs that are not understood, and the code that says so
    merges: bool = False  # answers wait until nothing is left to read, then leave in one write
    pause: float = 0  # seconds between two pieces of `cut`

    def offer(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The extensions to name."""
        return words

    def context(self) -> ssl.SSLContext | None:
        """The certificate to show instead of the server's own."""
        return None

    async def answer(self, session: "Talk", stage: Stage, reply: Reply) -> Reply:
        """What to say instead of `reply`, now or later."""
        return reply

    async def taking(self, session: "Talk", size: int) -> None:
        """`size` bytes of a message have come and its end has not been looked for."""

    def cut(self, data: bytes) -> tuple[bytes, ...]:
        """The pieces in which to write `data`."""
        return (data,)


class Login(NamedTuple):
    user: str
    password: str  # or the token, for XOAUTH2


@dataclass(kw_only=True)
class House:
    """What the connections of one server share. Written by the server's thread, read by any."""

    faults: tuple[Fault, ...]
    context: ssl.SSLContext | None  # None: STARTTLS is not offered
    implicit_tls: bool
    login: Login | None  # None: no AUTH; else it is needed before MAIL
    size: int  # bytes, the limit of SIZE
    chunking: bool
    dsn: bool
    settled: Callable[[Received], None]  # called once for each message, when its answer is certain
    received: list[Received] = field(default_factory=list)
    heard: list[tuple[int, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    hanging: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def hang(self) -> None:
        """Waits for the next `release`."""
        self.hanging += 1
        try:
            await self.released.wait()
        finally:
            self.hanging -= 1

    def release(self) -> None:
        self.released.set()
        self.released = asyncio.Event()

    def settle(self, number: int, answer: Reply | None, stands: bool) -> None:
        """The fate of a message is known; None when the connection ended before."""
        message = self.received[number - 1]
        if answer is not None:
            answered = stands and answer.copies > 0
            code = answer.code if answered else None
            message = replace(message, answer=code, answered=answered, taken=answer.good)
        self.received[number - 1] = message
        self.settled(message)
