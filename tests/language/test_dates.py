"""Dates: read from pages, printed for readers, written into mail headers."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter_cli.language import LANGUAGES, ReadDate, fold, format_date, read_date, rfc5322_date
from newsletter_cli.language import months as names
from newsletter_cli.language.calendars import from_jalali, hijri_of, is_jalali_leap, jalali_of

DAY = date(2024, 4, 27)
GOLDEN = Path(__file__).parent.parent / "golden"

READ = [
    # text, language, day, calendar
    ("آخر تحديث: 27/04/2024 الساعة: 11:20", "ar", DAY, "gregory"),
    ("السبت ٢٧ / أبريل / ٢٠٢٤", "ar", DAY, "gregory"),
    ("السبت 27 نيسان/أبريل 2024", "ar", DAY, "gregory"),
    ("27 نيسان (أبريل) 2024", "ar", DAY, "gregory"),
    ("٢٧ أفريل ٢٠٢٤", "ar", DAY, "gregory"),
    ("السبت، 27 ابريل، 2024 03:45 م", "ar", DAY, "gregory"),
    ("نُشر: 15:45-27 أبريل 2024 م ـ 18 شوّال 1445 هـ", "ar", DAY, "gregory"),
    ("السبت 18 شوال 1445 هـ الموافق 27 أبريل 2024 م", "ar", DAY, "gregory"),
    ("آخر تحديث: 27/4/2024 03:45 م (مكة المكرمة)", "ar", DAY, "gregory"),
    ("27-04-2024 | 10:20", "ar", DAY, "gregory"),
    ("٢٧ / ٠٤ / ٢٠٢٤", "ar", DAY, "gregory"),
    ("27.4.2024", "ar", DAY, "gregory"),
    ("2024-04-27T14:30:00Z", "ar", DAY, "gregory"),
    ("18 شوال 1445", "ar", DAY, "islamic"),
    ("18/10/1445 هـ", "ar", DAY, "islamic"),
    ("18/10/1445", "ur", DAY, "islamic"),
    ("شنبه ۸ اردیبهشت ۱۴۰۳ - ۱۴:۳۰", "fa", DAY, "persian"),
    ("۱۴۰۳/۰۲/۰۸", "fa", DAY, "persian"),
    ("יום שבת, 27 באפריל 2024 | 14:30", "he", DAY, "gregory"),
    ("פורסם: 27.4.2024", "he", DAY, "gregory"),
    ("ہفتہ 27 اپریل 2024ء", "ur", DAY, "gregory"),
    ("Saturday, April 27th, 2024 3:45 pm", "en", DAY, "gregory"),
    ("Sat, 27 Apr 2024 10:00:00 GMT", "en", DAY, "gregory"),
    ("samedi 27 avril 2024 à 14h30", "fr", DAY, "gregory"),
    ("1er janvier 2022", "fr", date(2022, 1, 1), "gregory"),
    ("الثلاثاء ١٢ غشت ٢٠٢٥", "ar", date(2025, 8, 12), "gregory"),
    ("3 دجنبر 2023", "ar", date(2023, 12, 3), "gregory"),
    ("5 كانون الثاني 2024", "ar", date(2024, 1, 5), "gregory"),
    ("5 كانون الأول 2024", "ar", date(2024, 12, 5), "gregory"),
    ("الأربعاء 5 جويلية 2023", "ar", date(2023, 7, 5), "gregory"),
    ("10 تشرين الثاني 2024", "ar", date(2024, 11, 10), "gregory"),
]


@pytest.mark.parametrize(("text", "language", "day", "calendar"), READ)
def test_a_date_line_is_read(text, language, day, calendar):
    assert read_date(text, language) == ReadDate(day, calendar, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("27 تشرين 2024", "The month “تشرين” names two months."),
        ("27 نيسان/مارس 2024", "“نيسان” and “مارس” are not the same month."),
        ("04/27/2024", "4/27/2024 is no day that can be used; days are read before months."),
        ("29 فبراير 2023", "29/2/2023 is no day that can be used; days are read before months."),
        ("27 أبريل", "The date has no year."),
        ("27/4/24", "The year has two digits only."),
        ("منذ 3 ساعات", "The date is relative to the day the page was read."),
        ("27/4/2024 - 29/4/2024", "The line names two different days."),
        ("ט״ו בשבט תשפ״ד", "The day is given in the Hebrew calendar only."),
        ("12 مارس 1445", "12/3/1445 is no day that can be used; days are read before months."),
        ("18 شوال 1445 م", "The month “شوال” and the mark “م” belong to two calendars."),
    ],
)
def test_a_date_that_names_no_day_is_none_with_its_reason(text, reason):
    found = read_date(text)
    assert found is not None
    assert (found.date, found.text, found.warning) == (None, text, reason)


LINES = [row.split("\t") for row in (GOLDEN / "date-lines.tsv").read_text(encoding="utf-8").splitlines() if row.strip()]


@pytest.mark.parametrize(("wanted", "language", "text"), LINES)
def test_a_line_of_a_news_page_is_a_date_or_not(wanted, language, text):
    """none: no date line; null: a date that names no day."""
    found = read_date(text, language)
    assert ("none" if found is None else "null" if found.date is None else found.date.isoformat()) == wanted
    assert found is None or (found.date is None) == bool(found.warning)


def test_published_wins_over_updated():
    for text in ("نشر 27/4/2024 تحديث 29/4/2024", "Updated 29 April 2024 Published 27 April 2024"):
        assert read_date(text, "ar") == ReadDate(DAY, "gregory", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "السبت",
        "دمشق 27 أبريل 2024",
        "في 27 أبريل 2024 وقعت الحادثة",
        "مركز أبحاث روسي",
        "2024",
        "نتيجة 3-1",
        "Logo",
        "x" * 5000,
        "27/4/2024 " * 500,
    ],
)
def test_other_lines_are_no_dates(text):
    assert read_date(text) is None


def test_two_calendars_that_differ_are_a_warning_and_gregorian_wins():
    found = read_date("10 شوال 1445 هـ الموافق 27 أبريل 2024 م")
    assert found is not None
    assert (found.date, found.calendar) == (DAY, "gregory")
    assert found.warning == "The two calendars are 8 days apart; the Gregorian day was taken."


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_exception(text):
    found = read_date(text)
    assert found is None or found.text == text.strip()


def test_a_month_name_means_the_same_month_in_every_table():
    """A name that two tables of one calendar share must stand at the same place, and no calendars share a name."""
    seen: dict[str, tuple[str, int]] = {}
    tables = [
        *(("g", row) for row in (*names.GREGORIAN.values(), *names.GREGORIAN_ALSO, names.LEVANT, names.ALGERIA)),
        *(("g", row) for row in (names.MOROCCO, names.MAURITANIA)),
        *(("h", row) for row in (*names.HIJRI.values(), *names.HIJRI_ALSO)),
        *(("p", row) for row in (*names.JALALI.values(), *names.JALALI_ALSO)),
    ]
    for calendar, row in tables:
        assert len(row) == 12, row
        for place, name in enumerate(row, 1):
            if name:
                assert seen.setdefault(fold(name), (calendar, place)) == (calendar, place), name
    for language in LANGUAGES:
        assert len(names.WEEKDAYS[language]) == 7


# --- printed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "locale", "settings", "printed"),
    [
        ("ar", "ar-SY", {}, "السبت، ٢٧~نيسان~٢٠٢٤"),
        ("ar", "ar-SY", {"months": "dual"}, "السبت، ٢٧~نيسان/أبريل~٢٠٢٤"),
        ("ar", "ar-EG", {}, "السبت، ٢٧~أبريل~٢٠٢٤"),
        ("ar", "ar-EG", {"months": "dual"}, "السبت، ٢٧~أبريل/نيسان~٢٠٢٤"),
        ("ar", "ar-EG", {"calendar": "both"}, "٢٧~أبريل~٢٠٢٤ · ١٨~شوال~١٤٤٥~هـ"),
        ("ar", "ar-SA", {"calendar": "islamic"}, "السبت، ١٨~شوال~١٤٤٥~هـ"),
        ("ar", "ar-DZ", {}, "السبت، 27~أفريل~2024"),
        ("ar", "ar", {}, "السبت، 27~أبريل~2024"),
        ("fa", "fa-IR", {"calendar": "persian"}, "شنبه ۸~اردیبهشت~۱۴۰۳"),
        ("fa", "fa-IR", {}, "شنبه ۲۷~آوریل~۲۰۲۴"),
        ("he", "he-IL", {}, "יום שבת, 27~באפריל~2024"),
        ("ur", "ur-PK", {}, "ہفتہ، 27~اپریل،~2024"),
        ("en", "en", {}, "Saturday 27~April~2024"),
        ("fr", "fr", {}, "samedi 27~avril~2024"),
    ],
)
def test_a_date_is_printed_as_its_newspapers_do(language, locale, settings, printed):
    assert format_date(DAY, language=language, locale=locale, **settings) == printed.replace("~", "\u00a0")


def test_the_first_of_january_in_french_and_a_two_word_month_stay_in_one_piece():
    day = date(2024, 1, 1)
    assert format_date(day, language="fr", locale="fr") == "lundi 1er\u00a0janvier\u00a02024"
    assert format_date(day, language="ar", locale="ar-SY") == "الاثنين، ١\u00a0كانون\u00a0الثاني\u00a0٢٠٢٤"


LOCALES = ["ar", "ar-EG", "ar-SY", "ar-DZ", "ar-MA", "ar-MR", "ar-SA", "fa-IR", "he-IL", "ur-PK", "en", "fr"]


@given(
    st.dates(date(1850, 1, 1), date(2150, 1, 1)),
    st.sampled_from(LOCALES),
    st.sampled_from(["single", "dual"]),
    st.sampled_from(["auto", "latn", "arab", "arabext"]),
    st.sampled_from(["gregory", "islamic", "persian", "both"]),
)
@example(date(1924, 7, 31), "ar-SA", "single", "auto", "islamic")
@example(date(1924, 8, 1), "ar-SA", "single", "auto", "islamic")
@example(date(2077, 11, 16), "ar-SA", "single", "auto", "both")
@example(date(2077, 11, 17), "ar-SA", "single", "auto", "both")
@example(date(2123, 3, 20), "fa-IR", "single", "auto", "persian")
@example(date(2123, 3, 21), "fa-IR", "single", "auto", "persian")
def test_what_is_printed_is_read_back(day, locale, months, digits, calendar):
    language = locale[:2]
    text = format_date(day, language=language, locale=locale, months=months, digits=digits, calendar=calendar)
    found = read_date(text, language)
    assert found is not None, text
    assert (found.date, found.warning) == (day, ""), text


def test_the_calendars_meet_on_known_days():
    assert from_jalali(1403, 1, 1) == date(2024, 3, 20)
    assert (jalali_of(DAY), hijri_of(DAY)) == (
        jalali_of(from_jalali(1403, 2, 8)),
        hijri_of(read_date("18 شوال 1445").date),
    )
    assert [year for year in range(1395, 1410) if is_jalali_leap(year)] == [1395, 1399, 1403, 1408]


@given(st.dates(date(1799, 3, 21), date(2123, 3, 20)))
def test_jalali_comes_back(day):
    found = jalali_of(day)
    assert found is not None
    assert from_jalali(found.year, found.month, found.day) == day


# --- mail ------------------------------------------------------------------------------------------------------


def test_a_mail_date_has_english_names_and_the_offset():
    zone = timezone(timedelta(hours=3))
    assert rfc5322_date(datetime(2024, 4, 27, 10, 0, tzinfo=zone)) == "Sat, 27 Apr 2024 10:00:00 +0300"
    assert rfc5322_date(datetime(2024, 4, 7, 10, 0, tzinfo=UTC)) == "Sun, 07 Apr 2024 10:00:00 +0000"
    west = timezone(-timedelta(hours=3, minutes=30))
    assert rfc5322_date(datetime(2024, 4, 27, 10, 0, tzinfo=west)) == "Sat, 27 Apr 2024 10:00:00 -0330"


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        rfc5322_date(datetime(2024, 4, 27))  # noqa: DTZ001
