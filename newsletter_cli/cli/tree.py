"""The commands there are: words, module, panel, one sentence. A module is imported only when its command is called.

`newsletter --help` and the help of a group are made from these rows alone, so they import no room of the house.
"""

import difflib
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from newsletter_cli.cli import options, pages
from newsletter_cli.cli.frame import Command, build
from newsletter_cli.cli.verbatim import sparing
from newsletter_cli.errors import UsageError


class Panel(StrEnum):
    """Where a command stands on the first help page."""

    START = "START"
    DAILY = "DAILY"
    CONTENT = "CONTENT"
    AUDIENCE = "AUDIENCE"
    OPERATIONS = "OPERATIONS"


@dataclass(frozen=True, slots=True)
class Row:
    """One command."""

    words: str
    module: str  # in newsletter_cli.cli; holds one frame.Command with these words
    usage: str  # arguments, as on the help page of the group
    help: str  # one sentence


# fmt: off
GROUPS: Final = {
    "articles":    (Panel.CONTENT,    "Articles: one file each, Markdown with front matter."),
    "digests":     (Panel.CONTENT,    "Digests: the composed issues and their files."),
    "subscribers": (Panel.AUDIENCE,   "Readers: who may be written to."),
    "lists":       (Panel.AUDIENCE,   "Lists: what readers subscribe to."),
    "config":      (Panel.OPERATIONS, "Settings, secrets and going live."),
    "templates":   (Panel.CONTENT,    "Templates: what a digest and the readers' pages are drawn with."),
    "db":          (Panel.OPERATIONS, "The newsroom's database."),
}
PANELS: Final = {
    "init": Panel.START, "demo": Panel.START,
    "compose": Panel.DAILY, "preview": Panel.DAILY, "check": Panel.DAILY, "test": Panel.DAILY, "approve": Panel.DAILY,
    "send": Panel.DAILY, "status": Panel.DAILY, "pause": Panel.DAILY, "resume": Panel.DAILY, "cancel": Panel.DAILY,
    "report": Panel.DAILY,
    "serve": Panel.OPERATIONS, "log": Panel.OPERATIONS, "help": Panel.OPERATIONS,
    **{name: panel for name, (panel, _) in GROUPS.items()},
}
ROWS: Final = (
    Row("init", "init", "[DIR]", "Create a newsroom."),
    Row("demo", "demo", "[DIR]", "Do the whole job once, on this computer only."),
    Row("compose", "compose", "[ID] [SLUG…]", "Build a digest from articles."),
    Row("preview", "preview", "[ID|SLUG]", "Look at a digest as each reader gets it, in the browser."),
    Row("check", "check", "[ID…]", "Find mistakes, with file and line."),
    Row("test", "trial", "ID", "Send a digest to yourself; it cannot reach a list."),
    Row("approve", "approve", "ID", "Approve what another person composed."),
    Row("send", "send", "ID", "Send or schedule a digest; asks first."),
    Row("status", "status", "[ID]", "Show what runs, waits and is due."),
    Row("pause", "pause", "[ID]", "Stop sending, safely, now."),
    Row("resume", "resume", "[ID]", "Go on from the next reader who has not got it."),
    Row("cancel", "cancel", "ID", "Unschedule a digest, or drop what has not left."),
    Row("report", "report", "[ID]", "Show what happened to every reader."),
    Row("articles new", "articles", "TITLE", "Start an article."),
    Row("articles import", "articles", "FILE…", "Turn text, Markdown and HTML files into articles."),
    Row("articles list", "articles", "", "List the articles."),
    Row("articles show", "articles", "SLUG|FILE", "Show one article, or the roles of a file's lines."),
    Row("articles check", "articles", "[SLUG…]", "Find mistakes in articles."),
    Row("digests list", "digests", "", "List the digests."),
    Row("digests show", "digests", "ID", "Show one digest."),
    Row("digests diff", "diff", "A [B]", "Show what changed since a digest was tested or sent."),
    Row("digests export", "digests", "ID", "Write what one reader would get."),
    Row("digests remove", "digests", "ID", "Remove a digest that was not sent."),
    Row("templates list", "templates", "", "List the templates, the program's and your own."),
    Row("templates show", "templates", "NAME", "Print a template."),
    Row("templates eject", "templates", "NAME", "Copy a template into the newsroom, to change it there."),
    Row("templates check", "templates", "[NAME]", "Draw a sample issue with your templates and find mistakes."),
    Row("subscribers show", "subscribers", "EMAIL", "Show one reader and every message sent to them."),
    Row("subscribers add", "subscribers", "EMAIL", "Add one reader to a list."),
    Row("subscribers list", "subscribers", "", "List readers."),
    Row("subscribers import", "subscribers", "FILE", "Add the readers of a CSV file to a list."),
    Row("subscribers export", "subscribers", "[EMAIL]", "Write readers to a file, or all about one person."),
    Row("subscribers tag", "subscribers", "+TAG… -TAG…", "Put tags on readers, or take them off."),
    Row("subscribers remove", "subscribers", "EMAIL…", "Take readers off a list."),
    Row("subscribers suppress", "subscribers", "EMAIL|@DOMAIN", "Never write to an address or a domain again."),
    Row("subscribers stats", "subscribers", "", "Count readers by status, list and domain."),
    Row("subscribers undo", "subscribers", "BATCH", "Take back an import."),
    Row("lists list", "lists", "", "List the lists."),
    Row("lists create", "lists", "SLUG", "Create a list."),
    Row("lists show", "lists", "SLUG", "Show one list."),
    Row("lists edit", "lists", "SLUG", "Change a list's settings."),
    Row("lists remove", "lists", "SLUG", "Remove a list."),
    Row("lists count", "lists", "[LIST]", "Count the readers that a send would reach."),
    Row("serve", "serve", "", "Serve the readers' pages and one-click unsubscribe."),
    Row("config show", "config", "[KEY…]", "Show settings and where each comes from."),
    Row("config get", "config", "KEY", "Show one setting."),
    Row("config set", "config", "KEY VALUE", "Change a setting in newsletter.toml."),
    Row("config set-secret", "config", "KEY", "Store a password without showing it."),
    Row("config dkim", "dkim", "", "Make a DKIM key and print its DNS record."),
    Row("config check", "config", "", "Check the settings."),
    Row("config go-live", "config", "", "Allow mail to leave."),
    Row("config schema", "config", "", "Print a JSON Schema of newsletter.toml."),
    Row("db migrate", "db", "", "Bring the database up to this version."),
    Row("db backup", "db", "", "Make a backup."),
    Row("db restore", "restore", "[FILE]", "Put a backup back in the database's place."),
    Row("db check", "db", "", "Check the database."),
    Row("log", "log", "[ID|EMAIL]", "Show who did what."),
    Row("help", "help", "[TOPIC]", "Explain a topic or an error code."),
)
# fmt: on

