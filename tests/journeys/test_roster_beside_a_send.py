"""The roster changes while an issue is on its way: who leaves, is removed or imported, and what others do beside it."""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager

import httpx
import pytest
from sqlalchemy import select

from newsletter_cli.delivery.keys import load_keyring
from newsletter_cli.mail.tokens import Kind
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.storage.schema import delivery, send
from tests.journeys.test_killed_at import database, in_flight, stored
from tests.journeys.test_stopping import sums
from tests.servers import wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import close_after_data, defer, hang_at


@contextmanager
def pages(room):
    """The address of the reader pages, served beside."""
    serving = room.start("serve", "--listen", "127.0.0.1:0", "--json")
    try:
        yield json.loads(serving.stdout.readline())["url"]
    finally:
        serving.terminate()
        serving.communicate(timeout=30)
    assert serving.returncode == 0


def click(room, url, *addresses):
    """Each of them unsubscribes with the button of a mail program."""
    with open_storage("data/newsletter.db", room.folder) as storage, storage.read() as connection:
        keyring, digest_id = load_keyring(connection), connection.execute(select(send.c.digest_id)).scalar_one()
        rows = connection.execute(select(delivery).where(delivery.c.address.in_(addresses))).all()
    tokens = [keyring.make(Kind.UNSUBSCRIBE, row.subscription_id, digest_id) for row in rows]
    assert len(tokens) == len(addresses)
    for token in tokens:
        answer = httpx.post(f"{url}/u/{token}", content=b"List-Unsubscribe=One-Click", timeout=30)
        assert answer.status_code == 200


def bring(room, *addresses):
    """Import them as active readers; the batch."""
    path = room.folder.parent / "more.csv"
    path.write_text("email\n" + "".join(f"{address}\n" for address in addresses), encoding="utf-8")
    return room.run("subscribers", "import", str(path), "--list", "weekly", "--status", "active", "--consent", "stand",
                    "--yes", "--json").json["batch"]  # fmt: skip


def status_of(room, address):
    return room.run("subscribers", "show", address, "--list", "weekly", "--json").json["status"]


def ended(process, code):
    """The document of a command that was begun, its sums checked."""
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == code, stderr
    return json.loads(stdout)


@pytest.mark.parametrize("stage", ["data", "message"], ids=["at 354", "before its answer"])
def test_who_leaves_while_every_server_hangs_has_the_copy_on_the_wire_at_most(make_room, send_words, stage):
    with smtp_server(hang_at(stage)) as server:
        room = make_room(readers=30, port=server.port, NEWSLETTER_SMTP__CONNECTIONS="2")
        with pages(room) as url:
            sending = room.start(*send_words)
            server.wait_for(hanging=2, seconds=30)
            flying = sorted(in_flight(room))
            between = {"reader29@example.org", "reader30@example.org"}  # their chunk is leased, they are not in flight
            assert len(flying) >= 2
            assert between.isdisjoint(flying)
            click(room, url, flying[0], "reader30@example.org")
            room.run("subscribers", "remove", flying[1], "reader29@example.org", "--list", "weekly")
            assert stored(room) == {"waiting": 30}
            server.faults = ()
            server.release()
            assert sums(ended(sending, 0)) == {"accepted": 28, "skipped": 2}
        assert stored(room) == {"accepted": 28, "skipped": 2}
        assert {status_of(room, one) for one in flying[:2]} == {"unsubscribed"}
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 29)}


def test_who_leaves_between_two_tries_gets_no_second_one(make_room, send_words):
    deferred = ("reader1@example.org", "reader2@example.org", "a@example.net", "b@example.com", "c@example.com")
    with smtp_server(*(defer(only=one, times=1) for one in deferred)) as server:
        room = make_room(readers=10, port=server.port)
        bring(room, *deferred[2:], "d@example.net")
        assert sums(room.run(*send_words, "--wait", "1s", expect=7).json) == {"accepted": 9, "retry": 5}
        with pages(room) as url:
            click(room, url, deferred[0])
        room.run("subscribers", "remove", deferred[1], "--list", "weekly")
        room.run("subscribers", "suppress", "@example.net")
        room.run("subscribers", "suppress", deferred[3])
        assert stored(room) == {"accepted": 9, "retry": 5}
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 10, "skipped": 4}
        rows = room.run("report", "i1", "--recipients", "skipped", "--json").json["rows"]
        assert {row["email"] for row in rows} == set(deferred[:4])
    tries = Counter(line for _, line in server.heard if line.startswith("RCPT"))
    assert {tries[f"RCPT TO:<{one}>"] for one in deferred[:4]} == {1}
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(3, 11)} | dict.fromkeys(
        (deferred[4], "d@example.net"), 1
    )


def test_a_lane_that_was_asked_to_slow_down_rests_alone_and_says_why(make_room, send_words):
    slow = defer(450, "4.2.1 this user receives mail too fast", only="*@gmail.com")
    mail = [f"reader{n}@gmail.com" for n in range(1, 31)]
    with smtp_server(slow) as server:
        room = make_room(readers=200, port=server.port, NEWSLETTER_SMTP__WAIT="1s")
        bring(room, *mail)
        first = room.run(*send_words, expect=7).json
        assert sums(first) | {"retry": 0, "waiting": 0} == {"accepted": 200, "retry": 0, "waiting": 0}
        assert sums(first)["retry"] >= 1
        asked = len({line for _, line in server.heard if line.startswith("RCPT") and "gmail" in line})
        told = room.run("status", "i1", "--json").json
        [lane] = told["lanes"]
        assert (lane["key"], lane["connections"]) == ("google", 1)
        assert lane["why"] == "450 4.2.1 this user receives mail too fast"
        assert sums(told) == sums(first)
        server.faults = ()
        again = room.run("resume", "i1", "--json", expect=7).json  # the lane's rest outlasts it
        assert sums(again)["accepted"] == 200
        assert len({line for _, line in server.heard if line.startswith("RCPT") and "gmail" in line}) == asked < 30
        assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 201)}
        with database(room) as db:
            db.execute("UPDATE lane SET resting_until = resting_until - 3600 * 1000000")  # an hour goes by
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 230}
    assert server.copies() == dict.fromkeys([*(f"reader{n}@example.org" for n in range(1, 201)), *mail], 1)


