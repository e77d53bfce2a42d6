"""The checks there are, read from catalogue.toml: code, level, sentence, explanation, in English and Arabic."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from newsletter_cli.digest.check.finding import Level
from newsletter_cli.errors import UsageError

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


@cache
def catalogue() -> Mapping[str, Rule]:
    """Every rule of this release by code, in the order of the file."""
    text = (files("newsletter_cli.digest.check") / "catalogue.toml").read_text(encoding="utf-8")
    return {
        code: Rule(
            code=code,
            levels=tuple(Level(level) for level in row["levels"]),
            when=row["when"],
            says=row["says"],
            explain={language: words.strip() for language, words in row["explain"].items()},
            fixable=row.get("fixable", False),
        )
        for code, row in tomllib.loads(text).items()
    }


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
