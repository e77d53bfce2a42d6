"""An HTML file becomes an article: what the page says about itself, then its text as blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.furniture import Furniture, Label
from newsletter_cli.articles.head import with_values
from newsletter_cli.articles.model import (
    Article,
    Block,
    Calendar,
    Figure,
    Heading,
    Link,
    ListBlock,
    Paragraph,
    Picture,
    Related,
    RelatedBlock,
    plain_text,
)
from newsletter_cli.articles.page_text import UNDATED
from newsletter_cli.articles.readers.front_matter import FrontMatter, Value
from newsletter_cli.articles.readers.html import parse_html
from newsletter_cli.articles.readers.markdown import lowered
from newsletter_cli.articles.readers.page_facts import PageFacts, read_facts
from newsletter_cli.articles.tongue import language_of
from newsletter_cli.articles.urls import WEB, check_url
from newsletter_cli.language import direction_of, fold, read_date


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """What an HTML file gave."""

    article: Article  # without slug; title and blocks may be empty
    dropped: tuple[str, ...]  # navigation, footers and other furniture, in short


def read_html(text: str, *, language: str = "ar", newsroom: str = "", name: str = "the file") -> HtmlPage:
    """An article from a page of HTML. Nothing is fetched, no script, style or event of it survives.

    language: the newsroom's, for a page that names none and whose letters do not tell.  newsroom: its name, left out
    where the page repeats it.  Raises RefusedError UNREADABLE when there is no HTML in it.
    """
    facts = read_facts(text, name)
    url = check_url(facts.url, schemes=WEB).url if facts.url else ""
    found = facts.language or language_of(facts.html, language)
    direction = facts.direction if facts.direction in ("rtl", "ltr") else direction_of(found)
    parsed = parse_html(facts.html, base_url=url, language=found, direction=direction)
    title = _title(facts, parsed.blocks)
    empty = Article(slug="", title="", language=found, direction=direction)
    article = with_values(empty, FrontMatter(_head(facts, title, url), "", {}), name)
    article = _with_published(article, facts)
    body = _Body(list(parsed.blocks), article, [], fold(newsroom))
    body.read()
    warnings = [*article.warnings, *parsed.warnings]
    if body.article.date is None:
        warnings.append(UNDATED[0])
    done = replace(body.article, direction=direction, warnings=tuple(warnings))
    dropped = [shapes.first_words([words]) for words in facts.dropped] + body.dropped
    return HtmlPage(done, tuple(dict.fromkeys(dropped)))


def _title(facts: PageFacts, blocks: Sequence[Block]) -> str:
    """The page's headline: its h1 where og:title or the tab only add the site's name to it."""
    said = facts.title or facts.tab_title
    heading = next(
        (plain_text(block.inlines) for block in blocks if isinstance(block, Heading) and block.level == 1), ""
    )
    if not said or (heading and (shapes.is_title_with_site(said, heading) or shapes.key(said) == shapes.key(heading))):
        return heading
    return facts.title or heading or facts.tab_title


def _head(facts: PageFacts, title: str, url: str) -> dict[str, Value]:
    values = {
        "title": title,
        "summary": facts.description if fold(facts.description) != fold(title) else "",
        "author": facts.author,
        "kicker": facts.section,
        "url": url,
        "language": facts.language,
        "image": facts.image,
        "image_alt": (facts.image_alt or "") if facts.image else "",
    }
    return {key: value for key, value in values.items() if value}


def _with_published(article: Article, facts: PageFacts) -> Article:
    read = read_date(facts.published, article.language) if facts.published else None
    if read is None or read.date is None:
        return article
    return replace(article, date=read.date, calendar=Calendar(read.calendar), date_text=read.text)


@dataclass(slots=True)
class _Body:
    """The blocks, and what of them belongs into the article's fields."""

    blocks: list[Block]
    article: Article
    dropped: list[str]
    newsroom: str
    related_label: str = ""  # of a heading such as «مواضيع ذات صلة», until the list under it
    signing_up: bool = False

    def read(self) -> None:
        kept: list[Block] = []
        for block in self.blocks:
            kept += self.placed(block, first=not kept)
        kept = self.with_image(kept)
        self.article = replace(self.article, blocks=tuple(lowered(block) for block in kept))

    def placed(self, block: Block, *, first: bool) -> list[Block]:
        label, self.related_label = self.related_label, ""
        if isinstance(block, ListBlock) and label:
            return [RelatedBlock(label, related) for item in block.items if (related := _headline(item))]
        if not isinstance(block, Paragraph | Heading):
            return [block]
        words = plain_text(block.inlines).strip()
        if shapes.key(words) == shapes.key(self.article.title):
            return []
        if self.is_furniture(words):
            self.dropped.append(words)
            return []
        if self.takes_date(words):
            return []
        return self.labelled(block, words)

    def is_furniture(self, words: str) -> bool:
        found = shapes.furniture_of(words)
        invited = self.signing_up and len(words) <= 200
        self.signing_up = found is Furniture.SIGN_UP
        return bool(found) or invited or bool(self.newsroom and fold(words) == self.newsroom)

    def takes_date(self, words: str) -> bool:
        """A line that is a date, when it gives the day or is the page's way to write it."""
        read = read_date(words, self.article.language) if len(words) <= 130 else None
        if read is None or read.date is None or self.article.date not in (None, read.date):
            return False
        self.article = replace(self.article, date=read.date, calendar=Calendar(read.calendar), date_text=read.text)
        return True

    def labelled(self, block: Paragraph | Heading, words: str) -> list[Block]:
        found = shapes.label_of(words, self.article.language)
        if not found:
            return [block]
        kind, label, value = found
        if kind is Label.RELATED and value:
            return [RelatedBlock(label, Related(value, _first_link(block)))]
        if kind is Label.RELATED:
            self.related_label = label
            return []
        if kind is Label.SOURCE and value:
            self.article = replace(self.article, sources=tuple(dict.fromkeys((*self.article.sources, value))))
            return []
        if kind is Label.AUTHOR and value and self.article.author in ("", value):
            self.article = replace(self.article, author=value)
            return []
        return [block]

    def with_image(self, blocks: list[Block]) -> list[Block]:
        """The lead picture once: where the text begins with it, its words there are the better ones."""
        image = self.article.image
        first = blocks[0] if blocks else None
        if not isinstance(first, Figure) or (image and _file(image.source) != _file(first.picture.source)):
            return blocks
        picture = first.picture
        alt = picture.alt if picture.alt is not None else image.alt if image else None
        source = image.source if image else picture.source
        self.article = replace(self.article, image=Picture(source, alt, picture.caption, picture.credit))
        return blocks[1:]


def _file(source: str) -> str:
    return source.split("?", 1)[0].rsplit("/", 1)[-1]


def _headline(item: tuple[Block, ...]) -> Related | None:
    block = next((block for block in item if isinstance(block, Paragraph | Heading)), None)
    title = plain_text(block.inlines).strip() if block else ""
    return Related(title, _first_link(block)) if block and title else None


def _first_link(block: Paragraph | Heading) -> str:
    pending = list(block.inlines)
    while pending:
        inline = pending.pop(0)
        if isinstance(inline, Link):
            return inline.url
        pending = [*getattr(inline, "children", ()), *pending]
    return ""
