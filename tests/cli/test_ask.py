"""Questions are asked only where somebody can answer, and understand digits and words of both languages."""

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from, text

from newsletter_cli.cli.ask import read_number, read_yes
from newsletter_cli.cli.frame import Reply, Run, command
from tests.cli.conftest import Runner

DIGITS = {"latn": "0123456789", "arab": "٠١٢٣٤٥٦٧٨٩", "arabext": "۰۱۲۳۴۵۶۷۸۹"}


@given(
    integers(0, 10**7), sampled_from(sorted(DIGITS)), sampled_from(["", ",", "٬", ".", " ", "\u00a0", "\u202f", "'"])
)
def test_a_number_is_read_in_any_digits_and_with_any_separator(number: int, system: str, separator: str) -> None:
    typed = f"{number:,}".replace(",", separator).translate(str.maketrans("0123456789", DIGITS[system]))
    assert read_number(f"\u200f {typed} ") == number


@given(text())
def test_anything_typed_is_a_number_or_none(typed: str) -> None:
    read = read_number(typed)
    assert read is None or read >= 0


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("y", True),
        ("YES", True),
        (" نعم ", True),
        ("\u200fنعم", True),
        ("n", False),
        ("No", False),
        ("لا", False),
        ("maybe", None),
    ],
)
def test_yes_and_no_are_understood_in_english_and_arabic(typed: str, meant: bool | None) -> None:
    assert read_yes(typed) is meant


@command("try it", examples=(), changes=True, sends=True)
def confirm(run: Run) -> Reply:
    run.confirm("Import 1,131?")
    return Reply(human=lambda: run.out.result("imported"))


@command("try it", examples=(), sends=True)
def count(run: Run) -> Reply:
    run.ask_number(12480, "Type the number of readers to send, or Enter to stop", "--confirm weekly")
    return Reply(human=lambda: run.out.result("sent"))


@pytest.mark.parametrize("typed", ["y\n", "yes\n", "نعم\n", "what?\ny\n"])
def test_a_person_who_says_yes_goes_on(run_command: Runner, typed: str) -> None:
    ran = run_command(confirm, typed=typed, terminal=True)
    assert (ran.exit, ran.stdout) == (0, "imported\n")
    assert ran.stderr.startswith("Import 1,131? [y/N] ")


@pytest.mark.parametrize("typed", ["n\n", "لا\n", "\n", "a\nb\nc\n"])
def test_a_person_who_does_not_say_yes_stops_with_3(run_command: Runner, typed: str) -> None:
    ran = run_command(confirm, typed=typed, terminal=True)
    assert (ran.exit, ran.stdout) == (3, "")
    assert "error[NOT-CONFIRMED]" in ran.stderr
    assert "Nothing was sent." in ran.stderr


def test_the_end_of_the_input_is_no_answer(run_command: Runner) -> None:
    ran = run_command(confirm, typed="", terminal=True)
    assert ran.exit == 3
    assert "add: --yes" in ran.stderr


@pytest.mark.parametrize("words", [(), ("--no-input",), ("--json",)])
def test_without_a_terminal_or_when_forbidden_nothing_is_asked_and_the_flag_is_named(
    run_command: Runner, words: tuple[str, ...]
) -> None:
    ran = run_command(confirm, *words, typed="y\n", terminal=bool(words))
    assert ran.exit == 3
    assert "[y/N]" not in ran.stdout + ran.stderr
    assert "add: --yes" in ran.stdout + ran.stderr


def test_the_environment_can_forbid_questions(run_command: Runner) -> None:
    assert run_command(confirm, typed="y\n", terminal=True, env={"NEWSLETTER_NO_INPUT": "1"}).exit == 3


def test_yes_answers_a_moderate_question_without_a_terminal(run_command: Runner) -> None:
    assert run_command(confirm, "-y").stdout == "imported\n"


@pytest.mark.parametrize("typed", ["12480\n", "12,480\n", "١٢٤٨٠\n", "۱۲۴۸۰\n"])
def test_the_right_number_in_any_digits_goes_on(run_command: Runner, typed: str) -> None:
    assert run_command(count, typed=typed, terminal=True).exit == 0


def test_a_wrong_number_is_told_and_sends_nothing(run_command: Runner) -> None:
    ran = run_command(count, typed="12840\n", terminal=True)
    assert ran.exit == 3
    assert "error[WRONG-COUNT] That is not 12,480.\n" in ran.stderr
    assert "Nothing was sent." in ran.stderr


def test_yes_never_stands_for_a_typed_number(run_command: Runner) -> None:
    ran = run_command(count, "--yes")
    assert ran.exit == 3
    assert "add: --confirm weekly" in ran.stderr


def test_a_choice_is_made_by_its_number_and_gives_the_value(run_command: Runner) -> None:
    @command("try it", examples=())
    def choose(run: Run) -> Reply:
        language = run.ask_choice("Language:", (("en", "English"), ("ar", "العربية")), "--language")
        return Reply(human=lambda: run.out.result(language))

    assert run_command(choose, typed="٢\n", terminal=True).stdout == "ar\n"
    assert run_command(choose, typed="7\nx\n\n", terminal=True).exit == 3


def test_a_wrong_confirm_value_is_wrong_and_a_right_one_asks_nothing(run_command: Runner) -> None:
    @command("try it", examples=())
    def live(run: Run) -> Reply:
        run.ask_name("akhbar", "Type akhbar", "--confirm akhbar", given="weekly")
        return Reply()

    ran = run_command(live)
    assert ran.exit == 3
    assert "error[WRONG-COUNT] That is not akhbar." in ran.stderr
    assert "sent" not in ran.stderr
