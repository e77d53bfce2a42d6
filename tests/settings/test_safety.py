"""What may make a rule stricter, and what may not make it looser."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis.strategies import lists, sampled_from, text, times

from newsletter_cli.errors import ConfigError
from newsletter_cli.settings import is_allowed
from newsletter_cli.settings.kinds import Hours
from newsletter_cli.settings.safety import AT_LEAST, STRICTER, hours_cover, within
from newsletter_cli.settings.shapes import keys_of
from newsletter_cli.settings.tree import SafetySettings
from tests.settings.conftest import Load

Refused = Callable[..., ConfigError]

# fmt: off
CASES = [  # key, value in the file, stricter, looser
    ("live",            "true",                  "false",                    None),
    ("live",            "false",                 None,                       "true"),
    ("require_check",   '"error"',               "warning",                  "off"),
    ("require_check",   '"off"',                 "error",                    None),
    ("require_test",    "false",                 "true",                     None),
    ("require_test",    "true",                  None,                       "false"),
    ("approvals",       "1",                     "2",                        "0"),
    ("undo_seconds",    "30",                    "31",                       "29"),
    ("canary",          "25",                    "26",                       "0"),
    ("canary_wait",     '"10s"',                 "11s",                      "9s"),
    ("max_change",      "0.25",                  "0.1",                      "0.3"),
    ("max_recipients",  "0",                     "10",                       None),
    ("max_recipients",  "10",                    "9",                        "11"),
    ("max_recipients",  "10",                    "1",                        "0"),
    ("stop_on_failure", "0.05",                  "0",                        "0.06"),
    ("quiet_hours",     '""',                    "22:00-06:00",              None),
    ("quiet_hours",     '"22:00-06:00"',         "21:00-06:30",              "23:00-06:00"),
    ("quiet_hours",     '"22:00-06:00"',         "21:00-20:00",              ""),
    ("only_to",         "[]",                    '["*@example.org"]',        None),
    ("only_to",         '["*@example.org"]',     '["desk@example.org"]',     "[]"),
    ("only_to",         '["*@example.org"]',     '["desk*@example.org"]',    '["*@example.net"]'),
    ("only_to",         '["a@b.org", "*@c.org"]', '["A@B.org"]',             '["a@b.org", "*@*.org"]'),
]
# fmt: on
STRICT = [(key, old, new) for key, old, new, _ in CASES if new is not None]
LOOSE = [(key, old, new) for key, old, _, new in CASES if new is not None]


def _env(key: str, value: str) -> dict[str, str]:
    return {f"NEWSLETTER_SAFETY__{key.upper()}": value}


def test_every_key_has_its_rule_and_both_sides_are_tried() -> None:
    keys = set(keys_of(SafetySettings))
    assert set(AT_LEAST) == set(STRICTER) == keys
    assert {key for key, _, _ in STRICT} == {key for key, _, _ in LOOSE} == keys


@pytest.mark.parametrize(("key", "old", "new"), STRICT)
def test_the_environment_may_be_stricter(load: Load, key: str, old: str, new: str) -> None:
    loaded = load(f"[safety]\n{key} = {old}", env=_env(key, new))
    assert loaded.origins[f"safety.{key}"] == f"environment NEWSLETTER_SAFETY__{key.upper()}"
    assert getattr(loaded.settings.safety, key) != getattr(load(f"[safety]\n{key} = {old}").settings.safety, key)


@pytest.mark.parametrize(("key", "old", "new"), LOOSE)
def test_the_environment_may_not_be_looser(refused: Refused, key: str, old: str, new: str) -> None:
    error = refused(f"[safety]\n{key} = {old}", env=_env(key, new))
    assert (error.code, error.exit) == ("SAFETY-LOOSER", 4)
    assert error.details == {"where": f"environment NEWSLETTER_SAFETY__{key.upper()}", "key": f"safety.{key}"}


@pytest.mark.parametrize(("key", "old", "_new"), STRICT)
def test_the_same_again_is_no_looser(load: Load, key: str, old: str, _new: str) -> None:
    text = f"[safety]\n{key} = {old}"
    assert load(text, env=_env(key, old.strip('"'))).settings == load(text).settings


def test_what_a_profile_loosens_is_what_the_environment_is_measured_by(load: Load, refused: Refused) -> None:
    text = "[safety]\nundo_seconds = 30\n[profiles.p.safety]\nundo_seconds = 5"
    assert load(text, profile="p", env=_env("undo_seconds", "6")).settings.safety.undo_seconds == 6
    assert refused(text, env=_env("undo_seconds", "6")).code == "SAFETY-LOOSER"


def test_a_list_may_be_stricter_and_has_all_the_rules(load: Load) -> None:
    text = "[safety]\nundo_seconds = 40\n[lists.weekly]\nsafety = { approvals = 2 }\n[lists.other]"
    lists = load(text).settings.lists
    assert (lists["weekly"].safety.approvals, lists["weekly"].safety.undo_seconds) == (2, 40)
    assert lists["other"].safety == load(text).settings.safety


@pytest.mark.parametrize(("key", "old", "new"), LOOSE)
def test_a_list_may_not_be_looser(refused: Refused, key: str, old: str, new: str) -> None:
    spelled = new if key in ("only_to", "require_test", "live") or new.replace(".", "").isdigit() else f'"{new}"'
    error = refused(f"[safety]\n{key} = {old}\n[lists.weekly.safety]\n{key} = {spelled}")
    assert (error.code, error.details["where"]) == ("SAFETY-LOOSER", "newsletter.toml:4")


def test_a_rule_made_stricter_for_all_holds_for_a_list_too(load: Load) -> None:
    text = "[lists.weekly]\nsafety = { undo_seconds = 45, approvals = 1 }"
    safety = load(text, env=_env("undo_seconds", "60")).settings.lists["weekly"].safety
    assert (safety.undo_seconds, safety.approvals) == (60, 1)


def test_the_environment_may_not_loosen_a_list(load: Load, refused: Refused) -> None:
    text = "[lists.weekly]\nsafety = { undo_seconds = 45 }"
    name = "NEWSLETTER_LISTS__WEEKLY__SAFETY__UNDO_SECONDS"
    assert load(text, env={name: "50"}).settings.lists["weekly"].safety.undo_seconds == 50
    assert refused(text, env={name: "40"}).code == "SAFETY-LOOSER"


minutes = times().map(lambda moment: moment.replace(second=0, microsecond=0))


@given(minutes, minutes, minutes, minutes, minutes)
@example(time(22), time(6), time(22), time(6), time(6))
def test_hours_that_cover_others_hold_all_their_minutes(a: time, b: time, c: time, d: time, moment: time) -> None:
    if a == b or c == d:
        return
    if hours_cover(Hours(a, b), Hours(c, d)) and Hours(c, d).contains(moment):
        assert Hours(a, b).contains(moment)


letters = text("ab@.*", min_size=1, max_size=5)


@given(lists(letters, min_size=1, max_size=3), lists(letters, min_size=1, max_size=3), text("ab@.", max_size=6))
def test_patterns_within_others_let_nobody_else_through(mine: list[str], theirs: list[str], address: str) -> None:
    if within(tuple(mine), tuple(theirs)) and is_allowed(mine, address):
        assert is_allowed(theirs, address)


@pytest.mark.parametrize(
    ("patterns", "address", "allowed"),
    [
        ((), "anyone@example.net", True),
        (("*@example.org",), "Desk@Example.ORG", True),
        (("*@example.org",), "desk@sub.example.org", False),
        (("*@example.org",), "desk@example.org.evil.net", False),
        (("a.b@example.org",), "axb@example.org", False),
    ],
)
def test_only_to_lets_through_what_its_patterns_say(patterns: tuple[str, ...], address: str, allowed: bool) -> None:
    assert is_allowed(patterns, address) is allowed


def test_the_values_themselves_are_compared() -> None:
    old: dict[str, Any] = {"canary_wait": timedelta(seconds=10), "quiet_hours": Hours(time(22), time(6))}
    assert AT_LEAST["canary_wait"](timedelta(seconds=10), old["canary_wait"])
    assert not AT_LEAST["quiet_hours"](None, old["quiet_hours"])


@given(sampled_from(sorted(AT_LEAST)))
def test_a_default_is_as_strict_as_itself(key: str) -> None:
    assert AT_LEAST[key](getattr(SafetySettings(), key), getattr(SafetySettings(), key))
