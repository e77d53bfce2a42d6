"""The prose of a file as its writer sees it: line by line, with everything that is no prose blotted out.

Blotted: code, addresses of links, comments, raw HTML tags, slots, keys of the front matter, values that are no words.
Columns stay what they are, so that a repair knows its place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from newsletter_cli.articles.readers.front_matter import split_front_matter
from newsletter_cli.digest.check.sources import SourceFile
from newsletter_cli.errors import RefusedError
from newsletter_cli.language import fold

BLOT: Final = "\ue000"  # no letter, no digit, no direction of its own

# Front matter that is read by people; every other value is an address, a date, a name of a file.
# fmt: off
_WORDY: Final = frozenset(map(fold, (
    "title", "kicker", "summary", "author", "source", "image_alt", "image alt", "caption", "credit", "related",
    "subject", "preheader", "العنوان", "الكاتب", "بقلم", "الوسم", "التصنيف", "الخلاصة", "الملخص", "تصوير", "المصدر",
    "وصف الصورة", "تعليق الصورة", "اقرأ أيضا", "ذات صلة",
)))
# fmt: on
_KEY: Final = re.compile(r"(?P<key>[^\s:#'\"\[{][^:]*?)\s*:(?=\s|$)")
_REMARK: Final = re.compile(r"(?:^|\s)#.*$")
_QUOTED: Final = re.compile(r"""\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")
_FENCE: Final = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_NO_PROSE: Final = re.compile(
    "|".join(
        (
            r"(?P<code>(?<!`)(`+)(?!`).+?(?<!`)\2(?!`))",
            r"(?P<comment><!--.*?-->)",
            r"(?P<slot>\[\[.*?\]\]|\[%.*?%\])",
            r"(?P<target>(?<=\])\((?:[^()\s]|\([^()\s]*\))*(?=[\s)]))",
            r"(?P<reference>(?<=\])\[[^\]]*\]|^\s{0,3}\[[^\]]+\]:\s*\S+)",
            r"(?P<autolink><(?:https?|mailto|tel):[^>]*>)",
            r"(?P<tag></?[a-zA-Z][^<>]*>)",
            r"(?P<span>(?<=\])\{[^}]*\})",
        )
    )
)


@dataclass(frozen=True, slots=True)
class ProseLine:
    """One line of prose."""

    number: int  # of its file, from 1
    text: str  # as long as the line itself, what is no prose as BLOT
    in_head: bool  # of the front matter


def prose_lines(file: SourceFile, *, body: bool = True) -> Iterator[ProseLine]:
    """The prose of a digest file or of an article in Markdown, line by line.

    body: False = only the front matter, as of an article of which a digest shows no more.
    """
    head, rest = _prose(file)
    yield from (*head, *rest) if body else head


@lru_cache(maxsize=16)  # several rules read the same files; to find where the body begins costs the most
def _prose(file: SourceFile) -> tuple[tuple[ProseLine, ...], tuple[ProseLine, ...]]:
    lines = [line.rstrip("\r") for line in file.lines]
    first_of_body = _body_line(file)
    head = _head(lines[1 : max(first_of_body - 2, 0)], 2)
    return tuple(head), tuple(_body(lines[first_of_body - 1 :], first_of_body))


def _body_line(file: SourceFile) -> int:
    text = file.text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        return split_front_matter(text, file.shown).body_line
    except RefusedError:
        return 1  # an article that cannot be read is in no issue


def _head(lines: list[str], first: int) -> Iterator[ProseLine]:
    wordy = False
    for number, line in enumerate(lines, first):
        start = 0
        if match := _KEY.match(line):
            wordy = fold(match["key"].replace("_", " ")) in _WORDY or fold(match["key"]) in _WORDY
            start = match.end()
        if not wordy:
            continue
        value = line[start:]
        quoted = _QUOTED.match(value)
        end = quoted.end() if quoted else 0
        value = value[:end] + _REMARK.sub(_blotted, value[end:])
        yield ProseLine(number, BLOT * start + _without_slots(value), in_head=True)


def _body(lines: list[str], first: int) -> Iterator[ProseLine]:
    fence = ""
    carried = ""  # what ends the code or comment that an earlier line has begun
    for number, line in enumerate(lines, first):
        opening = _FENCE.match(line)
        if opening and (not fence or opening[1].startswith(fence)):
            fence = "" if fence else opening[1]
        elif not fence and not re.match(r"(?: {4}|\t)\s*\S", line):
            text, carried = _prose_of(line, carried)
            yield ProseLine(number, text, in_head=False)
        if not line.strip() and carried == "`":
            carried = ""  # code in words does not go on in the next paragraph


def _prose_of(line: str, carried: str) -> tuple[str, str]:
    """A line of the body without what is no prose, and what ends the piece it leaves open."""
    begin = 0
    if carried:
        end = line.find(carried)
        if end < 0:
            return BLOT * len(line), carried
        begin = end + len(carried)
    text = BLOT * begin + _NO_PROSE.sub(_blotted, line[begin:])
    for sign, closing in (("<!--", "-->"), ("`", "`")):
        if (opened := text.find(sign)) >= 0 and (sign != "`" or text[opened - 1 : opened] != "\\"):
            return text[:opened] + BLOT * (len(text) - opened), closing
    return text, ""


def _without_slots(value: str) -> str:
    return re.sub(r"\[\[.*?\]\]|\[%.*?%\]", _blotted, value)


def _blotted(match: re.Match[str]) -> str:
    return BLOT * len(match[0])
