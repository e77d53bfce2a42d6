"""Two processes in the database at once: one stands before its commit, with every lock, while the other waits for it.

Whoever comes second has to see what the first has made of it: on SQLite because it has no turn before, on PostgreSQL
because after the wait it judges the row as it is then, and not as it was.

cancel, pause        against a flight
results              against the steps of a cancel, a takeover, and a person's “once more”: the same in both orders
takeover             against a renewal, the last commit of the dead, and another takeover
a flight             against another one: neither waits for the other's chunk, nobody is handed out twice
"""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import event, select, text

from newsletter_cli.delivery import past, recovery
from newsletter_cli.delivery.holder import hold
from newsletter_cli.delivery.sends import move
from newsletter_cli.delivery.states import Fact, Outcome, SendEvent, SendState
from newsletter_cli.storage.schema import chunk
from tests.delivery.conftest import ask, report
from tests.delivery.test_interleavings import assert_sums
from tests.servers import wait_until

both_orders = pytest.mark.parametrize("turned", [False, True], ids=["as-named", "turned"])
LOCK_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Still:
    """A place where a transaction stands until it may go on."""

    def __init__(self):
        self.there, self.go = threading.Event(), threading.Event()

    def stand(self, *_):
        self.there.set()
        assert self.go.wait(30), "nobody let it go on"


class InTheMiddle(random.Random):
    """Chance that is asked while a result is stored: the send's state has been read, and nobody is claimed yet."""

    def __init__(self, still):
        super().__init__(1)
        self.still = still

    def random(self):
        self.still.stand()
        return super().random()


class Race:
    """Two processes, each with connections of its own."""

    def __init__(self, first, second):
        self._first, self._second = first, second
        self.on_postgresql = first.dialect == "postgresql"

    def __call__(self, first, second, *, at=None, waits=True):
        """What both return, each called with its storage: the second while the first stands.

        at: where the first stands; None = before its first commit.  waits: whether PostgreSQL lets the second wait;
        else it ends while the first still stands. On SQLite it waits always: there is one writer.
        """
        still = at or Still()
        if at is None:
            event.listen(_engine(self._first), "commit", still.stand, once=True)
        with ThreadPoolExecutor(2) as threads:
            try:
                one = threads.submit(first, self._first)
                wait_until(lambda: still.there.is_set() or one.done(), seconds=20, what="the first at its place")
                assert not one.done(), one.result()
                begins = threading.Event()
                event.listen(_engine(self._second), "engine_connect", lambda _: begins.set(), once=True)
                other = threads.submit(second, self._second)
                wait_until(lambda: other.done() or self._at_the_lock(begins), seconds=20, what="the second at the lock")
                assert other.done() == (self.on_postgresql and not waits)
            finally:
                still.go.set()
            return one.result(20), other.result(20)

    def _at_the_lock(self, begins):
        if not self.on_postgresql:
            return begins.is_set()  # the file has one lock for writers, and the first holds it
        with self._second.read() as connection:
            return bool(connection.execute(text(LOCK_WAITS)).scalar_one())


def _engine(storage):
    with storage.read() as connection:
        return connection.engine


@pytest.fixture
def race(place, storage, stack):
    return Race(stack.enter_context(place.open()), storage)


# --- what the parties do, each given its storage ----------------------------------------------------------------------


def flight(outbox, ledger, reports=(), want=0):
    def fly(storage):
        ledger.storage = storage
        return ledger.flight(reports, ask(want), outbox.clock())

    return fly


def moved(outbox, what):
    def change(storage):
        with storage.write() as connection:
            return move(connection, outbox.send_id, what)

    return change


def step(do, outbox, *more):
    """A step of recovery: take_over, drop_waiting, doubt_the_rest, resend."""
    return lambda storage: do(storage, outbox.send_id, *more)


def dropped(outbox):
    return step(recovery.drop_waiting, outbox, outbox.clock())


