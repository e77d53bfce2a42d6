"""What a digest is made of, between its file and its rendering."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from newsletter_cli.articles.model import Article
from newsletter_cli.mail.content import InlinePicture, Mailbox, Manner
from newsletter_cli.mail.document import Document


class Size(StrEnum):
    """How much of an article a digest shows."""

    FULL = "full"
    CARD = "card"  # picture, kicker, title, up to 220 characters of summary, link
    LINE = "line"  # title, link


@dataclass(frozen=True, slots=True)
class Choice:
    """An article as the digest file names it."""

    slug: str
    size: Size | None = None  # None: by its place in the order
    line: int = 0  # of the digest file, from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFile:
    """digests/ID.md, the editor's file."""

    id: str
    path: Path
    shown: str  # the path as people see it: "digests/2026-w42.md"
    list: str
    date: datetime.date | None = None  # None: the newest article's
    subject: str = ""  # may hold [[ … ]]
    preheader: str = ""  # may hold [[ … ]]
    template: str = "digest"
    articles: tuple[Choice, ...] = ()
    where: str = ""
    ignore: frozenset[str] = frozenset()  # codes of checks
    intro: str = ""  # Markdown; may hold [[ … ]] and [% if … %]
    lines: Mapping[str, int] = field(default_factory=dict)  # key ("subject", "intro", "article:SLUG") → line

    def line(self, key: str) -> int:
        """Where a key stands; the first line when it does not."""
        return self.lines.get(key, 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """An article in its place."""

    number: int  # from 1
    article: Article
    size: Size


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture to publish at /a/{hash}."""

    hash: str  # SHA-256, hex
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LostPicture:
    """A picture that cannot be shown (I107)."""

    slug: str  # of its article; "" for the newsroom's logo
    key: str  # "image" or "block:3": its line is the article's
    why: str  # the end of a sentence
    foreign: str = ""  # SVG, WebP, HEIC …: it is sound, but of a kind that mail programs do not show (I105)


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture of an article as the page shows it."""

    slug: str  # of its article; "" for the newsroom's logo and pictures of the intro
    key: str  # "image", "block:3", "logo"
    source: str  # as the writer gave it
    src: str  # as it stands in the page


@dataclass(frozen=True, slots=True)
class ThemeText:
    """One file of the theme an issue was drawn with."""

    shown: str  # "templates/digest.html.j2"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A rendered digest: what is frozen, checked and shown."""

    root: Path  # the newsroom's folder: paths are shown from there
    file: DigestFile
    entries: tuple[Entry, ...]
    language: str
    direction: str  # "rtl" | "ltr"
    list_title: str
    list_id: str
    newsroom_id: str
    sender: Mailbox
    reply_to: Mailbox | None
    postal: str
    manner: Manner
    subject: Document
    preheader: Document
    html: Document
    text: Document
    pictures: tuple[StoredPicture, ...] = ()
    inline_pictures: tuple[InlinePicture, ...] = ()
    lost_pictures: tuple[LostPicture, ...] = ()
    placed_pictures: tuple[PlacedPicture, ...] = ()
    theme: tuple[ThemeText, ...] = ()  # the page's template first, then what it takes in, then its CSS
    website: str = ""  # newsroom.website

    @property
    def slugs(self) -> tuple[str, ...]:
        """Articles in order."""
        return tuple(entry.article.slug for entry in self.entries)
