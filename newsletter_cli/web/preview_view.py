"""What the page's script gets: one JSON document for a look and a reader. Texts are data there, never markup."""

from collections.abc import Iterator, Mapping
from email.header import decode_header, make_header
from html.parser import HTMLParser
from itertools import islice
from typing import Any, Final

from newsletter_cli.mail.clusters import clusters
from newsletter_cli.mail.links import ascii_url
from newsletter_cli.web.preview_frame import links_of, marked_source, remote_pictures
from newsletter_cli.web.preview_model import CAST, Fault, Look, Sheet, Told
from newsletter_cli.web.preview_words import FIELDS

CUTS: Final = (35, 60)  # letters of a subject: a phone upright, a wide window
GMAIL: Final = 102 * 1024  # bytes of HTML that Gmail shows
MUST: Final = (
    "Date", "From", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe",
    "List-Unsubscribe-Post", "DKIM-Signature",
)  # fmt: skip


def fault_view(fault: Fault) -> dict[str, Any]:
    """A fault with its lines."""
    return {
        "fault": {
            "code": fault.code, "message": fault.message, "place": fault.place, "fix": fault.fix, "line": fault.line,
            "around": [list(one) for one in fault.around],
        }
    }  # fmt: skip


def look_view(look: Look, sheet: Sheet | Fault, web: str, public_url: str, language: str) -> dict[str, Any]:
    """Everything the page shows except the frames."""
    document = {"version": look.version[:8], "problems": _problems(look), "people": [*look.people], "cast": [*CAST],
                "facts": _facts(look)}  # fmt: skip
    if isinstance(sheet, Fault):
        return document | fault_view(sheet)
    base = ascii_url(public_url)
    return document | {
        "inbox": {
            "sender": look.content.sender.name or look.content.sender.address,
            "address": look.content.sender.address,
            "subject": sheet.subject,
            "cuts": [{"at": at, "text": cut(sheet.subject, at)} for at in CUTS],
            "preheader": sheet.preheader,
        },
        "text": sheet.text,
        "headers": list(_headers(sheet, look, language)),
        "source": [list(piece) for piece in marked_source(sheet.html, look.stylesheet)],
        "links": [
            {"url": url, "words": words, "own": url.startswith((f"{base}/u/", f"{base}/v/"))}
            for url, words in links_of(sheet.html)
        ],
        "remote": [*remote_pictures(sheet.html, base)],
        "bytes": {"html": len(sheet.html.encode()), "text": len(sheet.text.encode()), "message": len(sheet.message)},
        "card": _card(look, sheet, web, base),
    }


def told_view(told: Told) -> dict[str, Any]:
    """What became of a test."""
    return {"ok": told.ok, "live": told.live, "problem": told.problem, "version": told.version,
            "lines": [list(line) for line in told.lines]}  # fmt: skip


def cut(text: str, letters: int) -> str:
    """At most so many letters as people count them, the last one … when there were more."""
    found = list(islice(clusters(text), letters + 1))
    return text if len(found) <= letters else "".join(found[: letters - 1]) + "…"


def _problems(look: Look) -> list[dict[str, Any]]:
    return [
        {"code": one.code, "level": one.level, "text": one.text, "file": one.file, "line": one.line,
         "quote": one.quote, "fix": one.fix}
        for one in look.problems
    ]  # fmt: skip


def _facts(look: Look) -> dict[str, Any]:
    return {
        "direction": look.direction, "language": look.content.language, "list": look.content.list_title,
        "size": look.size, "warning": look.size_warning, "error": look.size_error, "gmail": GMAIL,
        "signed": look.signed, "live": look.live, "test_to": [*look.test_to], "can_test": look.can_test,
        "sent": look.sent, "readers": look.readers, "before": look.before, "tested": look.tested,
        "tested_this": look.tested_this, "score": look.score, "worst": look.worst, "can_open": look.can_open,
        "pictures": len(look.content.online_pictures) + len(look.content.pictures),
    }  # fmt: skip


def _headers(sheet: Sheet, look: Look, language: str) -> Iterator[dict[str, Any]]:
    words: Mapping[str, str] = FIELDS[language]
    seen = set()
    for name, value in sheet.fields:
        seen.add(name.lower())
        decoded = str(make_header(decode_header(value))) if "=?" in value else ""
        yield {"name": name, "value": value, "decoded": decoded, "about": words.get(name.lower(), ""), "missing": False}
    for name in MUST:
        # A relay that signs adds its signature after this.
        if name.lower() not in seen and not (name == "DKIM-Signature" and look.signed):
            yield {"name": name, "value": "", "decoded": "", "about": words[name.lower()], "missing": True}


def _card(look: Look, sheet: Sheet, web: str, base: str) -> dict[str, str]:
    found = _FirstPicture()
    found.feed(web)
    ours = found.source.removeprefix(f"{base}/a/") if found.source.startswith(f"{base}/a/") else ""
    return {"title": sheet.subject, "text": sheet.preheader, "picture": ours, "alt": found.alt,
            "site": base.partition("://")[2].partition("/")[0]}  # fmt: skip


class _FirstPicture(HTMLParser):
    """The first picture of a page that is wide enough for a card."""

    def __init__(self) -> None:
        super().__init__()
        self.source = ""
        self.alt = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "img" and not self.source and (said.get("width") or "0").isdigit() and int(said["width"] or 0) > 150:
            self.source, self.alt = said.get("src") or "", said.get("alt") or ""
