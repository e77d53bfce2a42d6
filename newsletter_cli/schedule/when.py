"""The moment somebody means: "2026-10-14 07:00", "07:00", "wed 07:00", "tomorrow 07:00", in the newsroom's zone."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from newsletter_cli.errors import UsageError

NOTHING_SCHEDULED: Final = "Nothing was scheduled."
FORMS: Final = "2026-10-14 07:00, 07:00, wed 07:00 or tomorrow 07:00"

_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
# fmt: off
_DAYS: Final[Mapping[str, int]] = {
    "mon": 0,
    "tue": 1,
    "wed": 2,
    "thu": 3,
    "fri": 4,
    "sat": 5,
    "sun": 6,
    "monday": 0,
    "tuesday": 1,
    "wednesday": 2,
    "thursday": 3,
    "friday": 4,
    "saturday": 5,
    "sunday": 6,
    "الاثنين": 0,
    "الإثنين": 0,
    "الثلاثاء": 1,
    "الأربعاء": 2,
    "الخميس": 3,
    "الجمعة": 4,
    "السبت": 5,
    "الأحد": 6,
}
# fmt: on
_TODAY: Final = frozenset({"today", "اليوم"})
_TOMORROW: Final = frozenset({"tomorrow", "غدا", "غدًا"})
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def read_when(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment meant, aware, UTC.

    now: aware.  A time without a day is the next one of that name; a day without a time is refused.
    UsageError: USAGE (not understood), TIME-PAST, TIME-CLOCK-CHANGE (that night the time does not exist, or twice).
    """
    day_word, clock = _split(text)
    local_now = now.astimezone(zone)
    day = _day(day_word, clock, local_now, text)
    moment = _unique(datetime.combine(day, clock), zone, text)
    if moment <= now:
        raise _past(text, moment.astimezone(zone), local_now)
    return moment.astimezone(UTC)


def _split(text: str) -> tuple[str, time]:
    words = text.translate(_DIGITS).replace("T", " ").split()
    found = _CLOCK.fullmatch(words[-1]) if words else None
    if found is None or len(words) > 2:
        raise _not_understood(text)
    return (words[0].casefold() if len(words) == 2 else ""), time(int(found[1]), int(found[2]))


def _day(word: str, clock: time, now: datetime, text: str) -> date:
    today = now.date()
    if not word:
        return today if clock > now.time().replace(tzinfo=None) else today + timedelta(days=1)
    if word in _TODAY:
        return today
    if word in _TOMORROW:
        return today + timedelta(days=1)
    if word in _DAYS:
        ahead = (_DAYS[word] - today.weekday()) % 7
        if ahead == 0 and clock <= now.time().replace(tzinfo=None):
            ahead = 7
        return today + timedelta(days=ahead)
    found = _DATE.fullmatch(word)
    if found is None:
        raise _not_understood(text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise _not_understood(text) from error


def _unique(wall: datetime, zone: ZoneInfo, text: str) -> datetime:
    """The one moment at which the newsroom's clocks show this; on two nights a year there is none, or there are two."""
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    if exists and first.utcoffset() == second.utcoffset():
        return first
    why = "happens twice" if exists else "does not exist"
    raise UsageError(
        "TIME-CLOCK-CHANGE",
        f"{wall:%Y-%m-%d %H:%M} {why} in {zone.key}: the clocks change that night.",
        facts=(("given", text),),
        sent=NOTHING_SCHEDULED,
        fix="choose a time an hour earlier or later",
    )


def _past(text: str, moment: datetime, now: datetime) -> UsageError:
    later = moment
    while later <= now:
        later += timedelta(days=1)
    return UsageError(
        "TIME-PAST",
        f"{moment:%Y-%m-%d %H:%M} is past; it is {now:%Y-%m-%d %H:%M} in {now.tzinfo}.",
        facts=(("given", text),),
        sent=NOTHING_SCHEDULED,
        fix=f'--at "{later:%Y-%m-%d %H:%M}"',
    )


def _not_understood(text: str) -> UsageError:
    return UsageError(
        "USAGE", f"“{text}” is not a time.", facts=(("known", FORMS),), sent=NOTHING_SCHEDULED, fix='--at "wed 07:00"'
    )
