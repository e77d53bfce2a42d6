"""`newsletter help [TOPIC]`: pages about how things hang together, and one page per error code.

The texts lie in topics/: NAME.txt for a topic, errors.toml for the codes. A command's name shows the command's page.
"""

import textwrap
import tomllib
from typing import Annotated, Any, Final

import typer

from newsletter_cli.cli import completion, tree
from newsletter_cli.cli.exits import EXITS, Exit
from newsletter_cli.cli.frame import Reply, Run, build, command
from newsletter_cli.cli.topics import TEXTS, TOPICS, codes
from newsletter_cli.errors import UsageError

WIDTH: Final = 100


@command("help", examples=("newsletter help workflow", "newsletter help smtp-auth"), exits=(0, 2))
def show(
    run: Run,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="TOPIC", help="A topic, an error code, or a command.", autocompletion=completion.topics),
    ] = None,
) -> Reply:
    """Without a topic, the list of topics and codes."""
    name = " ".join(topic or ()).lower()
    text = page(name) if name else contents()
    document: dict[str, object] = {"topic": name or None, "text": text}
    if not name:
        document |= {"topics": list(TOPICS), "codes": list(codes())}
    return Reply(document, human=lambda: run.out.result(text))


def page(name: str) -> str:
    """The text of a topic, an error code (any case) or a command. UsageError NOT-FOUND for anything else."""
    exits = codes()
    parts = [code_page(name.upper(), exits[name.upper()])] if name.upper() in exits else []
    if name == "exit-codes":
        parts.append(exit_codes())
    elif name in TOPICS:
        parts.append((TEXTS / f"{name}.txt").read_text(encoding="utf-8").rstrip())
    if parts:
        return "\n\n".join(parts)  # `checks` is a topic and a code
    row = next((row for row in tree.leaves() if row.words == name), None)
    if row is not None:
        return build(tree.load(row), row.help).page()
    raise UsageError("NOT-FOUND", f"There is no help on “{name}”.", sent="", fix="newsletter help")


def contents() -> str:
    """The list of topics and codes."""
    lines = ["Topics", *(f"  newsletter help {name:<12}  {sentence}" for name, sentence in TOPICS.items())]
    lines += ["", "Error codes, each with a page: newsletter help CODE"]
    lines += textwrap.wrap(
        " ".join(codes()), WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
    return "\n".join([*lines, "", "Commands: newsletter --help · newsletter COMMAND --help"])


def exit_codes() -> str:
    """The table of exit codes."""
    lines = ["Exit codes", ""]
    lines += [f"{row.code:>4}  {row.code.label:<14} {row.text}\n{'':21}A script should: {row.script}." for row in EXITS]
    lines += [
        "",
        "Of a send, the first that is true of: 130, 4, 7, 9, 6, 0. More codes may come; an unknown one is a failure.",
    ]
    return "\n".join(lines)


def code_page(code: str, exit_code: int) -> str:
    """The page of one error code."""
    told: dict[str, Any] = tomllib.loads((TEXTS / "errors.toml").read_text(encoding="utf-8"))[code]
    means = textwrap.wrap(" ".join(told["means"].split()), WIDTH, initial_indent="  ", subsequent_indent="  ")
    lines = [f"{code}   exit {exit_code}, {Exit(exit_code).label}", "", *means, "", "What to do"]
    return "\n".join([*lines, *(f"  {step}" for step in told["do"])])
