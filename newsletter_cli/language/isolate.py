"""Left-to-right islands inside right-to-left text: what must be isolated, and what must be left alone.

must:   telephones, addresses, URLs, @names, Latin #tags, C++, versions, paths, code
must not: years and ranges (2020-2024), scores (3 - 1), dates (27/4/2024), plain numbers, single Latin words;
right-to-left order is the correct reading of a range in Arabic, isolating breaks it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter_cli.language.direction import first_strong

LRM: Final = "\u200e"
RLM: Final = "\u200f"


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a text; `ltr` is True for an island to isolate."""

    text: str
    ltr: bool


_D: Final = "[0-9٠-٩۰-۹]"
_TAIL: Final = '[^\\s<>"«»“”،؛؟\u200e\u200f\u2066-\u2069]'
# Not after a letter or a sign of the same kind of word; and not after an LRM: what stands there is marked already.
_BEFORE: Final = "(?<![\\w@./\\\\+#\u200e-])"
_AFTER: Final = "(?![\\w@]|[ \u00a0]?\u200e)"

# Order matters: the first that fits at a place wins, so the longer kinds stand first.
_ISLAND: Final = re.compile(
    "|".join(
        (
            # An isolate keeps what it holds in order by itself, as do marks on both sides.
            "(?P<marked>\u200e[^\u200e\n]+\u200e|[\u2066\u2068][^\u2066-\u2069\n]*\u2069)",
            rf"(?P<url>(?<!\u200e)\b(?:https?|ftp)://{_TAIL}+|(?<!\u200e)\b(?:mailto:|tel:|www\.){_TAIL}+)",
            "(?P<email>(?<![A-Za-z0-9@._%+'\u200e-])[A-Za-z0-9._%+'-]+@"
            r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?![A-Za-z0-9@]))",
            rf"(?P<host>{_BEFORE}(?:[A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}/{_TAIL}*)",
            rf"(?P<path>{_BEFORE}(?:[A-Za-z]:\\|~/|\.{{1,2}}/|/(?=[A-Za-z]))[A-Za-z0-9._~/\\-]+)",
            rf"(?P<file>{_BEFORE}(?:[A-Za-z0-9._-]+/)+[A-Za-z0-9_-]+\.[A-Za-z0-9]{{1,5}}{_AFTER})",
            rf"(?P<handle>{_BEFORE}@[A-Za-z_][A-Za-z0-9_.]*)",
            rf"(?P<tag>{_BEFORE}\#[A-Za-z][A-Za-z0-9_]*)",
            rf"(?P<code>{_BEFORE}[A-Za-z_][A-Za-z0-9_.]*\(\))",
            rf"(?P<plus>{_BEFORE}[A-Za-z][A-Za-z0-9]*(?:\+\+?|\#){_AFTER})",
            rf"(?P<phone>{_BEFORE}(?:\+|00|٠٠|۰۰){_D}(?>(?:[ \u00a0.()/-]{{0,2}}{_D}){{6,14}}){_AFTER})",
            rf"(?P<area>{_BEFORE}\({_D}{{2,5}}\)(?>(?:[ \u00a0-]?{_D}){{5,10}}){_AFTER})",
            # A national number: leading zero and a separator, or three groups such as 555 123 4567.
            rf"(?P<national>{_BEFORE}[0٠۰]{_D}{{1,4}}(?>(?:[ \u00a0-]{_D}{{2,7}}){{1,4}}){_AFTER})",
            rf"(?P<groups>{_BEFORE}{_D}{{2,4}}([ \u00a0-]){_D}{{3,4}}(?>(?:[ \u00a0-]{_D}{{3,4}}){{1,2}}){_AFTER})",
            rf"(?P<version>{_BEFORE}(?:v\d+(?:\.\d+)+|\d+(?:\.\d+){{2,}})(?:-?[A-Za-z][A-Za-z0-9.]*)?{_AFTER})",
        )
    )
)
# 27.4.2024 and 27-04-2024 look like a version and a telephone, 12 480 000 like three groups: all three are plain
# numbers, and a right-to-left reader reads them rightly as they are.
_PLAIN: Final = re.compile(
    rf"{_D}{{1,2}}\.{_D}{{1,2}}\.{_D}{{4}}|{_D}{{1,2}}([/-]){_D}{{1,2}}\1{_D}{{2,4}}|{_D}{{4}}([./-]){_D}{{1,2}}\2{_D}{{1,2}}"
    rf"|(?![0٠۰]){_D}{{1,3}}(?:[ \u00a0]{_D}{{3}})+"
)
_NATIONAL_DIGITS: Final = 7  # fewer digits, such as 08-10, are a range of hours or pages
_PUNCTUATION_AFTER: Final = ".,;:!?'*_…"


