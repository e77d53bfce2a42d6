"""One SMTP connection as a machine: bytes in, events out (RFC 5321 §3, RFC 2920 §3.1).

    greeting ─▶ EHLO (HELO) ─▶ STARTTLS ─▶ EHLO ─▶ AUTH ─▶ Ready ─▶ RSET MAIL RCPT DATA message … ─▶ QUIT
    └──────────────────── opening.py ─────────────────────────┘     └── transactions.py, ways.py ──┘

No socket, clock, task or log. The driver writes what `unsent` gives, says `left` when the end of a message has left,
hands what it reads to `receive`, asks for leave for what `wants` names, and keeps the time that `patience` gives.
"""

from enum import StrEnum
from typing import Final

from newsletter_cli.delivery.smtp import commands
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.capabilities import Capabilities
from newsletter_cli.delivery.smtp.events import Broken, Bye, Event, Probed, Ready, Unusable
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.line import Line, Writing
from newsletter_cli.delivery.smtp.opening import Opening, Terms
from newsletter_cli.delivery.smtp.reply import PeerError, ReplyReader, Said, read_reply
from newsletter_cli.delivery.smtp.steps import BY_CODE, Command, Step
from newsletter_cli.delivery.smtp.transactions import Transactions
from newsletter_cli.delivery.smtp.ways import ChunkingRefused, LockStep, Window, way_for

TOGETHER: Final = frozenset({Command.RSET, Command.MAIL, Command.RCPT, Command.DATA})
ENDS: Final = frozenset({Command.DOT, Command.EMPTY, Command.BDAT})
FAREWELL_SECONDS: Final = 5.0  # for QUIT, and to the end of the stream after a 421


class Phase(StrEnum):
    OPENING = "opening"
    READY = "ready"
    OVER = "over"


