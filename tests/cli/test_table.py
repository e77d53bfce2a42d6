"""Tables: on a terminal that reorders right-to-left text, columns and dates stay where they are."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis.strategies import lists, sampled_from, text, tuples
from rich.cells import cell_len

from newsletter_cli.cli.table import Column, Listing, lines
from newsletter_cli.cli.terminal import clean

COLUMNS = (
    Column("email"), Column("readers", right=True), Column("joined"), Column("by"), Column("title", arabic=True),
)  # fmt: skip
WORDS = sampled_from(
    (
        "reader1@example.org", "قارئ@example.org", "قارئة من دمشق", "أخبار 2026-10-01 و 12%", "AFP أ.ف.ب", "١٢ ٣٤",
        "שלום", "(x)", "",
    )
)  # fmt: skip
ROW = tuples(WORDS, sampled_from(["5", "12480"]), sampled_from(["2026-10-01"]), WORDS, WORDS)


def shown(rows: list[tuple[str, ...]], width: int | None = None, *, isolates: bool = False) -> tuple[str, ...]:
    return lines(Listing(COLUMNS, rows), clean, width, isolates=isolates)


def as_drawn(line: str) -> list[str]:
    """The letters of a left-to-right line as a terminal with bidi draws them (UAX 9, W2 to W7, N1, N2, L2, level 0).

    Enough of it for lines without isolates: each run between the first and the last letter of right-to-left text
    that no Latin letter interrupts is turned round, its numbers kept in order.
    """
    kinds = [unicodedata.bidirectional(letter) for letter in line]
    strong = "L"
    levels: list[int | None] = []
    for kind in kinds:
        if kind in ("L", "R", "AL"):
            strong = "R" if kind in ("R", "AL") else "L"
        if kind in ("R", "AL"):
            levels.append(1)
        elif kind == "AN" or (kind == "EN" and strong == "R"):
            levels.append(2)
        elif kind in ("L", "EN"):
            levels.append(0)
        else:
            levels.append(None)
    resolved = [_neutral(levels, place) if level is None else level for place, level in enumerate(levels)]
    return _reordered(list(line), resolved)


def _neutral(levels: list[int | None], place: int) -> int:
    before = next((level for level in reversed(levels[:place]) if level is not None), 0)
    after = next((level for level in levels[place + 1 :] if level is not None), 0)
    return 1 if before > 0 and after > 0 else 0


def _reordered(letters: list[str], levels: list[int]) -> list[str]:
    for level in (2, 1):
        start = 0
        while start < len(letters):
            end = start
            while end < len(letters) and levels[end] >= level:
                end += 1
            letters[start:end] = reversed(letters[start:end])
            start = end + 1
    return letters


def test_the_simulation_swaps_columns_when_arabic_stands_in_the_middle() -> None:
    assert "".join(as_drawn("ab  قا  2026  ور  cd")) == "ab  رو  2026  اق  cd"


@given(lists(ROW, min_size=1, max_size=5))
@example([("قارئ@example.org", "5", "2026-10-01", "محرّرة", "أخبار 2026-10-01")])
def test_columns_and_dates_stay_in_place_whatever_the_cells_hold(rows: list[tuple[str, ...]]) -> None:
    head, *drawn = shown(rows)
    last = head.index("Title")
    for line in drawn:
        assert as_drawn(line)[:last] == list(line[:last])
        assert "2026-10-01" in line[:last]


@given(lists(tuples(text(max_size=20), *[text(max_size=9)] * 4), min_size=1, max_size=4))
def test_every_row_is_one_line_and_its_columns_begin_below_their_heads(rows: list[tuple[str, ...]]) -> None:
    assert len(shown(rows)) == len(rows) + 1
    assert all("\n" not in line for line in shown(rows))


def test_what_was_moved_to_the_end_is_still_there() -> None:
    assert shown([("قارئ@example.org", "5", "2026-10-01", "ops", "عنوان")])[1] == (
        "→            5  2026-10-01  ops  قارئ@example.org · عنوان"
    )


@pytest.mark.parametrize(("isolates", "end"), [(False, "…"), (True, "…\u2069")])
def test_on_a_narrow_terminal_the_last_column_is_cut_before_it_is_marked(isolates: bool, end: str) -> None:
    row = ("reader1@example.org", "5", "2026-10-01", "ops", "ما الذي تغيّر في أسعار القمح؟")
    line = shown([row], 60, isolates=isolates)[1]
    assert line.startswith("reader1@example.org        5  2026-10-01  ops  ")
    assert line.endswith(end)
    assert 58 <= cell_len(clean(line)) <= 60


def test_without_rows_there_is_no_head_either() -> None:
    assert shown([]) == ()
