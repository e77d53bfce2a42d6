"""The one tree of errors: what the user is told when something cannot be done.

    NewsletterError            any failure with a name; carries code, exit, facts and fix
    ├── UsageError             2  the command asks for something that does not exist or cannot be
    ├── NotConfirmedError      3  a person has to say yes, and has not
    ├── ConfigError            4  settings, secrets or the server's acceptance of them
    ├── RefusedError           5  content or a safety rule stopped it; nothing was sent
    ├── TryAgainError          7  temporary; the same command is safe later
    └── BusyError              8  another process holds the send or the database

A programmer's mistake is not in this tree: it is a ValueError or RuntimeError and ends in a crash file.
Foreign exceptions become one of these at their library's door, `raise ... from error`.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

NOTHING_SENT: Final = "Nothing was sent."


class NewsletterError(Exception):
    """A failure with a name, told as what, where, what left the building, and what to do."""

    exit: ClassVar[int] = 1
    codes: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        code: str,
        message: str,
        *,
        facts: Iterable[tuple[str, str]] = (),
        sent: str = NOTHING_SENT,
        sent_count: int = 0,
        fix: str = "",
        details: Mapping[str, object] | None = None,
    ) -> None:
        """code: one of the class's `codes`.  message: one plain sentence, what happened.

        facts: (label, value) lines such as ("server", "smtp.example.org:587"), in the order to print.
        sent: the sentence on what left the building; "" only where nothing could have left, such as `config show`.
        sent_count: messages that left.  fix: a command, or a short instruction.  details: JSON-safe values for scripts.
        """
        if code not in self.codes:
            raise ValueError(f"{code} is no code of {type(self).__name__}")
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts = tuple(facts)
        self.sent = sent
        self.sent_count = sent_count
        self.fix = fix
        self.details = dict(details or {})


class UsageError(NewsletterError):
    """The command asks for something that does not exist or cannot be."""

    exit = 2
    codes = frozenset({"USAGE", "NOT-FOUND", "TIME-PAST", "TIME-CLOCK-CHANGE", "TEST-ADDRESS", "FOLDER-NOT-EMPTY"})


class NotConfirmedError(NewsletterError):
    """A person has to say yes, and has not."""

    exit = 3
    codes = frozenset({"NOT-CONFIRMED", "WRONG-COUNT", "ENCODING-AMBIGUOUS"})


class ConfigError(NewsletterError):
    """Settings, secrets, or the server's acceptance of them."""

    exit = 4
    codes = frozenset(
        {
            "NO-PROJECT", "CONFIG-KEY", "CONFIG-VALUE", "EXTRA", "DATABASE-VERSION", "SAFETY-LOOSER", "SECRET",
            "SMTP-AUTH", "SMTP-TLS", "SENDER-REFUSED",
        }
    )  # fmt: skip


class RefusedError(NewsletterError):
    """Content or a safety rule stopped it; nothing was sent."""

    exit = 5
    codes = frozenset(
        {
            "CHECKS", "NOT-TESTED", "NOT-APPROVED", "CHANGED-SINCE-APPROVAL", "TOO-MANY", "NOT-LIVE", "NO-SEND",
            "EMPTY-LIST", "DIGEST-EXISTS", "TEMPLATE", "UNREADABLE", "NO-TITLE", "NO-BODY",
        }
    )  # fmt: skip


class TryAgainError(NewsletterError):
    """Temporary; the same command is safe later."""

    exit = 7
    codes = frozenset({"SMTP-CONNECT", "TOO-MANY-FAILURES", "QUIET-HOURS", "DISK-FULL"})


class BusyError(NewsletterError):
    """Another process holds the send or the database."""

    exit = 8
    codes = frozenset({"BUSY", "DATABASE-BUSY"})
