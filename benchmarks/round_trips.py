"""The lines that P5 and P6 go over, and how many messages keep a sender busy on one for a while."""

from typing import Final, NamedTuple

from measuring import Given


class Cell(NamedTuple):
    milliseconds: float  # of the round trip
    connections: int


class Pace:
    """Messages that a connection gets through in one round trip."""

    LOCK_STEP: Final = 0.24  # MAIL, RCPT, DATA and the message, each waited for
    NODEMAILER: Final = 0.45


CELLS: Final = tuple(Cell(milliseconds, connections) for milliseconds in (20, 80) for connections in (1, 4, 10))
SECONDS: Final = 3.0
MOST: Final = 20_000


def counts(cell: Cell, pace: float, given: Given, most: int = MOST, seconds: float = SECONDS) -> int:
    """Messages for about so many seconds, at least two for each connection."""
    seconds = seconds / 3 if given.quick else seconds
    full = seconds * 1000 / cell.milliseconds * pace * cell.connections
    return min(most, max(round(full), 2 * cell.connections))


def label(cell: Cell) -> str:
    plural = "" if cell.connections == 1 else "s"
    return f"{cell.milliseconds:g} ms, {cell.connections} connection{plural}"
