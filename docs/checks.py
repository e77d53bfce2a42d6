"""Writes docs/reference/checks.md from the catalogue of checks; with --check it only compares.

`make docs` and `make check` run it, so the page cannot say anything else than `newsletter check --explain`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from newsletter_cli.digest.check.catalogue import NEVER_LOWERED, Rule, catalogue

PAGE: Final = Path(__file__).parent / "reference" / "checks.md"
INTRODUCTION: Final = """\
# Checks

What `newsletter check` looks for, made from its catalogue by `make docs`. An **error** stops a send
(`safety.require_check`), a warning and a note do not. Another level: `[check] levels = { D507 = "error" }` in
newsletter.toml; not in one issue: `checks: { ignore: [R208] }` in its digest file. In Arabic:
`newsletter check --explain CODE --lang ar`.

| code | level | when | mended by `--fix` |
|---|---|---|---|"""


def page() -> str:
    """The whole file."""
    rules = catalogue().values()
    return "\n".join([INTRODUCTION, *map(_row, rules), "", *(line for rule in rules for line in _section(rule))])


def _row(rule: Rule) -> str:
    cells = (f"[{rule.code}](#{rule.code.lower()})", _levels(rule), rule.when, "yes" if rule.fixable else "")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code}\n"
    yield f"*{rule.says['en']}*\n"
    yield f"{rule.explain['en']}\n"
    if rule.code in NEVER_LOWERED:
        yield "Its level cannot be lowered.\n"


def _levels(rule: Rule) -> str:
    return " / ".join(level.value for level in rule.levels)


def main(arguments: list[str]) -> int:
    text = page()
    if arguments != ["--check"]:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{PAGE} is not what the catalogue says: make docs writes it anew\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
