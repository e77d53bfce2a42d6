"""Which language a page is in, by the letters of all of it; only for pages that do not say so themselves."""

import re
import unicodedata
from collections import Counter
from typing import Final

from newsletter_cli.language import base_language, direction_of, fold

_HEBREW: Final = re.compile("[א-ת]")
_ARABIC: Final = re.compile("[\u0621-\u06d3]")
_LATIN: Final = re.compile("[A-Za-zÀ-ɏ]")
# Letters that only one of the languages in Arabic script writes.
_URDU: Final = re.compile("[ٹڈڑںےہھ]")
_PERSIAN: Final = re.compile("[پچژگکی]")
_ARABIC_ONLY: Final = re.compile("[ةىأإكي]")
# Small words of each, for texts typed with another's keyboard: Persian with Arabic ي and ك, Arabic with ی and ک.
_SMALL: Final = {
    language: frozenset(map(fold, words.split()))
    for language, words in {
        "ar": "في من على إلى عن أن إن التي الذي هذا هذه مع بعد خلال وقال وقالت لم كان كما قد أو ما ذلك بين حيث عند",
        "fa": "که را است این می با از به برای شد آن در های یک تا خود کرد بود هم نیز شده گفت اند دارد همچنین بر او",
        "ur": "کے میں کی ہے اور سے کو نے کا یہ پر ہیں تھا گیا کہ اس کیا جو لیے بھی نہیں تک ہو جا رہی رہے گی گے",
    }.items()
}
_FEW: Final = 4  # small words; with fewer the letters decide
_COUSINS: Final = ("ckb", "ps", "sd", "ug")  # written in Arabic letters, with no list of small words here
_MANY: Final = 1.5  # times as many small words as of any other language
_SHARE: Final = 0.04  # of the letters; an Arabic text has none of Urdu's, a foreign name brings one or two
_WORDS: Final = {
    "en": frozenset({"the", "of", "and", "to", "in", "a", "is", "that", "for", "on", "with", "was", "as", "by"}),
    "fr": frozenset({"le", "la", "les", "de", "des", "du", "et", "un", "une", "est", "que", "dans", "pour", "sur"}),
}


def language_of(text: str, default: str) -> str:
    """BCP 47 language of a text: ar, fa, ur, he, en or fr; `default` when its letters do not decide.

    default: the newsroom's language; it wins whenever the text could be in it.
    """
    counts = {
        "he": len(_HEBREW.findall(text)),
        "ar": len(_ARABIC.findall(text)),
        "latin": len(_LATIN.findall(text)),
    }
    script, most = max(counts.items(), key=lambda item: item[1])
    if not most:
        return default
    found = {"he": _hebrew, "ar": _arabic, "latin": _latin}[script](text, most, default)
    return default if found == base_language(default) else found


def _hebrew(text: str, letters: int, default: str) -> str:
    return base_language(default) if base_language(default) in ("he", "yi") else "he"


def _arabic(text: str, letters: int, default: str) -> str:
    base = base_language(default)
    if base in _COUSINS:
        return base
    words = Counter(re.findall(r"[^\W\d_]+", fold(text)))
    scores = {language: sum(words[word] for word in small) for language, small in _SMALL.items()}
    first, second = sorted(scores, key=lambda language: -scores[language])[:2]
    if scores[first] >= _FEW and scores[first] >= _MANY * scores[second]:
        return first
    if len(_URDU.findall(text)) > _SHARE * letters:
        return "ur"
    persian, arabic = len(_PERSIAN.findall(text)), len(_ARABIC_ONLY.findall(text))
    return "fa" if persian > _SHARE * letters and persian > 2 * arabic else "ar"


def _latin(text: str, letters: int, default: str) -> str:
    if direction_of(default) == "ltr" and base_language(default) not in _WORDS:
        return base_language(default)
    words = Counter(re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", fold(text))))
    scores = {language: sum(words[word] for word in known) for language, known in _WORDS.items()}
    best = max(scores, key=lambda language: (scores[language], language == base_language(default)))
    return best if scores[best] else ("en" if direction_of(default) == "rtl" else base_language(default))
