"""The pages of `newsletter help`: NAME.txt for a topic, one table in errors.toml for each error code."""

from pathlib import Path
from typing import Final

from newsletter_cli.cli.exits import Exit
from newsletter_cli.errors import NewsletterError

TEXTS: Final = Path(__file__).parent
TOPICS: Final = {
    "workflow": "the way of one digest, from files to readers",
    "exit-codes": "what each exit code means, and what a script should do",
    "environment": "variables that this program reads",
    "encodings": "how the encoding of a file is found",
    "terminals": "Arabic in a terminal, colour, --plain",
    "checks": "levels, codes, how to switch one off",
    "templates": "how to change what a digest looks like",
    "reputation": "what to do when a provider does not want our mail",
}
# Codes of errors that are not in the tree of errors.py.
EDGE_CODES: Final = {"BUG": Exit.ERROR, "INTERRUPTED": Exit.INTERRUPTED}


def codes() -> dict[str, int]:
    """Every error code and its exit code, in the order of the tree."""
    found = {code: kind.exit for kind in NewsletterError.__subclasses__() for code in sorted(kind.codes)}
    return found | EDGE_CODES
