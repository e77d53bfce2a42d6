"""L303–L310 but L305: links that readers cannot open, should not trust, or do not understand."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from newsletter_cli.articles.model import Block, Emphasis, Inline, LeftOut, Link, Span, Strong, Text, plain_text
from newsletter_cli.articles.readers.markdown import parse
from newsletter_cli.articles.urls import check_url, disguised_host
from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Edit, Hit, Phrase
from newsletter_cli.digest.check.texts import file_of, line_of
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.check.tree import SLOT, PageTree, read_page
from newsletter_cli.digest.intro import SLOT_BASE
from newsletter_cli.digest.mapped import map_inlines
from newsletter_cli.digest.model import Entry, Issue, Size
from newsletter_cli.digest.slots import without_pieces
from newsletter_cli.language import fold

_SHORTENERS: Final = frozenset(
    {
        "bit.ly", "t.co", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "v.gd", "buff.ly", "rb.gy", "cutt.ly", "t.ly",
        "shorturl.at", "tiny.cc", "rebrand.ly", "lnkd.in", "fb.me", "dlvr.it", "ift.tt", "trib.al", "bl.ink", "s.id",
        "clck.ru", "u.to", "adf.ly", "bit.do", "short.io", "qr.ae", "x.co", "2u.pw", "shorte.st", "bc.vc", "tr.im",
    }
)  # fmt: skip
_EMPTY_WORDS: Final = frozenset(
    fold(words)
    for words in (
        "هنا", "من هنا", "اضغط هنا", "انقر هنا", "اقرأ هنا", "اضغطوا هنا", "هذا الرابط", "الرابط", "رابط",
        "here", "click here", "read here", "this link", "link", "ici", "cliquez ici", "ce lien",
        "اینجا", "اینجا کلیک کنید", "این لینک", "כאן", "לחצו כאן", "לחץ כאן", "קישור", "یہاں", "یہاں کلک کریں",
    )
)  # fmt: skip
_SLOT_WORD: Final = "nlslot"


@dataclass(frozen=True, slots=True)
class PlacedLink:
    """A link and the line somebody would change."""

    url: str
    words: str
    file: str
    line: int | None
    left_out: LeftOut | None = None  # what became of it, when it is not as it was written


def written_links(issue: Issue) -> Iterator[PlacedLink]:
    """The links people wrote into the intro and the articles, as far as the digest shows them; left-out ones too."""
    yield from _of_intro(issue)
    for entry in issue.entries:
        yield from _of_article(entry, issue)


def links_of_page(page: PageTree, issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Links of people, then those of the theme and the settings."""
    written = tuple(written_links(issue))
    for link in written:
        yield from _judged(link, circumstances)
    known = {link.url for link in written}
    seen: set[str] = set()
    for link in _of_theme(page, issue, circumstances):
        if link.url not in known and link.url not in seen:
            seen.add(link.url)
            yield from _judged(link, circumstances)
    titles = {_letters(entry.article.title) for entry in issue.entries}
    if not any(
        one.attributes.get("href") == f"{SLOT}view" and _letters(one.words()) not in titles for one in page.all("a")
    ):
        file, line = find_in_theme(issue, r"\[\[\s*unsubscribe\s*\]\]")
        yield Hit(code="L309", file=file, line=line)


def all_links(issue: Issue, circumstances: Circumstances) -> tuple[PlacedLink, ...]:
    """The links a reader can follow that lead outside, each place of it; for asking whether they answer."""
    own = circumstances.public_url.rstrip("/")
    links = (*written_links(issue), *_of_theme(read_page(issue), issue, circumstances))
    return tuple(
        link
        for link in links
        if (link.left_out is None or link.left_out.removed)
        and check_url(link.url).url
        and not (own and f"{link.url}/".startswith(f"{own}/"))
    )


# --- where links stand -----------------------------------------------------------------------------------------


def _of_intro(issue: Issue) -> Iterator[PlacedLink]:
    file = issue.file
    text = without_pieces(file.intro, _SLOT_WORD)
    parsed = parse(text, base_url=SLOT_BASE, first_line=file.line("intro"))
    for block, line in zip(parsed.blocks, parsed.lines, strict=True):
        for link in _links_in(block):
            rest = link.url.removeprefix(SLOT_BASE)
            if not link.url.startswith(SLOT_BASE):
                yield PlacedLink(link.url, plain_text(link.children), file.shown, line)
            elif not rest.startswith(_SLOT_WORD):
                yield PlacedLink(rest, plain_text(link.children), file.shown, line, LeftOut(url=rest, line=line))
    for one in parsed.left_out:
        if not one.picture:
            yield PlacedLink(one.url, "", file.shown, one.line or None, one)


