"""Which links may reach a reader: the second wall, behind nh3 and behind Markdown.

Absolute https, http, mailto and tel only; no user-info, no IP address, no private or local name. What passes is
written in one form: host as A-labels, path percent-encoded, a mailto with its subject only.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urljoin, urlsplit

from newsletter_cli.articles.model import Link, plain_text
from newsletter_cli.language import isolate_runs

WEB: Final = ("https", "http")
ALL: Final = ("https", "http", "mailto", "tel")

# Names that mean another machine to every reader, or none (RFC 6761, RFC 8375, ICANN's name collisions).
_PRIVATE_ENDINGS: Final = (
    *("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "onion", "invalid"),
    *("localdomain", "in-addr.arpa", "ip6.arpa"),
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*")
_JOINERS: Final = "\u200c\u200d"  # ZWNJ is spelling in Persian domains (RFC 5892 A.1)
_TEL: Final = re.compile(r"\+?[0-9(). -]{2,30}")
_PATH_SAFE: Final = "/:@!$&'()*+,;=-._~%"
_LONGEST: Final = 2000  # characters; what mail programs open


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """A URL that may be used, or why not."""

    url: str  # "" when it may not be used
    problem: str = ""  # half a sentence for "link … is left out: …"
    removed: tuple[str, ...] = ()  # parameters of a mailto that are not in `url` any more


def check_url(url: str, *, base: str = "", schemes: tuple[str, ...] = ALL) -> CheckedUrl:
    """The URL as it may stand in a message, or "" and the reason. Nothing is fetched.

    base: the article's own address, against which `//host` and relative ones are resolved; "" = they are left out.
    schemes: WEB or ALL.  Checking twice is checking once.
    """
    text = re.sub(r"[\x00-\x20\x7f\u200e\u200f]+", "", url) if "\n" in url or "\t" in url else url.strip()
    if not text:
        return CheckedUrl("", "it is empty")
    try:
        if not urlsplit(text).scheme:
            text = urljoin(base, text) if base else text
        parts = urlsplit(text)
    except ValueError:
        return CheckedUrl("", "it cannot be read")
    if not parts.scheme:
        return CheckedUrl("", "it is relative, and the article's own address is not known")
    if parts.scheme not in schemes:
        return CheckedUrl("", f"{parts.scheme}: is not one of {', '.join(schemes)}")
    found = {"mailto": _mailto, "tel": _tel}.get(parts.scheme, _web)(parts)
    if len(found.url) > _LONGEST:
        return CheckedUrl("", f"it is longer than {_LONGEST} characters")
    return found


def a_label(host: str) -> str:
    """A host name in ASCII (RFC 5890 A-labels, lower case), or "" when it is no host name."""
    labels = unicodedata.normalize("NFC", host.lower().replace("。", ".")).rstrip(".").split(".")
    made = [_ascii_label(label) for label in labels]
    return ".".join(made) if all(made) and len(".".join(made)) <= 253 else ""


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label if _LABEL.fullmatch(label) else ""
    if not all(sign.isalnum() or unicodedata.combining(sign) or sign in "-" + _JOINERS for sign in label):
        return ""
    ascii_label = "xn--" + label.encode("punycode").decode("ascii")
    return ascii_label if _LABEL.fullmatch(ascii_label) else ""


def _web(parts: SplitResult) -> CheckedUrl:
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return CheckedUrl("", "its port is no number")
    if "@" in parts.netloc:
        return CheckedUrl("", "it holds a user name")
    problem = _host_problem(host)
    if problem:
        return CheckedUrl("", problem)
    netloc = a_label(host) + (f":{port}" if port is not None else "")
    path = _encoded(parts.path, _PATH_SAFE)
    query = "?" + _encoded(parts.query, _PATH_SAFE + "?") if parts.query else ""
    fragment = "#" + _encoded(parts.fragment, _PATH_SAFE + "?") if parts.fragment else ""
    return CheckedUrl(f"{parts.scheme}://{netloc}{path}{query}{fragment}")


def _host_problem(host: str) -> str:
    name = a_label(host)
    if not host or not name:
        return "its host name cannot be used"
    if ":" in host or _NUMBER.fullmatch(name):
        return "its host is an IP address"
    if "." not in name or any(name == end or name.endswith("." + end) for end in _PRIVATE_ENDINGS):
        return f"{host} is a name of a private network"
    return ""


def _encoded(text: str, safe: str) -> str:
    """Percent-encoded, without touching what is encoded already; a % that encodes nothing is encoded itself."""
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe=safe)


def _mailto(parts: SplitResult) -> CheckedUrl:
    address = unquote(parts.path).strip()
    local, at, domain = address.rpartition("@")
    if not at or not local or re.search(r"[\s,;<>\"\\]", address) or not a_label(domain):
        return CheckedUrl("", "its address cannot be used")
    given = parse_qsl(parts.query, keep_blank_values=True)
    subject = next((value for name, value in given if name.lower() == "subject"), "")
    removed = tuple(dict.fromkeys(name for name, _ in given if name.lower() != "subject"))
    ending = "?subject=" + quote(re.sub(r"[\x00-\x1f\x7f]+", " ", subject), safe="") if subject else ""
    return CheckedUrl(f"mailto:{quote(local, safe=_LOCAL_SAFE)}@{a_label(domain)}{ending}", removed=removed)


_LOCAL_SAFE: Final = "!$&'*+-/=^_`{|}~."


def _tel(parts: SplitResult) -> CheckedUrl:
    number = unquote(parts.path)
    if not _TEL.fullmatch(number) or not any(map(str.isdigit, number)):
        return CheckedUrl("", "it is no telephone number")
    return CheckedUrl("tel:" + re.sub(r"[^0-9+]", "", number))


# A bare name counts as a host only with an ending that is no file's: Node.js and notes.py are words.
_BARE_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+(?:com|org|net|info|gov|edu|int|news|online|site)", re.IGNORECASE)


def disguised_host(link: Link) -> tuple[str, str] | None:
    """(host in the text, host of the target) when a link's words name another host than it leads to, else None."""
    target = urlsplit(link.url).hostname or ""
    words = plain_text(link.children).strip()
    islands = [run.text for run in isolate_runs(words, "rtl") if run.ltr]
    for text in [words, *islands] if _BARE_HOST.fullmatch(words) else islands:
        shown = _shown_host(text)
        if target and shown and _without_www(shown) != _without_www(target):
            return shown, target
    return None


def _shown_host(text: str) -> str:
    if "@" in text.split("/", 1)[0] or "." not in text:
        return ""
    try:
        return urlsplit(text if "://" in text else "//" + text).hostname or ""
    except ValueError:
        return ""


def _without_www(host: str) -> str:
    return a_label(host).removeprefix("www.")
