"""Markdown to blocks: markdown-it's tokens become our model, and nothing else comes through (its one door).

Raw HTML is text. Links pass `urls.check_url`; a link that may not be used leaves its words. What Markdown has no sign
for is written as `[words]{lang=en dir=ltr}`, `[words]{strong}` and `[words]{em}`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from newsletter_cli.articles.head import one_line, usable_picture
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
    Note,
    Paragraph,
    Picture,
    Quote,
    Related,
    RelatedBlock,
    Rule,
    SourceLine,
    Span,
    Strong,
    Table,
    Text,
    plain_text,
)
from newsletter_cli.articles.urls import check_url

_MARK: Final = re.compile(r"\[!(related|source|note)\][ \t]*", re.IGNORECASE)
_SPAN: Final = re.compile(
    r"\{(?:(?P<kind>strong|em)|(?:lang=(?P<lang>[A-Za-z0-9-]+))?(?:(?<!\{) )?(?:dir=(?P<dir>rtl|ltr))?)\}"
)
_CREDIT: Final = re.compile(r"\s*\((?P<credit>.*)\)\s*")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A Markdown text as blocks. A heading of level 1 is still in it; the caller decides whether it is the title."""

    blocks: tuple[Block, ...]
    lines: tuple[int, ...]  # of each block, from 1
    warnings: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


def parse(text: str, *, base_url: str = "", first_line: int = 1) -> Parsed:
    """The blocks of a Markdown text.

    base_url: the article's own address, for relative links.  first_line: number of the text's first line in its file.
    Never raises: every text is Markdown.
    """
    reader = _Reader(base_url, first_line)
    blocks = reader.blocks(_Tokens(_Dialect().parse(text)))
    return Parsed(
        tuple(block for block, _ in blocks),
        tuple(line for _, line in blocks),
        tuple(reader.warnings),
        tuple(reader.left_out),
    )


def markdown_blocks(text: str, *, base_url: str = "") -> tuple[Block, ...]:
    """The blocks of a Markdown text such as a digest's intro; headings begin at level 2. Never raises."""
    return tuple(lowered(block) for block in parse(text, base_url=base_url).blocks)


def lowered(block: Block) -> Block:
    """A heading of level 1 as one of level 2: the title is the only 1."""
    return Heading(2, block.inlines) if isinstance(block, Heading) and block.level == 1 else block


# --- the parser ------------------------------------------------------------------------------------------------


