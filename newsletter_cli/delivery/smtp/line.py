"""What was asked and has no answer, and what was said and is not written yet."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Stage
from newsletter_cli.delivery.smtp.reply import Said
from newsletter_cli.delivery.smtp.steps import Command
from newsletter_cli.delivery.smtp.verdict import Asked


@dataclass(slots=True, eq=False)
class Flight:
    """One transaction from its RSET to its answer; changed by the machine only."""

    job: Job
    stage: Stage = Stage.OPEN
    refusal: tuple[Asked, Said] | None = None  # the first answer that refused it
    acceptance: Said | None = None  # 250 to its data, held until the RSET behind it is answered
    dotted: bool = False  # its data, or a lone dot, is said: commands may follow
    given: bool = False  # its data was handed out


Question = tuple[Command, Flight | None]
"""What was asked, and for which transaction; None: for no message, or for one that has its answer already."""


class Writing(NamedTuple):
    """Bytes for one write. It holds the end of one message at most."""

    parts: tuple[bytes, ...]
    ends: int | None = None  # id of the message whose last byte is in it
    behind: int = 0  # bytes behind that last byte: the next transaction's commands
    secret: bool = False  # not for the log


class Line:
    """Two queues, oldest first: open questions, and bytes to write."""

    def __init__(self) -> None:
        self.open: deque[Question] = deque()
        self.ending: Flight | None = None  # whose data was handed out last and has not left yet, as far as is known
        self._parts: list[bytes] = []
        self._flight: Flight | None = None  # whose data is in `_parts`
        self._behind = 0
        self._secret = False

    def ask(self, command: Command, line: bytes, flight: Flight | None = None, *, secret: bool = False) -> None:
        self.open.append((command, flight))
        self.say(line, secret=secret)

    def say(self, line: bytes, *, secret: bool = False) -> None:
        self._parts.append(line)
        self._secret = self._secret or secret
        if self._flight is not None:
            self._behind += len(line)

    def hand_out(self, flight: Flight, data: tuple[bytes, ...]) -> None:
        """The whole of a message, whose answer is asked for already."""
        if self._flight is not None:
            raise RuntimeError("a write ends one message at most")
        self._parts += data
        self._flight = flight

    def forget(self, flight: Flight) -> None:
        """What is still asked for this transaction concerns no message any more."""
        for _ in range(len(self.open)):
            command, asker = self.open.popleft()
            self.open.append((command, None if asker is flight else asker))

    def take(self) -> Writing | None:
        """What to write now; each byte is given out once."""
        if not self._parts:
            return None
        flight = self._flight
        if flight is None:
            writing = Writing(tuple(self._parts), None, 0, self._secret)
        else:
            writing = Writing(tuple(self._parts), flight.job.id, self._behind, self._secret)
            flight.given = True
            self.ending = flight
            self._flight = None
            self._behind = 0
        self._parts.clear()
        self._secret = False
        return writing
