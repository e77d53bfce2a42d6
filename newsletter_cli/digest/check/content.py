"""C105–C109, C111–C113: what was left in a text, lost from it, or is there a second time."""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Final

from newsletter_cli.articles.model import Emphasis, Heading, Inline, Link, Paragraph, Span, Strong, plain_text
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit, Level
from newsletter_cli.digest.check.prose import prose_lines
from newsletter_cli.digest.check.sources import Kind
from newsletter_cli.digest.check.texts import (
    Passage,
    all_passages,
    article_passages,
    code_of,
    file_of,
    line_of,
    own_passages,
)
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.mapped import map_inlines
from newsletter_cli.digest.model import Entry, Issue, Size
from newsletter_cli.digest.slots import without_pieces
from newsletter_cli.language import base_language, read_date
from newsletter_cli.mail.document import Document, Static

# TODO and XXX in capitals only: "todo" is a word of Spanish and Portuguese.
_PLACEHOLDER: Final = re.compile(r"(?i:lorem ipsum)|\bTODO\b|\bXXX+\b|نص تجريبي|العنوان هنا")
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
_LONELY_HEADING: Final = re.compile(r" {0,3}#{1,6}(?:[ \t]+#*)?[ \t]*")
MARKDOWN: Final = frozenset({".md", ".markdown"})
_FAR: Final = 1  # day: a page's own date may be the day after


