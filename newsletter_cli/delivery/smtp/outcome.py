"""What an answer makes of one message: the table at the heart of the program."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """How far a message has come on its connection."""

    OPEN = "open"  # its data has not ended
    ENDED = "ended"  # the last byte of it has left our hands


class Heard(StrEnum):
    """What the server said, or that it will say nothing more."""

    OK = "ok"
    LATER = "later"
    NEVER = "never"
    LOST = "lost"


class Outcome(StrEnum):
    """What becomes of the message."""

    GO_ON = "go-on"  # nothing yet
    ACCEPTED = "accepted"
    RETRY = "retry"
    FAILED = "failed"
    NOT_SENT = "not-sent"  # no whole message has left: safe to send again
    UNCERTAIN = "uncertain"  # perhaps taken: our side cannot know (RFC 1047)


# fmt: off
OUTCOMES: Final[Mapping[tuple[Stage, Heard], Outcome]] = {
    (Stage.OPEN,  Heard.OK):    Outcome.GO_ON,
    (Stage.OPEN,  Heard.LATER): Outcome.RETRY,
    (Stage.OPEN,  Heard.NEVER): Outcome.FAILED,
    (Stage.OPEN,  Heard.LOST):  Outcome.NOT_SENT,
    (Stage.ENDED, Heard.OK):    Outcome.ACCEPTED,
    (Stage.ENDED, Heard.LATER): Outcome.RETRY,
    (Stage.ENDED, Heard.NEVER): Outcome.FAILED,
    (Stage.ENDED, Heard.LOST):  Outcome.UNCERTAIN,
}
# fmt: on
