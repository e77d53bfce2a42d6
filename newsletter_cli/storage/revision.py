"""Which form the tables have, asked without Alembic: its import costs more than most commands do.

Alembic keeps the name of the last migration in the table alembic_version; reading it is one SELECT.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from newsletter_cli.errors import ConfigError

REVISIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
)  # oldest first; a test compares them with the files in migrations/versions
HEAD: Final = REVISIONS[-1]
MIGRATIONS: Final = Path(__file__).parent / "migrations"


def revision_of(connection: Connection) -> str | None:
    """The revision this database is at, or None when it holds no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def wrong_revision(found: str | None, place: str) -> ConfigError:
    """The error for a database that is missing, older or newer than this program."""
    facts = (("database", place), ("tables", found or "none"), ("needed", HEAD))
    if found is None:
        message, fix = "There is no newsletter database here yet.", "newsletter db migrate"
    elif found in REVISIONS:
        message, fix = "The database is older than this program.", "newsletter db migrate"
    else:
        message = "The database was written by a newer newsletter than this one."
        fix = "pip install --upgrade newsletter-cli"
    return ConfigError("DATABASE-VERSION", message, facts=facts, fix=fix)
