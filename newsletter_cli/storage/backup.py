"""Copies of the whole database, made while others work: a SQLite file, or gzip JSON lines from PostgreSQL."""

import base64
import gzip
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from sqlalchemy import Connection, MetaData, Row, select, text
from sqlalchemy.types import LargeBinary

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.failures import translating, translating_disk
from newsletter_cli.storage.revision import revision_of

NAME: Final = re.compile(r"newsletter-\d{8}T\d{12}Z(-[a-z-]+)?\.(db|jsonl\.gz)")
ROWS: Final = 2_000  # fetched from PostgreSQL at a time


@dataclass(frozen=True, slots=True)
class Backups:
    """Where copies go."""

    folder: Path
    keep: int  # how many of ours stay, the newest; at least 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One copy that was made."""

    path: Path
    bytes: int
    removed: tuple[Path, ...]  # older copies that had to go


def backup(storage: Storage, backups: Backups, *, now: datetime, why: str = "") -> Backup:
    """Copies the database as it is at one moment; only a finished copy gets its name.

    now: aware, UTC.  why: small letters and hyphens, part of the name ("before-import"); "" for one that was asked for.
    TryAgainError DISK-FULL: no room for it. Files there that are not named like ours are left alone.
    """
    write, suffix = (_copy_sqlite, "db") if storage.dialect == "sqlite" else (_copy_postgresql, "jsonl.gz")
    reason = f"-{why}" if why else ""
    path = backups.folder / f"newsletter-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z{reason}.{suffix}"
    with translating_disk(str(backups.folder)), translating(storage.place):
        backups.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _unfinished(path) as half:
            write(storage, half)
        return Backup(path=path, bytes=path.stat().st_size, removed=_tidy(backups))


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A private file beside `path` that becomes it at the end, and goes if there is no end."""
    half = path.with_name(f".{path.name}.part")
    os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    try:
        yield half
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the name, too, survives a power cut
    finally:
        os.close(folder)


def _copy_sqlite(storage: Storage, path: Path) -> None:
    with storage.read() as connection, closing(sqlite3.connect(path, isolation_level=None)) as copy:
        source = connection.connection.dbapi_connection
        assert isinstance(source, sqlite3.Connection)
        # In one step: in pieces it begins anew after each commit of a sender, and never ends beside one.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def _copy_postgresql(storage: Storage, path: Path) -> None:
    with path.open("wb") as raw:
        with gzip.open(raw, "wt", encoding="utf-8", compresslevel=6) as out, storage.read() as connection:
            # Every table as of the same moment, however long it takes.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            _write_line(out, {"newsletter": "backup/1", "revision": revision_of(connection)})
            for line in _rows(connection):
                _write_line(out, line)
        os.fsync(raw.fileno())


def _rows(connection: Connection) -> Iterator[dict[str, object]]:
    """The tables as the database has them: before a migration they are not those of this program."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name != "alembic_version")
    for table in found.sorted_tables:
        binary = tuple(column.name for column in table.columns if isinstance(column.type, LargeBinary))
        rows = connection.execution_options(yield_per=ROWS).execute(select(table).order_by(*table.primary_key))
        for row in rows:
            yield {"table": table.name, "row": _plain(row, binary)}


def _plain(row: Row[tuple[object, ...]], binary: tuple[str, ...]) -> dict[str, object]:
    """A row in JSON's types: bytes as base64, instants as the microseconds that the database holds."""
    values = dict(row._mapping)
    for name in binary:
        values[name] = base64.b64encode(values[name]).decode("ascii")
    return values


def _write_line(out: IO[str], line: dict[str, object]) -> None:
    out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def _tidy(backups: Backups) -> tuple[Path, ...]:
    ours = sorted(path for path in backups.folder.iterdir() if NAME.fullmatch(path.name))
    old = ours[: -max(backups.keep, 1)]
    for path in old:
        path.unlink(missing_ok=True)
    return tuple(old)
