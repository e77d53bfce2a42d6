"""kill -9 at exactly one point of a message's way, and `resume` at once.

intent ─▶ data      the server hangs at MAIL: nothing of the message has been taken
data ─▶ answer      it hangs behind the message: it has a copy, and nobody was told
answer ─▶ commit    the answer has come, and the database is locked: it cannot be stored
"""

import json
import os
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.servers import wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import hang_at

READERS = 20
BEFORE = 5  # messages that are answered, and whose answers are stored
both = pytest.mark.parametrize("chunking", [False, True], ids=["commands", "window"])


def database(room):
    return closing(sqlite3.connect(room.folder / "data" / "newsletter.db", isolation_level=None, timeout=10))


def in_flight(room):
    """Addresses whose intent is committed and whose result is not."""
    with database(room) as db:
        flying = [id_ for (text,) in db.execute("SELECT in_flight FROM chunk") for id_, _ in json.loads(text)]
        marks = ", ".join("?" * len(flying))
        return {address for (address,) in db.execute(f"SELECT address FROM delivery WHERE id IN ({marks})", flying)}


def stored(room):
    """{outcome: readers}, as the rows say; the counters of the chunks say the same."""
    with database(room) as db:
        db.execute("BEGIN")  # one look at both: the program goes on storing meanwhile
        rows = dict(db.execute("SELECT outcome, count(*) FROM delivery GROUP BY 1"))
        sums = db.execute("SELECT sum(accepted), sum(failed), sum(uncertain), sum(skipped), sum(retry) FROM chunk")
        assert list(sums.fetchone()) == [
            rows.get(name, 0) for name in ("accepted", "failed", "uncertain", "skipped", "retry")
        ]
    return rows


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)


def check_resumed(room, server, flying):
    """Exactly who was in flight is uncertain; everybody else has one copy, and the sums are right."""
    server.faults = ()
    server.release()
    done = room.run("resume", "i1", "--json", expect=9)
    rows = room.run("report", "i1", "--recipients", "uncertain", "--json").json["rows"]
    tally = done.json["recipients"]
    assert {row["email"] for row in rows} == flying
    assert (tally["accepted"], tally["uncertain"], tally["total"]) == (READERS - len(flying), len(flying), READERS)
    assert stored(room) == {"accepted": READERS - len(flying), "uncertain": len(flying)}
    copies = server.copies()
    everybody = {f"reader{n}@example.org" for n in range(1, READERS + 1)}
    assert {address: copies[address] for address in everybody - flying} == dict.fromkeys(everybody - flying, 1)
    assert set(copies) <= everybody
    assert max(copies.values()) == 1
    return {address: copies[address] for address in flying}


@both
def test_killed_between_intent_and_data(make_room, send_words, chunking):
    with smtp_server(hang_at("mail", after=BEFORE), chunking=chunking) as server:
        room = make_room(readers=READERS, port=server.port, NEWSLETTER_SMTP__CONNECTIONS="1")
        sending = room.start(*send_words)
        server.wait_for(received=BEFORE, hanging=1, seconds=30)
        wait_until(lambda: stored(room).get("accepted") == BEFORE, seconds=10, what="the answers stored")
        kill(sending)
        flying = in_flight(room)
        assert flying
        copies = check_resumed(room, server, flying)
    if not chunking:  # with it, commands and message left in one write: a server that lives may still take them
        assert copies == dict.fromkeys(flying, 0)


@both
def test_killed_between_data_and_answer(make_room, send_words, chunking):
    with smtp_server(hang_at("message", after=BEFORE), chunking=chunking) as server:
        room = make_room(readers=READERS, port=server.port, NEWSLETTER_SMTP__CONNECTIONS="1")
        sending = room.start(*send_words)
        server.wait_for(received=BEFORE + 1, hanging=1, seconds=30)
        taken = server.received[BEFORE].recipients[0]
        wait_until(lambda: stored(room).get("accepted") == BEFORE, seconds=10, what="the answers stored")
        kill(sending)
        flying = in_flight(room)
        assert taken in flying
        copies = check_resumed(room, server, flying)
    assert copies[taken] == 1


@both
def test_killed_between_answer_and_commit(make_room, send_words, chunking):
    with smtp_server(hang_at("message", after=BEFORE, times=1), chunking=chunking) as server:
        room = make_room(readers=READERS, port=server.port, NEWSLETTER_SMTP__CONNECTIONS="1")
        sending = room.start(*send_words)
        server.wait_for(received=BEFORE + 1, hanging=1, seconds=30)
        wait_until(lambda: stored(room).get("accepted") == BEFORE, seconds=10, what="the answers stored")
        with database(room) as other:
            other.execute("BEGIN IMMEDIATE")
            server.release()
            wait_until(lambda: server.received[BEFORE].answered, seconds=10, what="its answer")
            quiet = time.monotonic() + 0.5
            wait_until(lambda: time.monotonic() > quiet, seconds=5, what="the answer heard")
            kill(sending)
            other.execute("ROLLBACK")
        flying = in_flight(room)
        answered = {one.recipients[0] for one in server.received if one.answered}
        unstored = answered & flying
        assert server.received[BEFORE].recipients[0] in unstored
        assert stored(room)["accepted"] == BEFORE == len(answered) - len(unstored)
        copies = check_resumed(room, server, flying)
    assert {address for address, number in copies.items() if number} >= unstored
