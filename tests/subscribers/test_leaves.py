"""The log of leaves: on the disk before the answer, followed by every database, also by one from the past."""

import json
import multiprocessing
import os
import stat
import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from newsletter_cli.errors import TryAgainError
from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.backup import Backups, backup
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.storage.schema import setting, subscriber, subscription, suppression
from newsletter_cli.subscribers.leave import Leave, LeaveKind, leave_from, line_of, plain, read_line
from newsletter_cli.subscribers.leaves import ASK_AGAIN, Leaves
from newsletter_cli.subscribers.leaving import Leaving, Undone, leave, undo_leave
from tests.conftest import WEDNESDAY
from tests.servers.disks import small_disk
from tests.subscribers.conftest import People

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def leaves(newsroom_folder):
    return Leaves(newsroom_folder)


@pytest.fixture
def reader(people):
    """A subscription of somebody active on weekly."""
    people.reader("reader1@example.org", on={"weekly": "active"})
    return people.subscriptions["reader1@example.org", "weekly"]


def left(number, at=WEDNESDAY, reason="one-click"):
    return Leave(kind=LeaveKind.LEFT, at=at, subscription=number, reason=reason)


def replayed(storage, leaves, **how):
    with storage.write() as connection:
        return leaves.replay(connection, **how)


def row(storage, number):
    with storage.read() as connection:
        return connection.execute(select(subscription).where(subscription.c.id == number)).mappings().one()


def log_of(storage):
    with storage.read() as connection:
        return [(act.what, act.by, act.list, act.details, act.at) for act in acts(connection)]


# --- what a database makes of it


def test_a_recorded_leave_is_done_by_the_next_replay(storage, leaves, reader):
    assert not leaves.pending()
    leaves.record(left(reader))
    assert leaves.pending()
    assert replayed(storage, leaves) == 1
    after = row(storage, reader)
    assert (after["status"], after["left"], after["left_reason"]) == ("unsubscribed", WEDNESDAY, "one-click")
    assert log_of(storage) == [("unsubscribed", "reader", "weekly", "one-click", WEDNESDAY)]


def test_it_is_pending_until_a_later_transaction_has_read_that_all_is_done(storage, leaves, reader):
    leaves.record(left(reader))
    with storage.write() as connection:
        assert leaves.replay(connection) == 1
        assert leaves.replay(connection) == 0  # its own transaction may still be rolled back: that proves nothing
    assert leaves.pending()
    assert replayed(storage, leaves) == 0
    assert not leaves.pending()
    leaves.record(left(reader))
    assert leaves.pending()


def test_a_replay_that_was_rolled_back_is_done_again(storage, leaves, reader):
    leaves.record(left(reader))
    with storage.write() as connection:
        assert leaves.replay(connection) == 1
        connection.get_transaction().rollback()
    assert leaves.pending()
    assert replayed(storage, leaves) == 1
    assert row(storage, reader)["status"] == "unsubscribed"


def test_every_process_and_every_log_that_starts_anew_changes_nothing_twice(storage, leaves, reader, newsroom_folder):
    leaves.record(left(reader), left(reader, WEDNESDAY + MINUTE))
    replayed(storage, leaves)
    once = (row(storage, reader), log_of(storage))
    assert replayed(storage, Leaves(newsroom_folder)) == 0
    with storage.write() as connection:
        connection.execute(update(setting).values(value="0"))  # as a database that knows nothing of it
    assert replayed(storage, Leaves(newsroom_folder)) == 0
    assert (row(storage, reader), log_of(storage)) == once


def test_now_and_then_the_database_is_asked_again_although_nothing_changed(storage, leaves, reader):
    leaves.record(left(reader))
    leaves.catch_up(storage)
    asked = [leaves.pending() for _ in range(ASK_AGAIN + 5)]
    assert (asked[:900], asked[-1]) == ([False] * 900, True)
    replayed(storage, leaves)
    assert not leaves.pending()


