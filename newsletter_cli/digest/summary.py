"""A summary cut to length: at a word, never inside an address, a number, a letter with its marks, or an isolate."""

import re
from typing import Final

from newsletter_cli.language import isolate_runs
from newsletter_cli.mail.clusters import clusters

ELLIPSIS: Final = "\u00a0…"  # no-break: on a phone it would else stand alone in the last line
_TRAILING: Final = " \u00a0\t،,;؛:-–—("
_OPENERS: Final = "\u2066\u2067\u2068"
_CLOSER: Final = "\u2069"
_GROUPED: Final = re.compile(r"[\d٠-٩۰-۹][ \u00a0]$")


def cut(text: str, limit: int) -> str:
    """The text in one line, at most `limit` clusters without the " …" that says it goes on.

    A single word longer than the limit is cut between clusters.
    """
    line = " ".join(text.split(" ")).replace("\n", " ").strip()
    letters = list(clusters(line))
    if len(letters) <= limit:
        return line
    end = len("".join(letters[:limit]))
    end = _before_island(line, end)
    start_of_word = line.rfind(" ", 0, end + 1)
    if start_of_word > 0:
        end = start_of_word
    while end > 1 and _GROUPED.search(line[:end] + " ") and end < len(line) and line[end + 1 : end + 2].isdigit():
        end = max(line.rfind(" ", 0, end), 0)
    shorter = line[:end].rstrip(_TRAILING)
    return _balanced(shorter or "".join(letters[:limit])) + ELLIPSIS


def _before_island(line: str, end: int) -> int:
    position = 0
    for run in isolate_runs(line, "rtl"):
        if run.ltr and position < end < position + len(run.text):
            return position
        position += len(run.text)
    return end


def _balanced(text: str) -> str:
    depth = 0
    for sign in text:
        depth += (sign in _OPENERS) - (sign == _CLOSER and depth > 0)
    return text + _CLOSER * depth
