"""An HTML file becomes an article: what the page says about itself, then its text as blocks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.head import with_values
from newsletter_cli.articles.model import (
    Article,
    Block,
    Calendar,
    Heading,
    LeftOut,
    Paragraph,
    Related,
    Strong,
    plain_text,
)
from newsletter_cli.articles.page_body import Body, Told, words_of_block
from newsletter_cli.articles.page_text import UNDATED
from newsletter_cli.articles.readers.front_matter import FrontMatter, Value
from newsletter_cli.articles.readers.html import parse_html
from newsletter_cli.articles.readers.page_facts import PageFacts, read_facts
from newsletter_cli.articles.tongue import language_of
from newsletter_cli.articles.urls import WEB, check_url
from newsletter_cli.language import direction_of, fold, read_date


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """What an HTML file gave."""

    article: Article  # without slug; title and blocks may be empty
    dropped: tuple[str, ...]  # navigation, footers and other furniture, in short


def read_html(
    text: str,
    *,
    language: str = "ar",
    newsroom: str = "",
    name: str = "the file",
    url: str = "",
    zone: tzinfo = UTC,
    page: bool = True,
) -> HtmlPage:
    """An article from a page of HTML. Nothing is fetched, no script, style or event of it survives.

    language: the newsroom's, for a page that names none and whose letters do not tell.  newsroom: its name, left out
    where the page repeats it.  url: where the page was fetched, for relative links; what the page says itself is
    stronger.  zone: of the newsroom, for times that are given in UTC.  page: False for a document or an entry of a
    feed, in which everything belongs to the article.
    Raises RefusedError UNREADABLE when there is no HTML in it.
    """
    facts = read_facts(text, name, page=page)
    parts = facts.parts
    address = check_url(facts.url, base=url, schemes=WEB).url or check_url(url, schemes=WEB).url
    found = _language(facts, language)
    direction = facts.direction if facts.direction in ("rtl", "ltr") else direction_of(found)
    direction = direction if direction_of(found) == direction_of(facts.language or found) else direction_of(found)
    reader = _Pieces(address, found, direction)
    opening, body = reader.blocks(parts.opening), reader.blocks(parts.body)
    # What is left out of the page's furniture is nobody's loss, and not worth a warning.
    furniture = _Pieces(address, found, direction)
    before, closing = furniture.blocks(parts.before), furniture.blocks(parts.closing)
    title = _title(facts, body, newsroom)
    title = _bold_line(body) or title if len(title.split()) < _HEADLINE_WORDS else title
    empty = Article(slug="", title="", language=found, direction=direction)
    article = with_values(empty, FrontMatter(_head(facts, title, address, found), "", {}), name)
    article = replace(article, related=_related(parts.related, address))
    article = _with_published(article, facts.published, zone)
    reading = Body(body, article, [], fold(newsroom))
    reading.read(before, opening, closing, Told(facts.description, facts.site, parts.author))
    if reading.article.date is None and parts.time:
        reading.article = _with_published(reading.article, parts.time, zone)
    for words in parts.spare:
        reading.takes_loose_date(words)
    if parts.source and not reading.article.sources:
        reading.article = replace(reading.article, sources=(parts.source,))
    warnings = [*reading.article.warnings, *reader.warnings]
    if reading.article.date is None:
        warnings.append(UNDATED[0])
    if facts.missing and parts.whole:
        warnings.append(WITHOUT_EXTRA)
    left_out = (*reading.article.left_out, *reader.left_out)
    done = replace(reading.article, direction=direction, warnings=tuple(warnings), left_out=left_out)
    dropped = [shapes.first_words([words]) for words in (*parts.dropped, *reading.dropped)]
    return HtmlPage(done, tuple(dict.fromkeys(dropped)))


WITHOUT_EXTRA: Final = (
    "The page was read without trafilatura, which finds the text of web pages more surely: "
    'pip install "newsletter-cli[pages]".'
)


@dataclass(slots=True)
class _Pieces:
    """HTML to blocks, with the warnings of the text alone."""

    url: str
    language: str
    direction: str
    warnings: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def blocks(self, html: str) -> list[Block]:
        parsed = parse_html(html, base_url=self.url, language=self.language, direction=self.direction)
        self.warnings += parsed.warnings
        self.left_out += parsed.left_out
        return list(parsed.blocks)


def _language(facts: PageFacts, default: str) -> str:
    """What the page says it is in, unless its letters are of another script: many an Arabic page says en-US."""
    words = f"{facts.parts.title} {_TAG.sub(' ', facts.parts.body)}"
    read = language_of(words, default)
    said = facts.language if _LANGUAGE.fullmatch(facts.language) else ""
    return said if said and (direction_of(said) == direction_of(read)) else read


_TAG: Final = re.compile(r"<[^>]*>")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def _title(facts: PageFacts, blocks: Sequence[Block], newsroom: str) -> str:
    """The page's headline as it is shown; else what its head says, without the site's name."""
    shown = facts.parts.title
    if not shown:
        first = (plain_text(block.inlines) for block in blocks if isinstance(block, Heading) and block.level == 1)
        shown = next(first, "")
    said = facts.title or facts.tab_title
    if not said or (shown and _fits(shown, said)):
        return shown
    bare = _without_site(said, facts.site or newsroom, tab=not facts.title)
    if shown and shapes.key(shown) != shapes.key(facts.site) and len(shown.split()) >= _HEADLINE_WORDS:
        return shown
    return bare or shown


_HEADLINE_WORDS: Final = 4


def _bold_line(blocks: Sequence[Block]) -> str:
    """A bold line above the text: the headline of pages whose only heading is the name of the site."""
    first = blocks[0] if blocks else None
    if not isinstance(first, Paragraph) or not all(isinstance(part, Strong) for part in first.inlines):
        return ""
    words = words_of_block(first)
    is_headline = (
        len(words.split()) >= _HEADLINE_WORDS and len(words) <= shapes.LONG and not shapes.ends_sentence(words)
    )
    return words if is_headline and len(blocks) > 1 and read_date(words) is None else ""


def _fits(shown: str, said: str) -> bool:
    """Whether a heading says the same as the head, or the most of it."""
    mine, theirs = set(fold(shown).split()), set(fold(said).split())
    return shapes.is_title_with_site(said, shown) or len(mine & theirs) * 2 >= min(len(mine), len(theirs))


def _without_site(said: str, site: str, *, tab: bool) -> str:
    """A title without the name of the site before or after it."""
    pieces = [piece.strip() for piece in _TAB.split(said) if piece.strip()]
    if len(pieces) < 2:
        return said
    if site:
        for bare, name in ((said[: said.rfind(pieces[-1])], pieces[-1]), (said[len(pieces[0]) :], pieces[0])):
            if shapes.key(name) == shapes.key(site):
                return bare.strip(" |–—-:·»«") or said
    return max(pieces, key=len) if tab else said


_TAB: Final = re.compile(r"\s+[|–—:·»-]\s+|\s*\|\s*")


def _related(found: Sequence[Related], base: str) -> tuple[Related, ...]:
    return tuple(Related(one.title, check_url(one.url, base=base, schemes=WEB).url) for one in found)


def _head(facts: PageFacts, title: str, url: str, language: str) -> dict[str, Value]:
    values = {
        "title": title,
        "summary": facts.description if fold(facts.description) != fold(title) else "",
        "author": facts.author,
        "kicker": facts.section or facts.parts.kicker,
        "url": url,
        "language": language,
        "image": facts.image,
        "image_alt": (facts.image_alt or "") if facts.image else "",
    }
    return {key: value for key, value in values.items() if value}


def _with_published(article: Article, said: str, zone: tzinfo) -> Article:
    """The day of a machine's time; one given in UTC is the newsroom's day."""
    if not said:
        return article
    try:
        moment = datetime.fromisoformat(said.strip())
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is not None and not moment.utcoffset():
        said = moment.astimezone(zone).date().isoformat()
    read = read_date(said, article.language)
    if read is None or read.date is None:
        return article
    return replace(article, date=read.date, calendar=Calendar(read.calendar), date_text=read.text)
