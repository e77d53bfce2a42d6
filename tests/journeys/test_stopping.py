"""Stopping from outside, at the worst moments: pause, cancel, Ctrl-Z, a domain suppressed while it sends."""

import os
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.journeys.test_killed import kill, stop, watched
from tests.servers import wait_until
from tests.servers.disks import small_disk
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import answer_late, hang_at

CANCEL = ("cancel", "i1", "--confirm", "i1", "--json")


def sums(document):
    tally = document["recipients"]
    assert sum(number for name, number in tally.items() if name != "total") == tally["total"]
    return {name: number for name, number in tally.items() if number and name != "total"}


def test_a_pause_from_outside_takes_a_second_while_every_server_hangs_and_nobody_gets_it(make_room, send_words):
    with smtp_server(hang_at("data")) as server:
        room = make_room(readers=40, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(hanging=1, seconds=30)
        paused = room.run("pause", "i1", "--json")
        done = paused.json["digests"][0]
        assert done["state"] == "paused"
        server.faults = ()
        server.release()
        sending.communicate(timeout=60)
        assert server.copies() == {}
        assert sums(room.run("status", "i1", "--json").json) == {"waiting": 40}
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 40}
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 41)}


def database(room):
    return closing(sqlite3.connect(room.folder / "data" / "newsletter.db", isolation_level=None, timeout=10))


def count(room, what):
    """A number out of the database: "count(*) FROM subscriber"."""
    with database(room) as db:
        return db.execute(f"SELECT {what}").fetchone()[0]


def test_a_pause_on_a_full_disk_takes_the_room_that_was_kept_back_and_nobody_gets_it(make_room, send_words, tmp_path):
    with smtp_server(hang_at("data")) as server, small_disk(tmp_path / "room", megabytes=48) as disk:
        room = make_room(readers=40, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(hanging=4, seconds=30)
        ballast = disk.fill()
        assert room.run("pause", "i1", "--json").json["digests"][0]["state"] == "paused"
        assert sums(room.run("status", "i1", "--json").json) == {"waiting": 40}
        server.faults = ()
        server.release()
        sending.communicate(timeout=60)
        assert server.copies() == {}
        ballast.unlink()
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 40}
        assert room.run("db", "check").stdout == "✓ The database is sound.\n"
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 41)}


def test_a_cancel_on_a_full_disk_takes_that_room_too_and_nobody_gets_it(make_room, send_words, tmp_path):
    with smtp_server(hang_at("data")) as server, small_disk(tmp_path / "room", megabytes=48) as disk:
        room = make_room(readers=40, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(hanging=4, seconds=30)
        ballast = disk.fill()
        found = sums(room.run("cancel", "i1", "--confirm", "i1", "--json", expect=None).json)
        assert set(found) <= {"skipped", "uncertain"}
        server.release()
        sending.communicate(timeout=60)
        ballast.unlink()
        assert room.run("db", "check").stdout == "✓ The database is sound.\n"
        assert server.copies() == {}


def test_a_pause_is_heard_while_two_hundred_thousand_rows_are_imported(make_room, send_words, tmp_path):
    rows, large = 200_000, tmp_path / "large.csv"
    large.write_text("email\n" + "".join(f"new{n}@example.net\n" for n in range(rows)), encoding="utf-8")
    with smtp_server(answer_late(0.05)) as server:
        room = make_room(readers=400, port=server.port, NEWSLETTER_SMTP__RATE="20/s")
        sending = room.start(*send_words)
        server.wait_for(received=5, seconds=30)
        importing = room.start("subscribers", "import", str(large), "--list", "weekly", "--status", "active",
                               "--consent", "stand", "--yes", "--json")  # fmt: skip
        wait_until(lambda: count(room, "count(*) FROM subscriber") > 400, seconds=30, what="the first rows stored")
        begun = len(server.received)
        paused = room.run("pause", "i1", "--json").json["digests"][0]
        assert (paused["state"], importing.poll()) == ("paused", None)
        assert count(room, "count(*) FROM subscriber") < 400 + rows
        assert begun < 400, "nothing was left to pause"
        sending.communicate(timeout=60)
        found, stored = sums(room.run("status", "i1", "--json").json), len(server.received)
        assert found == {"accepted": stored, "waiting": 400 - stored}
        importing.communicate(timeout=120)
        assert (importing.returncode, count(room, "count(*) FROM subscriber")) == (0, 400 + rows)
        room.env["NEWSLETTER_SMTP__RATE"] = "off"
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 400}
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 401)}


def test_a_pause_and_a_resume_on_its_heels_write_to_nobody_twice(make_room, send_words):
    with smtp_server(answer_late(0.05)) as server:
        room = make_room(readers=120, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(received=10, seconds=30)
        pausing, resuming = room.start("pause", "i1", "--json"), room.start("resume", "i1", "--json")
        for process in (pausing, resuming, sending):
            process.communicate(timeout=60)
        last = room.run("resume", "i1", "--json", expect=None).json
        assert sums(last) == {"accepted": 120}
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 121)}


def test_ctrl_z_ends_a_send_as_ctrl_c_does(make_room, send_words):
    with smtp_server(answer_late(0.05)) as server:
        room = make_room(readers=120, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(received=10, seconds=30)
        os.kill(sending.pid, signal.SIGTSTP)
        sending.communicate(timeout=60)
        assert sending.returncode == 130
        stopped = room.run("status", "i1", "--json").json
        assert set(sums(stopped)) == {"accepted", "waiting"}
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 120}
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 121)}


