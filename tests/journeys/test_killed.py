"""kill -9 while it sends: nobody lost, nobody twice, and the numbers add up at every moment."""

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.servers import wait_until
from tests.servers.postfix import smtp_sink
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import answer_late
from tests.servers.smtp_house import Fault, Stage

CONNECTIONS, DEPTH = 4, 8
AT_ONCE = CONNECTIONS * DEPTH  # what one process may have between its intent and its answer
COUNTERS = ("accepted", "failed", "uncertain", "skipped", "retry")
TOTALS = Counter()  # over all soaks of this run: kills, messages


class Dropping(Fault):
    """Ends the line at random with a message: taken without an answer, not taken without one, or answered."""

    def __init__(self, seed, share):
        self.chance, self.share, self.dropped = random.Random(seed), share, 0

    async def answer(self, session, stage, reply):
        if stage is not Stage.MESSAGE or self.chance.random() >= self.share:
            return reply
        self.dropped += 1
        changes = ({"copies": 0}, {"copies": 0, "code": 451}, {})
        return replace(reply, closing=True, **self.chance.choice(changes))


@dataclass
class Seen:
    """What the database said, from one look to the next."""

    uncertain: int = 0
    in_flight: int = 0
    left: int = 0
    holders: frozenset = field(default_factory=frozenset)


def look(room):
    """One look, in one transaction: every chunk's counters are those of its rows."""
    with closing(sqlite3.connect(room.folder / "data" / "newsletter.db", isolation_level=None)) as db:
        db.execute("PRAGMA busy_timeout = 10000")
        db.execute("BEGIN")
        names = ", ".join(COUNTERS)
        chunks = db.execute(f"SELECT id, total, in_flight, holder, {names} FROM chunk").fetchall()
        rows = db.execute("SELECT chunk_id, outcome, count(*) FROM delivery GROUP BY 1, 2").fetchall()
        state = db.execute("SELECT state FROM send").fetchone()
        db.execute("ROLLBACK")
    if state is None or state[0] == "arming":
        return Seen()
    counted = {(chunk, outcome): number for chunk, outcome, number in rows}
    seen = Seen(holders=frozenset(row[3] for row in chunks if row[3]))
    for id_, total, in_flight, _, *counts in chunks:
        found = [counted.get((id_, name), 0) for name in COUNTERS]
        assert counts == found, f"chunk {id_}: {counts} are not its rows' {found}"
        waiting = counted.get((id_, "waiting"), 0)
        assert sum(found) + waiting == total
        seen.left += waiting + counts[4]
        seen.uncertain += counts[2]
        seen.in_flight += in_flight.count("[") - 1
    return seen


@contextmanager
def watched(room):
    """The sums are looked at all the while; the first wrong one is raised at the end."""
    wrong, over = [], threading.Event()

    def watch():
        while not over.wait(0.05):
            try:
                look(room)
            except AssertionError as error:
                wrong.append(error)
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not wrong, wrong[0]


def after_some(process, begun, number):
    """Waits until so many more messages have come; False when the command ended before."""
    before = begun()
    while process.poll() is None and begun() - before < number:
        time.sleep(0.003)
    return process.poll() is None


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def taken_over(room, dead, process):
    """Waits until nothing is in the hands of `dead` any more; what the database says then."""
    wait_until(lambda: process.poll() is not None or not look(room).holders & dead, seconds=60, what="the takeover")
    return look(room)


def kills(room, words, begun, *, number, step, chance):
    """Kills and resumes; (kills, most that one made uncertain)."""
    killed = most = ended = 0
    dead, before = frozenset(), None
    while killed < number and ended < 5:
        process = room.start(*words)
        if before is not None:
            now = taken_over(room, dead, process)
            most = max(most, now.uncertain - before.uncertain) if process.poll() is None else most
        alive = after_some(process, begun, chance.randrange(1, step))
        words = ("resume", "i1", "--json")
        if not alive:
            process.communicate()
            before, ended = None, ended + 1  # it stopped by itself: bad first answers, or all is done
            if not look(room).left:
                break
            continue
        kill(process)
        killed += 1
        before = look(room)
        dead = before.holders
        assert before.in_flight <= AT_ONCE, "more on the wire than one process may have"
    return killed, most


