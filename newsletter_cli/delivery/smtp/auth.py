"""Logging in: PLAIN, LOGIN (RFC 4954, RFC 4616) and XOAUTH2, as scripts without I/O."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who logs in. `secret` is left out of the repr: it must not reach a log or a crash file."""

    username: str
    secret: str = field(repr=False)
    token: bool = False  # the secret is an OAuth 2 access token, not a password


@dataclass(frozen=True, slots=True)
class Script:
    """What to say, line by line, without CRLF: the AUTH command, then one answer for each 334."""

    mechanism: str
    lines: tuple[bytes, ...] = field(repr=False)


def _plain(who: Credentials) -> tuple[bytes, ...]:
    return (b"AUTH PLAIN " + b64encode(f"\0{who.username}\0{who.secret}".encode()),)


def _login(who: Credentials) -> tuple[bytes, ...]:
    return (b"AUTH LOGIN", b64encode(who.username.encode()), b64encode(who.secret.encode()))


def _xoauth2(who: Credentials) -> tuple[bytes, ...]:
    first = b64encode(f"user={who.username}\1auth=Bearer {who.secret}\1\1".encode())
    # A refused token is told in a 334 that wants an empty line before the 535 comes.
    return (b"AUTH XOAUTH2 " + first, b"")


# In order of preference. One round trip less speaks for PLAIN; both need TLS just the same.
PASSWORD: Final[Mapping[str, Callable[[Credentials], tuple[bytes, ...]]]] = {"PLAIN": _plain, "LOGIN": _login}
TOKEN: Final[Mapping[str, Callable[[Credentials], tuple[bytes, ...]]]] = {"XOAUTH2": _xoauth2}


def scripts(offered: tuple[str, ...], who: Credentials) -> tuple[Script, ...]:
    """The ways to log in that both sides know, best first; empty when there is none."""
    known = TOKEN if who.token else PASSWORD
    return tuple(Script(name, make(who)) for name, make in known.items() if name in offered)
