"""Shapes of single lines: bullets, labels, furniture, how a line ends. Pure questions that `roles` asks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from newsletter_cli.articles.furniture import LANGUAGES, Furniture, Label
from newsletter_cli.language import base_language, fold

LONG: Final = 140  # characters; a longer line is text
_TEXT_WITH_STOP: Final = 60  # a shorter line that ends with a full stop may still be a teaser or a caption

_BULLET: Final = re.compile(r"(?:[•·●▪▫◦○■□►▶‣⁃*»›]|[-–—](?=\s))\s*(?=\S)")
_CLOSERS: Final = "\"”»’'›)]"
_STOPS: Final = ".۔…"
_ENDS: Final = ".۔…؟?!»"
_SEPARATOR: Final = re.compile(r"\s*(?:[:：|»‹›]|\.{2,}|…|\s[-–—]\s|[-–—]\s)\s*")
_KEY_VALUE: Final = re.compile(r"([^\s:][^:\n]{0,30}?)\s*:\s+(\S.*)")
_EDGES: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_LABEL_VALUE: Final = {Label.SOURCE: 100, Label.AUTHOR: 80, Label.RELATED: 300, Label.CAPTION: 300, Label.CREDIT: 100}
_NAME_WORDS: Final = 6  # a byline is a name, not a sentence


def without_bullet(line: str) -> tuple[str, bool]:
    """(the line without its bullet, whether it had one)."""
    match = _BULLET.match(line)
    return (line[match.end() :], True) if match else (line, False)


def key(line: str) -> str:
    """The letters and digits of a line, folded: two lines that differ in bullet, quotes or spaces have one key."""
    return re.sub(r"[\W_]+", "", fold(line))


def key_and_value(line: str) -> tuple[str, str] | None:
    """`key: value`, or None."""
    match = _KEY_VALUE.fullmatch(line)
    return (match[1], match[2]) if match else None


# --- furniture -------------------------------------------------------------------------------------------------


def _furniture_table() -> dict[str, Furniture]:
    tables = (item for tables in LANGUAGES.values() for item in tables.furniture.items())
    return {fold(line): kind for kind, lines in tables for line in lines}


_FURNITURE: Final[Mapping[str, Furniture]] = _furniture_table()
_INVITATIONS: Final = tuple(fold(line) for tables in LANGUAGES.values() for line in tables.invitations)
_RIGHTS: Final = tuple(fold(line) for tables in LANGUAGES.values() for line in tables.rights)
_ROW: Final = frozenset({Furniture.SHARE, Furniture.NAVIGATION, Furniture.TEXT_SIZE})


def furniture_of(line: str) -> Furniture | None:
    """The kind of furniture a whole line is; also a row of buttons, and a counter beside the word."""
    folded = fold(line)
    found = _FURNITURE.get(folded) or _FURNITURE.get(_EDGES.sub("", folded))
    if found:
        return found
    if len(folded) <= 120 and folded.startswith(_RIGHTS):
        return Furniture.RIGHTS
    parts = [part.strip() for part in re.split(r"[|•·/\t]| {2,}", line) if part.strip()]
    words = parts if len(parts) > 1 else line.split()
    kinds = {_FURNITURE.get(fold(word)) for word in words}
    return Furniture.NAVIGATION if len(words) > 1 and kinds <= _ROW else None


def begins_invitation(line: str) -> bool:
    """Whether a line invites to sign up."""
    return fold(line).startswith(_INVITATIONS)


def names_logo(line: str) -> bool:
    """ "Logo" with the name beside it."""
    words = fold(line).split()
    return 1 < len(words) <= 5 and bool({"logo", "شعار", "לוגו"} & {words[0], words[-1]})


def is_latin_name(line: str) -> bool:
    """One to three Latin words and nothing else, such as a wordmark."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9.&'’+-]*(?: [A-Za-z0-9.&'’+-]+){0,2}", line)) and len(line) <= 30


# --- labels ----------------------------------------------------------------------------------------------------


def _label_tables() -> dict[str, dict[str, Label]]:
    """Language → folded label → kind. A page's own language goes first: تصوير is "photo by", تصویر is "picture"."""
    own = {
        language: {fold(line): kind for kind, lines in tables.labels.items() for line in lines}
        for language, tables in LANGUAGES.items()
    }
    every = {line: kind for labels in reversed(own.values()) for line, kind in labels.items()}
    return {language: every | labels for language, labels in own.items()}


