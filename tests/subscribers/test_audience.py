from datetime import timedelta

import pytest
from sqlalchemy import event, select

from newsletter_cli.errors import UsageError
from newsletter_cli.storage.schema import subscriber, subscription
from newsletter_cli.subscribers.audience import (
    LeftOut,
    SkipReason,
    check_names,
    compile_where,
    count,
    eligible,
    parse_where,
    readers,
    reasons_left_out,
    samples,
    shown_status,
    shown_status_overall,
    skip_reason,
    skip_reason_column,
)
from tests.conftest import WEDNESDAY

LATER, EARLIER = WEDNESDAY + timedelta(days=1), WEDNESDAY - timedelta(days=1)


@pytest.fixture
def crowd(people):
    """One reader for each way of being on the list or off it."""
    people.reader("active@example.org", on={"weekly": "active"}, tags=["sport"])
    people.reader("vip@gmail.com", on={"weekly": "active", "daily": "active"}, tags=["sport", "vip"])
    people.reader("pending@example.org", on={"weekly": "pending"}, tags=["sport"])
    people.reader("left@example.org", on={"weekly": "unsubscribed"}, left=EARLIER, left_reason="one-click")
    people.reader("taken@example.org", on={"weekly": "unsubscribed"}, left=EARLIER, left_reason="removed by editor")
    people.reader("paused@example.org", on={"weekly": "paused"}, paused_until=LATER)
    people.reader("back@example.org", on={"weekly": "paused"}, paused_until=EARLIER)
    people.reader("bounced@example.org", on={"weekly": "active"}, address_status="suspended")
    people.reader("angry@example.org", on={"weekly": "unsubscribed"}, address_status="complained")
    people.reader("gone@example.org", on={"weekly": "unsubscribed"}, address_status="forgotten")
    people.reader("blocked@example.org", on={"weekly": "active"})
    people.reader("colleague@blocked.example.org", on={"weekly": "active"})
    people.reader("daily@example.org", on={"daily": "active"})
    people.suppress("blocked@example.org")
    people.suppress("@blocked.example.org")
    return people


def addresses(ask, condition):
    query = select(subscriber.c.address).select_from(readers()).where(condition).order_by(subscription.c.id)
    return ask(lambda connection: list(connection.execute(query).scalars()))


def test_only_those_who_may_be_written_to_are_eligible(crowd, ask):
    found = addresses(ask, eligible(WEDNESDAY, list_id=crowd.lists["weekly"]))
    assert found == ["active@example.org", "vip@gmail.com", "back@example.org"]


def test_a_pause_ends_by_itself(crowd, ask):
    assert "paused@example.org" in addresses(ask, eligible(LATER, list_id=crowd.lists["weekly"]))


def test_count_samples_and_the_left_out_speak_of_the_same_readers(crowd, ask):
    weekly = crowd.lists["weekly"]
    assert ask(lambda c: count(c, WEDNESDAY, list_id=weekly)) == 3
    assert ask(lambda c: samples(c, WEDNESDAY, list_id=weekly, n=2)) == ("active@example.org", "vip@gmail.com")
    left_out = ask(lambda c: reasons_left_out(c, WEDNESDAY, list_id=weekly))
    assert left_out == LeftOut(
        unsubscribed=2, suspended=1, unconfirmed=1, paused=1, suppressed=2, complained=1, forgotten=1
    )
    assert left_out.total + 3 == len([key for key in crowd.subscriptions if key[1] == "weekly"])


def test_the_left_out_are_counted_among_those_asked_for(crowd, ask):
    where = parse_where("tag:sport")
    left_out = ask(lambda c: reasons_left_out(c, WEDNESDAY, list_id=crowd.lists["weekly"], where=where))
    assert left_out == LeftOut(unconfirmed=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tag:sport", {"active@example.org", "vip@gmail.com", "pending@example.org"}),
        ("tag:sport -tag:vip", {"active@example.org", "pending@example.org"}),
        ("tag:vip or status:pending", {"vip@gmail.com", "pending@example.org"}),
        ("list:daily", {"vip@gmail.com"}),
        ("domain:gmail.com", {"vip@gmail.com"}),
        ("domain:GMAIL.COM", {"vip@gmail.com"}),
        ("status:active", {"active@example.org", "vip@gmail.com", "back@example.org"}),
        ("status:paused", {"paused@example.org"}),
        ("status:unsubscribed", {"left@example.org", "taken@example.org"}),
        ("status:suspended", {"bounced@example.org", "blocked@example.org", "colleague@blocked.example.org"}),
        ("status:complained", {"angry@example.org"}),
        ("status:forgotten", {"gone@example.org"}),
        ("-(status:active or status:suspended) -status:unsubscribed -status:complained -status:forgotten",
         {"pending@example.org", "paused@example.org"}),
        ("received:2026-w41", {"active@example.org", "vip@gmail.com"}),
        ("failed:2026-w41", {"back@example.org"}),
        ("status:active -received:2026-w41", {"back@example.org"}),
        ("received:nothing", set()),
    ],
)  # fmt: skip
def test_each_question_names_its_readers(crowd, ask, text, expected):
    crowd.delivered("2026-w41", "active@example.org", "accepted")
    crowd.delivered("2026-w41", "vip@gmail.com", "uncertain")
    crowd.delivered("2026-w41", "back@example.org", "failed")
    on_weekly = subscription.c.list_id == crowd.lists["weekly"]
    found = addresses(ask, on_weekly & compile_where(parse_where(text), WEDNESDAY))
    assert set(found) == expected


