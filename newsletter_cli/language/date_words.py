"""The words that stand around a date on news pages: labels, clocks, zones, joiners; and the patterns made of them.

All are compared after folding. A label is any run of the words newsrooms make labels of, so «تاريخ نشر الخبر» needs no
row of its own; no word here can be the subject of a sentence.
"""

import re
from collections.abc import Iterable
from itertools import chain
from typing import Final

from newsletter_cli.language import months as names
from newsletter_cli.language.folding import fold


def any_of(words: Iterable[str]) -> str:
    """A pattern for one of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


def _folded(text: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in text.split("|"))


# --- labels ----------------------------------------------------------------------------------------------------

# fmt: off
_PUBLISHED: Final = (
    *_folded("تاريخ|بتاريخ|التاريخ|نشر|النشر|نشرت|نشره|نُشرت|منشور|تم النشر"),
    *_folded("كتب|كُتب|كتبت|حرر|حررت|حُرر|أدرج|أُدرج|أدرجت|أضيف|أُضيف"),
    *_folded("أضيفت|أُضيفت|الإضافة|الإصدار|صدر|أرسل|الخبر|المقال|المقالة|الوقت|ساعة|والتاريخ|والوقت|التوقيت"),
    *_folded("published|posted|first published|publication|date|time|created"),
    *_folded("issued|released|mis en ligne|publié|publiée|paru|parue|créé|écrit"),
    *_folded("פורסם|פורסמה|תאריך|תאריך פרסום|בתאריך|פרסום|נכתב|הועלה|שעה"),
    *_folded("تاریخ|انتشار|منتشر|شده|زمان|تاریخ خبر|درج|ثبت|مخابره|خبر"),
    *_folded("اشاعت|شائع|شائع شدہ|پبلش|پوسٹ|تحریر|مورخہ|بتاریخ|تاریخ اشاعت|ہوئی|ہوا|کیا|گیا"),
)
_UPDATED: Final = (
    *_folded("آخر تحديث|آخر تعديل|تم التحديث|تم التعديل|تحديث|التحديث|تحديثه|تعديل"),
    *_folded("التعديل|حُدّث|حُدثت|حدثت|محدث|محدثة|عُدّل|معدل"),
    *_folded("last updated|last update|last modified|updated|update|modified"),
    *_folded("edited|mis à jour|mise à jour|modifié|modifiée|actualisé|actualisée"),
    *_folded("עודכן לאחרונה|עודכן|עודכנה|עדכון אחרון|עדכון|עריכה אחרונה"),
    *_folded("آخرین به‌روزرسانی|به‌روزرسانی|به روزرسانی|به روز رسانی"),
    *_folded("به روز شده|به‌روز شده|بروزرسانی|آخرین ویرایش|ویرایش"),
    *_folded("تازہ ترین اپ ڈیٹ|اپ ڈیٹ|اپڈیٹ|آخری اپ ڈیٹ|تازہ کاری|اپ ڈیٹڈ"),
)
_OF_LABELS: Final = _folded("کی|گئی|وقت|ligne|تم|في|على|لأول مرة|آخر|اخر|on|at|le|la|de|du|à|در|کو|پر|میں|ב|מ")
# fmt: on
# «تم نشره», «آخری وقت اشاعت»: words that only begin a label.
_BEGINNING: Final = rf"(?:(?:{any_of(_folded('تم|لأول مرة|آخر|آخری|آخری وقت|وقت'))})\s+)?"
_GLUE: Final = rf"(?:\s+(?:{any_of((*_PUBLISHED, *_OF_LABELS))})(?!\w))*"
_NOT_IN_A_WORD: Final = r"(?<!\w)"
# An update's label goes before the others: «آخر تحديث» would else leave a bare «آخر».
UPDATED: Final = rf"{_NOT_IN_A_WORD}{_BEGINNING}(?:{any_of(_PUBLISHED)}\s+)?(?:{any_of(_UPDATED)})(?!\w){_GLUE}\s*:?"
PUBLISHED: Final = rf"{_NOT_IN_A_WORD}{_BEGINNING}(?:{any_of(_PUBLISHED)})(?!\w){_GLUE}\s*:?"

# --- weekdays, clocks, zones -------------------------------------------------------------------------------------

_DAYS: Final = any_of(fold(day) for day in (*chain.from_iterable(names.WEEKDAYS.values()), *names.WEEKDAYS_ALSO))
WEEKDAY: Final = rf"(?<!\w)(?:(?:يوم|יום|بروز|مورخہ)\s+)?(?:{_DAYS})(?!\w)\.?"

_ZONE_NAMES: Final = (
    "(?:gmt|utc)(?:[+-]\\d{1,2}(?::?\\d{2})?)?|bst|cet|cest|eet|eest|msk|ist|est|edt|cst|cdt|mst|mdt|pst|pdt|et|pt|ct"
    "|(?:ب)?توقيت (?:مكه المكرمه|مكه|جرينتش|غرينتش|\\w+)|غرينتش|جرينتش|مكه المكرمه"
)
_HALF: Final = "صباحا|صباحًا|مساء|مساءا|ظهرا|عصرا|فجرا|ليلا|ص|م|a\\.?m\\.?|p\\.?m\\.?|ق\\.?ظ|ب\\.?ظ|صبح|عصر|شام|دوپہر"
_AFTER_CLOCK: Final = rf"(?:\s*(?:[+-]\d{{2}}:?\d{{2}}|(?:{fold(_HALF)}|{_ZONE_NAMES})(?!\w)))*"
_HOUR: Final = any_of(_folded("في الساعة|الساعة|على الساعة|عند الساعة|ساعت|در ساعت|בשעה|שעה"))
_AT: Final = f"{_HOUR}|at|a|à|بوقت|وقت"
CLOCK: Final = (
    # Before the time and after it: "GMT 12:10", "10:30 ص +03:00".
    rf"(?:(?<!\w)(?:gmt|utc)\s*)?(?:(?<!\w)(?:{_AT})\s*:?\s*)?(?:(?<=\d)t|(?<!\d))\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\.\d+)?"
    rf"\s*(?:z(?!\w))?{_AFTER_CLOCK}"
    # With a point it could be a day and a month, so something has to say that it is a time.
    rf"|(?<![\d.])\d{{1,2}}\.\d{{2}}(?=\s*(?:{_ZONE_NAMES}|a\.?m|p\.?m)(?!\w)){_AFTER_CLOCK}"
    rf"|(?<!\w)(?:{_HOUR})\s*\d{{1,2}}(?:\s*و\s*\d{{1,2}}\s*(?:دقيقه|دقائق))?(?!\d|\s*[/.-]){_AFTER_CLOCK}"
    r"|(?<!\d)\d{1,2} ?h ?\d{2}(?!\d)"
)
# The number of an issue or article: «العدد 1234», «کد خبر: 123456».
_NUMBERS: Final = any_of(
    _folded("العدد|عدد|رقم العدد|العدد رقم|شماره|شماره خبر|کد خبر|کد مطلب|شناسه خبر|خبر نمبر|גיליון|issue")
)
NUMBERED: Final = rf"(?<!\w)(?:{_NUMBERS})(?!\w)\s*[:#]?\s*\d{{3,9}}(?![\d/.-])"  # a day has two digits at most
# A remark in brackets without any number: «(بتوقيت مكة)», «(النشرة العامة)».
REMARK: Final = r"\([^()\d<>]{1,40}\)"
ZONE: Final = r"\((?:gmt|utc|مكه|بتوقيت|توقيت)[^)]{0,30}\)|(?<!\w)(?:gmt|utc)(?:[+-]\d{1,2}(?::\d{2})?)?(?!\w)"

# --- the Hebrew calendar -----------------------------------------------------------------------------------------

# ט"ו בשבט תשפ"ד: recognised, so that it does not hide the Gregorian date beside it; not converted.
_HEBREW_MONTHS: Final = any_of(
    _folded("ניסן|אייר|סיוון|סיון|תמוז|אב|מנחם אב|אלול|תשרי|חשוון|חשון|מרחשוון|מרחשון|כסלו|כסליו|טבת|שבט|אדר")
)
HEBREW_DAY: Final = (
    rf"(?<!\w)[א-ל][\"']?[א-ט]?[\"']?\s+(?:ב|ל)?(?:{_HEBREW_MONTHS})(?:\s+[אב]'?(?!\w))?,?"
    r"\s+(?:ה'?)?ת[א-ת]{0,3}[\"'][א-ת](?!\w)"
)

# --- what may stand around and between dates -----------------------------------------------------------------------

_JOINER_WORDS: Final = (
    *_folded("الموافق لـ|الموافق ل|الموافق|موافق|المصادف|بمطابق|مطابق|برابر با|من|في|يوم|و|ب|هذا اليوم"),
    *_folded("le|du|à|at|on|of|מ|ה|ב|ל|در|کو|بروز|مورخہ"),
)
JOINERS: Final = any_of(_JOINER_WORDS)
# Between a month and its year: «أبريل سنة 2024», «اردیبهشت ماه ۱۴۰۳».
YEAR_WORDS: Final = any_of(_folded("سنة|سنه|عام|لعام|لسنة|سال|ماه|ماه سال|de|of"))

AGO: Final = (
    r"(?:منذ|قبل) .{0,12}(?:دقيقه|دقائق|دقيقتين|ساعه|ساعات|ساعتين|يوم|يومين|ايام|اسبوع|اسبوعين|اسابيع|شهر|شهرين|اشهر)"
    r"|(?:about |almost )?(?:an?|\d+) (?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?) ago|il y a \d+ \w+"
    r"|לפני .{0,12}|.{0,12} (?:پیش|پہلے|پيش|پيهلے|قبل)"
)
# Only beside a clock or a label: alone they are the names of papers and sections.
TODAY: Final = any_of(
    _folded("اليوم|أمس|امس|أمس الأول|today|yesterday|hier|aujourd'hui|היום|אתמול|امروز|دیروز|آج|کل|گزشتہ روز")
)
