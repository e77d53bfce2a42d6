"""One connection to a machine of the open internet, never to one of this network.

    name resolved once → every answer judged → connected to the first → TLS, if asked for

One deadline over all that a caller does with it; a watch shuts the socket, so that a server that gives one byte a
second does not stretch it.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Ranges that lead to IPv4 addresses and so could hide a private one (RFC 6052, RFC 3056, RFC 4380).
_TRANSLATED: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class PrivateAddressError(OSError):
    """A name has an address that is not of the open internet."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is an address of a private network ({address})")


def addresses_of(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host, by the system's resolver.  Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet: not private, loopback, link-local (where clouds keep their
    metadata), shared (RFC 6598), unique local, multicast or reserved, and no way round to such a one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local or any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True, slots=True)
class Net:
    """How the world is reached."""

    resolve: Callable[[str, int], Sequence[str]] = addresses_of  # host and port → addresses; raises OSError
    may_ask: Callable[[Address], bool] = is_public  # which of them may be connected to
    authority: Path | None = None  # certificates to trust in place of the system's


OPEN: Final = Net()


class Watch:
    """One deadline for everything."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    def over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._ends

    def remaining(self) -> float:
        """Seconds that are left.  Raises TimeoutError when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return left

    @contextmanager
    def over_socket(self, link: socket.socket) -> Iterator[None]:
        """Shuts the socket when the time is over, whatever is being waited for."""
        timer = threading.Timer(self.remaining(), _shut, (link,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _shut(link: socket.socket) -> None:
    try:
        link.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed in the same moment


@contextmanager
def connected(host: str, port: int, watch: Watch, net: Net = OPEN, *, secure: bool) -> Iterator[socket.socket]:
    """A socket to the host, with TLS when it is to be secure; closed at the end.

    What is read when the watch has shut it looks like an end: ask `watch.remaining()` before believing it.
    Raises PrivateAddressError, socket.gaierror, TimeoutError, ssl.SSLError, OSError, ValueError.
    """
    address = _address(host, port, watch, net)
    with socket.create_connection((address, port), timeout=watch.remaining()) as plain:
        if not secure:
            with watch.over_socket(plain):
                yield plain
            return
        context = ssl.create_default_context(cafile=str(net.authority) if net.authority else None)
        # Wrapping takes the descriptor from the plain socket, so the watch must hold the new one; and the handshake
        # comes later, so that it is watched too.
        with (
            context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False) as link,
            watch.over_socket(link),
        ):
            link.do_handshake()
            yield link


def _address(host: str, port: int, watch: Watch, net: Net) -> str:
    """The one address to connect to; refused as soon as one of the answers is not of the open internet: a private one
    among public ones is a trick to be let in by the next look-up."""
    found = _resolved(host, port, watch, net)
    for text in found:
        if not net.may_ask(ipaddress.ip_address(text.partition("%")[0])):
            raise PrivateAddressError(host, text)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return found[0]


def _resolved(host: str, port: int, watch: Watch, net: Net) -> Sequence[str]:
    """The resolver cannot be told a time limit: it works in a thread that is left behind when the time is over."""
    answers: list[Sequence[str] | OSError] = []

    def ask() -> None:
        try:
            answers.append(net.resolve(host, port))
        except OSError as error:
            answers.append(error)
        except UnicodeError:
            answers.append(socket.gaierror(socket.EAI_NONAME, "no host name"))

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(watch.remaining())
    if not answers:
        raise TimeoutError("the name was not resolved in time")
    if isinstance(answers[0], OSError):
        raise answers[0]
    return answers[0]


_WRITTEN: Final = "%/:?#[]@!$&'()*+,;=~"


def redirect_target(location: str) -> str:
    """A Location as an address (RFC 9110 §10.2.2): many servers send letters and spaces as they are, in UTF-8, and
    http.client reads the bytes as Latin-1.

    What is not UTF-8 stays as it is and will be refused: http.client ends a line at the byte 0x85, the second one of
    «م», and an address cut short would be another page's.
    """
    try:
        return quote(location.strip().encode("latin-1").decode("utf-8"), safe=_WRITTEN)
    except UnicodeError:
        return location
