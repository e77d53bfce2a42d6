"""Articles and newsroom → what the HTML template sees (views.py)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup

from newsletter_cli.articles.model import (
    Article,
    Block,
    CodeBlock,
    Figure,
    Heading,
    ListBlock,
    Note,
    Paragraph,
    Picture,
    Quote,
    Related,
    RelatedBlock,
    Rule,
    SourceLine,
    Table,
    plain_text,
)
from newsletter_cli.digest.markup import Writer
from newsletter_cli.digest.model import Entry, Size
from newsletter_cli.digest.shelf import Shelf
from newsletter_cli.digest.slots import Marks
from newsletter_cli.digest.summary import cut
from newsletter_cli.digest.views import ArticleView, BlockView, PictureView, RelatedView, Way
from newsletter_cli.language import base_language, fold, message, number, template

SUMMARY: Final = 220  # letters of a card
NBSP: Final = "\u00a0"
_LIST_STYLES: Final = {"latn": "decimal", "arab": "arabic-indic", "arabext": "persian"}
_FONTS: Final = {"he": "he", "yi": "he", "ur": "ur"}  # other right-to-left languages: that of Arabic


@dataclass(frozen=True, slots=True)
class Scene:
    """What every article of one rendering shares."""

    shelf: Shelf
    digits: str  # latn | arab | arabext: of the numbers we print
    digits_of: Callable[[str], str]  # the same for a text in another language
    day: Callable[[Article], str]  # the date of an article as printed
    root: Path


def way_fields(language: str, direction: str, digits: str) -> dict[str, str]:
    """The fields of a Way, for it and for the records that extend it."""
    rtl = direction == "rtl"
    return {
        "lang": language,
        "dir": direction,
        "start": "right" if rtl else "left",
        "end": "left" if rtl else "right",
        "arrow": "←" if rtl else "→",
        "font": _FONTS.get(base_language(language), "ar" if rtl else "latin"),
        "digits": _LIST_STYLES[digits],
    }


def way(language: str, direction: str, digits: str) -> Way:
    """Direction, sides, arrow and font of a text in this language."""
    return Way(**way_fields(language, direction, digits))


def original_date(article: Article) -> str:
    """The date as its writer spelled it, in no-break spaces, when he used words; "" for 2026-10-12 and the like."""
    words = article.date_text.strip()
    return re.sub(r"\s+", NBSP, words) if any(letter.isalpha() for letter in words) else ""


def article_view(entry: Entry, scene: Scene, *, is_lead: bool) -> ArticleView:
    """One article; its body only when it is shown whole."""
    article = entry.article
    writer = Writer(article.direction)
    shown = Shown(article, scene, writer)
    whole = entry.size is Size.FULL
    return ArticleView(
        **way_fields(article.language, article.direction, scene.digits_of(article.language)),
        slug=article.slug,
        number=number(entry.number, scene.digits),
        size=entry.size.value,
        is_lead=is_lead,
        title=writer.text(article.title),
        kicker=writer.text(article.kicker),
        author=author_of(article),
        date=scene.day(article),
        url=article.url,
        image=shown.picture(article.image, "image") if article.image and entry.size is not Size.LINE else None,
        summary=writer.text(summary_of(article, SUMMARY)) if entry.size is Size.CARD else Markup(""),
        blocks=shown.blocks() if whole else (),
        related=tuple(RelatedView(writer.text(one.title), one.url) for one in remaining_related(article)),
        source=writer.text(source_of(article)),
    )


def intro_view(
    blocks: Sequence[Block], language: str, direction: str, marks: Marks, scene: Scene
) -> tuple[BlockView, ...]:
    """The editor's own words, in which slots may stand."""
    shown = Shown(None, scene, Writer(direction, marks), language)
    return tuple(shown.block(block, f"intro:{index}") for index, block in enumerate(blocks))


def author_of(article: Article) -> Markup:
    """«بقلم …», the name apart: a Latin one would else draw the date that follows it to its own side."""
    if not article.author:
        return Markup("")
    before, _, after = template("digest.author", article.language).partition("{name}")
    return Markup('{}<span dir="auto">{}</span>{}').format(before, article.author, after)


# --- what HTML and text part share -------------------------------------------------------------------------------


def summary_of(article: Article, limit: int) -> str:
    """The writer's summary, or the beginning of the text, at most `limit` letters."""
    first = next((plain_text(block.inlines) for block in article.blocks if isinstance(block, Paragraph)), "")
    return cut(article.summary or first, limit)


def source_of(article: Article) -> str:
    """«المصدر: …» from the front matter, or "" when the text names the source itself."""
    named = {fold(block.text) for block in article.blocks if isinstance(block, SourceLine)}
    sources = [source for source in article.sources if fold(source) not in named]
    return labelled_source(sources, article.language) if sources else ""


def labelled_source(sources: Sequence[str], language: str) -> str:
    """Sources behind their label, unless the writer wrote the label himself."""
    label = message("digest.source" if len(sources) == 1 else "digest.sources", language)
    if fold(sources[0]).startswith(fold(message("digest.source", language))):
        return sources[0]
    comma = "، " if base_language(language) in {"ar", "fa", "ur"} else ", "
    return f"{label}: {comma.join(sources)}"


