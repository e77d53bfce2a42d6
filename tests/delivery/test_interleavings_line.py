"""Lines, clocks and answers at the wrong moment, through an engine and its ledger: who has got what in the end."""

import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from newsletter_cli.delivery import recovery
from newsletter_cli.delivery.engine import boot_seconds
from newsletter_cli.delivery.running import EndKind
from newsletter_cli.delivery.states import SendState
from newsletter_cli.mail.problems import MailProblem
from newsletter_cli.storage.schema import delivery
from tests.conftest import SQLITE, Clock
from tests.delivery.driving import Letter, Running
from tests.delivery.test_engine_faults import DEPTH, Line, check_books
from tests.servers import wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import (
    accept_354_after_refused_recipient,
    answer_late,
    answer_missing,
    answer_twice,
    close_after,
    hang_at,
    limit_messages,
    odd_reply,
    refuse_recipient,
    say_421_at,
    take_data_after_refused_recipient,
)

STAGES = ("rset", "mail", "rcpt", "message")
WARM = 7  # slow answers behind which the engine fills a window of eight
FIRST = {"after": WARM, "times": 1}  # of the eight
THIRD = {"after": WARM + 2, "times": 1}
both = pytest.mark.parametrize("window", [False, True], ids=["commands", "window"])


@pytest.fixture
def clock() -> Clock:
    return Running()


@pytest.fixture
def storage(sqlite_storage):
    return sqlite_storage


@contextmanager
def eight(make_outbox, *faults, readers=24, **run):
    """(server, line) with eight messages in flight, the first of which is not answered before the release."""
    line = Line(make_outbox(readers=readers, chunk_size=9))
    with smtp_server(answer_late(0.1, times=WARM), hang_at("message", **FIRST), *faults, chunking=True) as server:
        line.start(server.port, **run)
        server.wait_for(received=WARM + 1, hanging=1)
        wait_until(lambda: line.on_wire == DEPTH, seconds=10, what="a window of eight")
        yield server, line


@contextmanager
def locked(outbox):
    """Nothing can be stored or claimed meanwhile; the send can be read."""
    with closing(sqlite3.connect(outbox.holders.parents[1] / SQLITE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def rows_of(outbox):
    with outbox.storage.read() as connection:
        return {row.address: row for row in connection.execute(select(delivery))}


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 1])
def test_after_a_suspend_of_an_hour_nothing_leaves_under_the_old_lease_and_everybody_gets_one_copy(make_outbox, hours):
    """Of two messages in hand on each connection, one waits for its answer, and one for leave to send its data.

    While the database is locked no lease can be renewed: the second leaves only if the first lease still holds.
    """
    outbox = make_outbox(readers=30, chunk_size=10)
    line, slept = Line(outbox), 0.0
    # Slow 354s, so that the next message is there to ride along behind the data.
    with smtp_server(answer_late(0.1, "data"), hang_at("message", after=6, times=3)) as server:
        line.start(server.port, window=False, connections=3, wait=30, boot=lambda: boot_seconds() + slept)
        server.wait_for(received=9, hanging=3)
        wait_until(lambda: line.on_wire == 6, seconds=5, what="two on each connection")
        with locked(outbox):
            slept = 3600.0 * hours
            outbox.clock.advance(hours=hours)
            fresh = time.monotonic() + 0.6  # the send is looked at again meanwhile: only the lease is old
            wait_until(lambda: time.monotonic() > fresh, seconds=5, what="a look at the send")
            server.release()
            if not hours:
                server.wait_for(received=12)
            held = time.monotonic() + 0.6
            wait_until(lambda: time.monotonic() > held, seconds=5, what="a while")
            assert len(server.received) == (9 if hours else 12)
        ending = line.end()
    assert ending.kind is EndKind.FINISHED
    assert check_books(outbox, server.copies()) == {"accepted": 30}


@pytest.mark.parametrize("hours", [-1, 1])
def test_two_processes_whose_clocks_are_an_hour_apart_write_to_nobody_twice(make_outbox, hours):
    outbox = make_outbox(readers=40, chunk_size=10)
    mistaken, right = Line(outbox), Line(outbox)
    with smtp_server(hang_at("message", times=1)) as server:
        mistaken.start(server.port, wait=1, clock=lambda: outbox.clock() + timedelta(hours=hours))
        server.wait_for(received=1, hanging=1)
        taken = recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, outbox.clock())
        assert (taken.uncertain > 0) == (hours < 0)  # its lease looks over only to those who are ahead of it
        right.start(server.port, wait=1)
        server.wait_for(received=20)
        server.release()
        endings = {mistaken.end().kind, right.end().kind}
    assert endings == {EndKind.FINISHED}
    assert check_books(outbox, server.copies()) == {"accepted": 40}


