"""The named faults of the test SMTP server: `smtp_server(defer(times=2), close_in_data(5000))`.

Most take `only` (a pattern for the recipient's address), `after` (let so many fitting occasions pass), `times` (then
happen so often; without it, always) and `each` (count for each recipient alone, not for the server).
"""

import asyncio
import inspect
import ssl
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, TypedDict, Unpack

from tests.servers.certificates import make_certificates
from tests.servers.smtp_house import Fault, Gone, Reply, Stage, Talk, reply

Action = Callable[[Talk, Reply], Awaitable[Reply]]

TEXTS: Final = {
    421: "4.3.2 closing",
    450: "4.2.0 try again later",
    451: "4.3.0 try again later",
    452: "4.3.1 no room",
    502: "5.5.1 not here",
    535: "5.7.8 user or password wrong",
    550: "5.1.1 no such mailbox",
    552: "5.2.2 mailbox full",
    554: "5.7.1 looks like spam",
}


class Often(TypedDict, total=False):
    """On which of the fitting occasions a fault happens."""

    after: int
    times: int
    each: bool


class When(Often, total=False):
    """The same, and for whom."""

    only: str


class At(Fault):
    """One action at one stage, on the occasions of `When`."""

    def __init__(self, stage: Stage | str | None, action: Action, **when: Unpack[When]) -> None:
        self._stage = Stage(stage) if stage is not None else None  # None: at all
        self._action = action
        self._when = when
        self._seen: Counter[str] = Counter()

    async def answer(self, session: Talk, stage: Stage, reply: Reply) -> Reply:
        if self._stage in (stage, None) and self._is_due(session):
            return await self._action(session, reply)
        return reply

    def _is_due(self, session: Talk) -> bool:
        address = session.asked[-1] if session.asked else ""
        if not fnmatchcase(address, self._when.get("only", "*")):
            return False
        key = address if self._when.get("each", False) else ""
        self._seen[key] += 1
        past = self._seen[key] - self._when.get("after", 0)
        return past > 0 and ("times" not in self._when or past <= self._when["times"])


# --- what can be done to an answer ---------------------------------------------------------------------------------


def say(code: int, text: str = "", *, closing: bool = False) -> Action:
    said = replace(reply(code, text or TEXTS.get(code, "as told")), closing=closing)

    async def act(session: Talk, reply: Reply) -> Reply:
        return said

    return act


def change(**changes: int | bool | bytes) -> Action:
    """Other copies, text, closing … of the honest answer."""

    async def act(session: Talk, reply: Reply) -> Reply:
        return replace(reply, **changes)  # type: ignore[arg-type]  # the names and types are Reply's, all in this file

    return act


def wait(seconds: float) -> Action:
    async def act(session: Talk, reply: Reply) -> Reply:
        await asyncio.sleep(seconds)
        return reply

    return act


async def hang(session: Talk, reply: Reply) -> Reply:
    await session.house.hang()
    return reply


# --- refusals ------------------------------------------------------------------------------------------------------


def answer_with(stage: str, code: int, text: str = "", **when: Unpack[When]) -> Fault:
    """Any answer anywhere."""
    return At(stage, say(code, text), **when)


def refuse_recipient(only: str = "*", code: int = 550, text: str = "", **often: Unpack[Often]) -> Fault:
    return At(Stage.RCPT, say(code, text), only=only, **often)


def defer(code: int = 450, text: str = "", **when: Unpack[When]) -> Fault:
    """4xx to RCPT. `times=1, each=True` is greylisting."""
    return At(Stage.RCPT, say(code, text), **when)


def refuse_sender(code: int = 550, text: str = "5.7.1 sender not allowed", **when: Unpack[When]) -> Fault:
    return At(Stage.MAIL, say(code, text), **when)


def refuse_data(code: int = 554, text: str = "", **when: Unpack[When]) -> Fault:
    """The message is read whole, then refused."""
    return At(Stage.MESSAGE, say(code, text), **when)


def refuse_login(code: int = 535, text: str = "", **when: Unpack[When]) -> Fault:
    return At(Stage.AUTH, say(code, text), **when)


def ehlo_refused(code: int = 502) -> Fault:
    """Only HELO is understood."""
    return At(Stage.EHLO, say(code))


def greeting_421(**when: Unpack[When]) -> Fault:
    return At(Stage.CONNECT, say(421, closing=True), **when)


def say_421_at(stage: str, closing: bool = True, **when: Unpack[When]) -> Fault:
    """421 as the answer at a stage; not closing, the server goes on as if nothing were."""
    return At(stage, say(421, closing=closing), **when)


# --- the end of the line -------------------------------------------------------------------------------------------


def close_at(stage: str, reset: bool = False, **when: Unpack[When]) -> Fault:
    """The connection ends instead of the answer; at "message" nothing was taken, see `close_after_data`."""
    return At(stage, change(code=451, copies=0, closing=True, reset=reset), **when)


def close_after_data(reset: bool = False, **when: Unpack[When]) -> Fault:
    """The message is taken, the connection ends without the answer."""
    return At(Stage.MESSAGE, change(copies=0, closing=True, reset=reset), **when)


