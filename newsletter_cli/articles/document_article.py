"""A Word document becomes an article: as HTML, and everything in it belongs to the article."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.html_article import read_html
from newsletter_cli.articles.model import Article, Heading, Paragraph, plain_text
from newsletter_cli.articles.readers.docx import read_document
from newsletter_cli.language import read_date

_LOOKED_AT: Final = 5  # blocks in which a headline without a style is looked for


@dataclass(frozen=True, slots=True)
class Word:
    """What a document gave."""

    article: Article  # without slug; title and blocks may be empty
    dropped: tuple[str, ...]
    pictures: Mapping[str, bytes]  # source in the article → bytes


def read_word(data: bytes, *, language: str, newsroom: str, name: str) -> Word:
    """An article from the bytes of a .docx file.  Raises RefusedError UNREADABLE and ConfigError EXTRA."""
    document = read_document(data, name)
    page = read_html(document.html, language=language, newsroom=newsroom, name=name, page=False)
    article = page.article if page.article.title else _with_first_line(page.article)
    return Word(
        replace(article, warnings=(*document.notes, *article.warnings)),
        page.dropped,
        document.pictures,
    )


def _with_first_line(article: Article) -> Article:
    """Most writers set no style: the first short line that is no sentence and no date is the headline."""
    for place, block in enumerate(article.blocks[:_LOOKED_AT]):
        if not isinstance(block, Paragraph | Heading):
            continue
        words = plain_text(block.inlines).strip()
        if shapes.is_paragraph(words) and not words.endswith(("؟", "?", "!", "»")):
            return article
        if len(words) > shapes.LONG or len(words.split()) < 2 or read_date(words, article.language):
            continue
        blocks = article.blocks[:place] + article.blocks[place + 1 :]
        warning = "No heading has a style of Word; the first line was taken as the title."
        return replace(article, title=words, blocks=blocks, warnings=(*article.warnings, warning))
    return article
