"""What is wrong with one article by itself, before it is in any digest."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter_cli.articles.importing import undescribed
from newsletter_cli.articles.model import Article, Block, Heading, Link, ListBlock, Note, Paragraph, Quote
from newsletter_cli.articles.pictures import pictures_of
from newsletter_cli.articles.reading import shown_path
from newsletter_cli.articles.urls import disguised_host

ERROR: Final = "error"
WARNING: Final = "warning"
READING: Final = "READ"  # code of what the reader itself had to say

_LINE: Final = re.compile(r"Line (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about an article's file."""

    code: str  # a check code, READ, or an error code
    level: str  # "error" | "warning"
    file: str
    line: int  # from 1; 0 when it is about the whole file
    text: str


def remarks_on(article: Article, root: Path) -> tuple[Remark, ...]:
    """What an editor should look at, errors first, then by line. root: the newsroom's folder."""
    shown = shown_path(article.path, root) if article.path else article.slug
    found = [*_pictures(article, root), *_links(article), *_notes(article)]
    remarks = [Remark(code, level, shown, line, text) for code, level, line, text in found]
    return tuple(sorted(remarks, key=lambda remark: (remark.level != ERROR, remark.line)))


_Found = Iterator[tuple[str, str, int, str]]


def _pictures(article: Article, root: Path) -> _Found:
    for line, source in undescribed(article):
        text = "Image has no description. Readers with images off see nothing."
        yield "I101", ERROR, line, f"{text} ({source})"
    folder = article.path.parent if article.path else root
    for picture in pictures_of(article):
        path = folder / picture.source
        if picture.source and "://" not in picture.source and not path.is_file():
            yield "I107", ERROR, article.lines.get("image", 0), f"Image cannot be shown: no file {picture.source}."


def _links(article: Article) -> _Found:
    for number, block in enumerate(article.blocks):
        line = article.lines.get(f"block:{number}", 0)
        for link in _links_in(block):
            if hosts := disguised_host(link):
                yield "L308", ERROR, line, f"The text shows {hosts[0]}, the link goes to {hosts[1]}."


def _links_in(block: Block) -> Iterator[Link]:
    if isinstance(block, Paragraph | Heading):
        pending: list[object] = list(block.inlines)
        while pending:
            inline = pending.pop()
            if isinstance(inline, Link):
                yield inline
            pending += getattr(inline, "children", ())
    elif isinstance(block, Quote | Note):
        for inner in block.blocks:
            yield from _links_in(inner)
    elif isinstance(block, ListBlock):
        for item in block.items:
            for inner in item:
                yield from _links_in(inner)


def _notes(article: Article) -> _Found:
    for warning in article.warnings:
        match = _LINE.match(warning)
        yield READING, WARNING, int(match[1]) if match else 0, match[2] if match else warning
    if article.date is None:
        yield READING, WARNING, article.lines.get("date", 0), "There is no date; add “date:” (digests take it by name)."
