"""A backup of a running send is put back after that has ended: nobody gets a second copy unless a person says so."""

import shutil
from pathlib import Path

import pytest

from tests.servers import wait_until
from tests.servers.postfix import smtp_sink

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
