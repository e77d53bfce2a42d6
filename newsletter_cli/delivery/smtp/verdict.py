"""The words in which a server's answer is judged: category, whether it is for good, what it does to the send."""

from dataclasses import dataclass
from enum import StrEnum


class Asked(StrEnum):
    """What the server was answering; `dsn` is a report that came back later, judged by the same book."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    DSN = "dsn"


class Category(StrEnum):
    """Whose fault it is, which decides what may be done to the reader (nothing, for most)."""

    DEAD = "dead"  # there is no such address
    DISABLED = "disabled"  # there was one, it is switched off
    FULL = "full"  # its mailbox is full
    TRANSIENT = "transient"  # something that passes
    THROTTLE = "throttle"  # we are too fast
    POLICY = "policy"  # reputation and block lists: never the reader's fault
    AUTH = "auth"  # SPF, DKIM, DMARC or the sender's right to its address
    CONTENT = "content"  # this message, whoever reads it
    EAI = "eai"  # the path cannot carry a non-ASCII local part
    LOGIN = "login"  # our account at the server
    UNKNOWN = "unknown"  # no rule


class Effect(StrEnum):
    """What the answer does beyond its own message."""

    NONE = "none"
    SLOW = "slow"  # the lane rests, then starts again with one connection
    PAUSE_LANE = "pause-lane"  # the lane stops and somebody is told
    PAUSE_LOGIN = "pause-login"  # the send pauses: SMTP-AUTH
    PAUSE_SENDER = "pause-sender"  # the send pauses: SENDER-REFUSED
    ACCOUNT_BLOCKED = "account-blocked"  # the send pauses: the provider has shut our account


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one row of the reply book says."""

    rule: str  # id of the row, "" when none matched
    category: Category
    permanent: bool
    effect: Effect = Effect.NONE
    sure: bool = False  # high confidence: the only kind that may suspend a reader at once
