from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.schema import subscription
from newsletter_cli.subscribers.audience import count
from newsletter_cli.subscribers.leaving import Leaving, Left, Undone, leave, undo_leave
from tests.conftest import WEDNESDAY

MINUTE = timedelta(minutes=1)


def row(storage, number):
    with storage.read() as connection:
        return connection.execute(select(subscription).where(subscription.c.id == number)).mappings().one()


def test_a_reader_who_leaves_is_off_that_list_and_no_other(storage, people):
    people.reader("reader1@example.org", on={"weekly": "active", "daily": "active"})
    number = people.subscriptions["reader1@example.org", "weekly"]
    with storage.write() as connection:
        left = leave(connection, number, WEDNESDAY, Leaving.ONE_CLICK)
    assert left == Left(
        subscription_id=number, subscriber_id=people.ids["reader1@example.org"], list="weekly",
        address="reader1@example.org", at=WEDNESDAY, reason="one-click", already=False,
    )  # fmt: skip
    with storage.read() as connection:
        assert count(connection, WEDNESDAY, list_id=people.lists["weekly"]) == 0
        assert count(connection, WEDNESDAY, list_id=people.lists["daily"]) == 1


def test_leaving_twice_is_leaving_once(storage, people):
    people.reader("reader1@example.org", on={"weekly": "active"})
    number = people.subscriptions["reader1@example.org", "weekly"]
    with storage.write() as connection:
        first = leave(connection, number, WEDNESDAY, Leaving.ONE_CLICK)
        again = leave(connection, number, WEDNESDAY + MINUTE, Leaving.PAGE)
        log = acts(connection, subscriber_id=people.ids["reader1@example.org"])
    assert again == Left(**{name: getattr(first, name) for name in Left.__slots__ if name != "already"}, already=True)
    assert [(act.what, act.list, act.by, act.details) for act in log] == [
        ("unsubscribed", "weekly", "reader", "one-click")
    ]


def test_a_token_of_nobody_changes_nothing(storage, people):
    with storage.write() as connection:
        assert leave(connection, 4711, WEDNESDAY, Leaving.ONE_CLICK) is None
        assert undo_leave(connection, 4711, WEDNESDAY) is Undone.UNKNOWN
        assert acts(connection) == ()


@pytest.mark.parametrize(("status", "reason"), list(product(["active", "pending", "paused"], Leaving)))
def test_an_undo_brings_back_what_was(storage, people, status, reason):
    until = WEDNESDAY + timedelta(days=30) if status == "paused" else None
    people.reader("reader1@example.org", on={"weekly": status}, paused_until=until)
    number = people.subscriptions["reader1@example.org", "weekly"]
    before = row(storage, number)
    with storage.write() as connection:
        leave(connection, number, WEDNESDAY, reason)
    with storage.write() as connection:
        assert undo_leave(connection, number, WEDNESDAY + 9 * MINUTE) is Undone.BACK
        assert undo_leave(connection, number, WEDNESDAY + 9 * MINUTE) is Undone.NEVER_LEFT
    assert row(storage, number) == before


def test_an_undo_after_ten_minutes_is_too_late(storage, people):
    people.reader("reader1@example.org", on={"weekly": "active"})
    number = people.subscriptions["reader1@example.org", "weekly"]
    with storage.write() as connection:
        leave(connection, number, WEDNESDAY, Leaving.PAGE)
        assert undo_leave(connection, number, WEDNESDAY + 11 * MINUTE) is Undone.TOO_LATE
    assert row(storage, number)["status"] == "unsubscribed"


def test_an_undo_does_not_bring_back_whom_an_editor_removed(storage, people):
    people.reader("reader1@example.org", on={"weekly": "unsubscribed"}, left=WEDNESDAY, left_reason="removed by editor")
    with storage.write() as connection:
        undone = undo_leave(connection, people.subscriptions["reader1@example.org", "weekly"], WEDNESDAY)
    assert undone is Undone.NOT_HIS


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(clicks=st.lists(st.tuples(st.sampled_from(["leave", "undo"]), st.integers(0, 12)), max_size=6))
def test_in_any_order_of_clicks_a_reader_is_on_the_list_or_off_it_with_a_reason(storage, people, clicks):
    address = f"reader{len(people.ids)}@example.org"
    people.reader(address, on={"weekly": "active"})
    number, at = people.subscriptions[address, "weekly"], WEDNESDAY
    for click, minutes in clicks:
        at += minutes * MINUTE
        with storage.write() as connection:
            if click == "leave":
                assert leave(connection, number, at, Leaving.PAGE) is not None
            else:
                undo_leave(connection, number, at)
        now = row(storage, number)
        on = (now["status"], now["left"], now["left_reason"]) == ("active", None, "")
        off = now["status"] == "unsubscribed" and now["left"] <= at and now["left_reason"] == "page"
        assert on or off
        assert off or click == "undo"
