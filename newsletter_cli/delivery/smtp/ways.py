"""Three ways to ask for transactions. RSET opens each: after a refused recipient some servers else accept the next
message under the earlier envelope sender.

    lock-step  RSET ▷ MAIL ▷ RCPT ▷ DATA ▷ message ▷                         ▷ an answer is waited for
    chain      RSET MAIL RCPT DATA ▷ message RSET MAIL RCPT DATA ▷ message   the next envelope goes out with a message
    window     RSET MAIL RCPT BDAT message  RSET MAIL RCPT BDAT message …    nothing is waited for while there is room
"""

from typing import Final

from newsletter_cli.delivery.smtp import commands
from newsletter_cli.delivery.smtp.book import ReplyBook
from newsletter_cli.delivery.smtp.capabilities import Capabilities
from newsletter_cli.delivery.smtp.events import Event, NotSent
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.line import Flight, Line
from newsletter_cli.delivery.smtp.reply import PeerError, Said, read_reply
from newsletter_cli.delivery.smtp.steps import ASKED, Command
from newsletter_cli.delivery.smtp.transactions import Transactions

# "I do not know that command", "not here", "not now", "not with these words": never about the message.
NOT_KNOWN: Final = frozenset({500, 502, 503, 504, 555})


class ChunkingRefused(PeerError):
    """CHUNKING is offered and BDAT is not understood: its message may have been read as commands."""


class LockStep(Transactions):
    """One command at a time."""

    pipelined = False
    _dirty = False  # the server may hold an envelope of ours

    @property
    def room(self) -> bool:
        return not (self.flights or self._line.open or self.closing)

    def _open(self, flight: Flight) -> None:
        self._line.ask(Command.RSET, commands.RSET, flight)

    def _cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self._dirty = False
        self._line.ask(Command.MAIL, commands.mail(flight.job.letter, self._offered), flight)

    def _not_cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if self._dirty:
            raise PeerError(f"RSET was refused: {read_reply(said)}")
        # A server that does not know RSET has nothing to reset: no envelope of ours stands open.
        self._cleared(command, flight, said, events)

    def _go_on(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self._dirty = True
        if command is Command.MAIL:
            self._line.ask(Command.RCPT, commands.rcpt(flight.job.letter, self._offered), flight)
        elif not self.closing:
            self.wants = (Command.DATA, flight)

    def _say_wanted(self, command: Command, flight: Flight) -> None:
        if command is Command.DATA:
            self._line.ask(Command.DATA, commands.DATA, flight)
        else:
            super()._say_wanted(command, flight)

    def _out_of_sequence(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self._refuse(command, flight, said, events)

    def _accept(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        super()._accept(command, flight, said, events)
        self._dirty = False


class Chain(Transactions):
    """One message without an answer, one envelope behind it (RFC 2920 §3.1)."""

    depth = 2

    @property
    def room(self) -> bool:
        # Never between DATA and its answer, where commands could become data.
        if self.closing or self.wants is not None:
            return False
        if not self.flights:
            return not self._line.open
        return len(self.flights) < self.depth and self.flights[-1].dotted

    def _open(self, flight: Flight) -> None:
        letter, offered = flight.job.letter, self._offered
        self._line.open.extend(
            ((Command.RSET, flight), (Command.MAIL, flight), (Command.RCPT, flight), (Command.DATA, flight))
        )
        self._line.say(b"RSET\r\n%b%bDATA\r\n" % (commands.mail(letter, offered), commands.rcpt(letter, offered)))

    def _cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        self._release(events)

    def _not_cleared(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        raise PeerError(f"RSET was refused: {read_reply(said)}")

    def _go_on(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if flight.refusal is not None:
            raise PeerError("a recipient was accepted after its sender was refused")

    def _refuse(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if command is Command.MAIL or command is Command.RCPT:
            # What follows is out: its answer belongs to this transaction too.
            flight.refusal = flight.refusal or (ASKED[command], said)
        else:
            super()._refuse(command, flight, said, events)

    def _out_of_sequence(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if flight.refusal is None:
            raise PeerError(f"{command} was answered with {read_reply(said)}")
        self._refuse(command, flight, said, events)


class Window(Chain):
    """Whole transactions, each in one write, several in flight (RFC 3030 §2, §3).

    The window starts at one and doubles with each message that is accepted.
    """

    def __init__(self, line: Line, offered: Capabilities, book: ReplyBook, learned: Learned) -> None:
        super().__init__(line, offered, book, learned)
        self.depth = 1
        self._proven = False  # the server has accepted a chunk

    @property
    def room(self) -> bool:
        if self.closing or self.wants is not None:
            return False
        if not self.flights:
            return not self._line.open
        return len(self.flights) < self.depth

    def _open(self, flight: Flight) -> None:
        self.wants = (Command.BDAT, flight)  # all of it is said at once, or nothing

    def _say_wanted(self, command: Command, flight: Flight) -> None:
        letter, offered = flight.job.letter, self._offered
        chunk, size = commands.chunk_of(letter)
        mail, rcpt = commands.mail(letter, offered), commands.rcpt(letter, offered)
        self._line.open.extend(
            ((Command.RSET, flight), (Command.MAIL, flight), (Command.RCPT, flight), (Command.BDAT, flight))
        )
        self._line.hand_out(flight, (b"RSET\r\n%b%bBDAT %d LAST\r\n" % (mail, rcpt, size), *chunk))

    def _refuse(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if command is Command.BDAT and not self._proven and said[0] in NOT_KNOWN:
            self._check_known(flight, said, events)
        super()._refuse(command, flight, said, events)

    def _out_of_sequence(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if command is Command.BDAT and not self._proven:
            self._check_known(flight, said, events)
        super()._out_of_sequence(command, flight, said, events)

    def _check_known(self, flight: Flight, said: Said, events: list[Event]) -> None:
        """Whether BDAT itself is what was refused. Until one is accepted no second is out: nothing is mixed up."""
        if flight.refusal is not None and flight.refusal[1][0] not in NOT_KNOWN:
            return  # the envelope was, and its data with it
        self._learned.chunking = False
        self.flights.remove(flight)
        reply = read_reply(said)
        events.append(NotSent(flight.job.id, written=True, reply=reply))
        raise ChunkingRefused(f"CHUNKING is offered, and BDAT was answered with {reply}")

    def _accept(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if flight.refusal is not None:
            raise PeerError("data was accepted after its envelope was refused")
        super()._accept(command, flight, said, events)
        self._proven = True
        self.depth = max(1, min(self.depth * 2, self._learned.window))

    def _close(self, command: Command, flight: Flight, said: Said, events: list[Event]) -> None:
        if command is Command.MAIL or command is Command.RCPT:
            # A server that goes on answers the data too: it has been sent.
            self.announce(command, said, events)
            flight.refusal = flight.refusal or (ASKED[command], said)
        else:
            super()._close(command, flight, said, events)


def way_for(offered: Capabilities, *, pipelining: bool, chunking: bool, learned: Learned) -> type[Transactions]:
    """The fastest way that both ends know and that has not failed yet. pipelining, chunking: wanted by us."""
    if not (pipelining and offered.pipelining) or learned.lock_step:
        return LockStep
    # A window of one gains nothing: a chain has its next envelope on the way, too.
    if chunking and offered.chunking and learned.chunking and learned.window > 1:
        return Window
    return Chain
