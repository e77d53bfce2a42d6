"""`newsletter config`: looking, changing, secrets, going live."""

import json
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends import fail

from newsletter_cli.cli import config
from newsletter_cli.storage.acts import acts
from tests.conftest import Place

Run = Callable[..., Any]


@pytest.fixture
def run(run_command: Run, sqlite_place: Place) -> Run:
    """run(command, *argv) in a newsroom whose database is migrated and empty."""
    return lambda command, *argv, **given: run_command(command, *argv, cwd=sqlite_place.root, **given)


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """The keyring of whoever runs the tests is not written to."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def toml(sqlite_place: Place) -> Path:
    return sqlite_place.root / "newsletter.toml"


def document(ran: Any) -> dict[str, Any]:
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


# --- looking


def test_show_lists_every_setting_with_its_origin(run: Run) -> None:
    ran = run(config.show, "--json", env={"NEWSLETTER_SMTP__RATE": "5/s"})
    settings = {entry["key"]: entry for entry in document(ran)["settings"]}
    assert settings["smtp.rate"] == {
        "key": "smtp.rate", "value": "5/s", "origin": "environment NEWSLETTER_SMTP__RATE",
    }  # fmt: skip
    assert settings["smtp.port"]["origin"].startswith("newsletter.toml:")
    assert settings["smtp.timeout"] == {"key": "smtp.timeout", "value": "30s", "origin": "default"}


def test_show_of_a_section_for_people(run: Run) -> None:
    assert run(config.show, "log", "smtp.port").stdout == (
        "Key            Value\nsmtp.port      1025\nlog.format     text\nlog.addresses  short\n"
    )
    assert run(config.show, "log", "--origin").stdout == (
        "Key            Origin   Value\nlog.format     default  text\nlog.addresses  default  short\n"
    )


def test_show_as_csv(run: Run) -> None:
    assert run(config.show, "log", "--format", "csv").stdout == (
        "key,value,origin\nlog.format,text,default\nlog.addresses,short,default\n"
    )


def test_show_of_what_there_is_not(run: Run) -> None:
    ran = run(config.show, "lgo", "--json")
    assert (ran.exit, document(ran)["error"]["code"], document(ran)["error"]["fix"]) == (4, "CONFIG-KEY", "write log")


def test_get_gives_the_value_alone(run: Run) -> None:
    assert run(config.get, "smtp.port").stdout == "1025\n"
    assert run(config.get, "team.test_to").stdout == "[]\n"
    assert run(config.get, "lists.weekly.title").stdout == "النشرة الأسبوعية\n"
    assert document(run(config.get, "smtp.port", "--json"))["value"] == 1025


def test_secrets_are_dots_everywhere(run: Run) -> None:
    env = {"NEWSLETTER_SMTP__PASSWORD": "geheim-7", "NEWSLETTER_STORAGE__DATABASE": "postgresql://a:geheim-8@h/n"}
    for command, argv in ((config.show, ()), (config.show, ("--json",)), (config.get, ("smtp",)),
                          (config.get, ("smtp.password",)), (config.get, ("storage.database", "--json"))):  # fmt: skip
        ran = run(command, *argv, env=env)
        assert ran.exit == 0
        assert "geheim" not in ran.stdout + ran.stderr


def test_the_schema_is_json(run: Run) -> None:
    assert json.loads(run(config.schema).stdout)["title"] == "newsletter.toml"
    assert document(run(config.schema, "--json"))["json_schema"]["title"] == "newsletter.toml"


# --- changing


def test_set_says_what_changed_and_how_to_undo_it(run: Run, toml: Path) -> None:
    ran = run(config.set_, "smtp.port", "2525")
    assert (ran.exit, ran.stdout) == (0, "✓ smtp.port   2525\n")
    assert ran.stderr == "Undo   newsletter config set smtp.port 1025\n"
    assert tomllib.loads(toml.read_text())["smtp"]["port"] == 2525
    again = run(config.set_, "smtp.timeout", "5s", "--json")
    assert document(again) == {
        "schema": "newsletter.config.set/1", "key": "smtp.timeout", "value": "5s", "before": None, "exit": 0,
    }  # fmt: skip


def test_set_says_when_something_else_wins(run: Run) -> None:
    ran = run(config.set_, "smtp.port", "2525", env={"NEWSLETTER_SMTP__PORT": "26"})
    assert ran.exit == 0
    assert "! environment NEWSLETTER_SMTP__PORT says 26, and that holds here." in ran.stderr


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [("smtp.prot", "1", "CONFIG-KEY"), ("smtp.port", "0", "CONFIG-VALUE"), ("safety.live", "true", "CONFIG-VALUE"),
     ("smtp.password", "geheim-7", "CONFIG-VALUE"), ("smtp.host", "smtp.example.org", "CONFIG-VALUE")],
)  # fmt: skip
def test_set_refuses_what_cannot_be(run: Run, toml: Path, key: str, value: str, code: str) -> None:
    before = toml.read_bytes()
    ran = run(config.set_, key, value, "--json")
    assert (ran.exit, document(ran)["error"]["code"]) == (4, code)
    assert "geheim-7" not in ran.stdout + ran.stderr
    assert toml.read_bytes() == before


def test_a_dry_run_of_set_only_checks(run: Run, toml: Path) -> None:
    before = toml.read_bytes()
    ran = run(config.set_, "smtp.port", "2525", "--dry-run")
    assert (ran.exit, ran.stdout) == (0, "key       smtp.port\nwas       1025\nwould be  2525\n")
    assert toml.read_bytes() == before
    assert run(config.set_, "smtp.port", "0", "--dry-run").exit == 4


def test_set_can_correct_a_file_that_cannot_be_loaded(run: Run, toml: Path) -> None:
    toml.write_text(toml.read_text(encoding="utf-8").replace("1025", "0"), encoding="utf-8")
    assert run(config.get, "smtp.port").exit == 4
    assert run(config.set_, "smtp.port", "1025").exit == 0
    assert run(config.get, "smtp.port").stdout == "1025\n"


def test_a_secret_from_stdin_goes_into_a_private_file(run: Run, toml: Path) -> None:
    ran = run(config.set_secret, "smtp.password", typed="geheim-7\nmore\n")
    path = toml.parent / "data" / "secrets" / "smtp.password"
    assert (ran.exit, ran.stdout) == (0, "✓ smtp.password is in data/secrets/smtp.password.\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("geheim-7\n", 0o600)
    assert tomllib.loads(toml.read_text())["smtp"]["password"] == {"file": "data/secrets/smtp.password"}


def test_a_plain_password_in_the_file_is_taken_out_by_set_secret(run: Run, toml: Path) -> None:
    text = toml.read_text(encoding="utf-8").replace("[smtp]\n", '[smtp]\npassword = "geheim-7"\n')
    toml.write_text(text, encoding="utf-8")
    refused = run(config.get, "smtp.port")
    assert (refused.exit, "geheim-7" in refused.stderr) == (4, False)
    assert run(config.set_secret, "smtp.password", typed="geheim-8\n").exit == 0
    assert "geheim" not in toml.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("argv", "typed", "terminal", "code"),
    [(("smtp.host",), "x\n", False, "CONFIG-KEY"), (("smtp.password",), "", False, "NOT-CONFIRMED"),
     (("smtp.password",), "\n", False, "NOT-CONFIRMED"), (("smtp.password",), "x\n", True, "NOT-CONFIRMED")],
)  # fmt: skip
def test_set_secret_needs_a_secret_and_a_place_for_it(
    run: Run, toml: Path, argv: tuple[str, ...], typed: str, terminal: bool, code: str
) -> None:
    before = toml.read_bytes()
    ran = run(config.set_secret, *argv, "--json", typed=typed, terminal=terminal)
    assert document(ran)["error"]["code"] == code
    assert toml.read_bytes() == before


# --- checking and going live


def test_check_of_a_newsroom_in_order(run: Run) -> None:
    ran = run(config.check, "--json", env={"NEWSLETTER_WEB__PUBLIC_URL": "https://news.example.org"})
    assert document(ran) == {
        "schema": "newsletter.config.check/1", "findings": [], "problems": 0, "warnings": 0, "exit": 0,
    }  # fmt: skip
    said = run(config.check, env={"NEWSLETTER_WEB__PUBLIC_URL": "https://news.example.org"})
    assert said.stdout == "✓ The settings are in order.\n"


def test_check_lists_all_problems_with_their_lines(run: Run, toml: Path) -> None:
    toml.write_text("[smtp]\nprot = 1\nport = 0\n")
    ran = run(config.check, "--json")
    found = document(ran)
    assert (ran.exit, found["problems"]) == (4, 2)
    assert [finding["text"].split(" ")[0] for finding in found["findings"]] == [
        "newsletter.toml:2:",
        "newsletter.toml:3:",
    ]
    assert run(config.check).stdout.endswith("2 problems, 0 warnings. Nothing was sent.\n")


@pytest.mark.parametrize(
    ("env", "part", "level", "word"),
    [
        ({"NEWSLETTER_SENDER__FROM": "news@example.test"}, "project", "problem", "sender.from"),
        ({"NEWSLETTER_TEAM__TEST_TO": '["a..b@example.org"]'}, "project", "problem", "team.test_to"),
        ({"NEWSLETTER_SMTP__USERNAME": "news"}, "smtp", "problem", "no password"),
        ({"NEWSLETTER_SMTP__USERNAME": "news", "NEWSLETTER_SMTP__PASSWORD": "{ env = 'NOPE' }"},
         "smtp", "problem", "NOPE"),
        ({"NEWSLETTER_SMTP__HOST": ""}, "smtp", "warning", "smtp.host"),
        ({"NEWSLETTER_WEB__PUBLIC_URL": "http://news.example.org:80/x"}, "web", "warning", "https"),
        ({"NEWSLETTER_WEB__PUBLIC_URL": "http://[::1]:8400"}, "web", "warning", "elsewhere"),
        ({"NEWSLETTER_NEWSROOM__LOGO": "logo.png"}, "project", "warning", "logo.png"),
    ],
)  # fmt: skip
def test_check_knows_what_the_shape_alone_does_not_show(
    run: Run, env: dict[str, str], part: str, level: str, word: str
) -> None:
    ran = run(config.check, "--json", env={"NEWSLETTER_WEB__PUBLIC_URL": "https://news.example.org"} | env)
    (finding,) = document(ran)["findings"]
    assert (finding["part"], finding["level"], word in finding["text"]) == (part, level, True)
    assert ran.exit == (4 if level == "problem" else 0)


def test_going_live_by_name(run: Run, toml: Path, sqlite_place: Place) -> None:
    ran = run(config.go_live, "--confirm", "akhbar", "--json")
    found = document(ran)
    assert (ran.exit, found["newsroom"], found["live"]) == (0, "akhbar", True)
    assert len(found["warnings"]) == 1
    assert tomllib.loads(toml.read_text(encoding="utf-8"))["safety"] == {"live": True}
    with sqlite_place.open() as storage, storage.read() as connection:
        assert [(act.what, act.by) for act in acts(connection)] == [("went live", "editor")]
    assert [path.name for path in (sqlite_place.root / "data" / "backups").iterdir()] != []
    again = run(config.go_live, "--confirm", "akhbar")
    assert (again.exit, again.stdout) == (0, "✓ akhbar is live already. Nothing to do.\n")


def test_going_live_shows_sender_and_server_and_that_it_was_not_tried(run: Run) -> None:
    ran = run(config.go_live, "--confirm", "akhbar")
    assert ran.stdout == "✓ akhbar is live: mail can leave.\n"
    assert "  from      أخبار الاختبار <news@example.org>\n" in ran.stderr
    assert "  server    127.0.0.1:1025 (none); not tried here\n" in ran.stderr


@pytest.mark.parametrize(
    ("argv", "typed", "terminal", "code"),
    [((), "", False, "NOT-CONFIRMED"), (("--yes",), "", False, "NOT-CONFIRMED"),
     (("--confirm", "other"), "", False, "WRONG-COUNT"), ((), "other\n", True, "WRONG-COUNT"),
     ((), "\n", True, "NOT-CONFIRMED")],
)  # fmt: skip
def test_nothing_but_the_id_goes_live(
    run: Run, toml: Path, argv: tuple[str, ...], typed: str, terminal: bool, code: str
) -> None:
    ran = run(config.go_live, *argv, typed=typed, terminal=terminal)
    assert (ran.exit, code in ran.stderr) == (3, True)
    assert "live" not in toml.read_text(encoding="utf-8")


def test_a_person_types_the_id(run: Run, toml: Path) -> None:
    assert run(config.go_live, typed="akhbar\n", terminal=True).exit == 0
    assert tomllib.loads(toml.read_text(encoding="utf-8"))["safety"]["live"] is True


def test_a_dry_run_does_not_go_live(run: Run, toml: Path) -> None:
    ran = run(config.go_live, "--dry-run", "--json")
    assert (ran.exit, document(ran)["live"]) == (0, False)
    assert "live" not in toml.read_text(encoding="utf-8")


def test_an_environment_that_forbids_it_is_said(run: Run) -> None:
    ran = run(config.go_live, "--confirm", "akhbar", "--json", env={"NEWSLETTER_SAFETY__LIVE": "false"})
    assert (ran.exit, document(ran)["live"]) == (0, False)
    assert "environment" in document(ran)["warnings"][-1]


def test_a_broken_template_stops_it(run: Run, toml: Path) -> None:
    (toml.parent / "templates" / "digest.html.j2").write_text("{{ artcle.title }}", encoding="utf-8")
    ran = run(config.go_live, "--confirm", "akhbar", "--json")
    error = document(ran)["error"]
    assert (ran.exit, error["details"]["problems"][0]["part"]) == (4, "templates")
    assert "templates/digest.html.j2:1" in error["message"]
    assert "live" not in toml.read_text(encoding="utf-8")


def test_a_damaged_database_stops_it(run: Run, toml: Path, sqlite_place: Place) -> None:
    path = sqlite_place.root / sqlite_place.database
    path.write_bytes(path.read_bytes()[:8192] + b"\xff" * 4096 + path.read_bytes()[12288:])
    ran = run(config.go_live, "--confirm", "akhbar", "--json")
    assert (ran.exit, document(ran)["error"]["details"]["problems"][0]["part"]) == (4, "database")
    assert "live" not in toml.read_text(encoding="utf-8")


def test_settings_with_a_problem_stop_it(run: Run, toml: Path) -> None:
    toml.write_text("[smtp]\nport = 0\n")
    ran = run(config.go_live, "--confirm", "akhbar", "--json")
    assert (ran.exit, document(ran)["error"]["code"]) == (4, "CONFIG-VALUE")
