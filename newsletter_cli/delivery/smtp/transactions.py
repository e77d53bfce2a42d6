"""What becomes of a message: what all ways of asking for a transaction share (the ways are in ways.py).

In step: answers are counted, so a server that says one too few or one too many shifts all that follow. Every answer
that cannot be the one to its question ends the connection, and what it leaves open is never taken for accepted.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping

from newsletter_cli.delivery.smtp import commands
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.capabilities import Capabilities
from newsletter_cli.delivery.smtp.events import Answered, Closing, Event, GivenBack, NotSent, Uncertain
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.line import Flight, Line
from newsletter_cli.delivery.smtp.outcome import OUTCOMES, Heard, Outcome, Stage
from newsletter_cli.delivery.smtp.reply import PeerError, Reply, Said, read_reply
from newsletter_cli.delivery.smtp.steps import ASKED, Command, Step
from newsletter_cli.delivery.smtp.verdict import Asked, Verdict

Take = Callable[[Command, Flight, Said, list[Event]], None]


class Transactions(ABC):
    """The second part of a conversation: messages in flight, oldest first."""

    pipelined = True  # commands go out before their answers, so that the two ends can lose step
    depth = 1  # transactions that may be in flight now

    def __init__(self, line: Line, offered: Capabilities, book: ReplyBook, learned: Learned) -> None:
        self.flights: deque[Flight] = deque()  # without an event, oldest first
        self.closing = False  # the server said 421
        # What may be said once it is allowed: DATA, the data itself (DOT), or all of a transaction (BDAT).
        self.wants: tuple[Command, Flight] | None = None
        self._line = line
        self._offered = offered
        self._book = book
        self._learned = learned
        self.take: Mapping[Step, Take] = {
            Step.CLEARED: self._cleared,
            Step.NOT_CLEARED: self._not_cleared,
            Step.GO_ON: self._go_on,
            Step.GO_AHEAD: self._go_ahead,
            Step.REFUSE: self._refuse,
            Step.SEQUENCE: self._out_of_sequence,
            Step.ACCEPT: self._accept,
            Step.SETTLE: self._settle_empty,
            Step.CLOSE: self._close,
        }

    @property
    @abstractmethod
    def room(self) -> bool:
        """Whether a transaction may begin now."""

    def begin(self, job: Job) -> list[Event]:
        """Open a transaction; or answer in the server's place when the message cannot go through this one."""
        if not self.room:
            raise RuntimeError("no room for a transaction")
        refusal = commands.cannot_carry(job.letter, self._offered)
        if refusal is not None:
            return [_answer_here(job, *refusal)]
        flight = Flight(job)
        self.flights.append(flight)
        self._open(flight)
        return []

    def allow(self) -> None:
        """Say what `wants` names."""
        command, flight = self._take_wanted()
        self._say_wanted(command, flight)

    def give_back(self) -> tuple[Event, bool]:
        """The same message will not go on. True: the connection must be dropped, a 354 waits for data."""
        command, flight = self._take_wanted()
        self.flights.remove(flight)
        if command is Command.DATA:
            self._line.ask(Command.RSET, commands.RSET)
        return GivenBack(flight.job.id), command is Command.DOT

    def left(self) -> None:
        """The last byte of the message handed out last has left our hands."""
        flight = self._line.ending
        if flight is not None:
            flight.stage = Stage.ENDED
            self._line.ending = None

    def lost(self) -> list[Event]:
        """The link is gone: what each message becomes."""
        return [self._fate(flight) for flight in self._drop_all()]

    def broken(self) -> list[Event]:
        """The same when answers can no longer be trusted: nothing heard counts."""
        return [
            Uncertain(flight.job.id)
            if flight.stage is Stage.ENDED
            else NotSent(flight.job.id, alone=flight.given, written=flight.given)
            for flight in self._drop_all()
        ]

    # --- what each way does in its own manner

    @abstractmethod
    def _open(self, flight: Flight) -> None: ...

    @abstractmethod
    def _cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None: ...

    @abstractmethod
    def _not_cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None: ...

    @abstractmethod
    def _go_on(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None: ...

    @abstractmethod
    def _out_of_sequence(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None: ...

    # --- the steps, as they are without a reason to be otherwise

    def _say_wanted(self, command: Command, flight: Flight) -> None:
        self._line.open.append((Command.DOT, flight))
        self._line.hand_out(flight, commands.data_of(flight.job))
        flight.dotted = True

    def _go_ahead(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if said[0] != 354:
            raise PeerError(f"{said[0]} is no answer to DATA")
        if flight.refusal is not None:
            self._line.ask(Command.EMPTY, commands.END, flight)
            flight.dotted = True
        elif not self.closing:
            self.wants = (Command.DOT, flight)

    def _refuse(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if flight.refusal is None:
            flight.refusal = (ASKED[command], said)
        if flight.given and flight.stage is Stage.OPEN:
            # Refused before its end: the rest must not follow, so that it can never become a whole message.
            self.announce(command, said, events)
        self._settle(flight, events)

    def _accept(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if flight.stage is Stage.OPEN:
            flight.stage = Stage.ENDED  # it says so; who is right cannot be known
            raise PeerError("a message was accepted before its end was written")
        flight.acceptance = said
        if not self._line.open:
            self._settle(flight, events)
        # else the RSET of the next transaction is out: its 250 shows that this one was the message's

    def _settle_empty(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self._settle(flight, events)

    def _close(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self.announce(command, said, events)
        self._release(events)
        if command is Command.RSET:
            return  # says nothing about the message
        if flight.refusal is None:
            flight.refusal = (ASKED[command], said)
        self._line.forget(flight)
        self._settle(flight, events)

    # --- what they are made of

    def announce(self, command: Command | None, said: Said, events: list[Event]) -> None:
        """The server will end the connection: nothing more begins. command: what it answers; None: nothing."""
        self.closing = True
        self.wants = None
        reply = read_reply(said)
        asked = None if command is None else ASKED[command]
        events.append(Closing(reply, self._book.judge(asked or Asked.RSET, reply), asked))

    def _release(self, events: list[Event]) -> None:
        """The message whose acceptance was held, if any, has it."""
        first = self.flights[0] if self.flights else None
        if first is not None and first.acceptance is not None:
            self._settle(first, events)

    def _settle(self, flight: Flight, events: list[Event]) -> None:
        self.flights.remove(flight)
        events.append(self._answered(flight))

    def _answered(self, flight: Flight) -> Answered:
        if flight.acceptance is not None:
            reply = read_reply(flight.acceptance)
            return Answered(flight.job.id, Asked.DOT, reply, None, OUTCOMES[flight.stage, Heard.OK], flight.given)
        if flight.refusal is None:
            raise RuntimeError("a message is settled by an answer")
        asked, said = flight.refusal
        reply = read_reply(said)
        verdict = self._book.judge(asked, reply)
        heard = Heard.NEVER if verdict.permanent else Heard.LATER
        return Answered(flight.job.id, asked, reply, verdict, OUTCOMES[flight.stage, heard], flight.given)

    def _fate(self, flight: Flight) -> Event:
        if flight.acceptance is not None or flight.refusal is not None:
            return self._answered(flight)
        # What has no answer after a 421 was not taken: the server said so for all that was to come.
        if not self.closing and OUTCOMES[flight.stage, Heard.LOST] is Outcome.UNCERTAIN:
            return Uncertain(flight.job.id)
        return NotSent(flight.job.id, alone=flight.given and flight.stage is Stage.OPEN, written=flight.given)

    def _drop_all(self) -> list[Flight]:
        flights = list(self.flights)
        self.flights.clear()
        self.wants = None
        return flights

    def _take_wanted(self) -> tuple[Command, Flight]:
        if self.wants is None:
            raise RuntimeError("no message waits for leave to go on")
        wanted, self.wants = self.wants, None
        return wanted


def _answer_here(job: Job, reply: Reply, verdict: Verdict) -> Answered:
    outcome = OUTCOMES[Stage.OPEN, Heard.NEVER if verdict.permanent else Heard.LATER]
    return Answered(job.id, Asked.MAIL, reply, verdict, outcome, written=False, local=True)
