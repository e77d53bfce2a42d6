"""Making a database and bringing it up to date: what migrations make is what the schema says."""

import re
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from newsletter_cli.errors import BusyError, ConfigError
from newsletter_cli.storage.engine import Storage, open_storage
from newsletter_cli.storage.migrate import Migration, migrate, revision_found
from newsletter_cli.storage.postgresql import read_url
from newsletter_cli.storage.revision import HEAD, MIGRATIONS, REVISIONS
from newsletter_cli.storage.schema import metadata
from tests.conftest import SQLITE, Place
from tests.servers.postgres import Postgres


def test_the_head_we_ask_for_is_alembics() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)


def test_migrations_make_what_the_schema_says(storage: Storage) -> None:
    with storage.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})  # defaults: see below
        assert compare_metadata(context, metadata) == []


def test_migrations_make_the_same_sqlite_as_the_schema(sqlite_place: Place, tmp_path: Path) -> None:
    """To the letter of what SQLite keeps: defaults, AUTOINCREMENT, constraint names."""
    fresh = tmp_path / "fresh.db"
    engine = create_engine(f"sqlite:///{fresh}")
    metadata.create_all(engine)
    engine.dispose()
    assert described_sqlite(sqlite_place.root / SQLITE) == described_sqlite(fresh)


def described_sqlite(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        ).fetchall()
    # The order of columns and constraints says nothing, nor do line ends: a column added later stands behind them all.
    return {name: "\n".join(sorted(filter(None, re.split(r"[,\s()]+", sql or "")))) for name, sql in rows}


def test_migrations_make_the_same_postgresql_as_the_schema(postgresql_storage: Storage, postgres: Postgres) -> None:
    engine = create_engine(read_url(postgres.create("fresh")))
    metadata.create_all(engine)
    with engine.connect() as fresh, postgresql_storage.read() as migrated:
        described = [fresh.execute(text(DESCRIBED)).all(), migrated.execute(text(DESCRIBED)).all()]
    engine.dispose()
    postgres.drop("fresh")
    assert described[0] == described[1]
    assert len(described[0]) > 100


DESCRIBED = """
    SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL
    SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    ORDER BY 1, 2, 3
"""


def test_a_new_database_is_private_and_at_the_head(newsroom_folder: Path) -> None:
    assert revision_found(SQLITE, newsroom_folder) is None
    assert migrate(SQLITE, newsroom_folder) == Migration(None, HEAD)
    assert revision_found(SQLITE, newsroom_folder) == HEAD
    assert stat.S_IMODE((newsroom_folder / SQLITE).stat().st_mode) == 0o600
    open_storage(SQLITE, newsroom_folder).close()


def test_migrating_twice_does_nothing(place: Place) -> None:
    with place.open():  # in use, which a migration that has something to do would not allow
        assert migrate(place.database, place.root) == Migration(HEAD, HEAD)


def test_looking_for_the_revision_makes_nothing(newsroom_folder: Path) -> None:
    assert revision_found(SQLITE, newsroom_folder) is None
    assert list((newsroom_folder / "data").iterdir()) == []


def test_two_at_once_make_one_database(newsroom_folder: Path, postgres: Postgres) -> None:
    for database in (SQLITE, postgres.create("raced")):
        threads = [threading.Thread(target=migrate, args=(database, newsroom_folder)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        open_storage(database, newsroom_folder).close()
    postgres.drop("raced")


def test_a_database_in_use_is_not_migrated(newsroom_folder: Path) -> None:
    (newsroom_folder / SQLITE).touch()
    with open_storage(SQLITE, newsroom_folder, any_revision=True), pytest.raises(BusyError) as caught:
        migrate(SQLITE, newsroom_folder, wait=timedelta(milliseconds=50))
    assert (caught.value.code, caught.value.fix) == ("BUSY", "Stop them, then run it again.")
    assert revision_found(SQLITE, newsroom_folder) is None


def test_a_newer_database_is_left_alone(place: Place) -> None:
    with place.open() as storage, storage.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError) as caught:
        migrate(place.database, place.root)
    assert caught.value.code == "DATABASE-VERSION"


def test_a_migration_that_fails_leaves_nothing_behind(newsroom_folder: Path, postgres: Postgres) -> None:
    """The last of its tables is there already, so that it fails when nearly all is done."""
    for database in (SQLITE, postgres.create("broken")):
        (newsroom_folder / SQLITE).touch()
        with open_storage(database, newsroom_folder, any_revision=True) as storage, storage.write() as connection:
            connection.execute(text("CREATE TABLE delivery (id INTEGER)"))
        with pytest.raises(Exception, match="already exists"):
            migrate(database, newsroom_folder)
        with open_storage(database, newsroom_folder, any_revision=True) as storage, storage.read() as connection:
            assert connection.dialect.get_table_names(connection) == ["delivery"]
    postgres.drop("broken")
