"""What a theme sees: frozen records, words already escaped and isolated. The contract of docs/themes.md.

A template decides the look and nothing else; it cannot reach a file, a setting or a reader through these.
"""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_NOTHING: Final = Markup("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Which way a text runs: the only variables of direction a theme has."""

    lang: str  # BCP 47
    dir: str  # "rtl" | "ltr"
    start: str  # "right" | "left": the side where a line begins
    end: str
    arrow: str  # ← | →: forward
    font: str  # class of its font stack: ar, he, ur, latin
    digits: str  # CSS list-style-type of ordered lists: decimal, arabic-indic, persian


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureView:
    """A picture, or only its words when the picture itself is lost (src is "")."""

    src: str
    width: int  # pixels: its real width, at most the column's
    alt: str
    caption: Markup
    credit: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockView:
    """One block. `kind` says which of the other fields are filled."""

    kind: str  # paragraph lead heading list quote figure related source note table code rule; plain tag
    html: Markup = _NOTHING  # paragraph, lead, plain, heading, source; related: its title
    level: int = 0  # heading: 2 to 4
    ordered: bool = False  # list
    first: int = 1  # list: its first number
    items: tuple[tuple["BlockView", ...], ...] = ()  # list
    blocks: tuple["BlockView", ...] = ()  # quote, note
    picture: PictureView | None = None  # figure
    label: str = ""  # related
    url: str = ""  # related; "" = not linked
    header: tuple[Markup, ...] = ()  # table
    rows: tuple[tuple[Markup, ...], ...] = ()  # table
    text: str = ""  # code


@dataclass(frozen=True, slots=True)
class RelatedView:
    """A related article."""

    title: Markup
    url: str  # "" = not linked


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView(Way):
    """An article in its place in the digest."""

    slug: str
    number: str  # its place, from 1, in the newsroom's digits
    size: str  # full | card | line
    is_lead: bool  # the first whole article: its title is the h1
    title: Markup
    kicker: Markup
    author: Markup  # «بقلم …»; "" when unknown
    date: str
    url: str  # "" when unknown
    image: PictureView | None
    summary: Markup  # at most 220 characters
    blocks: tuple[BlockView, ...]
    related: tuple[RelatedView, ...]
    source: Markup  # «المصدر: …»; "" when unknown or already among the blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoView:
    """The wordmark as a picture."""

    src: str
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsroomView:
    """Who publishes."""

    name: str
    website: str  # "" when unset
    reply_to: str  # an address people read
    postal: str
    logo: LogoView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueView(Way):
    """The digest as a whole."""

    id: str
    title: str  # for <title>: the subject without what differs between readers
    list_title: str
    preheader: Markup
    filler: Markup  # keeps mail programs from showing the text after the preheader
    date: str
    intro: tuple[BlockView, ...]
    articles: tuple[ArticleView, ...]  # all, in order
    full: tuple[ArticleView, ...]
    cards: tuple[ArticleView, ...]
    lines: tuple[ArticleView, ...]
    if_large: Markup  # what stands between these two is left out
    end_large: Markup  # unless the page is over the size warning
