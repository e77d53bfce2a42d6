"""`newsletter init`: by flags, and as a conversation."""

import json
import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from newsletter_cli.cli import init
from newsletter_cli.cli.init import id_of
from newsletter_cli.newsroom import templates_folder
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.storage.schema import list_, signing_key, subscriber, subscription

Run = Callable[..., Any]


def document(ran: Any) -> dict[str, Any]:
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def told(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "newsletter.toml").read_text(encoding="utf-8"))


def test_without_questions_the_folder_s_name_is_enough(run_command: Run, tmp_path: Path) -> None:
    ran = run_command(init.init, "room", "--no-sample", "--no-input", "--json")
    assert ran.exit == 0
    assert document(ran) == {
        "schema": "newsletter.init/1", "dir": str(tmp_path / "room"), "newsroom": "room", "lists": ["weekly"],
        "articles": 0, "digest": None, "live": False, "exit": 0,
    }  # fmt: skip
    assert told(tmp_path / "room") == {
        "version": 1,
        "newsroom": {
            "name": "room", "id": "room", "language": "ar", "locale": "ar-SY", "timezone": "Asia/Damascus",
        },
        "sender": {"from": "news@example.org"},
        "lists": {"weekly": {"title": "النشرة الأسبوعية"}},
    }  # fmt: skip
    assert stat.S_IMODE((tmp_path / "room" / "data" / "newsletter.db").stat().st_mode) == 0o600


def test_the_database_has_the_lists_and_the_first_key(run_command: Run, tmp_path: Path) -> None:
    run_command(init.init, "room", "--no-input", "--list", "weekly", "--list", "breaking")
    with open_storage("data/newsletter.db", tmp_path / "room") as storage, storage.read() as connection:
        assert connection.execute(select(list_.c.slug).order_by(list_.c.id)).scalars().all() == ["weekly", "breaking"]
        ((number, secret),) = connection.execute(select(signing_key.c.number, signing_key.c.secret)).all()
    assert (number, len(secret)) == (1, 32)


def test_flags_are_written_down(run_command: Run, tmp_path: Path) -> None:
    ran = run_command(
        init.init, "room", "--no-input", "--name", "خبرها", "--from", "خبرها <n@example.org>", "--language", "fa",
        "--list", "daily", "--tz", "Asia/Tehran",
    )  # fmt: skip
    assert ran.exit == 0
    assert told(tmp_path / "room") == {
        "version": 1,
        "newsroom": {
            "name": "خبرها", "id": "room", "language": "fa", "locale": "fa-IR", "timezone": "Asia/Tehran",
        },
        "sender": {"from": "خبرها <n@example.org>"},
        "lists": {"daily": {"title": "daily"}},
    }  # fmt: skip


@pytest.mark.parametrize(
    "flags",
    [("--from", "nobody"), ("--language", "de"), ("--tz", "Mars/Olympus"), ("--list", "Big News"), ("--name", "a\nb")],
)
def test_a_flag_that_cannot_be_is_told_before_anything_is_written(
    run_command: Run, tmp_path: Path, flags: tuple[str, str]
) -> None:
    ran = run_command(init.init, "room", "--no-input", "--json", *flags)
    assert (ran.exit, document(ran)["error"]["code"]) == (2, "USAGE")
    assert not (tmp_path / "room").exists()


def test_a_folder_in_use_is_left_alone_and_force_adds_what_is_missing(run_command: Run, tmp_path: Path) -> None:
    root = tmp_path / "room"
    root.mkdir()
    (root / "newsletter.toml").write_text('[newsroom]\nid = "mine"\n[lists.daily]\n')
    ran = run_command(init.init, "room", "--no-input", "--json")
    assert (ran.exit, document(ran)["error"]["code"]) == (2, "FOLDER-NOT-EMPTY")
    assert document(ran)["error"]["details"]["files"] == ["newsletter.toml"]
    assert os.listdir(root) == ["newsletter.toml"]
    forced = run_command(init.init, "room", "--no-input", "--json", "--force")
    assert (forced.exit, document(forced)["newsroom"], document(forced)["lists"]) == (0, "mine", ["daily"])
    assert (root / "newsletter.toml").read_text() == '[newsroom]\nid = "mine"\n[lists.daily]\n'
    with open_storage("data/newsletter.db", root) as storage, storage.read() as connection:
        assert connection.execute(select(list_.c.slug)).scalars().all() == ["daily"]


def test_a_second_force_keeps_the_key(run_command: Run, tmp_path: Path) -> None:
    def key() -> bytes:
        with open_storage("data/newsletter.db", tmp_path / "room") as storage, storage.read() as connection:
            return bytes(connection.execute(select(signing_key.c.secret)).scalar_one())

    run_command(init.init, "room", "--no-input")
    before = key()
    assert run_command(init.init, "room", "--no-input", "--force").exit == 0
    assert key() == before


def test_a_mistyped_variable_stops_it_before_anything_is_written(run_command: Run, tmp_path: Path) -> None:
    ran = run_command(init.init, "room", "--no-input", "--json", env={"NEWSLETTER_SMPT__HOST": "x"})
    assert (ran.exit, document(ran)["error"]["code"]) == (4, "CONFIG-KEY")
    assert not (tmp_path / "room").exists()


def test_a_dry_run_makes_nothing(run_command: Run, tmp_path: Path) -> None:
    ran = run_command(init.init, "room", "--no-input", "--dry-run")
    assert ran.exit == 0
    assert "file    newsletter.toml" in ran.stdout
    assert ran.stderr.endswith("Dry run: nothing was changed.\n")
    assert not (tmp_path / "room").exists()


