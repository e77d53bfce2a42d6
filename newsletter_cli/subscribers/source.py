"""A file of readers, opened: its encoding, delimiter and columns are known, its rows can be read once or again."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from newsletter_cli.errors import NotConfirmedError, RefusedError, UsageError
from newsletter_cli.subscribers.columns import Columns, columns_of
from newsletter_cli.subscribers.encoding import BLOCK, SAMPLE, Encoding, Reading, detect, named
from newsletter_cli.subscribers.lines import Broken, Line, Lines, line_blocks, read_blocks, read_rows, text_blocks
from newsletter_cli.subscribers.values import clean_value

DELIMITERS: Final = (",", ";", "\t")  # the earlier wins where a heading line has as many of both
DELIMITER_WORDS: Final[Mapping[str, str]] = {
    "tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "،": "،",
}  # fmt: skip
_EXCEL_HINT: Final = re.compile(r'"?sep=(.)"?')  # Excel's own first line
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"?')
# First bytes of what people take for a CSV file.
_OTHER_FILES: Final[Mapping[bytes, str]] = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
    b"SQLite format 3": "a database",
}


MOST_CONTROLS: Final = 0.05  # of a text's first characters


class Choose(Protocol):
    """Asks a person which of two readings is right; None when there is nobody to ask."""

    def __call__(self, best: Reading, runner_up: Reading) -> Reading | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file of readers that is ready to be read."""

    path: Path
    reading: Reading
    delimiter: str
    columns: Columns
    first: int  # number of the first line that counts: Excel may put one of its own before it
    header: int | None  # number of the line of headings

    def rows(self) -> Iterator[list[Line | Broken]]:
        """The readers' rows in blocks, without headings."""
        for block in self.blocks():
            yield block.rows() if isinstance(block, Lines) else block

    def blocks(self) -> Iterator[Lines | list[Line | Broken]]:
        """The same, left unsplit where each line is a row."""
        with _opened(self.path) as file:
            blocks = _Blocks(file, self.reading)
            for _ in range(self.first - 1):
                blocks.drop()
            for block in read_blocks(blocks, self.delimiter, first=self.first):
                if self.header is None:
                    yield block
                elif isinstance(block, Lines):
                    yield block.without(self.header)
                else:
                    yield [row for row in block if row.number != self.header]


def open_source(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    mapping: Mapping[str, str] | None = None,
    choose: Choose | None = None,
) -> Source:
    """Looks at a file: how it is written and which column is what.

    encoding, delimiter: as a person named them; None = find out.  mapping: see `columns_of`.  choose: asked when two
    encodings are as likely; without it that is NotConfirmedError ENCODING-AMBIGUOUS, which carries both readings.
    UsageError NOT-FOUND, USAGE (unknown encoding or delimiter, no address column). RefusedError UNREADABLE: empty, or
    no text.
    """
    with _opened(path) as file:
        _refuse_other_files(path, file)
        reading = _reading(path, file, encoding, choose)
        given = None if delimiter is None else _delimiter_named(delimiter)
        blocks = _Blocks(file, reading)
        number, line = _first_line(path, blocks)
        hint = _EXCEL_HINT.fullmatch(line)
        if hint:
            blocks.drop()
            number, line = number + 1, blocks.peek() or ""
        separator = given or (hint[1] if hint else _most_frequent(line))
        rows = chain.from_iterable(read_rows(blocks, separator, first=number))
        first = next((row for row in rows if isinstance(row, Line)), None)
    if first is None:
        raise _unreadable(path, "is empty")
    has_address = any("@" in cell for cell in first.cells)  # of a heading it is no part
    columns = columns_of(first.cells, mapping or {}, has_address=has_address)
    return Source(
        path=path,
        reading=reading,
        delimiter=separator,
        columns=columns,
        first=number,
        header=None if has_address else first.number,
    )


