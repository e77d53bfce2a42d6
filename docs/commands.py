"""Writes docs/reference/commands.md from the program's own help pages; with --check it only compares.

`make docs` and `make check` run it, so the reference cannot say anything else than the program.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from newsletter_cli.cli import tree
from newsletter_cli.cli.frame import build
from newsletter_cli.cli.options import PANEL

PAGE: Final = Path(__file__).parent / "reference" / "commands.md"
INTRODUCTION: Final = """\
# Commands

Made from the help pages of the program by `make docs`. The global options stand before or after any command.
"""


def page() -> str:
    """The whole file."""
    return "\n".join([INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    yield _block(tree.branch().get_help(tree.branch().make_context("newsletter", [])))
    rows = list(tree.leaves())
    for row in sorted(rows, key=lambda row: row.words.split()[0] if " " in row.words else ""):
        text = build(tree.load(row), row.help).page()
        yield f"## {row.words}\n"
        # They are the same for every command, and stand above.
        yield _block(re.sub(rf"\n{PANEL}\n(  .*\n)+", "", text))


def _block(text: str) -> str:
    return f"```\n{text.rstrip()}\n```\n"


def main(arguments: list[str]) -> int:
    os.environ["COLUMNS"] = "100"  # whatever the terminal is
    text = page()
    if arguments != ["--check"]:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{PAGE} is not what the program says of itself: make docs writes it anew\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