def cancelled(outbox):
    """A cancel as the command does it: the send is stopped for good, then chunk by chunk; how many were dropped."""

    def cancel(storage):
        assert moved(outbox, SendEvent.CANCEL)(storage)
        return dropped(outbox)(storage)

    return cancel


def taken_over(outbox):
    return step(recovery.take_over, outbox, outbox.holders, outbox.clock())


def facts(outbox, due, fact):
    return [report(one, fact, outbox.clock()) for one in due]


def epochs(outbox):
    with outbox.storage.read() as connection:
        return connection.execute(select(chunk.c.epoch).order_by(chunk.c.id)).scalars().all()


def counted(outbox):
    assert_sums(outbox)
    return Counter(outbox.outcomes().values())


# --- cancel and pause against a flight --------------------------------------------------------------------------------


def test_a_flight_that_waits_for_a_cancel_does_not_slip_past_it(make_outbox, race):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    outbox.move(SendEvent.CANCEL)
    results = facts(outbox, due[:1], Fact.ACCEPTED)
    number, late = race(dropped(outbox), flight(outbox, ledger, results, want=9))
    assert (number, late.due, late.lost) == (5, (), {(due[0].chunk, due[0].epoch)})
    ledger.flight(facts(outbox, due[1:], Fact.ACCEPTED), ask(9), outbox.clock())
    assert counted(outbox) == {"accepted": 2, "skipped": 5}


def test_a_cancel_that_waits_for_a_flight_drops_all_but_whom_that_has_begun(make_outbox, race):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    first = ledger.flight((), ask(1), outbox.clock()).due
    more, number = race(flight(outbox, ledger, facts(outbox, first, Fact.ACCEPTED), want=3), cancelled(outbox))
    assert (len(more.due), number) == (3, 3)
    after = ledger.flight(facts(outbox, more.due, Fact.ACCEPTED), ask(9), outbox.clock())
    assert (after.due, after.state) == ((), SendState.CANCELLED)
    assert counted(outbox) == {"accepted": 4, "skipped": 3}


def test_a_flight_that_saw_the_send_before_its_cancel_begins_only_what_the_cancel_then_finds(make_outbox, race):
    """It has read `sending` and stands; what it claims after the cancel's first commit is given back unsent."""
    outbox = make_outbox(readers=7, chunk_size=3)
    still, ledger = Still(), outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    ledger.chance = InTheMiddle(still)
    results = facts(outbox, due[:1], Fact.LATER)
    more, _ = race(flight(outbox, ledger, results, want=9), cancelled(outbox), at=still)
    flying = (due[1], *more.due)
    with outbox.storage.read() as connection:
        assert recovery.in_flight(connection, outbox.send_id) == len(flying)
    assert outbox.tally().skipped == 7 - len(flying)
    assert ledger.flight((), ask(9), outbox.clock()).due == ()  # and from here on the permit lets nothing leave
    ledger.flight(facts(outbox, flying[:1], Fact.ACCEPTED), ask(0), outbox.clock())
    ledger.give_back(facts(outbox, flying[1:], Fact.NOT_SENT), outbox.clock())
    assert counted(outbox) == {"accepted": 1, "skipped": 6}


def test_a_pause_never_waits_for_a_flight_on_postgresql_and_the_next_flight_begins_nobody(make_outbox, race):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    flown, paused = race(flight(outbox, ledger, want=4), moved(outbox, SendEvent.PAUSE), waits=False)
    assert (len(flown.due), paused) == (4, True)
    after = ledger.flight(facts(outbox, flown.due, Fact.ACCEPTED), ask(9), outbox.clock())
    assert (after.due, after.state) == ((), SendState.PAUSED)
    assert counted(outbox) == {"accepted": 4, "waiting": 3}
    assert outbox.chunks() == ["done", "open", "open"]


