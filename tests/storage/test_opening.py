"""Opening a database: what is refused, and in which words."""

import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text

from newsletter_cli.errors import BusyError, ConfigError
from newsletter_cli.storage.engine import Storage, open_storage
from newsletter_cli.storage.lock import NewsroomLock
from newsletter_cli.storage.postgresql import postgresql_engine, read_url
from newsletter_cli.storage.revision import HEAD
from tests.conftest import SQLITE, Place
from tests.servers.postgres import Postgres

SHORT = timedelta(milliseconds=50)


def told(error: ConfigError | BusyError) -> tuple[str, str, str]:
    return error.code, error.message, error.fix


def test_a_database_that_is_not_there_is_not_made(newsroom_folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_storage(SQLITE, newsroom_folder)
    assert told(caught.value) == (
        "DATABASE-VERSION", "There is no newsletter database here yet.", "newsletter db migrate",
    )  # fmt: skip
    assert list((newsroom_folder / "data").iterdir()) == []


def test_a_postgresql_without_our_tables_is_refused(newsroom_folder: Path, postgres: Postgres) -> None:
    url = postgres.create("empty")
    with pytest.raises(ConfigError) as caught:
        open_storage(url, newsroom_folder)
    assert caught.value.code == "DATABASE-VERSION"
    postgres.drop("empty")


@pytest.mark.parametrize(
    ("revision", "message", "fix"),
    [
        (
            "9999",
            "The database was written by a newer newsletter than this one.",
            "pip install --upgrade newsletter-cli",
        ),
    ],
)
def test_a_database_of_another_version_is_refused(place: Place, revision: str, message: str, fix: str) -> None:
    with place.open() as storage, storage.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    with pytest.raises(ConfigError) as caught:
        place.open()
    assert told(caught.value) == ("DATABASE-VERSION", message, fix)
    assert caught.value.facts[1:] == (("tables", revision), ("needed", HEAD))


def test_opening_is_quick_because_alembic_stays_out(place: Place) -> None:
    script = (
        "import sys; from pathlib import Path; from newsletter_cli.storage.engine import open_storage\n"
        "open_storage(sys.argv[1], Path(sys.argv[2])).close()\n"
        "print([name for name in ('alembic', 'mako', 'jinja2', 'premailer') if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, place.database, str(place.root)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_only_the_owner_may_read_what_is_stored(sqlite_place: Place) -> None:
    data = sqlite_place.root / "data"
    os.chmod(data / "newsletter.db", 0o600)
    with sqlite_place.open() as storage, storage.write() as connection:
        connection.execute(text("INSERT INTO setting VALUES ('a', 'b')"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()}
    names = ("newsletter.db", "newsletter.db-shm", "newsletter.db-wal", "newsroom.lock")
    assert modes == dict.fromkeys(names, 0o600)


def test_one_file_is_left_when_everybody_has_gone(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage, storage.write() as connection:
        connection.execute(text("INSERT INTO setting VALUES ('a', 'b')"))
    assert sorted(path.name for path in (sqlite_place.root / "data").iterdir()) == ["newsletter.db", "newsroom.lock"]


def test_a_file_that_is_no_database_is_named(newsroom_folder: Path) -> None:
    (newsroom_folder / SQLITE).write_bytes("ليست قاعدة بيانات".encode() * 100)
    with pytest.raises(ConfigError) as caught:
        open_storage(SQLITE, newsroom_folder)
    assert (caught.value.code, caught.value.facts[0]) == ("CONFIG-VALUE", ("database", SQLITE))
    assert caught.value.message == "The database file is damaged, or is no database at all."


def test_a_folder_in_place_of_the_file_is_named(newsroom_folder: Path) -> None:
    (newsroom_folder / SQLITE).mkdir()
    with pytest.raises(ConfigError) as caught:
        open_storage(SQLITE, newsroom_folder)
    assert (caught.value.code, caught.value.message) == ("CONFIG-VALUE", "The database cannot be opened for writing.")


def test_a_missing_driver_names_the_install_line(newsroom_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError) as caught:
        open_storage("postgresql://news:geheim@db.example.org/news", newsroom_folder)
    assert told(caught.value) == (
        "EXTRA", "PostgreSQL needs psycopg, which is not installed.", "pip install 'newsletter-cli[postgres]'",
    )  # fmt: skip
    assert caught.value.facts == (("database", "postgresql://news:***@db.example.org/news"),)


def test_a_server_that_is_not_there_is_told_without_its_password(newsroom_folder: Path) -> None:
    with pytest.raises(BusyError) as caught:
        open_storage("postgresql://news:geheim@127.0.0.1:1/news", newsroom_folder)
    assert (caught.value.code, caught.value.message) == ("DATABASE-BUSY", "The database server does not answer.")
    assert "geheim" not in repr((caught.value.message, caught.value.facts, caught.value.fix))


def test_a_setting_that_is_no_address_is_told(newsroom_folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_storage("postgresql://news@host:port/news", newsroom_folder)
    assert caught.value.code == "CONFIG-VALUE"


def test_a_server_that_may_lose_commits_is_refused(postgresql_place: Place) -> None:
    with postgresql_place.open() as storage, storage.write() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar()
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    with pytest.raises(ConfigError) as caught:
        postgresql_place.open()
    assert caught.value.code == "CONFIG-VALUE"
    assert "synchronous_commit" in caught.value.message


def test_what_the_address_says_of_its_connection_stays(postgresql_place: Place) -> None:
    url = postgresql_place.database + "&application_name=" + quote("نشرة") + "&options=-c%20work_mem%3D8MB"
    with open_storage(url, postgresql_place.root) as storage, storage.read() as connection:
        names = ("application_name", "work_mem", "lock_timeout")
        found = [connection.execute(text(f"SHOW {name}")).scalar() for name in names]
    assert found[1:] == ["8MB", "10s"]
    engine = postgresql_engine(read_url(url), SHORT)
    assert engine.url.query["application_name"] == "نشرة"


def test_both_spellings_of_the_scheme_are_understood(postgresql_place: Place) -> None:
    short = postgresql_place.database.replace("postgresql://", "postgres://")
    with open_storage(short, postgresql_place.root) as storage:
        assert storage.dialect == "postgresql"


def test_a_database_that_went_away_is_found_again(postgresql_storage: Storage) -> None:
    with pytest.raises(BusyError) as caught, postgresql_storage.write() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert caught.value.code == "DATABASE-BUSY"
    with postgresql_storage.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_who_needs_the_newsroom_alone_waits_for_all_others(place: Place) -> None:
    with place.open(), place.open():
        with pytest.raises(BusyError) as caught:
            NewsroomLock(place.root, alone=True, wait=SHORT)
        assert told(caught.value) == (
            "BUSY", "Other newsletter processes use this newsroom.", "Stop them, then run it again.",
        )  # fmt: skip
    alone = NewsroomLock(place.root, alone=True, wait=SHORT)
    with pytest.raises(BusyError) as caught:
        place.open(wait=SHORT)
    assert caught.value.message == "The database is being migrated or restored."
    alone.release()
    place.open(wait=SHORT).close()
