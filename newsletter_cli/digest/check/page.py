"""R201, L305, I101, I107: what the page must have for every reader, and its pictures."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from newsletter_cli.articles.model import Figure, LeftOut, Picture
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit
from newsletter_cli.digest.check.formats import FORMATS, foreign
from newsletter_cli.digest.check.texts import file_of, line_of
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.model import Entry, Issue, Size
from newsletter_cli.mail.document import Document, Slot, Static

# Where a theme writes what R201 looks at.
_TAGS: Final = {
    "html": r"<html\b[^>]*>",
    "body": r"<body\b[^>]*>",
    "wrapper": r"<(?!table)[a-z]+\b[^>]*>",
    "table": r"<table\b[^>]*>",
}
_INNER: Final = frozenset({"wrapper", "table"})


def direction(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """html, body, wrapper and outer tables of a right-to-left page say so themselves: mail programs drop the others."""
    if issue.direction != "rtl":
        return
    reader = _Outline()
    reader.feed("".join(piece.text for piece in issue.html.pieces if isinstance(piece, Static)))
    reader.close()
    wrong = [what for what, missing in reader.missing() if missing]
    if wrong:
        file, line = find_in_theme(issue, _TAGS[wrong[0]], is_meant=_inside_body if wrong[0] in _INNER else _always)
        yield Hit(code="R201", file=file, line=line, values={"what": ", ".join(wrong)})


def unsubscribe_links(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """The way out, in both parts, for everybody: one inside [% if %] does not count."""
    for ending, document in (("html", issue.html), ("txt", issue.text)):
        if not _has_unsubscribe(document):
            fix = "put [[ unsubscribe ]] into the template"
            yield Hit(code="L305", file=f"templates/{issue.file.template}.{ending}.j2", fix=fix)


def pictures(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Pictures that nobody described, and pictures that cannot be shown."""
    lost = {(one.slug, one.key) for one in issue.lost_pictures}
    for entry in issue.entries:
        for key, picture in shown_pictures(entry):
            article = entry.article
            if picture.source and picture.alt is None and (article.slug, key) not in lost:
                fix = 'write image_alt: "…"' if key == "image" else "write ![what it shows](file)"
                yield Hit(code="I101", file=file_of(article, issue), line=line_of(article, key), fix=fix)
        for one in entry.article.left_out:
            if one.picture and (entry.size is Size.FULL or (one.key == "image" and entry.size is Size.CARD)):
                file, line = file_of(entry.article, issue), one.line or None
                yield Hit(code="I107", file=file, line=line, values={"why": _said(one)})
    by_slug = {entry.article.slug: entry.article for entry in issue.entries}
    for lost_one in issue.lost_pictures:
        if lost_one.slug:
            article = by_slug[lost_one.slug]
            file, line = file_of(article, issue), line_of(article, lost_one.key)
        elif lost_one.key == "logo":
            place = circumstances.sources.setting("newsroom.logo")
            file, line = place.file, place.line
        else:
            file, line = issue.file.shown, issue.file.line("intro")
        if lost_one.slug and lost_one.foreign in FORMATS.values():
            yield foreign(lost_one.foreign, file, line)
        else:
            yield Hit(code="I107", file=file, line=line, values={"why": lost_one.why})


def shown_pictures(entry: Entry) -> Iterator[tuple[str, Picture]]:
    """(key, picture) of what a digest shows of an article."""
    if entry.size is not Size.LINE and entry.article.image is not None:
        yield "image", entry.article.image
    if entry.size is Size.FULL:
        for index, block in enumerate(entry.article.blocks):
            if isinstance(block, Figure):
                yield f"block:{index}", block.picture


def _said(one: LeftOut) -> str:
    return f"{one.url[:40]}: {one.picture}"


def _has_unsubscribe(document: Document) -> bool:
    return any(isinstance(piece, Slot) and piece.expression == "unsubscribe" for piece in document.pieces)


def _inside_body(text: str, match: re.Match[str]) -> bool:
    """Whether a tag of a template stands after <body> and lacks what it needs."""
    body = text.lower().find("<body")
    complete = all(re.search(word, match[0]) for word in (r"\blang\s*=", r"\bdir\s*=", r"direction\s*:"))
    return 0 <= body < match.start() and not complete


def _always(_text: str, _match: re.Match[str]) -> bool:
    return True


class _Outline(HTMLParser):
    """html, body, the first element in it, and the tables that stand in no other table."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._found: dict[str, list[dict[str, str]]] = {"html": [], "body": [], "wrapper": [], "table": []}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in {"html", "body"}:
            self._found[tag].append(values)
        elif self._found["body"] and not self._found["wrapper"]:
            self._found["wrapper"].append(values)
        if tag == "table":
            if self._depth == 0:
                self._found["table"].append(values)
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._depth -= 1

    def missing(self) -> Iterator[tuple[str, bool]]:
        """(what, whether something is missing there)."""
        html = self._found["html"]  # its language is H303's
        yield "html", not html or any(values.get("dir") != "rtl" for values in html)
        for what in ("body", "wrapper", "table"):
            found = self._found[what]
            yield what, not found or not all(map(_complete, found))


def _complete(values: dict[str, str]) -> bool:
    inline = re.search(r"(?:^|;)\s*direction\s*:\s*rtl", values.get("style", "")) is not None
    return bool(values.get("lang")) and values.get("dir") == "rtl" and inline
