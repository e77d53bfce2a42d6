"""C101–C104, C110: the subject, the line under it, and the fields of readers that a digest uses."""

import re
from collections.abc import Iterator
from typing import Final

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit, Level, Phrase
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.model import Issue
from newsletter_cli.mail.pages import Page
from newsletter_cli.mail.rendering import public_subject, required_fields

LONG: Final = 50
TOO_LONG: Final = 70
PREHEADER_LEAST: Final = 30
PREHEADER_MOST: Final = 110
FILLERS_MOST: Final = 60

_MARKS: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FILLER: Final = re.compile("[\u034f\u200b-\u200d\u00a0\u2007\u00ad\ufeff]")
_REPLY: Final = re.compile(r"^\s*(re|fwd?|رد|إعادة توجيه)\s*:", re.IGNORECASE)
# Three capital letters are an abbreviation; a subject of capitals has more.
_CAPITALS_LEAST: Final = 8


def subject_and_preheader(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """What an inbox shows of the digest."""
    text = _MARKS.sub("", public_subject(freeze(issue))).strip()
    file, line = issue.file.shown, issue.file.line("subject")
    if not text:
        yield Hit(code="C101", file=file, line=line, fix="write one behind subject:")
    elif len(text) > LONG:
        level = Level.WARNING if len(text) > TOO_LONG else Level.NOTE
        yield Hit(code="C102", file=file, line=line, values={"n": len(text)}, level=level)
    if what := _looks_like_spam(text):
        yield Hit(code="C110", file=file, line=line, values={"what": what})
    problem = _preheader_problem(issue, text)
    if problem:
        yield Hit(code="C103", file=file, line=issue.file.line("preheader"), values={"problem": problem})


def fields_of_readers(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Fields without fallback that are empty for somebody: for those the message could not be built."""
    for name in sorted(required_fields(freeze(issue))):
        count = circumstances.empty_fields.get(name, 0)
        if count:
            file, line = _place_of_field(issue, name)
            fix = f'write [[ {name} | default("…") ]]'
            yield Hit(code="C104", file=file, line=line, values={"field": name, "n": count}, fix=fix)


def _preheader_problem(issue: Issue, subject: str) -> Phrase | None:
    preheader = Page.of(issue.preheader, issue.language, issue.manner, lenient=True).render({})
    text = _MARKS.sub("", preheader).strip()
    words = _FILLER.sub("", text).strip()
    limits = f"{PREHEADER_LEAST}–{PREHEADER_MOST}"
    if not words:
        return Phrase("missing", "غير موجود")
    if len(_FILLER.findall(text)) > FILLERS_MOST:
        return Phrase("padded with invisible characters", "محشو بحروف لا تُرى")
    if words == subject:
        return Phrase("the same as the subject", "هو العنوان نفسه")
    if len(words) < PREHEADER_LEAST:
        return Phrase(f"short ({len(words)} characters; {limits} are shown)", f"قصير ({len(words)} حرفًا من {limits})")
    if len(words) > PREHEADER_MOST:
        return Phrase(f"long ({len(words)} characters; {limits} are shown)", f"طويل ({len(words)} حرفًا من {limits})")
    return None


def _looks_like_spam(subject: str) -> Phrase | None:
    if reply := _REPLY.match(subject):
        sign = reply[0].strip()
        return Phrase(f"“{sign}” although it answers nobody", f"«{sign}» من غير رد على أحد")
    if re.search(r"!{2}|\uff01{2}", subject):
        return Phrase("several exclamation marks", "علامات تعجب متتالية")
    cased = [letter for letter in subject if letter.isupper() or letter.islower()]
    letters = [letter for letter in subject if letter.isalpha()]
    if len(cased) >= _CAPITALS_LEAST and len(cased) > len(letters) / 2 and all(letter.isupper() for letter in cased):
        return Phrase("all in capitals", "كله حروف كبيرة")
    return None


def _place_of_field(issue: Issue, name: str) -> tuple[str, int | None]:
    """Where the digest file uses a field, else where the theme does."""
    file, pattern = issue.file, rf"\[[\[%][^\]]*\b{re.escape(name)}\b"
    for key, text in (("subject", file.subject), ("preheader", file.preheader), ("intro", file.intro)):
        if match := re.search(pattern, text):
            return file.shown, file.line(key) + text.count("\n", 0, match.start())
    return find_in_theme(issue, pattern)
