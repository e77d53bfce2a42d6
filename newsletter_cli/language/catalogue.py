"""Words that readers see: digest furniture, reader pages, system mails, in six languages.

Texts lie in `messages/<language>.py`, one flat table each. To add one: put the same key with the same {places} into
all six files (a test names what is missing). A text that depends on a number is a table of forms by CLDR category,
all categories of that language. Keys begin with the place that shows them: digest. page. mail. count.
"""

from collections.abc import Mapping
from typing import Final

from newsletter_cli.language.digits import number
from newsletter_cli.language.direction import base_language, direction_of
from newsletter_cli.language.messages import Forms, ar, en, fa, fr, he, ur
from newsletter_cli.language.plurals import plural_category

CATALOGUE: Final[Mapping[str, Mapping[str, str | Forms]]] = {
    "ar": ar.MESSAGES,
    "en": en.MESSAGES,
    "fa": fa.MESSAGES,
    "fr": fr.MESSAGES,
    "he": he.MESSAGES,
    "ur": ur.MESSAGES,
}
LANGUAGES: Final = tuple(CATALOGUE)


def catalogue_language(language: str) -> str:
    """The catalogue that serves a language: its own, else Arabic for right-to-left and English for the others."""
    base = base_language(language)
    if base in CATALOGUE:
        return base
    return "ar" if direction_of(base) == "rtl" else "en"


def template(key: str, language: str) -> str:
    """The text of a key with its {places} unfilled, for callers that escape or mark each value. KeyError if unknown."""
    found = CATALOGUE[catalogue_language(language)][key]
    return found if isinstance(found, str) else found["other"]


def message(key: str, language: str, *, digits: str = "latn", **values: object) -> str:
    """The text of a key with its places filled; KeyError for an unknown key or a missing value.

    values: texts go in as they are (the caller escapes the whole), whole numbers are printed in `digits`.
    A key with forms by number needs n, a whole number, and takes the form of its category.
    """
    serving = catalogue_language(language)
    found = CATALOGUE[serving][key]
    if not isinstance(found, str):
        n = values["n"]
        if not isinstance(n, int):
            raise TypeError(f"{key} counts: n is a whole number, not {n!r}")
        found = found[plural_category(n, serving)]
    printed = {
        name: number(value, digits, serving) if isinstance(value, int) else value for name, value in values.items()
    }
    return found.format_map(printed)


def plural(n: int, key: str, language: str, system: str = "latn") -> str:
    """A counted noun: plural(3, "article", "ar", "arab") is «٣ مقالات». key: what stands after "count."."""
    return message(f"count.{key}", language, digits=system, n=n)
