"""Slugs: an article's short name in Latin letters, made from its title by sound, so that editors can type it."""

import re
import unicodedata
from collections.abc import Container
from typing import Final

from newsletter_cli.language import fold_digits
from newsletter_cli.newsroom import is_slug

_WORDS_LENGTH: Final = 40  # characters; the limit is 64, the rest is for -2, -3 and for typing
_LONGEST: Final = 64

# By sound, without the short vowels that are not written. The readers of slugs are editors, not linguists.
# fmt: off
_LETTERS: Final = {
    # Arabic
    "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ٱ": "a", "ب": "b", "ت": "t", "ث": "th", "ج": "j", "ح": "h", "خ": "kh",
    "د": "d", "ذ": "dh", "ر": "r", "ز": "z", "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "ع": "a",
    "غ": "gh", "ف": "f", "ق": "q", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "y", "ى": "a",
    "ة": "a", "ئ": "y", "ؤ": "w", "ء": "", "ﷺ": "s",
    "\u064b": "an", "\u064c": "un", "\u064d": "in", "\u064e": "a", "\u064f": "u", "\u0650": "i", "\u0670": "a",
    # Persian and Urdu
    "پ": "p", "چ": "ch", "ژ": "zh", "گ": "g", "ک": "k", "ی": "y", "ٹ": "t", "ڈ": "d", "ڑ": "r", "ں": "n", "ھ": "h",
    "ہ": "h", "ۂ": "h", "ۃ": "a", "ے": "e", "ۓ": "e", "ە": "a", "ې": "e", "ۀ": "h",
    # Hebrew
    "א": "a", "ב": "b", "ג": "g", "ד": "d", "ה": "h", "ו": "v", "ז": "z", "ח": "ch", "ט": "t", "י": "y", "כ": "k",
    "ך": "k", "ל": "l", "מ": "m", "ם": "m", "נ": "n", "ן": "n", "ס": "s", "ע": "a", "פ": "p", "ף": "f", "צ": "ts",
    "ץ": "ts", "ק": "k", "ר": "r", "ש": "sh", "ת": "t",
    # Latin letters that no accent comes off
    "ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th",
}
# fmt: on
# Waw and yod are vowels after a consonant, unless a vowel follows: روسي is rusi, سوريا is surya.
_VOWELS: Final = {"و": "u", "ي": "i", "ی": "i", "ו": "o", "י": "i"}
_VOWEL: Final = re.compile("(?<=[^\\W\\d_a-zاأإآويیיו])[ويیיו](?![اأإآوىيیةהוי])")
_SHADDA: Final = re.compile("(.)([\u064b-\u0650]?)\u0651([\u064b-\u0650]?)")
_ARTICLE: Final = re.compile(r"\b(لل|ال)(?=\w{2})")


def slug_for(title: str) -> str:
    """A slug for a title: «أسعار القمح» is "asaar-al-qmh"; "article" when nothing in it has a Latin spelling."""
    text = (
        unicodedata.normalize("NFC", fold_digits(title))
        .replace("\u200c", " ")
        .replace("’", " ")
        .replace("ـ", "")
        .lower()
    )
    text = _ARTICLE.sub(lambda match: "lil" if match[1] == "لل" else "al-", text)
    text = _SHADDA.sub(r"\1\1\2\3", text)
    text = _VOWEL.sub(lambda match: _VOWELS[match[0]], text)
    spelled = "".join(_LETTERS.get(sign, sign) for sign in text)
    # The Arabic is spelled out by now; what NFKD takes apart are accents of Latin letters.
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode("ascii")
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if word]
    slug = _fitted(words)
    return slug if is_slug(slug) else f"article-{slug}"[:_LONGEST].rstrip("-") if slug else "article"


def _fitted(words: list[str]) -> str:
    """As many whole words as fit; a first word that is longer is cut."""
    fitted = words[0][:_WORDS_LENGTH] if words else ""
    for word in words[1:]:
        if len(fitted) + 1 + len(word) > _WORDS_LENGTH:
            break
        fitted += "-" + word
    return fitted


def free_slug(wanted: str, taken: Container[str]) -> str:
    """The slug itself, or with -2, -3 … the first that is not taken."""
    if wanted not in taken:
        return wanted
    number = 2
    while True:
        ending = f"-{number}"
        slug = wanted[: _LONGEST - len(ending)].rstrip("-._") + ending
        if slug not in taken:
            return slug
        number += 1
