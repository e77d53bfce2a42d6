"""`db check` finds what is wrong, and nothing where nothing is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from newsletter_cli.errors import ConfigError
from newsletter_cli.storage import check as checking
from newsletter_cli.storage.check import Problem, check
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, send, setting
from tests.conftest import SQLITE, Place

Make = Callable[..., int]
ALL = {"waiting": 2, "retry": 1, "accepted": 3, "failed": 1, "uncertain": 1, "skipped": 2}


def test_an_empty_database_is_sound(storage: Storage) -> None:
    assert check(storage) == ()


def test_sums_that_are_right_are_sound(storage: Storage, make_chunk: Make) -> None:
    with storage.write() as connection:
        make_chunk(connection, ALL, "one")
        make_chunk(connection, {}, "none")
    assert check(storage) == ()


def test_a_sum_that_is_not_that_of_its_rows_is_found(storage: Storage, make_chunk: Make) -> None:
    with storage.write() as connection:
        make_chunk(connection, ALL, "right")
        wrong = make_chunk(connection, ALL, "wrong")
        connection.execute(update(chunk).where(chunk.c.id == wrong).values(accepted=4))
        empty = make_chunk(connection, {}, "empty")
        connection.execute(update(chunk).where(chunk.c.id == empty).values(total=1))
    assert check(storage) == (
        Problem("sum", f"chunk {wrong}", "says 4 accepted, its rows say 3"),
        Problem("sum", f"chunk {empty}", "says 1 total, its rows say 0"),
        Problem("sum", "send of empty", "its chunks say 1 readers, it has 0"),
    )


def test_readers_in_a_chunk_of_another_send_are_found(storage: Storage, make_chunk: Make) -> None:
    with storage.write() as connection:
        one, two = (make_chunk(connection, {"waiting": 2}, name) for name in ("one", "two"))
        connection.execute(
            update(delivery)
            .where(delivery.c.chunk_id == two, delivery.c.address == "two-0@example.org")
            .values(send_id=select(chunk.c.send_id).where(chunk.c.id == one).scalar_subquery())
        )
    assert check(storage) == (
        Problem("sum", f"chunk {two}", "has 1 rows of another send"),
        Problem("sum", "send of one", "its chunks say 2 readers, it has 3"),
        Problem("sum", "send of two", "its chunks say 2 readers, it has 1"),
    )


@pytest.mark.parametrize("state", ["sent", "cancelled"])
def test_a_send_that_is_over_owes_nobody_a_message(storage: Storage, make_chunk: Make, state: str) -> None:
    with storage.write() as connection:
        make_chunk(connection, ALL, "over")
        connection.execute(update(send).values(state=state))
    assert check(storage) == (Problem("sum", "send of over", f"is {state}, but 3 readers wait"),)


def test_every_portion_of_the_chunks_is_looked_at(
    storage: Storage, make_chunk: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "CHUNKS", 2)
    with storage.write() as connection:
        made = [make_chunk(connection, {"waiting": 1}, f"d{number}") for number in range(5)]
        connection.execute(update(delivery).values(outcome="accepted"))
    assert [problem.where for problem in check(storage)] == [f"chunk {number}" for number in made]


def test_a_reference_that_leads_nowhere_is_found(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage, storage.slices() as slices:
        with slices.aside() as connection:
            driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")  # which SQLite ignores inside a transaction
        with slices.write() as connection:
            connection.execute(text("INSERT INTO tag VALUES (99, 'sport')"))
    with sqlite_place.open() as storage:
        (found,) = check(storage)
    assert (found.part, found.text) == ("reference", "names a row of subscriber that does not exist")


def test_a_damaged_file_is_found(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage, storage.write() as connection:
        connection.execute(insert(setting), [{"key": str(number), "value": "x" * 500} for number in range(500)])
    _damage(sqlite_place.root / SQLITE)
    with sqlite_place.open() as storage:
        try:
            parts = {problem.part for problem in check(storage)}
        except ConfigError as error:  # damaged beyond walking through it
            parts = {error.message}
    assert parts <= {"file", "The database file is damaged, or is no database at all."}
    assert parts


def _damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096 * 4] = b"\x00" * 4096 * 4
    path.write_bytes(data)
