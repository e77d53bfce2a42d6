"""Changes to newsletter.toml."""

import os
import stat
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import (
    booleans,
    characters,
    data,
    dictionaries,
    floats,
    from_regex,
    integers,
    lists,
    one_of,
    sampled_from,
    text,
)

from newsletter_cli.errors import ConfigError, UsageError
from newsletter_cli.settings import (
    Change,
    ListChange,
    Opening,
    SecretForm,
    SecretSource,
    Settings,
    add_list,
    as_text,
    edit_list,
    go_live,
    load_settings,
    opening_text,
    reason_against,
    remove_list,
    set_own_language,
    set_secret_form,
    set_value,
)
from newsletter_cli.settings.kinds import DURATION, FLAG, HOURS, RATES, SIZE, SOME_TIME, Hours, Kind, WrongValueError
from newsletter_cli.settings.layers import leaves
from newsletter_cli.settings.reading import plain_tree
from newsletter_cli.settings.shapes import dotted, shape_at
from newsletter_cli.settings.toml import with_value
from newsletter_cli.settings.tree import ROOT

WRITTEN = """\
# The newsroom of the fields.
version = 1

[newsroom]   # ours
name = "أخبار"  # as readers see it
id = "akhbar"

[smtp]
host = "localhost"   # the relay in the cellar
# port = 587         # default
retry = [
  "1m",  # quick
  "5m",
]

# Lists. The weekly one is the oldest.
[lists.weekly]
title = "النشرة"

[lists.weekly.safety]
approvals = 1

# Behind the lists.
[web]
listen = "127.0.0.1:8400"
"""


@pytest.fixture
def file(root: Path) -> Path:
    path = root / "newsletter.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


def test_a_value_is_changed_where_it_stands(file: Path) -> None:
    assert set_value(file.parent, "smtp.host", "mailhog") == Change("smtp.host", "localhost", "mailhog", "")
    assert file.read_text(encoding="utf-8") == WRITTEN.replace('"localhost"', '"mailhog"')


def test_a_commented_default_becomes_the_value(file: Path) -> None:
    assert set_value(file.parent, "smtp.port", "25") == Change("smtp.port", None, 25, 587)
    assert file.read_text(encoding="utf-8") == WRITTEN.replace("# port = 587  ", "port = 25  ")


def test_a_new_key_stands_in_its_section(file: Path) -> None:
    set_value(file.parent, "newsroom.digits", "latn")
    assert file.read_text(encoding="utf-8") == WRITTEN.replace('"akhbar"\n', '"akhbar"\ndigits = "latn"\n')


def test_a_new_section_stands_at_the_end(file: Path) -> None:
    set_value(file.parent, "web.forms.min_seconds", "5")
    assert file.read_text(encoding="utf-8") == WRITTEN + "\n[web.forms]\nmin_seconds = 5\n"


def test_a_list_stands_under_the_lists(file: Path) -> None:
    add_list(file.parent, "breaking-news", ListChange(title="عاجل", opt_in="single", public=False))
    added = '\n[lists.breaking-news]\ntitle = "عاجل"\nopt_in = "single"\npublic = false\n'
    assert file.read_text(encoding="utf-8") == WRITTEN.replace("approvals = 1\n", f"approvals = 1\n{added}")


def test_a_list_without_a_title_has_its_slug(file: Path) -> None:
    add_list(file.parent, "breaking", ListChange())
    assert load_settings(file.parent, env={}).settings.lists["breaking"].title == "breaking"


def test_a_list_is_edited_where_it_stands(file: Path) -> None:
    edit_list(file.parent, "weekly", ListChange(title="الأسبوعية", from_="b@example.org"))
    expected = WRITTEN.replace('title = "النشرة"\n', 'title = "الأسبوعية"\nfrom = "b@example.org"\n')
    assert file.read_text(encoding="utf-8") == expected


