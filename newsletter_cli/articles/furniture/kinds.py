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
    READERS = "comments"
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
    rights: tuple[str, ...]  # beginnings of a line of rights: a year and a name follow
    no_colon: tuple[str, ...]  # labels that a name or a caption follows at once
    never_alone: tuple[str, ...]  # labels too short to be one when they stand alone
