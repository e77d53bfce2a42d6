"""Help pages as plain text: of the program, of a group, of a command. No colour, no boxes, no other room."""

import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Final

from newsletter_cli.cli.exits import EXITS
from newsletter_cli.cli.options import PANEL

WIDEST: Final = 100
LEFT: Final = 34  # cells of the left column, beyond which the text starts on the next line

Section = tuple[str, Sequence[tuple[str, str, str]]]


def root_page(sections: Sequence[Section], params: Iterable[Any]) -> str:
    """What `newsletter --help` shows. sections: panel, then (name, arguments or verbs, sentence)."""
    lines = [
        "Usage: newsletter COMMAND [OPTIONS]",
        "",
        "  Right-to-left newsletters from article files, to every reader exactly once.",
        "",
        "  newsletter init akhbar --sample      a newsroom to play with",
        "  newsletter demo                      the whole job once, on this computer only",
    ]
    for panel, commands in sections:
        lines += ["", panel]
        lines += _two_columns([(f"{name:<12} {usage}", text) for name, usage, text in commands])
    lines += ["", PANEL + " (before or after the command)", *_two_columns(_described(params)), "", *_more()]
    return "\n".join(lines)


def group_page(group: str, summary: str, commands: Sequence[tuple[str, str, str]]) -> str:
    """What `newsletter subscribers --help` shows."""
    shown = [(f"{name} {usage}".strip(), text) for name, usage, text in commands]
    path = f"newsletter {group}"
    lines = [f"Usage: {path} COMMAND [OPTIONS]", "", f"  {summary}", "", "Commands", *_two_columns(shown)]
    return "\n".join([*lines, "", f"One command's page: {path} COMMAND --help"])


def command_page(
    words: str, summary: str, *, text: str, examples: Sequence[str], exits: Sequence[int], params: Iterable[Any]
) -> str:
    """What `newsletter send --help` shows: sentence, examples, options, exit codes."""
    every = [param for param in params if not param.hidden]
    arguments = [param for param in every if param.param_type_name == "argument"]
    shared = [param for param in every if getattr(param, "rich_help_panel", None) == PANEL or "--help" in param.opts]
    own = [param for param in every if param not in shared and param not in arguments]
    first = [param for param in own if not getattr(param, "rich_help_panel", None)]
    rest = [param for param in own if param not in first]
    usage = " ".join([f"newsletter {words}", *map(_argument, arguments), "[OPTIONS]"])
    lines = [f"Usage: {usage}", "", f"  {summary}", *_text(text)]
    lines += ["", "Examples", *(f"  {example}" for example in examples)]
    for title, group in (("Arguments", arguments), ("Options", first), ("More options", rest), (PANEL, shared)):
        if group:
            lines += ["", title, *_two_columns(_described(group))]
    lines += ["", "Exit codes"]
    lines += _two_columns([(f"{row.code:>3} {row.code.label}", row.text) for row in EXITS if row.code in exits])
    return "\n".join([*lines, "", *_more()])


def _more() -> list[str]:
    return ["More: newsletter help · newsletter help exit-codes"]


def _text(docstring: str) -> list[str]:
    """The docstring's paragraphs, indented; nothing when there is none."""
    paragraphs = textwrap.dedent(docstring).strip().split("\n\n")
    wrapped: list[str] = []
    for paragraph in filter(None, paragraphs):
        wrapped += [
            "",
            *textwrap.wrap(" ".join(paragraph.split()), _width() - 2, initial_indent="  ", subsequent_indent="  "),
        ]
    return wrapped


def _argument(param: Any) -> str:
    name = _metavar(param) + ("…" if param.nargs != 1 and not _metavar(param).endswith("…") else "")
    return name if param.required else f"[{name}]"


def _metavar(param: Any) -> str:
    return str(param.metavar or (param.name or "").replace("_", "-").upper())


def _described(params: Iterable[Any]) -> list[tuple[str, str]]:
    return [(_names(param), _sentence(param)) for param in params if not param.hidden]


def _names(param: Any) -> str:
    if param.param_type_name == "argument":
        return _argument(param).strip("[]")
    names = ", ".join(sorted(param.opts, key=len))
    if param.secondary_opts:
        names += " / " + ", ".join(param.secondary_opts)
    takes_value = not (param.is_flag or param.count)
    return f"{names} {_metavar(param)}" if takes_value else names


def _sentence(param: Any) -> str:
    text = str(param.help or "")
    plain_default = isinstance(param.default, str | int | float) and not isinstance(param.default, bool)
    if param.param_type_name == "option" and param.show_default and plain_default and param.default not in ("", 0):
        text = f"{text} Default: {getattr(param.default, 'value', param.default)}."
    return text


def _two_columns(rows: Iterable[tuple[str, str]]) -> list[str]:
    pairs = list(rows)
    left = min(LEFT, max((len(name) for name, _ in pairs), default=0)) + 2
    lines: list[str] = []
    for name, text in pairs:
        wrapped = textwrap.wrap(text, max(20, _width() - left - 2)) or [""]
        if len(name) + 2 > left:
            lines.append(f"  {name}")
            lines += [f"  {'':{left}}{piece}" for piece in wrapped]
        else:
            lines += [f"  {name if place == 0 else '':<{left}}{piece}".rstrip() for place, piece in enumerate(wrapped)]
    return [line.rstrip() for line in lines]


def _width() -> int:
    return min(WIDEST, shutil.get_terminal_size().columns)
