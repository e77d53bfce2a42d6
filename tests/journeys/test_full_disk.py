"""The disk fills up in the middle of a send: nothing new begins, no answer is lost, and with room it goes on."""

import json
import sqlite3
import time
from contextlib import closing

from tests.servers import wait_until
from tests.servers.disks import small_disk
from tests.servers.postfix import smtp_sink

READERS = 300


def test_on_a_full_disk_nothing_new_is_begun_and_with_room_the_send_goes_on(make_room, send_words, tmp_path):
    with smtp_sink() as sink, small_disk(tmp_path / "room", megabytes=48) as disk:
        room = make_room(readers=READERS, port=sink.port, NEWSLETTER_SMTP__RATE="60/s")
        reserve = room.folder / "data" / "reserve"
        # A reader of an old state: SQLite's log cannot begin anew before it ends, so each flight needs more room.
        with closing(sqlite3.connect(room.folder / "data" / "newsletter.db", isolation_level=None)) as looking:
            sending = room.start(*send_words)
            wait_until(lambda: sink.begun() >= 20, seconds=60, what="the first messages")
            assert reserve.exists()
            looking.execute("BEGIN")
            looking.execute("SELECT count(*) FROM chunk").fetchone()
            disk.fill()
            wait_until(lambda: not reserve.exists(), seconds=60, what="giving up the reserve")
            ballast = disk.fill()
            before = stands_still(sink)
            assert before < READERS
            assert sending.poll() is None
            looking.execute("ROLLBACK")
        ballast.unlink()
        stdout, stderr = sending.communicate(timeout=120)
        tally = json.loads(stdout)["recipients"]
        assert (sending.returncode, tally["accepted"], tally["total"]) == (0, READERS, READERS), stderr
        assert set(sink.copies().values()) == {1}
        assert len(sink.copies()) == READERS
        assert "The disk that holds the database is full. Nothing more leaves" in stderr
        assert room.run("db", "check").stdout == "✓ The database is sound.\n"


def stands_still(sink):
    """Waits until for two seconds no message has begun; how many have."""
    deadline = time.monotonic() + 60
    seen, since = sink.begun(), time.monotonic()
    while time.monotonic() - since < 2:
        assert time.monotonic() < deadline, "it went on sending on a full disk"
        time.sleep(0.05)
        if (now := sink.begun()) != seen:
            seen, since = now, time.monotonic()
    return seen