# Hidden second spellings. Nothing else is abbreviated.
GROUP_ALIASES: Final = {
    "subscriber": "subscribers", "article": "articles", "digest": "digests",
    "list": "lists", "issue": "digests", "issues": "digests",
}  # fmt: skip
COMMAND_ALIASES: Final = {f"digests {verb}": verb for verb in ("compose", "preview", "check", "send", "test")}

CONTEXT: Final = {"help_option_names": ["-h", "--help"]}


def rows(group: str = "") -> tuple[Row, ...]:
    """The commands directly under `group` ("" = the root, groups left out) whose module is there."""
    depth = 2 if group else 1
    return tuple(
        row
        for row in ROWS
        if len(row.words.split()) == depth and row.words.startswith(f"{group} " if group else "") and _is_there(row)
    )


def groups() -> tuple[str, ...]:
    """The groups that have at least one command."""
    return tuple(name for name in GROUPS if rows(name))


def leaves() -> Iterator[Row]:
    """Every command there is."""
    yield from (row for row in ROWS if _is_there(row))


def load(row: Row) -> Command:
    """Import the command's module and find the command in it; RuntimeError when it is not there."""
    module = importlib.import_module(f"newsletter_cli.cli.{row.module}")
    for value in vars(module).values():
        if isinstance(value, Command) and value.words == row.words:
            return value
    raise RuntimeError(f"{module.__name__} holds no command “{row.words}”")