class Conversation:
    """Bytes in, events out. After it is over every call that would use the line raises PeerError."""

    def __init__(self, terms: Terms, book: ReplyBook, learned: Learned) -> None:
        self._terms = terms
        self._book = book
        self._learned = learned
        self._reader = ReplyReader()
        self._line = Line()
        self._opening = Opening(self._line, terms, book)
        self._work: Transactions = LockStep(self._line, Capabilities(), book, learned)
        self._phase = Phase.OPENING
        self._why = ""
        self.answers = 0  # heard so far: each starts the patience for the next one anew
        self.over = False

    # --- what may be asked of it

    @property
    def capabilities(self) -> Capabilities:
        return self._opening.capabilities

    @property
    def encrypted(self) -> bool:
        return self._opening.encrypted

    @property
    def ready(self) -> bool:
        """Greeted, secured, logged in."""
        return self._phase is Phase.READY

    @property
    def securing(self) -> bool:
        """`Secure` was told, and `secured` is waited for."""
        return self._opening.securing

    @property
    def depth(self) -> int:
        """Transactions that may be in flight now."""
        return self._work.depth

    @property
    def pipelined(self) -> bool:
        """Commands go out before their answers."""
        return self._work.pipelined

    @property
    def windowed(self) -> bool:
        """Whole messages go out before their answers."""
        return isinstance(self._work, Window)

    @property
    def between(self) -> bool:
        """A message is on its way of which nothing is answered: a server that closes now does so between two."""
        return bool(self._line.open) and self._line.open[0][0] is Command.RSET

    @property
    def closing(self) -> bool:
        """The server said 421: nothing more may begin."""
        return self._work.closing

    @property
    def waiting(self) -> bool:
        """A question is open."""
        return bool(self._line.open)

    @property
    def stalled(self) -> bool:
        """Commands that were sent together wait for an answer: some servers offer PIPELINING and lose what is ahead."""
        return self._work.pipelined and bool(self._line.open) and self._line.open[0][0] in TOGETHER

    @property
    def idle(self) -> bool:
        """No message in flight and no question open."""
        return not self._work.flights and not self._line.open

    @property
    def room(self) -> bool:
        """Whether `begin` may be called."""
        return self._phase is Phase.READY and self._work.room

    @property
    def wants(self) -> int | None:
        """The message that waits for leave to go on: answer with `allow` or `give_back`."""
        wanted = self._work.wants
        return None if wanted is None else wanted[1].job.id

    def patience(self) -> float | None:
        """Seconds the oldest question may wait from now, or since the last answer; None: nothing is waited for."""
        if self._work.closing:
            return FAREWELL_SECONDS
        if not self._line.open:
            return None
        command = self._line.open[0][0]
        if command in ENDS:
            return self._terms.data_seconds
        if command is Command.QUIT:
            return min(FAREWELL_SECONDS, self._terms.command_seconds)
        return self._terms.command_seconds

    # --- what the driver says

    def begin(self, job: Job) -> list[Event]:
        """One transaction. Events: an answer at once when the message cannot go through this server."""
        if self._phase is not Phase.READY:
            self._alive()
            raise RuntimeError("the conversation is not ready")
        return self._work.begin(job)

    def allow(self) -> None:
        """The message in `wants` may go on."""
        if self.over:
            self._alive()
        self._work.allow()

    def give_back(self) -> list[Event]:
        """The message in `wants` may not go on. After a 354 the machine is over: drop the connection without a dot."""
        self._alive()
        event, drop = self._work.give_back()
        if not drop:
            return [event]
        self._end("a message was given back after its 354")
        return [event, *self._work.lost()]

    def secured(self) -> None:
        """The TLS handshake that `Secure` asked for is done."""
        self._alive()
        self._opening.secured()

    def probe(self) -> None:
        """NOOP, with nothing in flight."""
        self._ask_idle(Command.NOOP, commands.NOOP)

    def quit(self) -> None:
        """QUIT, with nothing in flight."""
        self._ask_idle(Command.QUIT, commands.QUIT)

    def unsent(self) -> Writing | None:
        """What to write now; each byte is given out once."""
        return None if self.over else self._line.take()

    def left(self) -> None:
        """The last byte of the message handed out last has left our hands."""
        self._work.left()

    def receive(self, data: bytes) -> list[Event]:
        """Whatever the network has cut off the stream; b"" = closed.

        The call that finds the server at fault returns `Broken` as its last event; the next one raises PeerError.
        """
        self._alive()
        if not data:
            return self.lost()
        events: list[Event] = []
        questions = self._line.open
        try:
            for said in self._reader.feed(data):
                self.answers += 1
                if not questions:
                    self._hear_unasked(said, events)
                    continue
                command, flight = questions.popleft()
                step = BY_CODE[command][said[0]]
                if flight is not None and step is not Step.BREAK:
                    self._work.take[step](command, flight, said, events)
                elif self._hear_other(step, command, said, events):
                    return events
            if self._opening.securing and self._reader.unfinished:
                raise PeerError("clear text behind the answer to STARTTLS")
        except PeerError as fault:
            self._break(fault, events)
        return events

    def lost(self) -> list[Event]:
        """The link is gone, or given up: one event for each message in flight."""
        self._end("the link is lost")
        return self._work.lost()

    # --- inside

    def _hear_other(self, step: Step, command: Command, said: Said, events: list[Event]) -> bool:
        """An answer that is of no message. True: the machine is over."""
        if step is Step.BREAK:
            raise PeerError(f"{command} was answered with {read_reply(said)}")
        if self._phase is Phase.OPENING:
            self._open(step, command, said, events)
        elif step is Step.PROBED:
            events.append(Probed(read_reply(said)))
        elif step is Step.BYE:
            events.append(Bye())
            self._end("it was closed")
        elif step is Step.CLOSE:
            self._work.announce(command, said, events)
        # else it answers the RSET behind a message that was given back, or the rest of what a 421 has settled
        return self.over

    def _hear_unasked(self, said: Said, events: list[Event]) -> None:
        if self._opening.securing:
            raise PeerError("clear text behind the answer to STARTTLS")
        if self._work.closing:
            return  # more words of farewell
        if said[0] != 421 or self._phase is not Phase.READY:
            raise PeerError(f"an answer to no question: {read_reply(said)}")
        self._work.announce(None, said, events)

    def _open(self, step: Step, command: Command, said: Said, events: list[Event]) -> None:
        event = self._opening.answer(step, command, said)
        if event is not None:
            events.append(event)
        if isinstance(event, Ready):
            terms, offered, learned = self._terms, event.capabilities, self._learned
            way = way_for(offered, pipelining=terms.pipelining, chunking=terms.chunking, learned=learned)
            self._work = way(self._line, offered, self._book, learned)
            self._phase = Phase.READY
        elif isinstance(event, Unusable):
            self._end(event.reason)

    def _break(self, fault: PeerError, events: list[Event]) -> None:
        pipelined = self._phase is Phase.READY and self._work.pipelined
        self._end(str(fault))
        events += self._work.broken()
        events.append(Broken(str(fault), pipelined and not isinstance(fault, ChunkingRefused)))

    def _ask_idle(self, command: Command, line: bytes) -> None:
        self._alive()
        if self._phase is not Phase.READY or not self.idle or self.closing:
            raise RuntimeError(f"no moment for {command}")
        self._line.ask(command, line)

    def _end(self, why: str) -> None:
        self._phase = Phase.OVER
        self.over = True
        self._why = self._why or why
        self._line.open.clear()

    def _alive(self) -> None:
        if self.over:
            raise PeerError(self._why)
