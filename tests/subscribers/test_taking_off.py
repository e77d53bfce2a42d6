"""An editor takes readers off: at once, also while somebody else keeps the database locked."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter_cli.errors import BusyError
from newsletter_cli.mail.address import parse_address
from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.schema import subscription, suppression
from newsletter_cli.subscribers.leaves import Leaves
from newsletter_cli.subscribers.records import Removed, Suppressed
from newsletter_cli.subscribers.taking_off import TakingOff
from tests.subscribers.conftest import People


def off(storage, clock):
    return TakingOff(storage, Leaves(storage.root), clock)


def statuses(storage):
    with storage.read() as connection:
        return connection.execute(select(subscription.c.status).order_by(subscription.c.id)).scalars().all()


def addresses(*texts):
    return [parse_address(text) for text in texts]


def test_readers_are_removed_and_the_log_says_nothing_new(storage, people, clock):
    people.reader("reader1@example.org", on={"weekly": "active"})
    people.reader("reader2@example.org", on={"weekly": "unsubscribed"})
    done = off(storage, clock).remove(
        addresses("Reader1@example.org", "reader2@example.org", "nobody@example.org"), "weekly", by="editor"
    )
    assert done == Removed(
        removed=("Reader1@example.org",), already=("reader2@example.org",), unknown=("nobody@example.org",)
    )
    assert Leaves(storage.root).catch_up(storage) == 0
    with storage.read() as connection:
        assert [(act.what, act.by) for act in acts(connection)] == [("removed", "editor")]


def test_suppressing_keeps_the_reason_and_the_log_says_nothing_new(storage, people, clock):
    people.reader("reader1@example.org", on={"weekly": "active"})
    done = off(storage, clock).suppress("reader1@example.org", "by letter", by="editor")
    assert done == Suppressed(key="reader1@example.org", reason="by letter", already=False, readers=1)
    assert Leaves(storage.root).catch_up(storage) == 0
    with storage.read() as connection:
        assert [row[:2] for row in connection.execute(select(suppression))] == [("reader1@example.org", "by letter")]


@pytest.fixture
def impatient(sqlite_place):
    """A database that is waited for a tenth of a second; `sqlite_place` opens it beside."""
    with sqlite_place.open(wait=timedelta(milliseconds=100)) as storage:
        yield storage


def test_while_the_database_is_locked_it_holds_all_the_same(impatient, sqlite_place, clock):
    people = People(impatient)
    people.reader("reader1@example.org", on={"weekly": "active"})
    people.reader("reader2@example.org", on={"weekly": "active"})
    people.reader("reader3@elsewhere.example", on={"weekly": "active"})
    with sqlite_place.open() as other, other.write():
        removed = off(impatient, clock).remove(addresses("reader1@example.org"), "weekly", by="editor")
        suppressed = off(impatient, clock).suppress("reader2@example.org", "by letter", by="editor")
        domain = off(impatient, clock).suppress("@elsewhere.example", "", by="editor")
        with pytest.raises(BusyError):
            off(impatient, clock).suppress("nobody@example.org", "", by="editor")
    assert removed == Removed(removed=("reader1@example.org",), already=(), unknown=())
    assert suppressed == Suppressed(key="reader2@example.org", reason="", already=False, readers=1)
    assert (domain.readers, statuses(impatient)) == (1, ["active"] * 3)
    with impatient.write() as connection:  # as the next claim does
        assert Leaves(impatient.root).replay(connection) == 3
        keys = connection.execute(select(suppression.c.key).order_by(suppression.c.key)).scalars().all()
    assert statuses(impatient) == ["unsubscribed", "active", "active"]
    assert keys == ["@elsewhere.example", "reader2@example.org"]
