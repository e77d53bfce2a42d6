"""The roles that a line of an article file can have, and the records that carry them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newsletter_cli.articles.furniture import Furniture, Label
from newsletter_cli.language import ReadDate


class Role(StrEnum):
    """What a line is."""

    FRONT_MATTER = "front-matter"
    DARK_MODE = "dark-mode"
    LOGO = "logo"
    CHROME = "chrome"
    SIGN_UP = "sign-up"
    DATE = "date"
    HEADLINE = "headline"
    TITLE = "title"
    KICKER = "kicker"
    AUTHOR = "author"
    PARAGRAPH = "paragraph"
    LIST = "list"
    CAPTION = "caption"
    RELATED = "related"
    SOURCE = "source"
    TAGS = "tags"
    EXTRA = "extra"
    # Of Markdown and HTML only, where signs and tags say what a line is.
    HEADING = "heading"
    QUOTE = "quote"
    NOTE = "note"
    TABLE = "table"
    CODE = "code"
    RULE = "rule"


# Drawn by the digest from its own strings; listed as dropped, for it belongs to the page and not to the article.
DROPPED: Final = frozenset({Role.DARK_MODE, Role.LOGO, Role.CHROME, Role.SIGN_UP})
DOUBTFUL: Final = 0.7  # a role with less confidence is marked wherever roles are shown


@dataclass(frozen=True, slots=True)
class RoleLine:
    """One line of the input and what it was taken for."""

    line: int  # from 1
    text: str  # as it stands there, without outer spaces
    role: Role
    confidence: float
    reason: str


@dataclass(slots=True)
class Line:
    """A line on its way to a role."""

    number: int
    text: str
    bare: str  # without a bullet
    bulleted: bool
    gap: bool  # an empty line stands before it
    role: Role | None = None
    confidence: float = 0.0
    reason: str = ""
    value: str = ""  # what follows a label
    label: str = ""
    kind: Label | None = None
    furniture: Furniture | None = None  # of the page, when it is that
    date: ReadDate | None = None
    joined: bool = False  # goes on the paragraph of the line before
    stamp: int = 1  # what the words before its date say: see datelines.Stamp
    author: str = ""  # beside its date
    source: str = ""  # beside its date
    rest: str = ""  # what else stands in the line and is in no field
    other: bool = False  # it stands where pages list their other stories

    @property
    def length(self) -> int:
        return len(self.bare)

    def take(self, role: Role, confidence: float, reason: str) -> None:
        self.role, self.confidence, self.reason = role, confidence, reason