def test_a_list_goes_with_its_tables_and_leaves_the_comments_beside_it(file: Path) -> None:
    add_list(file.parent, "other", ListChange(title="x"))
    remove_list(file.parent, "weekly")
    text = file.read_text(encoding="utf-8")
    assert set(tomllib.loads(text)["lists"]) == {"other"}
    assert "# Behind the lists." in text
    assert "# Lists. The weekly one is the oldest." in text
    remove_list(file.parent, "other")
    assert "lists" not in tomllib.loads(file.read_text(encoding="utf-8"))
    assert "# Behind the lists." in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "written",
    [
        "[lists]\nweekly = { title = 'x' }\nother = { title = 'y' }\n",
        "lists.weekly.title = 'x'\nlists.other.title = 'y'\n",
        "[lists]\n[lists.weekly]\ntitle = '''\n[lists.other]\n\n'''\n[lists.other]\n",
        '[ lists . "weekly" ]\n[lists.other]\n',
    ],
)
def test_lists_can_be_written_in_other_ways(file: Path, written: str) -> None:
    file.write_text(written)
    edit_list(file.parent, "weekly", ListChange(title="new"))
    assert load_settings(file.parent, env={}).settings.lists["weekly"].title == "new"
    remove_list(file.parent, "weekly")
    assert list(load_settings(file.parent, env={}).settings.lists) == ["other"]


