"""RSS and Atom feeds (feedparser's one door; an extra): one entry, one article."""

import calendar
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from newsletter_cli.errors import ConfigError, RefusedError

MEDIA_TYPES: Final = (
    *("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/xml", "text/xml"),
)
_ENTRIES: Final = 2000  # of one feed; real ones have 10 to 100
_ROOT: Final = re.compile(rb"<(?:[a-z]+:)?(rss|feed|rdf)[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. Texts are as the feed has them, HTML not yet safe; "" where it says nothing."""

    key: str  # what tells it from all others: its id, else its address, else its title
    title: str
    html: str  # its content, else its summary
    whole: bool  # it has content, not only a summary
    url: str
    published: datetime | None  # UTC
    published_text: str
    author: str
    image: str
    section: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's entries in its order."""

    title: str
    language: str
    entries: tuple[Entry, ...]


def is_feed(data: bytes) -> bool:
    """Whether bytes look like RSS or Atom."""
    head = data[:4096].replace(b"\0", b"")
    return b"<html" not in head.lower() and bool(_ROOT.search(head))


def read_feed(data: bytes, name: str, url: str = "") -> Feed:
    """The entries of a feed.  url: its own address, for relative links.  Nothing is fetched, no entity is expanded.

    Raises RefusedError UNREADABLE and ConfigError EXTRA.
    """
    try:
        import feedparser  # lazy: an extra
    except ImportError as error:
        raise ConfigError(
            "EXTRA",
            f"{name} is a feed, and feedparser is not installed.",
            facts=[("file", name)],
            fix='pip install "newsletter-cli[pages]"',
        ) from error
    if b"<!ENTITY" in data.replace(b"\0", b""):
        raise _refused(name, "its XML declares entities")
    headers = {"content-location": url} if url else {}
    try:
        # A stream, never a string: a string could be taken for an address or a file's name.
        parsed = feedparser.parse(io.BytesIO(data), response_headers=headers, sanitize_html=False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refused(name, "it is damaged") from error
    if not parsed.version and not parsed.entries:
        raise _refused(name, "it is no RSS or Atom feed")
    entries = tuple(_entry(entry) for entry in parsed.entries[:_ENTRIES])
    return Feed(_text(parsed.feed, "title"), _text(parsed.feed, "language"), entries)


def _refused(name: str, reason: str) -> RefusedError:
    return RefusedError(
        "UNREADABLE", f"{name} cannot be read as a feed: {reason}.", facts=[("file", name)], fix="check the address"
    )


def _entry(entry: Mapping[str, Any]) -> Entry:
    content = max((_text(part, "value") for part in entry.get("content", ())), key=len, default="")
    url = _text(entry, "link")
    url = url if "://" in url else ""  # an id that is no address stands here as well
    published = entry.get("published_parsed") or entry.get("updated_parsed")
    title = " ".join(_text(entry, "title").split())
    return Entry(
        key=_text(entry, "id") or url or title,
        title=title,
        html=content or _text(entry, "summary"),
        whole=bool(content),
        url=url,
        published=_moment(published),
        published_text=_text(entry, "published") or _text(entry, "updated"),
        author=_text(entry, "author"),
        image=_image(entry),
        section=next((_text(tag, "term") for tag in entry.get("tags", ())), ""),
    )


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key, "")
    return value.strip() if isinstance(value, str) else ""


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _image(entry: Mapping[str, Any]) -> str:
    """The picture of an entry: an enclosure, or one of Media RSS."""
    for link in (*entry.get("enclosures", ()), *entry.get("media_content", ())):
        kind = _text(link, "type") or _text(link, "medium")
        address = _text(link, "href") or _text(link, "url")
        if address and (kind.startswith("image") or re.search(r"\.(?:jpe?g|png|gif|webp)(?:\?|$)", address, re.I)):
            return address
    return next((_text(picture, "url") for picture in entry.get("media_thumbnail", ())), "")