def test_a_flight_beside_a_pause_that_is_not_committed_is_the_last_one(make_outbox, race):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    paused, flown = race(moved(outbox, SendEvent.PAUSE), flight(outbox, ledger, want=4), waits=False)
    assert (paused, len(flown.due)) == (True, 4 if race.on_postgresql else 0)
    after = ledger.flight(facts(outbox, flown.due, Fact.ACCEPTED), ask(9), outbox.clock())
    assert (after.due, after.state) == ((), SendState.PAUSED)
    assert counted(outbox) == Counter(accepted=len(flown.due), waiting=7 - len(flown.due))


# --- results against everybody else -----------------------------------------------------------------------------------


@both_orders
@pytest.mark.parametrize("what", [recovery.drop_waiting, recovery.doubt_the_rest])
@pytest.mark.parametrize(
    ("fact", "outcome"),
    [(Fact.ACCEPTED, "accepted"), (Fact.NEVER, "failed"), (Fact.LATER, "skipped"), (Fact.NOT_SENT, "skipped")],
)
def test_an_answer_counts_the_same_before_and_after_a_cancel(make_outbox, race, fact, outcome, what, turned):
    outbox = make_outbox(readers=4, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(3), outbox.clock()).due
    outbox.move(SendEvent.CANCEL)
    if what is recovery.doubt_the_rest:
        dropped(outbox)(outbox.storage)
    parties = (step(what, outbox, outbox.clock()), flight(outbox, ledger, facts(outbox, due, fact)))
    race(*(reversed(parties) if turned else parties))
    dropped(outbox)(outbox.storage)
    assert counted(outbox) == Counter({outcome: 3}) + Counter({"skipped": 1})
    assert set(outbox.chunks()) == {"done"}


@both_orders
@pytest.mark.parametrize(
    ("fact", "outcome"),
    [(Fact.ACCEPTED, "accepted"), (Fact.NEVER, "failed"), (Fact.LATER, "retry"), (Fact.NOT_SENT, "waiting")],
)
def test_an_answer_counts_the_same_before_and_after_a_takeover(make_outbox, race, fact, outcome, turned):
    outbox = make_outbox(readers=3, chunk_size=3)
    with hold(outbox.holders) as holder:
        ledger = outbox.ledger(holder=holder)
        due = ledger.flight((), ask(3), outbox.clock()).due
    parties = (
        taken_over(outbox),
        flight(outbox, ledger, facts(outbox, due, fact)),
    )  # its process is dead, but not that
    race(*(reversed(parties) if turned else parties))
    assert counted(outbox) == {outcome: 3}
    taken_over(outbox)(outbox.storage)
    assert outbox.chunks() == ["open" if outcome in ("retry", "waiting") else "done"]


@both_orders
@pytest.mark.parametrize("fact", [Fact.ACCEPTED, Fact.LATER])
def test_a_late_answer_beside_a_person_s_once_more_makes_nobody_lost_and_who_has_it_is_not_written_to(
    make_outbox, race, fact, turned
):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(3), outbox.clock()).due
    outbox.clock.advance(seconds=61)
    taken_over(outbox)(outbox.storage)
    parties = (step(recovery.resend, outbox, Outcome.UNCERTAIN), flight(outbox, ledger, facts(outbox, due, fact)))
    race(*(reversed(parties) if turned else parties))
    counted(outbox)
    recovery.make_due_now(outbox.storage, outbox.send_id)
    again = outbox.ledger().flight((), ask(9), outbox.clock()).due
    assert [one.id for one in again] == ([] if fact is Fact.ACCEPTED else [one.id for one in due])
    assert set(outbox.outcomes().values()) == {"accepted"} or fact is Fact.LATER


def test_what_the_original_has_in_the_air_is_uncertain_once_it_is_called_gone_and_its_250_counts(make_outbox, race):
    outbox = make_outbox(readers=7, chunk_size=3)
    ledger = outbox.ledger()
    gone = partial(past.original_gone, holders=outbox.holders, by="me", now=outbox.clock())
    flown, said = race(flight(outbox, ledger, want=2), gone)
    assert (len(flown.due), said.readers, counted(outbox)) == (2, 7, {"uncertain": 7})
    assert ledger.flight(facts(outbox, flown.due, Fact.ACCEPTED), ask(9), outbox.clock()).due == ()
    assert counted(outbox) == {"accepted": 2, "uncertain": 5}


