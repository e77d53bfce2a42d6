"""What every command and every error promises: options on both sides, a page with examples, no prompt where nobody can
answer, no ESC byte in a pipe, and nothing heavy imported before it is needed.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsletter_cli.cli import options, topics, tree
from newsletter_cli.cli.app import main
from newsletter_cli.cli.exits import EXITS, Exit
from newsletter_cli.cli.frame import Command, build
from newsletter_cli.errors import NewsletterError

ROWS = tuple(tree.leaves())
every_command = pytest.mark.parametrize("row", ROWS, ids=[row.words.replace(" ", "-") for row in ROWS])

# One use of each global option; the test below fails when one is missing.
GLOBAL_OPTIONS = (
    ("-C", "."), ("--project", "."), ("--profile", "staging"), ("--json",), ("--format", "json"), ("-q",), ("--quiet",),
    ("-v",), ("-vv",), ("--verbose",), ("-n",), ("--dry-run",), ("-y",), ("--yes",), ("--no-input",),
    ("--color", "never"), ("--plain",), ("--lang", "ar"), ("--log-format", "json"), ("-h",), ("--help",),
    ("--version",),
)  # fmt: skip

# Words for the arguments that a command cannot do without.
ARGUMENTS = {
    "test": ("i1",), "send": ("i1",), "cancel": ("i1",), "articles new": ("Title",), "articles import": ("none.txt",),
    "articles show": ("none",), "digests show": ("i1",), "digests export": ("i1",), "digests remove": ("i1",),
    "subscribers show": ("reader@example.org",), "subscribers add": ("reader@example.org", "--list", "weekly"),
    "subscribers import": ("none.csv", "--list", "weekly"), "subscribers tag": ("+sport", "--where", "tag:none"),
    "subscribers remove": ("reader@example.org", "--list", "weekly"), "subscribers suppress": ("@example.org",),
    "subscribers undo": ("imp-none",), "lists create": ("daily", "--title", "Daily"), "lists show": ("weekly",),
    "lists edit": ("weekly", "--title", "Weekly"), "lists remove": ("weekly",), "config get": ("newsroom.name",),
    "config set": ("newsroom.name", "x"), "config set-secret": ("smtp.password",), "init": ("elsewhere",),
    "db restore": ("none.db",),
}  # fmt: skip
# These go on until they are stopped, or do a whole job; journeys run them.
LONG = frozenset({"serve", "demo"})


class Ended:
    """One run of main() in this process."""

    def __init__(self, *words: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.exit = main(words)
        self.stdout, self.stderr = out.getvalue(), err.getvalue()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stdin is closed, nothing may be sent, and everything that could force colour does."""
    monkeypatch.setattr(sys, "stdin", None)
    for name in ("NEWSLETTER_NO_SEND", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "CLICOLOR_FORCE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def room(newsroom_folder: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsroom with an empty database, as the current folder."""
    shutil.copy(migrated_sqlite, newsroom_folder / "data" / "newsletter.db")
    monkeypatch.chdir(newsroom_folder)
    return newsroom_folder


def load(row: tree.Row) -> Command:
    return tree.load(row)


# --- options (T1) --------------------------------------------------------------------------------------------------


def test_the_list_of_global_options_above_is_whole() -> None:
    page = Ended("help", "--help").stdout.split("Global options")[1].split("Exit codes")[0]
    named = set(re.findall(r"(?<![\w-])(-{1,2}[a-zA-Z][\w-]*)", page))
    assert {use[0] for use in GLOBAL_OPTIONS} == named | {"-h", "--help"}


@every_command
def test_every_command_takes_every_global_option_before_and_after(row: tree.Row, tmp_path: Path) -> None:
    words = row.words.split()
    for use in GLOBAL_OPTIONS:
        for line in ([*use, *words, "--help"], [*words, *use, "--help"]):
            ended = Ended(*line)
            assert (ended.exit, ended.stderr) == (0, ""), line


@every_command
def test_an_option_that_no_command_has_is_refused(row: tree.Row) -> None:
    assert Ended(*row.words.split(), "--no-such-option", "--help").exit == 2


# --- pages -------------------------------------------------------------------------------------------------------


@every_command
def test_every_page_has_a_sentence_two_examples_and_the_exit_codes(row: tree.Row) -> None:
    page = Ended(*row.words.split(), "--help").stdout
    made = load(row)
    assert row.help.endswith(".")
    assert f"\n  {row.help}\n" in page
    assert len(made.examples) >= 2
    assert all(f"\n  {example}\n" in page for example in made.examples)
    assert all(example.startswith(("newsletter ", "cat ", "pass ")) for example in made.examples)
    for code in made.exits:
        assert f"{code:>3} {Exit(code).label}" in page
    assert page.startswith(f"Usage: newsletter {row.words}")


@every_command
def test_every_option_says_what_it_does_and_names_its_value_in_words(row: tree.Row) -> None:
    made = load(row)
    params: list[Any] = list(build(made, row.help).params)
    for param in params:
        if param.hidden:
            continue
        assert param.help, f"{row.words}: {param.name} says nothing"
        flag = param.param_type_name == "option" and (param.is_flag or param.count)
        assert flag or param.metavar, f"{row.words}: {param.name} has no metavar in words"


@every_command
def test_every_example_is_a_command_line_that_the_parser_takes(row: tree.Row) -> None:
    for example in load(row).examples:
        words = re.split(r"\s+[|&]+\s+", example)[-1].split("  ")[0]
        line = [word.strip("'\"") for word in re.findall(r"'[^']*'|\"[^\"]*\"|\S+", words)]
        assert line[0] == "newsletter", example
        ended = Ended(*line[1:], "--help")
        assert (ended.exit, ended.stderr) == (0, ""), example


@every_command
def test_the_module_of_a_command_is_loaded_by_its_words(row: tree.Row) -> None:
    assert load(row).words == row.words


def test_every_command_and_every_group_stands_in_one_panel() -> None:
    single = {row.words for row in tree.ROWS if " " not in row.words}
    groups = {row.words.split()[0] for row in tree.ROWS if " " in row.words}
    assert set(tree.PANELS) == single | groups
    assert groups == set(tree.GROUPS)


def test_hidden_aliases_reach_the_same_command_and_are_not_shown() -> None:
    first = Ended("--help").stdout
    for alias, group in tree.GROUP_ALIASES.items():
        if group in tree.groups():
            assert Ended(alias, "--help").stdout == Ended(group, "--help").stdout
            assert not re.search(rf"^  {alias} ", first, re.MULTILINE)
    for alias, words in tree.COMMAND_ALIASES.items():
        if words in {row.words for row in ROWS}:
            assert Ended(*alias.split(), "--help").stdout == Ended(words, "--help").stdout


# --- where nobody can answer (T3), and pipes (T9) ------------------------------------------------------------------


def demand_silence(ended: Ended, line: list[str]) -> None:
    """Exit 1 is a bug; a question would wait for ever; a pipe holds no ESC byte."""
    assert ended.exit in {row.code for row in EXITS} - {Exit.ERROR}, (line, ended.stderr)
    assert "[y/N]" not in ended.stderr + ended.stdout, line
    assert "[Y/n]" not in ended.stderr + ended.stdout, line
    assert "›" not in ended.stderr, line
    assert "\x1b" not in ended.stdout + ended.stderr, line


@every_command
@pytest.mark.usefixtures("nobody")
def test_outside_a_newsroom_no_command_prompts_or_breaks(
    row: tree.Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if row.words in LONG:
        return
    for line in (row.words.split(), [*row.words.split(), *ARGUMENTS.get(row.words, ())]):
        demand_silence(Ended(*line), line)


@every_command
@pytest.mark.usefixtures("nobody", "room")
def test_in_a_newsroom_no_command_prompts_or_breaks(row: tree.Row) -> None:
    if row.words in LONG:
        return
    line = [*row.words.split(), *ARGUMENTS.get(row.words, ())]
    demand_silence(Ended(*line), line)


@every_command
@pytest.mark.usefixtures("nobody", "room")
def test_with_json_every_command_prints_one_document_and_nothing_else(row: tree.Row) -> None:
    if row.words in LONG:
        return
    line = [*row.words.split(), *ARGUMENTS.get(row.words, ()), "--json"]
    ended = Ended(*line)
    document = json.loads(ended.stdout)
    assert ended.stdout.count("\n") == 1
    assert document["exit"] == ended.exit
    assert re.fullmatch(r"newsletter\.[a-z.-]+/1", document["schema"])
    if ended.exit and document["schema"] == "newsletter.error/1":
        assert set(document["error"]) == {"code", "exit", "message", "sent", "fix", "details"}


# --- errors --------------------------------------------------------------------------------------------------------


def classes() -> Iterator[type[NewsletterError]]:
    waiting = [NewsletterError]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += one.__subclasses__()


def test_every_error_code_has_a_page_and_every_page_a_code() -> None:
    codes = {code for one in classes() for code in one.codes} | set(topics.EDGE_CODES)
    told = tomllib.loads((topics.TEXTS / "errors.toml").read_text(encoding="utf-8"))
    assert set(topics.codes()) == codes == set(told)


@pytest.mark.parametrize("code", topics.codes())
def test_the_page_of_a_code_says_what_it_means_and_what_to_do(code: str) -> None:
    ended = Ended("help", code.lower())
    told = tomllib.loads((topics.TEXTS / "errors.toml").read_text(encoding="utf-8"))[code]
    assert (ended.exit, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"{code}   exit {topics.codes()[code]}, ")
    assert told["means"].rstrip().endswith(".")
    assert told["do"]
    assert all(f"  {step}\n" in ended.stdout for step in told["do"])


@pytest.mark.parametrize("topic", topics.TOPICS)
def test_every_topic_has_a_page_no_wider_than_a_terminal_can_show(topic: str) -> None:
    ended = Ended("help", topic)
    assert (ended.exit, ended.stderr) == (0, "")
    assert max(map(len, ended.stdout.splitlines())) <= 120


def test_the_pages_name_only_commands_that_exist() -> None:
    words = {row.words for row in tree.ROWS} | set(tree.GROUPS)
    texts = [Ended("help", name).stdout for name in (*topics.TOPICS, *map(str.lower, topics.codes()))]
    for named in re.findall(r"newsletter ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", "\n".join(texts)):
        first, _, second = named.partition(" ")
        assert named in words or first in words, f"newsletter {named}"
        assert first not in tree.GROUPS or named in words, f"newsletter {first} {second}"


def test_every_exit_code_of_an_error_is_in_the_table() -> None:
    assert {one.exit for one in classes()} <= {row.code for row in EXITS}
    assert [row.code for row in EXITS] == list(Exit)


# --- what is imported (T19) ----------------------------------------------------------------------------------------

HEAVY = (
    "sqlalchemy", "alembic", "jinja2", "premailer", "cssutils", "lxml", "email_validator", "nh3", "markdown_it", "yaml",
    "starlette", "uvicorn", "pydantic", "asyncio", "rich.live", "rich.console", "rich.markup", "hijridate", "tomlkit",
    "keyring",
    "newsletter_cli.storage", "newsletter_cli.settings", "newsletter_cli.articles", "newsletter_cli.digest",
    "newsletter_cli.mail", "newsletter_cli.delivery", "newsletter_cli.subscribers", "newsletter_cli.language",
)  # fmt: skip


def imported_by(*words: str, cwd: Path) -> set[str]:
    """The modules that a process has after this command."""
    script = (
        "import sys; from newsletter_cli.cli.app import main; main(sys.argv[1:]); sys.stdout.flush(); "
        "print('\\n' + '\\n'.join(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | {"NEWSLETTER_NO_SEND": "1"},
    )  # fmt: skip
    return set(ended.stderr.split())


@pytest.mark.parametrize(
    "words",
    [("--help",), ("-h",), ("--version",), ("help",), ("nothing",), *((group, "--help") for group in tree.groups())],
    ids=" ".join,
)
def test_a_help_page_imports_nothing_heavy(words: tuple[str, ...], tmp_path: Path) -> None:
    assert sorted(set(HEAVY) & imported_by(*words, cwd=tmp_path)) == []


@pytest.mark.parametrize("words", [("pause",), ("cancel", "i1"), ("status",)], ids=" ".join)
def test_the_stop_button_needs_no_template_and_no_server(words: tuple[str, ...], room: Path) -> None:
    if words[0] not in {row.words for row in ROWS}:
        pytest.fail(f"there is no command {words[0]}")
    without = {"jinja2", "premailer", "cssutils", "lxml", "markdown_it", "starlette", "uvicorn", "pydantic", "tomlkit"}
    assert sorted(without & imported_by(*words, cwd=room)) == []


@pytest.mark.parametrize("words", [("compose", "i1", "--list", "weekly", "--limit", "3"), ("check", "--offline")])
def test_plain_words_and_drawing_a_digest_load_neither_a_converter_nor_an_http_client(
    words: tuple[str, ...], room: Path
) -> None:
    (room / "articles" / "a.md").write_text("---\ntitle: خبر\ndate: 2026-10-01\n---\nنص\n", encoding="utf-8")
    if words[0] == "check":
        imported_by("compose", "i1", "--list", "weekly", cwd=room)
    found = imported_by(*words, cwd=room)
    assert sorted({"requests", "urllib3", "pydantic", "starlette"} & found) == []
    assert ("premailer" in found) == (words[0] == "compose")  # what compose has inlined, check need not inline again


def test_no_module_of_ours_imports_click() -> None:
    package = Path(options.__file__).parents[1]
    naughty = [
        path.name
        for path in package.rglob("*.py")
        if re.search(r"^\s*(?:import|from)\s+(?:click|typer\._click)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert naughty == []
