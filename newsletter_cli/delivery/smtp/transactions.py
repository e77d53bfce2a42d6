"""Transactions: RSET, MAIL, RCPT, DATA, the message, one after the other or two in a chain (RFC 2920).

In step: answers are counted, so a server that says one too few or one too many shifts all that follow. Every answer
that cannot be the one to its question ends the connection, and what it leaves open is never taken for accepted.
"""

from collections import deque

from newsletter_cli.delivery.smtp import commands
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.capabilities import Capabilities
from newsletter_cli.delivery.smtp.events import Answered, Closing, Event, GivenBack, NotSent, Uncertain
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.line import Flight, Line
from newsletter_cli.delivery.smtp.outcome import OUTCOMES, Heard, Outcome, Stage
from newsletter_cli.delivery.smtp.reply import PeerError, Reply, Said, read_reply
from newsletter_cli.delivery.smtp.steps import ASKED, Command, Step
from newsletter_cli.delivery.smtp.verdict import Asked, Verdict


class Transactions:
    """The second part of a conversation, for up to `depth` transactions in flight."""

    def __init__(self, line: Line, offered: Capabilities, depth: int, book: ReplyBook) -> None:
        self.flights: deque[Flight] = deque()  # without an event, oldest first
        self.closing = False  # the server said 421
        self.wants: tuple[Command, Flight] | None = (
            None  # what may be said once it is allowed: DATA, or the data itself (DOT)
        )
        self.depth = depth
        self._line = line
        self._offered = offered
        self._book = book
        self._dirty = False  # lock-step: the server may hold an envelope of ours
        self._do = {
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
    def room(self) -> bool:
        """Whether a transaction may begin now: never between DATA and its answer, where commands could become data."""
        if self.closing or self.wants is not None:
            return False
        if not self.flights:
            return not self._line.open
        return len(self.flights) < self.depth and self.flights[-1].dotted

    def begin(self, job: Job) -> list[Event]:
        """Open a transaction; or answer in the server's place when the message cannot go through this one."""
        if not self.room:
            raise RuntimeError("no room for a transaction")
        letter = job.letter
        if (refusal := commands.cannot_carry(letter, self._offered)) is not None:
            return [_answer_here(job, *refusal)]
        flight = Flight(job)
        self.flights.append(flight)
        # RSET opens every transaction: after a refused recipient some servers else accept the next message under
        # the earlier envelope sender.
        if self.depth == 1:
            self._line.ask(Command.RSET, commands.RSET, flight)
            return []
        self._line.open.extend(
            ((Command.RSET, flight), (Command.MAIL, flight), (Command.RCPT, flight), (Command.DATA, flight))
        )
        self._line.say(b"RSET\r\n%b%bDATA\r\n" % (commands.mail(letter, self._offered), commands.rcpt(letter)))
        return []

    def answer(self, step: Step, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if not flight.settled:
            self._do[step](command, flight, said, events)
        elif step is Step.CLOSE:
            self.announce(command, said, events)
        # else nobody waits for it: the rest of what a 421 has settled

    def allow(self) -> None:
        """Say what `wants` names: DATA in lock-step, the data after a 354."""
        command, flight = self._take_wanted()
        if command is Command.DATA:
            self._line.ask(Command.DATA, commands.DATA, flight)
        else:
            self._line.hand_out(flight, commands.data_of(flight.job))
            flight.dotted = True

    def give_back(self) -> tuple[Event, bool]:
        """The same message will not go on. True: the connection must be dropped, a 354 waits for data."""
        command, flight = self._take_wanted()
        self._forget(flight)
        if command is Command.DATA:
            self._line.ask(Command.RSET, commands.RSET)
            return GivenBack(flight.job.id), False
        return GivenBack(flight.job.id), True

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

    # --- the steps

    def _cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self._dirty = False
        self._release(events)
        if self.depth == 1:
            self._line.ask(Command.MAIL, commands.mail(flight.job.letter, self._offered), flight)

    def _not_cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if self.depth > 1 or self._dirty:
            raise PeerError(f"RSET was refused: {read_reply(said)}")
        # A server that does not know RSET has nothing to reset: no envelope of ours stands open.
        self._cleared(command, flight, said, events)

    def _go_on(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self._dirty = True
        if flight.refusal is not None:
            raise PeerError("a recipient was accepted after its sender was refused")
        if self.depth > 1:
            return
        if command is Command.MAIL:
            self._line.ask(Command.RCPT, commands.rcpt(flight.job.letter), flight)
        elif not self.closing:
            self.wants = (Command.DATA, flight)

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
        if self.depth > 1 and command in (Command.MAIL, Command.RCPT):
            return  # DATA is out: its answer belongs to this transaction too
        if command is Command.DOT and flight.stage is Stage.OPEN:
            # Refused before its end: the rest must not follow, so that it can never become a whole message.
            self.announce(command, said, events)
        self._settle(flight, events)

    def _out_of_sequence(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if self.depth > 1 and flight.refusal is None:
            raise PeerError(f"{command} was answered with {read_reply(said)}")
        self._refuse(command, flight, said, events)

    def _accept(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if flight.stage is Stage.OPEN:
            flight.stage = Stage.ENDED  # it says so; who is right cannot be known
            raise PeerError("a message was accepted before its end was written")
        self._dirty = False
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
        self._settle(flight, events)

    # --- what they are made of

    def announce(self, command: Command, said: Said, events: list[Event]) -> None:
        """The server will end the connection: nothing more begins."""
        self.closing = True
        self.wants = None
        reply = read_reply(said)
        events.append(Closing(reply, self._book.judge(ASKED[command], reply)))

    def _release(self, events: list[Event]) -> None:
        """The message whose acceptance was held, if any, has it."""
        first = self.flights[0] if self.flights else None
        if first is not None and first.acceptance is not None:
            self._settle(first, events)

    def _settle(self, flight: Flight, events: list[Event]) -> None:
        self._forget(flight)
        events.append(self._answered(flight))

    def _answered(self, flight: Flight) -> Answered:
        if flight.acceptance is not None:
            reply = read_reply(flight.acceptance)
            outcome = OUTCOMES[flight.stage, Heard.OK]
            return Answered(flight.job.id, Asked.DOT, reply, None, outcome, flight.given)
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

    def _forget(self, flight: Flight) -> None:
        flight.settled = True
        self.flights.remove(flight)

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
