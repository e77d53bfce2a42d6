"""The checks there are, read from catalogue/*.toml: code, level, sentence, explanation, in English and Arabic.

levels: the first is the usual one, a second is the worse case that `when` names.  says: one sentence with {places}.
explain: what `newsletter check --explain CODE` prints.  fixable: `check --fix` can repair it.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from newsletter_cli.digest.check.finding import Level
from newsletter_cli.errors import UsageError

# One file for each letter, in the order in which the checks are listed.
FILES: Final[Mapping[str, str]] = {
    "C": "content", "R": "direction", "H": "page", "L": "links", "I": "pictures", "T": "text_part", "D": "delivery",
    "S": "sizes", "A": "audience",
}  # fmt: skip
# Nothing but the local rule lowers these two: without them readers cannot leave, and laws are broken.
NEVER_LOWERED: Final = frozenset({"L305", "D502"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the catalogue."""

    code: str
    levels: tuple[Level, ...]  # the second one where the rule knows a worse case
    when: str
    says: Mapping[str, str]  # language → sentence with {places}
    explain: Mapping[str, str]  # language → a paragraph or two
    fixable: bool = False


def catalogue() -> Mapping[str, Rule]:
    """Every rule of this release by code, in the order of the files."""
    return {code: rule for letter in FILES for code, rule in _rules(letter).items()}


def rule_of(code: str) -> Rule:
    """The rule of a code that exists; most runs of `check` need a few of them, and not every explanation there is."""
    return _rules(code[0])[code]


@cache
def _rules(letter: str) -> Mapping[str, Rule]:
    file = files("newsletter_cli.digest.check") / "catalogue" / f"{FILES[letter]}.toml"
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    return {code: _rule(code, row) for code, row in rows.items()}


def _rule(code: str, row: Mapping[str, Any]) -> Rule:
    return Rule(
        code=code,
        levels=tuple(Level(level) for level in row["levels"]),
        when=row["when"],
        says=row["says"],
        explain={language: words.strip() for language, words in row["explain"].items()},
        fixable=row.get("fixable", False),
    )


def find_rule(code: str) -> Rule:
    """The rule of a code, in any case.  Raises UsageError NOT-FOUND with the likeliest code."""
    rules = catalogue()
    if code.upper() in rules:
        return rules[code.upper()]
    guess = difflib.get_close_matches(code.upper(), list(rules), n=1)
    raise UsageError(
        "NOT-FOUND",
        f"There is no check “{code}”." + (f" Did you mean {guess[0]}?" if guess else ""),
        sent="",
        fix=f"the checks are {' '.join(rules)}",
    )
