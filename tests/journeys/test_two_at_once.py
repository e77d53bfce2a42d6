"""Two commands at the same moment on one send: each reader has one copy, and whoever comes second is told so.

two resume after a kill            one goes on, the other is told that it does
two resume --uncertain retry       whoever is in doubt gets exactly one more copy, everybody else none
resume while the holder drains     it waits for the last answers, then goes on
two send of one digest             there is one send
"""

from contextlib import contextmanager

import pytest

from tests.journeys.conftest import Done
from tests.journeys.test_killed import kill, look, watched
from tests.journeys.test_stopping import count, database, sums
from tests.servers import wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import answer_late, close_after_data, hang_at

RESUME = ("resume", "i1", "--json")
RETRY = ("resume", "i1", "--uncertain", "retry", "--json")


def everybody(readers):
    return {f"reader{n}@example.org": 1 for n in range(1, readers + 1)}


def in_doubt(room):
    """Addresses of the uncertain."""
    return {row["email"] for row in room.run("report", "i1", "--recipients", "uncertain", "--json").json["rows"]}


def holders(room):
    """Lock files of the processes that send, or are about to."""
    folder = room.folder / "data" / "holders"
    return {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()


@contextmanager
def locked(room):
    """Nobody can write to the database meanwhile."""
    with database(room) as lock:
        lock.execute("BEGIN IMMEDIATE")
        yield
        lock.execute("ROLLBACK")


def ended(process):
    stdout, stderr = process.communicate(timeout=60)
    return Done(process.returncode, stdout, stderr)


def together(room, *commands):
    """All started at once; how each ended, in the order of their exit codes."""
    return sorted(map(ended, [room.start(*words) for words in commands]), key=lambda done: done.code)


def held_up_together(room, *commands):
    """The same, and a locked database holds each up where it is about to begin: then they are let go as one."""
    before = holders(room)
    with locked(room):
        processes = [room.start(*words) for words in commands]
        wait_until(lambda: len(holders(room) - before) == len(commands), seconds=9, what="all to be about to begin")
    return sorted(map(ended, processes), key=lambda done: done.code)


both_ways = pytest.mark.parametrize("meet", [together, held_up_together])


def check_done(done, code, tally):
    """Whoever did it all says so."""
    assert done.code == code, (done.stdout, done.stderr)
    assert sums(done.json) == tally


def check_told(second):
    """Whoever came second was told that another has it, or found that nothing was left to do."""
    if second.code != 8:
        assert second.json["recipients"]["waiting"] == second.json["recipients"]["retry"] == 0
        return
    error = second.json["error"]
    assert (error["code"], error["message"], error["sent"], error["fix"]) == (
        "BUSY", "Another process is sending i1.", 0, "newsletter status i1",
    )  # fmt: skip


@both_ways
def test_two_resume_at_once_after_a_kill_reach_every_reader_once(make_room, send_words, meet):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        room = make_room(readers=200, port=server.port)
        with watched(room):
            sending = room.start(*send_words)
            server.wait_for(received=30, seconds=30)
            kill(sending)
            flying = look(room).in_flight
            one, other = meet(room, RESUME, RESUME)
            done, second = (one, other) if one.code == 9 else (other, one)
        check_done(done, 9, {"accepted": 200 - flying, "uncertain": flying})
        check_told(second)
        doubted = in_doubt(room)
        assert len(doubted) == flying
        assert sums(room.run("status", "i1", "--json").json) == sums(done.json)
    assert dict(server.copies()) | dict.fromkeys(doubted, 1) == everybody(200)
    assert max(server.copies().values()) == 1


@both_ways
def test_two_resume_at_once_of_a_send_killed_while_it_froze_its_readers_are_one_send(make_room, send_words, meet):
    with smtp_server() as server:
        room = make_room(readers=6000, port=server.port)
        sending = room.start(*send_words)

        def arming():
            return count(room, "count(*) FROM send WHERE state = 'arming'") == 1

        def killed():
            with locked(room):
                found = arming()
                if found:
                    kill(sending)
            return found

        wait_until(killed, seconds=30, what="the freezing of its readers")
        room.run(*RESUME, "--dry-run", expect=None)
        assert arming(), "a dry run only looks"
        with watched(room):
            done, second = meet(room, RESUME, RESUME)
        check_done(done, 0, {"accepted": 6000})
        check_told(second)
    assert server.copies() == everybody(6000)


@both_ways
def test_two_resume_of_the_uncertain_at_once_send_each_of_them_one_more_copy(make_room, send_words, meet):
    with smtp_server(close_after_data(times=6)) as server:
        room = make_room(readers=40, port=server.port)
        room.run(*send_words, expect=9)
        doubted = in_doubt(room)
        assert len(doubted) == 6
        with watched(room):
            done, second = meet(room, RETRY, RETRY)
        check_done(done, 0, {"accepted": 40})
        check_told(second)
        assert sums(room.run("status", "i1", "--json").json) == {"accepted": 40}
    assert server.copies() == everybody(40) | dict.fromkeys(doubted, 2)


def test_two_resume_of_the_uncertain_after_a_kill_send_each_of_them_one_more_copy(make_room, send_words):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        room = make_room(readers=100, port=server.port)
        with watched(room):
            sending = room.start(*send_words)
            server.wait_for(received=30, seconds=30)
            kill(sending)
            wait_until(lambda: server.open == 0, seconds=10, what="the end of its connections")
            before, flying = server.copies(), look(room).in_flight
            done, second = held_up_together(room, RETRY, RETRY)
        assert flying > 0
        check_done(done, 0, {"accepted": 100})
        check_told(second)
        twice = {address for address, copies in server.copies().items() if copies == 2}
        assert twice <= set(before)
        assert len(twice) <= flying
        assert set(server.copies()) == set(everybody(100))
        assert sum(server.copies().values()) == 100 + len(twice)


@pytest.mark.parametrize(("stage", "code"), [("data", 0), ("message", 9)])
def test_a_resume_waits_for_a_paused_holder_whose_servers_never_answer(make_room, send_words, stage, code):
    with smtp_server(hang_at(stage)) as server:
        room = make_room(readers=40, port=server.port)
        with watched(room):
            sending = room.start(*send_words)
            server.wait_for(hanging=1, seconds=30)
            assert room.run("pause", "i1", "--json").json["digests"][0]["state"] == "paused"
            server.faults = ()
            before = holders(room)
            resuming = room.start(*RESUME)
            wait_until(lambda: len(holders(room) - before) == 1, seconds=10, what="the resume")
            taken = len(server.received)
            assert sending.poll() is None
            sending.communicate(timeout=30)  # after ten seconds it waits no longer
            done = ended(resuming)
        doubted = in_doubt(room)
        assert len(doubted) == taken
        assert done.code == code
        assert sums(done.json).get("uncertain", 0) == taken
        assert sums(done.json)["accepted"] == 40 - taken
    assert server.copies() == everybody(40)


def test_a_resume_waits_for_the_last_answers_of_a_paused_holder(make_room, send_words):
    with smtp_server(hang_at("message")) as server:
        room = make_room(readers=40, port=server.port)
        with watched(room):
            sending = room.start(*send_words)
            server.wait_for(hanging=1, seconds=30)
            room.run("pause", "i1")
            server.faults = ()
            before, taken = holders(room), server.received
            resuming = room.start(*RESUME)
            wait_until(lambda: len(holders(room) - before) == 1, seconds=10, what="the resume")
            assert (sending.poll(), server.received) == (None, taken)
            server.release()
            sent, done = ended(sending), ended(resuming)
        assert (sent.code, sums(sent.json)) == (7, {"accepted": len(taken), "waiting": 40 - len(taken)})
        assert (done.code, done.json["state"], sums(done.json)) == (0, "sent", {"accepted": 40})
    assert server.copies() == everybody(40)


@pytest.mark.parametrize("scheduled", [False, True])
def test_two_send_of_one_digest_at_once_are_one_send(make_room, send_words, scheduled):
    with smtp_server(answer_late(0.02)) as server:
        room = make_room(readers=60, port=server.port)
        if scheduled:
            room.run(*send_words, "--at", "2099-01-01 07:00")
        with watched(room):
            done, second = (held_up_together if scheduled else together)(room, send_words, send_words)
        assert (done.code, done.json["already"], sums(done.json)) == (0, False, {"accepted": 60})
        assert (second.code, second.json["exit"]) == (8, 8)
        check_told(second)
        standing = room.run("status", "--json").json
        assert (standing["sending"], standing["due"], standing["last"]["digest"]) == ([], [], "i1")
        assert [act["what"] for act in room.run("log", "--json").json["log"]].count("began") == 1
        again = room.run(*send_words).json
        assert (again["already"], sums(again)) == (True, {"accepted": 60})
    assert server.copies() == everybody(60)
