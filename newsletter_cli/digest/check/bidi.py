"""R204, R207–R212, R215, R216: text that reads wrongly from right to left, with what would mend it.

Looked for in the files as they were written, because there it can be mended: the program isolates what it knows in the
messages it makes, but an article goes to other places too, and what an article's reader repairs on the way in is still
wrong in its file.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.content import is_garbled
from newsletter_cli.digest.check.finding import Edit, Hit, Phrase
from newsletter_cli.digest.check.prose import BLOT, ProseLine, prose_lines
from newsletter_cli.digest.check.sources import Kind, SourceFile
from newsletter_cli.digest.check.texts import all_passages, file_of
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.model import Issue, Size
from newsletter_cli.digest.slots import without_pieces
from newsletter_cli.language import (
    base_language,
    digit_systems_in,
    direction_of,
    direction_overrides,
    first_strong,
    latin_marks,
    mixed_letters,
    presentation_forms,
    unbalanced_isolates,
    unisolated_runs,
)
from newsletter_cli.language.lint import Place
from newsletter_cli.mail.rendering import public_subject

_RTL: Final = "\u0590-\u05ff\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RTL_LETTER: Final = re.compile(f"[{_RTL}]")
# Begins at the beginning of a word: from each letter of it anew, one endless word would cost its length squared.
_RTL_WORDS: Final = re.compile(f"(?<![{_RTL}])[{_RTL}]+(?:[\\s،؛]+[{_RTL}]+){{2,}}")
_ARABIC_SCRIPT: Final = frozenset({"ar", "fa", "ur", "ckb", "ps", "sd", "ug"})
_REVERSED: Final = Phrase("; its groups will be reversed", "، فتنعكس مجموعاته")
_NAMES: Final = {
    "phone": Phrase("Telephone number", "رقم هاتف"),
    "url": Phrase("Address", "عنوان موقع"),
    "email": Phrase("Address", "عنوان بريد"),
    "handle": Phrase("Name with @", "اسم يبدأ بـ @"),
    "tag": Phrase("Latin hashtag", "وسم لاتيني"),
    "version": Phrase("Version", "رقم إصدار"),
    "path": Phrase("Path", "مسار ملف"),
    "code": Phrase("Code", "رمز برمجي"),
}


def islands(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """R204: telephones, @names, #tags and code that change their order there; one hit for a line and kind."""
    for file, line, language in _lines(issue, circumstances):
        if direction_of(language) != "rtl" or not _RTL_LETTER.search(line.text):
            continue
        found = list(_bare_islands(line.text))
        for kind in dict.fromkeys(place.what for place in found):
            edits = _edits(file, line, (place for place in found if place.what == kind))
            yield _bare(file.shown, line.number, kind, edits)
    kind = next((place.what for place in _bare_islands(issue.postal)), "")
    if issue.direction == "rtl" and kind:  # the postal address stands in the footer as it was set
        where = circumstances.sources.setting("sender.postal")
        yield _bare(where.file, where.line, kind, ())


