"""The plain-text part, built from the articles and never from HTML.

One line a paragraph, no wrapping. An address stands alone on its line with no mark beside it; every other line that
would begin left-to-right gets a mark, islands in it too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter_cli.articles.model import (
    Article,
    Block,
    CodeBlock,
    Figure,
    Heading,
    Inline,
    ListBlock,
    Note,
    Paragraph,
    Picture,
    Quote,
    RelatedBlock,
    Rule,
    SourceLine,
    Table,
    plain_text,
)
from newsletter_cli.digest import markup
from newsletter_cli.digest.expressions import LINKS
from newsletter_cli.digest.model import Entry, Size
from newsletter_cli.digest.page import (
    SUMMARY,
    labelled_source,
    related_label,
    remaining_related,
    shown_blocks,
    shown_caption,
    source_of,
    summary_of,
)
from newsletter_cli.digest.slots import Marks
from newsletter_cli.language import RLM, direction_of, first_strong, mark_text, message, number, to_digits

# Private use: lines that run against the digest's direction, and lines that take no mark, until the last pass.
_AGAINST: Final = "\ue00f"
_BARE: Final = "\ue00e"
_HOLD: Final = "\ufdd0"  # never a character: keeps a slot's place, and has no direction
_URL_LINE: Final = re.compile(r"(?:https?://|mailto:|tel:)\S+")
RULE: Final = "—" * 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """An article as the text template sees it: every field one or more whole lines."""

    slug: str
    number: str
    size: str
    title: str
    kicker: str
    byline: str  # author and date
    url: str
    lines: tuple[str, ...]  # the body, or the summary of a card; an empty line between blocks


@dataclass(frozen=True, slots=True)
class TextWriter:
    """Writes blocks as lines."""

    language: str
    digits: str
    article: Article | None = None
    marks: Marks | None = None

    def blocks(self, blocks: Iterator[Block] | Sequence[Block]) -> Iterator[str]:
        """Lines of blocks, an empty one between each two."""
        first = True
        for block in blocks:
            lines = list(self.block(block))
            if not lines:
                continue
            if not first:
                yield ""
            first = False
            yield from lines

    def block(self, block: Block) -> Iterator[str]:
        """Lines of one block."""
        match block:
            case Paragraph() | Heading():
                yield from self._words(block.inlines)
            case ListBlock():
                for index, item in enumerate(block.items):
                    sign = f"{to_digits(str(block.start + index), self.digits)}. " if block.ordered else "• "
                    yield from _hung(sign, list(self.blocks(item)))
            case Quote():
                yield from _hung("> ", list(self.blocks(block.blocks)), every=True)
            case Figure():
                yield from self.picture(block.picture)
            case CodeBlock():
                # Bare, like the lines of a left-to-right article: marks would be copied along with the code.
                yield from (f"{line}{_BARE}" for line in block.text.rstrip("\n").split("\n"))
            case Rule():
                yield RULE
            case _:
                yield from self._box(block)

    def _box(self, block: Note | RelatedBlock | SourceLine | Table) -> Iterator[str]:
        match block:
            case Note():
                yield f"{message('digest.note', self.language)}:"
                yield from self.blocks(block.blocks)
            case RelatedBlock():
                yield from self.related(related_label(block, self.language), block.related.title, block.related.url)
            case SourceLine():
                yield labelled_source([block.text], self.language)
            case Table():
                yield from self._table(block)

    def picture(self, picture: Picture) -> Iterator[str]:
        """[صورة: what it shows]; nothing for a picture without words."""
        words = shown_caption(picture, self.article) or picture.alt or ""
        credit = message("digest.credit", self.language, name=picture.credit) if picture.credit else ""
        if words or credit:
            said = " · ".join(part for part in (words, credit) if part)
            yield f"[{message('digest.picture', self.language)}: {said}]"

    def related(self, label: str, title: str, url: str) -> Iterator[str]:
        """Label and title, then the address on its own line."""
        yield f"{label} {title}"
        if url:
            yield url

    def _words(self, inlines: tuple[Inline, ...]) -> Iterator[str]:
        slot = markup.isolate_slots(self.marks) if self.marks else str
        code = markup.between_marks if direction_of(self.language) == "rtl" else str
        yield from markup.written(inlines, slot=slot, code=code).split("\n")
        yield from dict.fromkeys(markup.links(inlines))

    def _table(self, table: Table) -> Iterator[str]:
        names = [plain_text(cell).strip() for cell in table.header]
        for index, row in enumerate(table.rows):
            if index:
                yield ""
            for place, cell in enumerate(row):
                name = names[place] if place < len(names) else ""
                words = plain_text(cell).strip()
                yield f"{name}: {words}" if name else words
                yield from dict.fromkeys(markup.links(cell))


def article_text(entry: Entry, digits: str, own_digits: str, date: str, base: str) -> ArticleText:
    """An article as lines.

    digits: of its number in the digest.  own_digits: of its own lists.  base: direction of the digest; an article that
    runs against it is marked as such.
    """
    article = entry.article
    writer = TextWriter(article.language, own_digits, article)
    author = message("digest.author", article.language, name=article.author) if article.author else ""
    against = article.direction != base

    def own(line: str) -> str:
        return f"{line}{_AGAINST}" if line and against else line

    return ArticleText(
        slug=article.slug,
        number=number(entry.number, digits),
        size=entry.size.value,
        title=own(article.title),
        kicker=own(article.kicker),
        byline=own(_side_by_side(author, date, article.direction)),
        url=article.url,
        lines=tuple(own(line) for line in _body(entry, writer)),
    )


def _side_by_side(first: str, second: str, direction: str) -> str:
    """Two facts in one line; a Latin name at the end of the first must not draw the second to its side."""
    if not (first and second):
        return first or second
    mark = RLM if direction == "rtl" and first_strong(first[::-1]) == "L" else ""
    return f"{first}{mark} · {second}"


def _body(entry: Entry, writer: TextWriter) -> Iterator[str]:
    article = entry.article
    if entry.size is Size.LINE:
        return
    if entry.size is Size.CARD:
        summary = summary_of(article, SUMMARY)
        if summary:
            yield summary
        return
    picture = list(writer.picture(article.image)) if article.image else []
    yield from picture
    blocks = list(writer.blocks(block for _key, block in shown_blocks(article)))
    if picture and blocks:
        yield ""
    yield from blocks
    for one in remaining_related(article):
        yield ""
        yield from writer.related(f"{message('digest.related', article.language)}:", one.title, one.url)
    if source := source_of(article):
        yield ""
        yield source


def intro_text(blocks: Sequence[Block], language: str, digits: str, marks: Marks) -> str:
    """The editor's words as lines; a [% tag %] alone on its line takes no line of its own."""
    written: list[str] = []
    after_tag = False
    for line in TextWriter(language, digits, marks=marks).blocks(blocks):
        tag = marks.is_tag_alone(line)
        if not (after_tag and not line):
            written.append(line if tag else f"{line}\n")
        after_tag = tag
    return re.sub(r"\n{3,}", "\n\n", "".join(written)).strip("\n")


