"""A page saved as text becomes an article: lines with roles, then blocks in the order of the page."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from newsletter_cli.articles.datelines import Stamp, leading_agency, leading_dateline
from newsletter_cli.articles.furniture import Label
from newsletter_cli.articles.head import with_values
from newsletter_cli.articles.inlines import texts_only
from newsletter_cli.articles.lines import first_words, key
from newsletter_cli.articles.model import (
    Article,
    Block,
    Calendar,
    Extra,
    Figure,
    ListBlock,
    Note,
    Paragraph,
    Picture,
    Related,
    RelatedBlock,
)
from newsletter_cli.articles.placing import HOUR, place
from newsletter_cli.articles.readers.front_matter import FrontMatter, Value
from newsletter_cli.articles.roles import DOUBTFUL, DROPPED, Line, Role, RoleLine
from newsletter_cli.articles.tongue import language_of
from newsletter_cli.language import direction_of

UNDATED: Final = ("No date was found; give one with --date.", "No date was understood; give one with --date.")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page of text gave."""

    article: Article  # without slug; title and blocks may be empty
    roles: tuple[RoleLine, ...]  # every content line, in order
    dropped: tuple[RoleLine, ...]  # page furniture among them


def read_page(text: str, *, language: str = "ar", newsroom: str = "", title: str = "", name: str = "the file") -> Page:
    """An article from the text of a news page.

    language: the newsroom's; the page's letters may say another.  newsroom: its name.  title: given by the editor.
    Raises RefusedError NO-TITLE for a title of more than 300 characters in `title:`, else nothing.
    """
    found = language_of(text, language)
    lines = place(text, language=found, newsroom=newsroom, title=title)
    roles = tuple(RoleLine(line.number, line.text, _role(line), line.confidence, line.reason) for line in lines)
    article = _article(lines, found, name)
    return Page(article, roles, tuple(role for role in roles if role.role in DROPPED))


def with_text_only(article: Article) -> Article:
    """The article without blocks when none of them is text: captions and lines without a place make no body."""
    return article if any(isinstance(block, _BODY) for block in article.blocks) else replace(article, blocks=())


_BODY: Final = (Paragraph, ListBlock)


def _role(line: Line) -> Role:
    assert line.role is not None  # place() leaves none out
    return line.role


def _article(lines: Sequence[Line], language: str, name: str) -> Article:
    extras, beside, notes = _extras(lines)
    blocks, places = _blocks(lines)
    article = Article(
        slug="",
        title=_first(lines, Role.TITLE),
        language=language,
        direction=direction_of(language),
        kicker=_first(lines, Role.KICKER),
        author=_joined(_authors(lines)),
        sources=_sources(lines),
        tags=_tags(lines),
        blocks=(*blocks, *_note_of(extras)),
        extras=(*extras, *beside),
        warnings=notes,
        lines=places | _lines_of(lines),
    )
    return _with_head(_with_date(article, lines), lines, name)


def _first(lines: Iterable[Line], role: Role) -> str:
    return next((line.bare for line in lines if line.role is role), "")


def _values(lines: Iterable[Line], role: Role) -> tuple[str, ...]:
    """What the lines of a role say, without their label; a label that stands alone says nothing itself."""
    found = [line.value or line.bare for line in lines if line.role is role and (line.value or not line.label)]
    return tuple(dict.fromkeys(found))


def _authors(lines: Iterable[Line]) -> tuple[str, ...]:
    """Bylines, and names beside a date; one that holds another is the same person."""
    found = [line.value if line.role is Role.AUTHOR else line.author for line in lines if line.role in _PERSONS]
    return _distinct(name.strip(" :") for name in found)


def _sources(lines: Iterable[Line]) -> tuple[str, ...]:
    """Source lines first, then agencies beside a date or above the text that no source line names."""
    found = [line for line in lines if line.role is Role.SOURCE and (line.value or not line.label)]
    found.sort(key=lambda line: not line.label)
    beside = [line.source for line in lines if line.source]
    named = _distinct([*(line.value or line.bare for line in found), *beside])
    first = next((line for line in lines if line.role is Role.PARAGRAPH), None)
    agency = leading_agency(first.bare) if first and not named else ""
    return (agency,) if agency else named


