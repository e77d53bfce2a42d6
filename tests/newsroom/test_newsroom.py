"""The newsroom's folder: found, made, written to."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import text

from newsletter_cli.errors import ConfigError, UsageError
from newsletter_cli.newsroom import (
    Newsroom,
    atomic_write,
    create_newsroom,
    example_file,
    find_newsroom,
    is_slug,
    slug_of,
    templates_folder,
    write_private,
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with a newsletter.toml, and folders in it."""
    root = tmp_path / "akhbar"
    (root / "articles" / "2026").mkdir(parents=True)
    (root / "newsletter.toml").write_text("")
    return root


# --- finding


def test_the_nearest_folder_above_is_the_newsroom(room: Path) -> None:
    assert find_newsroom(room / "articles" / "2026", {}) == Newsroom(room)
    (room / "articles" / "newsletter.toml").write_text("")
    assert find_newsroom(room / "articles" / "2026", {}) == Newsroom(room / "articles")


def test_minus_c_is_stronger_than_the_environment(room: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "newsletter.toml").write_text("")
    (other / "staging.toml").write_text("")
    env = {"NEWSLETTER_PROJECT": "other", "NEWSLETTER_CONFIG": str(other / "staging.toml")}
    assert find_newsroom(tmp_path, env, Path("akhbar")) == Newsroom(room)
    assert find_newsroom(tmp_path, env) == Newsroom(other, other / "staging.toml")
    assert find_newsroom(room, {"NEWSLETTER_PROJECT": "../other"}) == Newsroom(other)
    assert find_newsroom(room, {"NEWSLETTER_CONFIG": "../other/staging.toml"}) == Newsroom(
        other, other / "staging.toml"
    )


def test_the_settings_file_is_the_one_that_was_named(room: Path) -> None:
    assert Newsroom(room).config == room / "newsletter.toml"
    assert Newsroom(room, room / "staging.toml").config == room / "staging.toml"


@pytest.mark.parametrize(
    ("env", "explicit"),
    [
        ({}, None),
        ({}, Path("nowhere")),
        ({"NEWSLETTER_PROJECT": "nowhere"}, None),
        ({"NEWSLETTER_CONFIG": "x.toml"}, None),
    ],
)
def test_a_folder_that_is_none_is_told(tmp_path: Path, env: dict[str, str], explicit: Path | None) -> None:
    with pytest.raises(ConfigError) as caught:
        find_newsroom(tmp_path, env, explicit)
    assert (caught.value.code, caught.value.exit) == ("NO-PROJECT", 4)
    assert "newsletter init" in caught.value.fix


def test_everything_has_its_place(room: Path) -> None:
    newsroom = Newsroom(room)
    places = {name: getattr(newsroom, name).relative_to(room).as_posix() for name in (
        "articles", "digests", "templates", "outbox", "archive", "imports", "data", "database_path", "backups",
        "holders", "secrets", "crash",
    )}  # fmt: skip
    assert places == {
        "articles": "articles", "digests": "digests", "templates": "templates", "outbox": "outbox",
        "archive": "archive", "imports": "imports", "data": "data", "database_path": "data/newsletter.db",
        "backups": "data/backups", "holders": "data/holders", "secrets": "data/secrets", "crash": "data/crash",
    }  # fmt: skip


# --- making