def test_a_removal_and_an_undone_import_under_a_send_leave_its_sums_right(make_room, send_words):
    """1 is in retry, 2 uncertain, 3 in flight, and the last one waits: of those removed, and of those undone."""
    imported, others = [f"u{n}@example.org" for n in (3, 1, 2, 4)], [f"z{n}z@example.org" for n in range(10, 31)]
    later = defer(only="*1@*")
    with smtp_server(close_after_data(only="*2@*"), later, defer(only="*[!2]@*")) as server:
        room = make_room(readers=3, port=server.port, NEWSLETTER_SMTP__CONNECTIONS="1", NEWSLETTER_SMTP__WAIT="1s")
        batch = bring(room, *imported)
        bring(room, *others)
        assert sums(room.run(*send_words, expect=7).json) == {"uncertain": 2, "retry": 26}
        server.faults = (later, hang_at("message", only="*[ru]3@*"))
        sending = room.start("resume", "i1", "--json")
        server.wait_for(hanging=1, seconds=30)
        on_the_wire = {"reader3@example.org", "u3@example.org"}
        wait_until(lambda: in_flight(room) >= on_the_wire, seconds=10, what="two in flight")
        wait_until(lambda: "reader1@example.org" not in in_flight(room), seconds=10, what="the answer about the first")
        assert "z30z@example.org" not in in_flight(room)
        removed = [*(f"reader{n}@example.org" for n in (1, 2, 3)), "z30z@example.org"]
        room.run("subscribers", "remove", *removed, "--list", "weekly")
        undone = room.run("subscribers", "undo", batch, "--json").json
        assert (undone["removed"], undone["kept"]) == (0, imported)  # the send owes them something: told, not taken off
        assert stored(room) == {"uncertain": 2, "retry": 26}
        server.faults = (later,)
        server.release()
        assert sums(ended(sending, 7)) == {"accepted": 23, "skipped": 1, "uncertain": 2, "retry": 2}
        server.faults = ()
        assert sums(room.run("resume", "i1", "--json", expect=9).json) == {"accepted": 24, "skipped": 2, "uncertain": 2}
        assert sums(room.run("resume", "i1", "--uncertain", "retry", "--json").json) == {"accepted": 25, "skipped": 3}
        assert stored(room) == {"accepted": 25, "skipped": 3}
    copies = server.copies()
    assert copies.pop("u2@example.org") == 2  # as was asked for
    assert copies == dict.fromkeys(
        {"reader2@example.org", "reader3@example.org", *imported, *others} - {"u2@example.org", "z30z@example.org"}, 1
    )


def test_export_backup_import_and_a_click_beside_a_sender_all_succeed(make_room, send_words):
    with smtp_server(hang_at("message", only="reader149@*")) as server:  # so that it outlasts the others
        room = make_room(readers=150, port=server.port, NEWSLETTER_SMTP__RATE="40/s")
        more, out = room.folder.parent / "more.csv", room.folder.parent / "out.csv"
        more.write_text("email\n" + "".join(f"new{n}@example.org\n" for n in range(1, 3001)), encoding="utf-8")
        with pages(room) as url:
            sending = room.start(*send_words)
            server.wait_for(received=5, seconds=30)
            beside = {
                "export": room.start("subscribers", "export", "--list", "weekly", "-o", str(out), "--json"),
                "backup": room.start("db", "backup", "--json"),
                "import": room.start("subscribers", "import", str(more), "--list", "weekly", "--status", "active",
                                     "--consent", "stand", "--yes", "--json"),
            }  # fmt: skip
            click(room, url, "reader150@example.org")
            wait_until(lambda: all_over(room, beside), seconds=60, what="the end of the others")
            server.faults = ()
            server.release()
            done = {name: ended(process, 0) for name, process in beside.items()}
            assert sums(ended(sending, 0)) == {"accepted": 149, "skipped": 1}
        assert stored(room) == {"accepted": 149, "skipped": 1}
        assert done["import"]["added"] == 3000
        with out.open(encoding="utf-8") as file:
            exported = Counter(row["email"] for row in csv.DictReader(file))
        assert exported >= Counter(f"reader{n}@example.org" for n in range(1, 151))
        assert set(exported.values()) == {1}
        check_copy(done["backup"]["path"])
        assert room.run("db", "check").stdout == "✓ The database is sound.\n"
    assert server.copies() == {f"reader{n}@example.org": 1 for n in range(1, 150)}


def all_over(room, beside):
    """Whether the other commands have ended; the sums are right meanwhile, too."""
    assert sum(stored(room).values()) == 150
    return all(process.poll() is not None for process in beside.values())


def check_copy(path):
    """A backup made in the middle is of one moment: its sums are those of its rows."""
    with closing(sqlite3.connect(path)) as db:
        accepted = db.execute("SELECT count(*) FROM delivery WHERE outcome = 'accepted'").fetchone()
        assert db.execute("SELECT sum(accepted) FROM chunk").fetchone() == accepted
        assert 0 < accepted[0] < 150
