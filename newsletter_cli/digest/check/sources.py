"""The files behind an issue as people wrote them: where a finding gets its line, and a repair its place.

Rules read no file: the caller reads them once with `read_sources`. Without them a finding names its file and no line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from newsletter_cli.digest.check.texts import file_of
from newsletter_cli.digest.model import Issue
from newsletter_cli.newsroom import Newsroom

SETTINGS_FILE: Final = "newsletter.toml"
_TABLE: Final = re.compile(r"\s*\[\[?\s*([^\]]+?)\s*\]")


class Kind(StrEnum):
    """What a file is for."""

    DIGEST = "digest"
    ARTICLE = "article"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, its line ends as they are."""

    kind: Kind
    shown: str  # as findings name it: "articles/2026/10/wheat.md"
    path: Path
    text: str

    @property
    def lines(self) -> tuple[str, ...]:
        """Its lines; a carriage return stays at the end of one."""
        return tuple(self.text.split("\n"))


@dataclass(frozen=True, slots=True)
class Place:
    """A file and, where it is known, a line."""

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one issue: digest file, articles, settings. Those of its theme are in the issue."""

    files: tuple[SourceFile, ...] = ()

    def of(self, *kinds: Kind) -> Iterator[SourceFile]:
        """The files of these kinds."""
        return (file for file in self.files if file.kind in kinds)

    def file(self, shown: str) -> SourceFile | None:
        """The file that findings call so."""
        return next((file for file in self.files if file.shown == shown), None)

    def setting(self, key: str) -> Place:
        """Where newsletter.toml sets a key such as "sender.postal": its line, that of its table, or the file alone."""
        file = next(self.of(Kind.SETTINGS), None)
        if file is None:
            return Place(SETTINGS_FILE)
        table, _, name = key.rpartition(".")
        at: int | None = None
        current = ""
        for number, line in enumerate(file.lines, 1):
            if header := _TABLE.match(line):
                current = header[1].strip()
                at = at or (number if current == table else None)
            elif current == table and re.match(rf"\s*{re.escape(name)}\s*=", line):
                return Place(SETTINGS_FILE, number)
        return Place(SETTINGS_FILE, at)


def read_sources(issue: Issue, newsroom: Newsroom) -> Sources:
    """The files of an issue. What is not UTF-8 or cannot be read is left out: its findings have no lines."""
    wanted = [
        (Kind.DIGEST, issue.file.shown, issue.file.path),
        *((Kind.ARTICLE, file_of(one.article, issue), one.article.path) for one in issue.entries),
        (Kind.SETTINGS, SETTINGS_FILE, newsroom.config),
    ]
    return Sources(tuple(_read(wanted)))


def _read(wanted: Iterable[tuple[Kind, str, Path | None]]) -> Iterator[SourceFile]:
    for kind, shown, path in wanted:
        if path is None:
            continue
        try:
            yield SourceFile(kind, shown, path, path.read_bytes().decode("utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
