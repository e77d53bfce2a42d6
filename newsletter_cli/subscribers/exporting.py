"""Readers as a file. Exact by default, for programs; for spreadsheets with a BOM and nothing that could run."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from newsletter_cli.subscribers.records import Row
from newsletter_cli.subscribers.values import escaped

# Arabic stands last: a table tool that draws the row right to left still shows the address first.
COLUMNS: Final = ("email", "status", "lists", "tags", "joined", "confirmed", "consent", "city", "name")
BETWEEN: Final = ";"  # lists and tags hold none
PIECE: Final = 1 << 16  # characters gathered before they are handed on


class Format(StrEnum):
    """Kinds of files."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"


class Counted:
    """Rows that are counted while they pass."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def header(fields: Iterable[str]) -> tuple[str, ...]:
    """The columns of a file.  fields: the custom fields that somebody has."""
    return (*COLUMNS, *sorted(set(fields) - set(COLUMNS)))


def write_rows(rows: Iterable[Row], fields: Iterable[str], kind: Format, *, excel: bool = False) -> Iterator[str]:
    """The text of a file, in pieces.  excel: a BOM, CRLF, and an apostrophe before what a spreadsheet would compute."""
    columns = header(fields)
    if kind is Format.JSONL:
        yield from _json_lines(rows)
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter="\t" if kind is Format.TSV else ",", lineterminator="\r\n" if excel else "\n")
    buffer.write("\ufeff" if excel else "")
    writer.writerow(columns)
    for row in rows:
        cells = _cells(row, columns)
        writer.writerow([escaped(cell) for cell in cells] if excel else cells)
        if buffer.tell() > PIECE:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """A file that only its owner may read; it takes its name when it is whole, so a half of one is never there.

    Half of a character that came out of a broken file is written as "?".
    """
    half = path.with_name(f".{path.name}.part")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as file:
            os.fchmod(file.fileno(), 0o600)  # also where an earlier try left one with another mode
            file.writelines(pieces)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _cells(row: Row, columns: Sequence[str]) -> list[str]:
    values: Mapping[str, str] = {
        **row.fields,
        "email": row.address,
        "status": row.status,
        "lists": BETWEEN.join(row.lists),
        "tags": BETWEEN.join(row.tags),
        "joined": _instant(row.joined),
        "confirmed": _instant(row.confirmed),
        "consent": row.consent,
        "name": row.name,
    }
    return [values.get(column, "") for column in columns]


def _json_lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        document = {
            "email": row.address,
            "status": row.status,
            "lists": row.lists,
            "tags": row.tags,
            "joined": _instant(row.joined) or None,
            "confirmed": _instant(row.confirmed) or None,
            "consent": row.consent,
            "name": row.name,
            "fields": dict(row.fields),
        }
        yield json.dumps(document, ensure_ascii=False) + "\n"


def _instant(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
