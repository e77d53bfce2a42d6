import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter_cli.cli import lists, subscribers


@pytest.fixture
def room(sqlite_place) -> Path:
    return sqlite_place.root


@pytest.fixture
def newsletter(run_command, room) -> Callable:
    by_name = {"list": lists.list_, "count": lists.count_, "add": subscribers.add, "subscribers": subscribers.remove}

    def run(verb, *argv, **how):
        return run_command(by_name.get(verb) or getattr(lists, verb), *argv, cwd=room, **how)

    return run


@pytest.fixture
def document(newsletter) -> Callable:
    def run(verb, *argv):
        ran = newsletter(verb, *argv, "--json")
        assert ran.exit == 0, ran.stdout
        return json.loads(ran.stdout)

    return run


def configured(room):
    return tomllib.loads((room / "newsletter.toml").read_text())["lists"]


def test_a_list_is_created_in_the_file_and_its_comments_stay(newsletter, document, room):
    path = room / "newsletter.toml"
    path.write_text("# ours\n" + path.read_text())
    ran = newsletter("create", "breaking", "--title", "عاجل", "--single", "--private")
    assert (ran.exit, ran.stdout) == (0, "✓ List breaking created.\n")
    assert configured(room)["breaking"] == {"title": "عاجل", "opt_in": "single", "public": False}
    assert path.read_text().startswith("# ours\n")
    assert [one["slug"] for one in document("list")["lists"]] == ["weekly", "breaking"]


def test_lists_are_told_with_their_readers(newsletter, document):
    newsletter("add", "a@example.org", "--status", "active", "--consent", "x")
    newsletter("add", "b@example.org")
    newsletter("add", "c@example.org")
    newsletter("subscribers", "c@example.org")
    assert document("list")["lists"] == [
        {
            "slug": "weekly", "opt_in": "double", "public": True, "active": 1, "waiting": 1, "left_30d": 1,
            "title": "النشرة الأسبوعية",
        }
    ]  # fmt: skip
    assert newsletter("list").stdout.splitlines() == [
        "List    Opt-in  Public  Active  Waiting  Left-30-d  Title",
        "weekly  double  yes          1        1          1  النشرة الأسبوعية",
    ]
    assert document("show", "weekly")["active"] == 1


def test_a_list_is_changed(newsletter, document, room):
    assert document("edit", "weekly", "--title", "نشرة", "--single")["changed"] == {"title": "نشرة", "opt_in": "single"}
    assert configured(room)["weekly"] == {"title": "نشرة", "opt_in": "single"}


def test_an_empty_list_is_a_question_and_one_with_readers_is_typed(newsletter, document, room):
    newsletter("create", "empty")
    assert newsletter("remove", "empty", "--json").exit == 3
    assert newsletter("remove", "empty", "--yes").exit == 0
    newsletter("add", "a@example.org")
    for argv, code in ((("--yes",), "NOT-CONFIRMED"), (("--confirm", "wekly"), "WRONG-COUNT")):
        ran = newsletter("remove", "weekly", *argv, "--json")
        assert (ran.exit, json.loads(ran.stdout)["error"]["code"]) == (3, code)
    assert newsletter("remove", "weekly", typed="wrong\n", terminal=True).exit == 3
    assert "weekly" in configured(room)
    ran = newsletter("remove", "weekly", typed="weekly\n", terminal=True)
    assert (ran.exit, ran.stdout) == (0, "✓ List weekly removed. 1 reader is off it.\n")
    assert "lists" not in tomllib.loads((room / "newsletter.toml").read_text()) or "weekly" not in configured(room)
    newsletter("create", "weekly")
    assert document("show", "weekly")["unsubscribed"] == 1


def test_a_script_removes_a_list_by_its_name(document, newsletter):
    newsletter("add", "a@example.org")
    assert document("remove", "weekly", "--confirm", "weekly")["readers"] == 1


def test_the_count_is_that_of_a_send(newsletter, document):
    newsletter("add", "a@example.org", "--status", "active", "--consent", "x", "--tag", "sport")
    newsletter("add", "b@example.org", "--status", "active", "--consent", "x")
    newsletter("add", "c@example.org")
    found = document("count", "weekly", "--where", "-tag:sport")
    assert (found["list"], found["where"], found["count"], found["left_out"]["unconfirmed"]) == (
        "weekly", "-tag:sport", 1, 1,
    )  # fmt: skip
    assert document("count")["count"] == 2
    assert newsletter("count").stdout.splitlines() == ["list      weekly", "readers   2", "left out  1 unconfirmed"]


def test_a_list_nobody_joined_has_nobody(newsletter, document):
    newsletter("create", "new")
    assert document("count", "new")["count"] == 0


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (("create", "Weekly!"), "USAGE", "cannot name a list"),
        (("create", "weekly"), "USAGE", "There is already a list “weekly”."),
        (("create", "x", "--language", "klingon"), "CONFIG-VALUE", ""),
        (("show", "wekly"), "NOT-FOUND", "There is no list “wekly”. Did you mean “weekly”?"),
        (("edit", "weekly"), "USAGE", "Say what to change."),
        (("edit", "none", "--title", "x"), "NOT-FOUND", "There is no list “none”."),
        (("remove", "none"), "NOT-FOUND", "There is no list “none”."),
        (("count", "weekly", "--where", "tga:x"), "USAGE", "Did you mean “tag:”?"),
        (("count", "weekly", "--list", "other"), "USAGE", "Name one list."),
    ],
)
def test_what_cannot_be_is_refused_with_its_code(newsletter, room, argv, code, says):
    before = (room / "newsletter.toml").read_text()
    found = json.loads(newsletter(*argv, "--json").stdout)
    assert found["error"]["code"] == code
    assert says in found["error"]["message"]
    assert (room / "newsletter.toml").read_text() == before


@pytest.mark.parametrize("argv", [("create", "new"), ("edit", "weekly", "--single"), ("remove", "weekly")])
def test_a_dry_run_changes_nothing(newsletter, room, argv):
    before = (room / "newsletter.toml").read_text()
    ran = newsletter(*argv, "-n")
    assert (ran.exit, ran.stderr.rstrip().endswith("Dry run: nothing was changed.")) == (0, True)
    assert (room / "newsletter.toml").read_text() == before
