"""Processes that meet at the wrong moment: late answers, moved clocks, cancels from both sides. On each engine.

late answers after a takeover      250 accepted, 451 retry, given back waiting, also when the chunk was done by then
a clock an hour ahead, or behind   a takeover too early or late: nobody is handed out twice
cancel against a flight            in both orders; killed in the middle, it is cancelled to its end the next time
pause and resume at once           seen or not by who sends, and beside another who begins: nobody gets it twice
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from newsletter_cli.delivery import recovery
from newsletter_cli.delivery.chunks import COUNTERS
from newsletter_cli.delivery.running import EndKind
from newsletter_cli.delivery.states import Fact, Outcome, SendEvent, SendState
from newsletter_cli.storage.schema import chunk, delivery
from tests.delivery.conftest import ask, report
from tests.delivery.driving import Running
from tests.delivery.test_engine_faults import Line, check_books
from tests.servers import wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import answer_late, hang_at


def assert_sums(outbox):
    """The counters of every chunk are those of its rows, and together they are the whole."""
    with outbox.storage.read() as connection:
        rows = connection.execute(select(delivery.c.chunk_id, delivery.c.outcome)).all()
        chunks = connection.execute(select(chunk)).all()
    counted = Counter((row.chunk_id, row.outcome) for row in rows)
    for row in chunks:
        assert {name: getattr(row, name) for name in COUNTERS} == {name: counted[row.id, name] for name in COUNTERS}
    tally = outbox.tally().recipients()
    assert sum(count for name, count in tally.items() if name != "total") == tally["total"] == len(rows)


def taken_over(outbox, **moved):
    """Three readers on the wire of a process that is stopped; another has taken its chunk. (its ledger, its readers)"""
    ledger = outbox.ledger()
    due = ledger.flight((), ask(3), outbox.clock()).due
    now = outbox.clock.advance(**(moved or {"seconds": 61}))
    assert recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, now).uncertain == len(due)
    return ledger, due


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [(Fact.ACCEPTED, "accepted"), (Fact.NEVER, "failed"), (Fact.LATER, "retry"), (Fact.NOT_SENT, "waiting")],
)
def test_a_late_answer_to_the_last_of_a_chunk_is_stored_and_nobody_is_forgotten(make_outbox, fact, outcome):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger, due = taken_over(outbox)
    assert outbox.chunks() == ["done"]
    outbox.move(SendEvent.FINISH)
    ledger.flight([report(one, fact, outbox.clock()) for one in due], ask(0), outbox.clock())
    owed = outcome in ("retry", "waiting")
    assert set(outbox.outcomes().values()) == {outcome}
    assert outbox.chunks() == ["open" if owed else "done"]
    assert outbox.state() is (SendState.SENDING if owed else SendState.SENT)
    assert_sums(outbox)
    recovery.make_due_now(outbox.storage, outbox.send_id)
    again = outbox.ledger().flight((), ask(3), outbox.clock()).due
    assert [one.id for one in again] == ([one.id for one in due] if owed else [])


def test_a_process_that_was_stopped_begins_nobody_of_what_another_has_taken(make_outbox):
    outbox = make_outbox(readers=6, chunk_size=6)
    ledger, due = taken_over(outbox)
    other = outbox.ledger()
    theirs = other.flight((), ask(9), outbox.clock()).due
    assert {one.id for one in theirs}.isdisjoint(one.id for one in due)
    woken = ledger.flight([report(due[0], Fact.ACCEPTED, outbox.clock())], ask(9), outbox.clock())
    assert (woken.due, woken.lost) == ((), {(due[0].chunk, due[0].epoch)})
    other.flight([report(one, Fact.ACCEPTED, outbox.clock()) for one in theirs], ask(9), outbox.clock())
    ledger.flight([report(due[1], Fact.LATER, outbox.clock())], ask(0), outbox.clock())
    assert Counter(outbox.outcomes().values()) == {"accepted": 4, "retry": 1, "uncertain": 1}
    assert_sums(outbox)


def test_a_clock_an_hour_ahead_takes_a_living_process_s_chunk_and_nobody_is_handed_out_twice(make_outbox):
    outbox = make_outbox(readers=6, chunk_size=6)
    ledger, due = taken_over(outbox, hours=1)
    outbox.clock.advance(hours=-1)
    other = outbox.ledger()
    theirs = other.flight((), ask(9), outbox.clock()).due
    mine = ledger.flight([report(one, Fact.ACCEPTED, outbox.clock()) for one in due], ask(9), outbox.clock()).due
    assert mine == ()
    assert {one.id for one in theirs}.isdisjoint(one.id for one in due)
    other.flight([report(one, Fact.ACCEPTED, outbox.clock()) for one in theirs], ask(0), outbox.clock())
    assert set(outbox.outcomes().values()) == {"accepted"}
    assert_sums(outbox)


def test_a_clock_an_hour_behind_takes_nothing_from_a_living_process(make_outbox):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(3), outbox.clock()).due
    now = outbox.clock.advance(hours=-1)
    assert recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, now).uncertain == 0
    ledger.flight([report(one, Fact.ACCEPTED, now) for one in due], ask(0), now)
    assert set(outbox.outcomes().values()) == {"accepted"}
    assert_sums(outbox)


def test_a_cancel_that_was_killed_before_it_dropped_anybody_is_brought_to_its_end(make_outbox):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    outbox.move(SendEvent.CANCEL)  # and here it was killed
    assert ledger.flight([report(due[0], Fact.ACCEPTED, outbox.clock())], ask(5), outbox.clock()).due == ()
    assert_sums(outbox)
    recovery.drop_waiting(outbox.storage, outbox.send_id, outbox.clock())
    recovery.doubt_the_rest(outbox.storage, outbox.send_id, outbox.clock())
    assert Counter(outbox.outcomes().values()) == {"accepted": 1, "uncertain": 1, "skipped": 5}
    assert_sums(outbox)
    recovery.drop_waiting(outbox.storage, outbox.send_id, outbox.clock())  # once more changes nothing
    assert outbox.tally().skipped == 5


@pytest.mark.parametrize("cancel_first", [True, False])
def test_a_cancel_against_a_flight_in_either_order_drops_all_but_what_is_on_the_wire(make_outbox, cancel_first):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    first = ledger.flight((), ask(1), outbox.clock()).due
    if cancel_first:
        outbox.move(SendEvent.CANCEL)
        recovery.drop_waiting(outbox.storage, outbox.send_id, outbox.clock())
        more = ledger.flight((), ask(5), outbox.clock()).due
    else:
        more = ledger.flight((), ask(5), outbox.clock()).due
        outbox.move(SendEvent.CANCEL)
        recovery.drop_waiting(outbox.storage, outbox.send_id, outbox.clock())
    assert len(more) == (0 if cancel_first else 5)
    flying = (*first, *more)
    ledger.flight([report(one, Fact.ACCEPTED, outbox.clock()) for one in flying], ask(5), outbox.clock())
    recovery.doubt_the_rest(outbox.storage, outbox.send_id, outbox.clock())
    assert Counter(outbox.outcomes().values()) == {"accepted": len(flying), "skipped": 7 - len(flying)}
    assert_sums(outbox)


def test_who_is_suppressed_between_two_tries_gets_no_second_one_and_a_restart_loses_nobody(make_outbox):
    outbox = make_outbox(readers=300, chunk_size=300)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(300), outbox.clock()).due
    facts = [Fact.LATER if number < 2 else Fact.ACCEPTED for number in range(300)]
    ledger.flight([report(*pair, outbox.clock()) for pair in zip(due, facts, strict=True)], ask(0), outbox.clock())
    ledger.give_back((), outbox.clock())
    outbox.move(SendEvent.PAUSE)
    outbox.leave("reader1@example.org")
    outbox.clock.advance(days=3)
    outbox.move(SendEvent.RESUME)
    again = outbox.ledger().flight((), ask(300), outbox.clock()).due
    assert [one.reader.email for one in again] == ["reader2@example.org"]
    assert outbox.outcomes()["reader1@example.org"] == Outcome.SKIPPED.value
    assert_sums(outbox)


def test_a_takeover_that_waits_for_a_lock_judges_the_lease_as_it_is_then(make_outbox, storage):
    """Two resume a dead process's send at once: whoever is second must not doubt what the first has on the wire."""
    outbox = make_outbox(readers=3, chunk_size=3)
    dead = outbox.ledger()
    dead.flight((), ask(3), outbox.clock())
    alive = outbox.ledger()
    now = outbox.clock() + timedelta(seconds=61)  # past the lease
    with ThreadPoolExecutor(1) as other:
        with storage.write() as connection:
            rows = connection.execute(select(chunk.c.id).with_for_update()).scalars().all()
            second = other.submit(recovery.take_over, storage, outbox.send_id, outbox.holders, now)
            connection.execute(
                update(chunk)
                .where(chunk.c.id.in_(rows))
                .values(holder=alive.holder.name, epoch=chunk.c.epoch + 1, lease_until=now + timedelta(seconds=60))
            )
            held = time.monotonic() + 0.5
            wait_until(lambda: time.monotonic() > held, seconds=5, what="the second to wait for the lock")
        taken = second.result(10)
    assert (taken.uncertain, taken.alive, taken.ended) == (0, frozenset({alive.holder.name}), frozenset())
    assert outbox.chunks() == ["leased"]


