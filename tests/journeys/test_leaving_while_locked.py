"""A reader clicks “unsubscribe” while an issue is on its way and something else keeps the database locked."""

import json
import sqlite3
import time
from contextlib import closing

import httpx
from sqlalchemy import select

from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.mail.tokens import Kind
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.storage.schema import delivery
from tests.servers import wait_until
from tests.servers.postfix import smtp_sink

READERS = 120


def last_reader(room):
    """(address, unsubscribe token) of the reader whose turn comes last."""
    with open_storage("data/newsletter.db", room.folder) as storage, storage.read() as connection:
        row = connection.execute(select(delivery).order_by(delivery.c.id.desc())).first()
        return row.address, load_keyring(connection).make(Kind.UNSUBSCRIBE, row.subscription_id, row.send_id)


def test_who_clicks_while_the_database_is_locked_is_answered_at_once_and_gets_nothing(make_room, send_words):
    with smtp_sink() as sink:
        room = make_room(readers=READERS, port=sink.port, NEWSLETTER_SMTP__RATE="20/s")
        pages = room.start("serve", "--listen", "127.0.0.1:0", "--json")
        url = json.loads(pages.stdout.readline())["url"]
        sending = room.start(*send_words)
        wait_until(lambda: sink.begun() >= 5, seconds=60, what="the first messages")
        address, token = last_reader(room)
        httpx.post(f"{url}/u/{token[:-1]}x", timeout=30)  # the pages are warm
        with closing(sqlite3.connect(room.folder / "data" / "newsletter.db", isolation_level=None)) as lock:
            lock.execute("PRAGMA busy_timeout = 20000")
            lock.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            answer = httpx.post(f"{url}/u/{token}", content=b"List-Unsubscribe=One-Click", timeout=30)
            took = time.monotonic() - began
            held = lock.in_transaction
            lock.execute("ROLLBACK")
        stdout, stderr = sending.communicate(timeout=120)
        pages.terminate()
        pages.communicate(timeout=60)
        assert (answer.status_code, held) == (200, True)
        assert took < 3, "it waited for the lock"
        tally = json.loads(stdout)["recipients"]
        assert (sending.returncode, tally["accepted"], tally["skipped"]) == (0, READERS - 1, 1), stderr
        assert sink.copies()[address] == 0
        shown = room.run("subscribers", "show", address, "--json").json
        assert shown["status"] == "unsubscribed"
