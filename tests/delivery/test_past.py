"""A database from the past: known by its missing flights, stopped, and what a person's word makes of it."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import insert, select, text, update

from newsletter_cli.delivery import past, recovery
from newsletter_cli.delivery.flights import Flights, noted
from newsletter_cli.delivery.holder import Holder, hold, sweep
from newsletter_cli.delivery.states import Fact, Outcome, SendState
from newsletter_cli.errors import BusyError
from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.lineage import STEP, lineage_of, name_anew
from newsletter_cli.storage.schema import chunk, digest, metadata, send, signing_key, version
from tests.delivery.conftest import ask, report


@pytest.fixture
def outbox(make_outbox):
    """A send of seven readers in three chunks, in a database with a key, as every newsroom's has one."""
    made = make_outbox(readers=7, chunk_size=3)
    with made.storage.write() as connection:
        connection.execute(insert(signing_key).values(number=1, secret=bytes(32), created=made.clock()))
    return made


def fly(outbox, holder, flights, *, fact=Fact.ACCEPTED, want=2):
    """So many flights of a process that notes what it commits; what the last one claimed stays in flight."""
    notes = past.begin(outbox.storage, outbox.holders, holder, outbox.send_id, by="me", now=outbox.clock())
    ledger, due = outbox.ledger(holder=holder), ()
    ledger.committed = partial(notes.committed, outbox.send_id)
    for _ in range(flights):
        reports = [report(one, fact, outbox.clock()) for one in due]
        due = ledger.flight(reports, ask(want), outbox.clock()).due
    notes.close()


def lineage(outbox):
    with outbox.storage.read() as connection:
        return lineage_of(connection)


def lose_flights(outbox, number):
    """What a standby does that lacks the last commits, and a backup put back by hand."""
    with outbox.storage.write() as connection:
        first = select(chunk.c.id).where(chunk.c.flights >= number).limit(1).scalar_subquery()
        connection.execute(update(chunk).where(chunk.c.id == first).values(flights=chunk.c.flights - number))


def is_past(outbox):
    return past.is_from_the_past(outbox.storage, outbox.holders, outbox.send_id)


def refusal(outbox, send_id=None):
    with pytest.raises(BusyError) as caught:
        past.demand_present(outbox.storage, outbox.holders, send_id, by="me", now=outbox.clock())
    assert caught.value.code == "BUSY"
    return caught.value


# --- knowing


def test_a_database_that_knows_all_its_flights_may_send(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 3)
    assert not is_past(outbox)
    past.demand_present(outbox.storage, outbox.holders, by="me", now=outbox.clock())


def test_one_flight_less_is_the_past(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 3)
    lose_flights(outbox, 1)
    assert is_past(outbox)


def test_what_several_processes_committed_counts_together_dead_or_alive(outbox):
    with hold(outbox.holders) as first:
        fly(outbox, first, 2)
        with hold(outbox.holders) as second:
            fly(outbox, second, 2)
            with outbox.storage.read() as connection:
                shown = sum(connection.execute(select(chunk.c.flights)).scalars())
            assert noted(outbox.holders, lineage(outbox)) == {outbox.send_id: shown}
    assert noted(outbox.holders, lineage(outbox)) == {outbox.send_id: shown}
    sweep(outbox.holders, frozenset())
    assert noted(outbox.holders, lineage(outbox)) == {outbox.send_id: shown}
    assert sorted(path.name for path in (outbox.holders / "flights").iterdir()) == [".lock", "all"]
    lose_flights(outbox, 1)
    assert is_past(outbox)


def test_a_send_that_the_database_does_not_have_at_all_is_the_past(outbox):
    with hold(outbox.holders) as holder:
        notes = Flights(outbox.holders, holder, lineage(outbox))
        notes.committed(4711, 3)
        notes.close()
    assert past.is_from_the_past(outbox.storage, outbox.holders)


def test_notes_for_another_database_say_nothing_of_this_one(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 3)
    with outbox.storage.write() as connection:
        name_anew(connection)
    lose_flights(outbox, 2)
    assert not is_past(outbox)


