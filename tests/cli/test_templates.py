"""newsletter templates: which there are, how they look, a copy of one's own, and whether it draws everything."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli import __version__
from newsletter_cli.cli import templates
from newsletter_cli.newsroom import templates_folder
from tests.cli.conftest import Runner

OURS = {
    "digest-blocks.html.j2", "digest.html.j2", "digest.txt.j2", "style.css", "plain.html.j2", "plain.css",
    *(f"pages/{name}.html" for name in ("archive", "base", "left", "notice", "preferences", "unsubscribe")),
    "pages/style.css",
}  # fmt: skip


VERBS = {"list": templates.list_, "show": templates.show, "eject": templates.eject, "check": templates.check}


@dataclass(frozen=True)
class Answer:
    exit: int
    out: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def room(newsroom_folder: Path) -> Path:
    return newsroom_folder


@pytest.fixture
def newsletter(room: Path, run_command: Runner) -> Any:
    """newsletter("templates", "show", "style.css")"""

    def run(_group: str, verb: str, *words: str) -> Answer:
        ran = run_command(VERBS[verb], *words, cwd=room)
        return Answer(ran.exit, ran.stdout)

    return run


def states(newsletter):
    document = newsletter("templates", "list", "--json").document
    return {one["name"]: one["state"] for one in document["templates"]}


def test_all_of_the_programs_templates_are_listed(newsletter, room):
    assert states(newsletter) == dict.fromkeys(OURS, "built-in")


def test_an_ejected_template_is_the_same_file_and_its_version_is_kept(newsletter, room):
    reply = newsletter("templates", "eject", "style.css", "--json")
    source = (templates_folder() / "style.css").read_bytes()
    assert reply.exit == 0
    file = {
        "name": "style.css",
        "path": "templates/style.css",
        "version": __version__,
        "sha256": hashlib.sha256(source).hexdigest(),
    }
    assert reply.document == {"schema": "newsletter.templates.eject/1", **file, "files": [file], "exit": 0}
    assert (room / "templates" / "style.css").read_bytes() == source
    assert states(newsletter)["style.css"] == "overridden"


def test_a_copy_of_an_older_template_is_outdated(newsletter, room):
    newsletter("templates", "eject", "style.css")
    record = room / "templates" / ".ejected.json"
    record.write_text(json.dumps({"style.css": {"version": "0.0.9", "sha256": "0" * 64}}), encoding="utf-8")
    document = newsletter("templates", "list", "--json").document
    (found,) = [one for one in document["templates"] if one["name"] == "style.css"]
    assert found == {
        "name": "style.css", "from": "newsroom", "state": "outdated", "overridden": True, "version": "0.0.9",
        "outdated": True,
    }  # fmt: skip


def test_a_changed_file_is_not_overwritten_unless_asked(newsletter, room):
    path = room / "templates" / "style.css"
    path.write_text("body { color: #111111 }", encoding="utf-8")
    refused = newsletter("templates", "eject", "style.css", "--json")
    assert (refused.exit, refused.document["error"]["code"]) == (5, "TEMPLATE")
    assert path.read_text(encoding="utf-8") == "body { color: #111111 }"
    assert newsletter("templates", "eject", "style.css", "--force").exit == 0
    assert path.read_bytes() == (templates_folder() / "style.css").read_bytes()


def test_a_dry_run_of_eject_writes_nothing(newsletter, room):
    assert newsletter("templates", "eject", "pages/base.html", "-n").exit == 0
    assert list((room / "templates").iterdir()) == []


def test_show_prints_the_newsrooms_own_file_before_the_programs(newsletter, room):
    built_in = (templates_folder() / "style.css").read_text(encoding="utf-8")
    assert newsletter("templates", "show", "style.css").out.strip() == built_in.strip()
    (room / "templates" / "style.css").write_text("body { color: #111111 }\n", encoding="utf-8")
    assert newsletter("templates", "show", "style.css").out.strip() == "body { color: #111111 }"
    assert newsletter("templates", "show", "style.css", "--built-in").out.strip() == built_in.strip()


@pytest.mark.parametrize("verb", ["show", "eject", "check"])
def test_an_unknown_name_is_guessed_at(newsletter, room, verb):
    reply = newsletter("templates", verb, "styl.css", "--json")
    assert (reply.exit, reply.document["error"]["code"]) == (2, "NOT-FOUND")
    assert "Did you mean “style.css”?" in reply.document["error"]["message"]


def test_the_programs_own_templates_pass_the_check(newsletter, room):
    reply = newsletter("templates", "check", "--json")
    assert (reply.exit, reply.document["results"]) == (0, [])
    assert reply.document["checked"] == ["digest", "plain", "pages"]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("digest.html.j2", "issue.preheader %}", "issue.preheadr %}", "“preheadr”, did you mean “preheader”?"),
        ("digest.html.j2", "[[ unsubscribe ]]", "https://a.org", "has no [[ unsubscribe ]]"),
        ("digest.txt.j2", "[[ unsubscribe ]]", "", "has no [[ unsubscribe ]]"),
        ("digest-blocks.html.j2", "{%- endmacro %}", "", "endmacro"),
        ("style.css", ".band {", ".band { background: url(x); ", "url( is not allowed"),
        ("style.css", "body {", "@import 'x'; body {", "@import is not allowed"),
        ("plain.css", "body {", "body { width: expression(1); ", "expression( is not allowed"),
        ("plain.css", "body {", "body { behavior: x; ", "behavior is not allowed"),
        ("pages/base.html", "{{ page.language }}", "{{ page.langage }}", "langage"),
        ("pages/base.html", "{% endblock %}", "", "templates/pages/base.html:"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_and_line(newsletter, room, name, old, new, said):
    text = (templates_folder() / name).read_text(encoding="utf-8")
    path = room / "templates" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace(old, new), encoding="utf-8")
    reply = newsletter("templates", "check", name, "--json")
    assert reply.exit == 5
    assert said in reply.document["results"][0]["text"]
    assert reply.document["results"][0]["file"] == f"templates/{name}"
    assert reply.document["results"][0]["line"] >= 1


def test_a_theme_is_copied_whole(newsletter):
    document = json.loads(newsletter("templates", "eject", "digest", "--json").out)
    assert [one["path"] for one in document["files"]] == [
        "templates/digest.html.j2", "templates/digest.txt.j2", "templates/style.css",
    ]  # fmt: skip
    assert json.loads(newsletter("templates", "eject", "plain", "--json").out)["path"] == "templates/plain.html.j2"
    assert newsletter("templates", "show", "plain").out == newsletter("templates", "show", "plain.html.j2").out
