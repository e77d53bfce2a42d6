"""Where to connect and how: from a server's settings to a connected socket, or the reason why there is none."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from newsletter_cli.delivery.smtp.auth import Credentials
from newsletter_cli.delivery.smtp.opening import Terms, Tls
from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Verdict
from newsletter_cli.errors import ConfigError, NewsletterError, TryAgainError


class Security(StrEnum):
    """How the line is protected; the words of `smtp.security`."""

    STARTTLS = "starttls"  # required, unless the server is on loopback and does not offer it
    TLS = "tls"  # from the first byte
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where to connect, and how to behave there."""

    host: str
    port: int
    security: Security
    ehlo_name: str  # ASCII
    timeout: timedelta  # connect, and each command
    data_timeout: timedelta  # final answer to a message; passed = uncertain
    username: str = ""  # "" = no login
    source_address: str = ""  # local address to send from; "" = any
    pipelining: bool = True  # use it where it is offered
    chunking: bool = True  # the same, with a depth of 2 or more
    depth: int = 1  # most messages in flight on a connection with CHUNKING
    oauth2: bool = False  # the secret is an OAuth 2 access token, not a password: XOAUTH2
    messages_per_connection: int = 0  # 0 = no limit
    write_timeout: timedelta = timedelta(minutes=3)  # a write that stands still for so long (RFC 5321 §4.5.3.2.5)

    def __str__(self) -> str:
        how = {Security.STARTTLS: " (STARTTLS)", Security.TLS: " (TLS)", Security.NONE: ""}[self.security]
        return f"{self.host}:{self.port}{how}"


FIXES: Final[Mapping[str, tuple[type[NewsletterError], str]]] = {
    "SMTP-CONNECT": (TryAgainError, "check smtp.host and smtp.port, then: newsletter resume"),
    "SMTP-TLS": (ConfigError, "check smtp.security and the server's certificate"),
    "SMTP-AUTH": (ConfigError, "newsletter config set-secret smtp.password"),
}


class ConnectProblem(Exception):
    """No usable connection came about. Nothing was sent over it."""

    def __init__(
        self, code: str, reason: str, *, temporary: bool, reply: Reply | None = None, verdict: Verdict | None = None
    ) -> None:
        """code: SMTP-CONNECT, SMTP-TLS or SMTP-AUTH.  reason: one sentence.  temporary: worth another try later."""
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.temporary = temporary
        self.reply = reply
        self.verdict = verdict

    def as_error(self, server: Server, *, sent: str, sent_count: int = 0) -> NewsletterError:
        """The same as the user's error: TryAgainError for SMTP-CONNECT, ConfigError for the others.

        sent: what left the building, as a sentence.  sent_count: how many messages that were.
        """
        facts = [("server", str(server))]
        if self.reply is not None:
            facts.append(("answer", str(self.reply)))
        kind, fix = FIXES[self.code]
        message = self.reason
        if self.code == "SMTP-AUTH" and self.reply is not None:
            what = "access token" if server.oauth2 else "password"
            message = f"The mail server refused the {what} for {server.username}."
        if self.code == "SMTP-AUTH" and server.oauth2:
            fix = "run the command in smtp.oauth2 by hand and look at the token it prints"
        return kind(self.code, message, facts=facts, sent=sent, sent_count=sent_count, fix=fix)


def default_tls() -> ssl.SSLContext:
    """Certificates and host names verified against the system's roots, or those of SSL_CERT_FILE."""
    return ssl.create_default_context()


def tls_for(servers: Iterable[Server]) -> ssl.SSLContext:
    """`default_tls`; a context that trusts nobody where no server is asked for TLS: reading the roots takes 30 ms."""
    if any(server.security is not Security.NONE for server in servers):
        return default_tls()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def dial(server: Server) -> socket.socket:
    """A connected, non-blocking socket. Raises ConnectProblem. Tries the addresses of the host in their order.

    All together within `server.timeout`: each gets an equal share of what is left, so that one that swallows packets
    leaves time for the next.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + server.timeout.total_seconds()
    problem = ConnectProblem("SMTP-CONNECT", f"There is no address for “{server.host}”.", temporary=True)
    addresses = await _addresses(server)
    for number, (family, address) in enumerate(addresses):
        share = (deadline - loop.time()) / (len(addresses) - number)
        try:
            async with asyncio.timeout(share):
                return await _connect(family, address, server.source_address)
        except TimeoutError:
            seconds = server.timeout.total_seconds()
            problem = ConnectProblem(
                "SMTP-CONNECT", f"{server.host} did not answer within {seconds:g} s.", temporary=True
            )
        except OSError as error:
            reason = f"No connection to {server.host}:{server.port}: {error.strerror or error}."
            problem = ConnectProblem("SMTP-CONNECT", reason, temporary=True)
    raise problem


Address = tuple[socket.AddressFamily, tuple[Any, ...]]  # as getaddrinfo has it


async def _addresses(server: Server) -> list[Address]:
    try:
        async with asyncio.timeout(server.timeout.total_seconds()):
            found = await asyncio.get_running_loop().getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        reason = f"The name “{server.host}” could not be looked up in time."
        raise ConnectProblem("SMTP-CONNECT", reason, temporary=True) from error
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "this is no host name"
        raise ConnectProblem("SMTP-CONNECT", f"There is no host “{server.host}”: {why}.", temporary=True) from error
    wanted = ipaddress.ip_address(server.source_address).version if server.source_address else None
    versions = {socket.AF_INET: 4, socket.AF_INET6: 6}
    return [(family, address) for family, _, _, _, address in found if wanted in (None, versions.get(family))]


async def _connect(family: socket.AddressFamily, address: tuple[Any, ...], source: str) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The answer to a message may take ten minutes, in which a middlebox must not forget us.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if source:
            sock.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def terms_for(server: Server, secret: str | None, peer: str) -> Terms:
    """How to talk to whoever was reached. peer: its address, which alone says whether it is this machine."""
    loopback = is_loopback(peer)
    tls = Tls.NEVER
    if server.security is Security.STARTTLS:
        tls = Tls.IF_OFFERED if loopback else Tls.REQUIRED
    return Terms(
        ehlo_name=server.ehlo_name,
        tls=tls,
        encrypted=server.security is Security.TLS,
        loopback=loopback,
        credentials=_credentials(server, secret or "") if server.username else None,
        pipelining=server.pipelining,
        chunking=server.chunking,
        command_seconds=server.timeout.total_seconds(),
        data_seconds=server.data_timeout.total_seconds(),
    )


def _credentials(server: Server, secret: str) -> Credentials:
    return Credentials(username=server.username, secret=secret, token=server.oauth2)


def is_loopback(peer: str) -> bool:
    address = ipaddress.ip_address(peer.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def tls_problem(error: ssl.SSLError) -> ConnectProblem:
    """What a failed handshake is to the user."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"The server's certificate cannot be trusted: {error.verify_message}."
    elif error.reason == "WRONG_VERSION_NUMBER":
        reason = "The server does not speak TLS on this port."
    else:
        reason = f"The TLS handshake failed: {error.reason or error}."
    return ConnectProblem("SMTP-TLS", reason, temporary=False)
