"""What a conversation tells its driver: frozen records in the words of RFC 5321."""

from dataclasses import dataclass
from typing import NamedTuple

from newsletter_cli.delivery.smtp.capabilities import Capabilities
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Asked, Verdict


@dataclass(frozen=True, slots=True)
class Secure:
    """STARTTLS was accepted: do the handshake now, then call `secured`."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Greeted, secured, logged in."""

    capabilities: Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """No transaction will ever be possible here; the machine is over."""

    code: str  # SMTP-CONNECT, SMTP-TLS or SMTP-AUTH
    reason: str  # one sentence
    temporary: bool
    reply: Reply | None = None
    verdict: Verdict | None = None


class Answered(NamedTuple):
    """The message has its answer. verdict: None with `accepted`. local: the server was not asked."""

    id: int
    asked: Asked
    reply: Reply
    verdict: Verdict | None
    outcome: Outcome
    written: bool  # its data was handed out
    local: bool = False


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The permit was refused; nothing of its data was handed out."""

    id: int


@dataclass(frozen=True, slots=True)
class NotSent:
    """No whole message has left, or the server said that it takes none.

    alone: the link ended in the middle of it.  written: some of its data was handed out.  reply: what the server said.
    """

    id: int
    alone: bool = False
    written: bool = False
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The end of its data has left, and no answer will come that can be trusted."""

    id: int


@dataclass(frozen=True, slots=True)
class Closing:
    """The server said 421: begin nothing, read to the end. asked: what it answered; None: nothing."""

    reply: Reply
    verdict: Verdict
    asked: Asked | None


@dataclass(frozen=True, slots=True)
class Probed:
    """The answer to NOOP."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Bye:
    """QUIT was answered; the machine is over."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The server breaks the protocol; the machine is over.

    out_of_step: with transactions pipelined, so that earlier answers may have been taken for the wrong ones.
    """

    reason: str
    out_of_step: bool


Event = Secure | Ready | Unusable | Answered | GivenBack | NotSent | Uncertain | Closing | Probed | Bye | Broken
