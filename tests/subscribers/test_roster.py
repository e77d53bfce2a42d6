from datetime import timedelta

import pytest

from newsletter_cli.mail.address import parse_address
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.storage.acts import acts
from newsletter_cli.subscribers.audience import count
from newsletter_cli.subscribers.records import Happening, Kind, ListStats, Outcome, Removed, Suppressed, Tagged
from newsletter_cli.subscribers.roster import NewReader, Roster, suppression_key
from newsletter_cli.subscribers.states import ON_LIST, ListEvent, SubscriptionStatus
from newsletter_cli.subscribers.where import parse_where
from tests.conftest import WEDNESDAY

LATER = WEDNESDAY + timedelta(days=1)


@pytest.fixture
def roster(storage, clock):
    return Roster(storage, clock)


def new(text="reader1@example.org", **more):
    return NewReader(address=parse_address(text), list="weekly", **more)


def test_a_new_reader_waits_for_confirmation(roster):
    joined = roster.add(new("Reader1@EXAMPLE.org", name="قارئة", fields={"city": "دمشق"}, tags=("sport",)), by="editor")
    assert joined.outcome is Outcome.ADDED
    found = joined.subscriber
    assert (found.address, found.name, found.fields, found.tags) == (
        "Reader1@example.org", "قارئة", {"city": "دمشق"}, ("sport",),
    )  # fmt: skip
    assert (found.status, found.lists, found.created) == ("pending", ("weekly",), WEDNESDAY)
    assert [(act.what, act.by, act.list) for act in roster.history(found.id)] == [("added", "editor", "weekly")]


def test_an_address_has_one_record_whatever_its_spelling(roster):
    first = roster.add(new("Reader1@example.org"), by="editor").subscriber
    again = roster.add(new("reader1@EXAMPLE.ORG"), by="editor")
    assert (again.outcome, again.subscriber.id, again.subscriber.address) == (
        Outcome.ALREADY, first.id, "Reader1@example.org",
    )  # fmt: skip


@pytest.mark.parametrize("status", SubscriptionStatus)
@pytest.mark.parametrize("active", [True, False])
def test_adding_moves_a_reader_as_the_table_says(roster, people, status, active):
    people.reader("reader1@example.org", on={"weekly": status}, paused_until=LATER)
    joined = roster.add(new(active=active, consent="by phone"), by="editor")
    after = ON_LIST[status, ListEvent.ADD_WITH_CONSENT if active else ListEvent.ADD]
    assert joined.subscriber.on("weekly").status is after
    assert joined.outcome is (
        Outcome.ADDED if after is not status
        else Outcome.UNSUBSCRIBED if status is SubscriptionStatus.UNSUBSCRIBED
        else Outcome.ALREADY
    )  # fmt: skip


@pytest.mark.parametrize("status", ["suspended", "complained", "forgotten"])
def test_an_address_that_is_shut_stays_shut(roster, people, status):
    people.reader("reader1@example.org", address_status=status)
    joined = roster.add(new(active=True, consent="x", name="N"), by="editor")
    assert joined.outcome is Outcome.SUPPRESSED
    assert (joined.subscriber.memberships, joined.subscriber.name) == ((), "")


@pytest.mark.parametrize("key", ["reader1@example.org", "@example.org"])
def test_a_suppressed_address_cannot_be_added(roster, key):
    roster.suppress(key, "asked us by letter", by="editor")
    joined = roster.add(new(), by="editor")
    assert (joined.outcome, joined.subscriber) == (Outcome.SUPPRESSED, None)


def test_adding_fills_what_was_empty_and_overwrites_nothing(roster, people):
    people.reader("reader1@example.org", on={"weekly": "active"}, fields={"city": "حلب"})
    joined = roster.add(new(name="قارئة", fields={"city": "دمشق", "country": "سوريا"}), by="editor")
    assert joined.filled == ("name", "country")
    assert (joined.subscriber.name, joined.subscriber.fields) == ("قارئة", {"city": "حلب", "country": "سوريا"})


