"""One SMTP connection over a socket: how to get one, and what the engine and it say to each other.

    desk.take() ──job──▶ Connection ──bytes──▶ server
    desk.permit(id) ◀── asked right before the first byte of its data is handed over
    desk.done(result) ◀── exactly one for each job taken, in whatever way the connection ends

A connection pulls: it takes a job when it could use one now, so jobs are shared by all connections and none waits
behind a slow server. All three calls are made on the event loop's thread; they must return at once and not raise.
"""

import asyncio
import ssl
from collections import deque

from newsletter_cli.delivery.dial import ConnectProblem, Security, Server, default_tls, dial, terms_for, tls_for
from newsletter_cli.delivery.link import Connection
from newsletter_cli.delivery.results import Closed, Desk, End, Learned, Result
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.conversation import Conversation
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.wire import Wire

__all__ = (
    "Closed", "ConnectProblem", "Connection", "Desk", "End", "Learned", "Result", "Security", "Server", "carry",
    "default_tls", "open_connection", "tls_for",
)  # fmt: skip


async def open_connection(
    server: Server,
    *,
    tls: ssl.SSLContext,
    secret: str | None,
    number: int,
    book: ReplyBook,
    learned: Learned | None = None,
) -> Connection:
    """Connect, greet, secure and log in.

    secret: the password or token, when `server.username` is set.  number: names the link in results.
    learned: of this server in this run, by all connections to it; None: nothing yet.
    Raises ConnectProblem. Cancelling it closes the socket.
    """
    if learned is None:
        learned = Learned(window=server.depth)
    sock = await dial(server)
    try:
        talk = Conversation(terms_for(server, secret, str(sock.getpeername()[0])), book, learned)
    except OSError as error:  # gone already
        sock.close()
        reason = f"The server closed the connection at once: {error.strerror or error}."
        raise ConnectProblem("SMTP-CONNECT", reason, temporary=True) from error
    connection = Connection(server, number, talk, tls, learned)
    try:
        await connection.open(Wire(asyncio.get_running_loop(), sock, connection))
    except BaseException:
        connection.abort()
        raise
    return connection


async def carry(connection: Connection, jobs: tuple[Job, ...]) -> tuple[Result, ...]:
    """Send a handful of jobs over one connection and finish it: for `test`. Results in the order of the jobs."""
    desk = _Handful(connection, jobs)
    connection.start(desk)
    if not jobs:
        connection.finish()
    await connection.closed()
    untaken = Result(0, Outcome.NOT_SENT, connection.number, written=False)
    return tuple(desk.results.get(job.id, untaken._replace(id=job.id)) for job in jobs)


class _Handful:
    """A desk with a few jobs; finishes the connection when all have results."""

    def __init__(self, connection: Connection, jobs: tuple[Job, ...]) -> None:
        self._connection = connection
        self._jobs = deque(jobs)
        self._open = len(jobs)
        self.results: dict[int, Result] = {}

    def take(self) -> Job | None:
        return self._jobs.popleft() if self._jobs else None

    def permit(self, job_id: int) -> bool:
        return True

    def done(self, result: Result) -> None:
        self.results[result.id] = result
        self._open -= 1
        if not self._open:
            self._connection.finish()
