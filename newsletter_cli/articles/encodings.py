"""Which one-byte encoding old Arabic text is in, by score.

General detectors call short windows-1256 files Big5 or CP949. The four candidates share ASCII and most of the Arabic
block, so a reading is judged by its letters and by what never happens in a word. 1 is flawless Arabic or French.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# In order of preference where two readings give the same text.
CODECS: Final[Mapping[str, str]] = {
    "windows-1252": "cp1252",
    "windows-1256": "cp1256",
    "iso-8859-6": "iso8859_6",
    "mac-arabic": "mac_arabic",
}
SAMPLE: Final = 1 << 16  # bytes that are scored; more changes no verdict

# Letters per thousand in Arabic newspaper text.
# fmt: off
_ARABIC_SHARE: Final[Mapping[str, int]] = {
    "ا": 125, "ل": 115, "ي": 74, "م": 65, "و": 62, "ن": 61, "ر": 52, "ت": 46, "ب": 38, "ع": 37, "ة": 35, "د": 33,
    "س": 30, "ف": 29, "ه": 28, "أ": 27, "ق": 27, "ك": 26, "ح": 23, "ج": 15, "ش": 14, "ص": 13, "إ": 11, "ط": 11,
    "خ": 11, "ذ": 9, "ى": 9, "ض": 8, "ز": 8, "ث": 7, "غ": 5, "ئ": 4, "ء": 4, "آ": 3, "ظ": 3, "ؤ": 2,
    "پ": 3, "چ": 3, "گ": 3, "ژ": 3, "ک": 3,
}
# fmt: on
# 1 for alef, 0.3 for a letter of three in a thousand: rare letters count for less, but they are letters.
_ARABIC: Final = {letter: 0.3 + 0.7 * math.log(share / 3, 42) for letter, share in _ARABIC_SHARE.items() if share >= 3}
_ARABIC_LEAST: Final = 0.2
_LATIN: Final = frozenset("éèêëàâçîïôûùœÉÈÀÇÊ")
_NEUTRAL: Final = frozenset("،؛؟«»“”‘’–—…•\u00a0\u200c\u200d٠١٢٣٤٥٦٧٨٩٪°")
_HARAKAT: Final = frozenset("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652ـ")
_ONLY_LAST: Final = frozenset("ةى")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[\u064b-\u0652ـ]+[^\W\d_]*)*|[\u064b-\u0652]+")


@dataclass(frozen=True, slots=True)
class Guess:
    """One way to read the bytes."""

    encoding: str  # as people and JSON call it: windows-1256
    score: float
    text: str


def guesses(data: bytes) -> tuple[Guess, ...]:
    """The readings of bytes that are no Unicode, best first. The first is always there; a score below 0 is rubbish.

    Readings that give the same text are one: Arabic in letters that windows-1256 and ISO 8859-6 share, or French that
    windows-1256 and 1252 share, is no question to ask anyone. Undefined bytes become U+FFFD and cost points.
    """
    found: dict[str, Guess] = {}
    for encoding, codec in CODECS.items():
        text = data.decode(codec, "replace")
        points = _score(data[:SAMPLE].decode(codec, "replace"), mac=codec == "mac_arabic", data=data[:SAMPLE])
        if text not in found or points > found[text].score:
            found[text] = Guess(encoding, points, text)
    return tuple(sorted(found.values(), key=lambda guess: -guess.score))


def _score(text: str, *, mac: bool, data: bytes) -> float:
    if mac:
        # MacArabic has a second set of brackets for text from the right; inside words they are misread letters.
        pairs = zip(data, text, strict=True)
        text = "".join("\ufffd" if byte > 0x7F and sign in "[\\]^_{|}" else sign for byte, sign in pairs)
    high = sum(sign > "\x7f" and sign not in _NEUTRAL for sign in text)
    if not high:
        return 0.0
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(_mixes_scripts(word) for word in words)
    strange: float = sum(sign > "\x7f" and sign not in _NEUTRAL for sign in _WORD.sub("", text))
    # MacArabic has a space of its own for text from the right; elsewhere that byte is a no-break space, which is rare.
    strange += max(0, text.count("\u00a0") - text.count(" ")) / 4
    return sum(map(_worth, words)) / high - 2 * mixed / max(1, len(words)) - 3 * strange / high


def _mixes_scripts(word: str) -> bool:
    arabic = sum("\u0600" <= letter <= "\u06ff" for letter in word)
    return 0 < arabic < len(word)


def _worth(word: str) -> float:
    """The sum of a word's letters, less what never stands where it stands."""
    points = 1.0 if word.startswith("ال") and len(word) > 3 else 0.0  # in a wrong reading the article is "ان" or "اف"
    for place, letter in enumerate(word):
        before = word[place - 1] if place else ""
        if letter in _HARAKAT:
            points -= 0 if "\u0621" <= before <= "\u06ff" else 2
        elif "\u0600" <= letter <= "\u06ff":
            points += _ARABIC.get(letter, _ARABIC_LEAST)
            points -= 2 if letter in _ONLY_LAST and place < len(word) - 1 else 0
            points -= 2 if letter in "ةىؤئ" and not place else 0
        elif letter > "\x7f":
            points += _latin(letter, before, word)
    return points


def _latin(letter: str, before: str, word: str) -> float:
    """An accent inside a word of plain letters is French; accents in a row, or capitals inside, are misread Arabic."""
    if before > "\x7f" or word[-1:] == word or (letter.isupper() and before and not word.isupper()):
        return -1.0
    return 1.0 if letter in _LATIN else 0.5
