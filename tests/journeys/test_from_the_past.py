"""A database from the past: nobody gets a second copy of what it does not know, unless a person says so.

a backup of a running send    put back after that has ended; or put in place elsewhere while it goes on
yesterday's backup            put back after today's send
a standby on PostgreSQL       takes over without the last commits
"""

import shutil
from pathlib import Path

import pytest

from tests.journeys.conftest import Room
from tests.journeys.test_killed import after_some, kill
from tests.journeys.test_stopping import sums
from tests.servers import wait_until
from tests.servers.postfix import smtp_sink
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import answer_late

READERS = 80


@pytest.fixture
def aftermath(make_room, send_words):
    """(newsroom, its server, a backup made half-way): the send has ended since."""
    with smtp_sink() as sink:
        room = make_room(readers=READERS, port=sink.port, NEWSLETTER_SMTP__RATE="40/s")
        sending = room.start(*send_words)
        wait_until(lambda: sink.begun() >= 20, seconds=60, what="the middle of the send")
        backup = Path(room.run("db", "backup", "--json").json["path"])
        sending.communicate(timeout=120)
        assert (sending.returncode, len(sink.copies())) == (0, READERS)
        yield room, sink, backup


def put_back_by_hand(room, backup):
    database = room.folder / "data" / "newsletter.db"
    for name in ("-wal", "-shm"):
        database.with_name(database.name + name).unlink(missing_ok=True)
    shutil.copyfile(backup, database)


def put_back(room, backup):
    done = room.run("db", "restore", backup.name, "--yes", "--json").json
    assert (done["paused"], done["original_gone"]) == (["i1"], False)


@pytest.mark.parametrize("how", [put_back_by_hand, put_back])
def test_a_copy_put_back_sends_to_nobody_before_a_person_says_that_its_original_is_gone(aftermath, how):
    room, sink, backup = aftermath
    how(room, backup)
    refused = room.run("resume", "i1", "--json", expect=8).json["error"]
    assert (refused["code"], refused["details"]["paused"], refused["sent"]) == ("BUSY", ["i1"], 0)
    assert room.run("status", "i1", "--json").json["state"] == "paused"
    said = room.run("db", "restore", "--original-gone", "--yes", "--json").json
    assert said["digests"] == ["i1"]
    assert 0 < said["uncertain"] < READERS
    ended = room.run("resume", "i1", "--json", expect=9).json["recipients"]
    assert (ended["uncertain"], ended["waiting"], ended["total"]) == (said["uncertain"], 0, READERS)
    assert set(sink.copies().values()) == {1}
    # Only a person sends them a second one.
    again = room.run("resume", "i1", "--uncertain", "retry", "--json").json["recipients"]
    assert (again["accepted"], again["uncertain"]) == (READERS, 0)
    assert sum(sink.copies().values()) == READERS + said["uncertain"]
    assert room.run("db", "check").stdout == "✓ The database is sound.\n"


def test_a_copy_from_before_the_send_does_not_send_it_again(make_room, send_words):
    """It knows of no send at all; the notes of this machine do."""
    with smtp_sink() as sink:
        room = make_room(readers=READERS, port=sink.port)
        early = Path(room.run("db", "backup", "--json").json["path"])
        room.run(*send_words)
        put_back_by_hand(room, early)
        refused = room.run(*send_words, expect=8).json["error"]
        assert (refused["code"], refused["details"]["because"]) == (
            "BUSY", "1 send shows fewer flights than were committed",
        )  # fmt: skip
        assert sum(sink.copies().values()) == READERS


def refusal(room, *words):
    """What a command is told that would begin to send."""
    error = room.run(*words, expect=8).json["error"]
    assert (error["code"], error["sent"]) == ("BUSY", 0)
    assert error["message"] == "This database is a copy from the past: its original may be sending still."
    return error["details"]


