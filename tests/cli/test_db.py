"""`newsletter db`: the database made, copied and examined from the command line, on each engine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from newsletter_cli.cli import db
from newsletter_cli.storage.revision import HEAD
from newsletter_cli.storage.schema import tag
from tests.conftest import SQLITE, Place


@pytest.fixture
def run(run_command: Callable[..., Any], place: Place) -> Callable[..., Any]:
    """run(command, *argv) in a newsroom whose database is migrated and empty."""
    env = {"NEWSLETTER_STORAGE__DATABASE": place.database}
    return lambda command, *argv: run_command(command, *argv, cwd=place.root, env=env)


def test_migrate_makes_a_database_and_then_has_nothing_to_do(
    run_command: Callable[..., Any], newsroom_folder: Path
) -> None:
    planned = run_command(db.migrate, "--dry-run", "--json", cwd=newsroom_folder)
    assert json.loads(planned.stdout)["before"] is None
    assert not (newsroom_folder / SQLITE).exists()
    made = run_command(db.migrate, cwd=newsroom_folder)
    assert (made.exit, made.stdout) == (0, "✓ Database made.\n")
    again = run_command(db.migrate, "--json", cwd=newsroom_folder)
    assert json.loads(again.stdout) == {
        "schema": "newsletter.db.migrate/1", "before": HEAD, "after": HEAD, "backup": None, "exit": 0,
    }  # fmt: skip


def test_backup_names_the_copy(run: Callable[..., Any], place: Place) -> None:
    ran = run(db.backup, "--json")
    document = json.loads(ran.stdout)
    path = Path(document["path"])
    assert (ran.exit, path.parent) == (0, place.root / "data" / "backups")
    assert document["bytes"] == path.stat().st_size
    assert document["removed"] == []


def test_a_dry_run_copies_nothing(run: Callable[..., Any], place: Place) -> None:
    ran = run(db.backup, "--dry-run")
    assert ran.exit == 0
    assert not (place.root / "data" / "backups").exists()


def test_check_finds_a_sound_database_sound(run: Callable[..., Any]) -> None:
    ran = run(db.check)
    assert (ran.exit, ran.stdout) == (0, "✓ The database is sound.\n")


def test_check_lists_what_is_wrong_and_exits_with_4(run_command: Callable[..., Any], sqlite_place: Place) -> None:
    with sqlite_place.open() as storage, storage.slices() as slices:
        with slices.aside() as connection:
            driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        with slices.write() as connection:
            connection.execute(insert(tag).values(subscriber_id=99, tag="sport"))
    ran = run_command(db.check, "--json", cwd=sqlite_place.root)
    problems = json.loads(ran.stdout)["problems"]
    assert (ran.exit, [problem["text"] for problem in problems]) == (
        4, ["names a row of subscriber that does not exist"],
    )  # fmt: skip
    assert "names a row of subscriber" in run_command(db.check, cwd=sqlite_place.root).stdout


def test_a_database_of_another_version_is_refused_before_anything_else(run: Callable[..., Any], place: Place) -> None:
    with place.open() as storage, storage.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for command in (db.check, db.backup, db.migrate):
        ran = run(command, "--json")
        error = json.loads(ran.stdout)["error"]
        assert (ran.exit, error["code"]) == (4, "DATABASE-VERSION")
