"""Names of months and weekdays, by language and, in Arabic, by country. Tables only.

Why our own: month names differ from one Arab country to the next, and Babel's are corrupted across locales in one
process (babel PR #1263). In the tests Babel's data is the oracle.
"""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.language.digits import region_of
from newsletter_cli.language.direction import base_language

Names = tuple[str, ...]  # twelve months from January, or seven days from Monday


def _names(text: str) -> Names:
    return tuple(name.strip() for name in text.split("|"))


# --- Gregorian months ------------------------------------------------------------------------------------------

# fmt: off
ARABIC: Final = _names("يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر")
LEVANT: Final = _names("كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول")
ALGERIA: Final = _names("جانفي|فيفري|مارس|أفريل|ماي|جوان|جويلية|أوت|سبتمبر|أكتوبر|نوفمبر|ديسمبر")
MOROCCO: Final = _names("يناير|فبراير|مارس|أبريل|ماي|يونيو|يوليوز|غشت|شتنبر|أكتوبر|نونبر|دجنبر")
MAURITANIA: Final = _names("يناير|فبراير|مارس|إبريل|مايو|يونيو|يوليو|أغشت|شتمبر|أكتوبر|نوفمبر|دجمبر")

ARABIC_BY_REGION: Final[Mapping[str, Names]] = {
    **dict.fromkeys(("SY", "LB", "JO", "PS", "IQ"), LEVANT),
    **dict.fromkeys(("DZ", "TN"), ALGERIA),
    "MA": MOROCCO,
    "MR": MAURITANIA,
}

GREGORIAN: Final[Mapping[str, Names]] = {
    "ar": ARABIC,
    "fa": _names("ژانویه|فوریه|مارس|آوریل|مه|ژوئن|ژوئیه|اوت|سپتامبر|اکتبر|نوامبر|دسامبر"),
    "ur": _names("جنوری|فروری|مارچ|اپریل|مئی|جون|جولائی|اگست|ستمبر|اکتوبر|نومبر|دسمبر"),
    "he": _names("ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר"),
    "en": _names("January|February|March|April|May|June|July|August|September|October|November|December"),
    "fr": _names("janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"),
}

# Written by nobody's rule but read: other spellings, short forms. Same order, "" where there is none.
GREGORIAN_ALSO: Final[tuple[Names, ...]] = (
    _names("||||مايس|يونيه|يوليه|أغسطوس|سبتنبر|||ديسنبر"),
    _names("كانون ثاني|||||||||تشرين أول|تشرين ثاني|كانون أول"),
    _names("||||||||شتمبر||نونمبر|دجمبر"),
    _names("ژانویهٔ|فوریهٔ|||می|||آگوست||||"),
    _names("ינו'|פבר'|מרס|אפר'|||||ספט'|אוק'|נוב'|דצמ'"),
    _names("Jan|Feb|Mar|Apr||Jun|Jul|Aug|Sep|Oct|Nov|Dec"),
    _names("Jan.|Feb.|Mar.|Apr.||Jun.|Jul.|Aug.|Sept.|Oct.|Nov.|Dec."),
    _names("janv.|févr.||avr.|||juil.||Sept|||déc."),
    _names("janv|fevrier||avr||||aout||||decembre"),
)
# Half a name: which of two months is meant, nobody can know.
HALF_MONTHS: Final = ("كانون", "تشرين", "ربيع", "جمادى", "جماد", "ذو", "ذي")

# --- Hijri and Jalali months -----------------------------------------------------------------------------------

