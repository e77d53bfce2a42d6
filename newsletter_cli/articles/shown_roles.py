"""The roles of lines where signs and tags tell them: Markdown files by line, HTML by block."""

from collections.abc import Iterator, Sequence
from typing import Final

from newsletter_cli.articles.model import (
    Article,
    Block,
    CodeBlock,
    Figure,
    Heading,
    ListBlock,
    Note,
    Paragraph,
    Quote,
    RelatedBlock,
    Rule,
    SourceLine,
    Table,
)
from newsletter_cli.articles.readers.front_matter import split_front_matter
from newsletter_cli.articles.roles import Role, RoleLine
from newsletter_cli.articles.writing import body_markdown

_ROLES: Final[dict[type, Role]] = {
    Paragraph: Role.PARAGRAPH,
    Heading: Role.HEADING,
    ListBlock: Role.LIST,
    Quote: Role.QUOTE,
    Figure: Role.CAPTION,
    RelatedBlock: Role.RELATED,
    SourceLine: Role.SOURCE,
    Note: Role.NOTE,
    Table: Role.TABLE,
    CodeBlock: Role.CODE,
    Rule: Role.RULE,
}


def role_of_block(block: Block) -> Role:
    """The role that a block's lines have."""
    return _ROLES[type(block)]


def markdown_roles(text: str, article: Article) -> tuple[RoleLine, ...]:
    """The content lines of a Markdown file. text: as decoded; article: what was read from it."""
    front = split_front_matter(text)
    starts = sorted(
        (article.lines[f"block:{number}"], role_of_block(block))
        for number, block in enumerate(article.blocks)
        if f"block:{number}" in article.lines
    )
    return tuple(_lines(text, front.body_line if front.values else 0, article.lines.get("title", 0), starts))


def _lines(text: str, body_line: int, title_line: int, starts: Sequence[tuple[int, Role]]) -> Iterator[RoleLine]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if number < body_line:
            yield RoleLine(number, line.strip(), Role.FRONT_MATTER, 1.0, "between the lines of ---")
            continue
        role = next((role for start, role in reversed(starts) if start <= number), Role.EXTRA)
        if number == title_line:
            role = Role.TITLE
        yield RoleLine(number, line.strip(), role, 1.0, "said by the signs of Markdown")


def html_roles(article: Article) -> tuple[RoleLine, ...]:
    """The blocks of an HTML page in order; `line` is the block's number, for HTML has no lines of its own."""
    head = RoleLine(1, article.title, Role.TITLE, 1.0, "said by the page itself")
    blocks = (
        RoleLine(number, " ".join(body_markdown((block,)).split()), role_of_block(block), 1.0, "said by its tags")
        for number, block in enumerate(article.blocks, 2)
    )
    return (head, *blocks)