def _is_there(row: Row) -> bool:
    return importlib.util.find_spec(f"newsletter_cli.cli.{row.module}") is not None


class Branch(TyperGroup):
    """Root or group: makes a command only when its name is called."""

    group: str = ""  # "" = the root
    listing: bool = False  # completion asks for names and sentences only

    def get_params(self, ctx: Any) -> list[Any]:
        return sparing(super().get_params(ctx))

    def names(self) -> tuple[str, ...]:
        """The names that can follow here, hidden ones left out."""
        own = tuple(row.words.split()[-1] for row in rows(self.group))
        return own if self.group else (*own, *groups())

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(self.names())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        words = f"{self.group} {cmd_name}".strip()
        if not self.group:
            name = GROUP_ALIASES.get(cmd_name, cmd_name)
            if name in groups():
                return branch(name)
        words = COMMAND_ALIASES.get(words, words)
        row = next((row for row in leaves() if row.words == words), None)
        if row is None:
            return None
        return TyperCommand(cmd_name, help=row.help) if self.listing else build(load(row), row.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        found = self.get_command(ctx, args[0])
        if found is None and not ctx.resilient_parsing:
            raise unknown(self.group, args[0], self.names())
        return args[0] if found is not None else None, found, args[1:]

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self.listing = True  # no module is imported for a list of names
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self.listing = False

    def get_help(self, ctx: Any) -> str:
        if self.group:
            shown = [(row.words.split()[-1], row.usage, row.help) for row in rows(self.group)]
            return pages.group_page(self.group, GROUPS[self.group][1], shown)
        sections = [(panel.value, _panel(panel)) for panel in Panel]
        return pages.root_page([section for section in sections if section[1]], self.get_params(ctx))


def _panel(panel: Panel) -> list[tuple[str, str, str]]:
    single = {row.words: (row.words, row.usage, row.help) for row in rows()}
    grouped = {
        name: (name, " ".join(row.words.split()[-1] for row in rows(name)), GROUPS[name][1]) for name in groups()
    }
    there = single | grouped
    return [there[name] for name, at in PANELS.items() if at is panel and name in there]


def unknown(group: str, word: str, names: tuple[str, ...]) -> UsageError:
    """The error for a word that is no command here, with what was probably meant."""
    near = difflib.get_close_matches(word, names, n=3)
    path = f"newsletter {group}".strip()
    facts = [("perhaps", " · ".join(f"{path} {name}" for name in near))] if near else []
    return UsageError(
        "USAGE", f"There is no command “{path} {word}”.", facts=facts, sent="", fix=f"{path} --help",
        details={"word": word, "near": near},
    )  # fmt: skip


def branch(group: str = "") -> Branch:
    """The root, or one group, with the global options."""
    app = typer.Typer(
        cls=Branch,
        add_completion=not group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        context_settings=dict(CONTEXT),
    )
    app.callback()(_on_the_way())
    made = typer.main.get_command(app)
    if not isinstance(made, Branch):
        raise RuntimeError(f"typer built {type(made).__name__} for a group")
    made.group = group
    return made


def _on_the_way() -> Callable[..., None]:
    """What is called before a command; alone, it shows the page (root) or asks which command was meant (group)."""

    def called(*, ctx: typer.Context, **given: Any) -> None:
        if ctx.invoked_subcommand is not None:
            return
        if ctx.parent is None:
            typer.echo(ctx.get_help())
            return
        words = str(ctx.info_name)
        raise UsageError("USAGE", f"Which command of “{words}”?", sent="", fix=f"newsletter {words} --help")

    return options.with_signature(called, ())