def finish(room, readers):
    """Resumes until nobody waits; the last document."""
    for _ in range(5):
        done = room.run("resume", "i1", "--json", expect=None)
        tally = done.json["recipients"]
        if not tally["waiting"] + tally["retry"]:
            break
    assert tally["total"] == readers == tally["accepted"] + tally["uncertain"]
    assert done.code == (9 if tally["uncertain"] else 0)
    return tally


def count(room, readers, copies, number_uncertain):
    """Who is not in doubt has it exactly once; who is in doubt has it once or not at all. (lost, twice)"""
    rows = room.run("report", "i1", "--recipients", "uncertain", "--json").json["rows"]
    doubted = {row["email"] for row in rows}
    assert len(doubted) == number_uncertain
    everybody = {f"reader{n}@example.org" for n in range(1, readers + 1)}
    lost = {address for address in everybody - doubted if not copies[address]}
    twice = {address for address in everybody if copies[address] > 1}
    assert (lost, twice) == (set(), set())
    return doubted, everybody


def journey(room, words, server, *, readers, number, seed, dropping=None):
    begun = server.begun if hasattr(server, "begun") else (lambda: len(server.received))
    with watched(room):
        killed, most = kills(
            room, words, begun, number=number, step=max(2, 2 * readers // (number + 2)), chance=random.Random(seed)
        )  # fmt: skip
        tally = finish(room, readers)
    drops = DEPTH * dropping.dropped if dropping else 0
    assert most <= AT_ONCE
    assert tally["uncertain"] <= killed * AT_ONCE + drops
    count(room, readers, server.copies(), tally["uncertain"])
    TOTALS.update(kills=killed, messages=readers)
    print(f"\n{killed} kills, at most {most} uncertain in one, {tally['uncertain']} in all; lost 0, twice 0")  # noqa: T201
    return killed


def window(make_room, send_words, *, readers, number, seed, share=0.0):
    """Against a server that takes whole messages ahead of its answers, and lets each wait a little."""
    dropping = Dropping(seed, share)
    with smtp_server(answer_late(0.01), dropping, chunking=True) as server:
        room = make_room(readers=readers, port=server.port)
        return journey(room, send_words, server, readers=readers, number=number, seed=seed, dropping=dropping)


def sink(make_room, send_words, *, readers, number, seed):
    with smtp_sink() as server:
        # A pace, so that there is a middle to be killed in: without one a few hundred readers take a blink.
        room = make_room(readers=readers, port=server.port, NEWSLETTER_SMTP__RATE="250/s")
        return journey(room, send_words, server, readers=readers, number=number, seed=seed)


def test_a_send_killed_three_times_reaches_every_reader_once(make_room, send_words):
    assert sink(make_room, send_words, readers=300, number=3, seed=1) >= 2


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_so_it_does_with_a_window_of_messages_in_flight(make_room, send_words, share):
    assert window(make_room, send_words, readers=600, number=3, seed=2, share=share) >= 2


def test_whom_a_person_sends_to_again_gets_one_more_and_nobody_else_does(make_room, send_words):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        room = make_room(readers=200, port=server.port)
        process = room.start(*send_words)
        assert after_some(process, lambda: len(server.received), 60)
        kill(process)
        tally = finish(room, 200)
        copies = server.copies()
        doubted, everybody = count(room, 200, copies, tally["uncertain"])
        again = room.run("resume", "i1", "--uncertain", "retry", "--json").json["recipients"]
        assert (again["accepted"], again["uncertain"]) == (200, 0)
        after = server.copies()
    assert {address: after[address] - copies[address] for address in doubted} == dict.fromkeys(doubted, 1)
    assert all(after[address] == 1 for address in everybody - doubted)


def thread_states(pid):
    """One letter for each thread, as in proc(5); a signal reaches them one after the other."""
    return [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]


def stop(room, process):
    """Stops it outside a transaction: inside one it keeps the database locked, and nobody else can do anything."""
    with closing(sqlite3.connect(room.folder / "data" / "newsletter.db", isolation_level=None, timeout=0.2)) as db:
        while True:
            os.kill(process.pid, signal.SIGSTOP)
            wait_until(lambda: set(thread_states(process.pid)) == {"T"}, seconds=5, what="all its threads to stop")
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(process.pid, signal.SIGCONT)
                time.sleep(0.01)
            else:
                db.execute("ROLLBACK")
                return


def test_a_dry_run_of_resume_only_looks(make_room, send_words):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        room = make_room(readers=100, port=server.port)
        process = room.start(*send_words)
        assert after_some(process, lambda: len(server.received), 20)
        kill(process)
        before = look(room)
        assert before.in_flight > 0
        room.run("resume", "i1", "--dry-run", "--json", expect=None)
        assert look(room) == before
        assert finish(room, 100)["uncertain"] == before.in_flight


def test_what_a_stopped_process_may_still_have_answered_is_not_sent_again_yet(make_room, send_words):
    with smtp_server(answer_late(0.02), chunking=True) as server:
        room = make_room(readers=60, port=server.port, NEWSLETTER_WORKER__ENGINE='{lease="2s",heartbeat="500ms"}')
        process = room.start(*send_words)
        assert after_some(process, lambda: len(server.received), 10)
        stop(room, process)
        time.sleep(2.3)  # past the lease
        done = room.run("resume", "i1", "--uncertain", "retry", "--json", expect=9)
        left = done.json["recipients"]["uncertain"]
        assert left > 0
        assert "lives" in done.stderr
        kill(process)
        again = room.run("resume", "i1", "--uncertain", "retry", "--json").json["recipients"]
        assert (again["accepted"], again["uncertain"]) == (60, 0)
        copies = server.copies()
    assert sum(copies.values()) - len(copies) <= left  # only whom a person sent to again may have two


def stopped(make_room, send_words, *, readers, times, seed, pause):
    """Stops the process past its lease, resumes in another one, and lets the first go on; again and again.

    pause: paused in between, so that the first one ends when it wakes up; else both go on beside each other.
    """
    chance = random.Random(seed)
    with smtp_server(answer_late(0.02), chunking=True) as server:
        room = make_room(readers=readers, port=server.port, NEWSLETTER_WORKER__ENGINE='{lease="2s",heartbeat="500ms"}')
        process, done = room.start(*send_words), 0
        with watched(room):
            while done < times and after_some(process, lambda: len(server.received), chance.randrange(5, 60)):
                stop(room, process)
                before = look(room)
                assert before.in_flight <= 2 * AT_ONCE  # this one's, and what one before it may have begun
                time.sleep(2.3)  # past the lease
                if pause:
                    room.run("pause", "i1", "--json")
                other = room.start("resume", "i1", "--json")
                after_some(other, lambda: len(server.received), chance.randrange(1, 20))
                os.kill(process.pid, signal.SIGCONT)
                if done + 1 < times:  # it has some time beside the other, or none; the last one has all it wants
                    after_some(other, lambda: len(server.received), chance.choice((0, 5, 60)))
                    process.kill()
                process.communicate(timeout=120)
                process, done = other, done + 1
            process.communicate(timeout=120)
            tally = finish(room, readers)
        assert tally["uncertain"] <= 2 * done * AT_ONCE  # at the stop, and when it was killed
        count(room, readers, server.copies(), tally["uncertain"])
    TOTALS.update(stops=done)
    print(f"\n{done} stops past the lease, {tally['uncertain']} uncertain in all; lost 0, twice 0")  # noqa: T201
    return done


@pytest.mark.parametrize("pause", [True, False])
def test_a_process_that_wakes_up_past_its_lease_writes_to_nobody_twice(make_room, send_words, pause):
    assert stopped(make_room, send_words, readers=200, times=1, seed=3, pause=pause) == 1


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("readers", "number", "seed"), [(5000, 40, 0), *((1000, 20, seed) for seed in range(1, 5))])
@pytest.mark.parametrize("share", [0.0, 0.01])
def test_two_hundred_kills_with_a_window(make_room, send_words, readers, number, seed, share):
    assert window(make_room, send_words, readers=readers, number=number, seed=seed, share=share) >= number // 2
    print(dict(TOTALS))  # noqa: T201


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(1, 4))
def test_sixty_kills_at_smtp_sink(make_room, send_words, seed):
    assert sink(make_room, send_words, readers=1000, number=20, seed=seed) >= 15
    print(dict(TOTALS))  # noqa: T201


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("pause", [True, False])
def test_ten_processes_that_wake_up_past_their_lease(make_room, send_words, pause):
    assert stopped(make_room, send_words, readers=5000, times=10, seed=5, pause=pause) == 10
