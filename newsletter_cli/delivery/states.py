"""The states of the outbox, as tables: which event may move a send, a chunk or a reader's delivery, and where to.

    send      scheduled → arming → armed → sending ⇄ paused → sent | cancelled
    chunk     open ⇄ leased → done
    delivery  waiting | retry → accepted | failed | uncertain | skipped, and back by a person only

A pair that a table lacks is a refusal, not an accident: `send_after` and `delivery_after` return None for it, and the
caller says why nothing changes. tests/delivery/test_states.py walks every pair.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class SendState(StrEnum):
    """Where a send stands. `sent` with failed or uncertain readers is shown as sent-with-gaps."""

    SCHEDULED = "scheduled"
    ARMING = "arming"  # its audience is being frozen; nothing of it counts before it is armed
    ARMED = "armed"  # the undo window is open
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class SendEvent(StrEnum):
    ARM = "arm"
    FROZEN = "frozen"
    BEGIN = "begin"
    UNDO = "undo"  # Ctrl-C in the countdown: the send and its rows are removed, the digest is as before
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    CANCEL = "cancel"


class ChunkState(StrEnum):
    OPEN = "open"
    LEASED = "leased"
    DONE = "done"


class Outcome(StrEnum):
    """What is known of one message. A reader on the wire keeps its outcome, named in its chunk's in_flight."""

    WAITING = "waiting"
    RETRY = "retry"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"


class Fact(StrEnum):
    """What happened to one attempt, or what a person decided."""

    ACCEPTED = "accepted"  # 250 to its data
    LATER = "later"  # 4xx, and give_up has not passed
    NEVER = "never"  # 5xx, cannot be built, or gave up
    LOST = "lost"  # wholly handed over, then the link or the lease was lost
    NOT_SENT = "not-sent"  # given back, or not received whole
    LEFT = "left"  # suppressed, unsubscribed, left the list, cancelled
    RESEND_UNCERTAIN = "resend-uncertain"  # resume --uncertain retry
    RESEND_FAILED = "resend-failed"  # resume --failed
    TAKEN_UP = "taken-up"  # a wider send: who was skipped because of only_to is written to after all


# fmt: off
_S, _E = SendState, SendEvent
SENDS: Final[Mapping[tuple[SendState, SendEvent], SendState]] = {
    (_S.SCHEDULED, _E.ARM):    _S.ARMING,
    (_S.SCHEDULED, _E.CANCEL): _S.CANCELLED,
    (_S.ARMING, _E.FROZEN):    _S.ARMED,
    (_S.ARMING, _E.CANCEL):    _S.CANCELLED,
    (_S.ARMED, _E.BEGIN):      _S.SENDING,
    (_S.ARMED, _E.PAUSE):      _S.PAUSED,
    (_S.ARMED, _E.CANCEL):     _S.CANCELLED,
    (_S.SENDING, _E.PAUSE):    _S.PAUSED,
    (_S.SENDING, _E.FINISH):   _S.SENT,
    (_S.SENDING, _E.CANCEL):   _S.CANCELLED,
    (_S.PAUSED, _E.RESUME):    _S.SENDING,
    (_S.PAUSED, _E.FINISH):    _S.SENT,  # the last answers came in after the pause
    (_S.PAUSED, _E.CANCEL):    _S.CANCELLED,
    (_S.SENT, _E.RESUME):      _S.SENDING,  # --failed and --uncertain retry open it again
}

_O, _F = Outcome, Fact
DELIVERIES: Final[Mapping[tuple[Outcome, Fact], Outcome]] = {
    (_O.WAITING, _F.ACCEPTED):           _O.ACCEPTED,
    (_O.WAITING, _F.LATER):              _O.RETRY,
    (_O.WAITING, _F.NEVER):              _O.FAILED,
    (_O.WAITING, _F.LOST):               _O.UNCERTAIN,
    (_O.WAITING, _F.NOT_SENT):           _O.WAITING,
    (_O.WAITING, _F.LEFT):               _O.SKIPPED,
    (_O.RETRY, _F.ACCEPTED):             _O.ACCEPTED,
    (_O.RETRY, _F.LATER):                _O.RETRY,
    (_O.RETRY, _F.NEVER):                _O.FAILED,
    (_O.RETRY, _F.LOST):                 _O.UNCERTAIN,
    (_O.RETRY, _F.NOT_SENT):             _O.RETRY,
    (_O.RETRY, _F.LEFT):                 _O.SKIPPED,
    # A 250 is final and wins over all, whenever it comes: that reader has the message.
    (_O.UNCERTAIN, _F.ACCEPTED):         _O.ACCEPTED,
    (_O.FAILED, _F.ACCEPTED):            _O.ACCEPTED,
    (_O.SKIPPED, _F.ACCEPTED):           _O.ACCEPTED,
    # A late refusal of the attempt in doubt is a fact as well: the message was not taken.
    (_O.UNCERTAIN, _F.LATER):            _O.RETRY,
    (_O.UNCERTAIN, _F.NEVER):            _O.FAILED,
    (_O.UNCERTAIN, _F.NOT_SENT):         _O.WAITING,
    (_O.UNCERTAIN, _F.LEFT):             _O.SKIPPED,  # proved unsent after its send was cancelled
    (_O.UNCERTAIN, _F.RESEND_UNCERTAIN): _O.WAITING,
    (_O.FAILED, _F.RESEND_FAILED):       _O.WAITING,
    (_O.SKIPPED, _F.TAKEN_UP):           _O.WAITING,
}
# fmt: on


def send_after(state: SendState, event: SendEvent) -> SendState | None:
    """The state a send moves to, or None when the event means nothing there."""
    return SENDS.get((state, event))


def delivery_after(outcome: Outcome, fact: Fact) -> Outcome | None:
    """The outcome a fact makes of another, or None when the row stays as it is."""
    return DELIVERIES.get((outcome, fact))


def same_attempt(outcome: Outcome, tried: int, attempt: int, fact: Fact) -> bool:
    """Whether a fact about one attempt may speak about a row.

    outcome, tried: the row, and the tries recorded on it.  attempt: the try the fact is about, from 1.
    A 250 always may. Any other answer counts for its own attempt only: one that is not recorded yet, or one that was
    set aside as uncertain while its answer was still on the way.
    """
    if fact is Fact.ACCEPTED:
        return True
    return tried == attempt - 1 or (tried == attempt and outcome is Outcome.UNCERTAIN)