def test_a_leave_older_than_the_confirmation_that_followed_it_does_not_undo_it(storage, leaves, reader):
    with storage.write() as connection:
        leave(connection, reader, WEDNESDAY, Leaving.ONE_CLICK)
        connection.execute(update(subscription).values(status="active", confirmed=WEDNESDAY + DAY, left=None))
    leaves.record(left(reader))
    assert replayed(storage, leaves) == 0
    assert row(storage, reader)["status"] == "active"
    leaves.record(left(reader, WEDNESDAY + 2 * DAY))
    assert replayed(storage, leaves) == 1
    assert row(storage, reader)["status"] == "unsubscribed"


def test_who_took_it_back_stays_also_when_all_is_followed_from_the_start(storage, leaves, reader):
    leaves.record(left(reader), Leave(kind=LeaveKind.BACK, at=WEDNESDAY + MINUTE, subscription=reader))
    assert replayed(storage, leaves) == 0
    assert (row(storage, reader)["status"], log_of(storage)) == ("active", [])


def test_a_return_that_the_database_does_not_know_is_done(storage, leaves, reader):
    leaves.record(left(reader))
    replayed(storage, leaves)
    leaves.record(Leave(kind=LeaveKind.BACK, at=WEDNESDAY + MINUTE, subscription=reader))
    assert replayed(storage, leaves) == 1
    assert row(storage, reader)["status"] == "active"


def test_a_pending_reader_who_left_can_come_back_as_pending(storage, leaves, people):
    people.reader("reader2@example.org", on={"weekly": "pending"})
    number = people.subscriptions["reader2@example.org", "weekly"]
    leaves.record(left(number, reason="page"))
    replayed(storage, leaves)
    with storage.write() as connection:
        assert undo_leave(connection, number, WEDNESDAY + MINUTE) is Undone.BACK
    assert row(storage, number)["status"] == "pending"


def test_an_editors_removal_a_suppression_and_a_complaint_are_followed_too(storage, leaves, people):
    for name in ("removed", "suppressed", "complained", "domain"):
        people.reader(f"{name}@{name}.example", on={"weekly": "active"})
    number = people.subscriptions["removed@removed.example", "weekly"]
    leaves.record(
        Leave(kind=LeaveKind.REMOVED, at=WEDNESDAY, subscription=number, by="editor"),
        Leave(kind=LeaveKind.SUPPRESSED, at=WEDNESDAY, subscriber=people.ids["suppressed@suppressed.example"], by="e"),
        Leave(kind=LeaveKind.SUPPRESSED, at=WEDNESDAY, domain="@domain.example", by="editor"),
        Leave(kind=LeaveKind.COMPLAINED, at=WEDNESDAY, subscriber=people.ids["complained@complained.example"]),
    )
    assert replayed(storage, leaves) == 4
    assert row(storage, number)["left_reason"] == "removed by editor"
    with storage.read() as connection:
        keys = connection.execute(select(suppression.c.key).order_by(suppression.c.key)).scalars().all()
        status = connection.execute(
            select(subscriber.c.status).where(subscriber.c.address == "complained@complained.example")
        ).scalar()
    assert (keys, status) == (["@domain.example", "suppressed@suppressed.example"], "complained")
    assert [line[0] for line in log_of(storage)] == ["removed", "suppressed", "suppressed", "complained"]


def test_a_leave_of_a_reader_this_database_does_not_have_is_passed_over(storage, leaves):
    leaves.record(left(4711), Leave(kind=LeaveKind.COMPLAINED, at=WEDNESDAY, subscriber=4711))
    leaves.record(Leave(kind=LeaveKind.SUPPRESSED, at=WEDNESDAY, subscriber=4711))
    assert replayed(storage, leaves) == 0
    assert replayed(storage, leaves) == 0
    assert not leaves.pending()


def test_many_are_followed_in_slices(storage, leaves, people):
    numbers = []
    for n in range(60):
        people.reader(f"many{n}@example.org", on={"weekly": "active"})
        numbers.append(people.subscriptions[f"many{n}@example.org", "weekly"])
    leaves.record(*map(left, numbers))
    assert (replayed(storage, leaves, most=25), replayed(storage, leaves, most=25)) == (25, 25)
    assert leaves.pending()
    assert leaves.catch_up(storage) == 10
    assert not leaves.pending()