@pytest.mark.parametrize("seen", [False, True])
def test_a_pause_and_a_resume_at_once_beside_another_who_begins_write_to_nobody_twice(make_outbox, seen):
    """Seen, the first one drains although the send goes on again; not seen, it goes on. All its servers hang at 354."""
    outbox = make_outbox(readers=30, chunk_size=10)
    outbox.clock = Running()
    first, second, last = Line(outbox), Line(outbox), Line(outbox)
    with smtp_server(hang_at("data", times=3)) as server:
        first.start(server.port, window=False, connections=3)
        server.wait_for(hanging=3)
        looked = first.engine._permit.seen_sending
        wait_until(lambda: first.engine._permit.seen_sending > looked, seconds=5, what="a look at the send")
        assert outbox.move(SendEvent.PAUSE)
        if seen:
            first.loop.call_soon_threadsafe(first.engine.look)  # as the signal of `pause` does
            wait_until(lambda: first.engine.counters.stopping, seconds=5, what="its stop")
        assert outbox.move(SendEvent.RESUME)
        second.start(server.port, window=False)
        server.wait_for(received=20)
        server.release()
        assert first.end().kind in ((EndKind.STOPPED,) if seen else (EndKind.FINISHED, EndKind.STOPPED))
        assert second.end().kind is EndKind.FINISHED
        last.start(server.port).end()
    assert check_books(outbox, server.copies()) == {"accepted": 30}


def test_pauses_and_resumes_again_and_again_lose_nobody_and_write_to_nobody_twice(make_outbox):
    outbox = make_outbox(readers=60, chunk_size=5)
    outbox.clock = Running()
    line = Line(outbox)
    with smtp_server(answer_late(0.01)) as server:
        while outbox.tally().left:
            line.start(server.port, window=False, connections=2)
            while line.thread.is_alive() and len(server.received) < 60:
                before = len(server.received)
                assert outbox.move(SendEvent.PAUSE)
                assert outbox.move(SendEvent.RESUME)
                wait_until(lambda n=before: len(server.received) > n or not line.thread.is_alive(), seconds=10,
                           what="one more message, or its end")  # fmt: skip
            assert line.end().kind in (EndKind.STOPPED, EndKind.FINISHED)
    assert check_books(outbox, server.copies()) == {"accepted": 60}