_PERSONS: Final = frozenset({Role.AUTHOR, Role.DATE})


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in texts:
        same = key(text)
        if same and not any(same in other or other in same for other in found):
            found[same] = text
    return tuple(found.values())


def _joined(names: Sequence[str]) -> str:
    return "، ".join(names)


def _tags(lines: Sequence[Line]) -> tuple[str, ...]:
    parts = [part for text in _values(lines, Role.TAGS) for part in text.replace("،", ",").replace("|", ",").split(",")]
    return tuple(dict.fromkeys(tag for part in parts if (tag := part.strip(" #"))))


def _lines_of(lines: Sequence[Line]) -> dict[str, int]:
    names = {
        Role.TITLE: "title",
        Role.KICKER: "kicker",
        Role.DATE: "date",
        Role.SOURCE: "sources",
        Role.AUTHOR: "author",
    }
    return {names[line.role]: line.number for line in reversed(lines) if line.role in names}


# --- blocks ----------------------------------------------------------------------------------------------------


def _blocks(lines: Sequence[Line]) -> tuple[list[Block], dict[str, int]]:
    """The blocks in the order of the page, and the line of each."""
    blocks: list[Block] = []
    starts: list[int] = []
    for before, line in zip([None, *lines], lines, strict=False):
        # A credit on the line above a caption belongs to its picture.
        above = before is not None and before.role is Role.CAPTION and before.kind is Label.CREDIT
        credit = before.value if above and before is not None and line.kind is not Label.CREDIT else ""
        before_bare = before.bare if before is not None else ""
        if line.role is Role.PARAGRAPH and line.joined and blocks and isinstance(blocks[-1], Paragraph):
            blocks[-1] = Paragraph(texts_only(_text(blocks[-1]) + " " + line.bare))
        elif line.role is Role.LIST and blocks and isinstance(blocks[-1], ListBlock) and not line.gap:
            blocks[-1] = replace(blocks[-1], items=(*blocks[-1].items, _item(line)))
        elif line.kind is Label.CREDIT and blocks and isinstance(blocks[-1], Figure) and not blocks[-1].picture.credit:
            blocks[-1] = Figure(replace(blocks[-1].picture, credit=line.value))
        elif line.role is Role.CAPTION and credit and blocks and blocks[-1] == Figure(Picture("", None, before_bare)):
            blocks[-1] = Figure(Picture("", None, line.value or line.bare, credit))
        elif block := _block(line):
            blocks.append(block)
            starts.append(line.number)
    return blocks, {f"block:{number}": start for number, start in enumerate(starts)}


def _block(line: Line) -> Block | None:
    match line.role:
        case Role.PARAGRAPH:
            return Paragraph(texts_only(line.bare))
        case Role.LIST:
            return ListBlock(False, (_item(line),))
        case Role.CAPTION if line.kind is Label.CREDIT:
            # No picture came with it: the whole line is all that is left of one.
            return Figure(Picture("", None, line.bare)) if line.value else None
        case Role.CAPTION:
            caption = line.value or ("" if line.label else line.bare)
            return Figure(Picture("", None, caption)) if caption else None
        case Role.RELATED if line.value:
            return RelatedBlock(line.label, Related(line.value))
        case _:
            return None


def _item(line: Line) -> tuple[Block, ...]:
    return (Paragraph(texts_only(line.bare)),)


def _text(paragraph: Paragraph) -> str:
    return "".join(getattr(inline, "text", "") for inline in paragraph.inlines)


# --- what no rule places ---------------------------------------------------------------------------------------


def _extras(lines: Sequence[Line]) -> tuple[tuple[Extra, ...], tuple[Extra, ...], tuple[str, ...]]:
    """(lines without a place, words beside a date or an agency that are in no field, warnings)."""
    extras = tuple(Extra(line.number, line.text) for line in lines if line.role is Role.EXTRA)
    beside = tuple(Extra(line.number, line.rest) for line in lines if line.rest)
    warnings = [
        f"Line {extra.line}: no place was found for “{first_words([extra.text])}”; it stands in a note at the end."
        for extra in extras
    ]
    for line in lines:
        if line.role in (Role.TITLE, Role.CAPTION) and line.confidence < DOUBTFUL:
            warnings.append(f"Line {line.number}: taken for the {line.role}, perhaps wrongly: {line.reason}.")
    return extras, beside, (*warnings, *_several(lines))


