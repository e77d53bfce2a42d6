"""The frame: global options on both sides, replies in five formats, errors in one shape."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import pytest
import typer

from newsletter_cli.cli import options
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.errors import ConfigError, RefusedError
from tests.cli.conftest import Runner

READERS = Listing(
    (
        Column("email"),
        Column("count", right=True),
        Column("joined"),
        Column("key", shown=False),
        Column("name", "Name and city", arabic=True),
    ),
    (
        ("reader1@example.org", 5, date(2026, 10, 1), "k1", "قارئة · دمشق"),
        ("r2@example.org", 1250, date(2026, 1, 2), "k2", "=1+1\x1b[31m"),
    ),
)


@command("try it", examples=("newsletter try it",), formats=LISTING)
def listing(run: Run) -> Reply:
    return Reply({"readers": [{"email": "reader1@example.org"}]}, listing=READERS)


@command("try it", examples=("newsletter try it",), changes=True, sends=True)
def change(run: Run, name: Annotated[str, typer.Argument(metavar="NAME")] = "x") -> Reply:
    run.out.say("working")
    run.confirm(f"Change {name}?")
    return Reply({"name": name, "at": run.clock()}, human=lambda: run.out.done("Changed."), next=("newsletter status",))


@command("try it", examples=("newsletter try it",))
def refused(run: Run) -> Reply:
    raise ConfigError(
        "SMTP-AUTH",
        "The mail server refused the password for news@example.org.",
        facts=[("server", "smtp.example.org:587 (STARTTLS)"), ("answer", "535 5.7.8 \x1b[2JInvalid\ncredentials")],
        fix="newsletter config set-secret smtp.password",
        details={"code": 535},
    )


@command("try it", examples=("newsletter try it",))
def broken(run: Run) -> Reply:
    raise ZeroDivisionError("postgresql://user:hunter2pass@host/db")


def test_for_people_a_listing_is_a_table_with_arabic_last_and_nothing_cut_in_a_pipe(run_command: Runner) -> None:
    assert run_command(listing).stdout == (
        "Email                Count  Joined      Name and city\n"
        "reader1@example.org      5  2026-10-01  قارئة · دمشق\n"
        "r2@example.org        1250  2026-01-02  =1+1[31m\n"
    )


def test_a_plain_listing_has_one_fact_per_line(run_command: Runner) -> None:
    assert run_command(listing, "--plain").stdout == (
        "Email          reader1@example.org\n"
        "Count          5\n"
        "Joined         2026-10-01\n"
        "Name and city  قارئة · دمشق\n"
        "\n"
        "Email          r2@example.org\n"
        "Count          1250\n"
        "Joined         2026-01-02\n"
        "Name and city  =1+1[31m\n"
    )


def test_a_listing_has_all_columns_in_csv_and_formulas_are_neutralised(run_command: Runner) -> None:
    assert run_command(listing, "--format", "csv").stdout == (
        "email,count,joined,key,name\n"
        "reader1@example.org,5,2026-10-01,k1,قارئة · دمشق\n"
        "r2@example.org,1250,2026-01-02,k2,'=1+1[31m\n"
    )


def test_a_listing_in_jsonl_is_one_object_a_line(run_command: Runner) -> None:
    lines = run_command(listing, "--format", "jsonl").stdout.splitlines()
    assert json.loads(lines[0]) == {
        "email": "reader1@example.org", "count": 5, "joined": "2026-10-01", "key": "k1", "name": "قارئة · دمشق",
    }  # fmt: skip
    assert len(lines) == 2


@pytest.mark.parametrize("asked", [("--json",), ("--format", "json"), ("--format=json",)])
def test_with_json_stdout_holds_one_document_and_nothing_else(run_command: Runner, asked: tuple[str, ...]) -> None:
    ran = run_command(listing, *asked)
    document = {"schema": "newsletter.try.it/1", "readers": [{"email": "reader1@example.org"}], "exit": 0}
    assert (json.loads(ran.stdout), ran.exit) == (document, 0)


def test_a_command_without_rows_refuses_a_format_for_rows(run_command: Runner) -> None:
    ran = run_command(change, "--yes", "--format", "csv")
    assert (ran.exit, ran.stdout) == (2, "")
    assert "table, json" in ran.stderr


def test_only_the_last_column_may_hold_arabic() -> None:
    with pytest.raises(ValueError, match="last column"):
        Listing((Column("name", arabic=True), Column("email")), ())


def test_a_name_in_json_is_kept_whole_but_cannot_act_on_a_terminal(run_command: Runner) -> None:
    name = "\x1b[31m\x9b2J\u202egpj\u2028\x7f قارئة"

    @command("try it", examples=())
    def named(run: Run) -> Reply:
        return Reply({"name": name})

    written = run_command(named, "--json").stdout
    assert json.loads(written)["name"] == name
    assert written.removesuffix("\n").isprintable()


def test_times_are_utc_durations_seconds_and_paths_text(run_command: Runner) -> None:
    @command("try it", examples=())
    def values(run: Run) -> Reply:
        return Reply(
            {
                "at": datetime(2026, 10, 14, 7, 0, tzinfo=UTC),
                "took": timedelta(minutes=2),
                "on": date(2026, 10, 14),
                "path": Path("a/b"),
                "several": ("a", "b"),
                "color": options.Color.AUTO,
            }
        )

    assert json.loads(run_command(values, "--json").stdout) == {
        "schema": "newsletter.try.it/1",
        "at": "2026-10-14T07:00:00Z", "took": 120.0, "on": "2026-10-14", "path": "a/b", "several": ["a", "b"],
        "color": "auto", "exit": 0,
    }  # fmt: skip


def test_talk_goes_to_stderr_and_the_result_to_stdout(run_command: Runner) -> None:
    ran = run_command(change, "--yes")
    assert (ran.stdout, ran.stderr) == ("✓ Changed.\n", "working\nNext   newsletter status\n")


def test_quiet_keeps_the_result_and_drops_the_talk(run_command: Runner) -> None:
    ran = run_command(change, "--yes", "-q")
    assert (ran.stdout, ran.stderr) == ("✓ Changed.\n", "")


def test_a_dry_run_ends_with_its_sentence_and_names_no_next_step(run_command: Runner) -> None:
    assert run_command(change, "--yes", "-n").stderr.splitlines() == ["working", "Dry run: nothing was changed."]


def test_log_lines_are_json_when_asked_for(run_command: Runner) -> None:
    lines = run_command(change, "--yes", "--log-format", "json").stderr.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"t": "2026-10-14T04:00:00Z", "level": "info", "event": "message", "text": "working"},
        {"t": "2026-10-14T04:00:00Z", "level": "info", "event": "next", "commands": ["newsletter status"]},
    ]


def test_an_error_says_what_where_what_left_and_what_to_do(run_command: Runner) -> None:
    ran = run_command(refused)
    assert (ran.exit, ran.stdout) == (4, "")
    assert ran.stderr == (
        "error[SMTP-AUTH] The mail server refused the password for news@example.org.\n"
        "  server   smtp.example.org:587 (STARTTLS)\n"
        "  answer   535 5.7.8 [2JInvalidcredentials\n"
        "  sent     Nothing was sent.\n"
        "  fix      newsletter config set-secret smtp.password\n"
        "  more     newsletter help smtp-auth\n"
    )


def test_an_error_is_one_json_document_when_asked_for(run_command: Runner) -> None:
    ran = run_command(refused, "--json")
    assert (ran.exit, ran.stderr) == (4, "")
    assert json.loads(ran.stdout) == {
        "schema": "newsletter.error/1",
        "error": {
            "code": "SMTP-AUTH",
            "exit": 4,
            "message": "The mail server refused the password for news@example.org.",
            "sent": 0,
            "fix": "newsletter config set-secret smtp.password",
            "details": {
                "server": "smtp.example.org:587 (STARTTLS)",
                "answer": "535 5.7.8 \x1b[2JInvalid\ncredentials",
                "code": 535,
            },
        },
        "exit": 4,
    }


def test_an_error_speaks_arabic_when_asked_for_but_labels_and_commands_stay_latin(run_command: Runner) -> None:
    lines = run_command(refused, "--lang", "ar").stderr.splitlines()
    assert lines[3:] == [
        "  sent     لم يُرسَل شيء.",
        "  fix      newsletter config set-secret smtp.password",
        "  more     newsletter help smtp-auth",
    ]


@pytest.mark.parametrize("words", [("--nope",), ("one", "two"), ("--color", "pink")])
def test_what_the_parser_refuses_has_the_same_shape(run_command: Runner, words: tuple[str, ...]) -> None:
    ran = run_command(change, *words)
    assert (ran.exit, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error[USAGE] ")
    assert "newsletter try it --help" in ran.stderr.split("fix")[1].splitlines()[0]


def test_what_the_parser_refuses_is_json_when_asked_for_anywhere(run_command: Runner) -> None:
    document = json.loads(run_command(change, "--nope", "--json").stdout)
    assert (document["schema"], document["error"]["code"], document["exit"]) == ("newsletter.error/1", "USAGE", 2)


def test_a_bug_prints_two_lines_and_leaves_a_crash_file_without_secrets(run_command: Runner, tmp_path: Path) -> None:
    ran = run_command(broken, "--profile", "s3cr3t-in-argv", env={"NEWSLETTER_SMTP__PASSWORD": "s3cr3t-in-argv"})
    [crash] = (tmp_path / "state/newsletter/crash").iterdir()
    assert (ran.exit, len(ran.stderr.splitlines())) == (1, 2)
    assert str(crash) in ran.stderr
    text = crash.read_text(encoding="utf-8")
    assert "ZeroDivisionError" in text
    assert "hunter2pass" not in text
    assert "s3cr3t-in-argv" not in text
    assert crash.stat().st_mode & 0o777 == 0o600


def test_very_verbose_adds_the_traceback_of_a_bug(run_command: Runner) -> None:
    assert "Traceback" not in run_command(broken, "-v").stderr
    shown = run_command(broken, "-vv").stderr
    assert "Traceback" in shown
    assert "hunter2pass" not in shown


def test_ctrl_c_ends_with_130_and_one_line(run_command: Runner) -> None:
    @command("try it", examples=())
    def stopped(run: Run) -> Reply:
        raise KeyboardInterrupt

    assert (run_command(stopped).exit, run_command(stopped).stderr) == (130, "Interrupted.\n")
    assert json.loads(run_command(stopped, "--json").stdout)["exit"] == 130


def test_a_broken_connection_that_nobody_expected_is_a_bug_and_not_a_closed_pipe(run_command: Runner) -> None:
    @command("try it", examples=())
    def breaks(run: Run) -> Reply:
        raise BrokenPipeError(32, "Broken pipe")

    ran = run_command(breaks)
    assert (ran.exit, ran.stderr.splitlines()[0][:10]) == (1, "error[BUG]")


def test_a_refusal_before_the_command_was_called_is_told_too(run_command: Runner) -> None:
    @command("try it", examples=(), exits=(5,))
    def stops(run: Run) -> Reply:
        raise RefusedError("NOT-LIVE", "This newsroom is not live.", fix="newsletter config go-live")

    ran = run_command(stops)
    assert ran.exit == 5
    assert "  sent     Nothing was sent.\n" in ran.stderr


# --- global options ------------------------------------------------------------------------------------------------


def test_flags_add_up_and_of_two_values_the_later_wins() -> None:
    levels = [
        {"global_json": True, "global_verbose": 1, "global_color": options.Color.NEVER, "global_lang": None},
        {"global_json": False, "global_verbose": 1, "global_color": options.Color.ALWAYS, "global_lang": None},
    ]
    assert options.merge(levels) == {"json": True, "verbose": 2, "color": options.Color.ALWAYS}


def test_the_environment_fills_what_no_option_said() -> None:
    env = {
        "NEWSLETTER_PROFILE": "staging", "NEWSLETTER_NO_INPUT": "1", "NEWSLETTER_ACCESSIBLE": "1",
        "NEWSLETTER_LANG": "ar", "NEWSLETTER_LOG_FORMAT": "json",
    }  # fmt: skip
    assert options.with_environment({}, env) == options.Globals(
        profile="staging", no_input=True, plain=True, lang=options.Lang.AR, log_format=options.LogFormat.JSON
    )
    given = {"profile": "live", "lang": options.Lang.EN, "log_format": options.LogFormat.TEXT}
    assert options.with_environment(given, env | {"NEWSLETTER_NO_INPUT": "0"}) == options.Globals(
        profile="live", plain=True, lang=options.Lang.EN, log_format=options.LogFormat.TEXT
    )


def test_an_error_of_the_parser_finds_the_options_by_a_look_at_the_words() -> None:
    words = ["--lang=ar", "x", "--format", "csv", "--format", "json", "--", "--plain"]
    assert options.guess(words) == {
        "json": False, "plain": False, "quiet": False, "format": "json", "lang": options.Lang.AR, "color": None,
        "log_format": None,
    }  # fmt: skip