def test_a_copy_from_before_the_leave_follows_it_again(sqlite_storage, newsroom_folder, tmp_path):
    people = People(sqlite_storage)
    people.reader("reader1@example.org", on={"weekly": "active"})
    number = people.subscriptions["reader1@example.org", "weekly"]
    copy = backup(sqlite_storage, Backups(tmp_path / "copies", 3), now=WEDNESDAY).path
    leaves = Leaves(newsroom_folder)
    leaves.record(left(number))
    leaves.catch_up(sqlite_storage)
    with open_storage(copy.name, copy.parent) as old:
        assert row(old, number)["status"] == "active"
        assert Leaves(newsroom_folder).catch_up(old) == 1
        assert row(old, number)["status"] == "unsubscribed"


# --- the file


def test_the_file_is_private_and_holds_no_address(leaves, newsroom_folder):
    leaves.record(Leave(kind=LeaveKind.REMOVED, at=WEDNESDAY, subscription=7, by="editor@example.org"))
    path = newsroom_folder / "data" / "leaves.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"@" not in path.read_bytes()
    first, second = path.read_bytes().splitlines(keepends=True)
    assert set(read_line(first)) == {"leaves", "log"}
    assert json.loads(second[9:]) == {"at": 1791950400000000, "kind": "removed", "subscription": 7}


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_last_line_is_passed_over_and_the_next_one_is_whole(storage, leaves, people, newsroom_folder, cut):
    for n in (1, 2, 3):
        people.reader(f"reader{n}@example.org", on={"weekly": "active"})
    one, two, three = (people.subscriptions[f"reader{n}@example.org", "weekly"] for n in (1, 2, 3))
    leaves.record(left(one))
    path = newsroom_folder / "data" / "leaves.log"
    whole = path.stat().st_size
    leaves.record(left(two))
    with path.open("r+b") as file:
        file.truncate(whole + (path.stat().st_size - whole) * cut // 12)
    assert replayed(storage, leaves) == 1
    assert replayed(storage, leaves) == 0
    assert not leaves.pending()
    leaves.record(left(three))
    assert replayed(storage, leaves) == 1
    assert [row(storage, number)["status"] for number in (one, two, three)] == [
        "unsubscribed",
        "active",
        "unsubscribed",
    ]


def test_a_log_torn_in_its_first_line_is_set_aside(storage, leaves, reader, newsroom_folder):
    path = newsroom_folder / "data" / "leaves.log"
    path.write_bytes(b'0123abcd {"leav')
    assert leaves.pending()
    assert replayed(storage, leaves) == 0
    assert not leaves.pending()
    leaves.record(left(reader))
    assert replayed(storage, leaves) == 1
    assert (newsroom_folder / "data" / "leaves.torn").exists()


def append_many(folder, first):
    for n in range(50):
        Leaves(folder).record(left(first + n))


def test_processes_that_append_at_once_lose_no_line(newsroom_folder):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=append_many, args=(newsroom_folder, 1000 * n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = (newsroom_folder / "data" / "leaves.log").read_bytes().splitlines(keepends=True)
    found = sorted(read_line(line)["subscription"] for line in lines[1:])
    assert found == sorted(1000 * n + m for n in range(3) for m in range(50))


def test_after_two_years_what_is_over_a_year_old_is_dropped_and_nothing_else(storage, leaves, people, newsroom_folder):
    for n in (1, 2, 3):
        people.reader(f"reader{n}@example.org", on={"weekly": "active"})
    one, two, three = (people.subscriptions[f"reader{n}@example.org", "weekly"] for n in (1, 2, 3))
    path = newsroom_folder / "data" / "leaves.log"
    leaves.record(left(one), left(two, WEDNESDAY + 500 * DAY))
    os.utime(path, times=(0, (WEDNESDAY + 800 * DAY).timestamp()))
    assert leaves.catch_up(storage) == 2
    assert [read_line(line).get("subscription") for line in path.read_bytes().splitlines(keepends=True)] == [None, two]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not leaves.pending()
    leaves.record(left(three, WEDNESDAY + 800 * DAY))
    assert leaves.catch_up(storage) == 1
    with storage.read() as connection:
        assert len(connection.execute(select(setting)).all()) == 1  # the old name is forgotten


def test_what_is_appended_while_it_is_shortened_is_not_lost(storage, people, newsroom_folder):
    """Each append opens the file anew under the lock; a log of two years is shortened again and again beside it."""
    people.reader("reader1@example.org", on={"weekly": "active"})
    path = newsroom_folder / "data" / "leaves.log"
    Leaves(newsroom_folder).record(left(1, WEDNESDAY - 900 * DAY))
    os.utime(path, times=(0, WEDNESDAY.timestamp()))
    done = threading.Event()

    def shorten():
        while not done.is_set():
            Leaves(newsroom_folder).catch_up(storage)

    thread = threading.Thread(target=shorten)
    thread.start()
    try:
        for n in range(40):
            Leaves(newsroom_folder).record(left(5000 + n, WEDNESDAY + DAY * 900))
    finally:
        done.set()
        thread.join(30)
    Leaves(newsroom_folder).catch_up(storage)
    lines = path.read_bytes().splitlines(keepends=True)
    assert [read_line(line).get("subscription") for line in lines][-40:] == [5000 + n for n in range(40)]


def test_on_a_full_disk_nothing_is_promised_and_what_is_there_stays(tmp_path):
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        leaves = Leaves(disk.folder)
        leaves.record(left(1))
        ballast = disk.fill()
        with pytest.raises(TryAgainError) as caught:
            leaves.record(*(left(n) for n in range(2, 500)))
        assert caught.value.code == "DISK-FULL"
        ballast.unlink()
        leaves.record(left(1000))
        lines = (disk.folder / "data" / "leaves.log").read_bytes().splitlines(keepends=True)
        read = [values["subscription"] for line in lines[1:] if (values := read_line(line)) is not None]
        assert (read[0], read[-1]) == (1, 1000)


# --- properties

LEAVES = st.builds(
    Leave,
    kind=st.sampled_from(LeaveKind),
    at=st.integers(0, 10**6).map(lambda n: WEDNESDAY + timedelta(microseconds=n)),
    subscription=st.none() | st.integers(1, 2**40),
    subscriber=st.none() | st.integers(1, 2**40),
    domain=st.text(max_size=20),
    reason=st.text(max_size=20),
    by=st.text(st.characters(exclude_characters="@"), max_size=20),
)


@given(LEAVES)
def test_a_line_comes_back_as_it_went(leave):
    assert leave_from(read_line(line_of(plain(leave)))) == leave


@given(LEAVES, st.data())
def test_a_line_with_any_byte_changed_or_cut_is_no_line(leave, data):
    line = line_of(plain(leave))
    place = data.draw(st.integers(0, len(line) - 2))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte not in line[place : place + 1]))
    assert read_line(line[:place]) is None
    assert read_line(line[:place] + bytes([other]) + line[place + 1 :]) is None


@given(st.binary(max_size=60))
@example(b"00000000 ")
@example(b"")
def test_any_bytes_are_a_line_or_none(data):
    assert read_line(data + b"\n") is None or data


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["left", "back"]), min_size=1, max_size=6), cuts=st.sets(st.integers(0, 6)))
def test_followed_in_any_portions_the_last_word_counts(storage, people, newsroom_folder, steps, cuts):
    address = f"reader{len(people.ids)}@example.org"
    people.reader(address, on={"weekly": "active"})
    number, leaves = people.subscriptions[address, "weekly"], Leaves(newsroom_folder)
    for n, step in enumerate(steps):
        leaves.record(Leave(kind=LeaveKind(step), at=WEDNESDAY + n * MINUTE, subscription=number, reason="page"))
        if n in cuts:
            replayed(storage, leaves)
    replayed(storage, leaves)
    assert row(storage, number)["status"] == ("unsubscribed" if steps[-1] == "left" else "active")
