"""An article as a file: front matter and Markdown, which the readers turn into the same article again."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from newsletter_cli.articles.head import head_values
from newsletter_cli.articles.model import (
    Article,
    Block,
    CodeBlock,
    CodeSpan,
    Emphasis,
    Figure,
    Heading,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    Note,
    Paragraph,
    Picture,
    Quote,
    RelatedBlock,
    Rule,
    SourceLine,
    Span,
    Strong,
    Table,
    Text,
)
from newsletter_cli.articles.readers.front_matter import yaml_lines
from newsletter_cli.errors import UsageError
from newsletter_cli.newsroom import atomic_write


def to_markdown(article: Article, *, unknown: Mapping[str, object] | None = None) -> str:
    """The article as front matter and Markdown. Reading it gives the same article, but for `lines` and `warnings`.

    unknown: keys of an earlier file that are no fields; they are kept, after ours.
    """
    head = yaml_lines({**head_values(article), **(unknown or {})})
    return f"---\n{head}---\n\n{body_markdown(article.blocks)}"


def write_article(article: Article, path: Path, *, unknown: Mapping[str, object] | None = None) -> None:
    """Write the article's file, whole or not at all; its folder is made.

    Raises UsageError USAGE when the folder may not be written; a full disk stays an OSError, named at the edge.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, to_markdown(article, unknown=unknown).encode("utf-8"))
    except PermissionError as error:
        raise UsageError("USAGE", f"{path} may not be written.", sent="", fix="the folder's rights") from error


def body_markdown(blocks: tuple[Block, ...]) -> str:
    """Blocks as Markdown, one line each paragraph, an empty line between blocks, a line end after the last."""
    lines = list(_blocks(blocks))
    return "\n".join(lines) + "\n" if lines else ""


# --- blocks ----------------------------------------------------------------------------------------------------


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    other = False  # two lists in a row need different signs, or they would be read as one
    before: Block | None = None
    for block in blocks:
        if before is not None:
            yield ""
        other = isinstance(block, ListBlock) and _continues(before, block) and not other
        yield from _list(block, other) if isinstance(block, ListBlock) else _block(block)
        before = block


def _continues(before: Block | None, block: ListBlock) -> bool:
    return isinstance(before, ListBlock) and before.ordered == block.ordered


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(inlines):
            yield from _lines(inlines)
        case Heading(level, inlines):
            # A # at the end would close the heading.
            yield "#" * level + " " + re.sub("#$", r"\\#", _inlines(inlines))
        case Figure(picture):
            yield _picture(picture)
        case Table():
            yield from _table(block)
        case CodeBlock(text):
            yield from _fenced(text)
        case Rule():
            yield "***"
        case _:
            yield from _quoted(_box(block))


def _box(block: Block) -> Iterator[str]:
    """What stands behind the > of a quote, or of a quote that its first line makes something else."""
    match block:
        case Quote(blocks):
            yield from _blocks(blocks)
        case RelatedBlock():
            yield from _related(block)
        case SourceLine(text):
            yield from ("[!source]", _start(_text(text)))
        case Note(blocks):
            inner = list(_blocks(blocks))
            yield from ("[!note]", *(("", *inner) if inner else ()))


def _fenced(text: str) -> Iterator[str]:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    yield fence
    yield from text.split("\n") if text else ()
    yield fence


def _quoted(lines: Iterator[str]) -> Iterator[str]:
    empty = True
    for line in lines:
        empty = False
        yield f"> {line}" if line else ">"
    if empty:
        yield ">"


def _list(block: ListBlock, other: bool) -> Iterator[str]:
    airy = any(len(item) > 1 for item in block.items)
    for place, item in enumerate(block.items):
        sign = f"{block.start + place}{')' if other else '.'}" if block.ordered else "+" if other else "-"
        indent = " " * (len(sign) + 1)
        lines = list(_blocks(item))
        if place and airy:
            yield ""
        yield f"{sign} {lines[0]}" if lines else sign
        yield from (indent + line if line else "" for line in lines[1:])


def _related(block: RelatedBlock) -> list[str]:
    title = _start(_text(block.related.title))
    headline = f"[{_text(block.related.title)}]({_target(block.related.url)})" if block.related.url else title
    return [f"[!related] {_text(block.label)}".rstrip(), headline]


def _table(table: Table) -> Iterator[str]:
    width = max([len(table.header), *map(len, table.rows)])
    rows = [table.header or ((),) * width, *table.rows]
    for place, row in enumerate(rows):
        yield "| " + " | ".join(_inlines(cell).replace("|", "\\|") for cell in row) + " |"
        if not place:
            yield "|" + " --- |" * width


