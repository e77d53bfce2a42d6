"""`newsletter log`: who did what, one line per act, in the newsroom's zone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from newsletter_cli.cli.log import log
from newsletter_cli.storage import schema
from newsletter_cli.storage.acts import note
from tests.cli.conftest import Ran, Runner

TESTED = "to 2 addresses (9c1f40d2)"
MONDAY = datetime(2026, 10, 12, 7, 51, tzinfo=UTC)


@pytest.fixture
def show(place: Any, run_command: Runner) -> Any:
    """log(…words) in a newsroom whose database holds a few acts."""
    with place.open() as storage, storage.write() as connection:
        reader = connection.execute(
            insert(schema.subscriber).values(
                key="reader1@example.org", address="Reader1@example.org", domain="example.org", created=MONDAY
            )
        ).inserted_primary_key
        assert reader is not None
        for act in (
            {"at": datetime(2025, 12, 31, 20, 0, tzinfo=UTC), "by": "ops", "what": "created", "list": "weekly"},
            {
                "at": MONDAY,
                "by": "محرّرة",
                "what": "tested",
                "digest": "2026-w42",
                "details": "to 2 addresses (9c1f40d2)",
            },
            {"at": MONDAY, "by": "ops", "what": "tagged", "subscriber_id": reader[0], "details": "+sport\x1b[31m"},
        ):
            note(connection, **act)
    env = {"NEWSLETTER_STORAGE__DATABASE": place.database}

    def run(*words: str) -> Ran:
        return run_command(log, *words, env=env, cwd=place.root)

    return run


def test_a_digest_has_its_acts(show: Any) -> None:
    ran = show("2026-w42")
    assert (ran.exit, ran.stdout) == (0, "10-12 10:51 tested to 2 addresses (9c1f40d2)  محرّرة\n")


def test_a_list_has_its_acts_and_another_year_is_told(show: Any) -> None:
    assert show("weekly").stdout == "2025-12-31 23:00 ops  created\n"


def test_a_reader_has_theirs_however_the_address_is_spelled(show: Any) -> None:
    assert show("READER1@Example.org").stdout == "10-12 10:51 ops  tagged +sport[31m\n"


def test_alone_it_shows_the_latest_with_what_they_are_about(show: Any) -> None:
    assert show("--limit", "2").stdout == (
        "10-12 10:51 2026-w42 tested to 2 addresses (9c1f40d2)  محرّرة\n10-12 10:51 ops  tagged +sport[31m\n"
    )


def test_in_json_every_act_is_an_object(show: Any) -> None:
    document = json.loads(show("2026-w42", "--json").stdout)
    assert document == {
        "schema": "newsletter.log/1",
        "about": "2026-w42",
        "log": [
            {
                "at": "2026-10-12T07:51:00Z", "by": "محرّرة", "what": "tested", "digest": "2026-w42", "list": "",
                "details": "to 2 addresses (9c1f40d2)",
            },
        ],
        "exit": 0,
    }  # fmt: skip


@pytest.mark.parametrize("about", ["2026-w43", "nobody@example.org"])
def test_what_nobody_ever_touched_is_not_found(show: Any, about: str) -> None:
    ran = show(about)
    assert (ran.exit, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error[NOT-FOUND]")


def test_what_is_no_address_is_a_usage_error(show: Any) -> None:
    assert show("a@@b").stderr.startswith("error[USAGE]")


def test_outside_a_newsroom_there_is_no_log(run_command: Runner, outside: Path) -> None:
    assert run_command(log).stderr.startswith("error[NO-PROJECT]")