def _without_tail(found: str) -> str:
    """The island without the punctuation of the sentence around it; a bracket goes unless its partner is inside."""
    text = found.rstrip(_PUNCTUATION_AFTER)
    while text.endswith((")", "]")):
        opener = "(" if text.endswith(")") else "["
        if text.count(opener) >= text.count(text[-1]):
            break
        text = text[:-1].rstrip(_PUNCTUATION_AFTER)
    return text


# The names of the patterns above, as a reader of findings calls them.
_KINDS: Final = {
    **dict.fromkeys(("phone", "area", "national", "groups"), "phone"),
    **dict.fromkeys(("url", "host"), "url"),
    **dict.fromkeys(("path", "file"), "path"),
    **dict.fromkeys(("code", "plus"), "code"),
}


def islands(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of what must be isolated in right-to-left text and is not yet, in order.

    kind: "phone" | "url" | "email" | "handle" | "tag" | "version" | "path" | "code".
    """
    for match in _ISLAND.finditer(text):
        kind, found = match.lastgroup or "", match.group()
        if kind == "marked":
            continue
        if kind in ("groups", "version", "national") and _PLAIN.fullmatch(found):
            continue
        if kind == "national" and sum(map(str.isdigit, found)) < _NATIONAL_DIGITS:
            continue
        if kind in ("url", "host", "email", "handle", "path"):
            found = _without_tail(found)
        if found:
            yield match.start(), match.start() + len(found), _KINDS.get(kind, kind)


def isolate_runs(text: str, base: str) -> tuple[Run, ...]:
    """The text cut into runs, those to isolate marked; joined again they are the text.

    base: "rtl" | "ltr", the direction of the text around. In left-to-right text nothing is isolated.
    """
    if base != "rtl":
        return (Run(text, False),) if text else ()
    runs: list[Run] = []
    done = 0
    for start, end, _ in islands(text):
        if start > done:
            runs.append(Run(text[done:start], False))
        runs.append(Run(text[start:end], True))
        done = end
    if done < len(text):
        runs.append(Run(text[done:], False))
    return tuple(runs)


def _mark_line(line: str, base: str) -> str:
    runs = isolate_runs(line, base)
    if len(runs) == 1 and runs[0].ltr and "://" in line:
        return line  # a URL alone on its line stays bare: marks beside it would be copied along
    parts: list[str] = []
    for place, run in enumerate(runs):
        if not run.ltr:
            parts.append(run.text)
            continue
        before = runs[place - 1].text if place else ""
        after = runs[place + 1].text if place + 1 < len(runs) else ""
        parts.append(("" if before.endswith(LRM) else LRM) + run.text + ("" if after.startswith(LRM) else LRM))
    marked = "".join(parts)
    return RLM + marked if first_strong(marked) == "L" else marked


def mark_text(text: str, base: str) -> str:
    """The text for a plain-text part or a subject: LRM on both sides of islands, RLM before a line that begins Latin.

    Line by line; a line that is one URL stays bare. Without the marks the text is the same, and marking marked
    text changes nothing. base: "rtl" | "ltr"; left-to-right text comes back as it is.
    """
    if base != "rtl":
        return text
    return "\n".join(_mark_line(line, base) for line in text.split("\n"))
