"""The words of a digest with the place each came from: what the rules about content read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

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
    SourceLine,
    Table,
    plain_text,
)
from newsletter_cli.digest.markup import links
from newsletter_cli.digest.model import Entry, Issue, Size


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text and where it stands."""

    text: str
    file: str
    line: int | None
    of_article: bool
    urls: tuple[str, ...] = ()


def file_of(article: Article, issue: Issue) -> str:
    """The article's file as people see it."""
    path = article.path
    if path is None:
        return article.slug
    return path.relative_to(issue.root).as_posix() if path.is_relative_to(issue.root) else str(path)


def line_of(article: Article, key: str) -> int | None:
    """The line of a role ("title") or block ("block:3", "block:3.1") in the article's file."""
    return article.lines.get(key) or article.lines.get(key.partition(".")[0])


def own_passages(issue: Issue) -> Iterator[Passage]:
    """What the editor wrote into the digest file; slots are already out of it."""
    file = issue.file
    for key, text in (("subject", file.subject), ("preheader", file.preheader)):
        if text:
            yield Passage(text, file.shown, file.line(key), of_article=False)
    for offset, line in enumerate(file.intro.split("\n")):
        if line.strip():
            yield Passage(line, file.shown, file.line("intro") + offset, of_article=False)


def article_passages(entry: Entry, issue: Issue) -> Iterator[Passage]:
    """What a digest shows of one article; the body only when it is shown whole."""
    article = entry.article
    file = file_of(article, issue)

    def passage(text: str, key: str, urls: tuple[str, ...] = ()) -> Passage:
        return Passage(text, file, line_of(article, key), of_article=True, urls=urls)

    yield passage("", "url", (article.url,) if article.url else ())
    for key in ("title", "kicker", "summary", "author"):
        if text := getattr(article, key):
            yield passage(text, key)
    if article.image is not None:
        yield passage(f"{article.image.alt or ''} {article.image.caption} {article.image.credit}", "image")
    for source in article.sources if entry.size is Size.FULL else ():
        yield passage(source, "source")
    for related in article.related if entry.size is Size.FULL else ():
        yield passage(related.title, "related", (related.url,) if related.url else ())
    if entry.size is Size.FULL:
        for index, block in enumerate(article.blocks):
            for text, urls in block_texts(block):
                yield passage(text, f"block:{index}", urls)


def block_texts(block: Block) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(text, addresses) of a block and of what it holds. Code is not text."""
    match block:
        case Paragraph() | Heading():
            yield plain_text(block.inlines), tuple(links(block.inlines))
        case Figure():
            yield f"{block.picture.alt or ''} {block.picture.caption} {block.picture.credit}", ()
        case RelatedBlock():
            yield block.related.title, (block.related.url,) if block.related.url else ()
        case SourceLine():
            yield block.text, ()
        case Table():
            for cell in chain(block.header, *block.rows):
                yield plain_text(cell), tuple(links(cell))
        case Quote() | Note():
            yield from chain.from_iterable(map(block_texts, block.blocks))
        case ListBlock():
            yield from chain.from_iterable(map(block_texts, chain.from_iterable(block.items)))


def code_of(blocks: Iterable[Block]) -> Iterator[str]:
    """The code among blocks and inside of them: not text, but printed."""
    for block in blocks:
        match block:
            case CodeBlock():
                yield block.text
            case Quote() | Note():
                yield from code_of(block.blocks)
            case ListBlock():
                yield from code_of(chain.from_iterable(block.items))


def all_passages(issue: Issue) -> Iterator[Passage]:
    """Everything people wrote that this digest shows."""
    yield from own_passages(issue)
    for entry in issue.entries:
        yield from article_passages(entry, issue)