def test_a_backup_of_a_running_send_put_in_place_elsewhere_sends_nothing_while_the_original_goes_on(
    make_room, send_words, tmp_path
):
    with smtp_sink() as sink:
        room = make_room(readers=READERS, port=sink.port, NEWSLETTER_SMTP__RATE="20/s")
        sending = room.start(*send_words)
        wait_until(lambda: sink.begun() >= 10, seconds=60, what="the middle of the send")
        backup = Path(room.run("db", "backup", "--json").json["path"])
        shutil.copytree(room.folder, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("data"))
        other = Room(tmp_path / "elsewhere", room.env)
        put_back(other, backup.rename(other.folder / backup.name))
        assert refusal(other, "resume", "i1", "--json")["paused"] == ["i1"]
        assert other.run(*send_words, expect=8).json["error"]["message"] == "Another process is sending i1."
        standing = other.run("status", "i1", "--json").json
        assert (standing["state"], set(sums(standing))) == ("paused", {"accepted", "waiting"})
        sending.communicate(timeout=60)
        assert sending.returncode == 0
        assert sums(room.run("status", "i1", "--json").json) == {"accepted": READERS}
        said = other.run("db", "restore", "--original-gone", "--yes", "--json").json
        assert sums(other.run("resume", "i1", "--json", expect=9).json) == {
            "accepted": READERS - said["uncertain"], "uncertain": said["uncertain"],
        }  # fmt: skip
        assert sink.copies() == {f"reader{n}@example.org": 1 for n in range(1, READERS + 1)}


def test_yesterday_s_backup_put_back_sends_neither_yesterday_s_nor_today_s_issue_again(make_room, send_words):
    with smtp_sink() as sink:
        room = make_room(readers=READERS, port=sink.port)
        today = tuple("i2" if word == "i1" else word for word in send_words)
        room.run(*send_words)
        yesterday = Path(room.run("db", "backup", "--json").json["path"])
        room.run("compose", "i2", "--list", "weekly", "--articles", "wheat")
        room.run(*today)
        put_back_by_hand(room, yesterday)
        assert refusal(room, *today)["because"] == "1 send shows fewer flights than were committed"
        assert refusal(room, "resume", "i1", "--json")["paused"] == []
        said = room.run("db", "restore", "--original-gone", "--yes", "--json").json
        assert (said["digests"], said["uncertain"]) == ([], 0)
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": READERS}
        assert sink.copies() == {f"reader{n}@example.org": 2 for n in range(1, READERS + 1)}  # one of each issue


def test_a_standby_that_lacks_the_last_commits_sends_nothing_before_a_person_says_that_the_original_is_gone(
    make_room, send_words, postgres, request
):
    with smtp_server(answer_late(0.02)) as server:
        first = postgres.create("original")
        request.addfinalizer(lambda: [postgres.drop(name) for name in ("original", "standby")])
        room = make_room(readers=READERS, port=server.port, NEWSLETTER_STORAGE__DATABASE=first)

        def killed(*words):
            process = room.start(*words)
            assert after_some(process, lambda: len(server.received), 20)
            kill(process)
            wait_until(lambda: server.open == 0, seconds=10, what="the end of its lines")

        killed(*send_words)
        standby = postgres.create("standby", template="original")
        killed("resume", "i1", "--json")
        known = sums(room.run("status", "i1", "--json").json)
        room.env["NEWSLETTER_STORAGE__DATABASE"] = standby
        before = server.copies()
        assert sums(room.run("status", "i1", "--json").json)["accepted"] < known["accepted"]
        found = refusal(room, "resume", "i1", "--json")
        assert (found["because"], found["paused"]) == ("1 send shows fewer flights than were committed", ["i1"])
        waiting = sums(room.run("status", "i1", "--json").json)["waiting"]
        assert server.copies() == before
        said = room.run("db", "restore", "--original-gone", "--yes", "--json").json
        assert (said["digests"], said["uncertain"]) == (["i1"], waiting)
        stopped = sums(room.run("resume", "i1", "--json", expect=9).json)
        assert stopped == {"accepted": READERS - waiting, "uncertain": waiting}
        assert server.copies() == before
        assert set(before.values()) == {1}
        assert sums(room.run("resume", "i1", "--uncertain", "retry", "--json").json) == {"accepted": READERS}
        again = server.copies() - before
        assert (len(again), set(again.values())) == (waiting, {1})
    assert room.run("db", "check").stdout == "✓ The database is sound.\n"
