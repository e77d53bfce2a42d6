"""What happens before the first message: who is in the frozen audience, kills until it begins, a staging send first."""

import os
import signal
from contextlib import contextmanager

import pytest

from tests.journeys.test_killed_at import database, in_flight, kill, stored
from tests.journeys.test_servers import several, without_server
from tests.journeys.test_stopping import sums
from tests.servers import wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import hang_at

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


@contextmanager
def outside_its_transactions(room):
    """Nobody writes meanwhile."""
    with database(room) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("ROLLBACK")


def everybody(*numbers):
    return {f"reader{n}@example.org": 1 for n in numbers}


def test_who_joins_before_it_is_armed_is_in_and_who_joins_in_the_undo_window_is_not(make_room):
    with smtp_server() as server:
        room = make_room(readers=3, port=server.port)
        add(room, "reader4@example.org")
        sending = room.start(*ARMED, "3")
        wait_for_state(room, "armed")
        with outside_its_transactions(room):
            os.kill(sending.pid, signal.SIGSTOP)  # the window stays open for as long as the two need
        add(room, "reader5@example.org")
        room.run("subscribers", "remove", "reader1@example.org", "--list", "weekly")
        assert (state_of(room), server.connections) == ("armed", 0)
        os.kill(sending.pid, signal.SIGCONT)
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
    with outside_its_transactions(room):
        assert state_of(room) == "arming"
        kill(sending)
    with database(room) as db:
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


# --- a staging server first -------------------------------------------------------------------------------------------


def staged(make_room, real, trial, readers=20):
    """A newsroom whose issue went to readers 1 and 2 over the server of its staging profile."""
    room = make_room(readers=readers, port=real.port)
    without_server(room)
    room.setting(
        several(("real", real.port, 1))
        + f'[profiles.staging.smtp]\nhost = "127.0.0.1"\nport = {trial.port}\nsecurity = "none"\n'
        + f'[profiles.staging.safety]\nonly_to = ["{KEPT[0]}", "{KEPT[1]}"]\n'
    )
    first = room.run("--profile", "staging", *ARMED, "0").json
    assert (first["state"], sums(first)) == ("sent", {"accepted": 2, "skipped": readers - 2})
    assert trial.copies() == everybody(1, 2)
    return room


def test_the_real_send_after_a_staging_one_takes_up_those_it_left_out_and_nobody_twice(make_room):
    with smtp_server() as real, smtp_server() as trial:
        room = staged(make_room, real, trial)
        assert room.run("--profile", "staging", *ARMED, "0").json["already"] is True
        room.run("subscribers", "remove", "reader20@example.org", "--list", "weekly")
        add(room, "late@example.org")
        many = room.run("send", "i1", "--confirm", "weekly", "--max-recipients", "16", "--json", expect=5).json
        assert (many["error"]["code"], many["error"]["details"]["readers"]) == ("TOO-MANY", 17)
        assert stored(room) == {"accepted": 2, "skipped": 18}
        done = room.run(*ARMED, "1").json
        assert (done["state"], done["already"], sums(done)) == ("sent", False, {"accepted": 19, "skipped": 1})
        assert room.run(*ARMED, "0").json["already"] is True
        assert room.run("--profile", "staging", *ARMED, "0").json["already"] is True
        assert stored(room) == {"accepted": 19, "skipped": 1}
        assert sums(room.run("status", "i1", "--json").json) == {"accepted": 19, "skipped": 1}
    assert real.copies() == everybody(*range(3, 20))
    assert trial.copies() == everybody(1, 2)


def test_a_real_send_after_a_staging_one_that_is_killed_goes_on_over_the_real_server_only(make_room):
    with smtp_server(hang_at("message", after=5)) as real, smtp_server() as trial:
        room = staged(make_room, real, trial)
        sending = room.start(*ARMED, "0")
        real.wait_for(received=6, hanging=1, seconds=30)
        wait_until(lambda: stored(room).get("accepted", 0) >= 7, seconds=10, what="the answers stored")
        kill(sending)
        flying = in_flight(room)
        real.faults = ()
        real.release()
        assert room.run("--profile", "staging", "resume", "i1", "--json", expect=2).json["error"]["code"] == "USAGE"
        assert sums(room.run("resume", "i1", "--json", expect=9).json) == {
            "accepted": 20 - len(flying), "uncertain": len(flying)
        }  # fmt: skip
    copies = real.copies()
    assert set(copies) <= set(everybody(*range(3, 21)))
    assert {address: copies[address] for address in everybody(*range(3, 21)) if address not in flying} == {
        address: 1 for address in everybody(*range(3, 21)) if address not in flying
    }
    assert max(copies.values()) == 1
    assert trial.copies() == everybody(1, 2)