def test_a_cancel_that_was_killed_in_the_middle_is_brought_to_its_end_by_the_next(make_room, send_words):
    with smtp_server(answer_late(0.05)) as server:
        room = make_room(readers=120, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(received=10, seconds=30)
        os.kill(sending.pid, signal.SIGKILL)
        sending.communicate()
        with closing(sqlite3.connect(room.folder / "data" / "newsletter.db")) as db, db:
            db.execute("UPDATE send SET state = 'cancelled'")  # its first commit; then it was killed
        found = sums(room.run(*CANCEL, expect=None).json)
        assert found["skipped"] > 0
        assert "waiting" not in found
        assert room.run("db", "check").stdout == "✓ The database is sound.\n"
        copies = server.copies()
    assert found["accepted"] <= len(copies) <= found["accepted"] + found.get("uncertain", 0)
    assert set(copies.values()) == {1}


def kill_in_the_middle(room, cancelling):
    """Kills it when it has dropped some of the readers, and not all; returns how many. It cannot go on meanwhile."""

    def killed():
        nonlocal dropped
        db.execute("BEGIN IMMEDIATE")
        dropped = db.execute("SELECT sum(skipped) FROM chunk").fetchone()[0]
        if dropped:
            kill(cancelling)
        db.execute("ROLLBACK")
        return dropped > 0

    dropped = 0
    with database(room) as db:
        wait_until(killed, seconds=30, what="the first readers dropped")
    return dropped


MANY = 6000
CHUNKS = "{chunk=20}"  # three hundred of them: many transactions to be killed between


@pytest.mark.parametrize("alive", [True, False], ids=["beside-its-sender", "its-sender-killed-before"])
def test_a_cancel_killed_between_two_of_its_transactions_is_brought_to_its_end(make_room, send_words, alive):
    with smtp_server(answer_late(0.05)) as server:
        room = make_room(readers=MANY, port=server.port, NEWSLETTER_WORKER__ENGINE=CHUNKS)
        sending = room.start(*send_words)
        server.wait_for(received=20, seconds=30)
        with watched(room):
            if not alive:
                kill(sending)
            dropped = kill_in_the_middle(room, room.start(*CANCEL))
            sending.communicate(timeout=60)
            half = room.run("status", "i1", "--json").json
            assert half["state"] == "cancelled"
            assert 0 < dropped <= sums(half)["skipped"] < MANY  # what its sender gave back is skipped as well
            assert sums(half)["waiting"] > 0
            taken = len(server.received)
            done = room.run(*CANCEL, expect=None)
        found = sums(done.json)
        assert found == sums(room.run("status", "i1", "--json").json)
        assert set(found) - {"uncertain"} == {"accepted", "skipped"}
        assert (done.code, "uncertain" in found) == (0 if alive else 9, not alive)
        assert room.run("db", "check").stdout == "✓ The database is sound.\n"
        assert room.run("resume", "i1", "--json", expect=2).json["error"]["code"] == "USAGE"
        copies = server.copies()
    assert len(copies) == taken
    assert set(copies.values()) == {1}
    assert found["accepted"] <= len(copies) <= found["accepted"] + found.get("uncertain", 0)


def test_an_answer_that_comes_while_a_cancel_waits_for_it_counts(make_room, send_words):
    with smtp_server(hang_at("message")) as server:
        room = make_room(readers=60, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(hanging=4, seconds=30)
        with watched(room):
            cancelling = room.start(*CANCEL)
            wait_until(lambda: count(room, "sum(skipped) FROM chunk") > 0, seconds=30, what="the readers dropped")
            taken = len(server.received)
            server.release()
            for process in (cancelling, sending):
                process.communicate(timeout=60)
        assert cancelling.returncode == 0
        assert sums(room.run("status", "i1", "--json").json) == {"accepted": taken, "skipped": 60 - taken}
    assert len(server.received) == sum(server.copies().values()) == len(server.copies()) == taken


def test_an_answer_that_comes_after_a_cancel_has_given_it_up_counts(make_room, send_words):
    with smtp_server(hang_at("message")) as server:
        room = make_room(readers=60, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(hanging=4, seconds=30)
        taken = len(server.received)
        stop(room, sending)
        server.release()
        with watched(room):
            given_up = room.run(*CANCEL, expect=9).json
            doubted = sums(given_up)["uncertain"]
            assert taken <= doubted
            assert sums(given_up) == {"uncertain": doubted, "skipped": 60 - doubted}
            os.kill(sending.pid, signal.SIGCONT)
            sending.communicate(timeout=60)
        found = room.run("status", "i1", "--json").json
        assert (found["state"], sums(found)) == ("cancelled", {"accepted": taken, "skipped": 60 - taken})
    assert len(server.received) == sum(server.copies().values()) == len(server.copies()) == taken


@pytest.mark.parametrize("words", [("subscribers", "suppress", "@example.org", "--yes")])
def test_a_domain_suppressed_while_it_sends_gets_nothing_more(make_room, send_words, words):
    with smtp_server(answer_late(0.05)) as server:
        room = make_room(readers=300, port=server.port)
        sending = room.start(*send_words)
        server.wait_for(received=10, seconds=30)
        room.run(*words)
        after, began = len(server.received), time.monotonic()
        sending.communicate(timeout=60)
        found = sums(room.run("status", "i1", "--json").json)
        assert set(found) == {"accepted", "skipped"}
        assert len(server.received) <= after + 32, "only what was on the wire may still come"
        assert time.monotonic() - began < 60
        wait_until(lambda: server.open == 0, seconds=10, what="the end of the connections")
    assert sum(server.copies().values()) == found["accepted"]
    assert set(server.copies().values()) == {1}
