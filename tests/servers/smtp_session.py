"""One connection of the test SMTP server: RFC 5321 as far as the tests need it, with a place for every fault.

Every answer goes one way: the session proposes what an honest server would say, each fault in turn may change it, then
its effect is applied and it is written. So a fault is only the change; what follows from it is decided here.
"""

import asyncio
import base64
import binascii
import re
import socket
import ssl
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Final, cast

from tests.servers.smtp_house import Gone, House, Login, Received, Reply, Stage, reply

NAME: Final = "mail.test"
# Parameters of MAIL and RCPT.
EXTENSION_OF: Final = {
    "SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8", "AUTH": "AUTH", "RET": "DSN", "ENVID": "DSN",
    "NOTIFY": "DSN", "ORCPT": "DSN",
}  # fmt: skip
PATH: Final = re.compile(r"(?:FROM|TO): ?<([^<>]*)>((?: [^ ]+)*) *", re.IGNORECASE)


@dataclass
class Envelope:
    """A transaction from its MAIL on."""

    sender: str
    smtputf8: bool
    recipients: list[str] = field(default_factory=list)
    chunks: bytearray = field(default_factory=bytearray)  # of BDAT


class Session:
    """One connection, from its greeting to its end."""

    def __init__(self, house: House, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.house = house
        self.number = number
        self.asked: list[str] = []  # each RCPT of this transaction, accepted or not
        self.envelope: Envelope | None = None
        self.messages = 0  # arrived whole on this connection
        self.words: tuple[str, ...] = ()  # extensions named to this client
        self._reader = reader
        self._writer = writer
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._greeted = False
        self._tls = False
        self._user: str | None = None

    # --- the conversation --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Speaks until one side has had enough: Gone, or an OSError of the line."""
        if self.house.implicit_tls:
            await self._secure()
        await self._say(Stage.CONNECT, reply(220, f"{NAME} ESMTP"))
        while True:
            line = (await self._line()).decode("utf-8", "surrogateescape")
            self.house.heard.append((self.number, line))
            verb, _, argument = line.partition(" ")
            code = next(
                (fault.unknown[verb.upper()] for fault in self.house.faults if verb.upper() in fault.unknown), 0
            )
            command = COMMANDS.get(verb.upper(), Session._unknown)
            if code:
                await self._say(Stage.OTHER, reply(code, f"5.5.1 {verb} is not for here"))
            else:
                await command(self, argument)

    async def _say(self, stage: Stage, proposal: Reply) -> Reply:
        """Puts an answer before the faults and writes what they made of it; returns that."""
        judged = await self._judge(stage, proposal)
        await self._put(judged)
        return judged

    async def _judge(self, stage: Stage, proposal: Reply) -> Reply:
        for fault in self.house.faults:
            proposal = await fault.answer(self, stage, proposal)
        return proposal

    async def _unknown(self, argument: str) -> None:
        await self._say(Stage.OTHER, reply(500, "5.5.1 command not known"))

    async def _noop(self, argument: str) -> None:
        await self._say(Stage.NOOP, reply(250, "2.0.0 OK"))

    async def _quit(self, argument: str) -> None:
        await self._say(Stage.QUIT, replace(reply(221, "2.0.0 bye"), closing=True))

    async def _ehlo(self, argument: str) -> None:
        words = self._offered()
        said = await self._say(Stage.EHLO, reply(250, "\n".join((NAME, *words))))
        self._begin(said, words)

    async def _helo(self, argument: str) -> None:
        self._begin(await self._say(Stage.HELO, reply(250, NAME)), ())

    def _begin(self, said: Reply, words: tuple[str, ...]) -> None:
        self._forget()
        if said.good:
            self._greeted = True
            self.words = words

    def _offered(self) -> tuple[str, ...]:
        words = ["PIPELINING", f"SIZE {self.house.size}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self.house.chunking:
            words.append("CHUNKING")
        if self.house.dsn:
            words.append("DSN")
        if self._context() is not None and not self._tls:
            words.append("STARTTLS")
        offer = tuple(words)
        for fault in self.house.faults:
            offer = fault.offer(offer)
        # A password in clear only where there is no better way.
        if self.house.login is not None and "STARTTLS" not in offer:
            offer += ("AUTH PLAIN LOGIN XOAUTH2",)
        return offer

    def _offers(self, word: str) -> bool:
        return any(named.split()[0] == word for named in self.words)

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(self.envelope.recipients) if self.envelope else ()

    # --- TLS and login -----------------------------------------------------------------------------------------

    def _context(self) -> ssl.SSLContext | None:
        shown = [context for fault in self.house.faults if (context := fault.context()) is not None]
        return shown[0] if shown else self.house.context

    async def _starttls(self, argument: str) -> None:
        offered = self._offers("STARTTLS")
        ready = reply(220, "2.0.0 ready") if offered else reply(502, "5.5.1 not offered")
        said = await self._say(Stage.STARTTLS, ready)
        if said.code == 220:
            await self._secure()

    async def _secure(self) -> None:
        context = self._context()
        if context is None:
            raise RuntimeError("this server has no certificate")
        self._inbox.clear()  # what came in clear text must not count behind the handshake (RFC 3207 §4.2)
        await self._writer.start_tls(context)
        self._tls, self._greeted, self.words = True, False, ()
        self._forget()

    async def _auth(self, argument: str) -> None:
        mechanism, _, first = argument.partition(" ")
        ask = MECHANISMS.get(mechanism.upper())
        if ask is None or not self._offers("AUTH"):
            await self._say(Stage.AUTH, reply(504, "5.5.4 mechanism not known"))
            return
        try:
            who = await ask(self, first)
        except (binascii.Error, ValueError):
            await self._say(Stage.AUTH, reply(501, "5.5.2 not base64"))
            return
        known = who == self.house.login
        fits = reply(235, "2.7.0 welcome") if known else reply(535, "5.7.8 user or password wrong")
        judged = await self._judge(Stage.AUTH, fits)
        if mechanism.upper() == "XOAUTH2" and judged.code == 535:
            await self._challenge(b'{"status":"401"}')
        await self._put(judged)
        self._user = who.user if judged.good else None

    async def _plain(self, first: str) -> Login:
        given = base64.b64decode(first, validate=True) if first else await self._challenge(b"")
        _, user, password = given.decode().split("\0")
        return Login(user, password)

    async def _login(self, first: str) -> Login:
        user = base64.b64decode(first, validate=True) if first else await self._challenge(b"Username:")
        return Login(user.decode(), (await self._challenge(b"Password:")).decode())

    async def _xoauth2(self, first: str) -> Login:
        given = base64.b64decode(first, validate=True) if first else await self._challenge(b"")
        user, bearer, *_ = given.decode().split("\1")
        return Login(user.removeprefix("user="), bearer.removeprefix("auth=Bearer "))

    async def _challenge(self, question: bytes) -> bytes:
        await self._put(Reply(334, base64.b64encode(question)))
        return base64.b64decode(await self._line(), validate=True)

    # --- a transaction -----------------------------------------------------------------------------------------

    def _forget(self) -> None:
        self.envelope = None
        self.asked.clear()

    async def _rset(self, argument: str) -> None:
        judged = await self._judge(Stage.RSET, reply(250, "2.0.0 forgotten"))
        if judged.good:
            self._forget()
        await self._put(judged)

    async def _mail(self, argument: str) -> None:
        path = PATH.fullmatch(argument)
        sender = path[1] if path else ""
        words = path[2].upper().split() if path else []
        said = await self._say(Stage.MAIL, self._check_mail(path is not None, sender, words))
        if said.good:
            self._forget()
            self.envelope = Envelope(sender, "SMTPUTF8" in words)

    def _check_mail(self, readable: bool, sender: str, words: list[str]) -> Reply:
        parameters = dict(word.partition("=")[::2] for word in words)
        unknown = [name for name in parameters if not self._offers(EXTENSION_OF.get(name, name))]
        if not self._greeted or self.envelope is not None:
            return reply(503, "5.5.1 MAIL has no place here")
        if self.house.login is not None and self._user is None:
            return reply(530, "5.7.0 log in first")
        if not readable or unknown:
            return reply(555, f"5.5.4 not understood {' '.join(unknown)}") if unknown else reply(501, "5.5.4 no path")
        if int(parameters.get("SIZE", "0")) > self.house.size:
            return reply(552, "5.3.4 message too big")
        return self._check_letters(sender, "SMTPUTF8" in parameters)

    async def _rcpt(self, argument: str) -> None:
        path = PATH.fullmatch(argument)
        if path is None or self.envelope is None:
            no = reply(503, "5.5.1 MAIL first") if self.envelope is None else reply(501, "5.1.3 no path")
            await self._say(Stage.RCPT, no)
            return
        self.asked.append(path[1])
        honest = self._check_letters(path[1], self.envelope.smtputf8)
        if unknown := [
            word for word in path[2].split() if not self._offers(EXTENSION_OF.get(word.split("=")[0], word))
        ]:
            honest = reply(555, f"5.5.4 not understood {' '.join(unknown)}")
        judged = await self._judge(Stage.RCPT, honest)
        if judged.good:
            self.envelope.recipients.append(path[1])
        await self._put(judged)

    def _check_letters(self, address: str, wide: bool) -> Reply:
        fits = wide or address.isascii()
        return reply(250, "2.1.0 OK") if fits else reply(553, "5.6.7 needs SMTPUTF8")

    async def _data(self, argument: str) -> None:
        wanted = bool(self.accepted)
        said = await self._say(Stage.DATA, reply(354, "go ahead") if wanted else reply(503, "5.5.1 RCPT first"))
        if said.code == 354:
            if self._inbox:
                self.complain("the message came before its 354")
            await self._end_message(await self._message())

    async def _bdat(self, argument: str) -> None:
        """BDAT 1000, BDAT 0 LAST (RFC 3030 §2): its bytes follow whatever we think of it."""
        size, _, last = argument.partition(" ")
        chunk = await self._exactly(int(size))
        if self.envelope is not None:
            self.envelope.chunks += chunk
        if last.upper() == "LAST":
            await self._end_message(bytes(self.envelope.chunks) if self.envelope else chunk)
            return
        wanted = bool(self.accepted)
        await self._say(Stage.BDAT, reply(250, "2.0.0 more") if wanted else reply(503, "5.5.1 RCPT first"))

    async def _end_message(self, data: bytes) -> None:
        number = self._record(data)
        judged: Reply | None = None
        try:
            judged = await self._judge(Stage.MESSAGE, self._check_message(data))
        finally:
            # Before the write: whoever has read the answer must find it in the record.
            self.house.settle(number, judged, stands=not self._writer.is_closing())
        self._forget()
        await self._put(judged)

    def _record(self, data: bytes) -> int:
        envelope = self.envelope or Envelope("", smtputf8=False)
        self.messages += 1
        number = len(self.house.received) + 1
        message = Received(
            number=number,
            connection=self.number,
            sender=envelope.sender,
            recipients=tuple(envelope.recipients),
            data=data,
            tls=self._tls,
            user=self._user,
            smtputf8=envelope.smtputf8,
            taken=self._check_message(data).good,
        )
        self.house.received.append(message)
        return number

    def _check_message(self, data: bytes) -> Reply:
        if not self.accepted:
            return reply(554, "5.5.1 no valid recipients")
        if len(data) > self.house.size:
            return reply(552, "5.3.4 message too big")
        return reply(250, f"2.0.0 taken as {len(self.house.received)}")

    # --- the line ----------------------------------------------------------------------------------------------

    def complain(self, what: str) -> None:
        """Notes that the client broke the protocol."""
        self.house.complaints.append(f"connection {self.number}: {what}")

    def drop_input(self) -> None:
        self._inbox.clear()

    async def stop_reading(self) -> None:
        transport = cast(asyncio.Transport, self._writer.transport)  # of a socket: it reads, too
        transport.pause_reading()
        await self.house.hang()
        transport.resume_reading()

    async def _put(self, answer: Reply) -> None:
        if self._inbox and not self._offers("PIPELINING"):
            self.complain("commands sent ahead without PIPELINING")
        self._outbox += answer.wire
        if answer.closing or not any(fault.merges for fault in self.house.faults):
            await self._flush()
        if answer.closing:
            if answer.reset:
                self._end_with_reset()
            raise Gone

    async def _flush(self) -> None:
        pieces: list[bytes] = [bytes(self._outbox)]
        self._outbox.clear()
        for fault in self.house.faults:
            pieces = [smaller for piece in pieces for smaller in fault.cut(piece)]
        pause = max((fault.pause for fault in self.house.faults), default=0)
        for number, piece in enumerate(pieces):
            if pause and number:
                await asyncio.sleep(pause)
            self._writer.write(piece)
            await self._writer.drain()

    def _end_with_reset(self) -> None:
        """close() of a socket that may not linger sends RST (socket(7), SO_LINGER)."""
        sock = self._writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def _fill(self) -> None:
        if self._outbox:
            await self._flush()
        data = await self._reader.read(65536)
        if not data:
            raise Gone
        self._inbox += data

    async def _line(self) -> bytes:
        while (end := self._inbox.find(b"\n")) < 0:
            await self._fill()
        line = bytes(self._inbox[: end + 1])
        del self._inbox[: end + 1]
        if not line.endswith(b"\r\n"):
            self.complain("a line without CR")
        return line.rstrip(b"\r\n")

    async def _exactly(self, size: int) -> bytes:
        while len(self._inbox) < size:
            await self._taking(len(self._inbox))
            await self._fill()
        await self._taking(size)
        data = bytes(self._inbox[:size])
        del self._inbox[:size]
        return data

    async def _message(self) -> bytes:
        """Up to CRLF dot CRLF; a lone dot is an empty message (RFC 5321 §4.1.1.4)."""
        searched = 0
        await self._taking(0)
        while not self._inbox.startswith(b".\r\n") and self._inbox.find(b"\r\n.\r\n", searched) < 0:
            searched = max(0, len(self._inbox) - 4)
            await self._fill()
            await self._taking(len(self._inbox))
        start = 0 if self._inbox.startswith(b".\r\n") else self._inbox.find(b"\r\n.\r\n", searched) + 2
        data = bytes(self._inbox[:start])
        del self._inbox[: start + 3]
        return (b"\r\n" + data).replace(b"\r\n..", b"\r\n.")[2:]

    async def _taking(self, size: int) -> None:
        for fault in self.house.faults:
            await fault.taking(self, size)


COMMANDS: Final[dict[str, Callable[[Session, str], Coroutine[None, None, None]]]] = {
    "EHLO": Session._ehlo,
    "HELO": Session._helo,
    "STARTTLS": Session._starttls,
    "AUTH": Session._auth,
    "RSET": Session._rset,
    "MAIL": Session._mail,
    "RCPT": Session._rcpt,
    "DATA": Session._data,
    "BDAT": Session._bdat,
    "NOOP": Session._noop,
    "QUIT": Session._quit,
}
MECHANISMS: Final[dict[str, Callable[[Session, str], Coroutine[None, None, Login]]]] = {
    "PLAIN": Session._plain,
    "LOGIN": Session._login,
    "XOAUTH2": Session._xoauth2,
}
