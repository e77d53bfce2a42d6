"""One row of a file becomes a candidate for a list, or is rejected with a reason a person can act on. No database."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from newsletter_cli.language.date_reading import read_date
from newsletter_cli.language.folding import fold, fold_digits
from newsletter_cli.mail.address import AddressReader
from newsletter_cli.mail.mistyped import likely_mistyped
from newsletter_cli.mail.problems import AddressFault, AddressProblem
from newsletter_cli.storage.schema import EPOCH, MICROSECOND
from newsletter_cli.subscribers.columns import Columns
from newsletter_cli.subscribers.headings import FIRST_NAME, LAST_NAME, STATUS_WORDS
from newsletter_cli.subscribers.lines import Broken, Fault, Line, Lines
from newsletter_cli.subscribers.plain import DELIMITERS, MORE, REMEMBERED, Plain, PlainReader
from newsletter_cli.subscribers.values import LONGEST, clean_value, has_harm, split_tags, unescaped

NOTHING_MORE: Final = ("", "", None, None, "")


class Reason(StrEnum):
    """Why a row cannot be used; the value is how the preview counts it."""

    NO_AT = "no @"
    EMPTY = "empty"
    MISTYPED = "probably mistyped"
    NOT_AN_ADDRESS = "not an address"
    INVISIBLE = "invisible character"
    RESERVED = "reserved domain"
    TOO_LONG = "too long"
    COLUMNS = "too many columns"
    QUOTES = "broken quotes"
    BYTES = "unreadable letters"
    NUL = "NUL character"
    STATUS = "unknown status"


_FAULTS: Final[Mapping[AddressFault, Reason]] = {
    AddressFault.EMPTY: Reason.EMPTY,
    AddressFault.NO_AT: Reason.NO_AT,
    AddressFault.INVISIBLE: Reason.INVISIBLE,
    AddressFault.RESERVED: Reason.RESERVED,
    AddressFault.TOO_LONG: Reason.TOO_LONG,
}
_BROKEN: Final[Mapping[Fault, tuple[Reason, str]]] = {
    Fault.QUOTES: (Reason.QUOTES, "A quotation mark is never closed, or something stands behind the closing one."),
    Fault.BYTES: (Reason.BYTES, "It has bytes that mean nothing in the file's encoding, or letters lost before (�)."),
    Fault.NUL: (Reason.NUL, "It has a NUL character inside."),
    Fault.TOO_LONG: (Reason.TOO_LONG, "It is longer than any row of a list."),
}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used."""

    number: int  # line in the file
    cells: tuple[str, ...]  # as they stood there; the whole line in one when it could not be split
    reason: Reason
    sentence: str


class Candidate(NamedTuple):
    """A row that can be used, in the order of the staging table. A tuple: a million of them pass."""

    line: int
    key: str
    address: str
    domain: str
    name: str
    fields: str  # JSON object, as the column `fields` holds it
    tags: str  # JSON list, "" for none
    status: str  # what the file says: pending, unsubscribed, suspended, complained; "" = what the import asks for
    joined: int | None  # microseconds since 1970
    confirmed: int | None
    consent: str


@dataclass(slots=True)
class Remarks:
    """What was put right on the way, in cells; for one sentence each in the preview."""

    cleaned: int = 0  # control characters or marks of direction were taken out
    address_ends: int = 0  # invisible characters around addresses
    dates: int = 0  # not understood, left empty
    odd_letters: int = 0  # addresses in full-width or mixed scripts


