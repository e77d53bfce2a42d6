"""The kinds of lines that are not the article's text."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Furniture(StrEnum):
    """What a line of page furniture is."""

    DARK_MODE = "dark-mode label"
    LOGO = "logo"
    SIGN_UP = "sign-up"
    AD = "advertisement"
    SHARE = "share buttons"
    TEXT_SIZE = "text size buttons"
    NAVIGATION = "navigation"
    STORIES = "heading of the page's other stories"
    READERS = "comments"
    COUNTER = "a count or a reading time"
    NUMBER = "the page's own number"
    END = "end mark of the agency"
    RIGHTS = "rights"


class Label(StrEnum):
    """What a line is that begins with a label."""

    RELATED = "related"
    SOURCE = "source"
    AUTHOR = "author"
    CAPTION = "caption"
    CREDIT = "credit"
    TAGS = "tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The lines of one language. All are compared after folding, so one spelling of each is enough."""

    furniture: Mapping[Furniture, tuple[str, ...]]  # whole lines
    labels: Mapping[Label, tuple[str, ...]]  # before a colon, or alone above what they speak of
    invitations: tuple[str, ...]  # beginnings of an invitation to sign up that came without its heading
    rights: tuple[str, ...]  # words of a line of rights: a year and a name stand around them
    no_colon: tuple[str, ...]  # labels that a name or a caption follows at once
    never_alone: tuple[str, ...]  # labels too short to be one when they stand alone
    beginnings: tuple[str, ...] = ()  # of sentences that speak of the page: follow us, cookies, the app
    sections: tuple[str, ...] = ()  # names of a newspaper's parts: alone a kicker, in a row a menu
    home: tuple[str, ...] = ()  # the first word of a row of crumbs
    counted: tuple[str, ...] = ()  # words that stand with a number and nothing else: shares, minutes of reading
    numbered: tuple[str, ...] = ()  # labels of the page's own number
    published: tuple[str, ...] = ()  # before the date on which the article came out
    updated: tuple[str, ...] = ()  # before the date of its last change
    tickers: tuple[str, ...] = ()  # before a line of breaking news
    agencies: tuple[str, ...] = ()  # who sends news to newspapers
    press: tuple[str, ...] = ()  # words with which the name of a newspaper or an agency begins
    places: tuple[str, ...] = ()  # cities before an agency or a reporter's name
    names: tuple[str, ...] = ()  # first names: two to four words beginning with one are a byline
    caption_signs: tuple[str, ...] = ()  # words that begin or end a caption
