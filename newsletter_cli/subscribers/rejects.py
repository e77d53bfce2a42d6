"""The rows of a file that could not be used, as a file: to be corrected there and imported again."""

import csv
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from newsletter_cli.subscribers.candidates import Rejected
from newsletter_cli.subscribers.columns import Columns
from newsletter_cli.subscribers.values import escaped

LINE, REASON, ROW = "line", "reason", "row"  # our own columns, behind those of the file


@dataclass(slots=True)
class RejectsFile:
    """Written beside the import, made with the first rejected row. For spreadsheets: BOM, formulas made harmless."""

    path: Path
    columns: Columns
    written: int = 0
    _file: TextIO | None = field(default=None)

    def add(self, rejected: Rejected) -> None:
        """One more row."""
        if self._file is None:
            self._file = self._made()
        width = len(self.columns.all)
        whole = len(rejected.cells) != width  # it could not be split into the file's columns
        cells = [""] * width if whole else list(rejected.cells)
        row = "" if not whole else _one_line(rejected.cells)
        self._write([*map(escaped, cells), str(rejected.number), rejected.sentence, escaped(row)])
        self.written += 1

    def close(self) -> None:
        """May be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def discard(self) -> None:
        """Nothing was imported, so nothing is left behind."""
        self.close()
        if self.written:
            self.path.unlink(missing_ok=True)

    def _made(self) -> TextIO:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        # Bytes that were no text come back as they are: "surrogateescape" both ways.
        file = os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="")
        self._file = file
        file.write("\ufeff")
        self._write(
            [
                *(
                    column.heading if self.columns.has_header else column.field or column.heading
                    for column in self.columns.all
                ),
                LINE,
                REASON,
                ROW,
            ]
        )
        return file

    def _write(self, cells: list[str]) -> None:
        if self._file is None:
            raise RuntimeError("the rejects file is not open")
        csv.writer(self._file, lineterminator="\r\n").writerow(cells)


def _one_line(cells: tuple[str, ...]) -> str:
    if len(cells) == 1:
        return cells[0]
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()
