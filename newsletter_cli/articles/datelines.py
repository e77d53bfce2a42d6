"""Lines that hold a date, alone or beside other facts: who wrote it, where, when it was changed, how long it reads.

«رامي خوري | 28 حزيران 2024 - 18:20 | آخر تحديث: 29 حزيران 2024»  →  date, author; the rest is kept as it stands
"""

import re
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from newsletter_cli.articles import furniture_lines as signs
from newsletter_cli.articles.furniture import LANGUAGES, Label
from newsletter_cli.articles.lines import label_of
from newsletter_cli.language import ReadDate, fold, fold_digits, read_date

LENGTH: Final = 150  # characters; a longer line is text that names a date
_WORDS: Final = 26
_YEAR: Final = re.compile(r"(?<!\d)\d{4}(?!\d)|(?<![\d.])\d{1,2}\.\d{1,2}\.\d{2}(?![\d.])")
_SMALL: Final = re.compile(r"^(?:منذ|قبل|il y a|לפני)\b|\b(?:ago|پیش|پہلے)$")
_ZONES: Final = re.compile(
    r"\b(?:EST|EDT|CST|CDT|PST|PDT|BST|CET|CEST|EET|AST|PKT|IST|GMT|UTC|ET)\b"
    r"|بتوقيت [^\d|]{2,20}$|\([^()\d]{3,30}\)\s*$",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"\s*[|•·\t]\s*| {2,}|\s+[–—-]\s+|\s*[,،]\s+|\s+/\s+|[–—]\s*")
_CUT: Final = re.compile(r"\s*[|•·\t]\s*|(?<!\d)\s*[-–—/]\s*(?!\d)| {3,}")
_AROUND: Final = " |•·,،:؛-–—/()[]\u200e\u200f\u00a0"


class Stamp(IntEnum):
    """What the words before a date say of it; the higher one is rather the article's own."""

    UPDATED = 0
    BARE = 1
    PUBLISHED = 2


def _labels(field: str) -> str:
    words = {fold(word) for tables in LANGUAGES.values() for word in getattr(tables, field)}
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_PUBLISHED: Final = re.compile(rf"(?<!\w)(?:{_labels('published')})(?!\w)\s*(?:في|ب|on|at|le|:)?\s*[-:]?")
_UPDATED: Final = re.compile(rf"(?<!\w)(?:{_labels('updated')})(?!\w)\s*(?:في|ب|on|at|le|:)?\s*[-:]?")


@dataclass(frozen=True, slots=True)
class Dateline:
    """What a line says that has a date in it."""

    date: ReadDate
    stamp: Stamp
    author: str = ""
    source: str = ""
    rest: str = ""  # words that are neither


def has_year(line: str) -> bool:
    """Whether a year stands in a line, or a date with a short one."""
    return bool(_YEAR.search(fold_digits(line)))


def dateline_of(line: str, language: str, *, alone: bool = False) -> Dateline | None:
    """The date of a line that is nothing but facts about the article, or None.  Never raises.

    alone: only a line that is wholly a date.
    """
    if len(line) > LENGTH:
        return None
    whole = _one(line, language)
    if alone or (whole and whole.date.date) or not has_year(line) or len(line.split()) > _WORDS:
        return whole
    return _two(line, language) or _among_parts(line, language) or whole


def _one(line: str, language: str) -> Dateline | None:
    """The whole line is a date, with the words before it."""
    folded = fold(line)
    stamp = Stamp.UPDATED if _UPDATED.search(folded) else Stamp.PUBLISHED if _PUBLISHED.search(folded) else Stamp.BARE
    found = read_date(line, language)
    if found is None and (_YEAR.search(folded) or _SMALL.search(folded)):
        bare = _ZONES.sub(" ", _UPDATED.sub(" ", _PUBLISHED.sub(" ", fold(_ZONES.sub(" ", line))))).strip(_AROUND)
        found = read_date(bare, language) if bare else None
        found = replace(found, text=line.strip()) if found else None
    return Dateline(found, stamp) if found else None


def _two(line: str, language: str) -> Dateline | None:
    """«نُشر: 12 مارس 2024 آخر تحديث: 13 مارس 2024»: two dates, each with its own words before it."""
    folded = fold(line)
    cut = [match.start() for match in _UPDATED.finditer(folded)]
    cut += [match.start() for match in _PUBLISHED.finditer(folded) if match.start() > 5]
    for place in sorted(cut):
        share = place / max(1, len(folded))
        for there in _word_starts(line, share):
            first, second = _one(line[:there], language), _one(line[there:], language)
            if first and second and first.date.date and second.date.date:
                best = max((second, first), key=lambda one: one.stamp)
                other = line[there:] if best is first else line[:there]
                return replace(best, rest=other.strip(_AROUND))
    return None


def _word_starts(line: str, share: float) -> list[int]:
    """The beginnings of words near a place of the folded line, whose length is another, nearest first."""
    starts = [match.start() for match in re.finditer(r"(?<=[\s|•·-])\S", line)]
    return sorted(starts, key=lambda start: abs(start - share * len(line)))[:4]


