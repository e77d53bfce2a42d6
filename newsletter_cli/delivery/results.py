"""What a connection and the engine say to each other: results, the end of a connection, and the desk."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from newsletter_cli.delivery.smtp.events import Answered, GivenBack, NotSent, Uncertain
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Verdict

__all__ = ("Closed", "Desk", "End", "Learned", "Result", "fate_of", "result_of")


class Result(NamedTuple):
    """What became of one job: accepted, retry, failed, not-sent or uncertain."""

    id: int
    outcome: Outcome
    link: int  # number of the connection
    written: bool  # some of its data was handed over; False = certainly not sent
    reply: Reply | None = None  # None: nothing was heard
    verdict: Verdict | None = None
    alone: bool = False  # its write stood still or broke off: alone in its next flight
    given_back: bool = False  # the permit was refused


def result_of(event: Answered, link: int, *, doubted: bool) -> Result:
    """What an answer makes of a message. doubted: questions and answers no longer fit, so it may be another's."""
    if doubted and not event.local:
        outcome = Outcome.UNCERTAIN if event.written else Outcome.NOT_SENT
        return Result(event.id, outcome, link, event.written, event.reply)
    return Result(event.id, event.outcome, link, event.written, event.reply, event.verdict)


def fate_of(event: GivenBack | NotSent | Uncertain, link: int) -> Result:
    """What a message without an answer becomes."""
    match event:
        case GivenBack(id=number):
            return Result(number, Outcome.NOT_SENT, link, written=False, given_back=True)
        case NotSent(id=number, alone=alone, written=written, reply=reply):
            return Result(number, Outcome.NOT_SENT, link, written, reply, alone=alone)
        case Uncertain(id=number):
            return Result(number, Outcome.UNCERTAIN, link, written=True)


class End(StrEnum):
    """Why a connection is over."""

    FINISHED = "finished"  # asked for, or the limit of messages reached: QUIT said
    CLOSING = "closing"  # the server said 421
    LOST = "lost"  # the server or the network closed it
    TIMEOUT = "timeout"  # no answer, or a write stood still
    BROKEN = "broken"  # the server breaks the protocol, or refuses what it offers
    GIVEN_BACK = "given-back"  # a permit was refused after 354
    ABORTED = "aborted"  # by abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The end of a connection; every job it had taken has its result before this is known.

    out_of_step: answers and questions no longer fit. Results of this link that are not yet stored must be stored as
    uncertain if `written`, as not sent if not.
    lock_step: chaining does not work here (the step was lost, or the server offers PIPELINING and stalls on it): later
    connections to the server go lock-step for the run.
    """

    link: int
    end: End
    reason: str  # one sentence
    messages: int  # jobs taken
    out_of_step: bool = False
    lock_step: bool = False
    reply: Reply | None = None  # the 421
    verdict: Verdict | None = None


class Desk(Protocol):
    """What a connection asks of the engine."""

    def take(self) -> Job | None:
        """The next job whose id is committed, or None: call `Connection.wake` when there is one."""
        ...

    def permit(self, job_id: int) -> bool:
        """Whether the data of this job may be handed over now."""
        ...

    def done(self, result: Result) -> None:
        """One job has its result."""
        ...
