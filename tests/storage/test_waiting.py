"""Who waits for whom: one writer at a time, room between slices, an end to every wait."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from newsletter_cli.errors import BusyError
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import setting
from tests.conftest import Place
from tests.storage.conftest import Other

Start = Callable[[str, str, Path], Other]

HOLDS_ALL = """
with storage.write() as connection:
    if storage.dialect == "postgresql":
        connection.execute(text("LOCK TABLE setting"))
    tell("held")
    wait()
tell("free")
"""
SHORT = timedelta(milliseconds=200)


def put(storage: Storage, key: str) -> None:
    with storage.write() as connection:
        connection.execute(insert(setting).values(key=key, value=""))


def test_a_lock_that_stays_held_is_told(place: Place, start_other: Start) -> None:
    other = start_other(HOLDS_ALL, place.database, place.root)
    assert other.hear() == "held"
    with place.open(wait=SHORT) as storage:
        began = time.monotonic()
        with pytest.raises(BusyError) as caught:
            put(storage, "a")
        assert (caught.value.code, caught.value.exit) == ("DATABASE-BUSY", 8)
        assert time.monotonic() - began >= SHORT.total_seconds()
        other.say()
        assert other.hear() == "free"
        put(storage, "a")


def test_a_lock_that_is_given_back_is_waited_for(place: Place, start_other: Start) -> None:
    other = start_other(HOLDS_ALL, place.database, place.root)
    assert other.hear() == "held"
    with place.open() as storage:
        writer = threading.Thread(target=put, args=(storage, "a"))
        writer.start()
        with storage.read() as connection:  # readers do not wait for a writer; PostgreSQL's LOCK TABLE is stronger
            connection.execute(text("SELECT 1"))
        other.say()
        writer.join(10)
        with storage.read() as connection:
            assert connection.execute(select(setting.c.key)).scalars().all() == ["a"]


def test_the_lock_of_a_killed_process_is_free_at_once(place: Place, start_other: Start) -> None:
    other = start_other(HOLDS_ALL, place.database, place.root)
    assert other.hear() == "held"
    other.kill()
    with place.open() as storage:
        put(storage, "a")


def test_reading_first_and_writing_then_is_not_refused(sqlite_storage: Storage) -> None:
    """In a transaction that began as a reader, SQLite refuses to write once another has written."""
    with sqlite_storage.write() as connection:
        connection.execute(select(setting)).all()
        waiting = threading.Thread(target=put, args=(sqlite_storage, "b"))
        waiting.start()
        connection.execute(insert(setting).values(key="a", value=""))
    waiting.join(10)
    with sqlite_storage.read() as connection:
        assert connection.execute(select(func.count()).select_from(setting)).scalar() == 2


def test_many_threads_write_one_after_the_other(storage: Storage) -> None:
    def add(number: int) -> None:
        for step in range(10):
            put(storage, f"{number}-{step}")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with storage.read() as connection:
        assert connection.execute(select(func.count()).select_from(setting)).scalar() == 80


BUSY_IN_SLICES = """
tell("go")
with storage.slices() as slices:
    while True:
        with slices.write() as connection:
            connection.execute(update(act).values(what="x"))
            until = __import__("time").monotonic() + 0.03
            while __import__("time").monotonic() < until: pass
"""


def test_a_writer_in_slices_leaves_room_for_others(sqlite_place: Place, start_other: Start) -> None:
    other = start_other(BUSY_IN_SLICES, sqlite_place.database, sqlite_place.root)
    assert other.hear() == "go"
    with sqlite_place.open(wait=timedelta(seconds=2)) as storage:
        for number in range(20):  # one that finds no room in two seconds is a BusyError
            put(storage, str(number))


@pytest.mark.parametrize("held", [0.0, 0.03])
def test_the_lock_stays_free_as_long_as_it_was_held(sqlite_storage: Storage, held: float) -> None:
    """And five milliseconds at least: SQLite's waiters do not queue, they look now and then."""
    with sqlite_storage.slices() as slices:
        with slices.write():
            taken = time.monotonic()
            threading.Event().wait(held)
            ends = time.monotonic()  # the lock is given back after this, whatever else the machine is doing
        with slices.write():
            assert time.monotonic() - ends >= max(ends - taken, 0.005) * 0.9


def test_slices_share_their_temporary_tables_and_leave_none(storage: Storage) -> None:
    with storage.slices() as slices:
        with slices.aside() as connection:
            connection.execute(text("CREATE TEMPORARY TABLE wanted (number INTEGER PRIMARY KEY)"))
            connection.execute(text("INSERT INTO wanted VALUES (1), (2), (3)"))
        for number in (1, 2, 3):
            with slices.write() as connection:
                connection.execute(
                    text("INSERT INTO setting SELECT number, '' FROM wanted WHERE number = :n"), {"n": number}
                )
    with storage.read() as connection:
        assert connection.execute(select(func.count()).select_from(setting)).scalar() == 3
    with pytest.raises(Exception, match="wanted"), storage.read() as connection:
        connection.execute(text("SELECT * FROM wanted"))


def test_a_slice_that_fails_takes_only_itself_back(storage: Storage) -> None:
    with storage.slices() as slices:
        for key in ("first", "second", "first", "third"):
            with suppress(IntegrityError), slices.write() as connection:
                connection.execute(insert(setting).values(key=f"before {key}", value=""))
                connection.execute(insert(setting).values(key=key, value=""))
    with storage.read() as connection:
        found = connection.execute(select(setting.c.key).order_by(setting.c.key)).scalars().all()
    assert found == ["before first", "before second", "before third", "first", "second", "third"]


def test_filling_a_temporary_table_keeps_nobody_waiting(sqlite_storage: Storage) -> None:
    with sqlite_storage.slices() as slices, slices.aside() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE wanted (number INTEGER)"))
        connection.execute(text("INSERT INTO wanted VALUES (1)"))
        put(sqlite_storage, "a")  # would wait for ever, being one thread, if the lock were taken
