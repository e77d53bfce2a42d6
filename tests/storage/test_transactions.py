"""All or nothing, on both engines; ids and instants come back as they went."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import Instant, act, delivery, setting, tag

NOW = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)


def keys(connection: Connection) -> list[str]:
    return list(connection.execute(select(setting.c.key).order_by(setting.c.key)).scalars())


def put(connection: Connection, key: str) -> None:
    connection.execute(insert(setting).values(key=key, value=""))


def test_what_is_written_is_there_afterwards(storage: Storage) -> None:
    with storage.write() as connection:
        put(connection, "a")
        put(connection, "b")
    with storage.read() as connection:
        assert keys(connection) == ["a", "b"]


def put_and_fail(connection: Connection) -> None:
    put(connection, "a")
    raise KeyError


def test_an_exception_takes_everything_back(storage: Storage) -> None:
    with pytest.raises(KeyError), storage.write() as connection:
        put_and_fail(connection)
    with storage.read() as connection:
        assert keys(connection) == []


def test_nobody_sees_what_is_not_committed(storage: Storage) -> None:
    with storage.write() as writing:
        put(writing, "a")
        with storage.read() as reading:
            assert keys(reading) == []


def test_a_reading_transaction_stores_nothing(storage: Storage) -> None:
    with storage.read() as connection:
        put(connection, "a")
    with storage.read() as connection:
        assert keys(connection) == []


def test_references_must_lead_somewhere(storage: Storage) -> None:
    with pytest.raises(IntegrityError), storage.write() as connection:
        connection.execute(insert(tag).values(subscriber_id=99, tag="sport"))


def test_insert_can_let_the_first_stand_or_the_last_win(storage: Storage) -> None:
    with storage.write() as connection:
        put(connection, "a")
        again = storage.insert(setting).values(key="a", value="second")
        connection.execute(again.on_conflict_do_nothing(index_elements=["key"]))
        assert connection.execute(select(setting.c.value)).scalar() == ""
        connection.execute(again.on_conflict_do_update(index_elements=["key"], set_={"value": again.excluded.value}))
        assert connection.execute(select(setting.c.value)).scalar() == "second"


def test_no_id_is_used_twice(storage: Storage) -> None:
    used = []
    for _ in range(3):
        with storage.write() as connection:
            made = connection.execute(insert(act).values(at=NOW, by="", what="x").returning(act.c.id)).scalar_one()
            used.append(made)
            connection.execute(delete(act))
    assert used == sorted(set(used))


def test_ids_are_wide_enough_for_their_tokens(storage: Storage) -> None:
    """56 bit travel in a delivery's token."""
    wide = 2**56 - 1
    with storage.write() as connection:
        connection.execute(insert(act).values(id=wide, at=NOW, by="", what="x"))
        assert connection.execute(select(act.c.id)).scalar() == wide


INSTANTS = st.datetimes(
    min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=3)), timezone(-timedelta(hours=9, minutes=30))]),
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=INSTANTS)
def test_an_instant_comes_back_to_the_microsecond(storage: Storage, moment: datetime) -> None:
    with storage.write() as connection:
        connection.execute(delete(act))
        connection.execute(insert(act).values(at=moment, by="", what="x"))
        back = connection.execute(select(act.c.at)).scalar_one()
    assert (back, back.tzinfo) == (moment, UTC)


def test_instants_sort_and_compare_as_moments(storage: Storage) -> None:
    early, late = NOW, NOW.astimezone(timezone(timedelta(hours=3))) + timedelta(microseconds=1)
    with storage.write() as connection:
        for moment in (late, early):
            connection.execute(insert(act).values(at=moment, by="", what="x"))
        assert connection.execute(select(act.c.at).order_by(act.c.at)).scalars().all() == [early, late]
        assert connection.execute(select(func.count()).where(act.c.at > early)).scalar() == 1


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Instant().process_bind_param(datetime(2026, 10, 14), None)  # type: ignore[arg-type]  # noqa: DTZ001 - the point


def test_sqlite_keeps_its_promises(sqlite_storage: Storage) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "fullfsync", "checkpoint_fullfsync")
    with sqlite_storage.read() as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas]
    assert found == ["wal", 2, 1, 1, 1]


def test_postgresql_waits_for_nothing_without_an_end(postgresql_storage: Storage) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "transaction_isolation")
    for _ in range(2):  # the second time on a connection of the pool
        with postgresql_storage.read() as connection:
            found = [connection.execute(text(f"SHOW {name}")).scalar() for name in names]
        assert found == ["10s", "1min", "1min", "read committed"]


def test_deliveries_have_no_index_by_address() -> None:
    """Enrolling a million readers would take 9 s instead of 4."""
    indexed = {column.name for index in delivery.indexes for column in index.columns}
    assert indexed & {"address", "domain"} == set()