def test_a_process_killed_while_it_added_up_makes_nobody_count_twice(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 3)
    note = outbox.holders / "flights" / f"{holder.name}.1"
    kept = note.read_bytes()
    before = noted(outbox.holders, lineage(outbox))
    note.write_bytes(kept)  # it was added, and not removed
    assert noted(outbox.holders, lineage(outbox)) == before
    assert not note.exists()


def test_a_process_that_runs_twice_has_notes_for_each_run(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 2)
        fly(outbox, holder, 1)
        assert not is_past(outbox)
        lose_flights(outbox, 1)
        assert is_past(outbox)


def test_several_sends_have_a_line_each(tmp_path):
    notes = Flights(tmp_path, Holder("here-1-a", ""), "x")
    for send_id, flights in ((5, 1), (9, 2), (5, 3), (9, 0)):
        notes.committed(send_id, flights)
    notes.close()
    assert noted(tmp_path, "x") == {5: 4, 9: 2}
    (tmp_path / "flights" / "torn.1").write_bytes(b"x 5 1\0\nx 7 \nx \xff 7\n" + bytes(90) + b"x 8 2\n")
    assert noted(tmp_path, "x") == {5: 4, 9: 2}


def test_flights_of_another_machine_are_missed_too_once_a_run_has_seen_them(outbox):
    with outbox.storage.write() as connection:
        connection.execute(update(chunk).values(flights=5))
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 2)
        with hold(outbox.holders) as second:
            fly(outbox, second, 1)  # beside a living one nothing is taken over: it would count twice
    assert not is_past(outbox)
    lose_flights(outbox, 1)
    assert is_past(outbox)


# --- stopping


def test_it_is_refused_and_marked_once(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 3)
    lose_flights(outbox, 1)
    error = refusal(outbox, outbox.send_id)
    assert error.message == "This database is a copy from the past: its original may be sending still."
    assert error.details["paused"] == ["i1"]
    assert "--original-gone" in error.fix
    assert outbox.state() is SendState.PAUSED
    with outbox.storage.read() as connection:
        first = [(act.what, act.digest) for act in acts(connection)]
    assert first == [("paused", "i1"), ("restored", "")]
    refusal(outbox)
    with outbox.storage.read() as connection:
        assert [(act.what, act.digest) for act in acts(connection)] == first


def test_ids_to_come_step_aside(outbox):
    now = outbox.clock()
    past.mark(outbox.storage, why="x", by="me", now=now)
    rows = {
        "chunk": {"send_id": outbox.send_id, "state": "open", "total": 0},
        "act": {"at": now, "by": "me", "what": "x"},
        "trial": {"digest_id": 1, "version": "x", "addresses": 1, "by": "me", "at": now},  # the first it ever had
    }
    with outbox.storage.write() as connection:
        made = {
            name: connection.execute(insert(metadata.tables[name]).values(**values)).inserted_primary_key[0]
            for name, values in rows.items()
        }
    assert {table: number > STEP for table, number in made.items()} == {"chunk": True, "act": True, "trial": True}
    with outbox.storage.write() as connection:
        number = connection.execute(
            insert(digest).values(slug="i2", list="weekly", created=outbox.clock()).returning(digest.c.id)
        ).scalar_one()
    assert 10_000 < number < 20_000  # its links have 24 bits for it


def test_a_copy_of_a_marked_database_steps_aside_again(outbox):
    past.mark(outbox.storage, why="first", by="me", now=outbox.clock())
    again = past.mark(outbox.storage, why="second", by="me", now=outbox.clock.advance(days=1), anew=True)
    assert (again.why, again.at) == ("second", outbox.clock())
    with outbox.storage.write() as connection:
        number = connection.execute(
            insert(chunk).values(send_id=outbox.send_id, state="open", total=0).returning(chunk.c.id)
        ).scalar_one()
    assert number > 2 * STEP


# --- the original is gone


