"""The roster changes under a send: who leaves, moves or vanishes while his row waits, flies, or has to be tried again.

leaving        in flight, in retry, uncertain: what was begun counts, nothing more is
three days     of 300, the two that were deferred are tried once more, and their patience is over then
wider          whom only_to left out gets it by a wider send, once; the first readers first
another's      address: in every state he gets nothing once somebody of the send has that address
vanished       a subscription that an undone import deleted is owed nothing, and stops nobody
"""

from collections import Counter

import pytest
from sqlalchemy import delete, select, update

from newsletter_cli.delivery import enrol, recovery
from newsletter_cli.delivery.enrol import freeze_audience
from newsletter_cli.delivery.holder import hold
from newsletter_cli.delivery.run import WIDENED, take_up, widen_send
from newsletter_cli.delivery.sends import send_by_id
from newsletter_cli.delivery.states import Fact, Outcome, SendEvent, SendState
from newsletter_cli.mail.address import parse_address
from newsletter_cli.storage.schema import delivery, subscriber, subscription
from newsletter_cli.subscribers import audience, leaving
from newsletter_cli.subscribers.leaves import Leaves
from newsletter_cli.subscribers.leaving import Leaving
from newsletter_cli.subscribers.taking_off import TakingOff
from tests.delivery.conftest import add_readers, ask, report
from tests.delivery.test_interleavings import assert_sums

WHO, OTHER = "reader1@example.org", "reader2@example.net"
WAYS = {"one-click": "unsubscribed", "removed": "left-list", "@domain": "suppressed"}  # and what he is skipped for


def go(outbox, way):
    """The reader leaves, or is taken off."""
    off = TakingOff(outbox.storage, Leaves(outbox.storage.root), outbox.clock)
    if way == "removed":
        assert off.remove([parse_address(WHO)], "weekly", by="editor").removed == (WHO,)
    elif way == "@domain":
        assert off.suppress("@example.org", "", by="editor").readers == 1
    else:
        with outbox.storage.write() as connection:
            number = select(subscription.c.id).join(subscriber).where(subscriber.c.address == WHO)
            left = leaving.leave(connection, connection.execute(number).scalar_one(), outbox.clock(), Leaving.ONE_CLICK)
        assert left is not None


def answer(outbox, ledger, due, fact):
    ledger.flight([report(due, fact, outbox.clock())], ask(0), outbox.clock())
    assert_sums(outbox)


def everybody_due(outbox):
    """Whom another process would write to once every pause is over; gives its ledger too."""
    recovery.make_due_now(outbox.storage, outbox.send_id)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(9), outbox.clock()).due
    assert_sums(outbox)
    return ledger, {one.reader.email: one for one in due}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fact", [Fact.ACCEPTED, Fact.LATER, Fact.NOT_SENT, Fact.LOST])
@pytest.mark.parametrize("when", ["in flight", "after its answer"])
def test_who_leaves_keeps_what_has_begun_and_gets_nothing_more(make_outbox, way, fact, when):
    outbox = make_outbox(addresses=[WHO, OTHER], chunk_size=2)
    ledger = outbox.ledger()
    his, others = ledger.flight((), ask(2), outbox.clock()).due
    if when == "in flight":
        go(outbox, way)
    answer(outbox, ledger, his, fact)
    answer(outbox, ledger, others, Fact.LATER)
    if when != "in flight":
        go(outbox, way)
    ledger.give_back((), outbox.clock())
    assert set(everybody_due(outbox)[1]) == {OTHER}
    row = outbox.row(his.id)
    if fact is Fact.ACCEPTED:
        assert (row.outcome, row.reason) == ("accepted", "")
    elif fact is Fact.LOST:
        assert row.outcome == "uncertain"
        assert recovery.resend(outbox.storage, outbox.send_id, Outcome.UNCERTAIN) == 1
        outbox.clock.advance(seconds=61)  # past the lease of the one who has just looked
        recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock())
        assert WHO not in everybody_due(outbox)[1]
        assert (outbox.row(his.id).outcome, outbox.row(his.id).reason) == ("skipped", WAYS[way])
    else:
        assert (row.outcome, row.reason) == ("skipped", WAYS[way])
    with outbox.storage.read() as connection:
        assert audience.count(connection, outbox.clock(), list_id=outbox.list_id) == 1  # the leave stands


