"""Language: what Arabic, Persian, Hebrew and Urdu need: direction, isolation, digits, plurals, dates, messages.

direction_of, first_strong · fold, fold_digits · isolate_runs, mark_text · digit_system, to_digits, number ·
plural_category, plural · read_date, format_date, rfc5322_date · message, template ·
unisolated_runs, presentation_forms, direction_overrides, unbalanced_isolates, latin_marks, mixed_letters,
digit_systems_in, mend (lint.py)
"""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from newsletter_cli.language.catalogue import LANGUAGES, catalogue_language, message, plural, template
    from newsletter_cli.language.date_reading import ReadDate, read_date
    from newsletter_cli.language.date_writing import format_date, rfc5322_date
    from newsletter_cli.language.digits import digit_system, number, to_digits
    from newsletter_cli.language.direction import RTL_LANGUAGES, base_language, direction_of, first_strong
    from newsletter_cli.language.folding import fold, fold_digits
    from newsletter_cli.language.isolate import LRM, RLM, Run, isolate_runs, mark_text
    from newsletter_cli.language.lint import (
        Place,
        digit_systems_in,
        direction_overrides,
        latin_marks,
        mend,
        mixed_letters,
        presentation_forms,
        unbalanced_isolates,
        unisolated_runs,
    )
    from newsletter_cli.language.plurals import CATEGORIES, LANGUAGE_CATEGORIES, plural_category

__all__ = [
    "CATEGORIES",
    "LANGUAGES",
    "LANGUAGE_CATEGORIES",
    "LRM",
    "RLM",
    "RTL_LANGUAGES",
    "Place",
    "ReadDate",
    "Run",
    "base_language",
    "catalogue_language",
    "digit_system",
    "digit_systems_in",
    "direction_of",
    "direction_overrides",
    "first_strong",
    "fold",
    "fold_digits",
    "format_date",
    "isolate_runs",
    "latin_marks",
    "mark_text",
    "mend",
    "message",
    "mixed_letters",
    "number",
    "plural",
    "plural_category",
    "presentation_forms",
    "read_date",
    "rfc5322_date",
    "template",
    "to_digits",
    "unbalanced_isolates",
    "unisolated_runs",
]

# Where each name lives; a file is loaded when a name of it is first asked for: most commands need few of these tables.
_HOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "catalogue": ("LANGUAGES", "catalogue_language", "message", "plural", "template"),
    "date_reading": ("ReadDate", "read_date"),
    "date_writing": ("format_date", "rfc5322_date"),
    "digits": ("digit_system", "number", "to_digits"),
    "direction": ("RTL_LANGUAGES", "base_language", "direction_of", "first_strong"),
    "folding": ("fold", "fold_digits"),
    "isolate": ("LRM", "RLM", "Run", "isolate_runs", "mark_text"),
    "lint": (
        "Place",
        "digit_systems_in",
        "direction_overrides",
        "latin_marks",
        "mend",
        "mixed_letters",
        "presentation_forms",
        "unbalanced_isolates",
        "unisolated_runs",
    ),
    "plurals": ("CATEGORIES", "LANGUAGE_CATEGORIES", "plural_category"),
}


def __getattr__(name: str) -> object:
    """A public name, from its file."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
