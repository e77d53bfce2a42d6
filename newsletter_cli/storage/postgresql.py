"""How PostgreSQL is reached: psycopg 3, every wait bounded, no commit before it is safe."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from newsletter_cli.errors import ConfigError

# A server that is gone without a goodbye is noticed within a minute, not after the kernel's two hours.
CONNECT: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "newsletter",
}
STATEMENT: Final = timedelta(seconds=60)  # the longest statement of ours is a slice of some 5,000 rows
IDLE: Final = timedelta(seconds=60)  # a process that hangs inside a transaction must not hold its locks for ever


def is_url(database: str) -> bool:
    return database.startswith(("postgresql://", "postgres://"))


def read_url(database: str) -> URL:
    """`storage.database` as a URL for psycopg 3; ConfigError CONFIG-VALUE when it is none."""
    try:
        url = make_url(database.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError) as error:
        raise ConfigError(
            "CONFIG-VALUE",
            "storage.database is no address of a PostgreSQL database.",
            fix='Write it as "postgresql://user@host/name".',
        ) from error
    return url.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """The URL as people may see it: in their spelling, without its password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def postgresql_engine(url: URL, wait: timedelta, statement: timedelta = STATEMENT) -> Engine:
    """An engine with every time-out set.  wait: for a row or table lock.  ConfigError EXTRA without psycopg."""
    given = {key: value for key, value in CONNECT.items() if key not in url.query}
    try:
        engine = create_engine(
            url, connect_args=given, isolation_level="READ COMMITTED", pool_pre_ping=True, pool_size=4,
            max_overflow=12, pool_timeout=wait.total_seconds(),
        )  # fmt: skip
    except ImportError as error:
        raise ConfigError(
            "EXTRA",
            "PostgreSQL needs psycopg, which is not installed.",
            facts=[("database", shown(url))],
            fix="pip install 'newsletter-cli[postgres]'",
        ) from error
    event.listen(engine, "connect", lambda connection, _record: _greet(connection, wait, statement))
    return engine


# set_config rather than start-up options: those would replace the ones in the user's URL, and poolers refuse them.
GREETING: Final = """
    SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),
           set_config('idle_in_transaction_session_timeout', %s, false), current_setting('synchronous_commit')
"""


def _greet(connection: Any, wait: timedelta, statement: timedelta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(GREETING, [str(int(limit.total_seconds() * 1000)) for limit in (wait, statement, IDLE)])
        commits = cursor.fetchone()[3]
    connection.commit()
    if commits == "off":
        # A commit that may be lost after it was acknowledged would let a message go out twice.
        raise ConfigError(
            "CONFIG-VALUE",
            "This PostgreSQL acknowledges commits before they are safe (synchronous_commit is off).",
            fix="Set synchronous_commit = on for this database or user, then run it again.",
        )
