"""Fetching one thing from the web: only when a command was asked to, and never from a machine of this network.

    address judged → connected, see `connecting` → asked → redirects the same way

One deadline over all of it, redirects included. No cookies, no referrer, no proxy.
"""

import http.client
import socket
import ssl
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urljoin, urlsplit

from newsletter_cli.articles.connecting import OPEN, Net, PrivateAddressError, Watch, connected, redirect_target
from newsletter_cli.articles.urls import check_url
from newsletter_cli.errors import RefusedError

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PIECE: Final = 1 << 16
_AGENT: Final = "newsletter-cli (article import)"


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


def fetch(
    url: str,
    *,
    limits: Limits = Limits(),
    kinds: Sequence[str] = (),
    net: Net = OPEN,
) -> Fetched:
    """The body behind an https address.

    kinds: media types that are wanted, () = any; another one is refused before its body is read.  net: how names
    become addresses, and which of them may be connected to.
    Raises RefusedError UNREADABLE with a sentence: whatever the reason, nothing was written.
    """
    watch = Watch(limits.seconds)
    asked = url
    for _ in range(limits.redirects + 1):
        place = _judged(url, asked)
        try:
            with connected(place.host, place.port, watch, net, secure=True) as link, _asked(link, place) as answer:
                if answer.status not in _REDIRECTS:
                    found = _taken(answer, place, limits, kinds)
                    watch.remaining()  # an end that the watch has made is no end
                    return found
                url = urljoin(place.url, redirect_target(answer.getheader("Location", "")))
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
    if url.strip().lower().startswith("http:"):
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


def _reason(error: BaseException, watch: Watch) -> str:
    if watch.over():
        return f"it took longer than {watch.seconds:g} seconds"
    if isinstance(error, PrivateAddressError):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "no secure connection could be made"
    if isinstance(error, socket.gaierror):
        return "its host name was not found"
    if isinstance(error, OSError):
        return f"the connection failed ({error.strerror or error})"
    return "the server's answer cannot be read"


# --- question and answer ---------------------------------------------------------------------------------------


def _asked(link: socket.socket, place: _Place) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.auto_open = 0  # it would connect again, and to a name
    connection.sock = link
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