# --- the end of the line ----------------------------------------------------------------------------------------------


def test_a_line_lost_with_half_a_message_in_our_buffer_while_the_server_reads_on(make_outbox):
    big = (b"Subject: x\r\n\r\n", (b"x" * 70 + b"\r\n") * 400_000)

    def fill(reader):
        return Letter(reader.email, segments=big) if reader.email.startswith("reader3@") else Letter(reader.email)

    outbox = make_outbox(readers=12, chunk_size=12)
    line = Line(outbox)
    with smtp_server(hang_at("message", after=1, times=1), chunking=True) as server:
        # It hangs at reader2's answer and has not read on: the end of reader3's message is still in our hands.
        line.start(server.port, fill=fill, write_timeout=0.5, wait=15)
        wait_until(lambda: server.connections > 1, seconds=10, what="a second connection")
        server.release()  # what has reached the server's system is read now
        ending = line.end()
        wait_until(lambda: server.open == 0, seconds=20, what="the end of the first")
    outcomes = outbox.outcomes()
    assert ending.kind is EndKind.FINISHED
    assert {address for address, outcome in outcomes.items() if outcome == "uncertain"} == {"reader2@example.org"}
    assert outcomes["reader3@example.org"] == "accepted"
    assert check_books(outbox, server.copies()) == {"accepted": 11, "uncertain": 1}


@both
def test_answers_and_a_reset_that_arrive_together_while_the_loop_is_busy_are_heard(make_outbox, window):
    outbox = make_outbox(readers=12, chunk_size=12)
    line, entered, go_on = Line(outbox), threading.Event(), threading.Event()
    fourth = {"after": 3, "times": 1}

    def stand_still():
        entered.set()
        assert go_on.wait(10)

    faults = (hang_at("message", **fourth), close_after("message", reset=True, **fourth))
    with smtp_server(*faults, chunking=window) as server:
        line.start(server.port, window=window)
        server.wait_for(received=4, hanging=1)
        line.loop.call_soon_threadsafe(stand_still)
        assert entered.wait(10)
        server.release()
        wait_until(lambda: server.open == 0, seconds=10, what="the reset")
        fourth_reader = server.received[3].recipients[0]
        go_on.set()
        ending = line.end()
    counts = check_books(outbox, server.copies())
    assert ending.kind is EndKind.FINISHED
    assert outbox.outcomes()[fourth_reader] == "accepted"
    assert counts["accepted"] + counts["uncertain"] == 12
    assert counts["uncertain"] <= (DEPTH - 1 if window else 0)


@pytest.mark.parametrize("closing", [True, False], ids=["closing", "going on"])
@pytest.mark.parametrize("stage", STAGES)
def test_421_to_the_third_of_eight_is_the_third_s_alone(make_outbox, stage, closing):
    with eight(make_outbox, say_421_at(stage, closing, **THIRD), wait=0.5, retry=600) as (server, line):
        server.release()
        ending = line.end()
    counts = check_books(line.outbox, server.copies())
    # To RSET it speaks of nobody. What then has no answer was not taken, and goes over the next connection.
    retry = int(stage != "rset")
    assert counts == ({"accepted": 23, "retry": 1} if retry else {"accepted": 24})
    assert ending.kind is (EndKind.RETRIES if retry else EndKind.FINISHED)
    assert line.engine.counters.lanes == {}
    assert server.connections >= 2


def test_a_server_that_closes_silently_after_twenty_messages_leaves_a_window_in_doubt_once(make_outbox):
    line = Line(make_outbox(readers=90, chunk_size=30))
    twentieth = hang_at("message", after=19, times=1)
    with smtp_server(answer_late(0.1, times=WARM), twentieth, limit_messages(20), chunking=True) as server:
        line.start(server.port, wait=15)
        server.wait_for(received=20, hanging=1)
        wait_until(lambda: line.on_wire == DEPTH, seconds=10, what="a window of eight")
        server.release()
        ending = line.end()
    counts = check_books(line.outbox, server.copies())
    assert ending.kind is EndKind.FINISHED
    assert counts["accepted"] + counts["uncertain"] == 90
    assert 1 <= counts["uncertain"] <= DEPTH - 1  # the twentieth has its answer
    assert max(sum(one.connection == number for one in server.received) for number in (1, 2, 3)) == 20


