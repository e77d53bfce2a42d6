"""Which column of a file is which field of a reader: by its heading, by its place, or as a person says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from newsletter_cli.errors import UsageError
from newsletter_cli.language.folding import fold
from newsletter_cli.subscribers.exporting import COLUMNS
from newsletter_cli.subscribers.headings import FIRST_NAME, HEADINGS, LAST_NAME, LISTS
from newsletter_cli.subscribers.values import RESERVED, clean_value, is_field

# Columns of a file without headings, as in subscribers.csv.example.
BY_PLACE: Final = ("email", "name", "city")
NOT_USED: Final = ""  # what --map COL= says
_NOT_WORDS: Final = re.compile(r"[\W_]+")
KNOWN: Final = (*RESERVED - {LISTS}, FIRST_NAME, LAST_NAME)
EXAMPLE: Final = "--map 'البريد=email'"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file."""

    place: int  # from 0
    heading: str  # as it stands there, cleaned; "column 2" without headings
    field: str | None  # None: not used


@dataclass(frozen=True, slots=True)
class Columns:
    """All columns of a file, in its order; exactly one is `email`."""

    all: tuple[Column, ...]
    has_header: bool

    def place(self, field: str) -> int | None:
        """Where a field stands."""
        return next((column.place for column in self.all if column.field == field), None)

    @property
    def custom(self) -> tuple[Column, ...]:
        """The columns of custom fields."""
        special = {*RESERVED, FIRST_NAME, LAST_NAME}
        return tuple(column for column in self.all if column.field and column.field not in special)


def columns_of(first: Sequence[str], mapping: Mapping[str, str], *, has_address: bool) -> Columns:
    """The columns of a file by its first row.

    mapping: heading or number of a column (from 1) → field, from --map; "" = not used.  has_address: a cell of the
    first row has an @ sign, so it is a reader and no headings. UsageError USAGE: no column is the address, a column
    that does not exist, a field that cannot be called so.
    """
    headings = tuple(clean_value(cell) for cell in first)
    has_header = not has_address
    fields = _by_heading(headings) if has_header else _by_place(first)
    names = headings if has_header else tuple(f"column {place + 1}" for place in range(len(first)))
    for wanted, field in mapping.items():
        place = _place(wanted, names, has_header)
        fields = {at: kept for at, kept in fields.items() if kept != field and at != place}
        if field != NOT_USED:
            fields[place] = _checked(field)
    if "email" not in fields.values():
        raise _no_address(names)
    return Columns(tuple(Column(at, name, fields.get(at)) for at, name in enumerate(names)), has_header)


def _by_heading(headings: Sequence[str]) -> dict[int, str]:
    """The fields that headings name; of two columns for one field the first counts."""
    own = {_plain(name) for name in COLUMNS} <= {_plain(heading) for heading in headings}
    found: dict[int, str] = {}
    for place, heading in enumerate(headings):
        field = _WORDS.get(_plain(heading))
        if field is None and own and is_field(heading):
            field = heading  # a custom field of our own export
        if field is not None and field != LISTS and field not in found.values():
            found[place] = field
    return found


def _by_place(first: Sequence[str]) -> dict[int, str]:
    """Without headings: the address where it stands, and when it stands first, name and city behind it."""
    at = next(place for place, cell in enumerate(first) if "@" in cell)
    return dict(enumerate(BY_PLACE[: len(first)])) if at == 0 else {at: "email"}


def _place(wanted: str, names: Sequence[str], has_header: bool) -> int:
    """The column that --map names: by its heading, else by its number."""
    plain = [_plain(name) for name in names] if has_header else []
    if _plain(wanted) in plain:
        return plain.index(_plain(wanted))
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    raise UsageError(
        "USAGE",
        f"The file has no column “{wanted}”.",
        facts=[("columns", " · ".join(f"{at} {name}" for at, name in enumerate(names, 1)))],
        sent="",
        fix="name a column of the file, or its number: --map 2=name",
        details={"columns": list(names)},
    )


def _checked(field: str) -> str:
    if field in KNOWN or is_field(field):
        return field
    raise UsageError(
        "USAGE",
        f"A field cannot be called “{field}”.",
        sent="",
        fix="email, name, first_name, last_name, city, tags, or a name of small Latin letters, digits and _",
    )


def _no_address(names: Sequence[str]) -> UsageError:
    return UsageError(
        "USAGE",
        "No column of the file holds the address.",
        facts=[("columns", " · ".join(f"{at} {name}" for at, name in enumerate(names, 1)))],
        sent="",
        fix=f"say which one it is: --map {(names and 1) or 'COL'}=email",
        details={"columns": list(names)},
    )


def _plain(heading: str) -> str:
    return _NOT_WORDS.sub(" ", fold(heading)).strip()


_WORDS: Final[Mapping[str, str]] = {_plain(word): field for field, words in HEADINGS.items() for word in words}
