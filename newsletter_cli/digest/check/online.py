"""L301, L302: do the links answer? Asked only by `newsletter check`, and never from a machine of this network.

    links → one group for each host → eight groups at a time, a host's own links one after the other
    connected, see `articles.connecting` → HEAD, then GET → redirects the same way

Each address is asked once, with one deadline over all of it. No cookies, no referrer, no proxy; what comes is not kept.
"""

import http.client
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from newsletter_cli.articles.connecting import OPEN, Net, PrivateAddressError, Watch, connected, redirect_target
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit, Level, Phrase
from newsletter_cli.digest.check.links import PlacedLink, all_links
from newsletter_cli.digest.model import Issue

AT_ONCE: Final = 8
REDIRECTS: Final = 5

_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({404, 410})
_AGENT: Final = "newsletter-cli (link check)"
_LOGIN: Final = re.compile(
    r"/(?:wp-login|log-?in|sign-?in|sso|auth(?:enticate)?|accounts?/login)(?:[/.?_-]|$)", re.IGNORECASE
)
# Second labels under which a country gives out names: news.com.sy and another.com.sy are two sites.
_SHARED: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org", "or", "gob", "mil", "sch"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking one address."""

    url: str  # where it ended
    status: int = 0  # 0: no answer
    problem: Phrase | None = None  # why there is none
    final: bool = False  # it will not be otherwise tomorrow: no such host, a false certificate
    unnamed: bool = False  # its name did not become an address


@dataclass(frozen=True, slots=True)
class Asked:
    """What the links of a digest answer."""

    hits: tuple[Hit, ...] = ()
    no_network: bool = False  # not one name could be looked up, not even those that are always there: nothing is known


# Names that are there whenever there is a network: without them, and without any link's, the fault is on our side.
_ALWAYS_THERE: Final = ("www.iana.org", "www.wikipedia.org")


def hits_of_links(
    issue: Issue,
    circumstances: Circumstances,
    *,
    patience: float,
    ignore: Sequence[str] = (),
    net: Net = OPEN,
) -> Asked:
    """A finding for each link that does not answer, or leads elsewhere; named at the first place it stands.

    patience: seconds for one link, redirects included.  ignore: hosts, beginnings of addresses, or patterns with *.
    net: how names become addresses, and which of them may be connected to.  Our own pages are not asked.
    """
    places: dict[str, PlacedLink] = {}
    for link in all_links(issue, circumstances):
        url = urldefrag(link.url).url
        if urlsplit(url).scheme in {"http", "https"} and not _is_ignored(url, ignore):
            places.setdefault(url, link)
    answers = ask_all(tuple(places), patience=patience, net=net)
    if answers and all(answer.unnamed for answer in answers.values()) and not _has_network(net):
        return Asked(no_network=True)
    hits = (_hit(url, answers[url], link) for url, link in places.items())
    return Asked(tuple(hit for hit in hits if hit is not None))


def _has_network(net: Net) -> bool:
    for name in _ALWAYS_THERE:
        try:
            return bool(net.resolve(name, 443))
        except (socket.gaierror, UnicodeError):
            continue
    return False


def ask_all(urls: Sequence[str], *, patience: float, net: Net = OPEN) -> Mapping[str, Answer]:
    """The answer of each address."""
    groups: dict[str, list[str]] = {}
    for url in urls:
        groups.setdefault(urlsplit(url).netloc, []).append(url)

    def one_host(group: list[str]) -> list[tuple[str, Answer]]:
        return [(url, ask(url, patience=patience, net=net)) for url in group]

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return {url: answer for answers in pool.map(one_host, groups.values()) for url, answer in answers}


