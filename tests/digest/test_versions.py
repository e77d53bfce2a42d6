"""Frozen versions in the database, on each engine: named by their hash, never changed."""

from datetime import timedelta

from newsletter_cli.digest import versions
from newsletter_cli.digest.freeze import freeze, short
from newsletter_cli.digest.versions import (
    all_slugs,
    ensure_digest,
    find_digest_row,
    forget_digest,
    last_trial,
    latest_version,
    recent_articles,
    record_trial,
    sent_issues,
    store_version,
    version_of,
)
from newsletter_cli.storage.schema import digest, list_, send, version
from newsletter_cli.storage.schema import picture as pictures_table


def count(connection, table) -> int:
    return len(connection.execute(table.select()).all())


def store(storage, clock, issue, by="editor"):
    with storage.write() as connection:
        return store_version(storage, connection, issue, by=by, now=clock())


def begin_send(connection, stored, slug, at):
    row = connection.execute(list_.select().where(list_.c.slug == slug)).first()
    number = row.id if row else connection.execute(list_.insert().values(slug=slug, created=at)).inserted_primary_key[0]
    columns = {"version": stored.hash, "list_id": number, "state": "sent", "key_number": 1, "created": at}
    connection.execute(send.insert().values(digest_id=stored.digest_id, started=at, **columns))


def test_a_version_comes_back_as_it_was_frozen_with_its_pictures(storage, room, clock, picture):
    article = room.article("a", image=picture(room.picture("w.png")))
    issue = room.issue(article, subject="إلى [[ name | default('قارئنا') ]]")
    stored = store(storage, clock, issue)
    with storage.read() as connection:
        again = version_of(connection, stored.hash)
        pictures = connection.execute(pictures_table.select()).all()
    assert again == stored
    assert again.content == freeze(issue)
    assert again.hash == freeze(issue).digest_hex()
    assert short(again.hash) == again.hash[:8]
    assert (again.subject, again.articles, again.created) == ("إلى قارئنا", ("a",), clock())
    assert [(row.hash, row.media_type, row.data) for row in pictures] == [
        (one.hash, one.media_type, one.data) for one in issue.pictures
    ]


def test_storing_the_same_content_again_stores_nothing(storage, room, clock):
    first = store(storage, clock, room.issue(room.article()))
    clock.advance(hours=1)
    second = store(storage, clock, room.issue(room.article()), by="somebody else")
    assert first == second
    with storage.read() as connection:
        assert (count(connection, digest), count(connection, version)) == (1, 1)
        assert find_digest_row(connection, "2026-w42").composer == "editor"


def test_the_latest_version_is_the_one_frozen_last(storage, room, clock):
    store(storage, clock, room.issue(room.article()))
    clock.advance(minutes=1)
    edited = store(storage, clock, room.issue(room.article(), intro="جديد"))
    with storage.read() as connection:
        assert latest_version(connection, "2026-w42") == edited
        assert latest_version(connection, "2026-w43") is None
        assert version_of(connection, "0" * 64) is None


def test_only_the_version_that_was_tested_counts_as_tested(storage, room, clock):
    first = store(storage, clock, room.issue(room.article()))
    edited = store(storage, clock, room.issue(room.article(), intro="جديد"))
    with storage.write() as connection:
        record_trial(connection, first.digest_id, first.hash, addresses=2, by="editor", at=clock())
    with storage.read() as connection:
        assert versions.tested(connection, first.hash)
        assert not versions.tested(connection, edited.hash)
        trial = last_trial(connection, "2026-w42")
        assert (trial.version, trial.addresses, trial.by, trial.at) == (first.hash, 2, "editor", clock())
        assert last_trial(connection, "2026-w42", edited.hash) is None


def test_the_last_issues_of_a_list_are_those_that_began_to_be_sent(storage, room, clock):
    with storage.write() as connection:
        for number, slug in enumerate("abc"):
            issue = room.issue(room.article(slug), id=f"i{number}")
            stored = store_version(storage, connection, issue, by="editor", now=clock())
            begin_send(connection, stored, "weekly", clock() + timedelta(days=number))
        draft = store_version(storage, connection, room.issue(room.article("d"), id="i9"), by="editor", now=clock())
    assert draft.articles == ("d",)
    with storage.read() as connection:
        assert [slug for slug, _at, _slugs in sent_issues(connection, "weekly")] == ["i2", "i1", "i0"]
        assert recent_articles(connection, "weekly", before="i2", limit=1) == (("i1", frozenset("b")),)
        assert recent_articles(connection, "other", before="", limit=4) == ()
        assert all_slugs(connection) == ("i0", "i1", "i2", "i9")


def test_a_draft_can_be_forgotten_and_a_sent_issue_cannot(storage, room, clock):
    draft = store(storage, clock, room.issue(room.article(), id="draft"))
    sent = store(storage, clock, room.issue(room.article(), id="sent"))
    with storage.write() as connection:
        record_trial(connection, draft.digest_id, draft.hash, addresses=1, by="editor", at=clock())
        begin_send(connection, sent, "weekly", clock())
        assert forget_digest(connection, "draft")
        assert not forget_digest(connection, "sent")
        assert not forget_digest(connection, "unknown")
    with storage.read() as connection:
        assert all_slugs(connection) == ("sent",)
        assert latest_version(connection, "draft") is None


def test_a_digest_keeps_its_number_when_its_list_changes_before_a_send(storage, clock):
    with storage.write() as connection:
        first = ensure_digest(storage, connection, "i1", "weekly", by="editor", now=clock())
        second = ensure_digest(storage, connection, "i1", "daily", by="ops", now=clock())
    assert (first.id, second.list, second.composer) == (second.id, "daily", "editor")