def test_the_current_folder_is_the_default(run_command: Run, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    ran = run_command(init.init, "--no-input", cwd=here)
    assert ran.exit == 0
    assert (here / "newsletter.toml").exists()
    assert "cd " not in ran.stderr


def test_what_it_says_at_the_end(run_command: Run) -> None:
    ran = run_command(init.init, "my room", "--no-input")
    assert ran.stdout == (
        "Created my room/   newsletter.toml  articles/ (0)  list weekly\n"
        "  Sending is OFF: nothing leaves this computer until\n"
        "    newsletter config go-live --confirm my-room\n"
    )
    assert ran.stderr == (
        "Next   cd 'my room' · newsletter articles import FILE · newsletter subscribers import FILE --list weekly\n"
    )


def test_the_sample_brings_an_issue_and_two_readers(run_command: Run, tmp_path: Path) -> None:
    ran = run_command(init.init, "room", "--sample", "--no-input", "--json")
    assert (ran.exit, document(ran)["articles"], document(ran)["digest"]) == (0, 5, "2026-w42")
    assert readers_of(tmp_path / "room") == [
        ("reader1@example.org", "ليلى حداد", "active"), ("reader2@example.org", "عمر الخطيب", "active"),
    ]  # fmt: skip


def readers_of(root: Path) -> list[tuple[str, str, str]]:
    columns = (subscriber.c.address, subscriber.c.name, subscription.c.status)
    joined = select(*columns).join(subscription, subscription.c.subscriber_id == subscriber.c.id)
    with open_storage("data/newsletter.db", root) as storage, storage.read() as connection:
        return [tuple(row) for row in connection.execute(joined.order_by(subscriber.c.id))]


# --- the conversation


def answers(*lines: str) -> str:
    return "".join(line + "\n" for line in lines)


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Where a person's own files are."""
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}


def test_a_person_is_asked(run_command: Run, tmp_path: Path, home: dict[str, str]) -> None:
    typed = answers("1", "أخبار الحقل", "news@example.org", "", "n", "2")
    ran = run_command(init.init, "akhbar", typed=typed, terminal=True, env=home)
    assert ran.exit == 0
    assert told(tmp_path / "akhbar")["newsroom"] == {
        "name": "أخبار الحقل", "id": "akhbar", "language": "ar", "locale": "ar-SY", "timezone": "Asia/Damascus",
    }  # fmt: skip
    for question in ("Language of this tool:", "Name your readers will see", "Address it comes from", "Time zone"):
        assert question in ran.stderr
    assert "مرحبا بالعالم، هذا سطر للتجربة" in ran.stderr
    assert (tmp_path / "state" / "newsletter" / "terminal").read_text() == "apart\n"
    assert (tmp_path / "config" / "newsletter" / "config.toml").read_text() == '[ui]\nlanguage = "en"\n'
    assert "newsletter digests export" in ran.stdout


def test_the_language_of_the_tool_is_kept_for_this_person(
    run_command: Run, tmp_path: Path, home: dict[str, str]
) -> None:
    ran = run_command(init.init, "akhbar", typed=answers("2", "", "", "", "لا", "1"), terminal=True, env=home)
    assert ran.exit == 0
    assert "الاسم الذي يراه القرّاء" in ran.stderr
    assert (tmp_path / "config" / "newsletter" / "config.toml").read_text() == '[ui]\nlanguage = "ar"\n'
    assert (tmp_path / "state" / "newsletter" / "terminal").read_text() == "joined\n"


def test_letters_that_stand_apart_mean_english(run_command: Run, tmp_path: Path, home: dict[str, str]) -> None:
    run_command(init.init, "akhbar", typed=answers("2", "", "", "", "n", "2"), terminal=True, env=home)
    assert (tmp_path / "config" / "newsletter" / "config.toml").read_text() == '[ui]\nlanguage = "en"\n'


def test_what_cannot_be_is_asked_again(run_command: Run, tmp_path: Path, home: dict[str, str]) -> None:
    typed = answers("1", "x", "nobody", "n@example.org", "Mars", "Asia/Amman", "n", "3")
    ran = run_command(init.init, "akhbar", typed=typed, terminal=True, env=home)
    assert ran.exit == 0
    assert "There is no time zone “Mars”." in ran.stderr
    assert told(tmp_path / "akhbar")["newsroom"]["timezone"] == "Asia/Amman"
    assert told(tmp_path / "akhbar")["sender"]["from"] == "n@example.org"


def test_what_flags_say_is_not_asked(run_command: Run, tmp_path: Path, home: dict[str, str]) -> None:
    flags = ("--lang", "en", "--name", "x", "--from", "n@example.org", "--tz", "UTC", "--no-sample")
    ran = run_command(init.init, "akhbar", *flags, typed=answers("3"), terminal=True, env=home)
    assert ran.exit == 0
    assert "Name your readers" not in ran.stderr
    assert not (tmp_path / "state" / "newsletter" / "terminal").exists()


def test_an_end_of_the_answers_writes_nothing(run_command: Run, tmp_path: Path, home: dict[str, str]) -> None:
    ran = run_command(init.init, "akhbar", typed=answers("1"), terminal=True, env=home)
    assert ran.exit == 3
    assert not (tmp_path / "akhbar").exists()


@pytest.mark.parametrize(
    ("folder", "slug"),
    [("akhbar", "akhbar"), ("My Room", "my-room"), ("2026", "newsroom"), ("نشرة", "nshra")],
)
def test_an_id_is_made_of_the_folder_s_name(folder: str, slug: str) -> None:
    assert id_of(folder) == slug


def test_the_packaged_sample_is_there() -> None:
    assert (templates_folder() / "sample" / "digests" / "2026-w42.md").is_file()
