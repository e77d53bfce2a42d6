"""How a message is left: addresses around a token, and whether its one-click fields are signed (RFC 2369, RFC 8058)."""

from dataclasses import dataclass
from typing import Final

from newsletter_cli.errors import ConfigError
from newsletter_cli.mail.headers import path
from newsletter_cli.mail.problems import HeaderProblem
from newsletter_cli.settings import ServerSettings, SmtpSettings

_SLOT: Final = "{token}"


@dataclass(frozen=True, slots=True)
class Around:
    """What stands before and behind the token of an address such as b-{token}@bounce.example.org."""

    before: str
    after: str

    def with_token(self, token: str) -> str:
        """The whole address."""
        return f"{self.before}{token}{self.after}"


def around(setting: str, pattern: str) -> Around | None:
    """`pattern` cut at its {token}; None when it is empty. Raises ConfigError when no address can be made of it."""
    if not pattern:
        return None
    before, slot, after = pattern.partition(_SLOT)
    whole = Around(before, after)
    try:
        # A local part of 26 letters and its prefix; SMTP itself must carry it, so ASCII only.
        path(setting, whole.with_token("a" * 26).encode("ascii").decode())
    except (HeaderProblem, UnicodeEncodeError) as problem:
        raise _unusable(setting, pattern) from problem
    if not slot or "@" in before or _SLOT in after:
        raise _unusable(setting, pattern)
    return whole


def mailto(pattern: str) -> Around | None:
    """The address for unsubscribing by mail (`inbound.unsubscribe`), or None."""
    return around("inbound.unsubscribe", pattern)


def unsubscribe_lines(url: str, token: str, by_mail: Around | None) -> str:
    """The List-Unsubscribe field with its CRLF: one URL per line, neither folded nor encoded."""
    if by_mail is None:
        return f"List-Unsubscribe: <{url}>\r\n"
    return f"List-Unsubscribe: <{url}>,\r\n <mailto:{by_mail.with_token(token)}?subject=unsubscribe>\r\n"


def signs_one_click(server: ServerSettings) -> bool:
    """Whether mail through this server has a signature over the one-click fields, ours or the relay's (RFC 8058 §4)."""
    return server.relay_signs or server.dkim is not None


def one_click_is_signed(smtp: SmtpSettings) -> bool:
    """Whether that holds for every server that may carry mail, the stand-ins too."""
    return all(map(signs_one_click, smtp.servers or (smtp,)))


def _unusable(setting: str, pattern: str) -> ConfigError:
    return ConfigError(
        "CONFIG-VALUE",
        f"{setting} must be an address with {_SLOT} before the @ sign: {pattern!r}",
        fix=f"newsletter config set {setting} 'x-{_SLOT}@bounce.example.org'",
    )
