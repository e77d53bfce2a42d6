"""`newsletter db restore`: a copy put back, nothing sent with it until a person says that its original is gone."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from newsletter_cli.cli import db, restore
from newsletter_cli.delivery import past
from newsletter_cli.errors import BusyError
from newsletter_cli.storage.schema import chunk, delivery, digest, list_, send, subscriber, subscription, version
from newsletter_cli.subscribers.leave import Leave, LeaveKind
from newsletter_cli.subscribers.leaves import Leaves
from tests.conftest import WEDNESDAY, Place

Run = Callable[..., Any]


def begin_a_send(place: Place) -> None:
    """Three readers: one has it, one waits, one is on the wire."""
    with place.open() as storage, storage.write() as connection:

        def add(table: Any, **values: object) -> int:
            return int(connection.execute(insert(table).values(values)).inserted_primary_key[0])

        weekly = add(list_, slug="weekly", created=WEDNESDAY)
        issue = add(digest, slug="2026-w42", list="weekly", created=WEDNESDAY)
        connection.execute(
            insert(version).values(
                hash="a", digest_id=issue, content="{}", subject="حصاد", articles=[], created=WEDNESDAY
            )
        )
        begun = add(send, digest_id=issue, version="a", list_id=weekly, state="sending", key_number=1,
                    created=WEDNESDAY, started=WEDNESDAY)  # fmt: skip
        part = add(chunk, send_id=begun, state="leased", total=3, accepted=1, flights=2, in_flight="[[3, 1]]",
                   holder="gone", lease_until=WEDNESDAY)  # fmt: skip
        for n, outcome in enumerate(("accepted", "waiting", "waiting"), 1):
            address = f"reader{n}@example.org"
            who = add(subscriber, key=address, address=address, domain="example.org", created=WEDNESDAY)
            on = add(subscription, list_id=weekly, subscriber_id=who, status="active", joined=WEDNESDAY)
            add(delivery, send_id=begun, chunk_id=part, subscriber_id=who, subscription_id=on, address=address,
                domain="example.org", outcome=outcome)  # fmt: skip


def outcomes(place: Place) -> list[str]:
    with place.open() as storage, storage.read() as connection:
        return list(connection.execute(select(delivery.c.outcome).order_by(delivery.c.id)).scalars())


@pytest.fixture
def run(run_command: Run, sqlite_place: Place) -> Run:
    return lambda command, *argv, **how: run_command(command, *argv, cwd=sqlite_place.root, **how)


@pytest.fixture
def copy(run: Run, sqlite_place: Place) -> Path:
    """A backup of the send half-way through; afterwards the original went on to its end."""
    begin_a_send(sqlite_place)
    made = Path(json.loads(run(db.backup, "--json").stdout)["path"])
    with sqlite_place.open() as storage, storage.write() as connection:
        connection.execute(delivery.update().values(outcome="accepted"))
    return made


def demand_present(place: Place) -> None:
    with place.open() as storage:
        past.demand_present(storage, place.root / "data" / "holders", by="me", now=WEDNESDAY)


def test_a_copy_is_put_back_paused_and_nothing_is_sent_with_it(run: Run, sqlite_place: Place, copy: Path) -> None:
    ran = run(restore.restore, copy.name, "--yes", "--json")
    document = json.loads(ran.stdout)
    assert (ran.exit, document["paused"], document["original_gone"]) == (0, ["2026-w42"], False)
    assert [Path(path).name.endswith("-before-restore.db") for path in document["kept"]] == [True]
    assert outcomes(sqlite_place) == ["accepted", "waiting", "waiting"]
    with pytest.raises(BusyError):
        demand_present(sqlite_place)


def test_the_word_that_the_original_is_gone_makes_the_others_uncertain(
    run: Run, sqlite_place: Place, copy: Path
) -> None:
    run(restore.restore, copy.name, "--yes")
    ran = run(restore.restore, "--original-gone", "--yes")
    assert ran.exit == 0
    assert "2 readers may or may not have got 2026-w42: uncertain." in ran.stdout
    assert outcomes(sqlite_place) == ["accepted", "uncertain", "uncertain"]
    demand_present(sqlite_place)
    again = run(restore.restore, "--original-gone", "--yes", "--json")
    assert json.loads(again.stdout)["uncertain"] == 0


def test_both_in_one_step(run: Run, sqlite_place: Place, copy: Path) -> None:
    ran = run(restore.restore, str(copy), "--original-gone", "--yes", "--json")
    assert (json.loads(ran.stdout)["uncertain"], outcomes(sqlite_place)) == (2, ["accepted", "uncertain", "uncertain"])


def test_who_left_since_is_off_the_list_in_the_copy_too(run: Run, sqlite_place: Place, copy: Path) -> None:
    Leaves(sqlite_place.root).record(Leave(kind=LeaveKind.LEFT, at=WEDNESDAY, subscription=2, reason="one-click"))
    ran = run(restore.restore, copy.name, "--yes")
    assert "1 reader had left since: followed." in ran.stdout
    with sqlite_place.open() as storage, storage.read() as connection:
        assert list(connection.execute(select(subscription.c.status)).scalars()) == ["active", "unsubscribed", "active"]


def test_a_person_is_asked_and_a_script_gives_yes(run: Run, sqlite_place: Place, copy: Path) -> None:
    before = outcomes(sqlite_place)
    silent = run(restore.restore, copy.name, "--json")
    assert (silent.exit, json.loads(silent.stdout)["error"]["code"]) == (3, "NOT-CONFIRMED")
    assert run(restore.restore, copy.name, typed="n\n", terminal=True).exit == 3
    assert run(restore.restore, "--original-gone", typed="لا\n", terminal=True).exit == 3
    assert outcomes(sqlite_place) == before
    assert run(restore.restore, copy.name, typed="نعم\n", terminal=True).exit == 0


def test_a_dry_run_changes_nothing(run: Run, sqlite_place: Place, copy: Path) -> None:
    before = sorted((sqlite_place.root / "data").rglob("*"))
    assert run(restore.restore, copy.name, "--dry-run").exit == 0
    assert run(restore.restore, "--original-gone", "--dry-run").exit == 0
    demand_present(sqlite_place)
    assert sorted(path for path in (sqlite_place.root / "data").rglob("*") if "holders" not in str(path)) == before


def test_while_others_use_the_newsroom_it_is_busy(run: Run, sqlite_place: Place, copy: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(sqlite_place.open())
        ran = run(restore.restore, copy.name, "--yes", "--json")
    assert (ran.exit, json.loads(ran.stdout)["error"]["code"]) == (8, "BUSY")


def test_without_a_file_or_a_word_it_asks_which(run: Run) -> None:
    assert json.loads(run(restore.restore, "--json").stdout)["error"]["code"] == "USAGE"
    assert json.loads(run(restore.restore, "none.db", "--json").stdout)["error"]["code"] == "NOT-FOUND"
    ran = run(restore.restore, "data/newsletter.db", "--yes", "--json")
    assert json.loads(ran.stdout)["error"]["message"] == "That is the present database itself."


def test_on_postgresql_only_the_word_is_taken(run_command: Run, postgresql_place: Place) -> None:
    env = {"NEWSLETTER_STORAGE__DATABASE": postgresql_place.database}
    begin_a_send(postgresql_place)
    refused = run_command(restore.restore, "copy.db", "--yes", "--json", cwd=postgresql_place.root, env=env)
    assert json.loads(refused.stdout)["error"]["code"] == "USAGE"
    ran = run_command(restore.restore, "--original-gone", "--yes", "--json", cwd=postgresql_place.root, env=env)
    assert (ran.exit, json.loads(ran.stdout)["uncertain"]) == (0, 2)
    assert outcomes(postgresql_place) == ["accepted", "uncertain", "uncertain"]