@dataclass(slots=True)
class RowReader:
    """Reads the rows of one file and remembers what repeats."""

    columns: Columns
    zone: tzinfo  # of dates that name none
    rejected: Counter[Reason] = field(default_factory=Counter)
    remarks: Remarks = field(default_factory=Remarks)
    _addresses: AddressReader = field(default_factory=AddressReader)
    _mistyped: dict[str, str | None] = field(default_factory=dict)
    _fields: dict[tuple[str, ...], str] = field(default_factory=dict)
    _places: dict[str, int] = field(init=False)
    _has_more: bool = field(init=False)
    _plain: PlainReader | None = field(init=False, default=None)
    _custom_places: tuple[tuple[int, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self._places = {column.field: column.place for column in self.columns.all if column.field}
        self._has_more = not MORE.isdisjoint(self._places)
        self._custom_places = tuple((column.place, column.field or "") for column in self.columns.custom)

    def read_block(self, block: Lines | list[Line | Broken]) -> tuple[list[Plain], list[Candidate], list[Rejected]]:
        """All rows of a block, each where it belongs; those of every list in the order of the file."""
        plain, rows = self._plain_rows(block) if isinstance(block, Lines) else ([], block)
        read = [self.read(row) for row in rows]
        candidates = [one for one in read if isinstance(one, Candidate)]
        return plain, candidates, [one for one in read if isinstance(one, Rejected)]

    def _plain_rows(self, block: Lines) -> tuple[list[Plain], list[Line | Broken]]:
        if block.delimiter not in DELIMITERS:
            return [], block.rows()
        if self._plain is None:
            self._plain = PlainReader(self.columns, block.delimiter, self._ordinary)
        plain, others = self._plain.read(block.first, block.texts)
        return plain, block.rows(others)

    def _ordinary(self, name: str) -> str | None:
        """A domain that no row of its own has to be looked at for: neither refused nor mistyped."""
        domain = self._addresses.ordinary_domain(name)
        return domain if domain is not None and self._meant(domain) is None else None

    def read(self, row: Line | Broken) -> Candidate | Rejected:
        """The candidate in a row, or why there is none."""
        if isinstance(row, Broken):
            return self._reject(row.number, (row.text,), *_BROKEN[row.fault])
        try:
            return self._candidate(row)
        except _UnusableError as unusable:
            return self._reject(row.number, tuple(row.cells), unusable.reason, unusable.sentence)

    def _candidate(self, row: Line) -> Candidate:
        cells, columns = row.cells, self.columns
        if len(cells) < len(columns.all):
            cells = [*cells, *[""] * (len(columns.all) - len(cells))]
        elif len(cells) > len(columns.all) and any(cell.strip() for cell in cells[len(columns.all) :]):
            raise _UnusableError(Reason.COLUMNS, f"It has {len(cells)} columns, and the file has {len(columns.all)}.")
        key, address, domain = self._address(cells[self._places["email"]])
        more = self._more(cells) if self._has_more else NOTHING_MORE
        return Candidate(row.number, key, address, domain, self._name(cells), self._custom(cells), *more)

    def _more(self, cells: list[str]) -> tuple[str, str, int | None, int | None, str]:
        """Tags, status, joined, confirmed, consent: most files have none of them."""
        return (
            self._tags(cells),
            self._status(cells),
            self._moment(cells, "joined"),
            self._moment(cells, "confirmed"),
            self._value(cells, "consent"),
        )

    def _address(self, text: str) -> tuple[str, str, str]:
        try:
            address = self._addresses.read(unescaped(text))
        except AddressProblem as problem:
            raise _UnusableError(_FAULTS.get(problem.code, Reason.NOT_AN_ADDRESS), problem.sentence) from problem
        domain = address.domain
        meant = self._meant(domain)
        if meant is not None:
            sentence = f"“{domain}” is probably mistyped: did you mean {address.local}@{meant}?"
            raise _UnusableError(Reason.MISTYPED, sentence)
        self.remarks.address_ends += bool(address.removed)
        self.remarks.odd_letters += bool(address.warnings)
        return address.key, address.spelling, domain

    def _meant(self, domain: str) -> str | None:
        if domain not in self._mistyped:
            if len(self._mistyped) >= REMEMBERED:
                self._mistyped.clear()
            self._mistyped[domain] = likely_mistyped(domain)
        return self._mistyped[domain]

    def _name(self, cells: list[str]) -> str:
        name = self._value(cells, "name")
        if name or not (FIRST_NAME in self._places or LAST_NAME in self._places):
            return name
        return " ".join(filter(None, (self._value(cells, FIRST_NAME), self._value(cells, LAST_NAME))))

    def _custom(self, cells: list[str]) -> str:
        """The custom fields as JSON; empty ones are not kept."""
        values = tuple([cells[place] for place, _ in self._custom_places])
        known = self._fields.get(values)
        if known is None:
            pairs = [(name, self._cleaned(cells[place])) for place, name in self._custom_places]
            known = json.dumps({name: value for name, value in pairs if value})
            if len(self._fields) < REMEMBERED and not any(map(has_harm, values)):
                self._fields[values] = known
        return known

    def _tags(self, cells: list[str]) -> str:
        text = self._cell(cells, "tags")
        tags = split_tags(text) if text else ()
        return json.dumps(tags) if tags else ""

    def _status(self, cells: list[str]) -> str:
        word = clean_value(self._cell(cells, "status"))
        if not word:
            return ""
        if fold(word) not in _STATUSES:
            raise _UnusableError(Reason.STATUS, f"The status “{word[:40]}” is not known.")
        return _STATUSES[fold(word)] or ""

    def _moment(self, cells: list[str], name: str) -> int | None:
        text = self._cell(cells, name)
        text = fold_digits(clean_value(text)) if text else ""
        if not text:
            return None
        moment = _moment_of(text)
        if moment is None:
            self.remarks.dates += 1
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        return (aware - EPOCH) // MICROSECOND

    def _value(self, cells: list[str], name: str) -> str:
        text = self._cell(cells, name)
        return self._cleaned(text) if text else ""

    def _cleaned(self, text: str) -> str:
        value = clean_value(text)
        if value != text:
            self.remarks.cleaned += has_harm(text)
        if len(value) > LONGEST:
            raise _UnusableError(Reason.TOO_LONG, f"A value has more than {LONGEST} characters: “{value[:40]}…”.")
        return value

    def _cell(self, cells: list[str], name: str) -> str:
        place = self._places.get(name)
        return "" if place is None else cells[place]

    def _reject(self, number: int, cells: tuple[str, ...], reason: Reason, sentence: str) -> Rejected:
        self.rejected[reason] += 1
        return Rejected(number, cells, reason, sentence)


def _moment_of(text: str) -> datetime | None:
    """ISO 8601, or a date as people write it, whose day begins at midnight."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        read = read_date(text)
        return datetime.combine(read.date, time()) if read and read.date else None


class _UnusableError(Exception):
    """This row cannot be used."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


_STATUSES: Final[Mapping[str, str | None]] = {
    fold(word): status for status, words in STATUS_WORDS.items() for word in words
}