def close_after(stage: str, reset: bool = False, **when: Unpack[When]) -> Fault:
    """The answer is given and the connection ends, both at once."""
    return At(stage, change(closing=True, reset=reset), **when)


class InData(Fault):
    """One action when this many bytes of a message are in."""

    def __init__(self, size: int, action: Callable[[Talk], Awaitable[None]], times: int | None) -> None:
        self._size = size
        self._action = action
        self._left = times

    async def taking(self, session: Talk, size: int) -> None:
        if size >= self._size and self._left != 0:
            self._left = None if self._left is None else self._left - 1
            await self._action(session)


def close_in_data(size: int = 0, times: int | None = None) -> Fault:
    """The connection ends when this many bytes of a message are in, without a word."""

    async def close(session: Talk) -> None:
        raise Gone

    return InData(size, close, times)


def stop_reading(size: int = 0, times: int | None = 1) -> Fault:
    """From this many bytes of a message on nothing is read until the release, so the client's write stands still.

    The system still buffers some megabytes: a message must be larger than those to be held up.
    """

    async def stop(session: Talk) -> None:
        await session.stop_reading()

    return InData(size, stop, times)


class LimitMessages(Fault):
    def __init__(self, count: int, how: str) -> None:
        if how not in ("close", "421"):
            raise ValueError(f"limit_messages ends with close or 421, not {how}")
        self._count = count
        self._how = how

    async def answer(self, session: Talk, stage: Stage, reply: Reply) -> Reply:
        if session.messages < self._count or stage is Stage.QUIT:
            return reply
        if self._how == "close":
            return replace(reply, closing=True)
        if stage is Stage.MESSAGE and session.messages == self._count:
            return reply
        return await say(421, "4.7.0 enough for one connection", closing=True)(session, reply)


def limit_messages(count: int, how: str = "close") -> Fault:
    """A connection ends with the answer to its last message ("close"), or with 421 to the command behind ("421")."""
    return LimitMessages(count, str(how))


class LimitConnections(Fault):
    def __init__(self, count: int) -> None:
        self._count = count

    async def answer(self, session: Talk, stage: Stage, reply: Reply) -> Reply:
        if stage is Stage.CONNECT and session.house.open > self._count:
            return await say(421, "4.7.0 too many connections", closing=True)(session, reply)
        return reply


def limit_connections(count: int) -> Fault:
    """421 to whoever comes while so many connections are open."""
    return LimitConnections(count)


# --- slowness ------------------------------------------------------------------------------------------------------


def no_banner() -> Fault:
    """Connects, and never greets."""
    return At(Stage.CONNECT, hang)


def hang_at(stage: str, **when: Unpack[When]) -> Fault:
    """No answer until `Server.release`; at "message" the message is taken meanwhile."""
    return At(stage, hang, **when)


def answer_late(seconds: float, stage: str = "message", **when: Unpack[When]) -> Fault:
    return At(stage, wait(seconds), **when)


def tarpit(seconds: float) -> Fault:
    """Every answer late."""
    return At(None, wait(seconds))


# --- out of step ---------------------------------------------------------------------------------------------------


def answer_twice(stage: str = "message", **when: Unpack[When]) -> Fault:
    return At(stage, change(copies=2), **when)


def answer_missing(stage: str = "message", **when: Unpack[When]) -> Fault:
    """What was asked is done, and the next command is answered."""
    return At(stage, change(copies=0), **when)


class AfterRefusedRecipient(Fault):
    """354 to DATA although no recipient is left."""

    def __init__(self, at_the_end: Reply | None) -> None:
        self._at_the_end = at_the_end

    async def answer(self, session: Talk, stage: Stage, reply: Reply) -> Reply:
        if not session.asked or session.accepted:
            return reply
        if stage is Stage.DATA:
            return Reply(354, b"go ahead")
        return self._at_the_end or reply if stage is Stage.MESSAGE else reply


def accept_354_after_refused_recipient() -> Fault:
    """354 to DATA after the only recipient was refused; its data gets 554 (RFC 2920 §3.1)."""
    return AfterRefusedRecipient(None)


def take_data_after_refused_recipient() -> Fault:
    """The same, and its data gets 250. Its copy belongs to nobody: only `received` shows it."""
    return AfterRefusedRecipient(Reply(250, b"2.0.0 taken"))


