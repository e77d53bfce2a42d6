"""Approvals in the database, on each engine: they belong to one version and never to its composer."""

from newsletter_cli.digest.approvals import (
    Approval,
    Awaiting,
    approvals_of,
    approve,
    awaiting_approval,
    counting,
    revoke,
)
from newsletter_cli.digest.versions import forget_digest, record_trial, store_version


def stored_version(storage, clock, issue):
    with storage.write() as connection:
        return store_version(storage, connection, issue, by="editor", now=clock())


def yes(storage, clock, stored, by, note=""):
    with storage.write() as connection:
        return approve(storage, connection, stored.digest_id, stored.hash, by=by, note=note, at=clock())


def given(storage, slug="2026-w42"):
    with storage.read() as connection:
        return approvals_of(connection, slug)


def test_a_second_yes_of_one_person_is_the_first(storage, room, clock):
    stored = stored_version(storage, clock, room.issue(room.article("a")))
    assert yes(storage, clock, stored, "desk", "numbers checked")
    assert not yes(storage, clock, stored, "desk", "again")
    assert given(storage, stored.content.digest) == (
        Approval(version=stored.hash, by="desk", note="numbers checked", at=clock()),
    )


def test_who_takes_it_back_takes_back_only_that(storage, room, clock):
    stored = stored_version(storage, clock, room.issue(room.article("a")))
    yes(storage, clock, stored, "desk")
    yes(storage, clock, stored, "ops")
    with storage.write() as connection:
        assert revoke(connection, stored.digest_id, stored.hash, by="desk")
        assert not revoke(connection, stored.digest_id, stored.hash, by="desk")
    assert [one.by for one in given(storage, stored.content.digest)] == ["ops"]


def test_what_counts_is_this_version_by_another_person_who_may(storage, room, clock):
    stored = stored_version(storage, clock, room.issue(room.article("a")))
    for by in ("editor", "desk", "ops"):
        yes(storage, clock, stored, by)
    every = given(storage, stored.content.digest)
    names = lambda **how: [one.by for one in counting(every, stored.hash, composer="editor", **how)]  # noqa: E731
    assert names(approvers=()) == ["desk", "ops"]
    assert names(approvers=("ops", "editor")) == ["ops"]
    assert counting(every, "0" * 64, composer="editor", approvers=()) == ()


def test_tested_and_not_sent_waits_for_a_yes(storage, room, clock):
    first = stored_version(storage, clock, room.issue(room.article("a")))
    with storage.write() as connection:
        assert awaiting_approval(connection) == ()
        record_trial(connection, first.digest_id, "0" * 64, addresses=1, by="editor", at=clock())
        record_trial(connection, first.digest_id, first.hash, addresses=1, by="editor", at=clock())
        waiting = awaiting_approval(connection)
    assert waiting == (
        Awaiting(digest=first.content.digest, list=first.content.list, composer="editor", version=first.hash),
    )


def test_a_forgotten_digest_takes_its_approvals_along(storage, room, clock):
    stored = stored_version(storage, clock, room.issue(room.article("a")))
    yes(storage, clock, stored, "desk")
    with storage.write() as connection:
        assert forget_digest(connection, stored.content.digest)
    assert given(storage, stored.content.digest) == ()
