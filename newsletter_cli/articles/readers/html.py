"""HTML to blocks: what nh3 has let through, walked as a tree into our model. No attribute survives but lang and dir."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from lxml import etree
from lxml.html import Element, HtmlElement, fragment_fromstring

from newsletter_cli.articles.decoding import normalise
from newsletter_cli.articles.head import usable_picture
from newsletter_cli.articles.inlines import flat, joined, trimmed
from newsletter_cli.articles.model import (
    Block,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    Inline,
    LeftOut,
    LineBreak,
    Link,
    ListBlock,
    Paragraph,
    Picture,
    Quote,
    Rule,
    Span,
    Strong,
    Table,
    Text,
    plain_text,
)
from newsletter_cli.articles.readers.markdown import Parsed
from newsletter_cli.articles.readers.page_cleaning import flatten
from newsletter_cli.articles.readers.sanitise import clean
from newsletter_cli.articles.urls import check_url
from newsletter_cli.language import base_language, direction_of

_BLOCKS: Final = frozenset(
    {"p", "hr", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "figure", "figcaption", "table", "pre", "div"}
)
_CELLS: Final = frozenset({"thead", "tbody", "tr", "th", "td"})
_SIGNIFICANT: Final = frozenset({"a", "strong", "b", "em", "i", "code", "q"})
_DEEPEST: Final = 60  # levels of tags
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def parse_html(html: str, *, base_url: str = "", language: str = "ar", direction: str = "rtl") -> Parsed:
    """The blocks of HTML from anywhere; a heading of level 1 is still in it. Line numbers are not known: all 0.

    base_url: the page's own address, for relative links and pictures.  language, direction: the article's; other ones
    become spans.  Never raises.
    """
    try:
        root = fragment_fromstring(normalise(clean(html))[0], create_parent="div")
    except etree.LxmlError:
        return Parsed((), (), ())
    flatten(root, _DEEPEST)
    _sink_inlines(root)
    walker = _Walker(base_url, language, direction)
    blocks = tuple(walker.blocks(root))
    return Parsed(blocks, (0,) * len(blocks), tuple(walker.warnings), tuple(walker.left_out))


def _sink_inlines(root: HtmlElement) -> None:
    """Give what an inline tag around blocks says to each of them: «<span lang=he><p>…<p>…</span>» is two paragraphs.

    Left as it is, all of them would run into one paragraph without a space between their words.
    """
    holders = {
        each
        for block in root.iter(*_BLOCKS)
        for each in takewhile(lambda above: above.tag not in _BLOCKS | _CELLS, block.iterancestors())
    }
    pending = [element for element in root.iter() if element in holders]
    while pending:
        outer = pending.pop(0)
        says = outer.tag in _SIGNIFICANT or outer.get("lang") or outer.get("dir")
        for child in outer if says else ():
            if child.tag == "hr" or child.tag == "table":
                continue
            inner = Element(str(outer.tag), dict(outer.attrib))
            if child.tag in _BLOCKS:
                inner.text, child.text = child.text, None
                inner.extend(list(child))
                child.append(inner)
            else:
                inner.tail, child.tail = child.tail, None
                child.addprevious(inner)
                inner.append(child)
            if any(each.tag in _BLOCKS for each in inner.iterdescendants()):
                pending.append(inner)
        outer.drop_tag()


@dataclass(slots=True)
class _Walker:
    base_url: str
    language: str
    direction: str
    warnings: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    # --- blocks

    def blocks(self, element: HtmlElement) -> Iterator[Block]:
        """The blocks in an element; words between them are paragraphs."""
        loose: list[Inline | Figure] = [*self.text(element.text)]
        for child in element:
            if child.tag in _BLOCKS:
                yield from self.paragraphs(loose)
                loose = []
                yield from self.block(child)
            else:
                loose += self.inline(child)
            loose += self.text(child.tail)
        yield from self.paragraphs(loose)

    def block(self, element: HtmlElement) -> Iterator[Block]:
        tag = str(element.tag)
        if tag in ("h1", "h2", "h3", "h4"):
            yield from self.heading(element, int(tag[1]))
        elif tag in ("ul", "ol"):
            yield from self.listed(element)
        elif tag == "blockquote":
            inner = tuple(self.blocks(element))
            yield from (Quote(inner),) if inner else ()
        elif tag == "figure":
            yield from self.figure(element)
        elif tag == "table":
            yield from self.table(element)
        elif tag == "pre":
            text = "".join(element.itertext()).strip("\n")
            yield from (CodeBlock(text),) if text.strip() else ()
        elif tag == "hr":
            yield Rule()
        else:
            yield from self.blocks(element)

    def heading(self, element: HtmlElement, level: int) -> Iterator[Block]:
        parts = self.children(element)
        inlines = flat(self.words(parts))
        if inlines:
            yield Heading(level, inlines)
        yield from (part for part in parts if isinstance(part, Figure))

    def listed(self, element: HtmlElement) -> Iterator[Block]:
        items = tuple(item for child in element if child.tag == "li" and (item := tuple(self.blocks(child))))
        start = element.get("start", "1")
        number = int(start) if re.fullmatch(r"\d{1,9}", start) else 1
        if items:
            ordered = element.tag == "ol"
            yield ListBlock(ordered, items, number if ordered else 1)

    def figure(self, element: HtmlElement) -> Iterator[Block]:
        captions = [" ".join("".join(caption.itertext()).split()) for caption in element.iter("figcaption")]
        pictures = [self.picture(image) for image in element.iter("img")]
        caption = " ".join(filter(None, captions))
        if not pictures:
            for child in element.xpath(".//figcaption"):
                child.drop_tree()
            yield from self.blocks(element)
            if caption:
                yield Figure(Picture("", None, caption))
            return
        for picture in pictures[:-1]:
            yield Figure(picture)
        last = pictures[-1]
        yield Figure(Picture(last.source, last.alt, caption or last.caption))

    def table(self, element: HtmlElement) -> Iterator[Block]:
        own = element.xpath("./tr | ./thead/tr | ./tbody/tr")  # not those of a table in a cell
        rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in own]
        rows = [row for row in rows if row]
        width = max((len(row) for row in rows), default=0)
        if width < 2 or len(rows) < 2:  # a table of layout: its words are the article
            for row in rows:
                for cell in row:
                    yield from self.blocks(cell)
            return
        words = [[flat(self.words(self.children(cell))) for cell in row] for row in rows]
        cells = [(*row, *(((),) * (width - len(row)))) for row in words]
        head = all(cell.tag == "th" for cell in rows[0]) and any(cells[0])
        yield Table(cells[0] if head else (), tuple(cells[1:] if head else cells))

    def paragraphs(self, parts: list[Inline | Figure]) -> Iterator[Block]:
        """Words as paragraphs: two line breaks in a row end one, a picture stands by itself."""
        words: list[Inline] = []
        for part in [*parts, None]:
            doubled = isinstance(part, LineBreak) and words and isinstance(_last_solid(words), LineBreak)
            if part is None or isinstance(part, Figure) or doubled:
                inlines = trimmed(_spaced(words))
                words = []
                if inlines:
                    yield Paragraph(inlines)
                if isinstance(part, Figure):
                    yield part
            else:
                words.append(part)

    # --- inlines

    def text(self, text: str | None) -> list[Inline | Figure]:
        return [Text(_SPACES.sub(" ", text))] if text else []

    def children(self, element: HtmlElement) -> list[Inline | Figure]:
        found = self.text(element.text)
        for child in element:
            if child.tag in _BLOCKS and found:
                found.append(Text(" "))  # a block inside a cell or heading: its words must not run into the others
            found += self.inline(child)
            found += self.text(child.tail)
        return found

    def words(self, parts: list[Inline | Figure]) -> tuple[Inline, ...]:
        return _spaced([part for part in parts if not isinstance(part, Figure)])

    def inline(self, element: HtmlElement) -> list[Inline | Figure]:
        tag = str(element.tag)
        if tag == "br":
            return [LineBreak()]
        if tag == "img":
            picture = self.picture(element)
            return [Figure(picture)] if picture.source else []
        parts = self.children(element)
        if tag not in _SIGNIFICANT and not element.get("lang") and not element.get("dir"):
            return parts  # a span that says nothing: two line breaks in it still end a paragraph
        figures = [part for part in parts if isinstance(part, Figure)]
        inner = tuple(part for part in parts if not isinstance(part, Figure))
        return [*self.wrapped(element, tag, inner), *figures]

    def wrapped(self, element: HtmlElement, tag: str, inner: tuple[Inline, ...]) -> tuple[Inline, ...]:
        words = _spaced(list(inner))
        if not plain_text(words).strip():
            return words
        if tag == "a":
            words = self.link(element.get("href", ""), words)
        elif tag in ("strong", "b"):
            words = (Strong(words),)
        elif tag in ("em", "i"):
            words = (Emphasis(words),)
        elif tag == "code":
            words = (CodeSpan(plain_text(words)),)
        elif tag == "q":
            words = (Text("“"), *words, Text("”"))
        return self.spanned(element, words)

    def spanned(self, element: HtmlElement, words: tuple[Inline, ...]) -> tuple[Inline, ...]:
        """A span where the element names another language or direction than the article's."""
        language = element.get("lang", "").strip()
        direction = element.get("dir", "").strip().lower()
        language = language if _LANGUAGE.fullmatch(language) and not self.is_ours(language) else ""
        expected = direction_of(language) if language else self.direction
        direction = direction if direction in ("rtl", "ltr") and direction != expected else ""
        return (Span(language, direction, words),) if language or direction else words

    def is_ours(self, language: str) -> bool:
        return base_language(language) == base_language(self.language)

    def link(self, href: str, words: tuple[Inline, ...]) -> tuple[Inline, ...]:
        if not href:
            return words
        checked = check_url(href, base=self.base_url)
        if checked.removed or not (checked.url or href.startswith("#")):
            self.left_out.append(LeftOut(url=href, removed=checked.removed))
        if checked.url:
            return (Link(checked.url, words),)
        if not href.startswith("#"):
            self.warnings.append(f"The link “{href[:60]}” is left out: {checked.problem}.")
        return words

    def picture(self, element: HtmlElement) -> Picture:
        written = element.get("src", "").strip()
        source, problem = usable_picture(written, self.base_url)
        if problem:
            self.warnings.append(f"The picture “{written[:60]}” is left out: {problem}.")
        alt = element.get("alt")
        return Picture(
            source, None if alt is None else " ".join(alt.split()), " ".join(element.get("title", "").split())
        )


def _last_solid(words: list[Inline]) -> Inline | None:
    return next((word for word in reversed(words) if not (isinstance(word, Text) and not word.text.strip(" "))), None)


def _spaced(words: list[Inline]) -> tuple[Inline, ...]:
    """As a browser shows it: one space where two pieces of text each bring one."""
    found: list[Inline] = []
    for word in words:
        ends = not found or isinstance(found[-1], LineBreak) or plain_text((found[-1],)).endswith(" ")
        if isinstance(word, Text) and word.text.startswith(" ") and ends and found:
            word = Text(word.text.lstrip(" "))
        if not (isinstance(word, Text) and not word.text):
            found.append(word)
    return joined(found)
