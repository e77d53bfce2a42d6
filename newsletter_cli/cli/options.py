"""Global options: the ones that stand before or after every command, and what they come to.

Typer does not hand options of a group to its commands. So each level of the tree (root, group, leaf) declares them
all, and the leaf merges what was given along the way: flags add up, of two values the later wins.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from newsletter_cli import __version__

PREFIX: Final = "global_"  # no command may have a parameter of that name
PANEL: Final = "Global options"

E = TypeVar("E", bound=StrEnum)
F = TypeVar("F", bound=Callable[..., Any])


class Color(StrEnum):
    """When output may be coloured."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Lang(StrEnum):
    """Languages of the messages of this tool."""

    EN = "en"
    AR = "ar"


class LogFormat(StrEnum):
    """How lines on stderr are written."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Globals:
    """The global options of one invocation, environment included."""

    project: Path | None = None
    profile: str | None = None
    json: bool = False  # one JSON document on stdout and nothing else; also for `--format json`
    format: str = "table"  # one of the command's formats
    quiet: bool = False
    verbose: int = 0  # 2 adds the SMTP conversation, secrets removed
    dry_run: bool = False
    yes: bool = False  # answers mild and moderate questions, never a mass send
    no_input: bool = False
    color: Color = Color.AUTO
    plain: bool = False
    lang: Lang | None = None  # None: by ui.language and the locale
    log_format: LogFormat | None = None  # None: by log.format of the settings


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsletter {__version__}")
        raise typer.Exit


def _option(*names: str, **more: Any) -> Any:
    return typer.Option(*names, rich_help_panel=PANEL, show_default=False, **more)


# name: (type, default, option)
_DECLARATIONS: Final[Mapping[str, tuple[Any, Any, Any]]] = {
    "project": (
        str | None,
        None,
        _option(
            "-C", "--project", metavar="DIR", help="Newsroom folder; default: nearest parent with newsletter.toml."
        ),
    ),
    "profile": (str | None, None, _option("--profile", metavar="NAME", help="Overlay [profiles.NAME].")),
    "json": (bool, False, _option("--json", help="One JSON document on stdout, also for errors.")),
    "format": (
        str | None,
        None,
        _option("--format", metavar="FORMAT", help="table or json; listings also jsonl, csv and tsv."),
    ),
    "quiet": (bool, False, _option("-q", "--quiet", help="Only results, warnings and errors.")),
    "verbose": (int, 0, _option("-v", "--verbose", count=True, help="More; -vv adds the SMTP conversation.")),
    "dry_run": (bool, False, _option("-n", "--dry-run", help="Say what would happen and change nothing.")),
    "yes": (bool, False, _option("-y", "--yes", help="Answer yes to y/N questions; never enough for a send.")),
    "no_input": (bool, False, _option("--no-input", help="Ask nothing; a missing answer is an error.")),
    "color": (Color | None, None, _option("--color", metavar="WHEN", help="auto, always or never.")),
    "plain": (bool, False, _option("--plain", help="No boxes, no animation, one fact per line.")),
    "lang": (Lang | None, None, _option("--lang", metavar="LANGUAGE", help="Language of messages: en or ar.")),
    "log_format": (
        LogFormat | None,
        None,
        _option("--log-format", metavar="KIND", help="Lines on stderr: text or json."),
    ),
    "version": (
        bool,
        False,
        _option("--version", is_eager=True, callback=_show_version, help="Show the version and exit."),
    ),
}


def parameters() -> tuple[inspect.Parameter, ...]:
    """The global options as parameters of a function, for Typer to read."""
    return tuple(
        inspect.Parameter(
            PREFIX + name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[kind, option], default=default
        )
        for name, (kind, default, option) in _DECLARATIONS.items()
    )


def with_signature(function: F, own: Iterable[inspect.Parameter]) -> F:
    """Give `function(*, ctx, **given)` the signature that typer reads: ctx, its own parameters, the global options.

    Everything is by keyword, so that a required argument may follow an option with a default.
    """
    context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    by_name = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    everything = [context, *by_name, *parameters()]
    function.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]  # inspect reads it
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in everything}
    return function


def merge(levels: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What was given at root, group and leaf, in that order, as one: flags or-ed, counts added, else the later."""
    merged: dict[str, Any] = {}
    for level in levels:
        for name in _DECLARATIONS:
            value = level.get(PREFIX + name)
            if value is None:
                continue
            before = merged.get(name)
            if isinstance(value, bool):
                merged[name] = value or bool(before)
            elif isinstance(value, int):
                merged[name] = value + (before or 0)
            else:
                merged[name] = value
    merged.pop("version", None)
    return merged


def _truthy(text: str | None) -> bool:
    return (text or "").strip().lower() not in ("", "0", "no", "false", "off")


def with_environment(given: Mapping[str, Any], env: Mapping[str, str]) -> Globals:
    """The options of this run: what was given, then the environment, then the defaults.

    An unknown word in NEWSLETTER_LANG or NEWSLETTER_LOG_FORMAT counts as not set: no command should die of it.
    """
    as_json = bool(given.get("json")) or given.get("format") == "json"
    # Of the words given, older versions of typer hand us the text, newer ones the member.
    lang = _member(Lang, given.get("lang") or env.get("NEWSLETTER_LANG"))
    log_format = _member(LogFormat, given.get("log_format") or env.get("NEWSLETTER_LOG_FORMAT"))
    project = given.get("project")
    return Globals(
        project=Path(project) if project is not None else None,
        profile=given["profile"] if given.get("profile") is not None else env.get("NEWSLETTER_PROFILE"),
        json=as_json,
        format="json" if as_json else given.get("format") or "table",
        quiet=bool(given.get("quiet")),
        verbose=int(given.get("verbose") or 0),
        dry_run=bool(given.get("dry_run")),
        yes=bool(given.get("yes")),
        no_input=bool(given.get("no_input")) or _truthy(env.get("NEWSLETTER_NO_INPUT")),
        color=_member(Color, given.get("color")) or Color.AUTO,
        plain=bool(given.get("plain")) or _truthy(env.get("NEWSLETTER_ACCESSIBLE")),
        lang=lang,
        log_format=log_format,
    )


def _member(kind: type[E], text: str | None) -> E | None:
    return next((member for member in kind if member.value == (text or "").strip().lower()), None)


def guess(argv: Iterable[str]) -> dict[str, Any]:
    """The options that decide how an error is shown, read without a parser: it may be the parser that failed."""
    words = list(argv)
    words = words[: words.index("--")] if "--" in words else words
    given: dict[str, Any] = {"json": "--json" in words, "plain": "--plain" in words, "quiet": False}
    for name, kind in (("format", str), ("lang", Lang), ("color", Color), ("log_format", LogFormat)):
        text = _last_value(words, "--" + name.replace("_", "-"))
        given[name] = text if kind is str else _member(kind, text)
    return given


def _last_value(words: list[str], option: str) -> str | None:
    found = None
    for here, following in zip(words, [*words[1:], ""], strict=True):
        if here == option:
            found = following
        elif here.startswith(option + "="):
            found = here.partition("=")[2]
    return found