def files_in(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_new_newsroom_has_its_folders_and_files(tmp_path: Path) -> None:
    made = create_newsroom(tmp_path / "akhbar", "version = 1\n", sample=False)
    root = made.newsroom.root
    assert files_in(root) == {"newsletter.toml", ".gitignore", ".env.example", "subscribers.csv.example"}
    assert set(made.written) == files_in(root)
    assert (made.articles, made.digest) == (0, None)
    assert {path.name for path in root.iterdir() if path.is_dir()} == {
        "articles", "digests", "templates", "outbox", "archive", "data", "imports",
    }  # fmt: skip
    assert (root / "newsletter.toml").read_text() == "version = 1\n"
    assert (root / "subscribers.csv.example").read_bytes() == example_file().read_bytes()
    assert {name: stat.S_IMODE((root / name).stat().st_mode) for name in ("data", "imports")} == {
        "data": 0o700, "imports": 0o700,
    }  # fmt: skip


def test_personal_data_stays_out_of_git(tmp_path: Path) -> None:
    root = create_newsroom(tmp_path / "akhbar", "", sample=False).newsroom.root
    ignored = (root / ".gitignore").read_text().splitlines()
    assert {"/data/", "/imports/", "/.env", "/outbox/*/test/", "/outbox/*/rehearsal/"} <= set(ignored)


def test_the_sample_comes_whole(tmp_path: Path) -> None:
    source = templates_folder() / "sample"
    made = create_newsroom(tmp_path / "akhbar", "", sample=True)
    sample = files_in(source)
    assert sample <= files_in(made.newsroom.root)
    assert made.articles == sum(name.startswith("articles/") and name.endswith((".md", ".txt")) for name in sample) == 5
    assert made.digest == "2026-w42"


def test_the_sample_digest_is_for_the_list_there_is(tmp_path: Path) -> None:
    root = create_newsroom(tmp_path / "akhbar", "", sample=True, list_slug="news").newsroom.root
    assert "\nlist: news\n" in (root / "digests" / "2026-w42.md").read_text(encoding="utf-8")


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError) as caught:
        create_newsroom(tmp_path, "", sample=False)
    assert (caught.value.code, caught.value.exit, caught.value.details) == (
        "FOLDER-NOT-EMPTY", 2, {"files": ["newsletter.toml"]},
    )  # fmt: skip
    assert dict(caught.value.facts) == {"touched": "newsletter.toml", "holds": "newsletter.toml, notes.txt"}
    assert files_in(tmp_path) == {"newsletter.toml", "notes.txt"}


def test_force_makes_only_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "newsletter.toml").write_text("mine")
    made = create_newsroom(tmp_path, "", sample=False, force=True)
    assert (tmp_path / "newsletter.toml").read_text() == "mine"
    assert made.written == (".gitignore", ".env.example", "subscribers.csv.example")


def test_a_folder_with_nothing_but_git_s_own_is_empty(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert create_newsroom(tmp_path, "", sample=False).newsroom.root == tmp_path


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "akhbar").write_text("")
    for root in (tmp_path / "akhbar", tmp_path / "akhbar" / "below"):
        with pytest.raises(UsageError) as caught:
            create_newsroom(root, "", sample=False)
        assert caught.value.code == "USAGE"


# --- writing


def test_a_private_file_is_private_from_the_first_byte_on(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "smtp.password"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert os.listdir(path.parent) == ["smtp.password"]


def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual_one(tmp_path: Path) -> None:
    path = tmp_path / "digest.md"
    before = os.umask(0o027)
    try:
        atomic_write(path, b"one")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    atomic_write(path, b"two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"two", 0o604)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"."):
        atomic_write(tmp_path / "folder", b"x")
    assert os.listdir(tmp_path) == ["folder"]


# --- slugs


@given(text())
def test_whatever_it_is_made_of_a_slug_is_one(name: str) -> None:
    assert is_slug(slug_of(name))


@pytest.mark.parametrize(
    ("name", "slug"),
    [("akhbar", "akhbar"), ("My News 2026", "my-news-2026"), ("Café", "cafe"), ("أخبار", "newsroom"),
     ("2026", "newsroom"), ("..", "newsroom"), ("a" * 80, "a" * 64)],
)  # fmt: skip
def test_slugs_of_folder_names(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@pytest.mark.parametrize(
    ("text", "good"),
    [("2026-w42", True), ("a", True), ("a.b_c-d", True), ("2026", False), ("", False), ("-a", False), (".a", False),
     ("A", False), ("a b", False), ("أ", False), ("a" * 65, False), ("a\n", False)],
)  # fmt: skip
def test_what_a_slug_is(text: str, good: bool) -> None:
    assert is_slug(text) is good
