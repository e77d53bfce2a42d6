"""One SMTP connection over a socket: the driver of `delivery.smtp.Conversation`.

    desk.take() ──job──▶ Connection ──bytes──▶ server
    desk.permit(id) ◀── asked right before the first byte of its data is handed over
    desk.done(result) ◀── exactly one for each job taken, in whatever way the connection ends

A connection pulls: it takes a job when it could use one now, so jobs are shared by all connections and none waits
behind a slow server. All three calls are made on the event loop's thread; they must return at once and not raise.
"""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Verdict
from newsletter_cli.errors import NewsletterError


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
        """The same as the user's error: TryAgainError for SMTP-CONNECT, ConfigError for the others."""
        raise NotImplementedError


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


class Connection:
    """An open connection, logged in and ready. Made by `open_connection`."""

    number: int
    depth: int  # jobs it may hold at once: 1 in lock-step, 2 with pipelining
    holds: int  # jobs without a result now

    def start(self, desk: Desk) -> None:
        """Begin to take jobs. Call once."""
        raise NotImplementedError

    def wake(self) -> None:
        """There may be jobs at the desk again."""
        raise NotImplementedError

    def finish(self) -> None:
        """Take no more, land what is in flight, say QUIT. Then `closed` returns."""
        raise NotImplementedError

    def abort(self) -> None:
        """Give up at once; all results are handed to the desk before this returns."""
        raise NotImplementedError

    async def probe(self) -> Reply:
        """The answer to NOOP, on a connection without jobs (doctor)."""
        raise NotImplementedError

    async def closed(self) -> Closed:
        """Wait for the end. Raises what `desk` raised, if it did: the jobs have results then too."""
        raise NotImplementedError


def default_tls() -> ssl.SSLContext:
    """Certificates and host names verified against the system's roots, or those of SSL_CERT_FILE."""
    raise NotImplementedError


async def open_connection(server: Server, *, tls: ssl.SSLContext, secret: str | None, number: int) -> Connection:
    """Connect, greet, secure and log in.

    secret: the password, when `server.username` is set.  number: names the link in results.
    Raises ConnectProblem. Cancelling it closes the socket.
    """
    raise NotImplementedError


async def carry(connection: Connection, jobs: tuple[Job, ...]) -> tuple[Result, ...]:
    """Send a handful of jobs over one connection and finish it: for `test`. Results in the order of the jobs."""
    raise NotImplementedError
