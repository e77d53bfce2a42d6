"""Where each key of a TOML file stands: a small scan, so that an error can name its line without a second parser.

Only valid TOML is asked about (tomllib has read it before), so the scan may be simple: it follows headers, keys at the
beginning of a statement, and keys inside inline tables, and steps over strings, comments and brackets.
"""

import re
from collections.abc import Mapping
from typing import Final

from .shapes import Path

# One step of the scan. Long strings before short ones: """ begins with "".
TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|\n"
    r"|[A-Za-z0-9_+:-]+"
    r"|[\[\]{}=,.]"
    r"|[^\S\n]+"
    r"|.",
    re.DOTALL,
)


def find_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every table header and key of a valid TOML text; the first one where it stands twice."""
    scan = _Scan()
    for found in TOKEN.finditer(text):
        scan.step(found.group())
    return scan.lines


class _Scan:
    """Where the scan stands: the table, the key being read, and the brackets that are open."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._line = 1
        self._table: Path = ()
        self._words: list[str] = []  # of the key or header being read
        self._open: list[tuple[str, Path]] = []  # "{" with the path of its table, "[" of a list, "h" of a header
        self._in_key = True

    def step(self, token: str) -> None:
        """Take one token."""
        if token[0] == "#" or (token.isspace() and "\n" not in token):
            return
        if token == "\n":
            self._newline()
        elif self._in_key:
            self._key_token(token)
        else:
            self._value_token(token)
        self._line += token.count("\n")

    def _newline(self) -> None:
        if self._open and self._open[-1][0] == "h":
            self._table = self._note(())
            self._open.clear()
        if not self._open:
            self._in_key = True
            self._words = []

    def _key_token(self, token: str) -> None:
        if token == "[" and (not self._words):
            self._open.append(("h", ()))
        elif token == "=":
            self._note(self._above())
            self._in_key = False
        elif token == "}":  # an empty inline table, or a comma before its end
            self._close()
        elif token not in ("]", ".", ","):
            self._words.append(_word(token))

    def _value_token(self, token: str) -> None:
        if token == "{":
            self._open.append(("{", (*self._above(), *self._words)))
            self._words = []
            self._in_key = True
        elif token == "[":
            self._open.append(("[", (*self._above(), *self._words)))
            self._words = []
        elif token in ("]", "}"):
            self._close()
        elif token == "," and self._open and self._open[-1][0] == "{":
            self._words = []
            self._in_key = True

    def _close(self) -> None:
        if self._open:
            self._open.pop()
        self._words = []
        self._in_key = False

    def _above(self) -> Path:
        return self._open[-1][1] if self._open else self._table

    def _note(self, above: Path) -> Path:
        path = (*above, *self._words)
        self.lines.setdefault(path, self._line)
        self._words = []
        if not (self._open and self._open[-1][0] == "h"):
            self._words = list(path[len(above) :])
        return path


def _word(token: str) -> str:
    """A key without its quotes; escapes in keys are too rare to read here."""
    return token[1:-1] if token[0] in "\"'" else token