def test_two_of_three_hundred_are_tried_once_more_after_a_kill_and_three_days(make_outbox):
    outbox = make_outbox(readers=300, chunk_size=300)
    with hold(outbox.holders) as holder:
        ledger = outbox.ledger(holder=holder)
        due = ledger.flight((), ask(300), outbox.clock()).due
        facts = [Fact.LATER if number < 2 else Fact.ACCEPTED for number in range(300)]
        ledger.flight([report(*pair, outbox.clock()) for pair in zip(due, facts, strict=True)], ask(0), outbox.clock())
        assert_sums(outbox)
    outbox.clock.advance(days=3)
    assert recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock()).uncertain == 0
    again = outbox.ledger()
    first, second = again.flight((), ask(300), outbox.clock()).due
    assert [(one.id, one.attempt) for one in (first, second)] == [(due[0].id, 2), (due[1].id, 2)]
    answer(outbox, again, first, Fact.ACCEPTED)
    answer(outbox, again, second, Fact.LATER)
    again.flight((), ask(300), outbox.clock())
    tally = outbox.tally()
    assert (tally.accepted, tally.failed, tally.left, outbox.chunks()) == (299, 1, 0, ["done"])
    assert outbox.row(second.id).reason == "gave-up"


def test_whom_only_to_left_out_is_taken_up_by_a_wider_send_the_first_readers_first(make_outbox):
    outbox = make_outbox(readers=7, chunk_size=3, canary=3)
    narrow, reports = outbox.ledger(only_to=("reader1@*", "reader5@*")), ()
    while outbox.tally().left:
        due = narrow.flight(reports, ask(9), outbox.clock()).due
        reports = [report(one, Fact.ACCEPTED, outbox.clock()) for one in due]
    outbox.leave("reader7@example.org")
    with outbox.storage.read() as connection:
        found = recovery.left_out(connection, outbox.send_id, (), outbox.clock())
        fewer = recovery.left_out(connection, outbox.send_id, ("reader1@*", "reader2@*"), outbox.clock())
    assert found == (4, ("reader2@example.org", "reader3@example.org", "reader4@example.org"))
    assert fewer == (1, ("reader2@example.org",))
    outbox.move(SendEvent.FINISH)
    with hold(outbox.holders) as holder:
        assert widen_send(outbox.storage, outbox.send_id, holder, "editor", outbox.clock(), options={"rate": "1/s"})
        assert not widen_send(outbox.storage, outbox.send_id, holder, "editor", outbox.clock())
        wide = outbox.ledger(holder=holder)
        assert_sums(outbox)
        first = wide.flight((), ask(9), outbox.clock()).due
        reports = [report(one, Fact.ACCEPTED, outbox.clock()) for one in first]
        others = wide.flight(reports, ask(9), outbox.clock()).due
        wide.flight([report(one, Fact.ACCEPTED, outbox.clock()) for one in others], ask(9), outbox.clock())
    assert [[one.id for one in flight] for flight in (first, others)] == [[2, 3], [4, 6]]
    assert Counter(outbox.outcomes().values()) == {"accepted": 6, "skipped": 1}
    assert_sums(outbox)


def test_a_widening_that_was_killed_before_it_took_anybody_up_is_ended_by_resume(make_outbox):
    outbox = make_outbox(readers=3)
    outbox.ledger(only_to=("nobody@*",)).flight((), ask(9), outbox.clock())
    outbox.move(SendEvent.FINISH)
    assert outbox.tally().skipped == 3
    outbox.move(SendEvent.RESUME, options={WIDENED: True})  # and here it was killed
    with outbox.storage.read() as connection:
        found = send_by_id(connection, outbox.send_id)
    take_up(outbox.storage, found)
    assert set(everybody_due(outbox)[1]) == {f"reader{n}@example.org" for n in (1, 2, 3)}


# --- another address --------------------------------------------------------------------------------------------------


