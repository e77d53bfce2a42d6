"""What stops a whole send, as the error its user is told."""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.delivery.connection import Server
from newsletter_cli.delivery.smtp.verdict import Effect
from newsletter_cli.errors import ConfigError, NewsletterError, TryAgainError

# Answers that are about us, not about the reader who happened to be next.
STOPS: Final = frozenset({Effect.PAUSE_LOGIN, Effect.PAUSE_SENDER, Effect.ACCOUNT_BLOCKED})

_SENTENCES: Final[Mapping[Effect, tuple[type[NewsletterError], str, str, str]]] = {
    Effect.PAUSE_LOGIN: (
        ConfigError, "SMTP-AUTH", "The mail server wants another login.", "newsletter config set-secret smtp.password",
    ),
    Effect.PAUSE_SENDER: (
        ConfigError, "SENDER-REFUSED", "The mail server does not let us send from this address.",
        "ask its operator which address you may send from, then: newsletter config set sender.from ADDRESS",
    ),
    Effect.ACCOUNT_BLOCKED: (
        TryAgainError, "TOO-MANY-FAILURES", "The mail server says that our account is blocked.",
        "ask its operator why, then: newsletter resume",
    ),
}  # fmt: skip


def problem_of(effect: Effect, server: Server, answer: str) -> NewsletterError | None:
    """The error that an answer's effect is, or None when the send may go on."""
    if effect not in _SENTENCES:
        return None
    kind, code, sentence, fix = _SENTENCES[effect]
    return kind(code, sentence, facts=(("server", f"{server.host}:{server.port}"), ("answer", answer)), fix=fix)


def unreachable(server: Server, reason: str) -> NewsletterError:
    """The server brought nothing to an end for as long as we were to wait."""
    return TryAgainError(
        "SMTP-CONNECT",
        f"The mail server {server.host}:{server.port} cannot be reached.",
        facts=(("reason", reason),) if reason else (),
        fix="check smtp.host and smtp.port, then: newsletter resume",
    )
