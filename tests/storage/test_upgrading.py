"""A database of the first version, with a send in it, brought up to this one: nothing lost, a copy made first."""

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, select, text

from newsletter_cli.storage.backup import Backups
from newsletter_cli.storage.check import check
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.storage.migrate import migrate
from newsletter_cli.storage.postgresql import read_url
from newsletter_cli.storage.revision import HEAD
from newsletter_cli.storage.schema import chunk, delivery, lane, send
from tests.conftest import SQLITE, WEDNESDAY, Place
from tests.servers.postgres import Postgres

OLD_TABLES = ("list", "subscriber", "subscription", "digest", "version", "send", "chunk", "delivery", "act")


@pytest.fixture(params=["sqlite", "postgresql"])
def old(
    request: pytest.FixtureRequest,
    newsroom_folder: Path,
    fill_old: Callable[[Connection], None],
) -> Iterator[Place]:
    """A database at the first revision with a send half-way through."""
    if request.param == "sqlite":
        url, database = f"sqlite:///{newsroom_folder / SQLITE}", SQLITE
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        database = postgres.create("old")
        url = str(read_url(database).render_as_string(hide_password=False))
    engine = create_engine(url)
    with engine.begin() as connection:
        fill_old(connection)
    engine.dispose()
    yield Place(database, newsroom_folder)
    if request.param == "postgresql":
        postgres.drop("old")


def rows_of(place: Place) -> dict[str, list[dict[str, object]]]:
    with (
        open_storage(place.database, place.root, any_revision=True) as storage,
        storage.read() as connection,
    ):
        return {
            name: [dict(row._mapping) for row in connection.execute(text(f'SELECT * FROM "{name}"'))]
            for name in OLD_TABLES
        }


def test_everything_is_there_afterwards_and_a_copy_was_made_before(old: Place) -> None:
    before = rows_of(old)
    assert len(before["delivery"]) == 4
    folder = old.root / "data" / "backups"
    done = migrate(old.database, old.root, backups=Backups(folder, keep=3), now=WEDNESDAY)
    assert (done.before, done.after) == ("0001", HEAD)
    after = rows_of(old)
    for name in OLD_TABLES:
        assert [{key: row[key] for key in was} for was, row in zip(before[name], after[name], strict=True)] == before[
            name
        ]
    assert done.backup is not None
    assert "before-migrate" in done.backup.path.name
    assert revision_of_copy(done.backup.path) == "0001"


def revision_of_copy(path: Path) -> str:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return str(json.loads(next(lines))["revision"])
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_the_new_columns_mean_what_an_old_send_was(old: Place) -> None:
    migrate(old.database, old.root)
    with open_storage(old.database, old.root) as storage:
        assert check(storage) == ()
        with storage.read() as connection:
            row = connection.execute(select(send)).one()
            assert (row.canary, row.canary_passed, row.waived) == (0, None, "")
            assert connection.execute(select(chunk.c.canary)).scalars().all() == [False, False]
            assert connection.execute(select(lane)).all() == []
            outcomes = connection.execute(select(delivery.c.outcome).order_by(delivery.c.id)).scalars().all()
            assert outcomes == ["accepted", "retry", "waiting", "uncertain"]
            assert isinstance(row.created, datetime)


def test_ids_go_on_where_they_were(old: Place) -> None:
    migrate(old.database, old.root)
    with open_storage(old.database, old.root) as storage, storage.write() as connection:
        made = connection.execute(
            text("INSERT INTO chunk (send_id, state, total) VALUES (1, 'open', 0) RETURNING id")
        ).scalar_one()
    assert made == 3
