"""Repairs: the edits of findings written into the files they belong to, each file whole or not at all.

An edit names a stretch of a line and what must stand there. Where something else stands by now the edit is left out:
nothing is written over that nobody has looked at.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter_cli.digest.check.finding import Edit, Finding
from newsletter_cli.digest.check.sources import SourceFile, Sources
from newsletter_cli.errors import RefusedError
from newsletter_cli.newsroom import atomic_write


@dataclass(frozen=True, slots=True)
class Repair:
    """One line that was repaired, or would be."""

    code: str
    file: str
    line: int
    before: str  # the line as it was
    after: str


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one file."""

    file: SourceFile
    text: str  # as it is to be written
    repairs: tuple[Repair, ...]


def repaired(findings: Iterable[Finding], sources: Sources) -> tuple[Repaired, ...]:
    """The files with the edits of these findings made. Nothing is written.

    Edits that overlap an earlier one of the same line wait for the next run.
    """
    wanted: dict[str, dict[Edit, str]] = defaultdict(dict)
    for finding in findings:
        for edit in finding.edits:
            wanted[edit.file].setdefault(edit, finding.code)
    files = ((sources.file(name), edits) for name, edits in wanted.items())
    results = (_in_file(file, edits) for file, edits in files if file is not None)
    return tuple(one for one in results if one.repairs)


def write_repaired(one: Repaired) -> None:
    """Put a repaired file in its place, if it still is what was read.  Raises RefusedError UNREADABLE otherwise."""
    path = one.file.path
    try:
        unchanged = path.read_bytes() == one.file.text.encode()
        if unchanged:
            atomic_write(path, one.text.encode())
    except OSError as error:
        raise RefusedError(
            "UNREADABLE", f"{one.file.shown} cannot be repaired: {error.strerror}.", fix="check its rights"
        ) from error
    if not unchanged:
        raise RefusedError(
            "UNREADABLE", f"{one.file.shown} was changed while it was checked; it stays as it is.",
            fix="run the command again",
        )  # fmt: skip


def _in_file(file: SourceFile, edits: dict[Edit, str]) -> Repaired:
    lines = list(file.lines)
    repairs: list[Repair] = []
    by_line: dict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        by_line[edit.line].append(edit)
    for number, of_line in sorted(by_line.items()):
        if not 1 <= number <= len(lines):
            continue
        before = lines[number - 1]
        made = list(_fitting(before, of_line))
        after = before
        for edit in reversed(made):
            after = after[: edit.start] + edit.new + after[edit.start + len(edit.old) :]
        if made and after != before:
            lines[number - 1] = after
            codes = dict.fromkeys(edits[edit] for edit in made)
            repairs += [Repair(code, file.shown, number, before.rstrip("\r"), after.rstrip("\r")) for code in codes]
    return Repaired(file, "\n".join(lines), tuple(repairs))


def _fitting(line: str, edits: Iterable[Edit]) -> Iterator[Edit]:
    """Edits whose old words stand where they say, from the left, none inside of another."""
    done = 0
    for edit in sorted(edits, key=lambda one: (one.start, -len(one.old))):
        if edit.start >= done and line[edit.start : edit.start + len(edit.old)] == edit.old:
            done = edit.start + len(edit.old)
            yield edit