HIJRI: Final[Mapping[str, Names]] = {
    "ar": _names("محرم|صفر|ربيع الأول|ربيع الآخر|جمادى الأولى|جمادى الآخرة|رجب|شعبان|رمضان|شوال|ذو القعدة|ذو الحجة"),
    "fa": _names("محرم|صفر|ربیع‌الاول|ربیع‌الثانی|جمادی‌الاول|جمادی‌الثانی|رجب|شعبان|رمضان|شوال|ذی‌القعده|ذی‌الحجه"),
    "ur": _names("محرم|صفر|ربیع الاول|ربیع الثانی|جمادی الاول|جمادی الثانی|رجب|شعبان|رمضان|شوال|ذوالقعدہ|ذوالحجہ"),
    "he": _names("מוחרם|צפר|רביע אל-אוול|רביע א-ת'אני|ג'ומאדא אל-אולא|ג'ומאדא א-ת'אניה"
                 "|רג'ב|שעבאן|רמדאן|שוואל|ד'ו אל-קעדה|ד'ו אל-חיג'ה"),
    "en": _names("Muharram|Safar|Rabi I|Rabi II|Jumada I|Jumada II|Rajab|Shaban"
                 "|Ramadan|Shawwal|Dhul-Qadah|Dhul-Hijjah"),
    "fr": _names("mouharram|safar|rabia al awal|rabia ath-thani|joumada al oula|joumada ath-thania"
                 "|rajab|chaabane|ramadan|chawwal|dhou al qi`da|dhou al-hijja"),
}
HIJRI_ALSO: Final[tuple[Names, ...]] = (
    _names("المحرم||ربيع أول|ربيع الثاني|جمادى الأول|جمادى الثانية|||||ذي القعدة|ذي الحجة"),
    _names("محرم الحرام|صفر المظفر|ربيع الاول|ربيع ثاني|جماد الأول|جمادى الثاني|رجب المرجب|شعبان المعظم|رمضان المبارك"
           "|شوال المكرم|ذوالقعدة|ذوالحجة"),
    _names("||||جماد أول|جمادى الآخر|||||ذیقعده|ذیحجه"),
    _names("||||جماد الأولى|جماد الثاني|||||ذي قعدة|ذي حجة"),
    _names("|||||جماد الآخر|||||ذیقعد|ذیحج"),
)

JALALI: Final[Mapping[str, Names]] = {
    "fa": _names("فروردین|اردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان|آذر|دی|بهمن|اسفند"),
    "ar": _names("فروردین|أردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان|آذر|دی|بهمن|إسفند"),
    "ur": _names("فروردن|آرڈبائش|خداداد|تیر|مرداد|شہریوار|مہر|ابان|آزر|دے|بہمن|اسفند"),
    "he": _names("פרורדין|ארדיבהשת|ח'רדאד|תיר|מרדאד|שהריור|מהר|אבאן|אד'ר|די|בהמן|אספנד"),
    "en": _names("Farvardin|Ordibehesht|Khordad|Tir|Mordad|Shahrivar|Mehr|Aban|Azar|Dey|Bahman|Esfand"),
    "fr": _names("Farvardin|Ordibehesht|Khordad|Tir|Mordad|Shahrivar|Mehr|Âbân|Âzar|Dey|Bahman|Esfand"),
}
JALALI_ALSO: Final[tuple[Names, ...]] = (_names("||||امرداد|||||||"),)

# --- weekdays, from Monday -------------------------------------------------------------------------------------

WEEKDAYS: Final[Mapping[str, Names]] = {
    "ar": _names("الاثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت|الأحد"),
    "fa": _names("دوشنبه|سه‌شنبه|چهارشنبه|پنجشنبه|جمعه|شنبه|یکشنبه"),
    "ur": _names("پیر|منگل|بدھ|جمعرات|جمعہ|ہفتہ|اتوار"),
    "he": _names("יום שני|יום שלישי|יום רביעי|יום חמישי|יום שישי|יום שבת|יום ראשון"),
    "en": _names("Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"),
    "fr": _names("lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"),
}
WEEKDAYS_ALSO: Final = _names(
    "الإثنين|الأربعا|الاربعاء|سه شنبه|پنج شنبه|پنج‌شنبه|یک شنبه|یک‌شنبه|آدینہ|سنیچر|سوموار|سہ شنبہ"
    "|שבת|יום א'|יום ב'|יום ג'|יום ד'|יום ה'|יום ו'|יום ש'|ראשון|שני|שלישי|רביעי|חמישי|שישי"
    "|Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun|lun|mer|jeu|ven|sam|dim|lun.|mer.|jeu.|ven.|sam.|dim."
)
# fmt: on


def gregorian_months(language: str, locale: str) -> Names:
    """The twelve names a newspaper of that country prints; Arabic differs by region, the default is Egypt's."""
    base = base_language(language)
    if base == "ar":
        return ARABIC_BY_REGION.get(region_of(locale), ARABIC)
    return GREGORIAN.get(base, GREGORIAN["en"])


def dual_months(language: str, locale: str) -> Names:
    """Both names where two are in use (نيسان/أبريل), the country's own first; elsewhere the one name."""
    own = gregorian_months(language, locale)
    if base_language(language) != "ar":
        return own
    other = LEVANT if own == ARABIC else ARABIC
    return tuple(a if a == b else f"{a}/{b}" for a, b in zip(own, other, strict=True))


def table(tables: Mapping[str, Names], language: str) -> Names:
    """The table of a language, English when there is none."""
    return tables.get(base_language(language), tables["en"])