def test_no_value_of_a_filter_reaches_the_statement_as_text(crowd, ask):
    where = parse_where('tag:"x\' or 1=1 --" or domain:gmail.com')
    assert addresses(ask, compile_where(where, WEDNESDAY) & (subscription.c.list_id == crowd.lists["daily"])) == [
        "vip@gmail.com"
    ]


def test_a_name_nobody_knows_is_refused_with_the_nearest(crowd, ask):
    crowd.delivered("2026-w41", "active@example.org", "accepted")
    for text, says in (
        ("list:weekli", "There is no list “weekli”. Did you mean “weekly”?"),
        ("tag:a (received:2026-w14 or tag:b)", "There is no digest “2026-w14”. Did you mean “2026-w41”?"),
        ("failed:zzz", "There is no digest “zzz”."),
    ):
        with pytest.raises(UsageError) as refused:
            ask(lambda c, text=text: check_names(c, parse_where(text), ["weekly", "daily"]))
        assert (refused.value.code, refused.value.message) == ("NOT-FOUND", says)
    ask(lambda c: check_names(c, parse_where("list:daily received:2026-w41 tag:new status:active"), ["daily"]))


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("active@example.org", None),
        ("back@example.org", None),
        ("pending@example.org", SkipReason.LEFT_LIST),
        ("left@example.org", SkipReason.UNSUBSCRIBED),
        ("taken@example.org", SkipReason.LEFT_LIST),
        ("paused@example.org", SkipReason.PAUSED),
        ("bounced@example.org", SkipReason.SUPPRESSED),
        ("angry@example.org", SkipReason.SUPPRESSED),
        ("gone@example.org", SkipReason.SUPPRESSED),
        ("blocked@example.org", SkipReason.SUPPRESSED),
        ("colleague@blocked.example.org", SkipReason.SUPPRESSED),
    ],
)
def test_a_reader_who_is_skipped_is_told_why(crowd, ask, address, reason):
    assert ask(lambda c: skip_reason(c, crowd.subscriptions[address, "weekly"], WEDNESDAY)) is reason


def test_a_subscription_that_vanished_has_left_the_list(people, ask):
    assert ask(lambda c: skip_reason(c, 4711, WEDNESDAY)) is SkipReason.LEFT_LIST


def test_whoever_is_not_eligible_has_a_reason_and_nobody_else(crowd, ask):
    query = select(eligible(WEDNESDAY), skip_reason_column(WEDNESDAY)).select_from(readers())
    rows = ask(lambda c: c.execute(query).all())
    assert all(bool(may) == (reason is None) for may, reason in rows)
    assert len(rows) == len(crowd.subscriptions)


def test_the_status_without_a_list_is_the_best_of_all(people, ask):
    people.reader("a@example.org", on={"weekly": "unsubscribed", "daily": "active"})
    people.reader("b@example.org", on={"weekly": "unsubscribed", "daily": "pending"})
    people.reader("c@example.org", on={"weekly": "pending", "daily": "paused"}, paused_until=LATER)
    people.reader("d@example.org", on={"weekly": "pending", "daily": "paused"}, paused_until=EARLIER)
    people.reader("e@example.org")
    people.reader("f@example.org", on={"weekly": "active"}, address_status="suspended")
    query = select(shown_status_overall(WEDNESDAY)).order_by(subscriber.c.id)
    assert ask(lambda c: list(c.execute(query).scalars())) == [
        "active", "pending", "paused", "active", "unsubscribed", "suspended",
    ]  # fmt: skip


def test_the_status_on_a_list_is_of_that_list(crowd, ask):
    query = (
        select(subscriber.c.address, shown_status(WEDNESDAY)).select_from(readers())
        .where(subscription.c.list_id == crowd.lists["weekly"])
    )  # fmt: skip
    assert dict(ask(lambda c: [tuple(row) for row in c.execute(query)])) == {
        "active@example.org": "active", "vip@gmail.com": "active", "pending@example.org": "pending",
        "left@example.org": "unsubscribed", "taken@example.org": "unsubscribed", "paused@example.org": "paused",
        "back@example.org": "active", "bounced@example.org": "suspended", "angry@example.org": "complained",
        "gone@example.org": "forgotten", "blocked@example.org": "suspended",
        "colleague@blocked.example.org": "suspended",
    }  # fmt: skip


def test_no_condition_walks_a_whole_table_for_each_reader(sqlite_storage):
    """A million readers: every look-up inside the predicate goes through a key."""
    where = parse_where("tag:a -list:daily received:x status:active domain:example.org")
    query = select(subscriber.c.id).select_from(readers()).where(eligible(WEDNESDAY, list_id=1, where=where))
    statements = []
    with sqlite_storage.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2:4]))
        connection.execute(query)
        sql, values = statements[0]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
    scans = [row[3] for row in plan if row[3].startswith("SCAN")]
    assert scans == []
