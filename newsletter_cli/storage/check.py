"""Is the database sound? What SQLite can tell of its file, and whether the sums of sends and chunks are their rows'."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, digest, send

CHUNKS: Final = 2_000  # looked at in one statement: some 600,000 rows, well under the five seconds of a reader
ENDED: Final = ("sent", "cancelled")  # states of a send that owes nobody a message
COUNTED: Final = ("accepted", "failed", "uncertain", "skipped", "retry")  # outcomes whose sums a chunk keeps


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be."""

    part: str  # file | reference | sum
    where: str  # "chunk 17", "send of 2026-w42", "delivery row 4", "" of the file
    text: str


def check(storage: Storage) -> tuple[Problem, ...]:
    """Everything found wrong; empty when the database is sound.

    Reads all of it, so minutes for many millions of rows. Changes nothing. PostgreSQL keeps its references itself:
    there only the sums are looked at.  ConfigError CONFIG-VALUE: the file is damaged beyond reading.
    """
    problems: list[Problem] = []
    readers: Counter[int] = Counter()  # send → rows that name it
    if storage.dialect == "sqlite":
        with storage.read() as connection:
            problems += _file(connection)
        with storage.read() as connection:
            problems += _references(connection)
    for low, high in pairwise(_bounds(storage)):
        with storage.read() as connection:
            rows = connection.execute(_sums_of_chunks(low, high))
            problems += [problem for row in rows for problem in _differences(row)]
            readers.update({row.send_id: row.n for row in connection.execute(_readers_of_sends(low, high))})
    with storage.read() as connection:
        sends = connection.execute(
            select(send.c.id, send.c.state, digest.c.slug).join(digest).order_by(send.c.id)
        ).all()
    for one in sends:
        with storage.read() as connection:
            problems += [
                Problem("sum", f"send of {one.slug}", text)
                for text in _of_send(connection, one.id, one.state, readers[one.id])
            ]
    return tuple(problems)


def _of_send(connection: Connection, send_id: int, state: str, rows: int) -> Iterator[str]:
    """What is wrong with the sums of a whole send: readers in no chunk of its own, or owed a message at its end."""
    sums = connection.execute(
        select(func.coalesce(func.sum(chunk.c.total), 0), func.coalesce(func.sum(_UNSENT), 0)).where(
            chunk.c.send_id == send_id
        )
    ).one()
    if int(sums[0]) != rows:
        yield f"its chunks say {sums[0]} readers, it has {rows}"
    if state in ENDED and sums[1]:
        yield f"is {state}, but {sums[1]} readers wait"


_UNSENT = chunk.c.total - chunk.c.accepted - chunk.c.failed - chunk.c.uncertain - chunk.c.skipped


def _file(connection: Connection) -> list[Problem]:
    lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return [Problem("file", "", line) for line in lines if line != "ok"]


def _references(connection: Connection) -> list[Problem]:
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [
        Problem("reference", f"{table} row {row}", f"names a row of {parent} that does not exist")
        for table, row, parent, _ in rows
    ]


def _bounds(storage: Storage) -> list[int]:
    """Ids that cut the chunks into portions: each portion is from one of them up to before the next."""
    with storage.read() as connection:
        ids = connection.execute(select(chunk.c.id).order_by(chunk.c.id)).scalars().all()
    return [*ids[::CHUNKS], ids[-1] + 1] if ids else []


def _sums_of_chunks(low: int, high: int) -> Select[Any]:
    """What each chunk says of its rows beside what the rows say; chunks without a row too."""
    counted = [func.count().filter(delivery.c.outcome == outcome).label(f"rows_{outcome}") for outcome in COUNTED]
    foreign = func.count().filter(delivery.c.send_id != chunk.c.send_id).label("foreign")
    return (
        select(chunk, func.count(delivery.c.id).label("rows_total"), foreign, *counted)
        .select_from(chunk.outerjoin(delivery, delivery.c.chunk_id == chunk.c.id))
        .where(chunk.c.id >= low, chunk.c.id < high)
        .group_by(chunk.c.id)
        .order_by(chunk.c.id)
    )


def _readers_of_sends(low: int, high: int) -> Select[Any]:
    """How many rows of these chunks name each send."""
    return (
        select(delivery.c.send_id, func.count().label("n"))
        .where(delivery.c.chunk_id >= low, delivery.c.chunk_id < high)
        .group_by(delivery.c.send_id)
    )


def _differences(row: Row[Any]) -> Iterator[Problem]:
    values = row._mapping
    for name in ("total", *COUNTED):
        said, found = values[name], values[f"rows_{name}"]
        if said != found:
            yield Problem("sum", f"chunk {values['id']}", f"says {said} {name}, its rows say {found}")
    if values["foreign"]:
        yield Problem("sum", f"chunk {values['id']}", f"has {values['foreign']} rows of another send")