def finished(text: str, direction: str, marks: Marks) -> str:
    """The filled template with direction marks, no space at line ends, never two empty lines, one newline at the end.

    direction: of the digest.
    """
    lines = [_finished_line(line.rstrip(" \t"), direction, marks) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def marked(line: str, direction: str, marks: Marks) -> str:
    """A line with direction marks, in which slots count as nothing: their letters are not the reader's."""
    slots = (match[0] for match in marks.pattern.finditer(line))
    held = mark_text(marks.pattern.sub(_HOLD, line.replace(_HOLD, "")), direction)
    return "".join(next(slots) if sign == _HOLD else sign for sign in held)


def _finished_line(line: str, direction: str, marks: Marks) -> str:
    if _BARE in line:
        return line.replace(_BARE, "").replace(_AGAINST, "")
    if _AGAINST in line:
        bare = line.replace(_AGAINST, "")
        return bare if direction == "rtl" else marked(bare, "rtl", marks)
    return line if _is_address(line, marks) else marked(line, direction, marks)


def _is_address(line: str, marks: Marks) -> bool:
    if _URL_LINE.fullmatch(line):
        return True
    match = marks.pattern.match(line)
    return match is not None and marks.hidden[int(match[1])].source.strip() in LINKS and " " not in line


def _hung(sign: str, lines: list[str], *, every: bool = False) -> Iterator[str]:
    """The sign before the first line; before all lines with `every`. Addresses stay alone on their lines."""
    for index, line in enumerate(lines):
        bare = not line or _URL_LINE.fullmatch(line)
        yield line if bare or (index and not every) else f"{sign}{line}"
