"""The reserve of the disk: really there, private, given up when the disk is full, and made anew when there is room."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter_cli.errors import TryAgainError
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage, open_storage
from newsletter_cli.storage.migrate import migrate
from newsletter_cli.storage.reserve import ROOM, SIZE
from newsletter_cli.storage.schema import act
from tests.conftest import SQLITE, WEDNESDAY
from tests.servers.disks import Disk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 32 MB with a migrated database on it."""
    with small_disk(tmp_path / "disk", megabytes=32) as disk:
        migrate(SQLITE, disk.folder)
        yield disk


@pytest.fixture
def there(disk: Disk) -> Iterator[Storage]:
    with open_storage(SQLITE, disk.folder) as storage:
        yield storage


def remember(storage: Storage, size: int) -> None:
    with storage.write() as connection:
        note(connection, at=WEDNESDAY, by="me", what="x", details="x" * size)


def remembered(storage: Storage) -> int:
    with storage.read() as connection:
        return connection.execute(select(func.count()).select_from(act)).scalar_one()


def test_four_megabytes_are_really_taken_and_private(disk: Disk, there: Storage) -> None:
    before = disk.free
    assert there.keep_reserve()
    path = disk.folder / "data" / "reserve"
    assert (path.stat().st_size, stat.S_IMODE(path.stat().st_mode)) == (SIZE, 0o600)
    assert before - disk.free >= SIZE
    first = path.stat()
    assert there.keep_reserve()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)


def test_on_a_full_disk_results_are_stored_once_the_reserve_is_given_up(disk: Disk, there: Storage) -> None:
    there.keep_reserve()
    disk.fill()
    with pytest.raises(TryAgainError) as caught:
        remember(there, 500_000)
    assert caught.value.code == "DISK-FULL"
    assert there.free_reserve()
    remember(there, 500_000)
    assert remembered(there) == 1
    assert not there.free_reserve()  # there is nothing more to give


def test_it_is_made_again_only_when_there_is_room(disk: Disk, there: Storage) -> None:
    there.keep_reserve()
    there.free_reserve()
    ballast = disk.fill(leave=ROOM - 2**20)
    assert not there.keep_reserve()
    assert {path.name for path in (disk.folder / "data").iterdir() if "reserve" in path.name} == set()
    ballast.unlink()
    assert there.keep_reserve()


def test_what_a_killed_process_left_half_made_is_taken_up(disk: Disk, there: Storage) -> None:
    (disk.folder / "data" / ".reserve.part").write_bytes(b"x" * SIZE)
    assert there.keep_reserve()
    assert not (disk.folder / "data" / ".reserve.part").exists()


def test_a_database_server_looks_after_its_own_disk(postgresql_storage: Storage, newsroom_folder: Path) -> None:
    assert (postgresql_storage.keep_reserve(), postgresql_storage.free_reserve()) == (False, False)
    assert not (newsroom_folder / "data" / "reserve").exists()
