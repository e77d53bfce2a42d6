"""The driver of one conversation: an open connection that pulls jobs, carries them, and says what became of each.

All happens in callbacks of its wire and of its timer, without a task: hear, settle, say. Its three duties are those of
every driver of a machine without I/O: write what it gives, hand over what is read, keep the time that it names.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, ParamSpec

from newsletter_cli.delivery.dial import ConnectProblem, Security, Server, tls_problem
from newsletter_cli.delivery.patience import Patience
from newsletter_cli.delivery.results import Closed, Desk, End, Learned, Result, fate_of, result_of
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
from newsletter_cli.delivery.smtp.line import Writing
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Asked, Effect
from newsletter_cli.delivery.wire import Wire

log = logging.getLogger(__name__)

OURS: Final = frozenset({End.FINISHED, End.ABORTED, End.GIVEN_BACK})  # not the server's doing

P = ParamSpec("P")


class Connection:
    """An open connection, logged in and ready. Made by `open_connection`."""

    def __init__(self, server: Server, number: int, talk: Conversation, tls: ssl.SSLContext, learned: Learned) -> None:
        self.number = number
        self._server = server
        self._talk = talk
        self._tls = tls
        self._learned = learned
        self._widest = learned.window  # what it might have in flight, had nothing gone wrong elsewhere meanwhile
        self._loop = asyncio.get_running_loop()
        self._wire: Wire | None = None
        self._desk: Desk | None = None
        self._jobs: set[int] = set()  # taken, and without a result
        self._taken = 0
        self._answered = 0  # messages that the server has brought to an end
        self._missing = 0  # messages without an answer at the end
        self._finishing = False
        self._quitting = False
        self._shaking = False  # a TLS handshake is under way
        self._pumping = False
        self._chatty = log.isEnabledFor(logging.DEBUG)
        self._behind: int | None = None  # bytes behind the end of the message in the last write, while it is with us
        self._answers = 0
        self._writes = 0
        self._untold: deque[Event] = deque()  # decided, and not handed over yet
        self._out_of_step = False
        self._stalled = False  # no answer to commands that were sent together
        self._closing: Closing | None = None
        self._ended: Closed | None = None
        self._fault: BaseException | None = None  # raised by the desk, or a slip of ours
        self._opened: asyncio.Future[ConnectProblem | None] = self._loop.create_future()
        self._probed: asyncio.Future[Reply] | None = None
        self._closed: asyncio.Future[Closed] = self._loop.create_future()
        shortest = min(server.timeout, server.data_timeout, server.write_timeout).total_seconds()
        self._patience = Patience(self._loop, shortest, self._look_again)

    # --- for the engine

    @property
    def depth(self) -> int:
        """Jobs it may hold at once now: 1 in lock-step, 2 with pipelining; with CHUNKING it grows with each answer."""
        return self._talk.depth

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
        self._guarded(self._pump)

    def finish(self) -> None:
        """Take no more, land what is in flight, say QUIT. Then `closed` returns."""
        self._finishing = True
        self.wake()

    def abort(self) -> None:
        """Give up at once; all results are handed to the desk before this returns."""
        self._guarded(self._give_up, End.ABORTED, "It was given up.")

    async def probe(self) -> Reply:
        """The answer to NOOP, on a connection without jobs (doctor). Raises ConnectProblem when the line ends."""
        if self._ended is not None:
            raise ConnectProblem("SMTP-CONNECT", self._ended.reason, temporary=True)
        self._probed = self._loop.create_future()
        self._talk.probe()
        self.wake()
        return await self._probed

    async def closed(self) -> Closed:
        """Wait for the end. Raises what `desk` raised, if it did: the jobs have results then too."""
        ended = await asyncio.shield(self._closed)
        if self._fault is not None:
            raise self._fault
        return ended

    # --- for open_connection

    async def open(self, wire: Wire) -> None:
        """From the connected socket to Ready. Raises ConnectProblem."""
        self._wire = wire
        if self._server.security is Security.TLS:
            self._guarded(self._shake)
        self._guarded(self._be_patient)
        problem = await asyncio.shield(self._opened)
        if self._fault is not None:
            raise self._fault
        if problem is not None:
            raise problem

    # --- for the wire

    def heard(self, data: bytes) -> None:
        self._guarded(self._hear, data)

    def moved(self) -> None:
        self._guarded(self._move)

    def secured(self, problem: ssl.SSLError | None) -> None:
        self._guarded(self._go_on_secured, problem)

    def gone(self, error: OSError | None) -> None:
        self._guarded(self._lose, error)

    def _guarded(self, step: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """One turn. Whatever it raises ends the connection: the jobs have results, and `closed` raises it."""
        if self._ended is not None:
            return
        try:
            step(*args, **kwargs)
        except BaseException as fault:  # noqa: BLE001  # raised again by `closed`
            self._fault = self._fault or fault
        if self._fault is not None:
            self._give_up(End.ABORTED, "This program failed.")

    # --- hear

    def _hear(self, data: bytes) -> None:
        if self._chatty:
            log.debug("%d < %s", self.number, data.decode("utf-8", "replace").rstrip())
        talk = self._talk
        if talk.over:
            return
        self._note_left()
        if events := talk.receive(data):
            self._settle(events)
        if talk.answers != self._answers:
            self._answers = talk.answers
            self._be_patient()
        if not self._pump() and talk.windowed and self._wire is not None:
            # Nothing of ours will carry the acknowledgement, and a server that holds back its next small packet until
            # then (Nagle) would wait for the kernel's delayed one.
            self._wire.acknowledge()

    def _move(self) -> None:
        self._note_left()
        self._be_patient()
        self._pump()

    def _note_left(self) -> None:
        """Tell the machine once the end of the message in the last write has left, or may have."""
        if self._behind is not None and self._wire is not None and not self._wire.keeps(self._behind):
            self._behind = None
            self._talk.left()

    def _shake(self) -> None:
        if self._wire is not None:
            self._shaking = True
            self._wire.start_tls(self._tls, self._server.host)

    def _go_on_secured(self, problem: ssl.SSLError | None) -> None:
        self._shaking = False
        if problem is not None:
            self._answer_open(tls_problem(problem))
            self._give_up(End.ABORTED, "There is no TLS.")
            return
        if self._talk.securing:
            self._talk.secured()
        self._be_patient()
        self._pump()

    def _lose(self, error: OSError | None) -> None:
        if self._quitting:
            self._end(End.FINISHED, "Finished.")
        elif self._talk.closing:
            self._end(End.CLOSING, "The server closed the connection.")
        elif error is None:
            self._end(End.LOST, "The server closed the connection.")
        else:
            self._end(End.LOST, f"The connection broke: {error.strerror or error}.")

    # --- settle

    def _settle(self, events: Iterable[Event]) -> None:
        """Hand over what has been decided, in its order, also when the desk ends the connection meanwhile."""
        untold = self._untold
        untold.extend(events)
        if untold and isinstance(last := untold[-1], Broken) and last.out_of_step:
            self._out_of_step = True
        while untold:
            event = untold.popleft()
            if isinstance(event, Answered):
                self._answered += not event.local
                self._done(result_of(event, self.number, doubted=self._out_of_step))
            elif isinstance(event, GivenBack | NotSent | Uncertain):
                self._missing += isinstance(event, Uncertain)
                self._done(fate_of(event, self.number))
            else:
                self._heed(event)

    def _done(self, result: Result) -> None:
        self._jobs.discard(result.id)
        if self._desk is None:
            return
        try:
            self._desk.done(result)
        except BaseException as fault:  # noqa: BLE001  # the other results must reach the desk too; see `_guarded`
            self._fault = self._fault or fault

    def _heed(self, event: Event) -> None:
        """What is not about one message."""
        match event:
            case Ready():
                self._answer_open(None)
            case Secure():
                self._shake()
            case Unusable(code=code, reason=reason, temporary=temporary, reply=reply, verdict=verdict):
                self._answer_open(ConnectProblem(code, reason, temporary=temporary, reply=reply, verdict=verdict))
                self._give_up(End.ABORTED, reason)
            case Closing():
                self._closing = event
            case Probed(reply=reply):
                if self._probed is not None and not self._probed.done():
                    self._probed.set_result(reply)
            case Bye():
                self._end(End.FINISHED, "Finished.")
            case Broken(reason=reason):
                if not self._opened.done():
                    reason = f"The server does not speak SMTP as it should: {reason}."
                    self._answer_open(ConnectProblem("SMTP-CONNECT", reason, temporary=True))
                self._end(End.BROKEN, reason)

    def _answer_open(self, problem: ConnectProblem | None) -> None:
        if not self._opened.done():
            self._opened.set_result(problem)

    # --- say

    def _pump(self) -> bool:
        """Say all that may be said now; True: something was. What the desk does meanwhile is seen by the same round."""
        wire = self._wire
        if self._pumping or wire is None:
            return False
        self._pumping = True
        writes = self._writes
        try:
            while self._ended is None and self._fault is None and self._say(wire):
                pass
        finally:
            self._pumping = False
        return self._writes != writes

    def _say(self, wire: Wire) -> bool:
        """One round; True: there may be more. A write ends one message at most and begins when the last has left."""
        talk = self._talk
        if talk.closing and (wire.kept or not talk.waiting):
            # With data of a message that the server has refused already, or with nothing more to learn.
            self._end(End.CLOSING, "The server is closing the connection.")
            return False
        if wire.kept or talk.over:
            return False
        if talk.wants is not None and not self._ask_leave(talk.wants):
            return True
        self._begin_jobs()
        if (wanted := talk.wants) is not None and not self._ask_leave(wanted):
            return True
        if self._has_enough and talk.ready and talk.idle and not self._quitting and not talk.closing:
            self._quitting = True
            talk.quit()
        writing = None if self._ended is not None else talk.unsent()
        if writing is None:
            return False
        self._write(wire, writing)
        return talk.room

    @property
    def _has_enough(self) -> bool:
        if self._finishing or (self._learned.lock_step and self._talk.pipelined):
            return True
        return 0 < self._server.messages_per_connection <= self._taken or 0 < self._learned.messages <= self._taken

    def _ask_leave(self, job_id: int) -> bool:
        """Whether the message may go on; if not, it is given back."""
        if self._desk is not None and self._desk.permit(job_id):
            if self._talk.wants == job_id:  # asking may have ended it
                self._talk.allow()
            return True
        if self._talk.wants != job_id:
            return False
        events = self._talk.give_back()
        self._settle(events)
        if self._talk.over:
            self._end(End.GIVEN_BACK, "A message was given back after its 354.")
        return False

    def _begin_jobs(self) -> None:
        talk, desk = self._talk, self._desk
        while talk.room and desk is not None and self._ended is None and not self._has_enough:
            job = desk.take()
            if job is None:
                return
            self._taken += 1
            if talk.over:  # taking it has ended the connection
                self._done(Result(job.id, Outcome.NOT_SENT, self.number, written=False))
                return
            self._jobs.add(job.id)
            if refused := talk.begin(job):
                self._settle(refused)

    def _write(self, wire: Wire, writing: Writing) -> None:
        if self._chatty:
            self._tell(writing)
        if writing.ends is not None:
            self._behind = writing.behind
        self._writes += 1
        wire.write(writing.parts)
        self._note_left()
        if wire.kept or not self._patience.waits:
            self._be_patient()

    def _tell(self, writing: Writing) -> None:
        parts = writing.parts
        if writing.ends is not None:
            whole = sum(map(len, parts)) - writing.behind
            log.debug("%d > (message %d, %d bytes)", self.number, writing.ends, whole)
            parts = (b"".join(parts)[whole:],)
        text = "(login)" if writing.secret else b"".join(parts).decode("utf-8", "replace").rstrip()
        if text:
            log.debug("%d > %s", self.number, text)

    # --- time

    def _be_patient(self) -> None:
        """Wait for the next thing from now on: a write's progress, a handshake, an answer."""
        if self._wire is not None and self._wire.kept:
            self._patience.wait(self._server.write_timeout.total_seconds())
        elif self._shaking:
            self._patience.wait(self._server.timeout.total_seconds())
        else:
            self._patience.wait(self._talk.patience())

    def _look_again(self) -> None:
        """After a stop of the process the answer may be here already: read before judging."""
        if self._wire is not None:
            self._wire.read_rest()
        if self._patience.is_over:
            self._guarded(self._lose_patience)

    def _lose_patience(self) -> None:
        if self._quitting:
            self._end(End.FINISHED, "Finished.")
        elif self._talk.closing:
            self._end(End.CLOSING, "The server was closing the connection.")
        elif self._wire is not None and self._wire.kept:
            self._end(End.TIMEOUT, "The server stopped taking what was written.")
        else:
            self._stalled = self._talk.stalled
            self._end(End.TIMEOUT, "The server did not answer in time.")

    # --- the end

    def _give_up(self, end: End, reason: str) -> None:
        """What has arrived is read before anything is judged; nothing more is said meanwhile."""
        if self._ended is not None:
            return
        self._pumping = True
        if self._wire is not None and self._fault is None:
            self._wire.read_rest()
        self._end(end, reason)

    def _end(self, end: End, reason: str) -> None:
        """The connection is over: every job gets its result, then whoever waits is told."""
        if self._ended is not None:
            return
        self._note_left()
        closing = self._closing
        self._ended = Closed(
            link=self.number, end=end, reason=reason, messages=self._taken, out_of_step=self._out_of_step,
            lock_step=self._out_of_step or self._stalled, reply=closing.reply if closing else None,
            verdict=closing.verdict if closing else None,
        )  # fmt: skip
        self._patience.stop()
        if self._wire is not None:
            if end is End.FINISHED:
                self._wire.close()
            else:
                self._wire.abort()  # `close` would still send what is called unsent here
        between = self._is_between(end)
        self._settle(() if self._talk.over else self._talk.lost())
        for left in tuple(self._jobs):  # by a slip of ours only: nobody knows how far they came
            self._done(Result(left, Outcome.UNCERTAIN, self.number, written=True))
        self._learn(end, between)
        problem = ConnectProblem("SMTP-CONNECT", reason, temporary=True)
        self._answer_open(problem)
        if self._probed is not None and not self._probed.done():
            self._probed.set_exception(problem)
        self._closed.set_result(self._ended)

    def _is_between(self, end: End) -> bool:
        """Whether the server ends the connection after one message and before the next, which it knows of."""
        closing = self._closing
        if end is End.CLOSING and closing is not None:
            return closing.asked is Asked.RSET and bool(self._jobs) and closing.verdict.effect is Effect.NONE
        return end is End.LOST and self._talk.between

    def _learn(self, end: End, between: bool) -> None:
        """What the other connections to this server should know."""
        learned = self._learned
        if between:
            learned.closed_after(self._answered)
        learned.has_carried(self._answered)
        if self._missing and self._talk.windowed and end not in OURS:
            learned.left_unanswered(self._widest)
        learned.lock_step |= self._out_of_step or self._stalled
