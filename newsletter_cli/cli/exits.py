"""Exit codes: what each says, and what a script should do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_CONFIRMED = 3
    CONFIG = 4
    CHECKS = 5
    PARTIAL = 6
    TRY_AGAIN = 7
    BUSY = 8
    UNCERTAIN = 9
    INTERRUPTED = 130

    @property
    def label(self) -> str:
        """try-again for TRY_AGAIN: the spelling people read."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table."""

    code: Exit
    text: str  # what happened
    script: str  # what a script should do


# fmt: off
EXITS: Final = (
    Meaning(Exit.OK, "done; also nothing to do, already sent", "go on"),
    Meaning(Exit.ERROR, "unexpected; the crash file is named", "call a person"),
    Meaning(Exit.USAGE, "wrong command, option or argument, unknown digest or list, impossible time", "fix the script"),
    Meaning(Exit.NOT_CONFIRMED, "declined, wrong count typed, or no terminal to ask in", "pass --confirm or --yes"),
    Meaning(Exit.CONFIG, "missing or wrong configuration or secret, login refused", "fix the configuration"),
    Meaning(Exit.CHECKS, "a content or safety check stopped it; nothing was sent", "show the editor"),
    Meaning(Exit.PARTIAL, "finished, some readers failed permanently", "read the report"),
    Meaning(Exit.TRY_AGAIN, "temporary: paused, or readers left in waiting or retry; resume is safe", "retry later"),
    Meaning(Exit.BUSY, "another process holds the send or the database", "retry later"),
    Meaning(Exit.UNCERTAIN, "finished, some messages may or may not have been delivered", "a person decides"),
    Meaning(Exit.INTERRUPTED, "Ctrl-C; the state is safe, the resume command was printed", "resume"),
)
# fmt: on

# When several are true of one send, the first of these is its exit code.
SEND_PRECEDENCE: Final = (Exit.INTERRUPTED, Exit.CONFIG, Exit.TRY_AGAIN, Exit.UNCERTAIN, Exit.PARTIAL, Exit.OK)


def worst(codes: Iterable[int]) -> Exit:
    """The exit code of a send of which all of `codes` are true; OK for none."""
    true = set(codes)
    return next((code for code in SEND_PRECEDENCE if code in true), Exit.OK)