def test_what_there_is_not_cannot_be_edited_and_what_there_is_not_added(file: Path) -> None:
    for act in (lambda: edit_list(file.parent, "x", ListChange()), lambda: remove_list(file.parent, "x"),
                lambda: set_value(file.parent, "lists.x.title", "y")):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.code == "NOT-FOUND"
    for slug in ("weekly", "Big News", "1"):
        with pytest.raises(UsageError) as caught:
            add_list(file.parent, slug, ListChange())
        assert caught.value.code == "USAGE"
    assert file.read_text(encoding="utf-8") == WRITTEN


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("safety.live", "true", "CONFIG-VALUE"),
        ("safety.live", "false", "CONFIG-VALUE"),
        ("smtp.password", "hidden", "CONFIG-VALUE"),
        ("smtp.port", "0", "CONFIG-VALUE"),
        ("smtp.prot", "25", "CONFIG-KEY"),
        ("smpt.port", "25", "CONFIG-KEY"),
        ("smtp", "{}", "CONFIG-VALUE"),
        ("", "x", "CONFIG-KEY"),
        ("profiles.p.smtp.port", "25", "CONFIG-KEY"),
        ("team.test_to", "a@b.org", "CONFIG-VALUE"),
        ("smtp.warmup", "{ first_dy = 1 }", "CONFIG-KEY"),
        ("schedules.weekly.cron", "0 7 * * WED", "CONFIG-VALUE"),
        ("lists.weekly.safety.approvals", "-1", "CONFIG-VALUE"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(file: Path, key: str, text: str, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        set_value(file.parent, key, text)
    assert caught.value.code == code
    assert "hidden" not in f"{caught.value.message}{caught.value.facts}{caught.value.details}"
    assert file.read_text(encoding="utf-8") == WRITTEN
    assert os.listdir(file.parent) == ["newsletter.toml"]


def test_a_rule_between_settings_is_kept_before_writing(file: Path) -> None:
    set_value(file.parent, "smtp.security", "none")
    with pytest.raises(ConfigError) as caught:
        set_value(file.parent, "smtp.host", "smtp.example.org")
    assert (caught.value.code, tomllib.loads(file.read_text())["smtp"]["host"]) == ("CONFIG-VALUE", "localhost")


def test_one_of_two_slips_can_be_corrected(file: Path) -> None:
    file.write_text("[smtp]\nport = 0\ndepth = 0\n")
    set_value(file.parent, "smtp.port", "25")
    assert file.read_text() == "[smtp]\nport = 25\ndepth = 0\n"


def test_checking_alone_writes_nothing(file: Path) -> None:
    assert set_value(file.parent, "smtp.port", "25", write=False).after == 25
    assert file.read_text(encoding="utf-8") == WRITTEN


def test_going_live_writes_one_line(file: Path) -> None:
    go_live(file.parent)
    go_live(file.parent)
    assert file.read_text(encoding="utf-8") == WRITTEN + "\n[safety]\nlive = true\n"


def test_a_secret_s_form_is_written_and_shown_as_dots(file: Path) -> None:
    source = SecretSource(SecretForm.FILE, "data/secrets/smtp.password")
    set_secret_form(file.parent, "smtp.password", source)
    assert tomllib.loads(file.read_text())["smtp"]["password"] == {"file": "data/secrets/smtp.password"}
    change = set_value(file.parent, "smtp.password", '{ env = "X" }')
    assert (change.before, change.after) == ("••••••••", "••••••••")
    with pytest.raises(ConfigError):
        set_secret_form(file.parent, "smtp.host", source)


def test_a_plain_secret_in_the_file_can_be_replaced_by_a_form(file: Path) -> None:
    file.write_text('[smtp]\npassword = "hidden"\n')
    set_secret_form(file.parent, "smtp.password", SecretSource(SecretForm.ENV, "X"))
    assert file.read_text() == '[smtp]\npassword = {env = "X"}\n'


def test_the_file_keeps_its_mode_its_line_ends_and_its_link(file: Path) -> None:
    file.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    real = file.rename(file.with_name("real.toml"))
    file.symlink_to("real.toml")
    set_value(file.parent, "smtp.host", "mailhog")
    assert file.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_bytes() == WRITTEN.replace('"localhost"', '"mailhog"').replace("\n", "\r\n").encode()


def test_a_person_s_own_language_is_written_beside_other_settings(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    own = tmp_path / "newsletter" / "config.toml"
    set_own_language(env, "ar")
    assert own.read_text() == '[ui]\nlanguage = "ar"\n'
    own.write_text('[ui]\nbidi = "none"  # mine\nlanguage = "ar"\n')
    set_own_language(env, "en")
    assert own.read_text() == '[ui]\nbidi = "none"  # mine\nlanguage = "en"\n'
    set_own_language({}, "ar")


def test_a_reason_against_a_value_is_a_sentence() -> None:
    assert reason_against("newsroom.timezone", "Asia/Damascus") == ""
    assert reason_against("newsroom.timezone", "Mars") == "There is no time zone “Mars”."
    assert reason_against("newsroom.language", "de") == "It has to be ar | en | fa | he | ur | fr."


# --- properties

PLAIN = plain_tree(Settings())
NAMED = {"lists", "segments", "schedules", "per_domain", "levels", "warmup", "dkim", "servers", "mailbox"}
SCALARS = [
    path for path in leaves(PLAIN)
    if not NAMED & set(path) and path != ("safety", "live") and isinstance(shape_at(ROOT, path), Kind)
]  # fmt: skip
OPENED = opening_text(
    Opening(
        name="أخبار", id="akhbar", language="ar", timezone="Asia/Damascus", sender="n@example.org", lists=("weekly",)
    )
)
WORDS = text(characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)
seconds = integers(1, 10**6).map(lambda number: timedelta(seconds=number))


def _values(kind: Kind[Any], draw: Any) -> Any:
    if kind is FLAG:
        return draw(sampled_from([True, False]))
    if kind is SIZE:
        return draw(integers(0, 90_000))
    if kind in (DURATION, SOME_TIME):
        return draw(seconds)
    if kind is HOURS:
        return draw(sampled_from([None, Hours(*map(HOURS_AT.__getitem__, (0, 1)))]))
    if kind is RATES:
        return draw(sampled_from([(), RATES.read("7/s"), RATES.read(["1/s", "9/day"])]))
    bounds = kind.schema.get("minimum"), kind.schema.get("maximum")
    if kind.schema.get("type") == "integer":
        return draw(integers(bounds[0], bounds[1] or 10**6))
    if kind.schema.get("type") == "number":
        return draw(floats(bounds[0], bounds[1]))
    if "enum" in kind.schema:
        return draw(sampled_from(kind.schema["enum"]))
    return None


HOURS_AT = [moment for window in [HOURS.read("22:30-06:15")] if window for moment in (window.start, window.end)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data(), sampled_from(SCALARS))
def test_any_setting_written_reads_back_equal(tmp_path: Path, data: Any, path: tuple[str, ...]) -> None:
    kind = shape_at(ROOT, path)
    assert isinstance(kind, Kind)
    value = _values(kind, data.draw)
    plain = kind.plain(value) if value is not None or kind is HOURS else data.draw(WORDS)
    try:
        wanted = kind.read(plain)
    except WrongValueError:
        return
    (tmp_path / "newsletter.toml").write_text(OPENED, encoding="utf-8")
    try:
        set_value(tmp_path, dotted(path), as_text(plain))
    except ConfigError:  # a rule between settings
        assert (tmp_path / "newsletter.toml").read_text(encoding="utf-8") == OPENED
        return
    found: Any = load_settings(tmp_path, env={}).settings
    for word in path:
        found = getattr(found, {"from": "from_"}.get(word, word))
    assert found == wanted
    text = (tmp_path / "newsletter.toml").read_text(encoding="utf-8")
    assert {line for line in OPENED.split("\n") if not line.startswith(("#", path[-1]))} <= set(text.split("\n"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data())
def test_changes_in_any_order_leave_each_other_alone(tmp_path: Path, data: Any) -> None:
    (tmp_path / "newsletter.toml").write_text(OPENED, encoding="utf-8")
    wanted: dict[str, Any] = {}
    numbers = [path for path in SCALARS if getattr(shape_at(ROOT, path), "schema", {}).get("type") == "integer"]
    for _ in range(data.draw(integers(1, 6))):
        path = data.draw(sampled_from(numbers))
        kind = shape_at(ROOT, path)
        assert isinstance(kind, Kind)
        wanted[dotted(path)] = _values(kind, data.draw)
        set_value(tmp_path, dotted(path), str(wanted[dotted(path)]))
    entries = {entry.key: entry.value for entry in load_settings(tmp_path, env={}).entries()}
    assert {key: entries[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    "written",
    [
        "safety.require_test = false\n",
        "safety = { require_test = false }\n",
        "[newsroom]\n[safety]\n# live = false  # ask first\nrequire_test = false\n",
        "# [safety]\n# live = false\n[safety]\nrequire_test = false",
        "# [safety]\nversion = 1\nsafety.require_test = false\n",
        "[newsroom]\nname = '''\n[safety]\n# live = false\n'''\n[safety]\nrequire_test = false\n",
        "[[smtp.servers]]\nname = 'a'\n[safety]\nrequire_test = false\n[[smtp.servers]]\nname = 'b'\n",
    ],
)
def test_going_live_works_however_the_file_is_written(written: str) -> None:
    before = tomllib.loads(written)
    text = with_value(written, ("safety", "live"), True)
    assert tomllib.loads(text) == before | {"safety": {"require_test": False, "live": True}}


def test_a_value_where_a_table_should_be_is_told(file: Path) -> None:
    file.write_text('smtp = "x"\n')
    with pytest.raises(ConfigError) as caught:
        set_value(file.parent, "smtp.port", "25")
    assert caught.value.message == "smtp is one value in this file, not a table."


keys = from_regex(r"[a-c]{1,2}", fullmatch=True)
scalars = one_of(integers(0, 9), sampled_from(["", "# [a]", "x\ny", '"']), booleans())
trees = dictionaries(keys, dictionaries(keys, one_of(scalars, dictionaries(keys, scalars, max_size=2)), max_size=3))
remarks = lists(sampled_from(["# [a]", "# [b.a]", "# a = 1  # why", "#", "", "# [a] # b"]), max_size=4)


@given(trees, remarks, remarks, lists(keys, min_size=2, max_size=3), scalars)
def test_any_value_can_be_set_in_any_file(
    tree: dict[str, Any], before: list[str], after: list[str], path: list[str], value: object
) -> None:
    text = "\n".join([*before, tomlkit.dumps(tree), *after])
    try:
        changed = with_value(text, tuple(path), value)
    except ConfigError:
        return
    wanted: Any = tomllib.loads(text)
    found = wanted
    for word in path[:-1]:
        found = found.setdefault(word, {})
    found[path[-1]] = value
    assert tomllib.loads(changed) == wanted
    lost = {line for line in text.split("\n") if line.startswith("#")} - set(changed.split("\n"))
    assert len(lost) <= 2  # a commented header and a commented default whose marks were taken off
