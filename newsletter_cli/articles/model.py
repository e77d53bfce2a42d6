"""What an article is, whatever file it came from: frozen values, no mail words."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Calendar(StrEnum):
    """Calendar of the words a date was written in; the stored date is always Gregorian."""

    GREGORY = "gregory"
    ISLAMIC = "islamic"
    PERSIAN = "persian"


# --- inlines ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class Link:
    url: str  # absolute http, https, mailto (subject only) or tel; checked before it gets here
    children: tuple["Inline", ...]


@dataclass(frozen=True, slots=True)
class CodeSpan:
    text: str


@dataclass(frozen=True, slots=True)
class LineBreak:
    pass


@dataclass(frozen=True, slots=True)
class Span:
    """A run in another language or direction."""

    language: str  # BCP 47, or "" when only the direction is known
    direction: str  # "rtl" | "ltr" | "" = that of the language
    children: tuple["Inline", ...]


Inline = Text | Strong | Emphasis | Link | CodeSpan | LineBreak | Span


def plain_text(inlines: tuple["Inline", ...]) -> str:
    """The words of inlines, a line break as one space."""
    parts: list[str] = []
    for inline in inlines:
        if isinstance(inline, Text | CodeSpan):
            parts.append(inline.text)
        elif isinstance(inline, LineBreak):
            parts.append(" ")
        else:
            parts.append(plain_text(inline.children))
    return "".join(parts)


# --- blocks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paragraph:
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 2 to 4: the title is the only 1
    inlines: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class ListBlock:
    ordered: bool
    items: tuple[tuple["Block", ...], ...]
    start: int = 1


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's source and words. `source` is a URL, a path relative to the article's file, or "" when lost."""

    source: str
    alt: str | None  # None: nobody described it (I101). "": decoration
    caption: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    picture: Picture


@dataclass(frozen=True, slots=True)
class Related:
    title: str
    url: str = ""  # "" stays unlinked: a link is never invented


@dataclass(frozen=True, slots=True)
class RelatedBlock:
    label: str  # as written, such as «اقرأ المزيد»; "" = the theme's own label
    related: Related


@dataclass(frozen=True, slots=True)
class SourceLine:
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    pass


Block = Paragraph | Heading | ListBlock | Quote | Figure | RelatedBlock | SourceLine | Note | Table | CodeBlock | Rule


# --- the article -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Extra:
    """A line nobody could place: becomes a warning, is shown by `articles show FILE --roles`, never dropped."""

    line: int  # from 1
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A link or a picture that no reader gets, or not as it was written."""

    url: str  # as written
    line: int = 0  # from 1; 0 when the format has no lines
    key: str = ""  # field of the front matter ("url", "related", "image"); "" in the text
    removed: tuple[str, ...] = ()  # parameters of a mailto; else the whole link is gone
    picture: str = ""  # of a picture: why no message can show it


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One piece of text a writer made. Directions and languages are set, never guessed by a first letter."""

    slug: str  # [a-z0-9][a-z0-9._-]{0,63}, at least one letter; "" until it has been given one
    title: str
    language: str  # BCP 47: "ar", "fa", "he", "ur", "en", "fr"
    direction: str  # "rtl" | "ltr"
    path: Path | None = None  # the file it was read from
    kicker: str = ""
    summary: str = ""
    author: str = ""
    sources: tuple[str, ...] = ()
    date: datetime.date | None = None  # Gregorian; None when no date could be read with certainty
    calendar: Calendar | None = None  # of `date_text`
    date_text: str = ""  # the words the date was read from
    url: str = ""
    image: Picture | None = None
    related: tuple[Related, ...] = ()
    tags: tuple[str, ...] = ()
    weight: int = 0
    draft: bool = False
    imported: str = ""  # SHA-256 of the imported file's bytes, hex
    blocks: tuple[Block, ...] = ()
    extras: tuple[Extra, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=(), compare=False)  # said of a file, like `lines`
    lines: dict[str, int] = field(default_factory=dict)  # role ("title", "image", "block:3") → line in `path`, from 1