def _of_article(entry: Entry, issue: Issue) -> Iterator[PlacedLink]:
    article, shown = entry.article, file_of(entry.article, issue)
    whole = entry.size is Size.FULL
    if article.url:
        yield PlacedLink(article.url, article.title, shown, line_of(article, "url"))
    for related in article.related if whole else ():
        if related.url:
            yield PlacedLink(related.url, related.title, shown, line_of(article, "related"))
    for index, block in enumerate(article.blocks if whole else ()):
        for link in _links_in(block):
            yield PlacedLink(link.url, plain_text(link.children), shown, line_of(article, f"block:{index}"))
    for one in article.left_out:
        if not one.picture and (whole or one.key == "url"):
            yield PlacedLink(one.url, "", shown, one.line or None, one)


def _of_theme(page: PageTree, issue: Issue, circumstances: Circumstances) -> Iterator[PlacedLink]:
    """Links of the drawn page that lead to no page of the reader."""
    own = circumstances.public_url.rstrip("/")
    for one in page.all("a", "area"):
        url = one.attributes.get("href", "")
        if url.startswith(SLOT) or "href" not in one.attributes or (own and url.startswith(f"{own}/")):
            continue
        if issue.website and url == issue.website:
            place = circumstances.sources.setting("newsroom.website")
            yield PlacedLink(url, one.words(), place.file, place.line)
            continue
        file, line = find_in_theme(issue, rf"href\s*=\s*[\"']\s*{re.escape(url)}\s*[\"']")
        yield PlacedLink(url, one.words(), file, line)


def _links_in(block: Block) -> Iterator[Link]:
    found: list[Link] = []

    def look(inlines: tuple[Inline, ...]) -> tuple[Inline, ...]:
        for inline in inlines:
            if isinstance(inline, Link):
                found.append(inline)
            if isinstance(inline, Link | Strong | Emphasis | Span):
                look(inline.children)
        return inlines

    map_inlines(block, look)
    related = getattr(block, "related", None)
    if related is not None and related.url:
        found.append(Link(related.url, (Text(related.title),)))
    yield from found


# --- what is wrong with one ------------------------------------------------------------------------------------


def _judged(link: PlacedLink, circumstances: Circumstances) -> Iterator[Hit]:
    if link.left_out is not None and link.left_out.removed:
        yield _without_parameters(link, circumstances)
        return
    if link.left_out is not None or not check_url(link.url).url:
        yield _unusable(link)
        return
    host = (urlsplit(link.url).hostname or "").removeprefix("www.")
    own = circumstances.public_url.rstrip("/")
    if fold(link.words.strip(" .:،؛!؟…\u00a0←→")) in _EMPTY_WORDS:
        yield _hit("L304", link, words=link.words.strip())
    if host in _SHORTENERS:
        yield _hit("L306", link, host=host)
    if link.url.startswith("http:") and not (own and f"{link.url}/".startswith(f"{own}/")):
        yield _hit("L307", link, link=_short(link.url))
    if disguised := disguised_host(Link(link.url, (Text(link.words),))):
        yield _hit("L308", link, a=disguised[0], b=disguised[1])


def _unusable(link: PlacedLink) -> Hit:
    """A public address in numbers is often blocked; all else cannot be opened."""
    try:
        host = urlsplit(link.url).hostname or ""
        public = ipaddress.ip_address(host).is_global
    except ValueError:
        return _hit("L303", link, link=_short(link.url) or Phrase("it is empty", "فارغ"))
    return _hit("L306", link, host=host) if public else _hit("L303", link, link=_short(link.url))


def _without_parameters(link: PlacedLink, circumstances: Circumstances) -> Hit:
    source = circumstances.sources.file(link.file)
    edits: list[Edit] = []
    if source is not None and link.line is not None:
        for offset, text in enumerate(source.lines[link.line - 1 : link.line + 40]):
            if (start := text.find(link.url)) >= 0:
                edits.append(Edit(link.file, link.line + offset, start, link.url, check_url(link.url).url))
                break
    removed = link.left_out.removed if link.left_out is not None else ()
    line = edits[0].line if edits else link.line
    return Hit(code="L310", file=link.file, line=line, values={"parameter": ", ".join(removed)}, edits=tuple(edits))


def _hit(code: str, at: PlacedLink, /, **values: object) -> Hit:
    return Hit(code=code, file=at.file, line=at.line, values=values)


def _short(url: str) -> str:
    return url if len(url) <= 60 else f"{url[:59]}…"


def _letters(text: str) -> str:
    return "".join(text.split())
