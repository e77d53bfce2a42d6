"""One SMTP connection over a socket: the driver of `delivery.smtp.Conversation`.

    desk.take() ──job──▶ Connection ──bytes──▶ server
    desk.permit(id) ◀── asked right before the first byte of its data is handed over
    desk.done(result) ◀── exactly one for each job taken, in whatever way the connection ends

A connection pulls: it takes a job when it could use one now, so jobs are shared by all connections and none waits
behind a slow server. All three calls are made on the event loop's thread; they must return at once and not raise.
"""

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeVar, cast

from newsletter_cli.delivery.smtp.auth import Credentials
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.conversation import Conversation
from newsletter_cli.delivery.smtp.events import (
    Answered,
    Broken,
    Bye,
    Closing,
    Event,
    GivenBack,
    NotSent,
    Probed,
    Ready,
    Secure,
    Uncertain,
    Unusable,
)  # fmt: skip
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.line import Writing
from newsletter_cli.delivery.smtp.opening import Terms, Tls
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Verdict
from newsletter_cli.errors import ConfigError, NewsletterError, TryAgainError

log = logging.getLogger(__name__)

STALL_SECONDS: Final = 180.0  # a write that stands still for so long was not received whole (RFC 5321 §4.5.3.2.5)

T = TypeVar("T")


class Security(StrEnum):
    """How the line is protected; the words of `smtp.security`."""

    STARTTLS = "starttls"  # required, unless the server is on loopback and does not offer it
    TLS = "tls"  # from the first byte
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect, and how to behave there."""

    host: str
    port: int
    security: Security
    ehlo_name: str  # ASCII
    timeout: timedelta  # connect, and each command
    data_timeout: timedelta  # final answer to a message; passed = uncertain
    username: str = ""  # "" = no login
    source_address: str = ""  # local address to send from; "" = any
    pipelining: bool = True  # False also for the rest of a run once `Closed.out_of_step` was seen
    messages_per_connection: int = 0  # 0 = no limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one job: accepted, retry, failed, not-sent or uncertain."""

    id: int
    outcome: Outcome
    link: int  # number of the connection
    written: bool  # some of its data was handed over; False = certainly not sent
    reply: Reply | None = None  # None: nothing was heard
    verdict: Verdict | None = None
    alone: bool = False  # its write stood still or broke off: alone in its next flight
    given_back: bool = False  # the permit was refused


