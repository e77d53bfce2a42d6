"""The six filters of [[ … ]]: default trim truncate number date plural."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from newsletter_cli.language import digit_system, fold_digits, format_date, number, plural, read_date
from newsletter_cli.mail.clusters import clusters
from newsletter_cli.mail.content import Manner
from newsletter_cli.mail.problems import ValueProblem

# Short on purpose: 1e999999999 is a number too, and would fill the memory.
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,6})?")


def filters_for(language: str, manner: Manner) -> Mapping[str, Callable[..., Any]]:
    """Filters by name, in the language and manner of one version."""
    return {
        "default": default,
        "trim": trim,
        "truncate": truncate,
        "number": partial(as_number, language=language, manner=manner),
        "date": partial(as_date, language=language, manner=manner),
        "plural": partial(as_plural, language=language, manner=manner),
    }


def default(value: object, fallback: object = "", boolean: bool = True) -> object:
    """`value`, or `fallback` when this reader has none; an empty value is none, with or without Jinja2's `true`."""
    return value if value else fallback


def trim(value: object) -> str:
    """`value` without white space at its ends."""
    return str(value).strip()


def truncate(value: object, length: int = 40) -> str:
    """At most `length` letters, cut at a word where there is one, then " …"."""
    text = str(value)
    letters = list(clusters(text))
    if len(letters) <= length:
        return text
    head = "".join(letters[:length])
    at_word = head if letters[length].isspace() else head.rpartition(" ")[0]
    return (at_word or head).rstrip() + " …"


def as_number(value: object, *, language: str, manner: Manner) -> str:
    """The number in the version's digits, with its separators."""
    return number(_decimal(value), digit_system(language, manner.locale, manner.digits), language)


def as_date(value: object, *, language: str, manner: Manner) -> str:
    """The date as the digest prints dates; any form that articles may have is read."""
    read = read_date(str(value), language)
    if read is None or read.date is None:
        raise ValueProblem("date", f"“{value}” is not a date.")
    return format_date(
        read.date,
        language=language,
        locale=manner.locale,
        months=manner.months,
        digits=digit_system(language, manner.locale, manner.digits),
        calendar=manner.calendar,
    )


def as_plural(value: object, key: str, *, language: str, manner: Manner) -> str:
    """The number with its word in the right form: plural("article") → ٣ مقالات."""
    whole = _decimal(value)
    if isinstance(whole, Decimal):
        raise ValueProblem("plural", f"“{value}” is not a whole number.")
    return plural(whole, key, language, digit_system(language, manner.locale, manner.digits))


def _decimal(value: object) -> int | Decimal:
    text = fold_digits(str(value)).strip()
    if not _NUMBER.fullmatch(text):
        raise ValueProblem("number", f"“{str(value)[:40]}” is not a number.")
    return Decimal(text) if "." in text else int(text)