def _among_parts(line: str, language: str) -> Dateline | None:
    """A date with facts beside it: the longest run of words that is one date, and what stands around it."""
    words = [(match.start(), match.end()) for match in re.finditer(r"\S+", line)]
    pieces = sorted({0, len(line), *(edge for match in _PART.finditer(line) for edge in match.span())})
    edges = sorted({*pieces, *(start for start, _ in words), *(end for _, end in words)})
    for start, end in _ranges(pieces, edges, line):
        found = _one(line[start:end].strip(_AROUND), language)
        if found:
            facts = _facts(found, line[:start], line[end:], language)
            if facts:
                return facts
    return None


def _ranges(pieces: list[int], edges: list[int], line: str) -> list[tuple[int, int]]:
    """Stretches of a line that may be its date, the longest first; stretches between bars before any others."""
    years = [match.span() for match in _YEAR.finditer(fold_digits(line))]
    found = {
        (start, end)
        for marks in (pieces, [edge for edge in edges if edge < years[0][0] + 30])
        for start in marks
        for end in (pieces if marks is pieces else edges)
        if 6 <= end - start <= 90 and any(start <= year and last <= end for year, last in years)
    }
    return sorted(found, key=lambda span: span[0] - span[1])[:60]


def _facts(found: Dateline, before: str, after: str, language: str) -> Dateline | None:
    """The same with what stands around it, if all of that is facts; a sentence around a date is none."""
    result = found
    left: list[str] = []
    around = _around(before) + _around(after)
    glued = {*_around(before)[-1:]} if before.rstrip()[-1:].isalnum() else set()
    glued |= {*_around(after)[:1]} if after.lstrip()[:1].isalnum() else set()
    for part in around:
        fact = _fact(part, language, glued=part in glued)
        stamped = found.stamp is not Stamp.BARE and part in glued and part not in after
        if fact is None and stamped and len(part.split()) in (2, 3):
            fact = "author", part  # «جمیل نگری شائع 28 مئی 2024»
        if fact is None:
            return None
        name, value = fact
        if name == "date":
            left.append(part)
        elif name == "author" and not result.author:
            result = replace(result, author=value)
        elif name == "source" and not result.source:
            result = replace(result, source=value)
        elif value:
            left.append(part)
    return replace(result, rest=" | ".join(left))


def _around(text: str) -> list[str]:
    parts = (part.strip(_AROUND) for part in re.split(r"\s*[|•·\t]\s*|\s+[-–—/]\s+|[,،]|[-–—]\s| {3,}", text))
    return [part for part in parts if part]


def _fact(part: str, language: str, *, glued: bool) -> tuple[str, str] | None:
    """(field, value) of a piece beside a date: a byline, an agency, a place, a count; None: it is something else.

    glued: no sign parts it from the date, as in «أسعار الذهب السبت 27 أبريل 2024», which is a headline.
    """
    labelled = label_of(part, language)
    if labelled and labelled[0] in (Label.AUTHOR, Label.SOURCE) and labelled[2]:
        return ("author" if labelled[0] is Label.AUTHOR else "source"), labelled[2]
    if signs.is_name(part):
        return "author", part
    if signs.is_agency(part) or signs.names_press(part):
        return "source", part
    if _one(part, language):
        return "date", part
    if _SMALL.search(fold(part)):
        return "", part
    known = signs.furniture_of(part) or signs.is_place(part) or signs.is_section(part) or signs.is_clock(part)
    short = not glued and len(part.split()) <= 2 and len(part) <= 24
    return ("", part) if known or short else None


# --- the beginning of a report ---------------------------------------------------------------------------------

_PLACE: Final = 4  # words around the date in a report's own dateline
_LEADING: Final = 90  # characters in which a report's own dateline ends
_DASH: Final = re.compile(r"\s*(?:[-–—]{1,2}|\))\s*(?=\S)|:\s")


def leading_dateline(text: str, language: str) -> Dateline | None:
    """The dateline with which an agency's report begins: «غريان 21 أغسطس 2023 (وال) - افتتح …».

    Only when a year stands in it: a date is never guessed.
    """
    for match in _DASH.finditer(text, 0, _LEADING):
        head = text[: match.end()].rstrip(" -–—:")
        found = _date_within(head, language) if has_year(head) else None
        if found and found.date.date:
            return replace(found, source=signs.agency_of(head))
    return None


def _date_within(head: str, language: str) -> Dateline | None:
    """The longest run of words that is a date, with a few words of place and agency around it."""
    edges = sorted({edge for match in re.finditer(r"[^\s()]+", head) for edge in match.span()})
    for start, end in _ranges(edges, edges, head):
        found = _one(head[start:end].strip(_AROUND), language)
        if found and len(head[:start].split()) <= _PLACE and len(head[end:].split()) <= _PLACE:
            return found
    return None


def leading_agency(text: str) -> str:
    """The agency in the dateline of a report: «دمشق (سانا) – قال …», "BEIRUT, Feb 29 (Reuters) - …"; else ""."""
    match = re.match(r"[^\n.؟?!:«\"]{2,60}?[(/]\s*([^()/]{2,25}?)\s*[)/]\s*[-–—:]*", text)
    return match[1] if match and signs.is_agency(match[1]) else ""
