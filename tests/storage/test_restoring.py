"""A copy put back: alone, looked at first, whole or not at all, and the present file kept."""

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from newsletter_cli.errors import BusyError, ConfigError, UsageError
from newsletter_cli.storage.backup import Backups, backup
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.restore import restoring, revision_in
from newsletter_cli.storage.revision import HEAD
from newsletter_cli.storage.schema import setting
from tests.conftest import SQLITE, Clock, Place

SHORT = timedelta(milliseconds=50)


@pytest.fixture
def backups(sqlite_place: Place) -> Backups:
    return Backups(sqlite_place.root / "data" / "backups", keep=5)


@pytest.fixture
def copy(sqlite_place: Place, backups: Backups, clock: Clock) -> Path:
    """A copy that knows "then", of a database that knows "now" as well."""
    with sqlite_place.open() as storage:
        put(storage, "then")
        made = backup(storage, backups, now=clock()).path
        put(storage, "now")
    return made


def put(storage: Storage, key: str) -> None:
    with storage.write() as connection:
        connection.execute(insert(setting).values(key=key, value=""))


def keys(place: Place) -> list[str]:
    with place.open() as storage, storage.read() as connection:
        return list(connection.execute(select(setting.c.key).order_by(setting.c.key)).scalars())


def test_the_copy_is_in_place_with_what_was_written_to_it_and_the_present_file_is_kept(
    sqlite_place: Place, copy: Path, backups: Backups, clock: Clock
) -> None:
    with restoring(copy, SQLITE, sqlite_place.root, backups, now=clock.advance(hours=1)) as made:
        put(made.storage, "marked")
        assert keys_in(sqlite_place.root / SQLITE) == ["now", "then"]  # nothing has happened yet
    assert keys(sqlite_place) == ["marked", "then"]
    (kept,) = made.kept
    assert kept == backups.folder / "newsletter-20261014T050000000000Z-before-restore.db"
    assert (stat.S_IMODE(kept.stat().st_mode), keys_in(kept)) == (0o600, ["now", "then"])
    assert stat.S_IMODE((sqlite_place.root / SQLITE).stat().st_mode) == 0o600
    assert not (sqlite_place.root / "data" / "restoring").exists()
    assert copy.exists()


def keys_in(file: Path) -> list[str]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT key FROM setting ORDER BY key")]


def test_what_fails_in_between_leaves_everything_as_it_was(
    sqlite_place: Place, copy: Path, backups: Backups, clock: Clock
) -> None:
    before = sorted(backups.folder.iterdir())
    with pytest.raises(ZeroDivisionError), restoring(copy, SQLITE, sqlite_place.root, backups, now=clock()):
        raise ZeroDivisionError
    assert keys(sqlite_place) == ["now", "then"]
    assert sorted(backups.folder.iterdir()) == before
    assert not (sqlite_place.root / "data" / "restoring").exists()


def test_nobody_else_may_use_the_newsroom_meanwhile(
    sqlite_place: Place, copy: Path, backups: Backups, clock: Clock
) -> None:
    with sqlite_place.open(), pytest.raises(BusyError) as caught:
        restore(copy, sqlite_place, backups, clock)
    assert caught.value.message == "Other newsletter processes use this newsroom."
    with restoring(copy, SQLITE, sqlite_place.root, backups, now=clock()), pytest.raises(BusyError) as other:
        sqlite_place.open(wait=SHORT)
    assert other.value.message == "The database is being migrated or restored."


def restore(copy: Path, place: Place, backups: Backups, clock: Clock) -> None:
    with restoring(copy, SQLITE, place.root, backups, now=clock(), wait=SHORT):
        pass


def test_a_damaged_or_missing_database_is_replaced_too_and_kept(
    sqlite_place: Place, copy: Path, backups: Backups, clock: Clock
) -> None:
    present = sqlite_place.root / SQLITE
    present.write_bytes(b"no database at all" * 1000)
    present.with_name(present.name + "-wal").write_bytes(b"a log of another")
    with restoring(copy, SQLITE, sqlite_place.root, backups, now=clock()) as made:
        pass
    assert [path.read_bytes()[:8] for path in made.kept] == [b"no datab", b"a log of"]
    assert keys(sqlite_place) == ["then"]
    present.unlink()
    with restoring(copy, SQLITE, sqlite_place.root, backups, now=clock()) as made:
        pass
    assert (made.kept, keys(sqlite_place)) == ((), ["then"])


def test_a_copy_made_by_hand_is_read_with_its_log(
    sqlite_place: Place, backups: Backups, clock: Clock, tmp_path: Path
) -> None:
    by_hand = tmp_path / "copied.db"
    with sqlite_place.open() as storage:
        put(storage, "in the log only")
        for name in ("", "-wal"):
            shutil.copyfile(sqlite_place.root / (SQLITE + name), str(by_hand) + name)
    restore(by_hand, sqlite_place, backups, clock)
    assert keys(sqlite_place) == ["in the log only"]


def test_an_older_copy_is_brought_up_to_this_version(
    sqlite_place: Place, copy: Path, backups: Backups, clock: Clock, make_old: Callable[[Path], None]
) -> None:
    old = backups.folder / "old.db"
    make_old(old)
    with restoring(old, SQLITE, sqlite_place.root, backups, now=clock()) as made:
        assert made.before == "0001"
    sqlite_place.open().close()  # which demands this program's tables


def test_what_is_no_copy_is_refused_before_anything_is_touched(copy: Path, tmp_path: Path) -> None:
    assert revision_in(copy) == HEAD
    with pytest.raises(UsageError) as missing:
        revision_in(tmp_path / "none.db")
    assert missing.value.code == "NOT-FOUND"
    (tmp_path / "text.db").write_text("hello" * 1000)
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE send (id INTEGER)")
    with closing(sqlite3.connect(copy)) as connection:
        shutil.copyfile(copy, tmp_path / "newer.db")
    with closing(sqlite3.connect(tmp_path / "newer.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    damaged = bytearray(copy.read_bytes())
    damaged[8192:12288] = b"\xff" * 4096
    (tmp_path / "damaged.db").write_bytes(damaged)
    for name, code in (("text", "CONFIG-VALUE"), ("other", "CONFIG-VALUE"), ("damaged", "CONFIG-VALUE"),
                       ("newer", "DATABASE-VERSION")):  # fmt: skip
        with pytest.raises(ConfigError) as caught:
            revision_in(tmp_path / f"{name}.db")
        assert (name, caught.value.code) == (name, code)


def test_postgresql_is_put_back_by_its_own_tools(copy: Path, backups: Backups, tmp_path: Path, clock: Clock) -> None:
    with (
        pytest.raises(UsageError) as caught,
        restoring(copy, "postgresql://localhost/news", tmp_path, backups, now=clock()),
    ):
        pass
    assert "--original-gone" in caught.value.fix