_LABELS: Final[Mapping[str, Mapping[str, Label]]] = _label_tables()
_NO_COLON: Final = tuple(
    sorted((fold(line) for tables in LANGUAGES.values() for line in tables.no_colon), key=len, reverse=True)
)
_NEVER_ALONE: Final = frozenset(fold(line) for tables in LANGUAGES.values() for line in tables.never_alone)


def label_of(line: str, language: str = "ar") -> tuple[Label, str, str] | None:
    """(kind, label as written, what follows it) of a line that begins with a label; "" follows when it stands alone.

    language: of the page; labels of other languages count too, after its own.
    """
    labels = _LABELS.get(base_language(language), _LABELS["ar"])
    for match in _SEPARATOR.finditer(line, 0, 60):
        label, value = line[: match.start()].strip(), line[match.end() :].strip()
        kind = labels.get(fold(label))
        if kind and _fits(kind, value):
            return kind, label, value if value.strip(".…:") else ""
    kind = labels.get(fold(line.rstrip(" :.…")))
    if kind and fold(line.rstrip(" :.…")) not in _NEVER_ALONE:
        return kind, line.rstrip(" :.…"), ""
    return _without_colon(line, labels)


def _without_colon(line: str, labels: Mapping[str, Label]) -> tuple[Label, str, str] | None:
    """`بقلم سلمى الحاج`: a label that a name follows at once."""
    folded = fold(line)
    for label in _NO_COLON:
        words = label.count(" ") + 1
        parts = line.split()
        if folded.startswith(label + " ") and len(parts) > words:
            kind, value = labels[label], " ".join(parts[words:])
            if _fits(kind, value) and not ends_with_stop(value):
                return kind, " ".join(parts[:words]), value
    return None


def _fits(kind: Label, value: str) -> bool:
    if len(value) > _LABEL_VALUE.get(kind, LONG * 2):
        return False
    return kind is not Label.AUTHOR or len(value.split()) <= _NAME_WORDS


# --- how a line ends, how long it is ---------------------------------------------------------------------------


def ends_with_stop(line: str) -> bool:
    """Whether a full stop or dots end it, perhaps inside quotation marks."""
    return line.rstrip(_CLOSERS + " ")[-1:] in tuple(_STOPS)


def ends_sentence(line: str) -> bool:
    """Whether it ends like a sentence: . ؟ ! … » or one of these inside quotation marks."""
    return line[-1:] in tuple(_ENDS) or line.rstrip(_CLOSERS + " ")[-1:] in tuple(_ENDS)


def is_paragraph(line: str) -> bool:
    """Longer than any headline, or a sentence."""
    return len(line) > LONG or ends_sentence(line)


def is_text(line: str) -> bool:
    """So long, or so long and ending with a full stop, that it is neither headline nor tag."""
    return len(line) > LONG or (len(line) > _TEXT_WITH_STOP and ends_with_stop(line))


def is_one_width(lengths: Sequence[int]) -> bool:
    """Whether lines were cut at one width: all but the last are nearly as long as the longest."""
    full, last = lengths[:-1], lengths[-1]
    longest = max(full)
    return 45 <= longest <= 110 and all(length >= longest - 22 for length in full) and last <= longest + 3


def is_title_with_site(line: str, title: str) -> bool:
    """The title, a separator, and a short name: what a browser shows in its tab."""
    head, separator, name = _split_last(line)
    return bool(separator) and len(name) <= 40 and key(head) == key(title)


def is_cut_title(line: str, title: str, least: int) -> bool:
    """The beginning of the title, cut with dots."""
    start = key(line)
    return line.endswith(("…", "...", "..")) and len(start) >= least and key(title).startswith(start)


def _split_last(line: str) -> tuple[str, str, str]:
    matches = list(re.finditer(r"\s*[|–—]\s*|\s[-:]\s", line))
    if not matches:
        return line, "", ""
    last = matches[-1]
    return line[: last.start()], last[0], line[last.end() :]


def may_be_source(line: str, longest: int) -> bool:
    """A short line without a full stop that has letters."""
    return len(line) <= longest and not ends_with_stop(line) and sum(map(str.isalpha, line)) > 1


def first_words(lines: Iterable[str], count: int = 60) -> str:
    """The beginning of a text for a message."""
    text = " ".join(lines)
    return text if len(text) <= count else text[: count - 1].rstrip() + "…"
