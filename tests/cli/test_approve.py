"""`newsletter approve` and `digests diff`: a yes to one version, by another person, and what changed since."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli.approve import approve_
from newsletter_cli.cli.diff import diff
from newsletter_cli.cli.digests import list_, show
from newsletter_cli.cli.log import log
from newsletter_cli.cli.send import send
from newsletter_cli.cli.status import status
from newsletter_cli.delivery.keys import make_first_key
from newsletter_cli.digest.versions import ensure_digest, latest_version, record_trial
from newsletter_cli.mail.address import parse_address
from newsletter_cli.subscribers.roster import NewReader, Roster
from tests.cli.conftest import Ran, Runner

DIGEST = """\
---
id: i1
date: 2026-10-12
list: weekly
subject: "أسعار القمح"
preheader: "ثلاث قصص من الحسكة ودرعا ورسم بياني واحد"
articles: [wheat]
---
صباح الخير.
"""
SETTINGS = """
[safety]
live = true
approvals = {approvals}
require_test = false
"""


@pytest.fixture
def root(sqlite_place: Any, clock: Any) -> Path:
    folder = Path(sqlite_place.root)
    text = "---\ntitle: القمح يرتفع\ndate: 2026-10-12\n---\nفقرة أولى.\n\nفقرة ثانية.\n"
    (folder / "articles" / "wheat.md").write_text(text, encoding="utf-8")
    (folder / "digests" / "i1.md").write_text(DIGEST, encoding="utf-8")
    with sqlite_place.open() as storage:
        with storage.write() as connection:
            make_first_key(connection, clock())
            ensure_digest(storage, connection, "i1", "weekly", by="editor", now=clock())
        Roster(storage, clock).add(
            NewReader(address=parse_address("reader1@example.org"), list="weekly", active=True), by="editor"
        )
    return folder


@pytest.fixture
def run(root: Path, run_command: Runner) -> Callable[..., Ran]:
    def ran(made: Any, *words: str, by: str = "editor", typed: str | None = None) -> Ran:
        terminal = typed is not None
        return run_command(made, *words, cwd=root, env={"NEWSLETTER_USER": by}, terminal=terminal, typed=typed or "")

    return ran


@pytest.fixture
def demanding(root: Path) -> Callable[..., None]:
    """Settings that ask for approvals."""
    file = root / "newsletter.toml"
    before = file.read_text(encoding="utf-8")

    def write(approvals: int = 1, more: str = "") -> None:
        file.write_text(
            before.replace("port     = 1025", "port     = 1") + SETTINGS.format(approvals=approvals) + more,
            encoding="utf-8",
        )

    return write


def edit(root: Path) -> None:
    file = root / "digests" / "i1.md"
    file.write_text(file.read_text(encoding="utf-8").replace("صباح الخير.", "مساء الخير."), encoding="utf-8")


def refused(ran: Ran) -> tuple[int, str]:
    return ran.exit, json.loads(ran.stdout)["error"]["code"]


def test_another_person_says_yes_after_looking(run: Any, demanding: Any) -> None:
    demanding()
    ran = run(approve_, "i1", by="desk", typed="نعم\n")
    assert ran.exit == 0
    for words in (
        "Issue     i1, version ",
        "Readers   1",
        "Composer  editor",
        "Tested    not this version",
        "أسعار القمح",
    ):
        assert words in ran.stderr
    assert "✓ Approved i1, version " in ran.stdout
    document = json.loads(run(show, "i1", "--json").stdout)
    assert (document["state"], document["approvals"], document["needed"]) == ("approved", 1, 1)
    assert json.loads(run(list_, "--json").stdout)["digests"][0]["state"] == "approved"
    assert [act["what"] for act in json.loads(run(log, "i1", "--json").stdout)["log"]] == ["approved"]


def test_the_document(run: Any, demanding: Any) -> None:
    demanding(2)
    document = json.loads(run(approve_, "i1", "--yes", "--json", by="desk").stdout)
    version = json.loads(run(show, "i1", "--json").stdout)["version"]
    assert document == {
        "schema": "newsletter.approve/1", "exit": 0, "digest": "i1", "version": version, "user": "desk",
        "approvals": 1, "needed": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "exit_", "code"),
    [(None, 3, "NOT-CONFIRMED"), ("n\n", 3, ""), ("\n", 3, "")],
    ids=["script", "no", "enter"],
)
def test_without_a_yes_nothing_is_approved(run: Any, demanding: Any, typed: str | None, exit_: int, code: str) -> None:
    demanding()
    assert run(approve_, "i1", by="desk", typed=typed).exit == exit_
    assert json.loads(run(show, "i1", "--json").stdout)["approvals"] == 0


@pytest.mark.parametrize("by", ["editor", "stranger"])
def test_neither_the_composer_nor_anybody_not_named_may(run: Any, demanding: Any, by: str) -> None:
    demanding(1, '[team]\napprovers = ["desk", "editor"]\n')
    assert refused(run(approve_, "i1", "--yes", "--json", by=by)) == (5, "NOT-APPROVED")
    assert run(approve_, "i1", "--yes", by="desk").exit == 0


def test_a_file_by_nobody_is_approved_by_nobody(run: Any, demanding: Any, root: Path) -> None:
    demanding()
    (root / "digests" / "i2.md").write_text(DIGEST.replace("id: i1", "id: i2"), encoding="utf-8")
    assert refused(run(approve_, "i2", "--yes", "--json", by="desk")) == (5, "NOT-APPROVED")
    assert refused(run(approve_, "i3", "--yes", "--json", by="desk")) == (2, "NOT-FOUND")


def test_a_dry_run_and_a_second_yes_change_nothing(run: Any, demanding: Any) -> None:
    demanding()
    assert run(approve_, "i1", "--dry-run", by="desk").exit == 0
    assert json.loads(run(show, "i1", "--json").stdout)["approvals"] == 0
    for _ in range(2):
        assert json.loads(run(approve_, "i1", "--yes", "--json", by="desk").stdout)["approvals"] == 1
    assert len(json.loads(run(log, "i1", "--json").stdout)["log"]) == 1


def test_it_can_be_taken_back(run: Any, demanding: Any) -> None:
    demanding()
    assert refused(run(approve_, "i1", "--revoke", "--json", by="desk")) == (2, "NOT-FOUND")
    run(approve_, "i1", "--yes", by="desk")
    assert json.loads(run(approve_, "i1", "--revoke", "--json", by="desk").stdout)["approvals"] == 0
    acts = json.loads(run(log, "i1", "--json").stdout)["log"]
    assert [act["what"] for act in acts] == ["approved", "took back an approval"]


def test_a_note_is_kept_without_any_address(run: Any, demanding: Any) -> None:
    demanding()
    run(approve_, "i1", "--yes", "--note", "راجعتها مع reader1@example.org", by="desk")
    (act,) = json.loads(run(log, "i1", "--json").stdout)["log"]
    assert act["details"].endswith(") راجعتها مع …")


def test_a_send_waits_for_as_many_as_are_asked_for(run: Any, demanding: Any) -> None:
    demanding(2)
    script = ("i1", "--confirm", "weekly", "--max-recipients", "10", "--undo", "0", "--wait", "0s", "--json")
    assert refused(run(send, *script)) == (5, "NOT-APPROVED")
    run(approve_, "i1", "--yes", by="desk")
    assert refused(run(send, *script)) == (5, "NOT-APPROVED")
    run(approve_, "i1", "--yes", by="ops")
    assert json.loads(run(send, *script).stdout)["reason"] == "SMTP-CONNECT"  # it went on: nobody listens on port 1


def test_an_edit_voids_it(run: Any, demanding: Any, root: Path) -> None:
    demanding()
    script = ("i1", "--confirm", "weekly", "--max-recipients", "10", "--undo", "0", "--json")
    run(approve_, "i1", "--yes", by="desk")
    edit(root)
    document = json.loads(run(send, *script).stdout)["error"]
    assert (document["code"], document["details"]["approvals"], document["sent"]) == ("CHANGED-SINCE-APPROVAL", 0, 0)


def test_the_confirmation_screen_names_who_approved(run: Any, demanding: Any) -> None:
    demanding()
    run(approve_, "i1", "--yes", by="desk")
    assert "approval: ✓ desk" in run(send, "i1", "--dry-run").stderr


def test_status_says_what_waits_for_approval(run: Any, demanding: Any, sqlite_place: Any, clock: Any) -> None:
    demanding()
    run(show, "i1")
    run(approve_, "i1", "--yes", by="desk")
    run(approve_, "i1", "--revoke", by="desk")
    with sqlite_place.open() as storage, storage.write() as connection:
        stored = latest_version(connection, "i1")
        record_trial(connection, stored.digest_id, stored.hash, addresses=1, by="editor", at=clock())
    assert "Waiting   i1 → weekly    needs approval (editor composed it)" in run(status).stdout
    assert json.loads(run(status, "--json").stdout)["waiting"] == [
        {
            "digest": "i1",
            "list": "weekly",
            "version": stored.hash[:8],
            "composer": "editor",
            "approvals": 0,
            "needed": 1,
        }
    ]
    run(approve_, "i1", "--yes", by="desk")
    assert json.loads(run(status, "--json").stdout)["waiting"] == []


def test_what_changed_since_the_test(run: Any, root: Path, demanding: Any, sqlite_place: Any, clock: Any) -> None:
    demanding()
    assert refused(run(diff, "i1", "--json")) == (2, "NOT-FOUND")
    run(approve_, "i1", "--yes", by="desk")
    with sqlite_place.open() as storage, storage.write() as connection:
        stored = latest_version(connection, "i1")
        record_trial(connection, stored.digest_id, stored.hash, addresses=1, by="editor", at=clock())
    same = json.loads(run(diff, "i1", "--json").stdout)
    assert (same["same"], same["differences"]) == (True, [])
    edit(root)
    document = json.loads(run(diff, "i1", "--json").stdout)
    assert document["before"] == {"digest": "i1", "version": stored.hash[:8], "state": "tested"}
    text = next(one for one in document["differences"] if one["part"] == "text")
    assert (text["before"], text["after"]) == (["صباح الخير."], ["مساء الخير."])
    shown = run(diff, "i1").stdout.splitlines()
    assert shown[0] == f"- i1 {stored.hash[:8]} (tested)"
    assert {"- صباح الخير.", "+ مساء الخير."} <= set(shown)


def test_two_digests_side_by_side(run: Any, root: Path) -> None:
    other = DIGEST.replace("id: i1", "id: i2").replace("أسعار القمح", "أسعار الشعير")
    (root / "digests" / "i2.md").write_text(other, encoding="utf-8")
    document = json.loads(run(diff, "i1", "i2", "--json").stdout)
    assert document["differences"][0] == {
        "part": "subject", "before": ["أسعار القمح"], "after": ["أسعار الشعير"], "near": "",
    }  # fmt: skip
    assert refused(run(diff, "i1", "i9", "--json")) == (2, "NOT-FOUND")
