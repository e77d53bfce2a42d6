from datetime import timedelta

import pytest

from newsletter_cli.errors import BusyError
from newsletter_cli.subscribers.audience import count
from newsletter_cli.subscribers.lists import ListNumbers, close_list, list_id, list_numbers, unfinished_sends
from tests.conftest import WEDNESDAY

DAY = timedelta(days=1)


def test_a_list_has_one_row_however_often_it_is_asked_for(storage):
    with storage.write() as connection:
        assert list_id(connection, "weekly") is None
        made = list_id(connection, "weekly", create=WEDNESDAY)
        assert made is not None
        assert list_id(connection, "weekly", create=WEDNESDAY + DAY) == made
        assert list_id(connection, "weekly") == made


def test_the_numbers_of_a_list_count_each_reader_once(people, ask):
    people.reader("a@example.org", on={"weekly": "active", "daily": "pending"})
    people.reader("b@example.org", on={"weekly": "pending"})
    people.reader("c@example.org", on={"weekly": "paused"}, paused_until=WEDNESDAY + DAY)
    people.reader("d@example.org", on={"weekly": "paused"}, paused_until=WEDNESDAY - DAY)
    people.reader("e@example.org", on={"weekly": "unsubscribed"}, left=WEDNESDAY - 29 * DAY)
    people.reader("f@example.org", on={"weekly": "unsubscribed"}, left=WEDNESDAY - 31 * DAY)
    people.reader("g@example.org", on={"weekly": "active"}, address_status="suspended")
    numbers = ask(lambda c: list_numbers(c, "weekly", WEDNESDAY))
    assert numbers == ListNumbers(active=2, waiting=1, paused=1, unsubscribed=2, left_30d=1)
    assert numbers.readers == 4
    assert ask(lambda c: list_numbers(c, "none", WEDNESDAY)) == ListNumbers()


def test_a_closed_list_keeps_the_record_of_everybody(storage, people):
    people.reader("a@example.org", on={"weekly": "active"})
    people.reader("b@example.org", on={"weekly": "pending"})
    people.reader("c@example.org", on={"weekly": "unsubscribed"}, left=WEDNESDAY - DAY, left_reason="one-click")
    with storage.write() as connection:
        assert close_list(connection, "weekly", WEDNESDAY, by="editor") == 2
        assert count(connection, WEDNESDAY, list_id=people.lists["weekly"]) == 0
        assert list_numbers(connection, "weekly", WEDNESDAY).unsubscribed == 3


@pytest.mark.parametrize("state", ["scheduled", "armed", "sending", "paused"])
def test_a_list_with_a_digest_on_its_way_stays(storage, people, state):
    people.reader("a@example.org", on={"weekly": "active"})
    people.delivered("2026-w42", "a@example.org", "waiting", state=state)
    with storage.write() as connection:
        assert unfinished_sends(connection, "weekly") == ("2026-w42",)
        with pytest.raises(BusyError, match="2026-w42 is on its way to weekly"):
            close_list(connection, "weekly", WEDNESDAY, by="editor")
        assert list_numbers(connection, "weekly", WEDNESDAY).active == 1