class _Dialect(MarkdownIt):
    """CommonMark with tables; URLs are handed on as written, because `urls` judges them."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False, "linkify": False, "typographer": False})
        self.enable(["table", "strikethrough"])
        self.inline.ruler.before("link", "bracketed_span", _bracketed_span)

    # The names of the next three are markdown-it's.
    def validateLink(self, url: str) -> bool:
        return True

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link


def _bracketed_span(state: StateInline, silent: bool) -> bool:
    """`[words]{lang=en}`, as in Pandoc.

    Silent means that the end of a link's label is looked for: there our brackets count as brackets, for a link may hold
    them, while a token longer than the bracket would be taken for a link in a link.
    """
    if silent or state.src[state.pos] != "[":
        return False
    start, end = state.pos, state.md.helpers.parseLinkLabel(state, state.pos)
    match = _SPAN.match(state.src, end + 1) if end >= 0 else None
    if match is None or match.group() == "{}":
        return False
    last = state.posMax
    state.pos, state.posMax = start + 1, end
    opening = state.push("span_open", "span", 1)
    opening.attrs = {name: value for name, value in match.groupdict().items() if value}
    state.md.inline.tokenize(state)
    state.push("span_close", "span", -1)
    state.pos, state.posMax = match.end(), last
    return True


@dataclass(slots=True)
class _Tokens:
    """Tokens being walked."""

    all: Sequence[Token]
    at: int = 0

    def __bool__(self) -> bool:
        return self.at < len(self.all)

    def next(self) -> Token:
        token = self.all[self.at]
        self.at += 1
        return token

    def inside(self) -> "_Tokens":
        """What stands between the opening token just taken and its end; the walk goes on behind it."""
        start, depth = self.at, 1
        while depth:
            depth += self.next().nesting
        return _Tokens(self.all[start : self.at - 1])


@dataclass(slots=True)
class _Reader:
    base_url: str
    first_line: int
    warnings: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    line: int = 1  # of the block being read, for warnings

    def blocks(self, tokens: _Tokens) -> list[tuple[Block, int]]:
        found: list[tuple[Block, int]] = []
        while tokens:
            token = tokens.next()
            if token.map:
                self.line = token.map[0] + self.first_line
            line = self.line
            found += [(block, line) for block in self.block(token, tokens)]
        return found

    def only_blocks(self, tokens: _Tokens) -> tuple[Block, ...]:
        return tuple(block for block, _ in self.blocks(tokens))

    def block(self, token: Token, tokens: _Tokens) -> Iterator[Block]:
        match token.type:
            case "paragraph_open":
                yield from self.paragraph(tokens.inside().all[0])
            case "heading_open":
                inlines = flat(self.inlines(tokens.inside().all[0]))
                if inlines:
                    yield Heading(min(4, int(token.tag[1:])), inlines)
            case "bullet_list_open" | "ordered_list_open":
                start = token.attrs.get("start", 1)
                items = tuple(self.items(tokens.inside()))
                yield ListBlock(token.type.startswith("ordered"), items, int(start))
            case "blockquote_open":
                yield from self.quote(tokens.inside())
            case "fence" | "code_block":
                yield CodeBlock(token.content.removesuffix("\n"))
            case "hr":
                yield Rule()
            case "table_open":
                yield self.table(tokens.inside())

    def items(self, tokens: _Tokens) -> Iterator[tuple[Block, ...]]:
        while tokens:
            tokens.next()
            yield self.only_blocks(tokens.inside())

    def table(self, tokens: _Tokens) -> Table:
        rows: list[tuple[tuple[Inline, ...], ...]] = []
        while tokens:
            token = tokens.next()
            if token.type == "tr_open":
                cells = [flat(self.inlines(cell)) for cell in tokens.inside().all if cell.type == "inline"]
                rows.append(tuple(cells))
        header = rows[0] if any(rows[0]) else ()
        return Table(header, tuple(rows[1:]))

    # --- paragraphs, figures, marked quotes

    def paragraph(self, inline: Token) -> Iterator[Block]:
        children = inline.children or []
        figure = self.figure(children)
        if figure:
            yield figure
            return
        inlines = self.inlines(inline)
        if inlines:
            yield Paragraph(inlines)
        for child in children:
            if child.type == "image":  # a picture among words stands under its paragraph
                yield Figure(self.picture(child))

    def figure(self, children: Sequence[Token]) -> Figure | None:
        """A picture alone in its paragraph, perhaps inside a link, perhaps with a credit in brackets behind it."""
        solid = [child for child in children if child.type != "text" or child.content.strip()]
        if [child.type for child in solid] == ["link_open", "image", "link_close"]:
            self.warn("a picture cannot be a link here; the picture stays")
            solid = solid[1:2]
        if not solid or solid[0].type != "image" or len(solid) > 2:
            return None
        credit = _CREDIT.fullmatch(solid[1].content) if len(solid) == 2 and solid[1].type == "text" else None
        if len(solid) == 2 and not credit:
            return None
        picture = self.picture(solid[0])
        return Figure(Picture(picture.source, picture.alt, picture.caption, credit["credit"].strip() if credit else ""))

    def picture(self, token: Token) -> Picture:
        """`![]` has no description yet, `![ ]` says that it needs none."""
        words = "".join(child.content for child in token.children or [])
        alt = one_line(words) or ("" if words else None)
        written = str(token.attrs.get("src", ""))
        # A relative path is a file beside the article, also where the article has an address of its own.
        source, problem = usable_picture(written if ":" in written else unquote(written))
        if problem:
            self.warn(f"the picture “{written[:60]}” is left out: {problem}")
            self.left_out.append(LeftOut(url=written, line=self.line, picture=problem))
        return Picture(source, alt, one_line(str(token.attrs.get("title", ""))))

    def quote(self, tokens: _Tokens) -> Iterator[Block]:
        first = tokens.all[1] if len(tokens.all) > 1 and tokens.all[0].type == "paragraph_open" else None
        mark = _MARK.match(first.content) if first else None
        if not first or not mark:
            yield Quote(self.only_blocks(tokens))
            return
        lines = self.lines_after(first, len(mark[0]))
        rest = self.only_blocks(_Tokens(tokens.all[3:]))
        match mark[1].lower():
            case "related":
                yield from _related(lines, rest)
            case "source":
                words = [plain_text(line) for line in lines] + [_words(block) for block in rest]
                yield SourceLine(" ".join(word for word in words if word))
            case _:
                inlines = joined([part for line in lines for part in (Text(" "), *line)])
                own = (Paragraph(trimmed(inlines)),) if trimmed(inlines) else ()
                yield Note((*own, *rest))

    def lines_after(self, inline: Token, skip: int) -> list[tuple[Inline, ...]]:
        """The source lines of a paragraph as inlines, the first `skip` characters (the mark) left out."""
        children = list(inline.children or [])
        first = children[0]
        rest = Token("text", "", 0, content=first.content[skip:])
        lines: list[list[Token]] = [[rest]]
        for child in children[1:]:
            if child.type in ("softbreak", "hardbreak") and child.level == 0:
                lines.append([])
            else:
                lines[-1].append(child)
        return [trimmed(self.walk(_Tokens(line))) for line in lines]

    # --- inlines

    def inlines(self, inline: Token) -> tuple[Inline, ...]:
        return trimmed(self.walk(_Tokens(inline.children or [])))

    def walk(self, tokens: _Tokens) -> tuple[Inline, ...]:
        found: list[Inline] = []
        while tokens:
            found += self.inline(tokens.next(), tokens)
        return joined(found)

    def inline(self, token: Token, tokens: _Tokens) -> tuple[Inline, ...]:
        match token.type:
            case "softbreak":
                return (Text(" "),)
            case "hardbreak":
                return (LineBreak(),)
            case "code_inline":
                return (CodeSpan(token.content),) if token.content.strip() else ()
            case "image":
                return ()
            case "strong_open":
                return _wrapped(Strong, self.walk(tokens.inside()))
            case "em_open":
                return _wrapped(Emphasis, self.walk(tokens.inside()))
            case "s_open":
                return self.walk(tokens.inside())
            case "link_open":
                return self.link(str(token.attrs.get("href", "")), self.walk(tokens.inside()))
            case "span_open":
                return _span(token, self.walk(tokens.inside()))
            case _:
                return (Text(token.content),) if token.content else ()

    def link(self, written: str, children: tuple[Inline, ...]) -> tuple[Inline, ...]:
        checked = check_url(written, base=self.base_url)
        if not checked.url or checked.removed:
            self.left_out.append(LeftOut(url=written, line=self.line, removed=checked.removed))
        if checked.url:
            return (Link(checked.url, children),) if children else ()
        self.warn(f"the link “{written[:60]}” is left out: {checked.problem}")
        return children

    def warn(self, problem: str) -> None:
        self.warnings.append(f"Line {self.line}: {problem}.")


def _wrapped(kind: type[Strong] | type[Emphasis], children: tuple[Inline, ...]) -> tuple[Inline, ...]:
    return (kind(children),) if children else ()


def _span(token: Token, children: tuple[Inline, ...]) -> tuple[Inline, ...]:
    kind = token.attrs.get("kind")
    if not children:
        return ()
    if kind:
        return _wrapped(Strong if kind == "strong" else Emphasis, children)
    return (Span(str(token.attrs.get("lang", "")), str(token.attrs.get("dir", "")), children),)


def _related(lines: list[tuple[Inline, ...]], rest: tuple[Block, ...]) -> Iterator[RelatedBlock]:
    """Label on the line of the mark, a headline on each line or in each list item after it."""
    label, headlines = (plain_text(lines[0]), lines[1:]) if len(lines) > 1 or rest else ("", lines)
    for block in rest:
        items = [inner for item in block.items for inner in item] if isinstance(block, ListBlock) else [block]
        headlines += [block.inlines for block in items if isinstance(block, Paragraph | Heading)]
    for headline in headlines:
        if title := plain_text(headline).strip():
            yield RelatedBlock(label, Related(title, _first_url(headline)))


def _first_url(inlines: tuple[Inline, ...]) -> str:
    for inline in inlines:
        if isinstance(inline, Link):
            return inline.url
        if isinstance(inline, Strong | Emphasis | Span) and (url := _first_url(inline.children)):
            return url
    return ""


def _words(block: Block) -> str:
    return plain_text(block.inlines) if isinstance(block, Paragraph | Heading) else ""
