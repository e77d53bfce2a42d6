"""What is claimed, what is stored, and what a crash leaves: on each engine."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from newsletter_cli.delivery import recovery
from newsletter_cli.delivery.flight import Ask
from newsletter_cli.delivery.holder import hold
from newsletter_cli.delivery.shares import Berth
from newsletter_cli.delivery.states import Fact, Outcome, SendEvent, SendState
from newsletter_cli.storage.schema import chunk, delivery, subscriber, suppression
from tests.delivery.conftest import ask, report


def run_to_the_end(outbox, fact=Fact.ACCEPTED, want=4):
    """Flights until nobody is due; the ids in the order they were handed out."""
    ledger, reports, seen = outbox.ledger(), (), []
    while True:
        flight = ledger.flight(reports, ask(want), outbox.clock())
        seen += [due.id for due in flight.due]
        reports = tuple(report(due, fact, outbox.clock()) for due in flight.due)
        if not flight.due:
            return seen, flight


def test_every_reader_is_handed_out_once_and_the_sums_add_up(make_outbox):
    outbox = make_outbox(readers=7, chunk_size=3)
    seen, last = run_to_the_end(outbox)
    assert len(seen) == len(set(seen)) == 7
    assert outbox.tally().recipients() == {
        "total": 7, "accepted": 7, "failed": 0, "uncertain": 0, "skipped": 0, "waiting": 0, "retry": 0,
    }  # fmt: skip
    assert outbox.chunks() == ["done", "done", "done"]
    assert last.openings == {}


def test_an_intent_is_committed_before_the_reader_is_handed_out(make_outbox):
    outbox = make_outbox(readers=4, chunk_size=4)
    flight = outbox.ledger().flight((), ask(3), outbox.clock())
    with outbox.storage.read() as connection:
        in_flight = connection.execute(select(chunk.c.in_flight)).scalar_one()
    assert in_flight == str([[due.id, 1] for due in flight.due])


def test_after_the_death_of_a_process_exactly_what_it_had_in_flight_is_uncertain(make_outbox):
    outbox = make_outbox(readers=7, chunk_size=3)
    with hold(outbox.holders) as holder:
        ledger = outbox.ledger(holder=holder)
        first = ledger.flight((), ask(2), outbox.clock())
        ledger.flight([report(first.due[0], Fact.ACCEPTED, outbox.clock())], ask(2), outbox.clock())
        alive = recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock())
        assert alive.alive == {holder.name}
        assert alive.uncertain == 0
    # What a SIGKILL leaves, too: the file is there, its lock is free.
    taken = recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock())
    assert taken.uncertain == 3
    assert taken.alive == frozenset()
    tally = outbox.tally()
    assert (tally.accepted, tally.uncertain, tally.waiting, tally.unsettled) == (1, 3, 3, 3)


def test_a_holder_elsewhere_keeps_its_chunks_until_its_lease_ends(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    with hold(outbox.holders) as holder:
        outbox.ledger(holder=holder).flight((), ask(2), outbox.clock())
    (outbox.holders / holder.name).unlink()  # as seen from another machine
    early = recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock())
    assert early.alive == {holder.name}
    assert early.until == outbox.clock() + timedelta(seconds=60)
    outbox.clock.advance(seconds=61)
    assert recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock()).uncertain == 2


def test_a_process_that_lost_its_lease_claims_nobody_and_its_late_answers_are_stored(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(3), outbox.clock()).due
    outbox.clock.advance(seconds=61)  # a stopped process: its lock is held, its lease is over
    assert recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock()).uncertain == 3
    late = [report(due[0], Fact.ACCEPTED, outbox.clock()), report(due[1], Fact.LATER, outbox.clock())]
    flight = ledger.flight(late, ask(5), outbox.clock())
    assert flight.lost == {(due[0].chunk, due[0].epoch)}
    assert flight.due == ()
    tally = outbox.tally()
    assert (tally.accepted, tally.retry, tally.uncertain) == (1, 1, 1)


def test_results_repeated_after_a_commit_of_unknown_outcome_change_nothing(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(3), outbox.clock()).due
    facts = [
        report(d, fact, outbox.clock()) for d, fact in zip(due, (Fact.ACCEPTED, Fact.LATER, Fact.NEVER), strict=True)
    ]
    ledger.flight(facts, ask(0), outbox.clock())
    before = outbox.tally(), [outbox.row(d.id) for d in due]
    ledger.flight(facts, ask(0), outbox.clock())
    assert (outbox.tally(), [outbox.row(d.id) for d in due]) == before


@pytest.mark.parametrize("left", ["unsubscribed", "suppressed address", "suppressed domain", "suspended"])
def test_a_reader_who_left_is_never_claimed(make_outbox, left):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    first = ledger.flight((), ask(1), outbox.clock()).due
    if left == "unsubscribed":
        outbox.leave("reader2@example.org")
    else:
        with outbox.storage.write() as connection:
            if left == "suspended":
                connection.execute(
                    update(subscriber).where(subscriber.c.key == "reader2@example.org").values(status="suspended")
                )
            else:
                key = "reader2@example.org" if left.endswith("address") else "@example.org"
                connection.execute(insert(suppression).values(key=key, created=outbox.clock()))
    flight = ledger.flight([report(first[0], Fact.ACCEPTED, outbox.clock())], ask(5), outbox.clock())
    expected = [] if left == "suppressed domain" else ["reader3@example.org"]
    assert [due.reader.email for due in flight.due] == expected
    assert outbox.outcomes()["reader2@example.org"] == "skipped"
    with outbox.storage.read() as connection:
        reason = connection.execute(
            select(delivery.c.reason).where(delivery.c.address == "reader2@example.org")
        ).scalar_one()
    assert reason == ("unsubscribed" if left == "unsubscribed" else "suppressed")


def test_one_who_leaves_while_a_retry_waits_is_skipped(make_outbox):
    outbox = make_outbox(readers=1, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(1), outbox.clock()).due
    ledger.flight([report(due[0], Fact.LATER, outbox.clock())], ask(1), outbox.clock())
    outbox.leave("reader1@example.org")
    outbox.clock.advance(minutes=2)
    assert ledger.flight((), ask(5), outbox.clock()).due == ()
    assert outbox.tally().recipients()["skipped"] == 1
    assert outbox.tally().retry == 0


def test_only_to_skips_everybody_else(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    flight = outbox.ledger(only_to=("Reader2@*",)).flight((), ask(5), outbox.clock())
    assert [due.reader.email for due in flight.due] == ["reader2@example.org"]
    assert outbox.tally().skipped == 2


def test_a_temporary_answer_is_tried_again_when_it_is_due(make_outbox):
    outbox = make_outbox(readers=2, chunk_size=2)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    flight = ledger.flight([report(d, Fact.LATER, outbox.clock()) for d in due], ask(2), outbox.clock())
    assert flight.due == ()
    assert set(flight.openings) == {""}
    assert timedelta(seconds=60) <= flight.openings[""] - outbox.clock() <= timedelta(seconds=72)
    assert outbox.chunks() == ["open"]
    assert ledger.flight((), ask(2), outbox.clock() + timedelta(seconds=59)).due == ()
    again = ledger.flight((), ask(2), outbox.clock() + timedelta(seconds=73)).due
    assert {due.attempt for due in again} == {2}


def test_who_was_tried_for_a_whole_day_has_failed(make_outbox):
    outbox = make_outbox(readers=1, chunk_size=1)
    ledger, reports = outbox.ledger(), ()
    for _ in range(1_000):
        flight = ledger.flight(reports, ask(1), outbox.clock())
        if flight.due:
            reports = (report(flight.due[0], Fact.LATER, outbox.clock()),)
        else:
            reports = ()
            if not flight.openings:
                break
            outbox.clock.now = max(flight.openings[""], outbox.clock())
    assert outbox.tally().failed == 1
    with outbox.storage.read() as connection:
        assert connection.execute(select(delivery.c.reason)).scalar_one() == "gave-up"


def test_what_was_given_back_is_as_before_and_handed_out_again(make_outbox):
    outbox = make_outbox(readers=2, chunk_size=2)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    flight = ledger.flight([report(d, Fact.NOT_SENT, outbox.clock()) for d in due], ask(2), outbox.clock())
    assert outbox.tally().waiting == 2
    if not flight.due:  # a pass had ended: the chunk was looked at from its beginning
        flight = ledger.flight((), ask(2), outbox.clock())
    assert [d.attempt for d in flight.due] == [1, 1]


def test_a_paused_send_hands_out_nobody_and_its_chunks_open_when_the_last_answer_is_in(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    assert outbox.move(SendEvent.PAUSE, reason="user")
    flight = ledger.flight([report(due[0], Fact.ACCEPTED, outbox.clock())], ask(2), outbox.clock())
    assert (flight.due, flight.state, flight.reason) == ((), SendState.PAUSED, "user")
    assert outbox.chunks() == ["leased"]
    ledger.flight([report(due[1], Fact.ACCEPTED, outbox.clock())], ask(2), outbox.clock())
    assert outbox.chunks() == ["open"]


def test_cancel_drops_all_that_is_not_in_flight_and_a_late_250_still_counts(make_outbox):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    assert outbox.move(SendEvent.CANCEL, reason="user")
    assert recovery.drop_waiting(outbox.storage, outbox.send_id, outbox.clock()) == 5
    flight = ledger.flight([report(due[0], Fact.ACCEPTED, outbox.clock())], ask(5), outbox.clock())
    assert flight.due == ()
    assert recovery.doubt_the_rest(outbox.storage, outbox.send_id, outbox.clock()) == 1
    tally = outbox.tally()
    assert (tally.accepted, tally.skipped, tally.uncertain, tally.waiting) == (1, 5, 1, 0)
    ledger.flight([report(due[1], Fact.ACCEPTED, outbox.clock())], ask(0), outbox.clock())
    assert (outbox.tally().accepted, outbox.tally().uncertain) == (2, 0)
    assert set(outbox.chunks()) == {"done"}


@pytest.mark.parametrize("fact", [Fact.NOT_SENT, Fact.LATER])
def test_what_did_not_leave_after_a_cancel_is_dropped_also_when_that_is_known_late(make_outbox, fact):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    outbox.move(SendEvent.CANCEL)
    recovery.drop_waiting(outbox.storage, outbox.send_id, outbox.clock())
    ledger.flight([report(due[0], fact, outbox.clock())], ask(0), outbox.clock())
    recovery.doubt_the_rest(outbox.storage, outbox.send_id, outbox.clock())
    ledger.flight([report(due[1], fact, outbox.clock())], ask(0), outbox.clock())
    assert (outbox.tally().skipped, outbox.tally().left) == (3, 0)


def test_uncertain_readers_are_sent_to_again_only_when_a_person_asks(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    seen, _ = run_to_the_end(outbox, Fact.LOST)
    assert outbox.tally().uncertain == 3
    assert run_to_the_end(outbox)[0] == []
    assert recovery.resend(outbox.storage, outbox.send_id, Outcome.UNCERTAIN) == 3
    assert sorted(run_to_the_end(outbox)[0]) == sorted(seen)
    assert outbox.tally().accepted == 3


def test_settled_uncertain_readers_keep_their_outcome_and_stop_asking(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    run_to_the_end(outbox, Fact.LOST)
    assert outbox.tally().unsettled == 3
    assert recovery.settle(outbox.storage, outbox.send_id) == 3
    assert (outbox.tally().uncertain, outbox.tally().unsettled) == (3, 0)


def test_failed_readers_are_tried_once_more_when_a_person_asks(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=2)
    run_to_the_end(outbox, Fact.NEVER)
    assert outbox.chunks() == ["done", "done"]
    assert recovery.resend(outbox.storage, outbox.send_id, Outcome.FAILED) == 3
    run_to_the_end(outbox)
    assert outbox.tally().accepted == 3


@pytest.mark.parametrize(("fact", "outcome"), [(Fact.LOST, Outcome.UNCERTAIN), (Fact.NEVER, Outcome.FAILED)])
def test_of_a_send_that_is_cancelled_meanwhile_nobody_is_sent_to_again(make_outbox, fact, outcome):
    outbox = make_outbox(readers=3, chunk_size=2)
    run_to_the_end(outbox, fact)
    outbox.move(SendEvent.PAUSE)
    outbox.move(SendEvent.CANCEL)
    assert recovery.resend(outbox.storage, outbox.send_id, outcome) == 0
    assert outbox.tally().left == 0


def test_retries_are_due_at_once_after_a_resume(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=2)
    run_to_the_end(outbox, Fact.LATER)
    assert outbox.ledger().flight((), ask(5), outbox.clock()).due == ()
    recovery.make_due_now(outbox.storage, outbox.send_id)
    assert len(outbox.ledger().flight((), ask(5), outbox.clock()).due) == 3


def test_a_changed_address_moves_the_row_along_unless_the_send_has_that_address(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    with outbox.storage.write() as connection:
        for old, new in (("reader1@example.org", "new1@example.net"), ("reader2@example.org", "reader3@example.org")):
            connection.execute(
                update(subscriber)
                .where(subscriber.c.key == old)
                .values(key="moved" + old, address=new, domain=new.split("@")[1])
            )
    flight = outbox.ledger().flight((), ask(5), outbox.clock())
    assert [due.reader.email for due in flight.due] == ["new1@example.net", "reader3@example.org"]
    assert outbox.tally().skipped == 1


def test_two_processes_share_the_chunks_and_nobody_is_handed_out_twice(make_outbox):
    outbox = make_outbox(readers=9, chunk_size=3)
    one, two = outbox.ledger(), outbox.ledger()
    seen = [due.id for _ in range(3) for ledger in (one, two) for due in ledger.flight((), ask(2), outbox.clock()).due]
    assert len(seen) == len(set(seen)) == 9


def test_giving_back_opens_the_chunks_and_doubts_what_has_no_answer(make_outbox):
    outbox = make_outbox(readers=4, chunk_size=4)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(3), outbox.clock()).due
    ledger.give_back([report(due[0], Fact.ACCEPTED, outbox.clock())], outbox.clock())
    tally = outbox.tally()
    assert (tally.accepted, tally.uncertain, tally.waiting) == (1, 2, 1)
    assert outbox.chunks() == ["open"]


FACTS = (Fact.ACCEPTED, Fact.LATER, Fact.NEVER, Fact.LOST, Fact.NOT_SENT)
STEPS = ("fly", "fly", "answer", "answer", "crash", "late", "resend", "due")


@pytest.mark.parametrize("seed", range(8))
def test_the_sum_over_the_states_never_changes(make_outbox, seed):
    """In any order of outcomes, with a crash, a late answer or a second wish of a person at any moment."""
    outbox, draw = make_outbox(readers=11, chunk_size=3), random.Random(seed)
    ledger, flying = outbox.ledger(), []
    for _ in range(40):
        step = draw.choice(STEPS)
        if step == "fly":
            flying += ledger.flight((), ask(draw.randrange(5)), outbox.clock()).due
        elif step == "answer" and flying:
            due = flying.pop(draw.randrange(len(flying)))
            ledger.flight([report(due, draw.choice(FACTS), outbox.clock())], ask(0), outbox.clock())
        elif step == "late" and flying:
            ledger.flight([report(flying[0], draw.choice(FACTS), outbox.clock())], ask(2), outbox.clock())
        elif step == "crash":
            outbox.clock.advance(seconds=61)
            recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock())
            ledger = outbox.ledger()
        elif step == "resend":
            recovery.resend(outbox.storage, outbox.send_id, Outcome.UNCERTAIN)
        elif step == "due":
            recovery.make_due_now(outbox.storage, outbox.send_id)
        rows = list(outbox.outcomes().values())
        counted = {outcome.value: rows.count(outcome.value) for outcome in Outcome}
        assert outbox.tally().recipients() == {"total": 11, **counted}


def test_a_lane_that_rests_for_long_leaves_no_chunk_in_our_hands(make_outbox):
    outbox = make_outbox(addresses=[f"reader{n}@gmail.com" for n in range(1, 7)], chunk_size=6)
    ledger = outbox.ledger()
    room = Ask(berths=(Berth("smtp", 2, 1, 0),), lanes={"google": 2})
    due = ledger.flight((), room, outbox.clock()).due
    assert [one.lane for one in due] == ["google", "google"]
    resting = Ask(idle=frozenset({"google"}))
    ledger.flight([report(due[0], Fact.ACCEPTED, outbox.clock())], resting, outbox.clock())
    assert outbox.chunks() == ["leased"]  # one is on the wire still
    ledger.flight([report(due[1], Fact.ACCEPTED, outbox.clock())], resting, outbox.clock())
    assert outbox.chunks() == ["open"]
    another = outbox.ledger()
    assert len(another.flight((), room, outbox.clock()).due) == 2
