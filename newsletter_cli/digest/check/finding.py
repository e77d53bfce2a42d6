"""The records of checking: what a rule saw, and what a person is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters. `off` is for settings only."""

    ERROR = "error"  # blocks a send (safety.require_check)
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A repair: one stretch of one line of a file, and what it becomes."""

    file: str  # as findings name it
    line: int  # from 1
    start: int  # column from 0, in code points
    old: str  # what stands there; without it nothing is changed
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `newsletter check`."""

    code: str
    level: Level
    file: str  # "digests/2026-w42.md"; the digest's id when no file is to blame
    line: int | None  # from 1
    text: str  # one sentence
    fixable: bool = False
    fix: str = ""  # what to do, where that can be said in a few words
    edits: tuple[Edit, ...] = ()  # what `check --fix` would change


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that a rule puts into a sentence, in both languages."""

    en: str
    ar: str

    def said(self, language: str) -> str:
        """In one language; English when it is neither."""
        return self.ar if language == "ar" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What a rule saw; the catalogue gives it its words."""

    code: str
    file: str
    line: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)  # for the places in the sentence; also Phrases
    level: Level | None = None  # None: the first level of the catalogue
    fix: str = ""
    edits: tuple[Edit, ...] = ()  # makes the finding fixable