def move_to(outbox, old, new):
    """A reader has another address from now on."""
    address = parse_address(new)
    with outbox.storage.write() as connection:
        changed = connection.execute(
            update(subscriber)
            .where(subscriber.c.address == old)
            .values(key=address.key, address=address.spelling, domain=address.domain)
        ).rowcount
    assert changed == 1


@pytest.mark.parametrize("state", ["waiting", "in flight", "retry", "uncertain"])
@pytest.mark.parametrize("new", ["new2@example.com", WHO, "Reader1@Example.org"])
def test_who_takes_the_address_of_one_who_has_his_copy_gets_none_there(make_outbox, state, new):
    outbox = make_outbox(addresses=[WHO, OTHER], chunk_size=2)
    ledger = outbox.ledger()
    [first] = ledger.flight((), ask(1), outbox.clock()).due
    answer(outbox, ledger, first, Fact.ACCEPTED)
    move_to(outbox, WHO, "new1@example.org")
    fact = {"uncertain": Fact.LOST}.get(state, Fact.LATER)
    if state == "in flight":
        [his] = ledger.flight((), ask(1), outbox.clock()).due
        move_to(outbox, OTHER, new)
        answer(outbox, ledger, his, fact)
    else:
        if state != "waiting":
            [his] = ledger.flight((), ask(1), outbox.clock()).due
            answer(outbox, ledger, his, fact)
        move_to(outbox, OTHER, new)
    ledger.give_back((), outbox.clock())
    if state == "uncertain":
        assert everybody_due(outbox)[1] == {}
        assert recovery.resend(outbox.storage, outbox.send_id, Outcome.UNCERTAIN) == 1
    moves = new == "new2@example.com"
    last, due = everybody_due(outbox)
    assert set(due) == ({new} if moves else set())
    for one in due.values():
        answer(outbox, last, one, Fact.ACCEPTED)
    rows = rows_of(outbox)
    assert rows[0] == (WHO, "example.org", "accepted", "")
    assert rows[1] == (
        (new, "example.com", "accepted", "") if moves else (OTHER, "example.net", "skipped", "same-address")
    )


def rows_of(outbox):
    with outbox.storage.read() as connection:
        columns = (delivery.c.address, delivery.c.domain, delivery.c.outcome, delivery.c.reason)
        return [tuple(row) for row in connection.execute(select(*columns).order_by(delivery.c.id))]


# --- vanished ---------------------------------------------------------------------------------------------------------


def take_off(storage, address):
    """What undoing an import does to a reader who is on another list too: he stays, his subscription goes."""
    with storage.write() as connection:
        ids = select(subscriber.c.id).where(subscriber.c.address == address)
        assert connection.execute(delete(subscription).where(subscription.c.subscriber_id.in_(ids))).rowcount == 1


def test_a_subscription_that_vanishes_while_the_audience_is_frozen_is_owed_nothing(make_outbox, storage, monkeypatch):
    outbox = make_outbox(readers=0, state=SendState.ARMING)
    add_readers(storage, outbox.list_id, [WHO, OTHER], outbox.clock())
    cut = enrol._cut

    def vanishing(*given):
        take_off(storage, WHO)
        return cut(*given)

    monkeypatch.setattr(enrol, "_cut", vanishing)
    frozen = freeze_audience(
        storage, send_id=outbox.send_id, list_id=outbox.list_id, chunk_size=3,
        condition=audience.eligible(outbox.clock(), list_id=outbox.list_id),
    )  # fmt: skip
    assert frozen == outbox.tally().total == 1
    assert [row[0] for row in rows_of(outbox)] == [OTHER]


def test_a_subscription_that_has_vanished_is_skipped_and_its_chunk_ends(make_outbox, storage):
    outbox = make_outbox(addresses=[WHO, OTHER], chunk_size=2)
    take_off(storage, WHO)
    ledger, due = everybody_due(outbox)
    assert set(due) == {OTHER}
    answer(outbox, ledger, due[OTHER], Fact.ACCEPTED)
    ledger.flight((), ask(9), outbox.clock())
    assert rows_of(outbox)[0] == (WHO, "example.org", "skipped", "left-list")
    assert outbox.chunks() == ["done"]
