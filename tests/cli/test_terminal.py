"""What reaches a terminal cannot move its cursor, break its lines or turn its direction."""

import io
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis.strategies import integers, text
from rich.cells import cell_len

from newsletter_cli.cli.terminal import (
    can_animate,
    cell,
    clean,
    clean_lines,
    clip,
    padded,
    plain_cell,
    wants_colour,
    wants_isolates,
)
from tests.cli.conftest import Terminal

HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]")


@given(text())
@example("\x1b[2J\x1b[31mred\x07\x9b31m")
@example("a\r\nb\u2028c")
@example("\u202egpj.exe")
@example("\udcff")
def test_no_text_keeps_a_character_that_could_do_harm(given_text: str) -> None:
    assert not HARMFUL.search(clean(given_text))
    assert not HARMFUL.search(clean_lines(given_text).replace("\n", "").replace("\u2068", "").replace("\u2069", ""))


@given(text())
def test_harmless_text_stays_as_it_is(given_text: str) -> None:
    harmless = HARMFUL.sub("", given_text)
    assert clean(harmless) == harmless


@given(text(), integers(0, 40))
@example("قارئة من دمشق", 6)
@example("e\u0301" * 20, 5)
@example("漢字漢字", 3)
def test_a_clipped_text_is_never_wider_than_its_place(given_text: str, width: int) -> None:
    assert cell_len(plain_cell(given_text, width)) <= width


def test_a_text_that_fits_is_not_clipped_and_a_longer_one_ends_with_an_ellipsis() -> None:
    assert (clip("wheat", 5), clip("wheat", 4)) == ("wheat", "whe…")


def test_markup_in_a_name_is_text_and_not_markup() -> None:
    drawn = cell("[red]x[/red] [link=http://x]")
    assert (drawn.plain, drawn.spans) == ("[red]x[/red] [link=http://x]", [])


def test_an_isolated_cell_is_clipped_before_its_marks_are_put_round_it() -> None:
    assert plain_cell("قارئة من دمشق", 6, isolate=True) == "\u2068قارئة…\u2069"


def test_padding_counts_what_is_drawn_and_not_how_many_characters_there_are() -> None:
    vowelled = "كَتَبَ"
    assert sum(not unicodedata.combining(letter) for letter in vowelled) == 3
    assert padded(vowelled, 5) == vowelled + "  "
    assert padded("12", 5, right=True) == "   12"


@pytest.mark.parametrize(
    ("env", "setting", "wanted"),
    [
        ({}, "auto", False),
        ({"VTE_VERSION": "7600"}, "auto", True),
        ({"KONSOLE_VERSION": "230800"}, "auto", True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, "auto", True),
        ({"TERM_PROGRAM": "vscode"}, "auto", False),
        ({"VTE_VERSION": "7600", "TMUX": "/tmp/tmux"}, "auto", False),
        ({"VTE_VERSION": "7600"}, "none", False),
        ({}, "isolate", True),
    ],
)
def test_isolates_are_used_only_where_they_help(env: dict[str, str], setting: str, wanted: bool) -> None:
    assert wants_isolates(env, setting) is wanted


@pytest.mark.parametrize("forcing", ["FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"])
def test_nothing_but_the_option_colours_a_pipe(forcing: str) -> None:
    pipe = io.StringIO()
    assert not wants_colour(pipe, {forcing: "1", "TERM": "xterm"}, choice="auto", plain=False)
    assert wants_colour(pipe, {}, choice="always", plain=False)


@pytest.mark.parametrize(
    ("env", "plain", "wanted"),
    [
        ({"TERM": "xterm-256color"}, False, True),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, True),
        ({}, False, False),
    ],
)
def test_a_terminal_is_coloured_unless_somebody_minds(env: dict[str, str], plain: bool, wanted: bool) -> None:
    assert wants_colour(Terminal(), env, choice="auto", plain=plain) is wanted


@pytest.mark.parametrize(
    ("env", "plain", "quiet", "wanted"),
    [
        ({"TERM": "xterm"}, False, False, True),
        ({"TERM": "xterm"}, True, False, False),
        ({"TERM": "xterm"}, False, True, False),
        ({"TERM": "xterm", "CI": "true"}, False, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, False, False, False),
        ({}, False, False, False),
    ],
)
def test_the_live_view_needs_a_terminal_that_can_be_animated(
    env: dict[str, str], plain: bool, quiet: bool, wanted: bool
) -> None:
    assert can_animate(Terminal(), env, plain=plain, quiet=quiet) is wanted
    assert not can_animate(io.StringIO(), env, plain=plain, quiet=quiet)