class End(StrEnum):
    """Why a connection is over."""

    FINISHED = "finished"  # asked for, or the limit of messages reached: QUIT said
    CLOSING = "closing"  # the server said 421
    LOST = "lost"  # the server or the network closed it
    TIMEOUT = "timeout"  # no answer, or a write stood still
    BROKEN = "broken"  # the server breaks the protocol
    GIVEN_BACK = "given-back"  # a permit was refused after 354
    ABORTED = "aborted"  # by abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The end of a connection; every job it had taken has its result before this is known.

    out_of_step: answers and questions no longer fit. Results of this link that are not yet stored must be stored as
    uncertain if `written`, as not sent if not; later connections to the server go lock-step for the run.
    """

    link: int
    end: End
    reason: str  # one sentence
    messages: int  # jobs taken
    out_of_step: bool = False
    reply: Reply | None = None  # the 421
    verdict: Verdict | None = None


FIXES: Final[Mapping[str, tuple[type[NewsletterError], str]]] = {
    "SMTP-CONNECT": (TryAgainError, "check smtp.host and smtp.port, then: newsletter resume"),
    "SMTP-TLS": (ConfigError, "check smtp.security and the server's certificate"),
    "SMTP-AUTH": (ConfigError, "newsletter config set-secret smtp.password"),
}


class ConnectProblem(Exception):
    """No usable connection came about. Nothing was sent over it."""

    def __init__(
        self, code: str, reason: str, *, temporary: bool, reply: Reply | None = None, verdict: Verdict | None = None
    ) -> None:
        """code: SMTP-CONNECT, SMTP-TLS or SMTP-AUTH.  reason: one sentence.  temporary: worth another try later."""
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.temporary = temporary
        self.reply = reply
        self.verdict = verdict

    def as_error(self, server: Server, *, sent: str, sent_count: int = 0) -> NewsletterError:
        """The same as the user's error: TryAgainError for SMTP-CONNECT, ConfigError for the others.

        sent: what left the building, as a sentence.  sent_count: how many messages that were.
        """
        facts = [("server", f"{server.host}:{server.port}")]
        if self.reply is not None:
            facts.append(("answer", str(self.reply)))
        kind, fix = FIXES[self.code]
        return kind(self.code, self.reason, facts=facts, sent=sent, sent_count=sent_count, fix=fix)


class Desk(Protocol):
    """What a connection asks of the engine."""

    def take(self) -> Job | None:
        """The next job whose id is committed, or None: call `Connection.wake` when there is one."""
        ...

    def permit(self, job_id: int) -> bool:
        """Whether the data of this job may be handed over now."""
        ...

    def done(self, result: Result) -> None:
        """One job has its result."""
        ...


class Connection(asyncio.Protocol):
    """An open connection, logged in and ready. Made by `open_connection`.

    Everything happens in callbacks of the transport, without tasks. Three duties: write what the conversation gives,
    hand over what is read, keep its time.
    """

    def __init__(self, server: Server, number: int, book: ReplyBook, secret: str | None) -> None:
        self.number = number
        self._server = server
        self._secret = secret
        self._book = book
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._spare: socket.socket | None = None  # the same socket, for answers the transport would drop
        self._talk: Conversation | None = None
        self._desk: Desk | None = None
        self._behind: bytes | None = None  # said behind a message that has not drained; None: nothing has to drain
        self._jobs: set[int] = set()
        self._written: set[int] = set()  # of these, some data was handed over
        self._taken = 0
        self._finishing = False
        self._said_goodbye = False
        self._pumping = False
        self._deadline: float | None = None  # loop time by which something must be heard
        self._stall: tuple[int, float] | None = None  # bytes unwritten, and since when not fewer
        self._timer: asyncio.TimerHandle | None = None
        self._ended: Closed | None = None
        self._close_reply: tuple[Reply, Verdict] | None = None
        self._opened: asyncio.Future[Ready | Secure | Unusable] = self._loop.create_future()
        self._probed: asyncio.Future[Reply] | None = None
        self._closed: asyncio.Future[Closed] = self._loop.create_future()
        self._fault: BaseException | None = None  # raised by the desk

    # --- for the engine

    @property
    def depth(self) -> int:
        """Jobs it may hold at once: 1 in lock-step, 2 with pipelining."""
        return self._conversation.depth

    @property
    def holds(self) -> int:
        """Jobs without a result now."""
        return len(self._jobs)

    def start(self, desk: Desk) -> None:
        """Begin to take jobs. Call once."""
        self._desk = desk
        self.wake()

    def wake(self) -> None:
        """There may be jobs at the desk again."""
        if self._ended is None:
            self._pump()

    def finish(self) -> None:
        """Take no more, land what is in flight, say QUIT. Then `closed` returns."""
        if self._ended is None and not self._finishing:
            self._finishing = True
            self._pump()

    def abort(self) -> None:
        """Give up at once; all results are handed to the desk before this returns."""
        self._give_up(End.ABORTED, "It was given up.")

    async def probe(self) -> Reply:
        """The answer to NOOP, on a connection without jobs (doctor)."""
        self._probed = self._loop.create_future()
        self._conversation.probe()
        self._pump()
        return await self._probed

    async def closed(self) -> Closed:
        """Wait for the end. Raises what `desk` raised, if it did: the jobs have results then too."""
        ended = await asyncio.shield(self._closed)
        if self._fault is not None:
            raise self._fault
        return ended

    # --- opening

    @property
    def peer(self) -> str | None:
        """The address of the other end."""
        found = self._transport.get_extra_info("peername") if self._transport is not None else None
        return str(found[0]) if found else None

    async def open(self, tls: ssl.SSLContext) -> None:
        """From the open socket to Ready. Raises ConnectProblem; the driver's own door, see `open_connection`."""
        while True:
            event = await asyncio.shield(self._opened)
            if isinstance(event, Ready):
                return
            if isinstance(event, Unusable):
                raise ConnectProblem(
                    event.code, event.reason, temporary=event.temporary, reply=event.reply, verdict=event.verdict
                )
            self._opened = self._loop.create_future()
            assert self._transport is not None
            # The answer to STARTTLS has come: only the handshake may follow, on the same socket.
            secured = await self._loop.start_tls(
                self._transport,
                self,
                tls,
                server_hostname=self._server.host,
                ssl_handshake_timeout=self._server.timeout.total_seconds(),
            )
            assert secured is not None
            self._transport = secured
            secured.set_write_buffer_limits(high=0)
            self._conversation.secured()
            self._pump()

    # --- for the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._transport = transport
        # Empty is the only state of the buffer that says that a message has left our hands.
        transport.set_write_buffer_limits(high=0)
        plain = transport.get_extra_info("socket")
        if self._spare is None and plain is not None and transport.get_extra_info("ssl_object") is None:
            self._spare = socket.socket(fileno=os.dup(plain.fileno()))
            self._spare.setblocking(False)
        # Not after `create_connection` has returned: a fast server's greeting is there before that.
        self._talk = Conversation(_terms(self._server, self.peer, self._secret), self._book)
        self._keep_time(heard=True)

    def data_received(self, data: bytes) -> None:
        if self._ended is not None:
            return
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%d < %s", self.number, data.decode("utf-8", "replace").rstrip())
        self._hear(data)
        if self._ended is None:
            self._keep_time(heard=True)
            self._pump()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        """The buffer is not empty; `resume_writing` comes when it is."""

    def resume_writing(self) -> None:
        if self._behind is None or self._ended is not None:
            return
        behind, self._behind = self._behind, None
        self._stall = None
        self._conversation.left()
        if behind and self._transport is not None:
            self._transport.write(behind)
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ended is None:
            self._read_the_rest()
        if self._ended is None:
            reason = "The server closed the connection." if exc is None else f"The connection broke: {exc}"
            end = End.CLOSING if self._talk is not None and self._talk.closing else End.LOST
            self._over(End.FINISHED if self._said_goodbye else end, reason, self._lost_events())
        if self._spare is not None:
            self._spare.close()
            self._spare = None

    def _read_the_rest(self) -> None:
        """On a write error asyncio drops answers that have arrived; the duplicate of the socket still has them."""
        if self._spare is None or self._talk is None or self._talk.encrypted:
            return
        with contextlib.suppress(OSError):
            while self._ended is None and (data := self._spare.recv(65536)):
                self._hear(data)

    # --- the conversation's turns

    @property
    def _conversation(self) -> Conversation:
        assert self._talk is not None
        return self._talk

    def _hear(self, data: bytes) -> None:
        self._handle(self._conversation.receive(data))

    def _pump(self) -> None:
        """Everything that can be said now: leave for data, new jobs, QUIT; then write it."""
        if self._pumping or self._talk is None:
            return  # an event's handler asked for what the loop below does anyway
        self._pumping = True
        try:
            while self._ended is None and self._step():
                pass
        finally:
            self._pumping = False
        if self._ended is None:
            self._keep_time()

    def _step(self) -> bool:
        """One thing said; False when there is nothing to say."""
        talk = self._conversation
        wanted = talk.wants
        if wanted is not None:
            self._ask_leave(wanted)
            return True
        if self._behind is None:
            writing = talk.unsent()
            if writing is not None:
                self._write(writing)
                return True
        if self._take():
            return True
        return self._finishing and talk.idle and not talk.over and self._quit()

    def _ask_leave(self, job_id: int) -> None:
        assert self._desk is not None
        allowed = self._guarded(self._desk.permit, job_id)
        if self._ended is not None:
            return
        if allowed:
            self._conversation.allow()
            return
        events = self._conversation.give_back()
        if self._conversation.over:
            self._over(End.GIVEN_BACK, "A message was given back after its 354.", events)
        else:
            self._handle(events)

    def _take(self) -> bool:
        if self._desk is None or self._finishing or not self._conversation.room:
            return False
        if self._server.messages_per_connection and self._taken >= self._server.messages_per_connection:
            self._finishing = True
            return True
        job = self._guarded(self._desk.take)
        if job is None:
            return False
        self._taken += 1
        self._jobs.add(job.id)
        self._handle(self._conversation.begin(job))
        return True

    def _quit(self) -> bool:
        if self._conversation.closing or self._said_goodbye:
            return False
        self._said_goodbye = True
        self._conversation.quit()
        return True

    def _guarded(self, call: Callable[..., T], *given: object) -> T | None:
        """What the desk says; when it raises, the connection ends and its jobs have results all the same."""
        try:
            return call(*given)
        except BaseException as fault:  # noqa: BLE001  # handed to whoever waits for `closed`
            self._fault = self._fault or fault
            self._give_up(End.ABORTED, "The engine failed.")
            return None

    def _write(self, writing: Writing) -> None:
        assert self._transport is not None
        if log.isEnabledFor(logging.DEBUG):
            self._tell(writing)
        whole = b"".join(writing.parts)
        if writing.ends is None:
            self._transport.write(whole)
            return
        self._written.add(writing.ends)
        # What is said behind the message waits until the buffer is empty: only then an empty buffer, and nothing
        # else, says that the message itself has left.
        cut = len(whole) - writing.behind
        self._transport.write(whole[:cut] if writing.behind else whole)
        if self._transport.get_write_buffer_size() == 0:
            self._conversation.left()
            if writing.behind:
                self._transport.write(whole[cut:])
        else:
            self._behind = whole[cut:]
            self._stall = (self._transport.get_write_buffer_size(), self._loop.time())

    def _tell(self, writing: Writing) -> None:
        if writing.secret:
            text = "(secret)"
        elif writing.ends is not None:
            text = f"(message {writing.ends})"
        else:
            text = b"".join(writing.parts).decode("utf-8", "replace").rstrip()
        log.debug("%d > %s", self.number, text)

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            self._one(event)

    def _one(self, event: Event) -> None:
        match event:
            case Ready() | Secure() | Unusable():
                if not self._opened.done():
                    self._opened.set_result(event)
            case Answered() | GivenBack() | NotSent() | Uncertain():
                self._settle(event)
            case Closing(reply, verdict):
                self._close_reply = (reply, verdict)
                self._deadline = None
            case Probed(reply):
                if self._probed is not None and not self._probed.done():
                    self._probed.set_result(reply)
            case Bye():
                self._over(End.FINISHED, "Finished.", [])
            case Broken(reason, out_of_step):
                self._over(End.BROKEN, reason, [], out_of_step=out_of_step)

    def _settle(self, event: Answered | GivenBack | NotSent | Uncertain) -> None:
        """One job has its result."""
        self._jobs.discard(event.id)
        written = event.id in self._written
        self._written.discard(event.id)
        match event:
            case Answered():
                result = Result(
                    id=event.id, outcome=event.outcome, link=self.number, written=event.written, reply=event.reply,
                    verdict=event.verdict,
                )  # fmt: skip
            case GivenBack():
                result = Result(
                    id=event.id, outcome=Outcome.NOT_SENT, link=self.number, written=False, given_back=True
                )  # fmt: skip
            case NotSent():
                result = Result(
                    id=event.id, outcome=Outcome.NOT_SENT, link=self.number, written=written, alone=event.alone
                )
            case _:
                result = Result(id=event.id, outcome=Outcome.UNCERTAIN, link=self.number, written=True)
        if self._desk is not None:
            self._guarded(self._desk.done, result)

    # --- time

    def _keep_time(self, *, heard: bool = False) -> None:
        """Know by when something must be heard. Each answer starts the patience for the next one anew."""
        patience = self._conversation.patience()
        if patience is None:
            self._deadline = None
        elif heard or self._deadline is None:
            self._deadline = self._loop.time() + patience
        if self._timer is None and (self._deadline is not None or self._stall is not None):
            self._timer = self._loop.call_later(self._nap(), self._look_at_clock)

    def _nap(self) -> float:
        now = self._loop.time()
        due = [] if self._deadline is None else [self._deadline]
        if self._stall is not None:
            due.append(self._stall[1] + STALL_SECONDS)
        return max(0.01, min(due) - now)

    def _look_at_clock(self) -> None:
        self._timer = None
        if self._ended is not None:
            return
        now = self._loop.time()
        if self._stall is not None and self._transport is not None:
            unwritten, since = self._stall
            left = self._transport.get_write_buffer_size()
            if left < unwritten:
                self._stall = (left, now)
            elif now - since >= STALL_SECONDS:
                self._give_up(End.TIMEOUT, "A message was not taken for three minutes.")
                return
        if self._deadline is not None and now >= self._deadline:
            if self._conversation.closing:
                self._give_up(End.CLOSING, "The server closes the connection.")
            elif self._said_goodbye:
                self._give_up(End.FINISHED, "Finished.")  # everything is landed; only the farewell has no answer
            else:
                self._give_up(End.TIMEOUT, "The server does not answer.")
            return
        if self._deadline is not None or self._stall is not None:
            self._timer = self._loop.call_later(self._nap(), self._look_at_clock)

    # --- the end

    def _lost_events(self) -> list[Event]:
        if self._talk is None or self._talk.over:
            return []
        return self._talk.lost()

    def _give_up(self, end: End, reason: str) -> None:
        """Abort: `close` would still send what was called unsent."""
        if self._ended is not None:
            return
        if self._transport is not None:
            self._transport.abort()
        self._over(end, reason, self._lost_events())

    def _over(self, end: End, reason: str, events: list[Event], *, out_of_step: bool = False) -> None:
        """The connection has ended: every job gets its result, then whoever waits is told."""
        if self._ended is not None:
            self._handle(events)
            return
        reply, verdict = self._close_reply or (None, None)
        self._ended = Closed(
            link=self.number, end=end, reason=reason, messages=self._taken, out_of_step=out_of_step, reply=reply,
            verdict=verdict,
        )  # fmt: skip
        self._handle(events)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._opened.done():
            temporary = Unusable(code="SMTP-CONNECT", reason=reason, temporary=True)
            self._opened.set_result(temporary)
        if self._probed is not None and not self._probed.done():
            self._probed.set_exception(ConnectProblem("SMTP-CONNECT", reason, temporary=True))
        if self._transport is not None:
            self._transport.abort()
        if not self._closed.done():
            self._loop.call_soon(self._tell_end)

    def _tell_end(self) -> None:
        # Behind the events of the call that found the end: each job has its result before anybody hears of it.
        if not self._closed.done() and self._ended is not None:
            self._closed.set_result(self._ended)


