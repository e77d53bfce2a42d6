"""No room left: told as what it is, nothing half stored, and all goes on once there is room."""

import errno
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from newsletter_cli.errors import BusyError, ConfigError, NewsletterError, TryAgainError
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.failures import translating_disk
from newsletter_cli.storage.schema import setting
from tests.conftest import Place
from tests.storage.conftest import Other

Start = Callable[[str, str, Path], Other]


def fill(connection: Connection) -> None:
    connection.execute(insert(setting).values(key="small", value=""))
    connection.execute(insert(setting).values(key="large", value="x" * 1_000_000))


def test_a_full_disk_is_told_and_nothing_is_half_stored(sqlite_storage: Storage) -> None:
    with sqlite_storage.read() as connection:  # the pool has one connection so far, so it is the one that writes
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
    with pytest.raises(TryAgainError) as caught, sqlite_storage.write() as connection:
        fill(connection)
    assert (caught.value.code, caught.value.exit) == ("DISK-FULL", 7)
    assert caught.value.message == "The disk that holds the database is full."
    with sqlite_storage.write() as connection:
        connection.execute(text("PRAGMA max_page_count = 1000000"))
        assert connection.execute(select(setting)).all() == []
        fill(connection)


NO_ROOM = """
import resource, signal
from newsletter_cli.errors import TryAgainError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
for text in ("x" * 1_000_000, "x"):
    try:
        with storage.write() as connection:
            note(connection, at=NOW, by="me", what="first")
            note(connection, at=NOW, by="me", what="second", details=text)
        tell("stored")
    except TryAgainError as error:
        tell(error.code)
with storage.read() as connection:
    tell(connection.execute(select(func.count()).select_from(act)).scalar())
"""


def test_a_file_that_may_not_grow_is_a_full_disk(sqlite_place: Place, start_other: Start) -> None:
    """The limit is the kernel's: the write of the log itself fails, as on a full disk or past a quota."""
    other = start_other(NO_ROOM, sqlite_place.database, sqlite_place.root)
    assert [other.hear() for _ in range(3)] == ["DISK-FULL", "stored", "2"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY  # ours is as it was


@pytest.mark.parametrize(
    ("state", "kind", "code"),
    [
        ("53100", TryAgainError, "DISK-FULL"),  # disk_full
        ("58030", TryAgainError, "DISK-FULL"),  # io_error
        ("55P03", BusyError, "DATABASE-BUSY"),  # lock_not_available
        ("57014", BusyError, "DATABASE-BUSY"),  # query_canceled: statement_timeout
        ("40P01", BusyError, "DATABASE-BUSY"),  # deadlock_detected
        ("53300", BusyError, "DATABASE-BUSY"),  # too_many_connections
        ("25006", ConfigError, "CONFIG-VALUE"),  # read_only_sql_transaction
        ("42501", ConfigError, "CONFIG-VALUE"),  # insufficient_privilege
    ],
)
def test_what_postgresql_complains_of_becomes_ours(
    postgresql_storage: Storage, state: str, kind: type[NewsletterError], code: str
) -> None:
    """The server itself raises them here, as it would."""
    with pytest.raises(kind) as caught, postgresql_storage.write() as connection:
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"))
    assert (type(caught.value), caught.value.code) == (kind, code)


def test_a_wrong_statement_stays_a_programmers_mistake(storage: Storage) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught, storage.write() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(caught.value, NewsletterError)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "DISK-FULL"),
        (errno.EDQUOT, "DISK-FULL"),
        (errno.EIO, "DISK-FULL"),
        (errno.EACCES, "CONFIG-VALUE"),
    ],
)
def test_what_the_disk_complains_of_becomes_ours(number: int, code: str) -> None:
    with pytest.raises(NewsletterError) as caught, translating_disk("data"):
        raise OSError(number, "x")
    assert caught.value.code == code
