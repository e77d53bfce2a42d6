"""A summary cut to length: at a word, never inside an address, a number, a letter with its marks, or an isolate."""

import re
from typing import Final

from newsletter_cli.language import isolate_runs
from newsletter_cli.mail.clusters import clusters

ELLIPSIS: Final = "\u00a0…"  # no-break: on a phone it would else stand alone in the last line
_TRAILING: Final = " \u00a0\t،,;؛:-–—("
_OPENERS: Final = "\u2066\u2067\u2068"
_CLOSER: Final = "\u2069"
_SPACES: Final = re.compile(r"[ \t\n\r\f\v]+")
_GROUPED: Final = re.compile(r"[\d٠-٩۰-۹][ \u00a0]$")


def cut(text: str, limit: int) -> str:
    """The text in one line, at most `limit` clusters without the " …" that says it goes on.

    A single word longer than the limit is cut between clusters; an address that is longer is left out.
    """
    line = _SPACES.sub(" ", text).strip(" ")
    letters = list(clusters(line))
    if len(letters) <= limit:
        return line
    most = len("".join(letters[:limit]))
    end = _before_island(line, most)
    start_of_word = line.rfind(" ", 0, end + 1)
    if start_of_word > 0:
        end = start_of_word
    while end > 0 and _GROUPED.search(line[:end] + " ") and line[end + 1 : end + 2].isdigit():
        end = max(line.rfind(" ", 0, end), 0)
    shorter = line[:end].rstrip(_TRAILING)
    return _balanced(shorter) + ELLIPSIS if shorter else ELLIPSIS.strip()


def short(text: str, most: int) -> str:
    """The text in at most `most` characters, " …" and vowel marks among them: what counts for a subject."""
    for limit in range(most, 0, -1):
        made = cut(text, limit)
        if len(made) <= most:
            return made
    return ""


def _before_island(line: str, end: int) -> int:
    """Where to cut instead, so that no address and no isolate is cut open."""
    position = 0
    for run in isolate_runs(line, "rtl"):
        if run.ltr and position < end < position + len(run.text):
            end = position
            break
        position += len(run.text)
    return _before_isolate(line, end) or end


def _before_isolate(line: str, end: int) -> int:
    """The start of the isolate in which a place lies; 0 when it lies in none, or in one that begins the line."""
    depth, start = 0, 0
    for index, sign in enumerate(line[:end]):
        if sign in _OPENERS:
            start = start if depth else index
            depth += 1
        elif sign == _CLOSER and depth:
            depth -= 1
    return start if depth else 0


def _balanced(text: str) -> str:
    depth = 0
    for sign in text:
        depth += (sign in _OPENERS) - (sign == _CLOSER and depth > 0)
    return text + _CLOSER * depth