def remaining_related(article: Article) -> tuple[Related, ...]:
    """Related articles of the front matter that do not stand in the text already."""
    standing = {fold(block.related.title) for block in article.blocks if isinstance(block, RelatedBlock)}
    return tuple(one for one in article.related if fold(one.title) not in standing)


def related_label(block: RelatedBlock, language: str) -> str:
    """The label as written, or ours, with one colon."""
    return (block.label or message("digest.related", language)).rstrip(f" :{NBSP}") + ":"


def shown_caption(picture: Picture, article: Article | None) -> str:
    """The caption, unless it repeats the kicker right above it."""
    if article is not None and picture.caption and fold(picture.caption) == fold(article.kicker):
        return ""
    return picture.caption


def shown_blocks(article: Article) -> Iterator[tuple[str, Block]]:
    """Blocks with their keys ("block:3"), without a first picture that is the article's own picture again."""
    for index, block in enumerate(article.blocks):
        own = article.image
        repeated = isinstance(block, Figure) and own is not None and own.source and block.picture.source == own.source
        if not repeated:
            yield f"block:{index}", block


@dataclass(frozen=True, slots=True)
class Shown:
    """Blocks of one text as views."""

    article: Article | None  # None for the intro
    scene: Scene
    writer: Writer
    language: str = ""

    @property
    def _language(self) -> str:
        return self.article.language if self.article else self.language

    def blocks(self) -> tuple[BlockView, ...]:
        """All blocks of the article; its first paragraph is the lead."""
        if self.article is None:
            return ()
        views: list[BlockView] = []
        lead_due = True
        for key, block in shown_blocks(self.article):
            if isinstance(block, Paragraph) and lead_due:
                views.append(BlockView(kind="lead", html=self.writer.html(block.inlines)))
                lead_due = False
            else:
                views.append(self.block(block, key))
        return tuple(views)

    def block(self, block: Block, key: str) -> BlockView:
        """One block, and what it holds.  key: "block:3", and so on inside it."""
        match block:
            case Paragraph():
                return self._paragraph(block)
            case Heading():
                return BlockView(kind="heading", level=block.level, html=self.writer.html(block.inlines))
            case Figure():
                return BlockView(kind="figure", picture=self.picture(block.picture, key))
            case CodeBlock():
                return BlockView(kind="code", text=block.text)
            case Rule():
                return BlockView(kind="rule")
            case _:
                return self._box(block, key)

    def _box(self, block: ListBlock | Quote | Note | RelatedBlock | SourceLine | Table, key: str) -> BlockView:
        match block:
            case ListBlock():
                items = tuple(self._item(item, f"{key}.{i}") for i, item in enumerate(block.items))
                return BlockView(kind="list", ordered=block.ordered, first=block.start, items=items)
            case Quote() | Note():
                inner = tuple(self.block(one, f"{key}.{i}") for i, one in enumerate(block.blocks))
                return BlockView(kind="quote" if isinstance(block, Quote) else "note", blocks=inner)
            case RelatedBlock():
                label = related_label(block, self._language)
                title = self.writer.text(block.related.title)
                return BlockView(kind="related", label=label, html=title, url=block.related.url)
            case SourceLine():
                return BlockView(kind="source", html=self.writer.text(labelled_source([block.text], self._language)))
            case Table():
                return self._table(block)

    def picture(self, picture: Picture, key: str) -> PictureView:
        """A picture with its words; the words alone when the file is lost."""
        article = self.article
        beside = article.path.parent if article is not None and article.path is not None else self.scene.root
        slug = article.slug if article is not None else ""
        placed = self.scene.shelf.place(picture.source, beside=beside, slug=slug, key=key)
        caption = shown_caption(picture, article)
        alt = picture.alt or ""
        # Said twice to whoever listens: the caption stands right below.
        if alt and fold(alt) == fold(picture.caption):
            alt = ""
        credit = message("digest.credit", self._language, name=picture.credit) if picture.credit else ""
        return PictureView(
            src=placed.src if placed else "",
            width=placed.width if placed else 0,
            alt=alt,
            caption=self.writer.text(caption),
            credit=self.writer.text(credit),
        )

    def _paragraph(self, block: Paragraph) -> BlockView:
        html = self.writer.html(block.inlines)
        marks = self.writer.marks
        if marks is not None and marks.is_tag_alone(plain_text(block.inlines)):
            return BlockView(kind="tag", html=html)
        return BlockView(kind="paragraph", html=html)

    def _item(self, item: Sequence[Block], key: str) -> tuple[BlockView, ...]:
        paragraphs = [block for block in item if isinstance(block, Paragraph)]
        if len(paragraphs) == 1:  # a tight list: no distance inside an item
            return tuple(
                BlockView(kind="plain", html=self.writer.html(block.inlines))
                if isinstance(block, Paragraph)
                else self.block(block, f"{key}.{index}")
                for index, block in enumerate(item)
            )
        return tuple(self.block(block, f"{key}.{index}") for index, block in enumerate(item))

    def _table(self, block: Table) -> BlockView:
        return BlockView(
            kind="table",
            header=tuple(self.writer.html(cell) for cell in block.header),
            rows=tuple(tuple(self.writer.html(cell) for cell in row) for row in block.rows),
        )
