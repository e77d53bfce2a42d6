"""Fetching one thing from the web: only when a command was asked to, and never from a machine of this network.

    address judged → name resolved once → every answer judged → connected to that answer → redirects the same way

One deadline over all of it, redirects included; a watch shuts the socket, so that a server that gives one byte a
second does not stretch it. No cookies, no referrer, no proxy.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urljoin, urlsplit

from newsletter_cli.articles.urls import check_url
from newsletter_cli.errors import RefusedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PIECE: Final = 1 << 16
_AGENT: Final = "newsletter-cli (article import)"
# Ranges that lead to IPv4 addresses and so could hide a private one (RFC 6052, RFC 3056, RFC 4380).
_TRANSLATED: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one fetch may cost."""

    seconds: float = 10.0  # in all, redirects included
    size: int = 5 * 1024 * 1024  # bytes of the body, before and after unpacking
    redirects: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came."""

    body: bytes
    media_type: str  # lower case, without parameters; "" when the server gave none
    charset: str  # of Content-Type, "" when it gave none
    url: str  # after redirects


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


def fetch(
    url: str,
    *,
    limits: Limits = Limits(),
    kinds: Sequence[str] = (),
    resolve: Callable[[str, int], Sequence[str]] = addresses_of,
    allowed: Callable[[Address], bool] = is_public,
    authority: Path | None = None,
) -> Fetched:
    """The body behind an https address.

    kinds: media types that are wanted, () = any; another one is refused before its body is read.  resolve: host and
    port → addresses, asked once for each host.  allowed: which of them may be connected to.  authority: certificates
    to trust in place of the system's.
    Raises RefusedError UNREADABLE with a sentence: whatever the reason, nothing was written.
    """
    watch = _Watch(time.monotonic() + limits.seconds, limits.seconds)
    asked = url
    for _ in range(limits.redirects + 1):
        place = _judged(url, asked)
        try:
            with (
                _connected(place, watch, resolve, allowed, authority) as connection,
                _asked(connection, place) as answer,
            ):
                if answer.status not in _REDIRECTS:
                    found = _taken(answer, place, limits, kinds)
                    watch.remaining()  # an end that the watch has made is no end
                    return found
                url = urljoin(place.url, answer.getheader("Location", ""))
        except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
            _refuse(asked, _reason(error, watch), error)
    return _refuse(asked, f"it led on more than {limits.redirects} times")


# --- the address -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    url: str
    host: str  # A-labels
    port: int
    path: str  # with the query


def _judged(url: str, asked: str) -> _Place:
    parts = urlsplit(url.strip())
    if parts.scheme.lower() == "http":
        where = "" if url == asked else f" it leads on to {url[:100]}, and"
        _refuse(asked, f"{where} only https is fetched, for http can be changed on its way".strip())
    checked = check_url(url, schemes=("https",))
    if not checked.url:
        _refuse(asked, checked.problem)
    found = urlsplit(checked.url)
    path = (found.path or "/") + (f"?{found.query}" if found.query else "")
    return _Place(checked.url, found.hostname or "", found.port or 443, path)


def _refuse(url: str, reason: str, cause: BaseException | None = None) -> NoReturn:
    raise RefusedError(
        "UNREADABLE",
        f"{url[:200]} was not fetched: {reason}.",
        facts=[("address", url[:200])],
        fix="save the page in the browser, then import the file",
    ) from cause


def _reason(error: BaseException, watch: "_Watch") -> str:
    if watch.over():
        return f"it took longer than {watch.seconds:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "no secure connection could be made"
    if isinstance(error, socket.gaierror):
        return "its host name was not found"
    if isinstance(error, OSError):
        return f"the connection failed ({error.strerror or error})"
    return "the server's answer cannot be read"


# --- the connection --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Watch:
    """One deadline for everything."""

    ends: float  # of the monotonic clock
    seconds: float

    def left(self) -> float:
        return self.ends - time.monotonic()

    def over(self) -> bool:
        return self.left() <= 0

    def remaining(self) -> float:
        """Seconds that are left.  Raises TimeoutError when there are none."""
        if self.over():
            raise TimeoutError("the time is over")
        return self.left()

    @contextmanager
    def over_socket(self, link: socket.socket) -> Iterator[None]:
        """Shuts the socket when the time is over, whatever is being waited for."""
        timer = threading.Timer(max(0.0, self.left()), _shut, (link,))
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
def _connected(
    place: _Place,
    watch: _Watch,
    resolve: Callable[[str, int], Sequence[str]],
    allowed: Callable[[Address], bool],
    authority: Path | None,
) -> Iterator[http.client.HTTPConnection]:
    address = _address(place, watch, resolve, allowed)
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    with socket.create_connection((address, place.port), timeout=watch.remaining()) as plain:
        # The handshake comes later, so that the watch already holds the socket it is made on.
        link = context.wrap_socket(plain, server_hostname=place.host, do_handshake_on_connect=False)
        with link, watch.over_socket(link):
            link.settimeout(watch.remaining())
            link.do_handshake()
            connection = http.client.HTTPConnection(place.host, place.port)
            connection.auto_open = 0  # it would connect again, and to a name
            connection.sock = link
            yield connection


def _address(
    place: _Place,
    watch: _Watch,
    resolve: Callable[[str, int], Sequence[str]],
    allowed: Callable[[Address], bool],
) -> str:
    """The one address to connect to; refused as soon as one of the answers is not of the open internet."""
    found = _resolved(place, watch, resolve)
    for text in found:
        if not allowed(ipaddress.ip_address(text.partition("%")[0])):
            _refuse(place.url, f"{place.host} is an address of a private network ({text})")
    if not found:
        raise socket.gaierror("no address")
    return found[0]


def _resolved(place: _Place, watch: _Watch, resolve: Callable[[str, int], Sequence[str]]) -> Sequence[str]:
    """The resolver cannot be told a time limit: it works in a thread that is left behind when the time is over."""
    answers: list[Sequence[str] | OSError] = []

    def ask() -> None:
        try:
            answers.append(resolve(place.host, place.port))
        except OSError as error:
            answers.append(error)

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(watch.remaining())
    if not answers:
        raise TimeoutError("the name was not resolved in time")
    if isinstance(answers[0], OSError):
        raise answers[0]
    return answers[0]


# --- question and answer ---------------------------------------------------------------------------------------


def _asked(connection: http.client.HTTPConnection, place: _Place) -> http.client.HTTPResponse:
    connection.request(
        "GET",
        place.path,
        headers={"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "close"},
    )
    return connection.getresponse()


def _taken(answer: http.client.HTTPResponse, place: _Place, limits: Limits, kinds: Sequence[str]) -> Fetched:
    if answer.status != 200:
        _refuse(place.url, f"the server answered {answer.status} {answer.reason}".rstrip())
    media_type = answer.headers.get_content_type() if answer.getheader("Content-Type") else ""
    if kinds and media_type not in kinds:
        _refuse(place.url, f"it is {media_type or 'of no named kind'}, not {', '.join(kinds)}")
    length = answer.getheader("Content-Length", "")
    if length.isdigit() and int(length) > limits.size:
        _refuse(place.url, _too_large(limits))
    body = b"".join(_pieces(answer, place, limits))
    if answer.length:  # fewer bytes than were announced
        _refuse(place.url, "the connection ended in the middle")
    return Fetched(
        body=body, media_type=media_type, charset=answer.headers.get_content_charset("") or "", url=place.url
    )


def _pieces(answer: http.client.HTTPResponse, place: _Place, limits: Limits) -> Iterator[bytes]:
    encoding = answer.getheader("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        _refuse(place.url, f"it is packed as {encoding}")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding not in ("", "identity") else None
    read = made = 0
    while piece := answer.read1(_PIECE):
        read += len(piece)
        if unpack:
            piece = unpack.decompress(piece, limits.size - made + 1)  # a bomb is unpacked no further than the limit
        made += len(piece)
        if max(read, made) > limits.size:
            _refuse(place.url, _too_large(limits))
        yield piece
    if unpack and not unpack.eof:
        _refuse(place.url, "the connection ended in the middle")


def _too_large(limits: Limits) -> str:
    return f"it is larger than {limits.size / 1024 / 1024:g} MB"