def default_tls() -> ssl.SSLContext:
    """Certificates and host names verified against the system's roots, or those of SSL_CERT_FILE."""
    return ssl.create_default_context()


async def open_connection(
    server: Server, *, tls: ssl.SSLContext, secret: str | None, number: int, book: ReplyBook
) -> Connection:
    """Connect, greet, secure and log in.

    secret: the password, when `server.username` is set.  number: names the link in results.
    Raises ConnectProblem. Cancelling it closes the socket.
    """
    connection: Connection | None = None
    try:
        async with asyncio.timeout(server.timeout.total_seconds()):
            connection = await _connect(server, tls, number, book, secret)
        await connection.open(tls)
    except ConnectProblem:
        _drop(connection)
        raise
    except ssl.SSLError as error:
        _drop(connection)
        raise _tls_problem(error) from error
    except (OSError, TimeoutError) as error:
        _drop(connection)
        raise ConnectProblem("SMTP-CONNECT", _why(server, error), temporary=True) from error
    except BaseException:
        _drop(connection)
        raise
    return connection


async def _connect(server: Server, tls: ssl.SSLContext, number: int, book: ReplyBook, secret: str | None) -> Connection:
    loop = asyncio.get_running_loop()
    inside = server.security is Security.TLS
    _, connection = await loop.create_connection(
        lambda: Connection(server, number, book, secret),
        server.host,
        server.port,
        ssl=tls if inside else None,
        server_hostname=server.host if inside else None,
        local_addr=(server.source_address, 0) if server.source_address else None,
    )
    return connection


