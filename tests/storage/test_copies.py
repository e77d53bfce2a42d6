"""Backups: made while others write, whole or not there, private, and no more of them than wanted."""

import gzip
import json
import stat
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, insert, select, update

from newsletter_cli.errors import ConfigError
from newsletter_cli.storage.backup import Backups, backup
from newsletter_cli.storage.engine import Storage, open_storage
from newsletter_cli.storage.revision import HEAD
from newsletter_cli.storage.schema import delivery, metadata, setting, signing_key
from tests.conftest import Clock, Place
from tests.storage.conftest import Other

Start = Callable[[str, str, Path], Other]


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "backups", keep=3)


def everything(storage: Storage) -> dict[str, list[tuple[object, ...]]]:
    with storage.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def fill(storage: Storage, make_chunk: Callable[..., int], now: datetime) -> None:
    with storage.write() as connection:
        make_chunk(connection, {"accepted": 3, "waiting": 2})
        connection.execute(insert(signing_key).values(number=0, secret=bytes(range(32)), created=now))


def test_a_copy_of_sqlite_opens_and_is_equal(
    sqlite_storage: Storage, backups: Backups, make_chunk: Callable[..., int], clock: Clock
) -> None:
    fill(sqlite_storage, make_chunk, clock())
    made = backup(sqlite_storage, backups, now=clock(), why="before-import")
    assert made.path == backups.folder / "newsletter-20261014T040000000000Z-before-import.db"
    assert (made.bytes, made.removed) == (made.path.stat().st_size, ())
    with open_storage(made.path.name, backups.folder) as copy:
        assert everything(copy) == everything(sqlite_storage)


def test_a_copy_of_postgresql_holds_every_row_of_every_table(
    postgresql_storage: Storage, backups: Backups, make_chunk: Callable[..., int], clock: Clock
) -> None:
    fill(postgresql_storage, make_chunk, clock())
    made = backup(postgresql_storage, backups, now=clock())
    assert made.path.name == "newsletter-20261014T040000000000Z.jsonl.gz"
    with gzip.open(made.path, "rt", encoding="utf-8") as lines:
        first, *rest = map(json.loads, lines)
    assert first == {"newsletter": "backup/1", "revision": HEAD}
    counts = {name: len(rows) for name, rows in everything(postgresql_storage).items()}
    assert {name: sum(line["table"] == name for line in rest) for name in counts} == counts
    rows = {line["table"]: line["row"] for line in rest}
    assert rows["signing_key"] == {
        "number": 0, "secret": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "created": 1791950400000000,
    }  # fmt: skip
    assert rows["version"]["subject"] == "حصاد الأسبوع"
    assert rows["version"]["articles"] == ["wheat"]


def test_copies_are_private(storage: Storage, backups: Backups, clock: Clock) -> None:
    made = backup(storage, backups, now=clock())
    assert [stat.S_IMODE(path.stat().st_mode) for path in (made.path, backups.folder)] == [0o600, 0o700]
    assert [path.name for path in backups.folder.iterdir()] == [made.path.name]


def test_only_the_newest_copies_stay_and_other_files_too(storage: Storage, backups: Backups, clock: Clock) -> None:
    made = [backup(storage, backups, now=clock.advance(hours=1)).path for _ in range(3)]
    (backups.folder / "from-a-friend.db").touch()
    last = backup(storage, backups, now=clock.advance(hours=1), why="before-migrate")
    assert last.removed == (made[0],)
    assert sorted(backups.folder.iterdir()) == sorted([*made[1:], last.path, backups.folder / "from-a-friend.db"])


TWO_THAT_AGREE = """
for number in range(1_000_000):
    with storage.write() as connection:
        connection.execute(text("UPDATE setting SET value = :n WHERE key = 'first'"), {"n": str(number)})
        note(connection, at=NOW, by="me", what="x", details="x" * 3000)
        connection.execute(text("UPDATE setting SET value = :n WHERE key = 'second'"), {"n": str(number)})
    if number == 20: tell("going")
"""


def test_a_copy_made_beside_a_writer_ends_and_holds_one_moment(
    sqlite_storage: Storage, backups: Backups, clock: Clock, start_other: Start, newsroom_folder: Path
) -> None:
    with sqlite_storage.write() as connection:
        connection.execute(insert(setting), [{"key": "first", "value": ""}, {"key": "second", "value": ""}])
    other = start_other(TWO_THAT_AGREE, "data/newsletter.db", newsroom_folder)
    assert other.hear() == "going"
    for _ in range(3):
        made = backup(sqlite_storage, backups, now=clock.advance(seconds=1))
        with open_storage(made.path.name, backups.folder) as copy:
            first, second = everything(copy)["setting"]
        assert first[1] == second[1]


def test_a_copy_of_postgresql_holds_one_moment_too(postgresql_storage: Storage, backups: Backups, clock: Clock) -> None:
    with postgresql_storage.write() as connection:
        connection.execute(insert(setting), [{"key": "first", "value": "0"}, {"key": "second", "value": "0"}])
    stop = threading.Event()

    def count() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with postgresql_storage.write() as connection:
                connection.execute(update(setting).values(value=str(number)))

    writer = threading.Thread(target=count)
    writer.start()
    try:
        made = [backup(postgresql_storage, backups, now=clock.advance(seconds=1)).path for _ in range(3)]
    finally:
        stop.set()
        writer.join(10)
    for path in made:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            values = [line["row"]["value"] for line in map(json.loads, lines) if line.get("table") == "setting"]
        assert len(set(values)) == 1


NO_ROOM = """
import resource, signal
from newsletter_cli.errors import TryAgainError
from newsletter_cli.storage.backup import Backups, backup
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    backup(storage, Backups(Path(sys.argv[2]) / "data/backups", 3), now=NOW)
except TryAgainError as error:
    tell(error.code)
"""


def test_a_copy_without_room_leaves_nothing(
    place: Place, start_other: Start, newsroom_folder: Path, chance: Random
) -> None:
    with place.open() as storage, storage.write() as connection:
        connection.execute(insert(setting).values(key="a", value=chance.randbytes(50_000).hex()))
    other = start_other(NO_ROOM, place.database, newsroom_folder)
    assert other.hear() == "DISK-FULL"
    assert list((newsroom_folder / "data" / "backups").iterdir()) == []


def test_a_place_that_is_a_file_is_told(storage: Storage, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigError) as caught:
        backup(storage, Backups(tmp_path / "taken", 3), now=clock())
    assert caught.value.facts[0] == ("database", str(tmp_path / "taken"))


def test_a_large_table_is_copied_in_portions(
    postgresql_storage: Storage, backups: Backups, make_chunk: Callable[..., int], clock: Clock
) -> None:
    with postgresql_storage.write() as connection:
        make_chunk(connection, {"waiting": 1})
        connection.execute(insert(setting), [{"key": f"{n:05}", "value": ""} for n in range(4_500)])
    made = backup(postgresql_storage, backups, now=clock() + timedelta(days=1))
    with gzip.open(made.path, "rt", encoding="utf-8") as lines:
        keys = [line["row"]["key"] for line in map(json.loads, lines) if line.get("table") == "setting"]
    assert keys == [f"{n:05}" for n in range(4_500)]
    with postgresql_storage.read() as connection:
        assert connection.execute(select(func.count()).select_from(delivery)).scalar() == 1
