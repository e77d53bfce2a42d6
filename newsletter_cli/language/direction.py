"""Which way a language runs, and which way a text begins."""

import unicodedata
from typing import Final, Literal

Direction = Literal["rtl", "ltr"]

RTL_LANGUAGES: Final = frozenset({"ar", "fa", "he", "ur", "ckb", "ps", "sd", "ug", "yi"})

_ISOLATE_OPENERS: Final = frozenset({"LRI", "RLI", "FSI"})
_STRONG: Final = {"L": "L", "R": "R", "AL": "R"}


def base_language(language: str) -> str:
    """The language of a BCP 47 tag without script and region: "ar" for "ar-SY" and "ar_SY"."""
    return language.replace("_", "-").split("-", 1)[0].lower()


def direction_of(language: str) -> Direction:
    """ "rtl" for ar fa he ur ckb ps sd ug yi, with or without a region; "ltr" for every other language."""
    return "rtl" if base_language(language) in RTL_LANGUAGES else "ltr"


def first_strong(text: str) -> Literal["R", "L"] | None:
    """Direction of the first strong character outside isolates, or None (UAX #9 rules P2 and P3)."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in _ISOLATE_OPENERS:
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif depth == 0 and kind in _STRONG:
            return "L" if kind == "L" else "R"
    return None
