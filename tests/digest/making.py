"""Makers of articles, digest files and issues that fill what a test does not care about."""

import datetime
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newsletter_cli.articles.model import Article, Paragraph, Text
from newsletter_cli.digest.model import Choice, DigestFile, Issue
from newsletter_cli.digest.render import render_issue
from newsletter_cli.language import direction_of
from newsletter_cli.mail.content import Manner
from newsletter_cli.mail.document import BlockPiece, Document, Slot, Static
from newsletter_cli.mail.pages import Page
from newsletter_cli.newsroom import Newsroom, templates_folder
from newsletter_cli.settings import Settings

MONDAY = datetime.date(2026, 10, 12)
READER = {
    "email": "reader1@example.org",
    "name": "ليلى",
    "unsubscribe": "https://news.example.org/u/token",
    "preferences": "https://news.example.org/p/token",
    "view": "https://news.example.org/v/token",
}


def paragraph(words: str) -> Paragraph:
    return Paragraph((Text(words),))


def png(width: int, height: int) -> bytes:
    """A real picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80\x70\x60" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def shown(document: Document) -> str:
    """A document as one text, its slots in brackets again."""
    parts = []
    for piece in document.pieces:
        match piece:
            case Static():
                parts.append(piece.text)
            case Slot():
                parts.append(f"[[{piece.expression}]]")
            case BlockPiece():
                parts.append(piece.source)
    return "".join(parts)


@dataclass(frozen=True)
class Room:
    """A newsroom and what its digests are made of."""

    newsroom: Newsroom
    settings: Settings

    @property
    def root(self) -> Path:
        return self.newsroom.root

    def set(self, **sections: dict[str, Any]) -> "Room":
        """The same newsroom with other settings: room.set(newsroom={"website": "https://a.org"})."""
        changed = {name: replace(getattr(self.settings, name), **values) for name, values in sections.items()}
        return replace(self, settings=replace(self.settings, **changed))

    def article(self, slug: str = "wheat", *words: str, **fields: Any) -> Article:
        """An Arabic article of these paragraphs."""
        language = fields.pop("language", "ar")
        made: dict[str, Any] = {
            "slug": slug,
            "title": f"عنوان المقال {slug}",
            "language": language,
            "direction": direction_of(language),
            "path": self.root / "articles" / f"{slug}.md",
            "date": MONDAY,
            "blocks": tuple(paragraph(text) for text in words or ("فقرة أولى من المقال.", "فقرة ثانية.")),
        }
        return Article(**(made | fields))

    def file(self, *slugs: str | Choice, **fields: Any) -> DigestFile:
        """A digest file with these articles."""
        made: dict[str, Any] = {
            "id": "2026-w42",
            "path": self.root / "digests" / "2026-w42.md",
            "shown": "digests/2026-w42.md",
            "list": "weekly",
            "date": MONDAY,
            "subject": "حصاد الأسبوع",
            "preheader": "ثلاث قصص من الحسكة ودرعا ورسم بياني واحد",
            "articles": tuple(slug if isinstance(slug, Choice) else Choice(slug) for slug in slugs),
        }
        return DigestFile(**(made | fields))

    def issue(self, *articles: Article, **fields: Any) -> Issue:
        """These articles as an issue, in this order."""
        choices = fields.pop("choices", tuple(article.slug for article in articles))
        return render_issue(self.file(*choices, **fields), articles, self.settings, self.newsroom)

    def picture(self, name: str, width: int = 1056, height: int = 600) -> str:
        """A picture beside the articles; its name."""
        (self.root / "articles" / name).write_bytes(png(width, height))
        return name

    def template(self, name: str, old: str, new: str) -> None:
        """The built-in template with one change, in the newsroom's own templates."""
        text = (templates_folder() / name).read_text(encoding="utf-8")
        assert old in text
        (self.root / "templates" / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def filled(document: Document, **values: str) -> str:
    """A document as a reader gets it."""
    return Page.of(document, "ar", Manner()).render(READER | values).replace("\r\n", "\n")
