"""The addresses of a reader's own pages, built from ASCII and a token."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from newsletter_cli.errors import ConfigError
from newsletter_cli.mail.address import ascii_host
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.tokens import Keyring, Kind

# What may stand in our links unescaped. No quote, angle bracket or space: links are written into HTML as they are.
_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/%@\[\]-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Links:
    """Links of one send: `/u/TOKEN` to leave, `/p/TOKEN` to change what comes, `/v/TOKEN` to see one's own copy."""

    public_url: str  # as in the settings; an IDN host is allowed
    keyring: Keyring
    key_number: int | None = None  # the key frozen with a send; None = the current one
    base: str = field(init=False)  # ASCII, no slash at the end

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", ascii_url(self.public_url))

    def unsubscribe(self, reader: Reader) -> str:
        """Where one-click is posted to, and what the link in the text opens."""
        token = self.keyring.make(Kind.UNSUBSCRIBE, reader.subscription, reader.digest, key_number=self.key_number)
        return f"{self.base}/u/{token}"

    def preferences(self, reader: Reader) -> str:
        """The page on which this reader chooses what still comes."""
        token = self.keyring.make(Kind.PREFERENCES, reader.subscription, reader.digest, key_number=self.key_number)
        return f"{self.base}/p/{token}"

    def view(self, reader: Reader) -> str:
        """The web copy of this reader's message."""
        return f"{self.base}/v/{self.keyring.make(Kind.VIEW, reader.delivery, key_number=self.key_number)}"


def ascii_url(url: str) -> str:
    """`url` in ASCII: host as A-labels, path percent-encoded, no slash at the end.

    Raises ConfigError (CONFIG-VALUE) for anything but an absolute http or https URL without query and user-info.
    """
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port is not None else ""
        host = _host(parts.hostname or "")
    except (ValueError, AddressProblem) as error:
        raise _unusable(url) from error
    path = quote(parts.path, safe="/%~:@-._").rstrip("/")
    written = f"{parts.scheme}://{host}{port}{path}"
    if not host or parts.query or parts.fragment or parts.username is not None or not _URL.fullmatch(written):
        raise _unusable(url)
    return written


def _host(name: str) -> str:
    if ":" in name:
        return f"[{name}]"
    return ascii_host(name) if not name.isascii() else name.lower()


def _unusable(url: str) -> ConfigError:
    return ConfigError(
        "CONFIG-VALUE",
        f"web.public_url is not an address that links can be built from: {url!r}",
        fix="newsletter config set web.public_url https://news.example.org",
    )
