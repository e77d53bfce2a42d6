"""Language: what Arabic, Persian, Hebrew and Urdu need: direction, isolation, digits, plurals, dates, messages.

direction_of, first_strong · fold, fold_digits · isolate_runs, mark_text · digit_system, to_digits, number ·
plural_category, plural · read_date, format_date, rfc5322_date · message, template
"""

from newsletter_cli.language.catalogue import LANGUAGES, catalogue_language, message, plural, template
from newsletter_cli.language.date_reading import ReadDate, read_date
from newsletter_cli.language.date_writing import format_date, rfc5322_date
from newsletter_cli.language.digits import digit_system, number, to_digits
from newsletter_cli.language.direction import RTL_LANGUAGES, base_language, direction_of, first_strong
from newsletter_cli.language.folding import fold, fold_digits
from newsletter_cli.language.isolate import LRM, RLM, Run, isolate_runs, mark_text
from newsletter_cli.language.plurals import CATEGORIES, LANGUAGE_CATEGORIES, plural_category

__all__ = [
    "CATEGORIES",
    "LANGUAGES",
    "LANGUAGE_CATEGORIES",
    "LRM",
    "RLM",
    "RTL_LANGUAGES",
    "ReadDate",
    "Run",
    "base_language",
    "catalogue_language",
    "digit_system",
    "direction_of",
    "first_strong",
    "fold",
    "fold_digits",
    "format_date",
    "isolate_runs",
    "mark_text",
    "message",
    "number",
    "plural",
    "plural_category",
    "read_date",
    "rfc5322_date",
    "template",
    "to_digits",
]
