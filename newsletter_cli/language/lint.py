"""What makes right-to-left text read or search wrongly, found in place: where, what, and what should stand there.

Pure: text in, places out; nothing here knows files or rules. Left-to-right islands are found in isolate.py.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from newsletter_cli.language.direction import base_language
from newsletter_cli.language.isolate import LRM, islands

# Letters of the Arabic script, without digits, marks and the presentation forms.
_LETTER: Final = (
    "\u0620-\u063f\u0641-\u064a\u066e-\u066f\u0671-\u06d3\u06d5\u06ee-\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08c9"
)
_HARAKAT: Final = "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"


@dataclass(frozen=True, slots=True)
class Place:
    """A finding: text[start:end]."""

    start: int
    end: int
    what: str  # its kind, one of the words the function names
    better: str | None = None  # what should stand there instead; None when only a person can say


def mend(text: str, places: Iterable[Place]) -> str:
    """The text with every place that has something better replaced; places do not overlap, in any order."""
    for place in sorted(places, key=lambda place: place.start, reverse=True):
        if place.better is not None:
            text = text[: place.start] + place.better + text[place.end :]
    return text


# --- islands ---------------------------------------------------------------------------------------------------


def unisolated_runs(text: str, base: str) -> tuple[Place, ...]:
    """Left-to-right islands that nothing isolates: neither marks on both sides (LRM) nor an isolate around (LRI, FSI).

    base: "rtl" | "ltr", the direction of the text around; left-to-right text has none, nor has a text or line that is
    one URL and nothing else.  what: "phone" | "url" | "email" | "handle" | "tag" | "version" | "path" | "code".
    better: the island between LRMs. Numbers, ranges, scores, dates and single Latin words are no islands.
    """
    if base != "rtl":
        return ()
    return tuple(
        Place(start, end, kind, f"{LRM}{text[start:end]}{LRM}")
        for start, end, kind in islands(text)
        if not (kind == "url" and _is_line(text, start, end))
    )


def _is_line(text: str, start: int, end: int) -> bool:
    return not text[text.rfind("\n", 0, start) + 1 : start].strip() and not re.match(r"[^\S\n]*\S", text[end:])


# --- letters from a PDF ----------------------------------------------------------------------------------------

# ﷲ ﷺ ﷻ ﷼ ﷽ and the ornate brackets are signs of their own, and U+FEFF is the byte order mark.
_FORMS: Final = re.compile("[\ufb50-\ufd3d\ufd50-\ufdf1\ufdf3-\ufdf9\ufe70-\ufefc]+")


def presentation_forms(text: str) -> tuple[Place, ...]:
    """Runs of letters that were copied from a PDF in the shape they had there; search and screen readers miss them.

    what: "presentation-form".  better: the letters they stand for.
    """
    found = ((match.start(), match.end(), unicodedata.normalize("NFKC", match[0])) for match in _FORMS.finditer(text))
    return tuple(
        Place(start, end, "presentation-form", plain) for start, end, plain in found if plain != text[start:end]
    )


# --- invisible marks -------------------------------------------------------------------------------------------

_OVERRIDE: Final = re.compile("[\u202a-\u202e]")
_ISOLATE: Final = re.compile("[\u2066-\u2069\n]")
_CLOSES: Final = "\u2069"


def direction_overrides(text: str) -> tuple[Place, ...]:
    """U+202A–202E: embeddings and overrides, which can disguise a text. what: "override"; better: nothing."""
    return tuple(Place(match.start(), match.end(), "override", "") for match in _OVERRIDE.finditer(text))


def unbalanced_isolates(text: str) -> tuple[Place, ...]:
    """Isolates that a line opens and does not close ("unclosed"), and closing marks without an opening ("unopened").

    A line end closes all isolates (UAX #9, X8), so each line is looked at by itself. better: nothing.
    """
    found: list[Place] = []
    opened: list[int] = []
    for match in (*_ISOLATE.finditer(text), None):
        if match is None or match[0] == "\n":
            found += (Place(place, place + 1, "unclosed", "") for place in opened)
            opened = []
        elif match[0] != _CLOSES:
            opened.append(match.start())
        elif opened:
            opened.pop()
        else:
            found.append(Place(match.start(), match.end(), "unopened", ""))
    return tuple(sorted(found, key=lambda place: place.start))


# --- punctuation -----------------------------------------------------------------------------------------------

_ARABIC_MARKS: Final = {"?": "؟", ",": "،", ";": "؛"}
_CLOSING: Final = "\"'»”’)\\]\u200e\u200f"
# After an Arabic letter (closing quotes and a space may stand between), or right before one with a space before it.
_LATIN_MARK: Final = re.compile(
    f"(?<=[{_LETTER}{_HARAKAT}])[{_CLOSING}]{{0,2}}[ \u00a0]?(?P<after>[?,;]+)"
    f"|(?<![^\\s])(?P<before>[?,;])(?=[{_LETTER}])"
)


def latin_marks(text: str) -> tuple[Place, ...]:
    """Latin `? , ;` next to letters of the Arabic script, outside URLs, addresses and code.

    what: the mark.  better: ؟ ، ؛. Hebrew has the Latin marks and is left alone.
    """
    taken = [(start, end) for start, end, _ in islands(text)]
    places: list[Place] = []
    for match in _LATIN_MARK.finditer(text):
        name = match.lastgroup or "after"
        for at in range(match.start(name), match.end(name)):
            if not any(start <= at < end for start, end in taken):
                places.append(Place(at, at + 1, text[at], _ARABIC_MARKS[text[at]]))
    return tuple(places)


# --- keyboards -------------------------------------------------------------------------------------------------

# Letters another keyboard types where the language has its own, and the own one. ى is a letter of Arabic.
_ARABIC_KEYS: Final = {"ی": "ي", "ک": "ك", "ہ": "ه", "ھ": "ه", "ە": "ه", "ۀ": "ه"}
_PERSIAN_KEYS: Final = {"ي": "ی", "ى": "ی", "ك": "ک", "ہ": "ه", "ھ": "ه"}
_URDU_KEYS: Final = {"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ"}
_KEYS: Final = {"ar": _ARABIC_KEYS, "fa": _PERSIAN_KEYS, "ur": _URDU_KEYS}

_SPELT: Final = f"[{_LETTER}{_HARAKAT}\u200c\u200d]"
_WORD: Final = re.compile(f"{_SPELT}+")
# Begins at the beginning of a word: from each letter of it anew, one endless word would cost its length squared.
_PHRASE: Final = re.compile(f"(?<!{_SPELT}){_SPELT}+(?:[ \u00a0]{_SPELT}+)+")
_NOT_ARABIC: Final = re.compile("[پچژگٹڈڑںے]")
_QUOTED: Final = 3  # words in a row in another spelling: a title or quotation in that language
_ARTICLE: Final = re.compile("(?:[وفبك]?ال|لل)\\w{2,}")


def mixed_letters(text: str, language: str) -> tuple[Place, ...]:
    """Words with letters of another keyboard: ی/ي, ک/ك, ہ/ه, and in Arabic ه for ة where the same word is there with ة.

    language: BCP 47; ar, fa and ur have a keyboard known here, other languages give ().  what: "keyboard" (better: the
    word in its own letters) or "teh-marbuta" (better: with ة). A text that is mostly in the other spelling is in
    another language, and so is a row of three such words: neither is a mixture.
    """
    keys = _KEYS.get(base_language(language))
    if keys is None:
        return ()
    words = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(text)]
    found = [*_foreign(text, words, keys)]
    if base_language(language) == "ar":
        found += _without_dots(words)
    return tuple(sorted(found, key=lambda place: place.start))


def _foreign(text: str, words: list[tuple[int, int, str]], keys: dict[str, str]) -> Iterator[Place]:
    table, other = str.maketrans(keys), re.compile(f"[{''.join(keys)}]")
    own = re.compile(f"[{''.join(set(keys.values()))}]")
    odd = [word for word in words if other.search(word[2])]
    plain = sum(1 for word in words if own.search(word[2]) and not other.search(word[2]))
    quoted = list(_quotations(text, other, own)) if odd else []
    for start, end, word in odd:
        mixed = own.search(word)
        foreign = _NOT_ARABIC.search(word) and keys is _ARABIC_KEYS
        if mixed or (plain > len(odd) and not foreign and not any(a <= start < b for a, b in quoted)):
            yield Place(start, end, "keyboard", word.translate(table))


def _quotations(text: str, other: re.Pattern[str], own: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Rows of words without one letter of the own keyboard, of which two have letters of the other."""
    for phrase in _PHRASE.finditer(text):
        row: list[tuple[int, int, str]] = []
        for match in (*_WORD.finditer(text, phrase.start(), phrase.end()), None):
            if match is not None and not own.search(match[0]):
                row.append((match.start(), match.end(), match[0]))
                continue
            if len(row) >= _QUOTED and sum(1 for one in row if other.search(one[2])) >= 2:
                yield row[0][0], row[-1][1]
            row = []


def _without_dots(words: list[tuple[int, int, str]]) -> Iterator[Place]:
    """With the article no pronoun can follow, so ه at the end is a slip when the same word stands there with ة."""
    dotted = {word for _, _, word in words if word.endswith("ة")}
    for start, end, word in words:
        if word.endswith("ه") and _ARTICLE.fullmatch(word) and f"{word[:-1]}ة" in dotted:
            yield Place(start, end, "teh-marbuta", f"{word[:-1]}ة")


# --- digits ----------------------------------------------------------------------------------------------------

_SYSTEMS: Final = (
    ("latn", re.compile(r"(?<![\w@#./\\+-])[0-9]+(?![A-Za-z_@#\\])")),
    ("arab", re.compile("[٠-٩]+")),
    ("arabext", re.compile("[۰-۹]+")),
)


def digit_systems_in(text: str) -> tuple[Place, ...]:
    """The first number of each digit system in the prose of a text; two places or more are a mixture.

    what: "latn" | "arab" | "arabext". Numbers in telephones, URLs, versions and code do not count. In order of place.
    """
    prose = list(text)
    for start, end, _ in islands(text):
        prose[start:end] = "\ufffc" * (end - start)
    words = "".join(prose)
    found = ((name, pattern.search(words)) for name, pattern in _SYSTEMS)
    places = [Place(match.start(), match.end(), name) for name, match in found if match]
    return tuple(sorted(places, key=lambda place: place.start))
