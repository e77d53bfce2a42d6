"""Folding: two spellings that a reader takes for the same word become the same string. For comparison only."""

import re
import unicodedata
from typing import Final

# Digits of the three systems people type; each maps to its ASCII digit.
ASCII_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")

# fmt: off
_LETTERS: Final = str.maketrans({
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا",
    "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي",
    "ة": "ه", "ۀ": "ه", "ہ": "ه", "ۂ": "ه", "ھ": "ه", "ە": "ه", "ۃ": "ه",
    "ک": "ك", "ڪ": "ك",
    "ـ": "",  # tatweel only stretches a word
    "’": "'", "‘": "'", "׳": "'", "״": '"', "“": '"', "”": '"',
})
# fmt: on

# Harakat and Koranic signs, Hebrew points, and the invisible marks: ZWNJ, ZWJ, bidi marks, soft hyphen, BOM.
_MARKS: Final = re.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_SPACES: Final = re.compile(r"\s+")


def fold_digits(text: str) -> str:
    """The text with Arabic-Indic and Persian digits as 0–9; nothing else changes, not even the length."""
    return text.translate(ASCII_DIGITS)


def fold(text: str) -> str:
    """The text for comparing: no harakat, tatweel, points or invisible marks; one form of alef, yeh, heh, kaf.

    Digits become 0–9, case is folded, runs of white space become one space, ends are cut. Never shown to anyone.
    """
    plain = unicodedata.normalize("NFKC", text).translate(ASCII_DIGITS)
    plain = _MARKS.sub("", plain.translate(_LETTERS))
    return _SPACES.sub(" ", plain).strip().casefold()