def test_removing_keeps_the_record(roster, people, ask):
    people.reader("reader1@example.org", on={"weekly": "active", "daily": "active"})
    people.reader("left@example.org", on={"weekly": "unsubscribed"})
    people.reader("other@example.org", on={"daily": "active"})
    names = ("Reader1@example.org", "left@example.org", "other@example.org", "nobody@example.org")
    removed = roster.remove([parse_address(name) for name in names], "weekly", by="editor")
    assert removed == Removed(
        removed=("Reader1@example.org",),
        already=("left@example.org",),
        unknown=("other@example.org", "nobody@example.org"),
    )
    member = roster.find("reader1@example.org").on("weekly")
    assert (member.status, member.left, member.left_reason) == ("unsubscribed", WEDNESDAY, "removed by editor")
    assert ask(lambda c: count(c, WEDNESDAY, list_id=people.lists["daily"])) == 2


def test_suppressing_shuts_an_address_for_all_lists(roster, people, ask):
    people.reader("reader1@example.org", on={"weekly": "active", "daily": "active"})
    done = roster.suppress("reader1@example.org", "asked us by letter", by="editor")
    assert done == Suppressed(key="reader1@example.org", reason="asked us by letter", already=False, readers=1)
    again = roster.suppress("reader1@example.org", "another", by="editor")
    assert again == Suppressed(key="reader1@example.org", reason="asked us by letter", already=True, readers=1)
    found = roster.find("reader1@example.org", slug="weekly")
    assert (found.status, found.suppressed, found.lists) == ("suspended", "asked us by letter", ("weekly", "daily"))
    assert ask(lambda c: count(c, WEDNESDAY, list_id=people.lists["weekly"])) == 0
    assert [act.what for act in roster.history(found.id)] == ["suppressed"]


def test_suppressing_a_domain_shuts_everybody_there(roster, people):
    people.reader("a@blocked.example.org", on={"weekly": "active"})
    people.reader("b@blocked.example.org", on={"weekly": "active"})
    assert roster.suppress("@blocked.example.org", "", by="editor").readers == 2
    assert roster.find("a@blocked.example.org").suppressed == "@blocked.example.org: suppressed"


def test_the_log_of_a_suppression_names_no_address(roster, storage):
    roster.suppress("reader1@example.org", "letter", by="editor")
    with storage.read() as connection:
        assert all("@" not in act.details for act in acts(connection))


@pytest.mark.parametrize(
    ("text", "key"),
    [("@Example.ORG", "@example.org"), ("@مثال.إختبار", "@xn--mgbh0fb.xn--kgbechtv"), ("a@b.org", None)],
)
def test_a_domain_is_suppressed_by_its_a_labels(text, key):
    assert suppression_key(text) == key


def test_what_is_no_domain_cannot_be_suppressed():
    with pytest.raises(AddressProblem):
        suppression_key("@not a domain.عربي")


def test_a_reader_is_told_with_all_that_happened(roster, people, clock):
    people.reader("reader1@example.org", on={"weekly": "active"})
    people.delivered("2026-w41", "reader1@example.org", "accepted")
    clock.advance(minutes=1)
    roster.remove([parse_address("reader1@example.org")], "weekly", by="editor")
    assert roster.history(people.ids["reader1@example.org"]) == (
        Happening(
            kind=Kind.DELIVERY, at=WEDNESDAY, what="accepted", digest="2026-w41", list="weekly", code=250,
            answer="2.0.0 Ok",
        ),
        Happening(kind=Kind.ACT, at=clock.now, what="removed", list="weekly", by="editor"),
    )  # fmt: skip


def test_nobody_has_no_record(roster):
    assert roster.find("nobody@example.org") is None


# --- tags ------------------------------------------------------------------------------------------------------