# --- takeovers --------------------------------------------------------------------------------------------------------


def test_a_takeover_that_waits_for_a_renewal_takes_nothing(make_outbox, race):
    outbox = make_outbox(readers=4, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    outbox.clock.advance(seconds=61)  # its lease is over, and it is just being renewed
    more, taken = race(flight(outbox, ledger, want=1), taken_over(outbox))
    assert (taken.uncertain, taken.alive, taken.ended) == (0, {ledger.holder.name}, frozenset())
    last = ledger.flight(facts(outbox, due + more.due, Fact.ACCEPTED), ask(9), outbox.clock()).due
    ledger.flight(facts(outbox, last, Fact.ACCEPTED), ask(9), outbox.clock())
    assert counted(outbox) == {"accepted": 4}
    assert epochs(outbox) == [1, 1]


def test_a_renewal_that_waits_for_a_takeover_has_lost_its_chunk(make_outbox, race):
    outbox = make_outbox(readers=3, chunk_size=3)
    ledger = outbox.ledger()
    due = ledger.flight((), ask(2), outbox.clock()).due
    outbox.clock.advance(seconds=61)
    taken, late = race(taken_over(outbox), flight(outbox, ledger))
    assert (taken.uncertain, taken.ended) == (2, {ledger.holder.name})
    assert (late.due, late.lost, ledger.leases) == ((), {(due[0].chunk, due[0].epoch)}, {})
    assert counted(outbox) == {"uncertain": 2, "waiting": 1}


def test_a_takeover_that_waits_for_the_last_commit_of_the_dead_doubts_what_that_began(make_outbox, race):
    """SIGKILL while the commit is on its way: the server may carry it out after the kernel has freed the lock."""
    outbox = make_outbox(readers=5, chunk_size=5)
    with hold(outbox.holders) as holder:
        ledger = outbox.ledger(holder=holder)
        due = ledger.flight((), ask(2), outbox.clock()).due
    last, taken = race(flight(outbox, ledger, facts(outbox, due, Fact.ACCEPTED), want=2), taken_over(outbox))
    assert (len(last.due), taken.uncertain, taken.alive) == (2, 2, frozenset())
    assert counted(outbox) == {"accepted": 2, "uncertain": 2, "waiting": 1}


def test_two_takeovers_at_once_take_each_chunk_once(make_outbox, race):
    outbox = make_outbox(readers=7, chunk_size=3)
    with hold(outbox.holders) as holder:
        outbox.ledger(holder=holder).flight((), ask(4), outbox.clock())
    first, second = race(taken_over(outbox), taken_over(outbox))
    assert (first.uncertain, second.uncertain, second.alive) == (4, 0, frozenset())
    assert epochs(outbox) == [2, 2, 0]
    assert counted(outbox) == {"uncertain": 4, "waiting": 3}


# --- flights ----------------------------------------------------------------------------------------------------------


def test_two_flights_at_once_lease_different_chunks(make_outbox, race):
    outbox = make_outbox(readers=6, chunk_size=3)
    one, other = outbox.ledger(), outbox.ledger()
    first, second = race(flight(outbox, one, want=2), flight(outbox, other, want=9), waits=False)
    assert {due.id for due in first.due}.isdisjoint(due.id for due in second.due)
    assert (len(first.due), len(second.due)) == (2, 3)
    rest = one.flight(facts(outbox, first.due, Fact.ACCEPTED), ask(9), outbox.clock()).due
    one.flight(facts(outbox, rest, Fact.ACCEPTED), ask(9), outbox.clock())
    other.flight(facts(outbox, second.due, Fact.ACCEPTED), ask(9), outbox.clock())
    assert counted(outbox) == {"accepted": 6}