def ask(url: str, *, patience: float, net: Net = OPEN) -> Answer:
    """What an address answers, redirects followed. Never raises for what the other side does."""
    here, watch = url, Watch(patience)
    for _ in range(REDIRECTS + 1):
        try:
            status, target = _asked(urlsplit(here), "HEAD", watch, net)
            if status >= 400:  # some servers know no HEAD, refuse it, or answer it wrongly
                status, target = _asked(urlsplit(here), "GET", watch, net)
        except _NoAnswerError as error:
            return Answer(here, problem=error.why, final=error.final, unnamed=error.unnamed)
        if status not in _MOVED or not target:
            return Answer(here, status)
        here = urldefrag(urljoin(here, redirect_target(target))).url
        if urlsplit(here).scheme not in {"http", "https"}:
            return Answer(here, problem=Phrase("a redirect to no web address", "تحويل إلى ما ليس عنوان ويب"))
    return Answer(here, problem=Phrase("too many redirects", "تحويلات كثيرة"))


class _NoAnswerError(Exception):
    def __init__(self, why: Phrase, *, final: bool = False, unnamed: bool = False) -> None:
        super().__init__(why.en)
        self.why = why
        self.final = final
        self.unnamed = unnamed


def _asked(parts: SplitResult, method: str, watch: Watch, net: Net) -> tuple[int, str]:
    """(status, Location) of one request."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    try:
        port = parts.port or (443 if secure else 80)
        with connected(host, port, watch, net, secure=secure) as link:
            connection = http.client.HTTPConnection(host, port)
            connection.sock = link
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in (("Host", parts.netloc.rpartition("@")[2]), ("User-Agent", _AGENT), ("Accept", "*/*")):
                connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.endheaders()
            response = connection.getresponse()
            watch.remaining()  # a head that the watch cut short reads like a whole one
            return response.status, response.getheader("Location", "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _no_answer(error, watch) from error


def _no_answer(error: BaseException, watch: Watch) -> _NoAnswerError:
    if watch.over() or isinstance(error, TimeoutError):
        return _NoAnswerError(Phrase("nothing in time", "لا شيء في الوقت المحدد"))
    if isinstance(error, PrivateAddressError):
        return _NoAnswerError(Phrase("an address of a private network", "عنوان شبكة خاصة"))
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or "not valid"
        return _NoAnswerError(Phrase(f"a certificate that is false ({why})", f"شهادة غير صحيحة ({why})"), final=True)
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return _NoAnswerError(Phrase("no answer about its name", "لا جواب عن الاسم"), unnamed=True)
        return _NoAnswerError(Phrase("no such host", "لا مضيف بهذا الاسم"), final=True, unnamed=True)
    return _NoAnswerError(Phrase("nothing that can be read", "ما لا يُقرأ"))


# --- what an answer means --------------------------------------------------------------------------------------


def _hit(url: str, answer: Answer, link: PlacedLink) -> Hit | None:
    if answer.problem is not None or answer.status >= 400:
        level = Level.ERROR if answer.final or answer.status in _GONE else Level.WARNING
        status = answer.problem or str(answer.status)
        return Hit(code="L301", file=link.file, line=link.line, level=level, values={"status": status, "link": url})
    before, after = urlsplit(url), urlsplit(answer.url)
    login = _LOGIN.search(after.path) and not _LOGIN.search(before.path)
    if login or site_of(before.hostname or "") != site_of(after.hostname or ""):
        return Hit(code="L302", file=link.file, line=link.line, values={"where": answer.url[:120], "link": url})
    return None


def site_of(host: str) -> str:
    """The part of a host that somebody registered: www.news.com.sy → news.com.sy."""
    labels = host.lower().rstrip(".").split(".")
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return host if host.replace(".", "").isdigit() else ".".join(labels[-3 if shared else -2 :])


def _is_ignored(url: str, ignore: Sequence[str]) -> bool:
    host = urlsplit(url).hostname or ""
    return any(
        url.startswith(one) or fnmatchcase(url, one) or fnmatchcase(host, one) or host.endswith(f".{one}")
        for one in ignore
        if one
    )
