"""Readers nobody agreed for, and readers the server could not carry, are counted among those who would get mail."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from newsletter_cli.storage.schema import delivery, subscription
from newsletter_cli.subscribers.audience import parse_where
from newsletter_cli.subscribers.doubtful import Doubtful, doubtful
from tests.conftest import WEDNESDAY

LATER = WEDNESDAY + timedelta(hours=1)


@pytest.fixture
def crowd(people, storage):
    """Three who may be written to, one of whom left a word and one of whom confirmed by the link; one who left."""
    people.reader("silent@example.org", on={"weekly": "active"}, tags=["sport"])
    people.reader("said@example.org", on={"weekly": "active"})
    people.reader("ليلى@example.org", on={"weekly": "active"})
    people.reader("gone@example.org", on={"weekly": "unsubscribed"})
    with storage.write() as connection:
        for address, values in (
            ("said@example.org", {"consent": "stand"}),
            ("ليلى@example.org", {"confirmed": WEDNESDAY}),
        ):
            row = people.subscriptions[address, "weekly"]
            connection.execute(update(subscription).where(subscription.c.id == row).values(values))
    return people


def counted(storage, people, where=""):
    with storage.read() as connection:
        return doubtful(connection, LATER, list_id=people.list("weekly"), where=parse_where(where))


def not_carried(storage):
    with storage.write() as connection:
        failed = update(delivery).where(delivery.c.outcome == "failed")
        connection.execute(failed.values(reason="eai", code=553, enhanced="5.6.7"))


def test_a_reader_has_consented_by_a_word_or_by_the_link(storage, crowd):
    assert counted(storage, crowd) == Doubtful(readers=3, without_consent=1, unreachable=0)
    assert counted(storage, crowd, "tag:sport") == Doubtful(readers=1, without_consent=1, unreachable=0)


def test_only_the_last_send_says_who_cannot_be_reached(storage, crowd):
    crowd.delivered("2026-w40", "ليلى@example.org", "failed")
    not_carried(storage)
    assert counted(storage, crowd).unreachable == 1
    crowd.delivered("2026-w41", "ليلى@example.org", "accepted")
    assert counted(storage, crowd).unreachable == 0


def test_a_list_without_readers_has_none(storage, people):
    assert counted(storage, people) == Doubtful(readers=0, without_consent=0, unreachable=0)
