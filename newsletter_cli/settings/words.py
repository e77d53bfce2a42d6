"""Texts with a form of their own: slugs, addresses, hosts, links, zones. Each check gives the reason against a text.

The checks are light on purpose: `mail/address.py` and `subscribers/` know the whole truth about addresses and filters.
Here a slip of the finger is to be seen before anything else is loaded.
"""

import re
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .kinds import SLUG, many, text

BLANKS: Final = re.compile(r"\s")


def bare_address(mailbox: str) -> str:
    """The address in `Name <address>`, or the text itself when it does not end in brackets."""
    found = re.fullmatch(r".*<([^<>]*)>\s*", mailbox, re.DOTALL)
    return found[1].strip() if found else mailbox.strip()


def _address_reason(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        return "An address looks like news@example.org."
    if "@" in local.strip('"') or BLANKS.search(address) or set(address) & set("<>,;:()"):
        return "An address is one word with one @."
    if domain.startswith((".", "-")) or domain.endswith((".", "-")) or ".." in domain:
        return f"The domain “{domain}” cannot be."
    return ""


def _mailbox_reason(mailbox: str) -> str:
    return _address_reason(bare_address(mailbox)) if mailbox else ""


def _zone_reason(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Asia", a folder of zones
        return f"There is no time zone “{name}”."
    return ""


def _slug_reason(slug: str) -> str:
    return "" if SLUG.fullmatch(slug) else "Small Latin letters, digits, dot, dash; at least one letter."


def _code_reason(code: str) -> str:
    return "" if re.fullmatch(r"[A-Z][0-9]{3}", code) else "A check is named like R208."


def _link_reason(link: str) -> str:
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        return "It is not a web address."
    if parts.scheme not in ("http", "https") or not parts.hostname or BLANKS.search(link):
        return "A web address begins with https:// and a host name."
    return ""


def _base_reason(link: str) -> str:
    if not link:
        return "Links need an address to begin with."
    if _link_reason(link):
        return _link_reason(link)
    return "Only scheme, host, port and path." if set(link) & set("?#") else ""


def _listen_reason(listen: str) -> str:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        return "Host and port, such as 127.0.0.1:8400."
    return "" if host and not BLANKS.search(host) else "Host and port, such as 127.0.0.1:8400."


def _host_reason(host: str) -> str:
    if BLANKS.search(host) or set(host) & set("/@"):
        return "A host name only, without scheme or user."
    return "The port is a setting of its own." if ":" in host and _ip_reason(host.strip("[]")) else ""


def _network_reason(network: str) -> str:
    try:
        ip_network(network, strict=False)
    except ValueError:
        return f"“{network}” is no IP address and no network."
    return ""


def _ip_reason(address: str) -> str:
    try:
        ip_address(address or "127.0.0.1")
    except ValueError:
        return f"“{address}” is no IP address."
    return ""


def _pattern_reason(pattern: str) -> str:
    return "" if "@" in pattern and not BLANKS.search(pattern) else "A pattern looks like *@example.org."


def _locale_reason(locale: str) -> str:
    known = re.fullmatch(r"[a-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Z]{2}|[0-9]{3}))?", locale)
    return "" if known else "It looks like ar-SY."


def _token_reason(address: str) -> str:
    if not address:
        return ""
    if address.count("{token}") != 1 or set(address.replace("{token}", "")) & set("{}"):
        return "It holds {token} once, before the @."
    return "" if "{token}" in address.partition("@")[0] else "It holds {token} once, before the @."


def _domain_reason(domain: str) -> str:
    if "." not in domain or BLANKS.search(domain) or "@" in domain:
        return f"“{domain}” is no domain."
    return ""


def _cron_reason(line: str) -> str:
    return "" if len(line.split()) == 5 else "A cron line has five fields: minute hour day month weekday."


def _named_reason(name: str) -> str:
    return "" if name.strip() else "It is empty."


ANY: Final = text()
FILLED: Final = text("a text that is not empty", _named_reason)
SLUG_TEXT: Final = text("small Latin letters, digits, dot, dash", _slug_reason)
MAILBOX: Final = text('an address, or "Name <news@example.org>"', _mailbox_reason)
ADDRESS: Final = text("an address such as editor@example.org", _address_reason)
ADDRESSES: Final = many(ADDRESS, 'a list of addresses such as ["editor@example.org"]')
FEW_ADDRESSES: Final = many(ADDRESS, 'a list of at most 10 addresses such as ["editor@example.org"]', most=10)
ZONE: Final = text('a time zone such as "Asia/Damascus"', _zone_reason)
CODE: Final = text("the code of a check, such as R208", _code_reason)
LINK: Final = text('a web address such as "https://example.org"', _link_reason)
_BASE: Final = text(LINK.allowed, _base_reason)
BASE_LINK: Final = replace(_BASE, read=lambda value: _BASE.read(value).rstrip("/"))  # paths are put behind it
LISTEN: Final = text('host and port such as "127.0.0.1:8400"', _listen_reason)
LISTEN_OR_NONE: Final = text(LISTEN.allowed + ', or ""', lambda listen: _listen_reason(listen) if listen else "")
HOST: Final = text('a host name such as "smtp.example.org"', _host_reason)
LOCAL_IP: Final = text("an IP address of this computer", _ip_reason)
NETWORKS: Final = many(text("an IP address or network", _network_reason), 'a list such as ["127.0.0.1", "10.0.0.0/8"]')
PATTERNS: Final = many(text("a pattern", _pattern_reason), 'a list of patterns such as ["*@example.org"]')
TOKEN_ADDRESS: Final = text('an address such as "b-{token}@bounce.example.org"', _token_reason)
DOMAIN: Final = text("a domain such as gmail.com", _domain_reason)
LOCALE: Final = text("a language and a country such as ar-SY", _locale_reason)
CRON: Final = text('a cron line such as "0 7 * * WED"', _cron_reason)
TEXTS: Final = many(FILLED, 'a list of texts such as ["one", "two"]')


def is_local_host(host: str) -> bool:
    """Whether a host is this computer or a single-label name of its own network: no TLS is asked of those."""
    bare = host.strip("[]")
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return "." not in bare and ":" not in bare
