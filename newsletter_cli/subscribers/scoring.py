"""How much a text looks like Arabic or French: what tells the one-byte encodings apart."""

import re
from collections.abc import Mapping
from typing import Final

# How common a letter is in Arabic text and names, 1 for alef (logarithm of its share).
# fmt: off
ARABIC: Final[Mapping[str, float]] = {
    "ا": 1.0, "ل": 0.97, "ي": 0.87, "م": 0.85, "و": 0.83, "ن": 0.82, "ر": 0.79, "ت": 0.77, "ب": 0.74, "ع": 0.72,
    "د": 0.70, "ة": 0.70, "ه": 0.68, "س": 0.67, "ف": 0.65, "أ": 0.64, "ق": 0.64, "ح": 0.63, "ك": 0.61, "ج": 0.55,
    "ش": 0.50, "ص": 0.48, "خ": 0.46, "ط": 0.46, "ز": 0.44, "إ": 0.39, "ى": 0.39, "ض": 0.37, "ث": 0.37, "ذ": 0.33,
    "غ": 0.33, "ء": 0.29, "ئ": 0.24, "آ": 0.18, "ظ": 0.09, "ؤ": 0.03,
    "پ": 0.3, "چ": 0.3, "ژ": 0.2, "گ": 0.3, "ک": 0.3, "ٹ": 0.1, "ڈ": 0.1, "ڑ": 0.1, "ں": 0.1, "ھ": 0.1, "ہ": 0.1,
    "ے": 0.1, "ـ": 0.1,
}
# fmt: on
LATIN: Final = frozenset("éèêëàâçîïôûùœæÿ")  # French
LATIN_ELSEWHERE: Final = frozenset("äöüßñáíóúãõåøìòğşıčšž")
PUNCTUATION: Final = frozenset("،؛؟«»“”‘’–—…\u00a0٠١٢٣٤٥٦٧٨٩٪°•")
MARKS: Final = frozenset("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652")
_ONLY_LAST: Final = frozenset("ةى")
_NEVER_FIRST: Final = frozenset("ةىؤئء")
_WORDS: Final = re.compile(r"[^\W\d_]+(?:[\u064b-\u0652][^\W\d_]*)*|[\u064b-\u0652]+")


def score(text: str) -> float:
    """How much a text looks like Arabic or French: 1 at best, below 0 for gibberish.

    Share of common letters among those that are not ASCII, less twice the share of words that mix scripts, less three
    times the share of characters that are no letters or stand where theirs never stands.
    """
    high = sum(character > "\x7f" for character in text) or 1
    words = [word for word in _WORDS.findall(text) if not word.isascii()]
    mixed = sum(_mixes(word) for word in words)
    common = wrong = 0.0
    for word in words:
        value, misplaced = _judged(word)
        common, wrong = common + value, wrong + misplaced
    for character in _WORDS.sub("", text):
        if character > "\x7f":
            common, wrong = (common + 0.5, wrong) if character in PUNCTUATION else (common, wrong + 1)
    return common / high - 2 * mixed / (len(words) or 1) - 3 * wrong / high


def _mixes(word: str) -> bool:
    arabic = any("\u0600" <= letter <= "\u06ff" for letter in word)
    return arabic and any(not "\u0600" <= letter <= "\u06ff" for letter in word)


def _judged(word: str) -> tuple[float, float]:
    """What a word's letters are worth, and how many of them stand where they never stand."""
    # The article: read one encoding further, "ال" becomes "ان" or "اف", which hardly any word begins with.
    common, wrong = (1.0 if word.startswith("ال") and len(word) > 3 else 0.0), 0.0
    for place, letter in enumerate(word):
        if letter <= "\x7f":
            continue
        if letter in MARKS:
            wrong += not (place and word[place - 1] in ARABIC)
        elif letter in ARABIC:
            common += ARABIC[letter]
            wrong += (letter in _ONLY_LAST and place < len(word) - 1) + (letter in _NEVER_FIRST and place == 0)
        else:
            value = 1.0 if letter.lower() in LATIN else 0.6 if letter.lower() in LATIN_ELSEWHERE else 0.0
            # A capital with an accent begins a word, or the whole word is in capitals; two accents are seldom together.
            odd = (letter.isupper() and place > 0 and not word.isupper()) or (place and word[place - 1] > "\x7f")
            common, wrong = common + (0 if odd else value), wrong + (1 if odd else 0)
    return common, wrong
