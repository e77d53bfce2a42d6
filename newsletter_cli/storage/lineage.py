"""Which database this is: a name that all its copies share, and the step away from it when a copy goes on alone."""

import hashlib
import secrets
from typing import Final

from sqlalchemy import Connection, select, text

from newsletter_cli.storage.schema import metadata, setting, signing_key

KEY: Final = "lineage"
STEP: Final = 1_000_000  # more than any original can have used since the copy was made
# Unsubscribe links have 24 bits for a digest: a million a time would use them up in sixteen restores.
STEPS: Final = {"digest": 10_000}


def lineage_of(connection: Connection) -> str:
    """The name of this database: the one it was given, else one that follows from its first key; "" = it has none."""
    given: str | None = connection.execute(select(setting.c.value).where(setting.c.key == KEY)).scalar()
    if given:
        return given
    # Made with the newsroom and carried by every copy: readers' links hang on it.
    first = connection.execute(select(signing_key.c.secret).order_by(signing_key.c.created).limit(1)).scalar()
    return "" if first is None else hashlib.sha256(b"lineage" + first).hexdigest()[:16]


def name_anew(connection: Connection) -> None:
    """Another name, which the copies made so far do not share."""
    connection.execute(
        text(
            "INSERT INTO setting (key, value) VALUES (:key, :value)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": KEY, "value": secrets.token_hex(8)},
    )


def step_aside(connection: Connection) -> None:
    """Moves every id that is to come a million ahead, so that none is given to another row than in the original."""
    for table in metadata.sorted_tables:
        if not table.dialect_options["sqlite"]["autoincrement"]:
            continue
        values = {"table": table.name, "step": STEPS.get(table.name, STEP)}
        for statement in _SQLITE if connection.dialect.name == "sqlite" else (_POSTGRESQL,):
            connection.execute(statement, values)


# A table that never had a row has no line in sqlite_sequence.
_SQLITE: Final = (
    text(
        "INSERT INTO sqlite_sequence (name, seq) SELECT :table, 0"
        " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :table)"
    ),
    text("UPDATE sqlite_sequence SET seq = seq + :step WHERE name = :table"),
)
_POSTGRESQL: Final = text(
    "SELECT setval(s.name, COALESCE(pg_sequence_last_value(s.name), 0) + :step)"
    " FROM (SELECT CAST(pg_get_serial_sequence(quote_ident(:table), 'id') AS regclass) AS name) AS s"
)
