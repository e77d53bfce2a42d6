"""The first newsletter.toml, and the schema."""

import re
import tomllib

import pytest

from newsletter_cli.settings import Opening, Settings, json_schema, opening_text
from newsletter_cli.settings.opening import OFFERED
from newsletter_cli.settings.reading import plain_tree
from newsletter_cli.settings.shapes import Path
from tests.settings.conftest import Load


def opening(**changed: object) -> Opening:
    told = {
        "name": 'أخبار "الحقل"', "id": "akhbar", "language": "ar", "timezone": "Asia/Beirut",
        "sender": "أخبار <news@example.org>", "lists": ("weekly", "breaking"),
    }  # fmt: skip
    return Opening(**(told | changed))  # type: ignore[arg-type]  # a test's own keywords


def test_it_holds_only_what_was_told() -> None:
    assert tomllib.loads(opening_text(opening())) == {
        "version": 1,
        "newsroom": {
            "name": 'أخبار "الحقل"', "id": "akhbar", "language": "ar", "locale": "ar-SY", "timezone": "Asia/Beirut",
        },
        "sender": {"from": "أخبار <news@example.org>"},
        "lists": {"weekly": {"title": "النشرة الأسبوعية"}, "breaking": {"title": "breaking"}},
    }  # fmt: skip


def test_another_language_brings_its_locale_and_its_title() -> None:
    told = tomllib.loads(opening_text(opening(language="fa", lists=("weekly",))))
    assert (told["newsroom"]["locale"], told["lists"]["weekly"]["title"]) == ("fa-IR", "خبرنامهٔ هفتگی")


def test_with_every_mark_taken_off_it_still_says_the_defaults(load: Load) -> None:
    text = opening_text(opening())
    bare = re.sub(r"^# (\[?[a-z_]+\]?( = .*)?)$", r"\1", text, flags=re.MULTILINE)
    assert bare.count("\n[") == len(OFFERED) + 2
    assert load(bare).settings == load(text).settings


def test_every_offered_setting_is_one() -> None:
    plain = plain_tree(Settings())
    for section, keys in OFFERED.items():
        assert {key for key, _ in keys} <= set(plain[section])


@pytest.mark.parametrize(
    "later",
    ["canary", "stop_on_failure", "quiet_hours", "schedules", "inbound", "warmup", "per_domain", "servers", "dkim",
     "oauth2", "forms", "worker", "segments", "approvals"],
)  # fmt: skip
def test_what_does_not_work_yet_is_not_offered(later: str) -> None:
    assert later not in opening_text(opening())


# --- the schema


def test_the_schema_knows_every_key_and_refuses_others() -> None:
    schema = json_schema()
    sections = schema["properties"]
    assert isinstance(sections, dict)
    assert set(sections) == {*plain_tree(Settings()), "version", "profiles"}
    assert schema["additionalProperties"] is False
    assert set(sections["smtp"]["properties"]) == set(_at(plain_tree(Settings()), ("smtp",)))
    assert sections["smtp"]["properties"]["port"] == {
        "type": "integer", "minimum": 1, "maximum": 65_535, "default": 587,
    }  # fmt: skip
    assert sections["lists"]["additionalProperties"]["properties"]["opt_in"]["enum"] == ["double", "single"]


def _at(table: dict[str, object], path: Path) -> dict[str, object]:
    found = table[path[0]]
    assert isinstance(found, dict)
    return found


def test_the_schema_holds_no_secret_default() -> None:
    sections = json_schema()["properties"]
    assert isinstance(sections, dict)
    assert "default" not in sections["smtp"]["properties"]["password"]


def test_a_new_newsroom_can_be_loaded_under_any_name(load: Load) -> None:
    assert load(opening_text(opening(name="[x]\u202e \\ #"))).settings.newsroom.name == "[x]\u202e \\ #"