# --- answers out of step ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("make", [answer_missing, answer_twice])
def test_one_answer_missing_or_too_many_in_a_window_of_eight_counts_nobody_wrong(make_outbox, make, stage):
    with eight(make_outbox, make(stage, **THIRD), timeout=3, data_timeout=3) as (server, line):
        server.release()
        ending = line.end()
    counts = check_books(line.outbox, server.copies())
    assert ending.kind is EndKind.FINISHED
    assert counts["accepted"] + counts["uncertain"] == 24
    assert 1 <= counts["uncertain"] <= DEPTH
    assert len(server.copies()) == 24  # it took them all; only the answers went astray


def test_550_to_a_recipient_and_250_to_its_data_in_a_window_is_found_out(make_outbox):
    faults = refuse_recipient("reader10@*"), take_data_after_refused_recipient()
    with eight(make_outbox, *faults) as (server, line):
        server.release()
        ending = line.end()
    counts = check_books(line.outbox, server.copies())
    assert ending.kind is EndKind.FINISHED
    assert line.outbox.outcomes()["reader10@example.org"] == "uncertain"
    assert counts["accepted"] + counts["uncertain"] == 24
    assert counts["uncertain"] <= DEPTH
    assert any("lost step" in sentence for sentence in line.engine.counters.untold)


@pytest.mark.parametrize("connections", [1, 3])
def test_354_after_a_refused_recipient_sends_nothing_to_anybody_and_the_others_get_theirs(make_outbox, connections):
    line = Line(make_outbox(readers=30, chunk_size=10))
    with smtp_server(refuse_recipient("reader*5@*"), accept_354_after_refused_recipient()) as server:
        ending = line.start(server.port, window=False, connections=connections).end()
    assert ending.kind is EndKind.FINISHED
    assert check_books(line.outbox, server.copies()) == {"accepted": 27, "failed": 3}
    assert [one.data for one in server.received if not one.recipients] == [b""] * 3  # a lone dot each


# --- late and odd answers, and readers without a message --------------------------------------------------------------


@both
def test_an_answer_after_its_time_leaves_its_reader_uncertain_with_the_copy_it_took(make_outbox, window):
    line = Line(make_outbox(readers=12, chunk_size=12))
    late = hang_at("message", after=11, times=1)
    with smtp_server(late, chunking=window) as server:
        line.start(server.port, window=window, data_timeout=0.5)
        server.wait_for(received=12, hanging=1)
        ending = line.end()
        last = server.received[11].recipients[0]
        server.release()
        wait_until(lambda: server.open == 0, seconds=10, what="its late answer")
    assert ending.kind is EndKind.FINISHED
    assert check_books(line.outbox, server.copies()) == {"accepted": 11, "uncertain": 1}
    assert line.outbox.outcomes()[last] == "uncertain"
    assert server.copies()[last] == 1


@both
@pytest.mark.parametrize("kind", ["nul", "bad-utf8", "many-lines"])
def test_an_odd_answer_is_stored_cleaned(make_outbox, kind, window):
    line = Line(make_outbox(readers=6, chunk_size=3))
    with smtp_server(odd_reply(kind), chunking=window) as server:
        ending = line.start(server.port, window=window).end()
    assert ending.kind is EndKind.FINISHED
    assert check_books(line.outbox, server.copies()) == {"accepted": 6}
    for row in rows_of(line.outbox).values():
        assert (row.code, row.enhanced) == (250, "2.0.0")
        assert row.answer
        assert row.answer.isprintable()
        assert len(row.answer) <= 500


@both
def test_readers_that_cannot_be_built_fail_by_themselves(make_outbox, window):
    def fill(reader):
        if reader.email.startswith(("reader3@", "reader4@")):
            raise MailProblem("name is empty for this reader")
        return Letter(reader.email)

    outbox = make_outbox(readers=12, chunk_size=5)
    line = Line(outbox)
    with smtp_server(chunking=window) as server:
        ending = line.start(server.port, window=window, fill=fill).end()
    assert ending.kind is EndKind.FINISHED
    assert check_books(outbox, server.copies()) == {"accepted": 10, "failed": 2}
    row = rows_of(outbox)["reader3@example.org"]
    assert (row.outcome, row.reason, row.answer) == ("failed", "cannot-build", "name is empty for this reader")
    assert outbox.state() is SendState.SENDING  # it is the command that ends a send
