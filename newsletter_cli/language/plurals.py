"""Plural categories by CLDR name. Rules are written here; words with their forms are in the message catalogue."""

from collections.abc import Callable, Mapping
from typing import Final

from newsletter_cli.language.direction import base_language

# The one order of forms in every catalogue, the gettext ones included.
CATEGORIES: Final = ("zero", "one", "two", "few", "many", "other")

_MILLION: Final = 1_000_000


def _arabic(n: int) -> str:
    if n in (0, 1, 2):
        return CATEGORIES[n]
    rest = n % 100  # so 100 to 102 and 200 are "other": مئة مقال, not مئة مقالًا
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


def _hebrew(n: int) -> str:
    return {1: "one", 2: "two"}.get(n, "other")


def _persian(n: int) -> str:
    return "one" if n in (0, 1) else "other"


def _french(n: int) -> str:
    return "one" if n in (0, 1) else "many" if n % _MILLION == 0 else "other"


def _english(n: int) -> str:
    return "one" if n == 1 else "other"


_RULES: Final[Mapping[str, Callable[[int], str]]] = {
    "ar": _arabic,
    "he": _hebrew,
    "fa": _persian,
    "fr": _french,
    "en": _english,
    "ur": _english,
}

LANGUAGE_CATEGORIES: Final[Mapping[str, tuple[str, ...]]] = {
    "ar": CATEGORIES,
    "he": ("one", "two", "other"),
    "fa": ("one", "other"),
    "fr": ("one", "many", "other"),
    "en": ("one", "other"),
    "ur": ("one", "other"),
}


def plural_category(n: int, language: str) -> str:
    """CLDR cardinal category of a whole number: zero, one, two, few, many or other. Sign is ignored.

    Source: CLDR 42 and later, plurals.xml. A language without a rule here has "one" and "other".
    """
    return _RULES.get(base_language(language), _english)(abs(n))
