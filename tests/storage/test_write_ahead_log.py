"""SQLite's log is emptied beside the writers, not by them."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from newsletter_cli.storage import checkpoint
from newsletter_cli.storage.checkpoint import Checkpointer
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import setting
from newsletter_cli.storage.sqlite import connector
from tests.conftest import SQLITE, Place
from tests.servers import wait_until


@pytest.fixture
def log(newsroom_folder: Path) -> Path:
    return newsroom_folder / (SQLITE + "-wal")


@pytest.fixture
def checkpointer(sqlite_place: Place, log: Path) -> Checkpointer:
    return Checkpointer(connector(sqlite_place.root / SQLITE, timedelta(seconds=1)), log)


def write_much(storage: Storage, times: int = 40) -> None:
    for number in range(times):
        with storage.write() as connection:
            connection.execute(insert(setting).values(key=str(number), value="x" * 100_000))


def test_a_look_moves_the_log_into_the_database(
    sqlite_storage: Storage, checkpointer: Checkpointer, log: Path, newsroom_folder: Path
) -> None:
    before = (newsroom_folder / SQLITE).stat().st_size
    write_much(sqlite_storage)
    checkpointer.look()
    assert (newsroom_folder / SQLITE).stat().st_size > before + 3_000_000
    assert log.stat().st_size > 3_000_000  # small enough to be written over


def test_a_large_log_is_cut(
    sqlite_storage: Storage, checkpointer: Checkpointer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "LARGE", 1_000_000)
    write_much(sqlite_storage)
    checkpointer.look()
    assert log.stat().st_size == 0


def test_a_reader_keeps_the_log_only_for_a_while(
    sqlite_storage: Storage, checkpointer: Checkpointer, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "LARGE", 1_000_000)
    write_much(sqlite_storage)
    with sqlite_storage.read() as connection:
        connection.execute(text("SELECT count(*) FROM setting")).all()
        with sqlite_storage.write() as writing:
            writing.execute(insert(setting).values(key="later", value=""))
        checkpointer.look()
        assert log.stat().st_size > 1_000_000
    checkpointer.look()
    assert log.stat().st_size == 0


def test_the_thread_looks_by_itself_after_a_write(
    sqlite_place: Place, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "LARGE", 1_000_000)
    monkeypatch.setattr(checkpoint, "PERIOD", 0.02)
    with sqlite_place.open() as storage:
        write_much(storage)
        # Not necessarily empty: a look in the middle of the writing may have kept it small from the start.
        wait_until(lambda: log.stat().st_size <= checkpoint.LARGE, seconds=10, what="the cut")


def test_a_look_at_a_database_that_is_gone_only_tries_again(tmp_path: Path) -> None:
    looker = Checkpointer(connector(tmp_path / "gone.db", timedelta(0)), tmp_path / "gone.db-wal")
    looker.look()
    looker.close()
    assert list(tmp_path.iterdir()) == []


def test_reading_starts_no_thread(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage, storage.read() as connection:
        connection.execute(text("SELECT 1"))
        assert "checkpoint" not in [thread.name for thread in threading.enumerate()]
