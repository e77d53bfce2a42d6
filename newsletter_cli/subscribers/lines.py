"""The rows of a delimited text, whatever is wrong with some of them: a broken row is reported and the next one read.

Bytes come in blocks and leave as rows; nothing here opens a file. The standard library's reader is the fast path for
rows of one line each. Where it gives up or swallows a line break, `_split` reads again, line by line: a quotation mark
that is never closed then costs its own line, not the rest of the file.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_LINE: Final = 1 << 16  # characters: without a limit one line could fill the memory
MOST_LINES: Final = 20  # of one quoted value
_LOST: Final = re.compile("[\ud800-\udfff\ufffd]")  # what the decoder puts where bytes mean nothing
# A quoted value from its first mark to the one that closes it. Possessive: two marks are never one that closes.
_QUOTED: Final = re.compile(r'[ \u00a0]*"((?:[^"]|"")*+)"[ \u00a0]*')
_OPENS: Final = re.compile(r'[ \u00a0]*"')


class Fault(StrEnum):
    """Why a row cannot be split into cells."""

    BYTES = "bytes"  # not of the file's encoding
    QUOTES = "quotes"
    NUL = "nul"
    TOO_LONG = "too-long"


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the number of its first line in the file, and its cells."""

    number: int  # from 1
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """One line that is no row."""

    number: int
    text: str  # as it stands there, cut at LONGEST_LINE
    fault: Fault


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines each of which is one row, or blank: nothing in them says otherwise."""

    first: int  # number of the first one
    texts: list[str]
    delimiter: str

    def rows(self, places: Iterable[int] | None = None) -> list["Line | Broken"]:
        """The rows of some of the lines, blank ones left out.  places: from 0; None = all."""
        wanted = range(len(self.texts)) if places is None else places
        split = ((at, self._cells(self.texts[at])) for at in wanted)
        return [Line(self.first + at, cells) for at, cells in split if len(cells) > 1 or cells[0].strip()]

    def _cells(self, text: str) -> list[str]:
        if '"' not in text:
            return text.split(self.delimiter)
        return next(csv.reader([text], delimiter=self.delimiter, strict=True, skipinitialspace=True))

    def without(self, number: int) -> "Lines":
        """The same without one line of the file."""
        at = number - self.first
        if not 0 <= at < len(self.texts):
            return self
        return Lines(self.first, [*self.texts[:at], "", *self.texts[at + 1 :]], self.delimiter)


def text_blocks(data: Iterable[bytes], codec: str) -> Iterator[str]:
    """The text of a file, decoded in blocks. Bytes that mean nothing become what `_LOST` finds."""
    # "replace" for UTF-16: half a character has no bytes of its own to keep.
    decoder = codecs.getincrementaldecoder(codec)("replace" if codec.startswith("utf-16") else "surrogateescape")
    for block in data:
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def line_blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """The lines of a text without their ends: CRLF, LF or CR. An endless one is cut, and its rest dropped."""
    rest = ""
    for text in texts:
        text = rest + text
        held = "\r" if text.endswith("\r") else ""  # perhaps the first half of a CRLF
        lines = text.removesuffix(held).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rest = lines.pop()[: LONGEST_LINE + 1] + held
        if lines:
            yield lines
    if rest:
        yield rest.replace("\r", "\n").removesuffix("\n").split("\n")


def read_rows(blocks: Iterable[list[str]], delimiter: str, *, first: int = 1) -> Iterator[list[Line | Broken]]:
    """Rows in blocks, in order, blank lines left out.

    delimiter: one character.  first: the number of the first line given.
    """
    for block in read_blocks(blocks, delimiter, first=first):
        yield block.rows() if isinstance(block, Lines) else block


def read_blocks(
    blocks: Iterable[list[str]], delimiter: str, *, first: int = 1
) -> Iterator["Lines | list[Line | Broken]"]:
    """The same, left unsplit where each line is a row: most need not be split one by one."""
    number, carried = first, list[str]()
    for block in blocks:
        lines = carried + block
        if _is_line_by_line(lines, delimiter):
            carried = []
            yield Lines(number, lines, delimiter)
            number += len(lines)
        else:
            rows, used = _careful(lines, delimiter, number, last=False)
            carried, number = lines[used:], number + used
            yield rows
    yield _careful(carried, delimiter, number, last=True)[0]


def _is_line_by_line(lines: list[str], delimiter: str) -> bool:
    """Whether each line is one row, and none is broken."""
    whole = "\n".join(lines)
    if "\0" in whole or _LOST.search(whole) or max(map(len, lines)) > LONGEST_LINE:
        return False
    if '"' not in whole:
        return True
    quoted = [line for line in lines if '"' in line]
    try:
        split = list(csv.reader(quoted, delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return False
    return len(split) == len(quoted)  # else a value goes over several lines


def _careful(lines: list[str], delimiter: str, number: int, *, last: bool) -> tuple[list[Line | Broken], int]:
    """Rows, and how many lines they took; the last lines are left when a value in them may go on in the next block."""
    rows: list[Line | Broken] = []
    at = 0
    while at < len(lines):
        fault = _fault(lines[at])
        if fault is not None:
            rows.append(Broken(number + at, lines[at][:LONGEST_LINE], fault))
            at += 1
            continue
        cells, took = _join(lines, at, delimiter)
        if took == 0 and not last and at + MOST_LINES > len(lines):
            break
        if cells is None:
            rows.append(Broken(number + at, lines[at], Fault.QUOTES))
        elif len(cells) > 1 or cells[0].strip():
            rows.append(Line(number + at, cells))
        at += took or 1
    return rows, at


def _join(lines: list[str], at: int, delimiter: str) -> tuple[list[str] | None, int]:
    """The cells of the row that begins here and how many lines it has; (None, 0) when a value is not closed."""
    text = lines[at]
    for more in range(at + 1, at + MOST_LINES + 1):
        cells, is_open = _split(text, delimiter)
        if not is_open:
            return cells, more - at if cells is not None else 1
        if more >= len(lines) or len(text) > LONGEST_LINE or _fault(lines[more]) is not None:
            break
        text += "\n" + lines[more]
    return None, 0


def _split(text: str, delimiter: str) -> tuple[list[str] | None, bool]:
    """The cells of one row; None for a value that goes on behind its closing mark. True: a value is not closed."""
    cells, at = [], 0
    while True:
        if _OPENS.match(text, at):
            found = _QUOTED.match(text, at)
            if found is None:
                return None, True
            end = found.end()
            cells.append(found[1].replace('""', '"'))
            if end < len(text) and text[end] != delimiter:
                return None, False
        else:
            end = text.find(delimiter, at)
            end = len(text) if end < 0 else end
            cells.append(text[at:end])
        if end >= len(text):
            return cells, False
        at = end + 1


def _fault(line: str) -> Fault | None:
    if len(line) > LONGEST_LINE:
        return Fault.TOO_LONG
    if "\0" in line:
        return Fault.NUL
    return Fault.BYTES if _LOST.search(line) else None