def texts(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Placeholders, lost letters, garbled text, names of example sites."""
    for passage in all_passages(issue):
        if _PLACEHOLDER.search(passage.text):
            yield _at("C105", passage)
        if "\ufffd" in passage.text:
            yield _at("C109", passage)
        found = _EXAMPLE_HOST.search(" ".join((passage.text, *passage.urls)))
        if found:
            yield _at("C113", passage, what=found[0])
        if is_garbled(passage.text):
            yield _at("C108", passage)
    yield from _empty_headings(issue, circumstances)


def is_garbled(text: str) -> bool:
    """Whether a text was read in another encoding than it was written in."""
    pairs = len(_GARBLED.findall(text))
    return pairs > 1 and 2 * pairs / len(text) > _GARBLED_SHARE


def leftovers(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Template marks: in an article they print as they are and may be meant, anywhere else they are a slip."""
    meant = ""
    for entry in issue.entries:
        for passage in article_passages(entry, issue):
            words = " ".join((passage.text, *passage.urls))
            meant += f"{words}\n"
            if mark := _MARK.search(words):
                yield _at("C111", passage, level=Level.WARNING, mark=mark[0])
        yield from _slanted_marks(entry, issue)
        meant += "\n".join(code_of(entry.article.blocks))
    seen: set[str] = set()
    for passage in all_passages(issue):
        if passage.of_article:
            continue
        rest = without_pieces(passage.text)
        mark = _MARK.search(rest) or _HALF_MARK.search(rest)
        if mark:
            seen.add(mark[0])
            yield _at("C111", passage, mark=mark[0])
    yield from _marks_of_theme(issue, meant, seen)


def _marks_of_theme(issue: Issue, meant: str, seen: set[str]) -> Iterator[Hit]:
    """Marks of the drawn page that nobody wrote into a text."""
    for what, document in (("html", issue.html), ("txt", issue.text)):
        for mark in _MARK.finditer(_statics(document)):
            if _as_written(mark[0]) not in meant and mark[0] not in seen:
                file, line = f"templates/{issue.file.template}.{what}.j2", None
                if what == "html":
                    file, line = find_in_theme(issue, re.escape(mark[0]))
                yield Hit(code="C111", file=file, line=line, values={"mark": mark[0][:60]})


def _slanted_marks(entry: Entry, issue: Issue) -> Iterator[Hit]:
    """*|FNAME|* in an article: Markdown takes its stars for emphasis, and the bars are what readers would see."""
    for index, block in enumerate(entry.article.blocks if entry.size is Size.FULL else ()):
        found: list[str] = []

        def look(inlines: tuple[Inline, ...], found: list[str] = found) -> tuple[Inline, ...]:
            for inline in inlines:
                if isinstance(inline, Emphasis) and re.fullmatch(r"\|\w{1,40}\|", plain_text(inline.children)):
                    found.append(f"*{plain_text(inline.children)}*")
                elif isinstance(inline, Emphasis | Link | Strong | Span):
                    look(inline.children)
            return inlines

        map_inlines(block, look)
        for mark in found:
            file, line = file_of(entry.article, issue), line_of(entry.article, f"block:{index}")
            yield Hit(code="C111", file=file, line=line, values={"mark": mark}, level=Level.WARNING)


def _as_written(printed: str) -> str:
    """A stretch of a page without the tags and marks that isolating put into it."""
    return re.sub(r"<[^<>]*>|[\u200e\u200f]", "", unescape(printed))


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
            read = read_date(words, article.language) if len(words) <= 130 and re.search(r"\d", words) else None
            if read is not None and read.date is not None and abs((read.date - article.date).days) > _FAR:
                values = {"a": read.date.isoformat(), "b": article.date.isoformat()}
                yield Hit(
                    code="C107", file=file_of(article, issue), line=line_of(article, f"block:{index}"), values=values
                )


def quotes(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Quotation marks without a partner, counted over a whole article; told at the first paragraph that is uneven."""
    for entry in issue.entries:
        # Garbled letters hold half of such pairs: C108 says what is wrong there.
        passages = [one for one in article_passages(entry, issue) if not is_garbled(one.text)]
        yield from _lonely(passages, entry.article.language)
    file = issue.file
    for key in ("subject", "preheader"):
        yield from _lonely([one for one in own_passages(issue) if one.line == file.line(key)], issue.language)
    yield from _lonely([one for one in own_passages(issue) if (one.line or 0) >= file.line("intro")], issue.language)


def _lonely(passages: list[Passage], language: str) -> Iterator[Hit]:
    gershayim = base_language(language) in {"he", "yi"}  # they stand inside words
    for opening, closing in _QUOTES[gershayim:]:
        uneven = [one for one in passages if _open(one.text, opening, closing)]
        if uneven and _open_over_all(passages, opening, closing):
            yield _at("C112", uneven[0])


# Straight ones first. German and old Hebrew quotations begin low: „ “ and „ ”.
_QUOTES: Final = (('"', '"'), ("«", "»"), ("“„", "”"))


def _open_over_all(passages: list[Passage], opening: str, closing: str) -> bool:
    depth = 0
    for passage in passages:
        text = passage.text.lstrip()
        # A quotation that goes on in the next paragraph is opened there again, and closed once.
        if depth > 0 and text[:1] in opening and text[:1]:
            text = text[1:]
        depth += _open(text, opening, closing)
        if opening == closing:
            depth %= 2
    return depth != 0


def _open(text: str, opening: str, closing: str) -> int:
    """How many quotations a text opens more than it closes; of straight ones 1 when their number is odd."""
    signs = Counter(text)
    if opening == closing:
        # 6.1" is a length: without such a sign the number may come out even.
        lengths = len(re.findall(r"\d\"", text))
        return 0 if signs[opening] % 2 == 0 or (lengths and not (signs[opening] - lengths) % 2) else 1
    if signs["„"] and opening == "“„":
        return signs["„"] - signs["“"] - signs["”"]
    return sum(signs[sign] for sign in opening) - signs[closing]


def _empty_headings(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    # Markdown gives no heading for a lonely "##": only its file still knows.
    whole = {file_of(entry.article, issue) for entry in issue.entries if entry.size is Size.FULL}
    for source in circumstances.sources.of(Kind.DIGEST, Kind.ARTICLE):
        if source.kind is Kind.DIGEST or (source.shown in whole and source.path.suffix.lower() in MARKDOWN):
            for prose in prose_lines(source):
                if not prose.in_head and _LONELY_HEADING.fullmatch(prose.text):
                    values = {"what": "a heading without words"}
                    yield Hit(code="C113", file=source.shown, line=prose.number, values=values)
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
