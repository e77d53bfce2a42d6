"""The live view keeps its place: twelve lines at most, none too wide, and the last one says what Ctrl-C does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, text
from rich.cells import cell_len

from newsletter_cli.cli.progress import Header, RowCount, Snapshot, lane_sentence
from newsletter_cli.cli.view import bar, view_lines
from newsletter_cli.delivery.lanes import LaneView

START = datetime(2026, 10, 14, 8, 2, 10, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Damascus")
HEADER = Header(
    digest="2026-w42", list="weekly", total=12480, version="9c1f40d2", started=START, since=START, by="editor",
    rate="10/s", limit=10.0, zone=ZONE,
)  # fmt: skip
FOOTER = "Ctrl-C pauses after the 32 messages now on the wire. Closing this window does the same."
DOMAINS = (
    RowCount("gmail.com", 5102, 38, 4),
    RowCount("yahoo.com", 1100, 2, 7),
    RowCount("outlook.com", 648, 1, 1),
    RowCount("example.org", 400, 0, 3),
    RowCount("a.example", 400, 0, 3),
    RowCount("others", 400, 0, 3),
)
RESTS = ("yahoo.com rests until 11:13 (421 4.7.0 too many messages)",)


def after(seconds: float, **counts: Any) -> Snapshot:
    return Snapshot(at=START + timedelta(seconds=seconds), **counts)


SENDING = after(560, accepted=8050, retry=41, failed=21, rows=DOMAINS, standing=RESTS)


def test_it_shows_what_the_editor_needs() -> None:
    assert view_lines(HEADER, SENDING, 9.8, width=100, footer=FOOTER) == (
        "2026-w42 → weekly     sending                                            started 11:02:10 by editor",
        "   65 % ━━━━━━━━━━━━━━━━━━━╸──────────  8,112 of 12,480      7 min left",
        "  accepted 8,050   to retry 41   failed 21   skipped 0   uncertain 0      9.8 per second of 10",
        "  Domain           accepted   retry   failed",
        "  gmail.com           5,102      38        4",
        "  yahoo.com           1,100       2        7",
        "  outlook.com           648       1        1",
        "  example.org           400       0        3",
        "  others                800       0        6",
        "  yahoo.com rests until 11:13 (421 4.7.0 too many messages)",
        "Ctrl-C pauses after the 32 messages now on the wire. Closing this window does the same.",
    )


def test_at_80_columns_the_speed_has_a_line_of_its_own_and_the_last_line_is_wrapped() -> None:
    assert view_lines(HEADER, SENDING, 9.8, width=80, footer=FOOTER) == (
        "2026-w42 → weekly     sending                        started 11:02:10 by editor",
        "   65 % ━━━━━━━━━━━━━━━━━━━╸──────────  8,112 of 12,480      7 min left",
        "  accepted 8,050   to retry 41   failed 21   skipped 0   uncertain 0",
        "  9.8 per second of 10",
        "  Domain           accepted   retry   failed",
        "  gmail.com           5,102      38        4",
        "  yahoo.com           1,100       2        7",
        "  outlook.com           648       1        1",
        "  others              1,200       0        9",
        "  yahoo.com rests until 11:13 (421 4.7.0 too many messages)",
        "Ctrl-C pauses after the 32 messages now on the wire. Closing this window does",
        "the same.",
    )


def test_a_narrow_terminal_gets_one_line() -> None:
    assert view_lines(HEADER, after(560, accepted=8112), 9.8, width=50, footer=FOOTER) == (
        "2026-w42  65 %  8,112/12,480  7 min left",
    )
    assert view_lines(HEADER, after(560, accepted=8112), 9.8, width=30, footer=FOOTER) == (
        "2026-w42  65 %  8,112/12,480…",
    )


@pytest.mark.parametrize(("height", "kept"), [(3, 1), (5, 5), (8, 7), (40, 12)])
def test_on_a_low_terminal_the_last_line_stays_and_the_table_goes(height: int, kept: int) -> None:
    lines = view_lines(HEADER, SENDING, 9.8, width=80, height=height, footer=FOOTER)
    assert len(lines) == kept
    assert kept == 1 or lines[-2:] == (
        "Ctrl-C pauses after the 32 messages now on the wire. Closing this window does", "the same.",
    )  # fmt: skip


def test_a_last_line_of_two_parts_keeps_them_apart() -> None:
    lines = view_lines(HEADER, after(1), 0.0, width=80, footer="Ctrl-C stops watching.\nnewsletter pause")
    assert lines[-2:] == ("Ctrl-C stops watching.", "newsletter pause")


def test_a_send_that_is_taken_up_again_says_so() -> None:
    header = replace(HEADER, began="resumed", rows="Domain (this run)")
    lines = view_lines(header, SENDING, 9.8, width=80, footer=FOOTER)
    assert lines[0] == "2026-w42 → weekly     sending                        resumed 11:02:10 by editor"
    assert lines[4] == "  Domain (this run)   accepted   retry   failed"


def test_one_domain_needs_no_table() -> None:
    lines = view_lines(HEADER, after(60, accepted=600, rows=DOMAINS[:1]), 10.0, width=100, footer=FOOTER)
    assert len(lines) == 4


def test_a_row_is_not_replaced_by_a_sum_of_one() -> None:
    lines = view_lines(HEADER, after(60, accepted=600, rows=DOMAINS[:5]), 10.0, width=100, footer=FOOTER)
    assert [line.split()[0] for line in lines[4:-1]] == [row.name for row in DOMAINS[:5]]


def test_what_rests_beyond_three_lines_is_counted() -> None:
    standing = tuple(f"d{n}.example rests until 11:13" for n in range(7))
    lines = view_lines(HEADER, after(60, standing=standing), 0.0, width=100, footer=FOOTER)
    assert lines[3:-1] == ("  d0.example rests until 11:13", "  d1.example rests until 11:13", "  … and 5 more")


def test_a_long_name_leaves_the_numbers_alone() -> None:
    rows = (RowCount("x" * 300, 5, 6, 7), RowCount("a.example", 1, 2, 3))
    lines = view_lines(HEADER, after(60, rows=rows), 0.0, width=60, footer="")
    assert lines[-2:] == (
        f"  {'x' * 29}…          5       6        7",
        f"  {'a.example':<30}          1       2        3",
    )


def test_only_those_to_retry_are_left_is_said_instead_of_a_time() -> None:
    lines = view_lines(HEADER, after(1260, accepted=12439, retry=41), 0.0, width=100)
    assert lines[1] == "   99 % ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸  12,480 of 12,480      only those to retry are left"


@given(
    width=integers(1, 200), height=integers(1, 60), name=text(),
    counts=lists(integers(0, 10**6), min_size=5, max_size=5),
)  # fmt: skip
def test_it_is_never_wider_or_higher_than_its_place(width: int, height: int, name: str, counts: list[int]) -> None:
    accepted, retry, failed, skipped, uncertain = counts
    header = replace(HEADER, digest=name, total=sum(counts) + 1)
    snapshot = Snapshot(
        at=START + timedelta(minutes=1), accepted=accepted, retry=retry, failed=failed, skipped=skipped,
        uncertain=uncertain, rows=tuple(RowCount(name, n, n, n) for n in counts), standing=(name,) * 4,
    )  # fmt: skip
    lines = view_lines(header, snapshot, 3.0, width=width, height=height, footer="x" * 300)
    assert len(lines) <= min(12, height)
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, "──────────"), (50, "━━━━━─────"), (55, "━━━━━╸────"), (100, "━" * 10)]
)
def test_the_bar_is_as_long_as_its_share(share: int, drawn: str) -> None:
    assert bar(share, 10) == drawn


@pytest.mark.parametrize(
    ("lane", "sentence"),
    [
        (LaneView("yahoo", START + timedelta(minutes=11), "421 4.7.0 \x1b[2Jslow", 1),
         "yahoo rests until 11:13 (421 4.7.0 [2Jslow)"),
        (LaneView("yahoo", START + timedelta(hours=20), "", 1), "yahoo rests until 2026-10-15 07:02"),
        (LaneView("", START + timedelta(minutes=11), "", 1), "everybody else rests until 11:13"),
        (LaneView("google", START, "421", 1), "google starts again with 1 connection"),
        (LaneView("google", None, "", 3), "google starts again with 3 connections"),
        (LaneView("google", START, "421", None), ""),
    ],
)  # fmt: skip
def test_a_lane_says_what_holds_it_back(lane: LaneView, sentence: str) -> None:
    assert lane_sentence(lane, START, ZONE) == sentence
