"""kill -9 while it sends: nobody lost, nobody twice, and the numbers add up each time."""

import os
import random
import signal
import time

import pytest

from tests.servers.postfix import smtp_sink

CONNECTIONS, DEPTH = 4, 8


def kill_in_the_middle(room, words, sink, after):
    """Start a command, kill it once `after` more messages have arrived; False when it ended before."""
    before = sink.begun()
    process = room.start(*words)
    while process.poll() is None and sink.begun() - before < after:
        time.sleep(0.02)
    if process.poll() is not None:
        process.communicate()
        return False
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    return True


def kills(make_room, send_words, *, readers, number, seed):
    chance = random.Random(seed)
    with smtp_sink() as sink:
        # A pace, so that there is a middle to be killed in: without one a few hundred readers take a blink.
        room = make_room(readers=readers, port=sink.port, NEWSLETTER_SMTP__RATE="250/s")
        words, killed, uncertain = send_words, 0, 0
        while killed < number:
            if not kill_in_the_middle(room, words, sink, chance.randrange(1, max(2, readers // number))):
                break
            killed += 1
            words = ("resume", "i1", "--json")
            now = room.run("status", "i1", "--json").json["recipients"]
            assert sum(now[key] for key in now if key != "total") == now["total"] in (0, readers)
        done = room.run(*words, expect=None)
        tally = done.json["recipients"]
        assert tally["total"] == readers == tally["accepted"] + tally["uncertain"]
        uncertain = tally["uncertain"]
        assert uncertain <= killed * CONNECTIONS * DEPTH
        assert done.code == (9 if uncertain else 0)
        report = room.run("report", "i1", "--recipients", "uncertain", "--json").json
        doubted = {row["email"] for row in report["rows"]}
        copies = sink.copies()
        everybody = {f"reader{n}@example.org" for n in range(1, readers + 1)}
        # Who is not in doubt has it exactly once; who is in doubt has it once or not at all.
        assert {address for address in everybody - doubted if copies[address] != 1} == set()
        assert {address for address in doubted if copies[address] > 1} == set()
        settle(room, doubted, copies, everybody, sink)
    return killed


def settle(room, doubted, copies, everybody, sink):
    """resume --uncertain retry sends to the doubted once more, and to nobody else."""
    done = room.run("resume", "i1", "--uncertain", "retry", "--json")
    assert done.json["recipients"]["accepted"] == len(everybody)
    assert done.json["recipients"]["uncertain"] == 0
    after = sink.copies()
    assert {address: after[address] - copies[address] for address in doubted} == dict.fromkeys(doubted, 1)
    assert all(after[address] == 1 for address in everybody - doubted)


def test_a_send_killed_five_times_reaches_every_reader_once(make_room, send_words):
    assert kills(make_room, send_words, readers=300, number=5, seed=1) >= 3


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("readers", "seed"), [(5000, 0), *((1000, seed) for seed in range(1, 10))])
def test_two_hundred_kills(make_room, send_words, readers, seed):
    assert kills(make_room, send_words, readers=readers, number=20, seed=seed) >= 15
