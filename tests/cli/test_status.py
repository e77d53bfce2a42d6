"""What status says of a send, of what holds it back, and where it goes on."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli.status import status
from newsletter_cli.delivery.holder import hold
from newsletter_cli.delivery.states import ChunkState, SendState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import warmup
from tests.cli.conftest import Runner
from tests.conftest import WEDNESDAY as NOW
from tests.delivery.rows import put_chunk, put_lane, put_send

MINUTE = timedelta(minutes=1)


@pytest.fixture
def told(run_command: Runner, newsroom_folder: Path) -> Any:
    """told("i1") → the lines for people; told("i1", "--json") → the document."""

    def tell(*words: str) -> Any:
        ran = run_command(status, *words, cwd=newsroom_folder)
        assert ran.exit == 0, ran.stderr
        return json.loads(ran.stdout) if "--json" in words else ran.stdout.splitlines()

    return tell


def test_nothing_is_said_in_one_line(sqlite_storage: Storage, told: Any) -> None:
    assert told() == ["Nothing runs, nothing waits, nothing was sent yet."]
    assert told("--json") == {
        "schema": "newsletter.status/1", "sending": [], "waiting": [], "due": [], "inbound_unread": 0,
        "unconfirmed": 0, "last": None, "lanes": [], "warmup": None, "exit": 0,
    }  # fmt: skip


def test_a_send_that_runs_is_told_with_its_process_and_the_time_left(
    sqlite_storage: Storage, newsroom_folder: Path, told: Any
) -> None:
    with hold(newsroom_folder / "data" / "holders") as holder:
        send_id = put_send(sqlite_storage, "2026-w42", now=NOW, holder=holder.name)
        put_chunk(sqlite_storage, send_id, total=1000, accepted=240, retry=5, failed=5)
        # 245 have their answer in a minute: the 750 who wait take three minutes more.
        assert told() == [f"Now       2026-w42 → weekly    sending   25 %   3 min 4 s left   by {holder.name}"]
        (document,) = told("--json")["sending"]
        assert (document["holder"], document["eta_s"], document["canary"]) == (holder.name, 184, None)


def test_nobody_guesses_the_time_left_in_the_first_seconds(
    sqlite_storage: Storage, newsroom_folder: Path, told: Any
) -> None:
    with hold(newsroom_folder / "data" / "holders") as holder:
        send_id = put_send(sqlite_storage, "2026-w42", now=NOW, holder=holder.name, started=NOW - timedelta(seconds=14))
        put_chunk(sqlite_storage, send_id, total=1000, accepted=240)
        assert told("--json")["sending"][0]["eta_s"] is None


def test_the_set_rate_bounds_the_guess(sqlite_storage: Storage, newsroom_folder: Path, told: Any) -> None:
    with hold(newsroom_folder / "data" / "holders") as holder:
        send_id = put_send(sqlite_storage, "2026-w42", now=NOW, holder=holder.name, options={"rate": "2/s"})
        put_chunk(sqlite_storage, send_id, total=1000, accepted=400)
        assert told("--json")["sending"][0]["eta_s"] == 300


def test_a_send_without_its_process_says_who_takes_it_up(sqlite_storage: Storage, told: Any) -> None:
    left = put_send(sqlite_storage, "left", now=NOW)
    put_chunk(sqlite_storage, left, total=100, accepted=40)
    later = put_send(sqlite_storage, "later", now=NOW)
    put_chunk(sqlite_storage, later, total=100, accepted=59, retry=41, not_before=NOW + 40 * MINUTE)
    paused = put_send(sqlite_storage, "paused", now=NOW, state=SendState.PAUSED, reason="TOO-MANY-FAILURES")
    put_chunk(sqlite_storage, paused, total=100, accepted=40)
    assert told() == [
        "Now       paused → weekly    paused   40 %   (TOO-MANY-FAILURES)",
        "          later → weekly     sending   99 %   41 to retry, next at 07:40   resume goes on",
        "          left → weekly      sending   40 %   its process is gone; resume takes it up",
    ]


def test_what_holds_a_send_back_is_told_in_words_and_in_the_document(
    sqlite_storage: Storage, newsroom_folder: Path, told: Any
) -> None:
    config = newsroom_folder / "newsletter.toml"
    text = config.read_text("utf-8").replace("[web]", "warmup = { first_day = 500, grow = 1.4 }\n\n[web]")
    config.write_text(text, "utf-8")
    send_id = put_send(sqlite_storage, "2026-w42", now=NOW, canary=25)
    put_chunk(sqlite_storage, send_id, total=25, canary=True, accepted=20)
    put_chunk(sqlite_storage, send_id, total=975)
    put_lane(sqlite_storage, "yahoo", now=NOW, resting_until=NOW + 9 * MINUTE, connections=1, why="421 4.7.0 slow")
    put_lane(sqlite_storage, "google", now=NOW, connections=1)
    with sqlite_storage.write() as connection:
        connection.execute(warmup.insert().values(day="2026-10-14", messages=500))
    assert told() == [
        "Now       2026-w42 → weekly    sending   2 %   its process is gone; resume takes it up",
        "          25 readers first; the rest waits for their answers",
        "Lanes     yahoo rests until 07:09 (421 4.7.0 slow)",
        "          google starts again with 1 connection",
        "Warm-up   today 500 of 500, the rest tomorrow",
    ]
    document = told("--json")
    assert document["sending"][0]["canary"] == {"size": 25, "passed": None}
    assert document["warmup"] == {"day": "2026-10-14", "messages": 500, "ceiling": 500}
    assert document["lanes"] == [
        {"key": "yahoo", "resting_until": "2026-10-14T04:09:00Z", "why": "421 4.7.0 slow", "connections": 1},
        {"key": "google", "resting_until": None, "why": "", "connections": 1},
    ]
    assert told("2026-w42") == [
        "2026-w42 → weekly     sending   2 %   its process is gone; resume takes it up",
        "    1,000 = 20 accepted + 0 failed + 0 uncertain + 0 skipped + 980 waiting",
        "  25 readers first; the rest waits for their answers",
        "  yahoo rests until 07:09 (421 4.7.0 slow)",
        "  google starts again with 1 connection",
        "  warm-up: today 500 of 500, the rest tomorrow",
    ]
    one = told("2026-w42", "--json")
    assert (one["canary"], one["lanes"], one["warmup"]) == (
        {"size": 25, "passed": None}, document["lanes"], document["warmup"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "lines"), [(5, ["          25 readers have answers; the rest begins at 07:05"]), (-5, [])]
)
def test_after_the_first_answers_the_rest_begins(
    sqlite_storage: Storage, told: Any, minutes: int, lines: list[str]
) -> None:
    send_id = put_send(sqlite_storage, "2026-w42", now=NOW, canary=25, canary_passed=NOW + minutes * MINUTE)
    put_chunk(sqlite_storage, send_id, total=25, canary=True, accepted=25)
    assert told()[1:] == lines


def test_many_lanes_are_counted_and_all_are_in_the_document(sqlite_storage: Storage, told: Any) -> None:
    for n in range(9):
        put_lane(sqlite_storage, f"d{n}.example", now=NOW, resting_until=NOW + 9 * MINUTE)
    assert told()[-2:] == ["          d4.example rests until 07:09", "          … and 4 more"]
    assert len(told("--json")["lanes"]) == 9


def test_the_exit_code_tells_what_goes_on(
    sqlite_storage: Storage, newsroom_folder: Path, run_command: Runner
) -> None:  # fmt: skip
    def code() -> int:
        return run_command(status, "--exit-code", cwd=newsroom_folder).exit

    assert code() == 0
    send_id = put_send(sqlite_storage, "2026-w42", now=NOW)
    assert code() == 7
    with hold(newsroom_folder / "data" / "holders") as holder:
        put_chunk(sqlite_storage, send_id, total=2, state=ChunkState.LEASED, holder=holder.name, lease_until=NOW)
        assert code() == 8
