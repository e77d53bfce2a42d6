"""Calendars: Gregorian to Hijri (Umm al-Qura) and Jalali, and back. Outside their ranges the answer is None."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from hijridate import Gregorian, Hijri

JALALI_YEARS: Final = range(1178, 1502)  # where the 33-year rule agrees with the equinox
HIJRI_FIRST: Final = date(1924, 8, 1)
HIJRI_LAST: Final = date(2077, 11, 16)

_JALALI_EPOCH: Final = date(622, 3, 21).toordinal()  # 1 Farvardin 1, proleptic Gregorian
_FIRST_HALF: Final = 6  # months of 31 days


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day in a calendar other than the Gregorian one."""

    year: int
    month: int  # from 1
    day: int


def hijri_of(day: date) -> CalendarDay | None:
    """The Hijri day (Umm al-Qura), or None outside 1924-08-01 … 2077-11-16. The library raises there; we do not."""
    if not HIJRI_FIRST <= day <= HIJRI_LAST:
        return None
    year, month, number = Gregorian.fromdate(day).to_hijri().datetuple()
    return CalendarDay(year, month, number)


def from_hijri(year: int, month: int, day: int) -> date | None:
    """The Gregorian date of a Hijri day, or None when there is no such day or it is out of range."""
    try:
        greg = Hijri(year, month, day).to_gregorian()
    except (ValueError, OverflowError):
        return None
    return date(greg.year, greg.month, greg.day)


def is_jalali_leap(year: int) -> bool:
    """Whether Esfand has 30 days: 8 years of each 33."""
    return (25 * year + 11) % 33 < 8


def _year_start(year: int) -> int:
    """Ordinal of 1 Farvardin (the ordinal of datetime.date)."""
    return _JALALI_EPOCH + 365 * (year - 1) + (8 * year + 21) // 33


def _month_start(month: int) -> int:
    """Days of the year before a month: six of 31 days, then 30."""
    return 31 * (month - 1) if month <= _FIRST_HALF else 30 * (month - 1) + _FIRST_HALF


def _month_length(year: int, month: int) -> int:
    if month <= _FIRST_HALF:
        return 31
    return 29 if month == 12 and not is_jalali_leap(year) else 30


def jalali_of(day: date) -> CalendarDay | None:
    """The Jalali day, or None outside the years 1178–1501. Own arithmetic: the 33-year rule."""
    year = day.year - 621
    if day.toordinal() < _year_start(year):
        year -= 1
    if year not in JALALI_YEARS:
        return None
    rest = day.toordinal() - _year_start(year)
    month = next(month for month in range(12, 0, -1) if _month_start(month) <= rest)
    return CalendarDay(year, month, rest - _month_start(month) + 1)


def from_jalali(year: int, month: int, day: int) -> date | None:
    """The Gregorian date of a Jalali day, or None when there is no such day or it is out of range."""
    if year not in JALALI_YEARS or not 1 <= month <= 12 or not 1 <= day <= _month_length(year, month):
        return None
    return date.fromordinal(_year_start(year) + _month_start(month) + day - 1)
