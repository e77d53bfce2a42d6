"""What one version says, the same for every reader: frozen in the database, compiled once per send."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from newsletter_cli.mail.document import Document


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A sender: display name as people read it, address in normal form (domain as A-labels)."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A picture that travels inside the message (`compose.images = "cid"`)."""

    content_id: str  # without brackets
    media_type: str  # "image/png", "image/jpeg", "image/gif"
    data: bytes


@dataclass(frozen=True, slots=True)
class Manner:
    """How numbers and dates of one reader are written: the newsroom's settings, as they were when it was frozen."""

    locale: str = ""  # such as ar-SY; month names and digits
    digits: str = "auto"
    months: str = "single"
    calendar: str = "gregory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The rendered message without its per-reader parts and without any clock."""

    digest: str  # digest id, such as 2026-w42
    list: str  # list slug
    where: str  # the digest's own filter, "" = everybody
    language: str  # BCP 47
    sender: Mailbox
    reply_to: Mailbox | None
    list_id: str  # label.namespace, without brackets: weekly.example.org
    list_title: str
    newsroom_id: str
    subject: Document
    html: Document
    text: Document
    pictures: tuple[InlinePicture, ...] = ()
    online_pictures: tuple[str, ...] = ()  # SHA-256 of pictures published at /a/{hash}
    manner: Manner = Manner()

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces; equal contents give equal strings on every machine."""
        data: dict[str, Any] = {
            "digest": self.digest,
            "list": self.list,
            "where": self.where,
            "language": self.language,
            "sender": [self.sender.name, self.sender.address],
            "reply_to": [self.reply_to.name, self.reply_to.address] if self.reply_to else None,
            "list_id": self.list_id,
            "list_title": self.list_title,
            "newsroom_id": self.newsroom_id,
            "subject": self.subject.to_json(),
            "html": self.html.to_json(),
            "text": self.text.to_json(),
            "pictures": [[p.content_id, p.media_type, base64.b64encode(p.data).decode()] for p in self.pictures],
            "online_pictures": list(self.online_pictures),
            "manner": [self.manner.locale, self.manner.digits, self.manner.months, self.manner.calendar],
        }
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Content":
        """The inverse of to_json."""
        data = json.loads(text)
        return cls(
            digest=data["digest"],
            list=data["list"],
            where=data["where"],
            language=data["language"],
            sender=Mailbox(*data["sender"]),
            reply_to=Mailbox(*data["reply_to"]) if data["reply_to"] else None,
            list_id=data["list_id"],
            list_title=data["list_title"],
            newsroom_id=data["newsroom_id"],
            subject=Document.from_json(data["subject"]),
            html=Document.from_json(data["html"]),
            text=Document.from_json(data["text"]),
            pictures=tuple(InlinePicture(c, m, base64.b64decode(d)) for c, m, d in data["pictures"]),
            online_pictures=tuple(data["online_pictures"]),
            manner=Manner(*data["manner"]),
        )

    def digest_hex(self) -> str:
        """SHA-256 over the canonical JSON, 64 hex digits; the first 8 are the version people see."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()