class _Blocks:
    """Blocks of lines of which some can be looked at or dropped before they are read."""

    def __init__(self, file: BinaryIO, reading: Reading) -> None:
        file.seek(reading.skip)
        self._blocks = line_blocks(text_blocks(iter(lambda: file.read(BLOCK), b""), reading.codec))
        self._held: list[str] = []

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        held, self._held = self._held, []
        return held or next(self._blocks)

    def peek(self) -> str | None:
        """The next line, or None at the end."""
        while not self._held:
            block = next(self._blocks, None)
            if block is None:
                return None
            self._held = block
        return self._held[0]

    def drop(self) -> None:
        """The next line is not wanted."""
        self.peek()
        self._held = self._held[1:]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except IsADirectoryError as error:
        raise UsageError("NOT-FOUND", f"{path} is a folder, not a file.", sent="") from error
    except OSError as error:
        raise UsageError(
            "NOT-FOUND", f"{path} cannot be opened.", facts=[("answer", error.strerror or str(error))], sent=""
        ) from error
    with file:
        yield file


def _refuse_other_files(path: Path, file: BinaryIO) -> None:
    head = file.read(BLOCK)
    file.seek(0)
    for beginning, kind in _OTHER_FILES.items():
        if head.startswith(beginning):
            raise _unreadable(path, f"is {kind}, not a text")
    if not head.strip():
        raise _unreadable(path, "is empty")


def _reading(path: Path, file: BinaryIO, encoding: str | None, choose: Choose | None) -> Reading:
    if encoding is not None:
        reading = named(encoding, file)
        if reading is None:
            raise UsageError(
                "USAGE",
                f"“{encoding}” is no encoding that can be read here.",
                sent="",
                fix=f"--encoding {'|'.join(Encoding)}",
                details={"encodings": list(Encoding)},
            )
        return reading
    found = detect(file)
    _refuse_controls(path, file, found.best)
    if found.runner_up is None:
        return found.best
    chosen = choose(found.best, found.runner_up) if choose else None
    if chosen is None:
        raise _ambiguous(path, found.best, found.runner_up)
    return chosen


def _refuse_controls(path: Path, file: BinaryIO, reading: Reading) -> None:
    """A picture or a program is no text, whatever encoding its bytes would be least strange in."""
    head = file.read(SAMPLE)[reading.skip :].decode(reading.codec, "replace")
    file.seek(0)
    controls = sum(character < " " and character not in "\t\r\n" for character in head)
    if controls > max(8, MOST_CONTROLS * len(head)):
        raise _unreadable(path, "is no text")


def _ambiguous(path: Path, best: Reading, other: Reading) -> NotConfirmedError:
    return NotConfirmedError(
        "ENCODING-AMBIGUOUS",
        f"{path.name} can be read in two ways, and both make sense.",
        facts=[(reading.encoding.value, clean_value(reading.sample)) for reading in (best, other)],
        sent="",
        fix=f"add: --encoding {best.encoding} or --encoding {other.encoding}",
        details={"readings": {reading.encoding.value: clean_value(reading.sample) for reading in (best, other)}},
    )


def _unreadable(path: Path, why: str) -> RefusedError:
    return RefusedError(
        "UNREADABLE",
        f"{path.name} {why}.",
        facts=[("file", str(path))],
        sent="",
        fix="save it as “CSV UTF-8” and import that file" if "empty" not in why else "choose another file",
    )


def _first_line(path: Path, blocks: _Blocks) -> tuple[int, str]:
    """The first line that is not blank, and its number."""
    number = 1
    while (line := blocks.peek()) is not None:
        if line.strip():
            return number, line
        blocks.drop()
        number += 1
    raise _unreadable(path, "is empty")


def _most_frequent(line: str) -> str:
    """The delimiter that a line has most of outside quotation marks; a comma where it has none."""
    plain = _QUOTED.sub("", line)
    return max(DELIMITERS, key=plain.count)


def _delimiter_named(text: str) -> str:
    delimiter = DELIMITER_WORDS.get(text.casefold(), text)
    if len(delimiter) == 1 and not delimiter.isalnum() and delimiter not in "\"'@.\r\n_-":
        return delimiter
    raise UsageError("USAGE", f"“{text}” cannot stand between columns.", sent="", fix="--delimiter ',' or ';' or tab")
