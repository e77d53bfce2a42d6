"""Shapes of single lines: bullets, labels, how a line ends, how long it is. Pure questions that `placing` asks."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from newsletter_cli.articles.furniture import LANGUAGES, Label
from newsletter_cli.articles.furniture_lines import ends_with_end_mark
from newsletter_cli.articles.furniture_lines import furniture_of as furniture_of  # the HTML reader asks it here
from newsletter_cli.language import base_language, fold

LONG: Final = 140  # characters; a longer line is text
_TEXT_WITH_STOP: Final = 60  # a shorter line that ends with a full stop may still be a teaser or a caption

WRAP: Final = 110  # characters; programs that wrap text cut shorter lines

_BULLET: Final = re.compile(r"(?:[•·●▪▫◦○■□►▶‣⁃*»›]|[-–—](?=\s))\s*(?=\S)")
_CLOSERS: Final = "\"”»’'›)]"
_STOPS: Final = ".۔…"
_ENDS: Final = ".۔…؟?!»"
_SEPARATOR: Final = re.compile(r"\s*(?:[:：|/»‹›,،]|\.{2,}|…|\s[-–—]\s|[-–—]\s)\s*")
_KEY_VALUE: Final = re.compile(r"([^\s:][^:\n]{0,30}?)\s*:\s+(\S.*)")
_LABEL_VALUE: Final = {Label.SOURCE: 100, Label.AUTHOR: 80, Label.RELATED: 300, Label.CAPTION: 300, Label.CREDIT: 100}
_NAME_WORDS: Final = 6  # a byline is a name, not a sentence
_FEW_WORDS: Final = (
    3  # words after a label that is an ordinary verb too: «كتب محمد صلاح», but «كتب لاعبو المنتخب تاريخا»
)
_COMMAS: Final = (",", "،")
_AROUND_VALUE: Final = " \t\u00a0/|:-–—"


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
    if line[:1] in "([" and line[-1:] in ")]":
        line = line[1:-1].strip()
    for match in _SEPARATOR.finditer(line, 0, 60):
        label, value = line[: match.start()].strip(), line[match.end() :].strip(_AROUND_VALUE)
        kind = labels.get(fold(label))
        if kind and _fits(kind, value) and (match[0].strip() not in _COMMAS or _may_have_comma(kind, label)):
            return kind, label, value if value.strip(".…:") else ""
    kind = labels.get(fold(line.rstrip(" :.…")))
    if kind and fold(line.rstrip(" :.…")) not in _NEVER_ALONE:
        return kind, line.rstrip(" :.…"), ""
    return _without_colon(line, labels)


def is_label(line: str, language: str) -> bool:
    """Whether a line is a label and nothing else, a weak one too."""
    labels = _LABELS.get(base_language(language), _LABELS["ar"])
    return fold(line.rstrip(" :.…")) in labels


def is_weak_label(label: str) -> bool:
    """A word so common that it also begins sentences and headlines."""
    return fold(label) in _NEVER_ALONE


def _may_have_comma(kind: Label, label: str) -> bool:
    """«Author, سناء», «صدر الصورة، Getty»: a comma after a label that is no ordinary word."""
    return kind in (Label.AUTHOR, Label.CREDIT, Label.CAPTION) and (
        " " in label or label.isascii() or not is_weak_label(label)
    )


def _without_colon(line: str, labels: Mapping[str, Label]) -> tuple[Label, str, str] | None:
    """`بقلم سلمى الحاج`: a label that a name follows at once."""
    folded = fold(line)
    for label in _NO_COLON:
        words = label.count(" ") + 1
        parts = line.split()
        if folded.startswith(label + " ") and len(parts) > words and label in labels:
            kind, value = labels[label], " ".join(parts[words:]).strip(_AROUND_VALUE)
            least = _FEW_WORDS if is_weak_label(label) or kind is Label.SOURCE else _NAME_WORDS
            short = kind is Label.CAPTION or len(value.split()) <= least
            if value and short and _fits(kind, value) and not ends_with_stop(value):
                return kind, " ".join(parts[:words]), value
    return None


def _fits(kind: Label, value: str) -> bool:
    if len(value) > _LABEL_VALUE.get(kind, LONG * 2):
        return False
    return kind is not Label.AUTHOR or (
        len(value.split()) <= _NAME_WORDS and (not value or any(map(str.isalpha, value)))
    )


# --- how a line ends, how long it is ---------------------------------------------------------------------------


def ends_with_stop(line: str) -> bool:
    """Whether a full stop or dots end it, perhaps inside quotation marks."""
    return line.rstrip(_CLOSERS + " ")[-1:] in tuple(_STOPS)


def ends_with_dots(line: str) -> bool:
    """Whether dots end it, as those of a headline do."""
    return line.rstrip(_CLOSERS + " ").endswith(("..", "…"))


def ends_sentence(line: str) -> bool:
    """Whether it ends like a sentence: . ؟ ! … » or one of these inside quotation marks, or an agency's end mark."""
    line = ends_with_end_mark(line) or line
    return line[-1:] in tuple(_ENDS) or line.rstrip(_CLOSERS + " ")[-1:] in tuple(_ENDS)


def has_end_mark(line: str) -> bool:
    """Whether an agency's end mark stands behind its last sentence."""
    return bool(ends_with_end_mark(line))


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
    return 45 <= longest <= WRAP and all(length >= longest - 22 for length in full) and last <= longest + 3


def is_title_with_site(line: str, title: str) -> bool:
    """The title, a separator, and a short name: what a browser shows in its tab."""
    head, separator, name = _split_last(line)
    return bool(separator) and len(name) <= 40 and key(head) == key(title)


def site_of(line: str, title: str) -> str:
    """The site's name behind the title, or ""."""
    head, separator, name = _split_last(line)
    return name if separator and len(name) <= 40 and key(head) == key(title) else ""


def is_title_after_section(line: str, title: str) -> bool:
    """«عام / العنوان»: the title behind a short word."""
    parts = re.split(r"\s*[|/]\s*|\s[-–—]\s", line, maxsplit=1)
    return len(parts) == 2 and 0 < len(parts[0]) <= 25 and key(parts[1]) == key(title)


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