def test_tags_go_to_the_readers_a_filter_names(roster, people):
    people.reader("a@example.org", on={"weekly": "active"}, tags=["vip"])
    people.reader("b@example.org", on={"weekly": "active"}, tags=["sport"])
    people.reader("c@gmail.com", on={"weekly": "active"}, tags=["vip"])
    done = roster.tag(parse_where("domain:example.org"), add=["sport", "new"], remove=["vip"], by="editor")
    assert done == Tagged(readers=2, added={"sport": 1, "new": 2}, removed={"vip": 1})
    assert [roster.find(key).tags for key in ("a@example.org", "b@example.org", "c@gmail.com")] == [
        ("new", "sport"), ("new", "sport"), ("vip",),
    ]  # fmt: skip


def test_a_filter_may_ask_for_the_tag_that_goes(roster, people):
    people.reader("a@example.org", tags=["vip"])
    done = roster.tag(parse_where("tag:vip"), add=["gold"], remove=["vip"], by="editor")
    assert (done.readers, roster.find("a@example.org").tags) == (1, ("gold",))


def test_tags_of_a_list_go_to_those_who_have_not_left(roster, people):
    people.reader("a@example.org", on={"weekly": "active", "daily": "active"})
    people.reader("b@example.org", on={"weekly": "unsubscribed"})
    people.reader("c@example.org", on={"daily": "active"})
    assert roster.tag(parse_where(""), add=["x"], slug="weekly", by="editor").readers == 1


# --- many ------------------------------------------------------------------------------------------------------


def test_a_list_is_told_in_the_order_its_readers_came(roster, people):
    people.reader("a@example.org", on={"daily": "active"})
    people.reader("b@example.org", on={"weekly": "unsubscribed"}, tags=["y", "x"], name="ب", fields={"city": "حلب"})
    people.reader("gone@example.org", on={"weekly": "unsubscribed"}, address_status="forgotten")
    people.reader("c@example.org", on={"weekly": "active", "daily": "pending"})
    rows = list(roster.rows(slug="weekly"))
    assert [(row.address, row.status, row.lists, row.tags) for row in rows] == [
        ("b@example.org", "unsubscribed", (), ("x", "y")),
        ("c@example.org", "active", ("weekly", "daily"), ()),
    ]
    assert (rows[0].name, rows[0].fields, rows[0].joined) == ("ب", {"city": "حلب"}, WEDNESDAY)
    assert [row.address for row in roster.rows()] == ["a@example.org", "b@example.org", "c@example.org"]
    assert [row.address for row in roster.rows(where=parse_where("status:active"))] == [
        "a@example.org",
        "c@example.org",
    ]
    assert [row.address for row in roster.rows(limit=1)] == ["a@example.org"]


def test_pages_follow_each_other_without_gap(roster, people, monkeypatch):
    monkeypatch.setattr("newsletter_cli.subscribers.listing.PAGE", 3)
    names = [f"reader{n}@example.org" for n in range(10)]
    for name in names:
        people.reader(name, on={"weekly": "active"})
    assert [row.address for row in roster.rows(slug="weekly")] == names
    assert [row.address for row in roster.rows(limit=7)] == names[:7]


def test_the_numbers_count_each_reader_once(roster, people):
    people.reader("a@example.org", on={"weekly": "active", "daily": "unsubscribed"}, tags=["x"])
    people.reader("b@example.org", on={"weekly": "pending"}, tags=["x", "y"])
    people.reader("c@gmail.com", on={"daily": "active"}, address_status="complained")
    people.reader("d@gmail.com", on={"daily": "active"})
    people.suppress("d@gmail.com")
    people.suppress("@nowhere.example.org")
    stats = roster.stats()
    assert (stats.subscribers, stats.by_status) == (4, {"active": 1, "pending": 1, "complained": 1, "suspended": 1})
    assert stats.lists == (
        ListStats(slug="daily", by_status={"unsubscribed": 1, "complained": 1, "suspended": 1}),
        ListStats(slug="weekly", by_status={"active": 1, "pending": 1}),
    )
    assert (stats.domains, stats.tags) == ((("example.org", 2), ("gmail.com", 2)), (("x", 2), ("y", 1)))
    assert (stats.suppressed_addresses, stats.suppressed_domains, stats.without_consent) == (1, 1, 3)
