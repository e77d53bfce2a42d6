from datetime import timedelta

import pytest
from sqlalchemy import func, select

from newsletter_cli.errors import UsageError
from newsletter_cli.mail.address import parse_address
from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.schema import import_change, subscriber, subscription, tag
from newsletter_cli.subscribers import undoing
from newsletter_cli.subscribers.leaving import Leaving, leave
from newsletter_cli.subscribers.roster import Roster
from newsletter_cli.subscribers.undoing import TakenBack, undo_import
from newsletter_cli.subscribers.where import parse_where

TEXT = """email,name,city,tags,status
new1@example.org,جديدة,دمشق,sport;vip,
new2@example.org,,,,
old@example.org,ليلى,حلب,sport,
left@example.org,x,y,z,unsubscribed
other@example.org,,,,
"""


def counts(storage):
    with storage.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (subscriber, subscription, tag, import_change)
        }


@pytest.fixture
def before(desk, people):
    people.reader("old@example.org", on={"weekly": "active"}, tags=["vip"])
    people.reader("other@example.org", on={"daily": "active"}, name="عمر")
    return desk.export(), counts(desk.storage)


@pytest.mark.parametrize("slice_", [1, 1000])
def test_import_then_undo_leaves_the_export_as_it_was(desk, before, clock, monkeypatch, slice_):
    """After undoing, an export is what it was before."""
    monkeypatch.setattr(undoing, "SLICE", slice_)
    imported = desk.read_in(TEXT)
    assert desk.export() != before[0]
    clock.advance(minutes=5)
    back = undo_import(desk.storage, imported.batch, clock.now, by="editor")
    assert back == TakenBack(batch=imported.batch, list="weekly", already=None, removed=4, restored=1, kept=())
    assert desk.export() == before[0]
    assert counts(desk.storage) == before[1]
    with desk.storage.read() as connection:
        assert acts(connection)[-1].what == "import undone"


def test_undoing_twice_is_undoing_once(desk, clock):
    imported = desk.read_in(TEXT)
    first = clock.advance(minutes=1)
    undo_import(desk.storage, imported.batch, first, by="editor")
    again = undo_import(desk.storage, imported.batch, clock.advance(minutes=1), by="editor")
    assert (again.already, again.removed, again.kept) == (first, 0, ())


def test_a_file_may_be_imported_again_after_its_undo(desk, clock):
    first = desk.read_in(TEXT)
    exported = desk.export()
    undo_import(desk.storage, first.batch, clock.advance(minutes=1), by="editor")
    assert desk.read_in(TEXT).counts == first.counts
    assert desk.export() == exported.replace("2026-10-14T04:00:00Z", "2026-10-14T04:01:00Z")


def test_an_import_nobody_made_is_not_found(desk):
    imported = desk.read_in("email\na@example.org\n")
    with pytest.raises(UsageError) as refused:
        undo_import(desk.storage, "imp-zzzz", desk.clock.now, by="editor")
    assert (refused.value.code, refused.value.details["latest"]) == ("NOT-FOUND", [imported.batch])


def leaves(desk, key):
    with desk.storage.write() as connection:
        leave(connection, desk.reader(key).on("weekly").id, desk.clock.now, Leaving.ONE_CLICK)


def is_tagged(desk, key):
    Roster(desk.storage, desk.clock).tag(parse_where("domain:example.org"), add=["new"], by="editor")


def is_removed(desk, key):
    Roster(desk.storage, desk.clock).remove([parse_address(key)], "weekly", by="editor")


def has_a_name_from_a_later_file(desk, key):
    desk.read_in(f"email,name\n{key},اسم\n")


@pytest.mark.parametrize("moves", [leaves, is_tagged, is_removed, has_a_name_from_a_later_file])
def test_a_reader_who_has_moved_since_is_kept_and_listed(desk, clock, moves):
    imported = desk.read_in("email,name\nreader1@example.org,\n")
    clock.advance(minutes=1)
    moves(desk, "reader1@example.org")
    before = desk.reader("reader1@example.org")
    clock.advance(minutes=1)
    back = undo_import(desk.storage, imported.batch, clock.now, by="editor")
    assert (back.removed, back.kept) == (0, ("reader1@example.org",))
    assert desk.reader("reader1@example.org") == before


def test_a_reader_who_got_a_message_is_kept(desk, people, clock):
    people.list("weekly")
    imported = desk.read_in("email\nreader1@example.org\n")
    found = desk.reader("reader1@example.org")
    people.ids["reader1@example.org"] = found.id
    people.subscriptions["reader1@example.org", "weekly"] = found.on("weekly").id
    people.delivered("2026-w42", "reader1@example.org", "accepted")
    back = undo_import(desk.storage, imported.batch, clock.advance(minutes=1), by="editor")
    assert back.kept == ("reader1@example.org",)


def test_a_value_that_was_changed_after_the_import_filled_it_is_kept(desk, people, clock):
    people.reader("old@example.org", on={"weekly": "active"})
    imported = desk.read_in("email,name\nold@example.org,ليلى\n")
    desk.read_in("email,name\nold@example.org,سلمى\n", overwrite=["name"])
    back = undo_import(desk.storage, imported.batch, clock.advance(minutes=1), by="editor")
    assert back.kept == ("old@example.org",)
    assert desk.reader("old@example.org").name == "سلمى"


def test_a_reader_who_joined_another_list_meanwhile_stays_on_that_one(desk, clock):
    imported = desk.read_in("email,name\nreader1@example.org,ليلى\n")
    clock.advance(minutes=1)
    second = desk.read_in("email\nreader1@example.org\n", to="daily")
    back = undo_import(desk.storage, imported.batch, clock.advance(minutes=1), by="editor")
    assert (back.removed, back.kept) == (1, ())
    found = desk.reader("reader1@example.org")
    assert (found.lists, [member.list for member in found.memberships]) == (("daily",), ["daily"])
    undo_import(desk.storage, second.batch, clock.advance(minutes=1), by="editor")
    assert desk.reader("reader1@example.org").memberships == ()


def test_an_undo_that_was_stopped_goes_on(desk, clock, monkeypatch):
    imported = desk.read_in("email\n" + "".join(f"reader{n}@example.org\n" for n in range(30)))
    clock.advance(minutes=1)
    monkeypatch.setattr(undoing, "SLICE", 4)
    real, calls = undoing._slice, []

    def stops(*given, **how):
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*given, **how)

    monkeypatch.setattr(undoing, "_slice", stops)
    with pytest.raises(KeyboardInterrupt):
        undo_import(desk.storage, imported.batch, clock.now, by="editor")
    monkeypatch.setattr(undoing, "_slice", real)
    assert undo_import(desk.storage, imported.batch, clock.now + timedelta(seconds=1), by="editor").removed == 18
    assert counts(desk.storage)["subscriber"] == 0
