"""Digits and separators of the numbers we print. Numbers a writer typed are never touched."""

from decimal import Decimal
from typing import Final, Literal, cast

from newsletter_cli.language.direction import base_language

DigitSystem = Literal["latn", "arab", "arabext"]

_DIGITS: Final = {"latn": "0123456789", "arab": "٠١٢٣٤٥٦٧٨٩", "arabext": "۰۱۲۳۴۵۶۷۸۹"}
_TABLES: Final = {system: str.maketrans("0123456789", digits) for system, digits in _DIGITS.items()}

# Countries whose newspapers print Arabic-Indic digits; the Maghreb, Libya and the Emirates print Latin ones.
_ARAB_REGIONS: Final = frozenset(["EG", "SA", "SY", "LB", "JO", "PS", "IQ", "KW", "BH", "QA", "OM", "SD", "YE", "MR"])

# (group, decimal); CLDR. French groups with a narrow no-break space.
_SEPARATORS: Final = {"latn": (",", "."), "arab": ("٬", "٫"), "arabext": ("٬", "٫")}
_FRENCH: Final = ("\u202f", ",")


def region_of(locale: str) -> str:
    """The region of a locale such as "ar-SY" or "ar_SY": "SY"; "" when it has none."""
    parts = locale.replace("_", "-").split("-")[1:]
    return next((part.upper() for part in parts if len(part) == 2 and part.isalpha()), "")


def digit_system(language: str, locale: str, setting: str = "auto") -> DigitSystem:
    """The digits to print with: `setting` when it names a system, else what the locale's newspapers use.

    language, locale: BCP 47 ("ar", "ar-SY").  setting: "auto" | "latn" | "arab" | "arabext" (newsroom.digits).
    """
    if setting in _DIGITS:
        return cast("DigitSystem", setting)
    base = base_language(language)
    if base == "fa":
        return "arabext"
    if base == "ar" and region_of(locale) in _ARAB_REGIONS:
        return "arab"
    return "latn"


def to_digits(text: str, system: str) -> str:
    """The text with its ASCII digits written in `system`."""
    return text.translate(_TABLES[system])


def number(n: int | Decimal, system: str, language: str = "") -> str:
    """A number with group and decimal separators: 12,480 · ١٢٬٤٨٠ · ۱۲٬۴۸۰ · fr: 12 480 (narrow no-break space)."""
    group, decimal = _FRENCH if base_language(language) == "fr" and system == "latn" else _SEPARATORS[system]
    whole, _, rest = f"{n:,f}".partition(".") if isinstance(n, Decimal) else (f"{n:,}", "", "")
    return to_digits(whole.replace(",", group) + (decimal + rest if rest else ""), system)
