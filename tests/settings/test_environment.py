"""Settings from the environment."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from, text

from newsletter_cli.errors import ConfigError
from newsletter_cli.settings import Rate, SecretForm, Settings
from newsletter_cli.settings.environment import NO_SETTINGS, read_environment
from newsletter_cli.settings.layers import leaves
from newsletter_cli.settings.reading import plain_tree
from tests.settings.conftest import Load

Refused = Callable[..., ConfigError]


@pytest.mark.parametrize(
    ("name", "value", "key", "read"),
    [
        ("SMTP__HOST", "localhost", "smtp.host", "localhost"),
        ("SMTP__PORT", "25", "smtp.port", 25),
        ("SMTP__RELAY_SIGNS", "no", "smtp.relay_signs", False),
        ("SMTP__TIMEOUT", "5s", "smtp.timeout", timedelta(seconds=5)),
        ("SMTP__RATE", "off", "smtp.rate", ()),
        ("SMTP__RATE", "500/hour", "smtp.rate", (Rate(500, 3600),)),
        ("SMTP__RATE", '["10/s", "500/hour"]', "smtp.rate", (Rate(10, 1), Rate(500, 3600))),
        ("SMTP__RETRY", '["1s", "2s"]', "smtp.retry", (timedelta(seconds=1), timedelta(seconds=2))),
        ("SMTP__PER_DOMAIN", '{ "gmail.com" = "5/s" }', "smtp.per_domain", {"gmail.com": (Rate(5, 1),)}),
        ("SENDER__FROM", "أخبار <news@example.org>", "sender.from_", "أخبار <news@example.org>"),
        ("NEWSROOM__NAME", '"quoted"', "newsroom.name", '"quoted"'),
        ("WEB__FORMS__MIN_SECONDS", "9", "web.forms.min_seconds", 9),
        ("CHECK__SIZE__WARN", "50 KB", "check.size.warn", 51_200),
        ("CHECK__LEVELS", '{ R208 = "off" }', "check.levels", {"R208": "off"}),
        ("TEAM__TEST_TO", '["a@b.org"]', "team.test_to", ("a@b.org",)),
        ("SAFETY__MAX_RECIPIENTS", "1_000", "safety.max_recipients", 1000),
    ],
)  # fmt: skip
def test_any_setting_is_read_by_its_type(load: Load, name: str, value: str, key: str, read: object) -> None:
    loaded = load("", env={f"NEWSLETTER_{name}": value})
    found: Any = loaded.settings
    for word in key.split("."):
        found = getattr(found, word)
    assert found == read
    assert loaded.origins[key.removesuffix("_")] == f"environment NEWSLETTER_{name}"


def test_a_nested_table_is_put_together(load: Load) -> None:
    env = {
        "NEWSLETTER_SMTP__DKIM__SELECTOR": "s1",
        "NEWSLETTER_SMTP__DKIM__DOMAIN": "example.org",
        "NEWSLETTER_SMTP__DKIM__KEY_FILE": "data/dkim.pem",
    }
    dkim = load("", env=env).settings.smtp.dkim
    assert dkim is not None
    assert (dkim.selector, dkim.domain, dkim.key_file) == ("s1", "example.org", "data/dkim.pem")


def test_an_underscore_stands_for_the_dash_of_a_name_in_use(load: Load) -> None:
    text = '[lists.breaking-news]\ntitle = "a"\n[lists."x.y"]\ntitle = "b"\n[check.levels]\nR208 = "off"'
    env = {
        "NEWSLETTER_LISTS__BREAKING_NEWS__TITLE": "new a",
        "NEWSLETTER_LISTS__X_Y__TITLE": "new b",
        "NEWSLETTER_CHECK__LEVELS__R208": "note",
        "NEWSLETTER_SEGMENTS__THE_FEW": "tag:vip",
    }
    settings = load(text, env=env).settings
    assert {slug: one.title for slug, one in settings.lists.items()} == {"breaking-news": "new a", "x.y": "new b"}
    assert settings.check.levels == {"R208": "note"}
    assert settings.segments == {"the-few": "tag:vip"}


def test_a_value_can_lie_in_a_file(load: Load, root: Path, tmp_path: Path) -> None:
    (root / "host").write_text("localhost\n")
    (tmp_path / "password").write_text("first\nsecond\n")
    env = {"NEWSLETTER_SMTP__HOST_FILE": "host", "NEWSLETTER_SMTP__PASSWORD_FILE": str(tmp_path / "password")}
    loaded = load("", env=env)
    assert (loaded.settings.smtp.host, loaded.origins["smtp.host"]) == (
        "localhost", "environment NEWSLETTER_SMTP__HOST_FILE",
    )  # fmt: skip
    assert loaded.settings.smtp.password is not None
    assert loaded.settings.smtp.password.form is SecretForm.VALUE


def test_a_key_that_ends_in_file_goes_before_the_file_rule(load: Load) -> None:
    text = '[smtp.dkim]\ndomain = "example.org"\nselector = "s1"\nkey_file = "a"'
    dkim = load(text, env={"NEWSLETTER_SMTP__DKIM__KEY_FILE": "b"}).settings.smtp.dkim
    assert dkim is not None
    assert dkim.key_file == "b"


def test_a_file_that_is_not_there_is_refused(refused: Refused) -> None:
    error = refused("", env={"NEWSLETTER_SMTP__HOST_FILE": "nowhere"})
    assert error.code == "CONFIG-VALUE"
    assert error.details["where"] == "environment NEWSLETTER_SMTP__HOST_FILE"


def test_a_value_given_twice_is_refused(refused: Refused) -> None:
    error = refused("", env={"NEWSLETTER_SMTP__HOST": "a", "NEWSLETTER_SMTP__HOST_FILE": "b"})
    assert error.code == "CONFIG-VALUE"
    assert "NEWSLETTER_SMTP__HOST_FILE" in error.message


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("NEWSLETTER_SMPT__HOST", "NEWSLETTER_SMTP__HOST"),
        ("NEWSLETTER_SMTP__HOTS", "NEWSLETTER_SMTP__HOST"),
        ("NEWSLETTER_WEB__FORMS__HONEYPT", "NEWSLETTER_WEB__FORMS__HONEYPOT"),
        ("NEWSLETTER_LISTS__WEEKLY__TITEL", "NEWSLETTER_LISTS__WEEKLY__TITLE"),
        ("NEWSLETTER_SMTP_HOST", "NEWSLETTER_SMTP__HOST"),
        ("NEWSLETTER_SMTP_PASSWORD_FILE", "NEWSLETTER_SMTP__PASSWORD_FILE"),
        ("NEWSLETTER_NO_SENT", "NEWSLETTER_NO_SEND"),
        ("NEWSLETTER_SMTP__HOST__PORT", ""),
        ("NEWSLETTER_PROFILES__X__SMTP__HOST", ""),
        ("NEWSLETTER___", ""),
    ],
)
def test_a_mistyped_variable_is_refused_with_a_suggestion(refused: Refused, name: str, guess: str) -> None:
    error = refused("[lists.weekly]", env={name: "x"})
    assert (error.code, error.exit, error.details["where"]) == ("CONFIG-KEY", 4, f"environment {name}")
    assert ("Did you mean" in error.message) is bool(guess)
    assert guess in error.message
    assert error.fix == f"unset {name}"


def test_variables_that_are_no_settings_are_left_alone(load: Load) -> None:
    env = dict.fromkeys(NO_SETTINGS - {"NEWSLETTER_PROFILE"}, "x")
    foreign = {"NEWSLETTER_PORT": "tcp://10.0.0.1", "NEWSLETTER_SERVICE_HOST": "10.0.0.1", "NEWSLETTERS__X": "1"}
    assert load("", env=env | foreign).settings == load("").settings


def test_a_wrong_value_names_the_variable_and_what_is_allowed(refused: Refused) -> None:
    error = refused("", env={"NEWSLETTER_TEAM__TEST_TO": "editor@example.org"})
    assert (error.code, error.details["where"]) == ("CONFIG-VALUE", "environment NEWSLETTER_TEAM__TEST_TO")
    assert dict(error.facts)["allowed"] == 'a list of at most 10 addresses such as ["editor@example.org"]'


def test_a_wrong_secret_is_not_shown(refused: Refused) -> None:
    error = refused('[smtp]\npassword = "hidden"')
    assert error.code == "CONFIG-VALUE"
    assert "hidden" not in f"{error.message}{error.facts}{error.details}"


PLAIN = plain_tree(Settings())
LEAVES = sorted("__".join(path) for path in leaves(PLAIN) if path[0] not in ("lists", "segments", "schedules"))


@given(sampled_from(LEAVES), text())
def test_any_text_in_any_variable_gives_settings_or_problems(name: str, value: str) -> None:
    problems: list[Any] = []
    layer = read_environment({f"NEWSLETTER_{name.upper()}": value}, {}, Path("/nowhere"), problems)
    assert len(layer.origins) >= 1
    assert layer.raw or problems