def _picture(picture: Picture) -> str:
    """`![]` is a picture nobody described, `![ ]` one that needs no description."""
    alt = " " if picture.alt == "" else _text(picture.alt or "")
    title = f' "{_escaped_title(picture.caption)}"' if picture.caption else ""
    credit = f" ({_text(picture.credit)})" if picture.credit else ""
    web = re.match(r"https?://", picture.source)
    source = _target(picture.source if web else picture.source.replace("%", "%25"))
    return f"![{alt}]({source or '<>'}{title}){credit}"


def _escaped_title(text: str) -> str:
    return _ENTITY.sub(r"\\&", re.sub(r'([\\"])', r"\\\1", text))


def _target(url: str) -> str:
    """A link's target; between < > where brackets or spaces would end it."""
    escaped = _ENTITY.sub(r"\\&", re.sub(r"([\\<>])", r"\\\1", url))
    return f"<{escaped}>" if re.search(r"[\s()]", escaped) else escaped


# --- inlines ---------------------------------------------------------------------------------------------------

_ENTITY: Final = re.compile(r"&(?=#?[A-Za-z0-9]+;)")
_SPECIAL: Final = re.compile(r"[\\`*\[\]<]|~(?=~)|(?<=~)~|(?<![^\W_])_|_(?![^\W_])")
_LINE_START: Final = re.compile(r"[#>+\-=~:|]|(\d{1,9})([.)])")


def _text(text: str) -> str:
    """Words in which nothing is a sign of Markdown."""
    return _ENTITY.sub(r"\\&", _SPECIAL.sub(r"\\\g<0>", text))


def _start(line: str) -> str:
    """A line that begins no list, heading, quote, rule or table."""
    match = _LINE_START.match(line)
    if match is None:
        return line
    return (f"{match[1]}\\{match[2]}" if match[1] else "\\" + match[0]) + line[match.end() :]


def _lines(inlines: tuple[Inline, ...]) -> Iterator[str]:
    """A paragraph's lines; only a line break in the text ends one."""
    lines = _inlines(inlines).split("\n")
    for place, line in enumerate(lines):
        yield _start(line) + ("\\" if place < len(lines) - 1 else "")


def _inlines(inlines: tuple[Inline, ...], stars: bool = True) -> str:
    """stars: whether `*` may be used; inside stars, and beside others, they would pair off wrongly."""
    parts: list[str] = []
    for place, inline in enumerate(inlines):
        beside = inlines[max(0, place - 1) : place + 2]
        crowded = sum(isinstance(one, Strong | Emphasis) for one in beside) > 1
        written = _inline(inline, stars and not crowded)
        if written.startswith("[") and parts and parts[-1].endswith("!"):
            parts.append(parts.pop()[:-1] + "\\!")  # with a bracket behind it, it would begin a picture
        parts.append(written)
    return "".join(parts)


def _inline(inline: Inline, stars: bool) -> str:
    match inline:
        case Text(text):
            return _text(text)
        case LineBreak():
            return "\n"
        case CodeSpan(text):
            return _code(text)
        case Link(url, children):
            return f"[{_inlines(children, stars)}]({_target(url)})"
        case Span(language, direction, children):
            marks = " ".join(
                mark for mark in (language and f"lang={language}", direction and f"dir={direction}") if mark
            )
            return f"[{_inlines(children, stars)}]{{{marks}}}"
        case Strong(children) | Emphasis(children):
            return _emphasised(children, isinstance(inline, Strong), stars)


def _emphasised(children: tuple[Inline, ...], strong: bool, stars: bool) -> str:
    words = _inlines(children, stars=False)
    if stars and _is_letter(words[:1]) and _is_letter(words[-1:]):
        star = "**" if strong else "*"
        return star + words + star
    return f"[{words}]{{{'strong' if strong else 'em'}}}"


def _is_letter(sign: str) -> bool:
    """Whether stars beside this sign open and close for sure (CommonMark's flanking rules), also next to a word."""
    return bool(sign) and unicodedata.category(sign)[0] in "LMN"


def _code(text: str) -> str:
    run = "`" * (1 + max((len(found) for found in re.findall("`+", text)), default=0))
    if run == "`" and "`" in text:
        run = "``"
    padded = text.startswith("`") or text.endswith("`") or (text[0] == text[-1] == " " and text.strip())
    return f"{run} {text} {run}" if padded else f"{run}{text}{run}"