def _drop(connection: Connection | None) -> None:
    if connection is not None:
        connection.abort()


def _terms(server: Server, peer: str | None, secret: str | None) -> Terms:
    loopback = peer is not None and ipaddress.ip_address(peer.split("%")[0]).is_loopback
    tls = Tls.REQUIRED
    if server.security is not Security.STARTTLS:
        tls = Tls.NEVER
    elif loopback:
        tls = Tls.IF_OFFERED
    who = Credentials(username=server.username, secret=secret or "") if server.username else None
    return Terms(
        ehlo_name=server.ehlo_name,
        tls=tls,
        encrypted=server.security is Security.TLS,
        loopback=loopback,
        credentials=who,
        pipelining=server.pipelining,
        command_seconds=server.timeout.total_seconds(),
        data_seconds=server.data_timeout.total_seconds(),
    )


def _tls_problem(error: ssl.SSLError) -> ConnectProblem:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectProblem(
            "SMTP-TLS", f"The server's certificate cannot be trusted: {error.verify_message}.", temporary=False
        )
    return ConnectProblem("SMTP-TLS", f"No TLS with the server: {error.reason or error}.", temporary=False)


def _why(server: Server, error: OSError | TimeoutError) -> str:
    if isinstance(error, TimeoutError):
        return f"No answer within {server.timeout.total_seconds():g} s."
    if isinstance(error, socket.gaierror):
        return f"There is no host “{server.host}”: {error.strerror or error}."
    return f"No connection: {error.strerror or error}."


async def carry(connection: Connection, jobs: tuple[Job, ...]) -> tuple[Result, ...]:
    """Send a handful of jobs over one connection and finish it: for `test`. Results in the order of the jobs."""
    desk = _Handful(connection, list(reversed(jobs)))
    connection.start(desk)
    if not jobs:
        connection.finish()
    await connection.closed()
    lost = {job.id: Result(id=job.id, outcome=Outcome.NOT_SENT, link=connection.number, written=False) for job in jobs}
    return tuple((lost | desk.results)[job.id] for job in jobs)


class _Handful:
    """A desk with a few jobs; finishes the connection when all have results."""

    def __init__(self, connection: Connection, jobs: list[Job]) -> None:
        self._connection = connection
        self._jobs = jobs
        self._open = len(jobs)
        self.results: dict[int, Result] = {}

    def take(self) -> Job | None:
        return self._jobs.pop() if self._jobs else None

    def permit(self, job_id: int) -> bool:
        return True

    def done(self, result: Result) -> None:
        self.results[result.id] = result
        self._open -= 1
        if not self._open:
            self._connection.finish()
