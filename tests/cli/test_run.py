"""What one invocation works with: found when asked for, closed at the end, speaking as the settings say."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli.exits import Exit, worst
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.run import login_name
from newsletter_cli.settings import SecretForm, SecretSource
from tests.cli.conftest import Runner


@command("try it", examples=())
def ask_newsroom(run: Run) -> Reply:
    return Reply({"root": run.newsroom.root})


def test_the_newsroom_is_told_when_it_is_not_the_current_folder(run_command: Runner, newsroom_folder: Path) -> None:
    inside = newsroom_folder / "articles"
    assert run_command(ask_newsroom, cwd=newsroom_folder).stderr == ""
    for ran in (
        run_command(ask_newsroom, cwd=inside),
        run_command(ask_newsroom, "-C", str(newsroom_folder)),
        run_command(ask_newsroom, env={"NEWSLETTER_PROJECT": str(newsroom_folder)}),
    ):
        assert ran.stderr == f"Newsroom   {newsroom_folder}\n"
    ended = run_command(ask_newsroom, "--json", "-q", cwd=inside)
    assert (json.loads(ended.stdout)["root"], ended.stderr) == (str(newsroom_folder), "")


def test_without_a_newsroom_the_error_says_how_to_get_one(run_command: Runner) -> None:
    ran = run_command(ask_newsroom)
    assert ran.exit == 4
    assert ran.stderr.startswith("error[NO-PROJECT]")


@command("try it", examples=())
def moment(run: Run) -> Reply:
    found = run.settings.newsroom.id
    return Reply({"id": found}, human=lambda: run.out.result(f"{found} {run.out.cell(run.clock())}"))


def test_times_are_shown_in_the_zone_of_the_newsroom(run_command: Runner, newsroom_folder: Path) -> None:
    assert run_command(moment, cwd=newsroom_folder).stdout == "akhbar 2026-10-14 07:00\n"


@command("try it", examples=(), changes=True)
def speak(run: Run) -> Reply:
    assert run.settings.newsroom.id == "akhbar"
    return Reply()


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        ((), {}, "تجربة فقط: لم يتغيّر شيء.\n"),
        (("--lang", "en"), {}, "Dry run: nothing was changed.\n"),
        ((), {"NEWSLETTER_LANG": "en"}, "Dry run: nothing was changed.\n"),
    ],
)
def test_the_settings_choose_the_language_where_nobody_else_did(
    run_command: Runner, newsroom_folder: Path, words: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    config = newsroom_folder / "newsletter.toml"
    config.write_text(config.read_text(encoding="utf-8") + '\n[ui]\nlanguage = "ar"\n', encoding="utf-8")
    assert run_command(speak, "-n", *words, cwd=newsroom_folder, env=env).stderr == said


def test_the_settings_choose_the_form_of_log_lines(run_command: Runner, newsroom_folder: Path) -> None:
    config = newsroom_folder / "newsletter.toml"
    config.write_text(config.read_text(encoding="utf-8") + '\n[log]\nformat = "json"\n', encoding="utf-8")
    assert json.loads(run_command(speak, "-n", cwd=newsroom_folder).stderr)["event"] == "dry-run"
    assert run_command(speak, "-n", "--log-format", "text", cwd=newsroom_folder).stderr.startswith("Dry run")


def test_a_secret_that_was_fetched_is_in_no_output(run_command: Runner, newsroom_folder: Path) -> None:
    source = SecretSource(SecretForm.ENV, "MAIL_PASS", key="smtp.password")

    @command("try it", examples=())
    def leaky(run: Run) -> Reply:
        secret = run.secret(source)
        run.out.say(f"password {secret}")
        run.out.detail(f"AUTH PLAIN {secret}")
        return Reply({"secret": secret}, human=lambda: run.out.result(f"it is {secret}"))

    env = {"MAIL_PASS": "hunter2 «قمح»"}
    for words in ((), ("-vv",), ("--json",), ("--log-format", "json", "-vv")):
        ran = run_command(leaky, *words, cwd=newsroom_folder, env=env)
        assert ran.exit == 0
        assert "hunter2" not in ran.stdout + ran.stderr


def test_a_password_in_the_environment_is_in_no_output_once_the_settings_are_read(
    run_command: Runner, newsroom_folder: Path
) -> None:
    @command("try it", examples=())
    def leaky(run: Run) -> Reply:
        assert run.settings.smtp.host
        raise ZeroDivisionError(run.env["NEWSLETTER_SMTP__PASSWORD"])

    env = {"NEWSLETTER_SMTP__PASSWORD": "hunter2-hunter2"}
    ran = run_command(leaky, "-vv", cwd=newsroom_folder, env=env)
    [crash] = (newsroom_folder / "data" / "crash").iterdir()
    assert ran.exit == 1
    assert "hunter2" not in ran.stdout + ran.stderr + crash.read_text(encoding="utf-8")


def test_the_database_is_opened_once_and_closed_at_the_end(run_command: Runner, sqlite_place: Any) -> None:
    seen: list[Any] = []

    @command("try it", examples=())
    def look(run: Run) -> Reply:
        seen.extend((run.storage, run.storage))
        run.keep(seen, lambda kept: kept.append("closed"))
        return Reply({"dialect": run.storage.dialect})

    assert json.loads(run_command(look, "--json", cwd=sqlite_place.root).stdout)["dialect"] == "sqlite"
    assert seen[0] is seen[1]
    assert seen[2:] == ["closed"]


def test_a_database_that_is_missing_is_told_with_its_code(run_command: Runner, newsroom_folder: Path) -> None:
    @command("try it", examples=())
    def look(run: Run) -> Reply:
        return Reply({"dialect": run.storage.dialect})

    assert run_command(look, cwd=newsroom_folder).stderr.startswith("error[DATABASE-VERSION]")


def test_the_user_is_the_one_named_or_the_account() -> None:
    assert login_name({"LOGNAME": "editor", "USER": "root"}) == "editor"
    assert login_name({"USERNAME": "ops"}) == "ops"
    assert login_name({}) != ""


@pytest.mark.parametrize(("value", "stops"), [("1", True), ("yes", True), ("0", False), ("", False), ("no", False)])
def test_no_send_is_off_only_when_it_says_so(run_command: Runner, value: str, stops: bool) -> None:
    @command("try it", examples=())
    def tell(run: Run) -> Reply:
        return Reply({"no_send": run.no_send})

    assert json.loads(run_command(tell, "--json", env={"NEWSLETTER_NO_SEND": value}).stdout)["no_send"] is stops


def test_of_several_codes_of_a_send_the_gravest_wins() -> None:
    assert worst((6, 9)) is Exit.UNCERTAIN
    assert worst((9, 7, 6)) is Exit.TRY_AGAIN
    assert worst((7, 4)) is Exit.CONFIG
    assert worst((4, 130)) is Exit.INTERRUPTED
    assert worst(()) is Exit.OK
