"""Lines of a file that need no second look: an ordinary address, values that are kept as they stand.

One regular expression splits, validates and finds clean in a single pass over a block of lines; what it does not match
takes the long way of `candidates.py`, one row at a time. Nearly all rows of nearly all files are ordinary, and the long
way costs each of them five times as much. Both ways must come to the same: tests/subscribers/test_plain.py.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, repeat
from typing import Final, Generic, TypeVar

from newsletter_cli.mail.address import ATOM, LONGEST_LOCAL
from newsletter_cli.subscribers.columns import Columns
from newsletter_cli.subscribers.headings import FIRST_NAME, LAST_NAME
from newsletter_cli.subscribers.values import LONGEST

MORE: Final = frozenset({"tags", "status", "joined", "confirmed", "consent"})  # a row with one of them is not plain
PARTS: Final = (FIRST_NAME, LAST_NAME)
REMEMBERED: Final = 100_000  # texts kept by one import: cities come again and again
# Letters that stand in a kept value as they came: printable, and in NFC whatever stands beside them. Of the marks above
# and below a letter only those of Arabic vowels, which join with none, and one of them: two have an order.
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_LETTERS: Final = (
    "\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\u0660-\u0669\u0671-\u06d3"
)
_VOWELS: Final = "[\u064b-\u0652]"
DELIMITERS: Final = frozenset(",;\t")  # none of these can stand in an ordinary address

Plain = tuple[int, str, str, str, str, str]  # line, key, address, domain, name, fields: the first of a Candidate


Asked = TypeVar("Asked")
Said = TypeVar("Said")


class _Memory(Generic[Asked, Said], dict[Asked, Said]):
    """What a function says of a text, asked once."""

    def __init__(self, ask: Callable[[Asked], Said]) -> None:
        self._ask = ask

    def __missing__(self, key: Asked) -> Said:
        found = self._ask(key)
        if len(self) < REMEMBERED:
            self[key] = found
        return found


@dataclass(slots=True)
class PlainReader:
    """Reads the plain lines of one file."""

    columns: Columns
    delimiter: str
    domain: Callable[[str], str | None]  # a domain as typed → as it is kept, or None when it needs a second look
    _pattern: re.Pattern[str] = field(init=False)
    _at: Mapping[str, int] = field(init=False)  # field → group
    _custom: tuple[str, ...] = field(init=False)
    _domains: _Memory[str, str | None] = field(init=False)
    _fields: _Memory[tuple[str, ...], str] = field(init=False)

    def __post_init__(self) -> None:
        self._pattern = re.compile(_pattern(self.columns, self.delimiter), re.MULTILINE)
        self._at = {name: at for at, name in enumerate(_groups(self.columns))}
        self._custom = tuple(column.field or "" for column in self.columns.custom)
        self._domains = _Memory(self.domain)
        self._fields = _Memory(self._json)

    def read(self, first: int, lines: Sequence[str]) -> tuple[list[Plain], list[int]]:
        """The plain rows among some lines, and the places (from 0) of the other lines, blank ones too.

        first: the number of the first line in the file.  lines: without their ends; each is one row.
        """
        found = self._pattern.findall("\n".join(lines))
        if len(found) != len(lines):
            raise RuntimeError("a line has no match, or two")
        groups = list(zip(*found, strict=True))
        domains = [self._domains[name] for name in groups[self._at["domain"]]]
        plain = [
            (number, f"{local.lower()}@{domain}", f"{local}@{domain}", domain, name, fields)
            for number, local, domain, name, fields in zip(
                count(first), groups[self._at["email"]], domains, self._names(groups), self._customs(groups)
            )
            if domain is not None
        ]
        if len(plain) == len(lines):
            return plain, []
        return plain, [place for place, domain in enumerate(domains) if domain is None]

    def _names(self, groups: Sequence[Sequence[str]]) -> Iterable[str]:
        """The name, or what first and last name make of it."""
        name, first, last = ([groups[self._at[one]]] if one in self._at else [] for one in ("name", *PARTS))
        if not first and not last:
            return name[0] if name else repeat("")
        parts = [" ".join(filter(None, both)) for both in zip(*first, *last, strict=True)]
        return [whole or made for whole, made in zip(name[0], parts, strict=True)] if name else parts

    def _customs(self, groups: Sequence[Sequence[str]]) -> Iterable[str]:
        """The custom fields as JSON; empty ones are not kept."""
        if not self._custom:
            return repeat("{}")
        return [self._fields[values] for values in zip(*(groups[self._at[name]] for name in self._custom), strict=True)]

    def _json(self, values: tuple[str, ...]) -> str:
        return json.dumps({name: value for name, value in zip(self._custom, values, strict=True) if value})


def _groups(columns: Columns) -> tuple[str, ...]:
    """What each group of the pattern holds, in order."""
    used = (column.field for column in columns.all if column.field and column.field not in MORE)
    return tuple(chain.from_iterable(("email", "domain") if field == "email" else (field,) for field in used))


def _pattern(columns: Columns, delimiter: str) -> str:
    """One line, or as its last group a line of another kind."""
    character = f"[{''.join(map(re.escape, _ASCII.translate({ord(delimiter): None, 34: None})))}{_LETTERS}]"
    word = f"(?:{character}++{_VOWELS}?+)++"
    kept = f"((?!'){word}(?: {word})*+|)"
    unused = f'[^{re.escape(delimiter)}"\n]*+'
    address = rf"(?!'|[^@\n]{{{LONGEST_LOCAL + 1}}})({ATOM}+(?:\.{ATOM}++)*+)@([A-Za-z0-9.\-]++)"
    parts = {None: unused, "email": address} | dict.fromkeys(MORE, "")
    line = re.escape(delimiter).join(parts.get(column.field, kept) for column in columns.all)
    return rf"^(?:(?!.{{{LONGEST + 1}}}){line}|(.*))$"
