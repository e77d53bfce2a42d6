"""What happens before the first message: who is in the frozen audience, kills until it begins, a staging send first."""

import pytest

from tests.journeys.test_killed_at import database, kill, stored
from tests.journeys.test_stopping import sums
from tests.servers import wait_until
from tests.servers.smtp import smtp_server

ARMED = ("send", "i1", "--confirm", "weekly", "--max-recipients", "100000", "--json", "--undo")
MANY = 30_000  # freezing them takes several transactions


def add(room, *addresses):
    for address in addresses:
        room.run("subscribers", "add", address, "--list", "weekly", "--status", "active", "--consent", "stand")


def state_of(room):
    """Of the send, read as lightly as can be; None while there is none."""
    with database(room) as db:
        row = db.execute("SELECT state FROM send").fetchone()
    return row and row[0]


def wait_for_state(room, state):
    wait_until(lambda: state_of(room) == state, seconds=60, what=f"a send that is {state}")


def everybody(*numbers):
    return {f"reader{n}@example.org": 1 for n in numbers}


def test_who_joins_before_it_is_armed_is_in_and_who_joins_in_the_undo_window_is_not(make_room):
    with smtp_server() as server:
        room = make_room(readers=3, port=server.port)
        add(room, "reader4@example.org")
        sending = room.start(*ARMED, "4")
        wait_for_state(room, "armed")
        add(room, "reader5@example.org")
        room.run("subscribers", "remove", "reader1@example.org", "--list", "weekly")
        assert state_of(room) == "armed", "the window was over too soon to show anything"
        sending.communicate(timeout=60)
        assert sending.returncode == 0
        assert sums(room.run("status", "i1", "--json").json) == {"accepted": 3, "skipped": 1}
        assert stored(room) == {"accepted": 3, "skipped": 1}
    assert server.copies() == everybody(2, 3, 4)


@pytest.mark.parametrize("first", ["send", "status", "resume"])
def test_killed_in_the_undo_window_it_is_paused_and_resume_sends_to_those_it_was_armed_for(make_room, first):
    with smtp_server() as server:
        room = make_room(readers=4, port=server.port)
        sending = room.start(*ARMED, "600")
        wait_for_state(room, "armed")
        kill(sending)
        add(room, "late@example.org")
        if first == "send":
            again = room.run(*ARMED, "0", expect=7).json
            assert (again["state"], again["already"], sums(again)) == ("paused", False, {"waiting": 4})
            assert again["next"] == ["newsletter resume i1"]
        elif first == "status":
            told = room.run("status", "i1", "--json").json
            assert (told["state"], told["holder"], sums(told)) == ("paused", None, {"waiting": 4})
        assert server.connections == 0
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 4}
        assert room.run(*ARMED, "0").json["already"] is True
    assert server.copies() == everybody(1, 2, 3, 4)


KEPT = ("reader1@example.org", "reader2@example.org")


def killed_in_freezing(room):
    """A send whose process was killed between two slices of its readers; two readers are left on the list then."""
    sending = room.start(*ARMED, "600")
    wait_for_state(room, "arming")
    with database(room) as db:
        db.execute("BEGIN IMMEDIATE")  # from here on it cannot go on
        assert state_of(room) == "arming"
        kill(sending)
        db.execute("ROLLBACK")
        assert db.execute("SELECT count(*) FROM delivery").fetchone()[0] < MANY
        others = "subscriber_id NOT IN (SELECT id FROM subscriber WHERE address IN (?, ?))"
        db.execute(f"UPDATE subscription SET status = 'unsubscribed' WHERE {others}", KEPT)
    draft = room.run("status", "i1", "--json").json
    assert (draft["state"], draft["holder"], sums(draft)) == ("draft", None, {})


def test_killed_while_its_audience_is_frozen_a_send_begins_anew(make_room):
    with smtp_server() as server:
        room = make_room(readers=MANY, port=server.port)
        killed_in_freezing(room)
        assert sums(room.run(*ARMED, "0").json) == {"accepted": 2}
        assert stored(room) == {"accepted": 2}
    assert server.copies() == everybody(1, 2)


def test_killed_while_its_audience_is_frozen_resume_sends_to_as_many_as_were_confirmed_or_to_nobody(make_room):
    with smtp_server() as server:
        room = make_room(readers=MANY, port=server.port)
        killed_in_freezing(room)
        with database(room) as db:
            confirmed = db.execute("SELECT audience FROM send").fetchone()[0]
            row = db.execute("SELECT * FROM send").fetchone()
        assert sums(room.run("resume", "i1", "--dry-run", "--json", expect=7).json) == {"waiting": MANY}
        assert state_of(room) == "arming"
        changed = room.run("resume", "i1", "--json", expect=3).json["error"]
        assert (changed["code"], changed["sent"], confirmed) == ("WRONG-COUNT", 0, MANY)
        assert (state_of(room), server.connections) == (None, 0)
        with database(room) as db:  # once more, as if two had been confirmed
            assert db.execute("SELECT count(*) FROM delivery").fetchone() == (0,)
            db.execute(f"INSERT INTO send VALUES ({', '.join('?' * len(row))})", row)
            db.execute("UPDATE send SET audience = 2")
        assert sums(room.run("resume", "i1", "--json").json) == {"accepted": 2}
        assert stored(room) == {"accepted": 2}
    assert server.copies() == everybody(1, 2)