class ClaimPipeliningAndStall(Fault):
    async def answer(self, session: Talk, stage: Stage, reply: Reply) -> Reply:
        session.drop_input()
        return reply

    def offer(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return words if "PIPELINING" in words else ("PIPELINING", *words)


def claim_pipelining_and_stall() -> Fault:
    """PIPELINING is offered, and whatever was sent ahead of an answer is lost."""
    return ClaimPipeliningAndStall()


# --- the shape of answers ------------------------------------------------------------------------------------------


class Cut(Fault):
    """Answers leave in pieces. The pause keeps the client's system from joining them again."""

    def __init__(self, count: Callable[[bytes], int], pause: float) -> None:
        self._count = count
        self.pause = pause

    def cut(self, data: bytes) -> tuple[bytes, ...]:
        size = max(1, -(-len(data) // max(1, self._count(data))))
        return tuple(data[start : start + size] for start in range(0, len(data), size))


def one_byte_at_a_time(pause: float = 0.0005) -> Fault:
    return Cut(len, pause)


def split_replies(pieces: int = 2, pause: float = 0.01) -> Fault:
    """Each answer in so many pieces, cut in the middle of a line."""
    return Cut(lambda data: pieces, pause)


class MergedReplies(Fault):
    merges = True


def merged_replies() -> Fault:
    """The answers to all that was sent together, in one write (RFC 2920 §3.2)."""
    return MergedReplies()


ODD_TEXTS: Final = {
    "bad-utf8": "2.0.0 أُخذت ".encode() + b"\xff\xfe\xc3",
    "nul": b"2.0.0 OK\x00 and\x1b[31m more",
    "long": b"2.0.0 " + b"x" * 90_000,
    "many-lines": b"\n".join([b"2.0.0 " + b"x" * 500] * 128),
    "bare-lf": b"2.0.0 OK\r",
}


def odd_reply(kind: str, stage: str = "message", **when: Unpack[When]) -> Fault:
    """The honest code with a text out of `ODD_TEXTS`: bad-utf8, nul, long (90 kB), many-lines (64 KiB), bare-lf."""
    return At(stage, change(text=ODD_TEXTS[kind]), **when)


def nonsense_at(stage: str, data: bytes = b"HTTP/1.1 400 Bad Request\r\n\r\n", **when: Unpack[When]) -> Fault:
    """Something that is no SMTP at all instead of the answer."""
    return At(stage, change(copies=0, behind=data), **when)


# --- extensions and TLS --------------------------------------------------------------------------------------------


class Without(Fault):
    """Extensions are not offered."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def offer(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word for word in words if self._names and word.split()[0] not in self._names)


def without(*names: str) -> Fault:
    """These extensions are not offered: `without("PIPELINING", "SIZE")`."""
    return Without(names or ("nothing",))


def no_extensions() -> Fault:
    """EHLO is understood, and offers nothing (but AUTH, if there is a login)."""
    return Without(())


class NotKnown(Fault):
    def __init__(self, verb: str, code: int) -> None:
        self.unknown = {verb: code}


def chunking_refused(code: int = 502) -> Fault:
    """CHUNKING is offered and BDAT is not understood: what follows it is read as commands."""
    return NotKnown("BDAT", code)


def chunks_refused(code: int = 503, **when: Unpack[When]) -> Fault:
    """CHUNKING is offered and a chunk is read, then it is not understood."""
    return At(Stage.MESSAGE, say(code, "5.5.1 not here"), **when)


def starttls_stripped() -> Fault:
    """Somebody between us takes STARTTLS out of the offer."""
    return Without(("STARTTLS",))


def clear_text_behind_starttls() -> Fault:
    """Somebody between us puts an answer behind the 220, before the handshake."""
    return At(Stage.STARTTLS, change(behind=b"250 2.0.0 from elsewhere\r\n"))


class BadCertificate(Fault):
    def __init__(self) -> None:
        with tempfile.TemporaryDirectory(prefix="nl-tls-") as folder:
            certificates = make_certificates(Path(folder))
            self._context = server_context(certificates.chain, certificates.key)

    def context(self) -> ssl.SSLContext | None:
        return self._context


def bad_certificate() -> Fault:
    """Its certificate is signed by an authority that nobody knows."""
    return BadCertificate()


def server_context(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


# --- by name -------------------------------------------------------------------------------------------------------

FAULTS: Final[dict[str, Callable[..., Fault]]] = {
    make.__name__: make
    for make in (
        accept_354_after_refused_recipient, answer_late, answer_missing, answer_twice, answer_with, bad_certificate,
        chunking_refused, chunks_refused, claim_pipelining_and_stall, clear_text_behind_starttls, close_after,
        close_after_data, close_at, close_in_data, defer, ehlo_refused, greeting_421, hang_at, limit_connections,
        limit_messages, merged_replies, no_banner, no_extensions, nonsense_at, odd_reply, one_byte_at_a_time,
        refuse_data, refuse_login, refuse_recipient, refuse_sender, say_421_at, split_replies, starttls_stripped,
        stop_reading, take_data_after_refused_recipient, tarpit, without,
    )
}  # fmt: skip


def read_fault(text: str) -> Fault:
    """`defer`, `refuse_recipient:a*@b.example,code=450`, `hang_at:data,after=2,times=1`; else ValueError.

    Numbers and true or false are read as such; all else is text.
    """
    name, _, rest = text.partition(":")
    if name not in FAULTS:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(sorted(FAULTS))}")
    positions, names = [], {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if equals:
            names[key] = _value(value)
        else:
            positions.append(_value(part))
    try:
        inspect.signature(FAULTS[name]).bind(*positions, **names)
        return FAULTS[name](*positions, **names)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from error


def _value(text: str) -> str | int | float | bool:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
