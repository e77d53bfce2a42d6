"""A sender stopped in the middle of a write transaction; and the way of a send on PostgreSQL as a whole.

stopped inside   on SQLite it holds the only lock, on PostgreSQL those of its chunks: the others wait, say so and begin
                 nothing; woken, it goes on where it was; killed, the next one takes over
stopped outside  past its lease; another one takes over, and then its last answers come: 250, or 451
killed twice     on PostgreSQL, as test_killed.py does it on SQLite
"""

import itertools
import json
from collections import Counter

import pytest

from newsletter_cli.storage.engine import open_storage
from tests.journeys.test_killed import AT_ONCE, after_some, count, finish, kill
from tests.journeys.underway import Sending
from tests.servers import wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import answer_late, hang_at, refuse_data

READERS = 150
SHORT_LEASE = '{lease="2s",heartbeat="500ms"}'
_numbers = itertools.count(1)


@pytest.fixture
def begin(make_room, send_words, request):
    """begin("postgresql", server): a send that has got as far as ten messages."""
    began = []

    def make(engine, server, *, readers=READERS, after=10, **env):
        database = "data/newsletter.db"
        if engine == "postgresql":
            postgres = request.getfixturevalue("postgres")
            name = f"journey_{next(_numbers)}"
            database = env["NEWSLETTER_STORAGE__DATABASE"] = postgres.create(name)
            request.addfinalizer(lambda: postgres.drop(name))
        room = make_room(readers=readers, port=server.port, **env)
        sending = Sending(room, open_storage(database, room.folder), room.start(*send_words))
        began.append(sending)
        assert after_some(sending.process, lambda: len(server.received), after)
        return sending

    yield make
    for sending in began:
        sending.process.kill()  # a stopped one would stay for ever
        sending.process.communicate()
        sending.storage.close()


on_both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
ONE_EACH = {f"reader{n}@example.org": 1 for n in range(1, READERS + 1)}


def ended(process):
    """(exit code, its document)."""
    stdout, _ = process.communicate(timeout=60)
    return process.returncode, json.loads(stdout)


@on_both
def test_while_a_sender_is_stopped_inside_a_transaction_nobody_begins_anything_and_woken_it_goes_on(begin, engine):
    with smtp_server(answer_late(0.02)) as server:
        sending = begin(engine, server)
        with sending.watched():
            sending.stop(inside=True)
            flying, before = sending.in_flight(), len(server.received)
            pausing, resuming = (sending.room.start(verb, "i1", "--json") for verb in ("pause", "resume"))
            shown = sending.room.run("status", "i1", "--json").json
            assert shown["recipients"]["total"] == READERS
            paused, refused = ended(pausing), ended(resuming)
            assert (refused[0], refused[1]["error"]["code"]) == (8, "DATABASE-BUSY")
            if engine == "sqlite":
                assert (paused[0], paused[1]["error"]["message"]) == (8, "Another process keeps the database locked.")
            else:  # a pause waits for no worker's locks
                assert (paused[0], paused[1]["digests"][0]["state"]) == (0, "paused")
            assert len(server.received) <= before + len(flying)
            sending.wake()
            wait_until(lambda: sending.process.poll() is not None, seconds=8, what="its end")
            assert ended(sending.process)[0] == (0 if engine == "sqlite" else 7)
        assert finish(sending.room, READERS)["accepted"] == READERS
    assert server.copies() == ONE_EACH


@on_both
def test_a_resume_that_waits_for_a_sender_stopped_inside_a_transaction_takes_over_when_that_is_killed(begin, engine):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        sending = begin(engine, server)
        with sending.watched():
            sending.stop(inside=True)
            flying = sending.in_flight()
            other = sending.resume_at_the_lock()
            kill(sending.process)
            code, done = ended(other)
        tally = done["recipients"]
        assert (code, tally["uncertain"]) == (9 if flying else 0, len(flying))
        assert len(flying) <= AT_ONCE
        doubted, _ = count(sending.room, READERS, server.copies(), len(flying))
    assert doubted == flying
    assert sending.look() == +Counter(accepted=READERS - len(flying), uncertain=len(flying))


@on_both
def test_a_resume_that_waits_for_a_sender_stopped_inside_a_transaction_is_told_of_it_when_that_wakes_up(begin, engine):
    with smtp_server(answer_late(0.1)) as server:
        sending = begin(engine, server)
        with sending.watched():
            sending.stop(inside=True)
            other = sending.resume_at_the_lock()
            sending.wake()
            code, said = ended(other)
            assert (code, said["error"]["code"], said["error"]["sent"]) == (8, "BUSY", 0)
            assert ended(sending.process)[0] == 0
    assert server.copies() == ONE_EACH
    assert sending.look() == {"accepted": READERS}


@on_both
def test_a_sender_that_wakes_up_inside_a_transaction_past_its_lease_writes_to_nobody_twice(begin, engine):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        sending = begin(engine, server, NEWSLETTER_WORKER__ENGINE=SHORT_LEASE)
        with sending.watched():
            sending.stop(inside=True)
            wait_until(sending.lease_is_over, seconds=10, what="the end of its lease")
            other = sending.resume_at_the_lock()
            sending.wake()
            for process in (other, sending.process):
                ended(process)
        assert finish(sending.room, READERS)["accepted"] == READERS
    assert server.copies() == ONE_EACH
    assert sending.look() == {"accepted": READERS}


@on_both
@pytest.mark.parametrize("late", [250, 451])
def test_the_late_answers_of_a_sender_whose_send_was_taken_over_are_facts(begin, engine, late):
    few = 40
    refusals = (refuse_data(451, after=5),) if late == 451 else ()
    with smtp_server(hang_at("message", after=5), *refusals) as server:
        sending = begin(
            engine, server, readers=few, after=7, NEWSLETTER_WORKER__ENGINE=SHORT_LEASE, NEWSLETTER_SMTP__WAIT="1s",
            NEWSLETTER_SMTP__CONNECTIONS="2",
        )  # fmt: skip
        server.wait_for(hanging=2)
        with sending.watched():
            sending.stop(inside=False)
            flying = sending.in_flight()
            taken = {one.recipients[0] for one in server.received[5:]}
            assert taken <= flying
            wait_until(sending.lease_is_over, seconds=10, what="the end of its lease")
            server.faults = ()
            done = sending.room.run("resume", "i1", "--json", expect=9).json["recipients"]
            assert (done["accepted"], done["uncertain"]) == (few - len(flying), len(flying))
            server.release()
            sending.wake()
            ended(sending.process)
            found = sending.look()
            assert found["uncertain"] == 0
            assert found["retry"] == (len(taken) if late == 451 else 0)
        assert finish(sending.room, few)["accepted"] == few
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, few + 1)}


def test_on_postgresql_a_send_killed_twice_reaches_every_reader_once(begin):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        sending = begin("postgresql", server, after=30)
        with sending.watched():
            kill(sending.process)
            sending.process = sending.room.start("resume", "i1", "--json")
            assert after_some(sending.process, lambda: len(server.received), 40)
            kill(sending.process)
            tally = finish(sending.room, READERS)
        assert tally["uncertain"] <= 2 * AT_ONCE
        count(sending.room, READERS, server.copies(), tally["uncertain"])
        again = sending.room.run("resume", "i1", "--uncertain", "retry", "--json").json["recipients"]
    assert (again["accepted"], again["uncertain"]) == (READERS, 0)
    assert sum(server.copies().values()) <= READERS + tally["uncertain"]
    assert sending.room.run("db", "check").stdout == "✓ The database is sound.\n"
