"""A file of readers in a temporary table, beside the roster: from there it is judged and copied in by a few statements.

The rows arrive in `import_line` as they were read. `arrange` puts them into `import_row`, one for each address, in the
order in which the roster's indexes like them best.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Text,
    cast,
    column,
    func,
    select,
    table,
    text,
    type_coerce,
)

from newsletter_cli.storage.engine import Storage
from newsletter_cli.subscribers.candidates import Candidate
from newsletter_cli.subscribers.plain import Plain

_GIVEN: Final = Candidate._fields
_NUMBERS: Final = frozenset({"line", "joined", "confirmed"})
_READ: Final = """
    line BIGINT NOT NULL, key TEXT NOT NULL, address TEXT NOT NULL, domain TEXT NOT NULL, name TEXT NOT NULL,
    fields TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT '', joined BIGINT,
    confirmed BIGINT, consent TEXT NOT NULL DEFAULT ''
"""
_CREATE: Final = (
    f"CREATE TEMPORARY TABLE import_line ({_READ})",
    f"""
    CREATE TEMPORARY TABLE import_row (
        n {{counting}} PRIMARY KEY, {_READ}, subscriber_id BIGINT, address_status TEXT, list_status TEXT,
        verdict TEXT NOT NULL DEFAULT 'added', made BOOLEAN NOT NULL DEFAULT false, noted BOOLEAN NOT NULL DEFAULT false
    )
    """,
)
_COUNTING: Final = {"sqlite": "INTEGER", "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY"}
_NAMES: Final = ", ".join(_GIVEN)
# One row of each address: the first in the file. SQLite takes the other columns from the row that min() found, as its
# manual promises; a window function, which both would understand, takes three times as long there.
_FIRST: Final = {
    "sqlite": f"SELECT {_NAMES.replace('line', 'min(line) AS line', 1)} FROM import_line GROUP BY key",
    "postgresql": f"SELECT DISTINCT ON (key) {_NAMES} FROM import_line ORDER BY key, line",
}
_ARRANGE: Final = f"INSERT INTO import_row ({_NAMES}) SELECT {_NAMES} FROM ({{first}}) AS firsts ORDER BY {{order}}"

row: Final = table(
    "import_row",
    column("n", BigInteger),  # from 1, without gaps
    column("line", BigInteger),  # of the file
    column("key", Text),
    column("address", Text),
    column("domain", Text),
    column("name", Text),
    column("fields", Text),  # JSON
    column("tags", Text),  # JSON, "" for none
    column("status", Text),  # what the file says of him
    column("joined", BigInteger),
    column("confirmed", BigInteger),
    column("consent", Text),
    column("subscriber_id", BigInteger),  # NULL: nobody has this address yet
    column("address_status", Text),
    column("list_status", Text),  # NULL: never was on the list
    column("verdict", Text),  # "added" until it was judged: most rows are, and stay unwritten
    column("made", Boolean),  # its subscriber did not exist before
    column("noted", Boolean),  # its line in import_change stands already
)


def create(storage: Storage, connection: Connection) -> None:
    """Makes the tables, which last as long as the connection."""
    for statement in _CREATE:
        connection.execute(text(statement.format(counting=_COUNTING[storage.dialect])))


def put(storage: Storage, connection: Connection, rows: Sequence[Candidate | Plain]) -> None:
    """Adds rows as they were read, all of one kind: a plain one lacks the last columns."""
    given = _GIVEN[: len(rows[0])]
    names = ", ".join(given)
    if storage.dialect == "sqlite":
        marks = ", ".join("?" * len(given))
        connection.exec_driver_sql(f"INSERT INTO import_line ({names}) VALUES ({marks})", [*rows])
        return
    # psycopg has no executemany that is quick enough: arrays travel once and become rows there.
    arrays = ", ".join(f"CAST(:{name} AS {'bigint' if name in _NUMBERS else 'text'}[])" for name in given)
    columns = dict(zip(given, map(list, zip(*rows, strict=True)), strict=True))
    connection.execute(text(f"INSERT INTO import_line ({names}) SELECT * FROM unnest({arrays})"), columns)


def arrange(connection: Connection, *, as_in_file: bool) -> int:
    """Numbers the rows, one for each address; how many there are.

    as_in_file: in the order of the file, else of their keys. Two thousand addresses in no order touch two thousand
    pages of the roster's index, and each commit writes them all: a million rows took 84 seconds so, and 32 in the order
    of keys, where a slice holds the write lock for a third of the time.
    """
    first = _FIRST[connection.dialect.name]
    connection.execute(text(_ARRANGE.format(first=first, order="line" if as_in_file else "key")))
    arranged: int = connection.execute(select(func.count()).select_from(row)).scalar_one()
    return arranged


def slices_of(total: int, size: int) -> Iterator[range]:
    """The numbers `n` of all rows, cut into slices of `size`."""
    for first in range(1, total + 1, size):
        yield range(first, min(first + size, total + 1))


def within(numbers: range) -> ColumnElement[bool]:
    """The rows of a slice."""
    return row.c.n.between(numbers[0], numbers[-1])


def moment(connection: Connection) -> int | None:
    """A number that stays the same while nobody else commits anything; None where the engine cannot tell."""
    if connection.dialect.name != "sqlite":
        return None
    found: int = connection.execute(text("PRAGMA data_version")).scalar_one()
    return found


def as_json(storage: Storage, of: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text column as one of the type JSON. SQLite keeps it as text, and a cast would make a number of it."""
    return type_coerce(of, JSON) if storage.dialect == "sqlite" else cast(of, JSON)
