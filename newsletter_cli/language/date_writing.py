"""Dates as readers see them, and the one form that mail headers want."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from newsletter_cli.language import months as names
from newsletter_cli.language.calendars import CalendarDay, hijri_of, jalali_of
from newsletter_cli.language.digits import digit_system, to_digits
from newsletter_cli.language.direction import base_language

NBSP: Final = "\u00a0"

# {d} day, {m} month, {y} year, joined by no-break spaces: on a phone of 375 px the year would else stand alone.
_DAY: Final[Mapping[str, str]] = {"he": "{d}\u00a0ב{m}\u00a0{y}", "ur": "{d}\u00a0{m}،\u00a0{y}"}
_PLAIN_DAY: Final = "{d}\u00a0{m}\u00a0{y}"
_AFTER_WEEKDAY: Final[Mapping[str, str]] = {"ar": "، ", "ur": "، ", "he": ", "}
_HIJRI_MARK: Final[Mapping[str, str]] = {"ar": "هـ", "fa": "ه.ق", "ur": "ہجری", "en": "AH", "fr": "AH"}

_ENGLISH_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ENGLISH_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _layout(language: str, day: CalendarDay, month: str, mark: str = "") -> str:
    base = base_language(language)
    number = "1er" if base == "fr" and day.day == 1 else str(day.day)
    text = _DAY.get(base, _PLAIN_DAY).format(d=number, m=month.replace(" ", NBSP), y=day.year)
    return f"{text}{NBSP}{mark}" if mark else text


def _gregorian(day: date, language: str, locale: str, months: str) -> str:
    table = (names.dual_months if months == "dual" else names.gregorian_months)(language, locale)
    return _layout(language, CalendarDay(day.year, day.month, day.day), table[day.month - 1])


def _hijri(day: date, language: str) -> str:
    found = hijri_of(day)
    if found is None:
        return ""
    month = names.table(names.HIJRI, language)[found.month - 1]
    return _layout(language, found, month, _HIJRI_MARK.get(base_language(language), ""))


def _jalali(day: date, language: str) -> str:
    found = jalali_of(day)
    return _layout(language, found, names.table(names.JALALI, language)[found.month - 1]) if found else ""


def format_date(
    day: date,
    *,
    language: str,
    locale: str,
    months: str = "single",
    digits: str = "auto",
    calendar: str = "gregory",
    weekday: bool = True,
) -> str:
    """The date in a newspaper's form: السبت، ٢٧ نيسان ٢٠٢٤ · Saturday 27 April 2024 (no-break spaces inside).

    language, locale: BCP 47; the locale's region picks Arabic month names.  months: "single" | "dual" (نيسان/أبريل).
    digits: "auto" | "latn" | "arab" | "arabext".  calendar: "gregory" | "islamic" | "persian" | "both".
    both: Gregorian and Hijri (in Persian: Jalali and Gregorian), without weekday. A calendar that does not reach this
    day is left out, and Gregorian stands when nothing else does; never raises.
    """
    gregorian = _gregorian(day, language, locale, months)
    if calendar == "both":
        pair = (
            (_jalali(day, language), gregorian)
            if base_language(language) == "fa"
            else (gregorian, _hijri(day, language))
        )
        text = " · ".join(part for part in pair if part)
    else:
        other = {"islamic": _hijri, "persian": _jalali}.get(calendar)
        text = (other(day, language) if other else "") or gregorian
        if weekday:
            name = names.table(names.WEEKDAYS, language)[day.weekday()]
            text = name + _AFTER_WEEKDAY.get(base_language(language), " ") + text
    return to_digits(text, digit_system(language, locale, digits))


def rfc5322_date(moment: datetime) -> str:
    """A Date field's value: "Sat, 27 Apr 2024 10:00:00 +0300" (RFC 5322 §3.3). ValueError for a naive time.

    English names from our own table: strftime follows the machine's locale.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a mail date needs a time zone")
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    day = f"{_ENGLISH_DAYS[moment.weekday()]}, {moment.day:02} {_ENGLISH_MONTHS[moment.month - 1]} {moment.year:04}"
    return f"{day} {moment:%H:%M:%S} {sign}{hours:02}{rest:02}"
