"""Readers counted by the domain of their address: only those who would get mail."""

from datetime import timedelta

from newsletter_cli.subscribers.audience import parse_where
from newsletter_cli.subscribers.domains import readers_by_domain
from tests.conftest import WEDNESDAY

LATER = WEDNESDAY + timedelta(hours=1)


def counted(storage, people, where="", **options):
    with storage.read() as connection:
        return readers_by_domain(connection, LATER, list_id=people.list("weekly"), where=parse_where(where), **options)


def test_domains_are_counted_the_largest_first(storage, people):
    people.reader("a@example.org", on={"weekly": "active"})
    people.reader("b@gmail.com", on={"weekly": "active"}, tags=["sport"])
    people.reader("c@gmail.com", on={"weekly": "active"})
    people.reader("d@yahoo.com", on={"weekly": "unsubscribed"})
    people.reader("e@icloud.com", on={"daily": "active"})
    assert list(counted(storage, people).items()) == [("gmail.com", 2), ("example.org", 1)]
    assert counted(storage, people, most=1) == {"gmail.com": 2}
    assert counted(storage, people, "tag:sport") == {"gmail.com": 1}


def test_a_list_without_readers_has_no_domains(storage, people):
    assert counted(storage, people) == {}
