"""An issue's report, and that issue beside those before it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli.comparing import share
from newsletter_cli.cli.report import report
from newsletter_cli.delivery.states import SendState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import act
from tests.cli.conftest import Runner
from tests.conftest import WEDNESDAY as NOW
from tests.delivery.rows import SUBJECT, put_chunk, put_send

WEEK = timedelta(days=7)


@pytest.fixture
def issues(sqlite_storage: Storage) -> None:
    """Four issues of a list, a week apart; the third is paused, and of the last 25 have left the list."""
    for week, (state, counts) in enumerate(
        [
            (SendState.SENT, {"accepted": 12380, "failed": 11}),
            (SendState.SENT, {"accepted": 12390, "failed": 19, "uncertain": 1, "skipped": 30}),
            (SendState.PAUSED, {"accepted": 6200}),
            (SendState.SENT, {"accepted": 12431, "failed": 21, "uncertain": 2, "skipped": 26}),
        ]
    ):
        began = NOW - (4 - week) * WEEK
        ended = began + timedelta(minutes=21, seconds=14) if state is SendState.SENT else None
        send_id = put_send(sqlite_storage, f"w{week + 1}", now=began, state=state, started=began, ended=ended)
        put_chunk(sqlite_storage, send_id, total=12400 if state is SendState.PAUSED else sum(counts.values()), **counts)
    left = [timedelta(hours=1)] * 25 + [timedelta(hours=49), -timedelta(hours=1)]
    with sqlite_storage.write() as connection:
        for later in left:
            connection.execute(
                act.insert().values(at=NOW - WEEK + later, by="reader", what="unsubscribed", list="weekly")
            )


@pytest.fixture
def ask(run_command: Runner, newsroom_folder: Path) -> Any:
    return lambda *words: run_command(report, *words, cwd=newsroom_folder)


def test_a_report_adds_up_and_tells_the_share_of_those_who_left(issues: None, ask: Any) -> None:
    assert ask("w4").stdout.splitlines() == [
        "w4 → weekly     sent-with-gaps 2026-10-07 07:00–07:21, 21 min 14 s, by editor",
        "    12,480 = 12,431 accepted + 21 failed + 2 uncertain + 26 skipped",
        "  First 48 hours     unsubscribed 25 (0.20 %)",
    ]


def test_an_issue_stands_above_those_before_it(issues: None, ask: Any) -> None:
    assert ask("w4", "--compare", "2").stdout.splitlines()[3:] == [
        "",
        "Digest  Sent        Readers  Accepted  Failed  Uncertain  Skipped  Unsubscribed  Took         Subject",
        f"w4      2026-10-07   12,480   99.61 %  0.17 %     0.02 %   0.21 %        0.20 %  21 min 14 s  {SUBJECT}",
        f"w3      2026-09-30   12,400   50.00 %     0 %        0 %      0 %           0 %  paused       {SUBJECT}",
        f"w2      2026-09-23   12,440   99.60 %  0.15 %     0.01 %   0.24 %           0 %  21 min 14 s  {SUBJECT}",
    ]


def test_the_numbers_are_in_the_document_and_in_csv(issues: None, ask: Any) -> None:
    document = json.loads(ask("w4", "--compare", "1", "--json").stdout)
    assert document["digest"] == "w4"
    assert document["compare"] == [
        {
            "digest": "w3", "version": "00000000", "state": "paused", "started": "2026-09-30T04:00:00Z", "ended": None,
            "seconds": None, "rate": None, "later": {"unsubscribed": 0},
            "recipients": {"total": 12400, "accepted": 6200, "failed": 0, "uncertain": 0, "skipped": 0,
                           "waiting": 6200, "retry": 0},
        }
    ]  # fmt: skip
    assert ask("w2", "--compare", "9", "--format", "csv").stdout == (
        "digest,state,started,readers,accepted,failed,uncertain,skipped,left,unsubscribed,seconds,subject\n"
        f"w2,sent-with-gaps,2026-09-23T04:00:00Z,12440,12390,19,1,30,0,0,1274.0,{SUBJECT}\n"
        f"w1,sent-with-gaps,2026-09-16T04:00:00Z,12391,12380,11,0,0,0,0,1274.0,{SUBJECT}\n"
    )


def test_the_first_issue_has_nothing_beside_it(issues: None, ask: Any) -> None:
    assert ask("w1", "--compare", "4").stdout.splitlines()[-1] == "  weekly got nothing before it."


@pytest.mark.parametrize("words", [("--compare", "2"), ("w4", "--compare", "2", "--recipients", "failed")])
def test_what_makes_no_sense_is_refused(issues: None, ask: Any, words: tuple[str, ...]) -> None:
    assert ask(*words).exit == 2


@pytest.mark.parametrize(
    ("count", "total", "told"),
    [(0, 100, "0 %"), (100, 100, "100 %"), (1, 10**6, "0.01 %"), (10**6 - 1, 10**6, "99.99 %"), (0, 0, "0 %")],
)
def test_a_share_never_looks_like_none_or_all(count: int, total: int, told: str) -> None:
    assert share(count, total) == told