def _several(lines: Sequence[Line]) -> Iterator[str]:
    """Asks about a page that may hold several reports; it is never cut by guess."""
    hours = sum(line.reason == HOUR for line in lines)
    heads = sum(
        line.role is Role.CAPTION and not line.label and len(line.bare.split()) > _HEAD_WORDS and after.role in _TEXT
        for line, after in pairwise(lines)
    )
    if hours > 1 or heads >= _HEADS:
        yield (
            f"This looks like a live report or a round-up of {max(hours, heads)} entries; it stays one article. "
            "If it should be several, cut the file and import the parts."
        )


_HEAD_WORDS: Final = 3
_HEADS: Final = 4  # short lines above paragraphs; a long report has two or three captions
_TEXT: Final = frozenset({Role.PARAGRAPH, Role.LIST})


def _note_of(extras: Sequence[Extra]) -> tuple[Block, ...]:
    """Lines without a place stay in the article, where the editor sees them and takes them out."""
    return (Note(tuple(Paragraph(texts_only(extra.text)) for extra in extras)),) if extras else ()


# --- the date --------------------------------------------------------------------------------------------------


def _with_date(article: Article, lines: Sequence[Line]) -> Article:
    """The article's own date stands behind the title; one above it may be the day the page was looked at."""
    title = next((number for number, line in enumerate(lines) if line.role is Role.TITLE), 0)
    dates = [(number, line) for number, line in enumerate(lines) if line.role is Role.DATE and line.date]
    known = [(number, line) for number, line in dates if line.date and line.date.date]
    best = max(known, key=lambda one: (one[1].stamp, one[0] > title, -abs(one[0] - title)), default=None)
    chosen = best[1] if best else next((line for _, line in dates), None)
    if best is None and (found := _from_dateline(article, lines)):
        return found
    if chosen is None or chosen.date is None:
        return replace(article, warnings=(*article.warnings, UNDATED[0]))
    read = chosen.date
    page = next((line for number, line in known if number < title and line is not chosen), None)
    warnings = [f"Line {chosen.number}: {read.warning}"] if read.warning else []
    if read.date and page and page.date and page.date.date and page.stamp == Stamp.BARE:
        apart = abs((read.date - page.date.date).days)
        if apart > 1:
            warnings.append(f"Line {page.number}: this date is the page's, {apart} days from the article's own.")
    if read.date is None:
        warnings.append(UNDATED[1])
    others = [line for _, line in dates if line is not chosen]
    return replace(
        article,
        date=read.date,
        calendar=Calendar(read.calendar) if read.date else None,
        date_text=read.text,
        warnings=(*article.warnings, *warnings),
        extras=(*article.extras, *(Extra(line.number, line.text) for line in others)),
        lines={**article.lines, "date": chosen.number},
    )


def _from_dateline(article: Article, lines: Sequence[Line]) -> Article | None:
    """Without a line that is a date: the date with which the first paragraph begins, and a warning."""
    line = next((line for line in lines if line.role is Role.PARAGRAPH), None)
    found = leading_dateline(line.bare, article.language) if line else None
    if line is None or found is None:
        return None
    read = found.date
    warning = f"Line {line.number}: the date was taken from the beginning of the text, “{first_words([read.text])}”."
    return replace(
        article,
        date=read.date,
        calendar=Calendar(read.calendar),
        date_text=read.text,
        warnings=(*article.warnings, warning),
        lines={**article.lines, "date": line.number},
    )


# --- `key: value` lines at the top -----------------------------------------------------------------------------


def _with_head(article: Article, lines: Sequence[Line], name: str) -> Article:
    head = [line for line in lines if line.role is Role.FRONT_MATTER]
    if not head:
        return article
    values: dict[str, Value] = {line.label: line.value for line in head}
    return with_values(article, FrontMatter(values, "", {line.label: line.number for line in head}), name)