def letters(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """R207, R209, R211, R212, R215 in the files."""
    for file in circumstances.sources.of(Kind.DIGEST, Kind.ARTICLE):
        for number, raw in enumerate(file.lines, 1):
            if direction_overrides(raw):
                yield Hit(code="R209", file=file.shown, line=number)
            if unbalanced_isolates(raw):
                yield Hit(code="R215", file=file.shown, line=number)
    for file, line, language in _lines(issue, circumstances):
        if forms := presentation_forms(line.text):
            yield Hit(code="R207", file=file.shown, line=line.number, edits=_edits(file, line, forms))
        marks = tuple(_arabic_marks(line)) if base_language(language) in _ARABIC_SCRIPT else ()
        if marks:
            values = {"marks": " ".join(dict.fromkeys(place.what for place in marks))}
            yield Hit(code="R212", file=file.shown, line=line.number, values=values, edits=_edits(file, line, marks))
    yield from _keyboards(issue, circumstances)


def digit_systems(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """R208: two systems of digits in the right-to-left texts of one issue."""
    passages = (without_pieces(passage.text) for passage in all_passages(issue))
    words = "\n".join(text for text in passages if _RTL_LETTER.search(text))
    if issue.direction == "rtl" and len(digit_systems_in(words)) > 1:
        yield Hit(code="R208", file=issue.file.id)


def against_the_direction(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """R210: whole right-to-left passages in a left-to-right issue."""
    if issue.direction == "ltr":
        found = (passage for passage in all_passages(issue) if _RTL_WORDS.search(passage.text))
        first = next(found, None)
        if first is not None:
            yield Hit(code="R210", file=first.file, line=first.line)


def subject_begins_latin(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """R216: mail programs take the direction of a subject from its first letter."""
    subject = re.sub("[\u200e\u200f\u2066-\u2069]", "", public_subject(freeze(issue)))
    if issue.direction == "rtl" and first_strong(subject) == "L":
        yield Hit(code="R216", file=issue.file.shown, line=issue.file.line("subject"))


# --- what the files hold ---------------------------------------------------------------------------------------


def _lines(issue: Issue, circumstances: Circumstances) -> Iterator[tuple[SourceFile, ProseLine, str]]:
    """The prose that this digest shows, each line with its language."""
    shown = circumstances.sources.file(issue.file.shown)
    if shown is not None:
        yield from ((shown, line, issue.language) for line in prose_lines(shown))
    for entry in issue.entries:
        file = circumstances.sources.file(file_of(entry.article, issue))
        if file is not None and file.path.suffix.lower() in {".md", ".markdown"}:
            for line in prose_lines(file, body=entry.size is Size.FULL):
                yield file, line, entry.article.language


def _edits(file: SourceFile, line: ProseLine, places: Iterable[Place]) -> tuple[Edit, ...]:
    """What mends these places of a line."""
    raw = file.lines[line.number - 1]
    return tuple(
        Edit(file.shown, line.number, place.start, raw[place.start : place.end], place.better)
        for place in places
        if place.better is not None
    )


def _bare(file: str, line: int | None, kind: str, edits: tuple[Edit, ...]) -> Hit:
    so = _REVERSED if kind == "phone" else Phrase("", "")
    return Hit(code="R204", file=file, line=line, values={"what": _NAMES[kind], "so": so}, edits=edits)


def _bare_islands(text: str) -> Iterator[Place]:
    """What nothing isolates, where that changes how it reads."""
    for place in unisolated_runs(text, "rtl"):
        words = text[place.start : place.end]
        if BLOT not in words and _moves(words):
            yield place


def _moves(words: str) -> bool:
    """Whether an island reads otherwise when nothing isolates it.

    Groups of digits change places, and a sign at either end goes to the other; letters with signs between them stay.
    """
    if not re.search(r"[A-Za-z]", words):
        return re.search(r"[ \u00a0()+-]", words) is not None
    return not (words[0].isalnum() and words[-1].isalnum())


def _arabic_marks(line: ProseLine) -> Iterator[Place]:
    """Latin marks of sentences; between the items of a list in the front matter a comma is none."""
    is_list = line.in_head and re.match(f"{BLOT}*\\s*\\[", line.text)
    return (place for place in latin_marks(line.text) if not (is_list and place.what == ","))


def _keyboards(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """R211, once for each file: whether a letter is out of place shows in the text as a whole."""
    files: dict[str, tuple[str, list[ProseLine]]] = {}
    for file, line, language in _lines(issue, circumstances):
        if not is_garbled(line.text):  # C108 says what is wrong there
            files.setdefault(file.shown, (language, []))[1].append(line)
    for shown, (language, lines) in files.items():
        text = "\n".join(line.text for line in lines)
        if found := mixed_letters(text, language):
            examples = dict.fromkeys(text[place.start : place.end] for place in found)
            line = lines[text.count("\n", 0, found[0].start)]
            values = {"examples": "، ".join(list(examples)[:3])}
            yield Hit(code="R211", file=shown, line=line.number, values=values)
