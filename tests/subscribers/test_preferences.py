from datetime import timedelta

from newsletter_cli.storage.acts import acts
from newsletter_cli.subscribers.audience import count
from newsletter_cli.subscribers.leaving import Leaving, leave
from newsletter_cli.subscribers.preferences import (
    PAUSE,
    Choice,
    Held,
    Preferences,
    end_pause,
    pause,
    preferences_of,
)
from tests.conftest import WEDNESDAY

MINUTE = timedelta(minutes=1)
ADDRESS = "reader1@example.org"


def looked_at(storage, number, at=WEDNESDAY):
    with storage.read() as connection:
        return preferences_of(connection, number, at)


def test_the_lists_of_one_reader_as_they_stand(storage, people):
    until = WEDNESDAY + timedelta(days=3)
    people.reader(ADDRESS, on={"weekly": "active", "daily": "paused", "sport": "pending"}, paused_until=until)
    people.reader("reader2@example.org", on={"weekly": "active"})
    number = people.subscriptions[ADDRESS, "weekly"]
    assert looked_at(storage, number) == Preferences(
        subscriber_id=people.ids[ADDRESS],
        address=ADDRESS,
        list="weekly",
        held=(
            Held(
                subscription_id=people.subscriptions[ADDRESS, "daily"], list="daily",
                choice=Choice.PAUSE, paused_until=until,
            ),
            Held(
                subscription_id=people.subscriptions[ADDRESS, "sport"], list="sport",
                choice=Choice.RECEIVE, confirmed=False,
            ),
            Held(subscription_id=number, list="weekly", choice=Choice.RECEIVE),
        ),
    )  # fmt: skip


def test_a_pause_that_is_over_is_none(storage, people):
    people.reader(ADDRESS, on={"weekly": "paused"}, paused_until=WEDNESDAY)
    number = people.subscriptions[ADDRESS, "weekly"]
    assert looked_at(storage, number).held == (Held(subscription_id=number, list="weekly", choice=Choice.RECEIVE),)


def test_a_list_left_just_now_is_still_a_choice_and_later_none(storage, people):
    people.reader(ADDRESS, on={"weekly": "active"})
    number = people.subscriptions[ADDRESS, "weekly"]
    with storage.write() as connection:
        leave(connection, number, WEDNESDAY, Leaving.ONE_CLICK)
    held = Held(subscription_id=number, list="weekly", choice=Choice.LEAVE)
    assert looked_at(storage, number, WEDNESDAY + 10 * MINUTE).held == (held,)
    assert looked_at(storage, number, WEDNESDAY + 11 * MINUTE).held == ()


def test_a_list_that_an_editor_took_away_is_no_choice(storage, people):
    people.reader(ADDRESS, on={"weekly": "unsubscribed"})
    assert looked_at(storage, people.subscriptions[ADDRESS, "weekly"]).held == ()


def test_nobody_has_no_preferences(storage, people):
    people.reader(ADDRESS, on={"weekly": "active"}, address_status="forgotten")
    assert looked_at(storage, people.subscriptions[ADDRESS, "weekly"]) is None
    assert looked_at(storage, 4711) is None


def test_a_pause_holds_for_its_days_and_can_be_ended(storage, people):
    people.reader(ADDRESS, on={"weekly": "active"})
    number = people.subscriptions[ADDRESS, "weekly"]
    until = WEDNESDAY + PAUSE

    def receiving(at):
        with storage.read() as connection:
            return count(connection, at, list_id=people.lists["weekly"])

    with storage.write() as connection:
        assert pause(connection, number, WEDNESDAY, until)
    assert (receiving(until - MINUTE), receiving(until)) == (0, 1)
    with storage.write() as connection:
        assert end_pause(connection, number, WEDNESDAY + MINUTE)
        assert not end_pause(connection, number, WEDNESDAY + MINUTE)
        log = acts(connection, subscriber_id=people.ids[ADDRESS])
    assert receiving(WEDNESDAY + MINUTE) == 1
    assert [(act.by, act.what, act.list) for act in log] == [
        ("reader", "paused for 30 days", "weekly"),
        ("reader", "ended the pause", "weekly"),
    ]


def test_who_left_or_never_confirmed_cannot_pause(storage, people):
    people.reader(ADDRESS, on={"weekly": "unsubscribed", "daily": "pending"})
    with storage.write() as connection:
        for list_ in ("weekly", "daily"):
            number = people.subscriptions[ADDRESS, list_]
            assert not pause(connection, number, WEDNESDAY, WEDNESDAY + PAUSE)
        assert acts(connection) == ()