def scheduled(outbox, slug, state=SendState.SCHEDULED):
    with outbox.storage.write() as connection:
        digest_id = connection.execute(
            insert(digest).values(slug=slug, list="weekly", created=outbox.clock()).returning(digest.c.id)
        ).scalar_one()
        hash_ = slug.ljust(64, "0")
        connection.execute(
            insert(version).values(
                hash=hash_, digest_id=digest_id, content="{}", subject="", articles=[], created=outbox.clock()
            )
        )
        return connection.execute(
            insert(send)
            .values(digest_id=digest_id, version=hash_, list_id=outbox.list_id, state=state.value, key_number=1,
                    created=outbox.clock(), at=outbox.clock())
            .returning(send.c.id)
        ).scalar_one()  # fmt: skip


def state_of(outbox, send_id):
    with outbox.storage.read() as connection:
        return connection.execute(select(send.c.state).where(send.c.id == send_id)).scalar_one()


def test_all_who_waited_are_uncertain_then_and_fresh_sends_are_untouched(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 3)  # two accepted twice, two in flight, one never touched
    fresh = scheduled(outbox, "fresh")
    past.mark(outbox.storage, why="put back", by="me", now=outbox.clock())
    gone = past.original_gone(outbox.storage, outbox.holders, by="me", now=outbox.clock())
    assert (gone.digests, gone.readers) == (("i1",), 3)
    tally = outbox.tally()
    assert (tally.accepted, tally.uncertain, tally.unsettled, tally.left) == (4, 3, 3, 0)
    assert (outbox.state(), state_of(outbox, fresh)) == (SendState.SENT, "scheduled")
    assert outbox.chunks() == ["done", "done", "done"]
    past.demand_present(outbox.storage, outbox.holders, by="me", now=outbox.clock())


def test_who_was_to_be_tried_again_is_uncertain_too_and_only_a_person_brings_them_back(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 2, fact=Fact.LATER)
    gone = past.original_gone(outbox.storage, outbox.holders, by="me", now=outbox.clock())
    assert (gone.readers, outbox.tally().retry, outbox.tally().uncertain) == (7, 0, 7)
    assert recovery.resend(outbox.storage, outbox.send_id, Outcome.UNCERTAIN) == 7
    assert outbox.tally().waiting == 7


def test_what_the_original_began_after_the_copy_was_made_is_not_begun_again(outbox):
    later = scheduled(outbox, "later")
    with hold(outbox.holders) as holder:
        notes = Flights(outbox.holders, holder, lineage(outbox))
        notes.committed(later, 3)
        notes.close()
    refusal(outbox)
    past.original_gone(outbox.storage, outbox.holders, by="me", now=outbox.clock())
    assert state_of(outbox, later) == "cancelled"


def test_what_was_noted_for_the_original_does_not_stop_its_heir(outbox):
    with hold(outbox.holders) as holder:
        fly(outbox, holder, 3)
    lose_flights(outbox, 2)
    refusal(outbox)
    past.original_gone(outbox.storage, outbox.holders, by="me", now=outbox.clock())
    assert not is_past(outbox)
    past.demand_present(outbox.storage, outbox.holders, by="me", now=outbox.clock())
    with hold(outbox.holders) as holder:  # and its own flights are noted under its own name
        with outbox.storage.write() as connection:
            connection.execute(text("UPDATE send SET state = 'sending'"))
        recovery.resend(outbox.storage, outbox.send_id, Outcome.UNCERTAIN)
        fly(outbox, holder, 2)
    lose_flights(outbox, 1)
    assert is_past(outbox)


def test_who_looks_while_another_process_flies_does_not_take_the_database_for_one_from_the_past(outbox):
    over = threading.Event()

    def look_on():
        looks = Counter()
        while not over.is_set():
            looks[is_past(outbox)] += 1
        return looks

    with hold(outbox.holders) as holder, ThreadPoolExecutor(1) as other:
        looking = other.submit(look_on)
        try:
            fly(outbox, holder, 300, fact=Fact.NOT_SENT)
        finally:
            over.set()
        looks = looking.result(30)
    assert set(looks) == {False}
