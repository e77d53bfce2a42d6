"""Reading the dates that news pages print, in every month name and calendar we know.

    fold → drop label, weekday and clock → find dates → nothing else may be left → one day, or none with a reason

A date is never guessed: what is ambiguous, out of range or two unrelated dates gives a day of None and says why.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Final

from newsletter_cli.language import date_words as words
from newsletter_cli.language import months as names
from newsletter_cli.language.calendars import from_hijri, from_jalali
from newsletter_cli.language.direction import base_language
from newsletter_cli.language.folding import fold

GREGORY: Final = "gregory"
ISLAMIC: Final = "islamic"
PERSIAN: Final = "persian"


@dataclass(frozen=True, slots=True)
class ReadDate:
    """What a line that is a date says."""

    date: date | None  # Gregorian; None: it is a date, but which day cannot be known (see warning)
    calendar: str  # "gregory" | "islamic" | "persian": of the words it was read from
    text: str  # those words, as written
    warning: str = ""  # a sentence for the editor, "" when all is well


@dataclass(frozen=True, slots=True)
class _Day:
    """One date found in a line."""

    date: date | None
    calendar: str
    problem: str = ""


# --- words -----------------------------------------------------------------------------------------------------


def _month_table() -> dict[str, tuple[str, int]]:
    """Folded name → (calendar, month from 1). A name that two calendars share would be a mistake: a test looks."""
    rows: Iterable[tuple[str, names.Names]] = chain(
        ((GREGORY, row) for row in (*names.GREGORIAN.values(), *names.GREGORIAN_ALSO)),
        ((GREGORY, row) for row in (names.LEVANT, names.ALGERIA, names.MOROCCO, names.MAURITANIA)),
        ((ISLAMIC, row) for row in (*names.HIJRI.values(), *names.HIJRI_ALSO)),
        ((PERSIAN, row) for row in (*names.JALALI.values(), *names.JALALI_ALSO)),
    )
    return {fold(name): (calendar, place) for calendar, row in rows for place, name in enumerate(row, 1) if name}


_MONTHS: Final[Mapping[str, tuple[str, int]]] = _month_table()
_HALVES: Final = frozenset(fold(name) for name in names.HALF_MONTHS)


# Month names are found once and written as <place>, their place in the list of names found: the patterns below would
# else hold 300 names eight times, which takes 20 ms to compile. All are compiled when first used: most commands read no
# date, and `re` keeps what it has compiled.
_MONTH_NAME: Final = rf"(?<![^\W\d_])ב?({words.any_of((*_MONTHS, *_HALVES))})(?![^\W\d_])"

_ERAS: Final[Mapping[str, str]] = {
    **dict.fromkeys(map(fold, ("هـ", "هجري", "هجرية", "هجرى", "هجری قمری", "ه.ق", "ہجری", "AH")), ISLAMIC),
    **dict.fromkeys(map(fold, ("م", "ميلادي", "ميلادية", "ميلادى", "AD", "CE", "ء", "عيسوی")), GREGORY),
    **dict.fromkeys(map(fold, ("ه.ش", "هجری شمسی", "شمسی", "AP")), PERSIAN),
}
_ERA: Final = rf"(?:\s*(?P<era{{n}}>{words.any_of(_ERAS)})\.?(?!\w))?"
_SEP: Final = r"[\s/.,،\-–]*"
_NTH: Final = r"(?:er|st|nd|rd|th)?"

_DATE: Final = "|".join(
    (
        r"(?<![\w/.-])(?P<y1>\d{4})(?P<s1>[-/.])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})(?![\d/.-])" + _ERA.format(n=1),
        r"(?<![\w/.])(?P<d2>\d{1,2}) ?(?P<s2>[-/.]) ?(?P<m2>\d{1,2}) ?(?P=s2) ?(?P<y2>\d{4})(?!\d)" + _ERA.format(n=2),
        rf"(?<!\w)(?P<d3>\d{{1,2}}){_NTH}{_SEP}(?:(?:من|de|of)\s+)?<(?P<m3>\d+)>"
        rf"(?:\s*[/(،,-]\s*<(?P<n3>\d+)>\s*\)?)?{_SEP}(?:(?:{words.YEAR_WORDS})\s+)*(?P<y3>\d{{4}})(?!\d)"
        + _ERA.format(n=3),
        rf"<(?P<m4>\d+)>\.?\s*(?P<d4>\d{{1,2}}){_NTH}{_SEP}(?P<y4>\d{{4}})(?!\d)" + _ERA.format(n=4),
        # Some sites print the year before the weekday: 2024 الثلاثاء 12 مارس.
        r"(?<![\w/.-])(?P<y5>\d{4})\s+(?P<d5>\d{1,2})\s*<(?P<m5>\d+)>(?!\s*\d)" + _ERA.format(n=5),
    )
)
# A day and a month without a year, a year of two digits, and "two hours ago": dates that name no day.
_NO_YEAR: Final = rf"\d{{1,2}}{_NTH}{_SEP}<\d+>(?:\s*[/-]\s*<\d+>)?|<\d+>\s*\d{{1,2}}{_NTH}"
_SHORT_YEAR: Final = r"\d{1,2} ?([/.-]) ?\d{1,2} ?\1 ?\d{2}"
# What may stand around and between dates.
_REST: Final = rf"(?:[\s\W_]|(?<!\w)(?:{words.JOINERS})(?!\w))*"

_ISO_DAY: Final = r"(19\d\d|20\d\d)-(\d\d)-(\d\d)"

# Where a page glues the time to the year: 27/4/202410:20.
_GLUED_TIME: Final = r"(?<!\d)((?:19|20)\d{2})(\d{1,2}:\d{2})"

# What labels become: control characters that folding leaves nowhere.
_UPDATE_MARK: Final = "\x00"
_PUBLISH_MARK: Final = "\x01"
_LABEL_MARK: Final = f"{_UPDATE_MARK}|{_PUBLISH_MARK}"

HIJRI_LIKE: Final = range(1300, 1500)  # years that are Jalali in Persian and Hijri elsewhere, also without a mark
_GREGORIAN_YEARS: Final = range(1500, 3000)
_LONGEST: Final = 200  # characters; a date line with both calendars, label and clock has about 130
_PAIR_SLACK: Final = 2  # days; the moon is seen a day earlier here, a day later there


# --- from words to days ----------------------------------------------------------------------------------------


def _on(calendar: str, year: int, month: int, day: int) -> _Day:
    make = {ISLAMIC: from_hijri, PERSIAN: from_jalali}.get(calendar)
    if make:
        found = make(year, month, day)
    elif year in _GREGORIAN_YEARS:
        try:
            found = date(year, month, day)
        except ValueError:
            found = None
    else:
        found = None
    if found:
        return _Day(found, calendar)
    return _Day(None, calendar, f"{day}/{month}/{year} is no day that can be used; days are read before months.")


def _numeric(year: int, month: int, day: int, era: str | None, language: str) -> _Day:
    guess = GREGORY
    if year in HIJRI_LIKE:
        guess = PERSIAN if base_language(language) == "fa" else ISLAMIC
    return _on(_ERAS[era] if era else guess, year, month, day)


def _named(word: str, second: str, year: int, day: int, era: str | None) -> _Day:
    if word in _HALVES:
        return _Day(None, GREGORY, f"The month “{word}” names two months.")
    calendar, month = _MONTHS[word]
    if second and _MONTHS.get(second) != (calendar, month):
        return _Day(None, calendar, f"“{word}” and “{second}” are not the same month.")
    if era and _ERAS[era] != calendar:
        return _Day(None, calendar, f"The month “{word}” and the mark “{era}” belong to two calendars.")
    return _on(calendar, year, month, day)


def _day(match: re.Match[str], found: Sequence[str], language: str) -> _Day:
    kind = next(n for n in "12345" if match[f"y{n}"])
    year, day, era = int(match[f"y{kind}"]), int(match[f"d{kind}"]), match[f"era{kind}"]
    month = int(match[f"m{kind}"])
    if kind in "12":
        return _numeric(year, month, day, era, language)
    return _named(found[month], found[int(match["n3"])] if match["n3"] else "", year, day, era)


def _pair(days: list[_Day]) -> _Day:
    """One day out of all that were found in a line."""
    broken = next((day for day in days if day.date is None), None)
    gregorian = [day for day in days if day.calendar == GREGORY]
    if broken:
        # A Hijri half out of range does not spoil the Gregorian half beside it.
        if len(gregorian) == 1 and gregorian[0].date:
            return _Day(gregorian[0].date, GREGORY, broken.problem)
        return _Day(None, broken.calendar, broken.problem)
    if len({day.date for day in days}) == 1:
        return gregorian[0] if gregorian else days[0]
    if len(days) == 2 and len(gregorian) == 1:
        other = next(day for day in days if day.calendar != GREGORY)
        return _compared(gregorian[0], other)
    return _Day(None, days[0].calendar, "The line names two different days.")


def _compared(gregorian: _Day, other: _Day) -> _Day:
    assert gregorian.date is not None  # both were found to be days
    assert other.date is not None
    apart = abs((gregorian.date - other.date).days)
    if apart <= _PAIR_SLACK:
        return gregorian
    return _Day(gregorian.date, GREGORY, f"The two calendars are {apart} days apart; the Gregorian day was taken.")


def _nameless(line: str, *, beside: bool) -> str:
    """Why a line that looks like a date names no day; "" when it is no date at all.

    beside: a clock or a label stood beside it.
    """
    bare = line.strip(" ,،.-|/")
    if re.fullmatch(_NO_YEAR, bare):
        return "The date has no year."
    if re.fullmatch(_SHORT_YEAR, bare):
        return "The year has two digits only."
    if re.fullmatch(words.HEBREW_DAY, bare):
        return "The day is given in the Hebrew calendar only."
    relative = words.AGO if not beside else f"{words.AGO}|(?:{words.TODAY})"
    return "The date is relative to the day the page was read." if re.fullmatch(relative, bare) else ""


def read_date(text: str, language: str = "ar") -> ReadDate | None:
    """The day a line names, or None when the line is not wholly a date.

    text: one line, in any of our digits, calendars and languages; a label («نشر في»), a weekday, a clock and a
    second calendar may stand beside the date.  language: decides only whether a bare year 1300–1499 is Jalali.
    Never raises. Days come before months in 3/4/2024, always.
    """
    if len(text) > _LONGEST:
        return None
    if plain := re.fullmatch(
        _ISO_DAY, text
    ):  # front matter has nothing else, and the patterns below take 20 ms to compile
        day = _on(GREGORY, int(plain[1]), int(plain[2]), int(plain[3]))
        return ReadDate(day.date, day.calendar, text, day.problem)
    line, parts = _cleaned(text)
    found: list[str] = []

    def noted(match: re.Match[str]) -> str:
        found.append(match[1])
        return f"<{len(found) - 1}>"

    whole = re.sub(_MONTH_NAME, noted, re.sub(r"\s+", " ", line)).strip()
    bare = re.sub(f"{words.REMARK}|{words.HEBREW_DAY}", " ", whole)
    pieces = [
        [_day(match, found, language) for match in re.finditer(_DATE, piece)] for piece in re.split(_LABEL_MARK, bare)
    ]
    if not any(pieces):
        said = [piece for piece in re.split(_LABEL_MARK, whole) if re.search(r"\w", piece)]
        reasons = [_nameless(piece, beside=parts) for piece in said]
        why = reasons[0] if reasons and all(reasons) else ""
        return ReadDate(None, GREGORY, text.strip(), why) if why else None
    if not re.fullmatch(_REST, re.sub(f"{_DATE}|{_LABEL_MARK}", " ", bare)):
        return None
    labels = ["", *re.findall(_LABEL_MARK, bare)]
    day = _pair(_first_said(pieces, labels))
    return ReadDate(day.date, day.calendar, text.strip(), day.problem)


def _cleaned(text: str) -> tuple[str, bool]:
    """(the folded line without clock, weekday and zone, labels as marks; whether there was any of them)."""
    line = fold(text).replace("<", " ").replace("\x00", " ").replace("\x01", " ")
    line = re.sub(_GLUED_TIME, r"\1 \2", line)
    before = line
    for pattern, mark in (
        (words.NUMBERED, " "),
        (words.CLOCK, " "), (words.ZONE, " "), (words.WEEKDAY, " "), (words.UPDATED, _UPDATE_MARK),
        (words.PUBLISHED, _PUBLISH_MARK),
    ):  # fmt: skip
        line = re.sub(pattern, mark, line)
    return line, line != before


def _first_said(pieces: Sequence[list[_Day]], labels: Sequence[str]) -> list[_Day]:
    """The days that count: where a line says when it was published and when updated, only the former."""
    published = [day for days, label in zip(pieces, labels, strict=True) if label != _UPDATE_MARK for day in days]
    return published or [day for days in pieces for day in days]
