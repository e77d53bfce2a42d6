"""C105–C109, C111–C113: what was left in a text, lost from it, or is there a second time."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Final

from newsletter_cli.articles.model import Heading, Paragraph, plain_text
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit, Level
from newsletter_cli.digest.check.texts import (
    Passage,
    all_passages,
    article_passages,
    file_of,
    line_of,
)
from newsletter_cli.digest.model import Issue, Size
from newsletter_cli.digest.slots import without_pieces
from newsletter_cli.language import base_language, read_date
from newsletter_cli.mail.document import Document, Static

_PLACEHOLDER: Final = re.compile(r"lorem ipsum|\bTODO\b|\bXXX+\b|نص تجريبي|العنوان هنا", re.IGNORECASE)
_MARK: Final = re.compile(
    r"\{\{.{0,80}?\}\}|\{%.{0,80}?%\}|\[\[.{0,80}?\]\]|\[%.{0,80}?%\]|%%\w{1,40}%%|\*\|\w{1,40}\|\*|%7B%7B", re.DOTALL
)
_HALF_MARK: Final = re.compile(r"\[\[|\]\]|\[%|%\]|\{\{|\}\}")
_EXAMPLE_HOST: Final = re.compile(r"(?<![\w-])(?:[\w-]+\.)*example\.(?:com|org|net)(?![\w-])", re.IGNORECASE)
# UTF-8 read as windows-1256 («ط§ظ„») or as windows-1252 («Ø§Ù„»): a letter of the first byte, a sign of the second.
_GARBLED: Final = re.compile(
    "[طظ][\u0080-\u00bf\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122\u0152\u0153\u0679\u067e\u0686\u0688\u0691\u0698\u06a9\u06af\u06ba\u06be\u06c1\u06d2]"
    "|[ØÙÃÂ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_GARBLED_SHARE: Final = 0.03
_FAR: Final = 1  # day: a page's own date may be the day after


def texts(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Placeholders, lost letters, garbled text, names of example sites."""
    for passage in all_passages(issue):
        if _PLACEHOLDER.search(passage.text):
            yield _at("C105", passage)
        if "\ufffd" in passage.text:
            yield _at("C109", passage)
        found = _EXAMPLE_HOST.search(" ".join((passage.text, *passage.urls)))
        if found:
            yield _at("C113", passage, what=found[0])
        pairs = len(_GARBLED.findall(passage.text))
        if pairs > 1 and 2 * pairs / len(passage.text) > _GARBLED_SHARE:
            yield _at("C108", passage)
    yield from _empty_headings(issue)


def leftovers(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Template marks: in an article they print as they are and may be meant, anywhere else they are a slip."""
    meant = ""
    for entry in issue.entries:
        for passage in article_passages(entry, issue):
            meant += f"{passage.text}\n"
            if mark := _MARK.search(passage.text):
                yield _at("C111", passage, level=Level.WARNING, mark=mark[0])
    seen: set[str] = set()
    for passage in all_passages(issue):
        if passage.of_article:
            continue
        rest = without_pieces(passage.text)
        mark = _MARK.search(rest) or _HALF_MARK.search(rest)
        if mark:
            seen.add(mark[0])
            yield _at("C111", passage, mark=mark[0])
    for what, document in (("html", issue.html), ("txt", issue.text)):
        for mark in _MARK.finditer(_statics(document)):
            if unescape(mark[0]) not in meant and mark[0] not in seen:
                file = f"templates/{issue.file.template}.{what}.j2"
                yield Hit(code="C111", file=file, values={"mark": mark[0][:60]})


def articles_again(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Articles that were in one of the last issues of the list."""
    for slug in issue.slugs:
        for digest, slugs in circumstances.recent:
            if slug in slugs:
                line = issue.file.line(f"article:{slug}")
                yield Hit(code="C106", file=issue.file.shown, line=line, values={"slug": slug, "digest": digest})
                break


def dates(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """A date line that was left in the text and says another day than the article."""
    for entry in issue.entries:
        article = entry.article
        if article.date is None or entry.size is not Size.FULL:
            continue
        for index, block in enumerate(article.blocks):
            words = plain_text(block.inlines).strip() if isinstance(block, Paragraph) else ""
            read = read_date(words, article.language) if words and len(words) <= 130 else None
            if read is not None and read.date is not None and abs((read.date - article.date).days) > _FAR:
                values = {"a": read.date.isoformat(), "b": article.date.isoformat()}
                yield Hit(
                    code="C107", file=file_of(article, issue), line=line_of(article, f"block:{index}"), values=values
                )


def quotes(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Quotation marks without a partner, counted over a whole article; told at the first paragraph that is uneven."""
    for entry in issue.entries:
        hebrew = base_language(entry.article.language) in {"he", "yi"}
        passages = list(article_passages(entry, issue))
        for opening, closing in (('"', '"'), ("«", "»"), ("“", "”")):
            if opening == '"' and hebrew:  # gershayim stand inside words
                continue
            uneven = [one for one in passages if _uneven(one.text, opening, closing)]
            if uneven and _uneven("".join(one.text for one in passages), opening, closing):
                yield _at("C112", uneven[0])
    for passage in all_passages(issue):
        if not passage.of_article and any(_uneven(passage.text, a, b) for a, b in (("«", "»"), ("“", "”"))):
            yield _at("C112", passage)


def _uneven(text: str, opening: str, closing: str) -> bool:
    signs = Counter(text)
    return signs[opening] % 2 == 1 if opening == closing else signs[opening] != signs[closing]


def _empty_headings(issue: Issue) -> Iterator[Hit]:
    for entry in issue.entries:
        for index, block in enumerate(entry.article.blocks if entry.size is Size.FULL else ()):
            if isinstance(block, Heading) and not plain_text(block.inlines).strip():
                line = line_of(entry.article, f"block:{index}")
                values = {"what": "a heading without words"}
                yield Hit(code="C113", file=file_of(entry.article, issue), line=line, values=values)


def _at(code: str, passage: Passage, *, level: Level | None = None, **values: object) -> Hit:
    return Hit(code=code, file=passage.file, line=passage.line, values=values, level=level)


def _statics(document: Document) -> str:
    return "\n".join(piece.text for piece in document.pieces if isinstance(piece, Static))
