"""What each line of a page saved as text is: one role each, with a confidence and its reason.

    furniture → date → labels → what follows the text → title (by points) → what stands around it
    → paragraphs, captions, lists → source → the rest

The first rule that fits a line wins. No line is lost: what no rule places is an extra, and said so.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from newsletter_cli.articles import endings, heads
from newsletter_cli.articles import furniture_lines as signs
from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.datelines import dateline_of, has_year
from newsletter_cli.articles.furniture import Furniture, Label
from newsletter_cli.articles.keys import FIELDS, field_of
from newsletter_cli.articles.roles import Line, Role
from newsletter_cli.articles.titles import SAME, SAME_WITH_BULLET, Headline, find_headline
from newsletter_cli.language import direction_of, fold, read_date

_ROLE_OF_FURNITURE: Final = {
    Furniture.DARK_MODE: Role.DARK_MODE,
    Furniture.LOGO: Role.LOGO,
    Furniture.SIGN_UP: Role.SIGN_UP,
}
_ROLE_OF_LABEL: Final = {
    Label.RELATED: Role.RELATED,
    Label.SOURCE: Role.SOURCE,
    Label.AUTHOR: Role.AUTHOR,
    Label.CAPTION: Role.CAPTION,
    Label.CREDIT: Role.CAPTION,
    Label.TAGS: Role.TAGS,
}
HOUR: Final = "the hour of an entry"
_CAPTION: Final = 90  # characters; a longer line without a sign of a caption is text
_SOURCE: Final = 80
_VALUE_ABOVE: Final = 40  # what may follow a label of one word above the text
_CREDIT_WORDS: Final = 4  # «صور: أمطار غزيرة تغرق شوارع المدينة» is a headline
_INVITATION: Final = 200
_HEAD_LINES: Final = 200  # content lines among which a headline is looked for
_TAIL_LINES: Final = 40  # content lines after the text among which it is looked for when there is none above
_LOGO_PLACE: Final = 8  # content lines from the top in which a Latin word is a logo
_WEAK: Final = 1.8  # points of a headline above the text that one below it may beat
_LAST_RESORT: Final = -0.5  # points of a line that is the headline because there is no other
_DATED_LINES: Final = 60  # lines with a year that are taken apart; a page has a handful
_MAIL: Final = re.compile(r"بريد|ايميل|ای میل|e-?mail|inbox|courriel|מייל|دوא|\bنشره|خبرنام|newsletter", re.IGNORECASE)


def place(text: str, *, language: str, newsroom: str = "", title: str = "") -> tuple[Line, ...]:
    """The content lines of a text with their roles; every one has one.

    language: of the page.  newsroom: its name, which may stand where the logo was.  title: given by the editor, "" =
    find it.  Never raises.
    """
    page = _Page(list(_content(text)), language, newsroom, title)
    page.furniture()
    endings.comments(page.lines)
    page.dates()
    page.labels()
    page.wrapped()
    endings.after_the_text(page.lines)
    endings.other_stories(page.lines)
    page.title_line()
    page.body()
    page.last_lines()
    return tuple(page.lines)


def _content(text: str) -> Iterator[Line]:
    gap = False
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line:
            gap = True
            continue
        visible = line.strip("\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff \t\u00a0") or line
        bare, bulleted = shapes.without_bullet(visible)
        yield Line(number, line, bare, bulleted, gap)
        gap = False


class _Page:
    """The rules, in their order."""

    def __init__(self, lines: list[Line], language: str, newsroom: str, title: str) -> None:
        self.lines = lines
        self.language = language
        self.newsroom = fold(newsroom)
        self.given = shapes.key(title)
        self.title_at: int | None = None  # index into lines
        self.copies = Counter(shapes.key(line.bare) for line in lines)
        self.front_matter()

    def free(self, start: int = 0, end: int | None = None) -> list[tuple[int, Line]]:
        """The lines that have no role yet, with their places."""
        found = enumerate(self.lines[start:end], start)
        return [(place, line) for place, line in found if line.role is None]

    # --- rule 1

    def front_matter(self) -> None:
        """`key: value` lines before the first empty line, two or more of them with keys that are known, none twice."""
        head: list[Line] = []
        for line in self.lines:
            if line.gap and head:
                break
            head.append(line)
        pairs = [shapes.key_and_value(line.text) for line in head]
        fields = [field_of(key) or key for key, _ in filter(None, pairs)]
        if all(pairs) and len(set(FIELDS) & set(fields)) >= 2 and len(set(fields)) == len(fields):
            for line, (key, value) in zip(head, filter(None, pairs), strict=True):
                line.label, line.value = key, value
                line.take(Role.FRONT_MATTER, 1.0, f"a line of front matter: {key}")

    # --- rule 2

    def furniture(self) -> None:
        start, after_heading = self.body_start(), False
        for place, line in self.free():
            found = signs.furniture_of(line.bare)
            if found is Furniture.NAVIGATION and (self.repeats(line) or self.is_listed(line)):
                found = None  # it stands twice, like a headline; a row of buttons does not
            if found:
                line.furniture = found
                line.take(_ROLE_OF_FURNITURE.get(found, Role.CHROME), 0.95, f"page furniture: {found}")
            elif after_heading and self.is_invitation(place, line, start):
                line.take(Role.SIGN_UP, 0.95, "it follows the heading of the sign-up")
            elif signs.begins_invitation(line.bare) and line.length <= _INVITATION:
                line.take(Role.SIGN_UP, 0.8, "it invites to sign up")
            elif self.is_logo(place, line, start):
                line.take(Role.LOGO, 0.8, "a Latin word, or the newsroom's name, among the first lines")
            after_heading = found is Furniture.SIGN_UP

    def is_invitation(self, place: int, line: Line, start: int) -> bool:
        """The line after the heading of a sign-up belongs to it; above or amid the text, only if it speaks of mail."""
        if line.length > _INVITATION or line.bulleted or read_date(line.bare, self.language):
            return False
        amid = place < start or (shapes.is_text(line.bare) and self.text_follows(place))
        if amid and not _MAIL.search(fold(line.bare)):
            return False
        return not self.repeats(line) and shapes.label_of(line.bare, self.language) is None

    def text_follows(self, place: int) -> bool:
        return any(line.role is None and shapes.is_text(line.bare) for line in self.lines[place + 1 :])

    def repeats(self, line: Line) -> bool:
        same = shapes.key(line.bare)
        return len(same) >= SAME and self.copies[same] > 1

    def is_listed(self, line: Line) -> bool:
        """Whether it stands once with a bullet and once without, as a headline does."""
        same = shapes.key(line.bare)
        if len(same) < SAME_WITH_BULLET or self.copies[same] != 2:
            return False
        return {other.bulleted for other in self.lines[:_HEAD_LINES] if shapes.key(other.bare) == same} == {True, False}

    def is_logo(self, place: int, line: Line, start: int) -> bool:
        if place >= _LOGO_PLACE or line.bulleted or place >= start:
            return False
        if self.newsroom and fold(line.bare) == self.newsroom:
            return True
        return signs.names_logo(line.bare) or (direction_of(self.language) == "rtl" and signs.is_latin_name(line.bare))

    # --- rule 3

    def dates(self) -> None:
        left = _DATED_LINES
        for _, line in self.free():
            found = dateline_of(line.bare, self.language, alone=not left)
            apart = found is None or found.author or found.source or found.rest
            left -= 1 if left and apart and has_year(line.bare) else 0
            if found is None:
                continue
            line.date, line.stamp = found.date, found.stamp
            line.author, line.source, line.rest = found.author, found.source, found.rest
            beside = ", with other facts beside it" if found.author or found.source or found.rest else ""
            line.take(
                Role.DATE,
                0.9 if found.date.date and not beside else 0.8 if found.date.date else 0.6,
                found.date.warning or f"the whole line is a date{beside}",
            )

    # --- rules 4 and 5

    def labels(self) -> None:
        before = self.body_start()
        for place, line in self.free():
            if line.role is not None:
                continue
            if line.bare.startswith("#") and all(word.startswith("#") for word in line.bare.split()):
                line.value = line.bare
                line.take(Role.TAGS, 0.9, "words with the sign #")
                continue
            found = shapes.label_of(line.bare, self.language)
            if not found or self.is_headline_with_colon(found, line, place < before):
                continue
            kind, line.label, line.value = found
            line.kind = kind
            if line.value:
                line.take(_ROLE_OF_LABEL[kind], 0.95, f"it begins with “{line.label}”")
            else:
                self.label_alone(place, line, kind, place < before)

    def is_headline_with_colon(self, found: tuple[Label, str, str], line: Line, above: bool) -> bool:
        """«مصدر: الحكومة تعلن غدا…» above the text is a headline, although it begins like a source line."""
        kind, label, value = found
        words = len(value.split())
        if kind is Label.AUTHOR and shapes.is_weak_label(label) and above and not signs.name_in(value):
            return words > 2 or self.repeats(line)
        if kind in (Label.CREDIT, Label.TAGS) and shapes.is_weak_label(label):
            return self.repeats(line) or (above and words > _CREDIT_WORDS)
        short = len(value) <= _VALUE_ABOVE or " " in label or kind not in (Label.SOURCE, Label.RELATED)
        return self.repeats(line) or (above and not short)

    def label_alone(self, place: int, line: Line, kind: Label, above: bool) -> None:
        """A label on a line of its own speaks for the next one, or for the list after it."""
        followers: list[Line] = []
        if kind in (Label.RELATED, Label.TAGS):
            if not above:
                followers = endings.listed_under(self.lines, place, self.language, tags=kind is Label.TAGS)
        elif place + 1 < len(self.lines) and self.may_follow(self.lines[place + 1]):
            followers = [self.lines[place + 1]]
        if not followers:
            line.take(Role.CHROME, 0.6, "a label that no headline follows")
            return
        line.take(_ROLE_OF_LABEL[kind], 0.8, "a label; what it speaks of stands on the next line")
        for other in followers:
            other.value, other.label, other.kind = other.bare, line.label, kind
            other.take(_ROLE_OF_LABEL[kind], 0.8, f"it follows “{line.label}”")

    def may_follow(self, line: Line) -> bool:
        """Whether a line is what a label above it speaks of."""
        return (
            line.role is None
            and line.length <= endings.HEADLINE
            and not shapes.ends_with_stop(line.bare)
            and not shapes.label_of(line.bare, self.language)
        )

    # --- lines that were cut at one width

    def wrapped(self) -> None:
        """Three or more lines in a row of nearly one length: a paragraph that a program has wrapped."""
        group: list[Line] = []
        for line in [*self.lines, None]:
            goes_on = line is not None and line.role is None and not line.bulleted and not line.gap
            if line is not None and goes_on:
                group.append(line)
                continue
            self.wrap(group)
            group = [line] if line is not None and line.role is None and not line.bulleted else []

    def wrap(self, group: list[Line]) -> None:
        if len(group) < 3 or not shapes.is_one_width([line.length for line in group]):
            return
        if sum(shapes.ends_sentence(line.bare) for line in group[:-1]) > len(group) // 2:
            return
        if not shapes.ends_sentence(group[-1].bare) or any(map(self.is_no_piece, group)):
            return
        for before, line in pairwise([None, *group]):
            if line:
                line.joined = before is not None
                line.take(Role.PARAGRAPH, 0.8, "one of several lines cut at the same width")

    def is_no_piece(self, line: Line) -> bool:
        """Whether a line says something whole by itself, as no piece of a wrapped paragraph does."""
        return self.repeats(line) or bool(signs.agency_in(line.bare) or signs.name_in(line.bare))

    # --- rules 6, 7 and 8

    def texts(self) -> Iterator[int]:
        """Places of the lines that can only be the article's text; a long headline that stands twice is none."""
        for place, line in enumerate(self.lines):
            if line.role is Role.PARAGRAPH or (line.role is None and shapes.is_text(line.bare)):
                if self.repeats(line) and not shapes.ends_with_stop(line.bare):
                    continue
                yield place

    def body_start(self) -> int:
        """Place of the first line that can only be the article's text."""
        return next(self.texts(), len(self.lines))

    def title_line(self) -> None:
        texts = [*self.texts()]
        start = texts[0] if texts else len(self.lines)
        found = self.given_title() or self.best_title(start, texts)
        if found is None:
            return
        self.title_at = found.place
        self.lines[found.place].take(Role.TITLE, found.confidence, found.reason)
        if found.place > start and any(text < found.place for text in texts) and self.is_below(found.place, texts):
            heads.above_a_late_title(self.lines, found.place, start)
        else:
            body = next((text for text in texts if text > found.place), len(self.lines))
            heads.around_the_title(self.lines, found.place, min(body, len(self.lines)))

    def is_below(self, place: int, texts: list[int]) -> bool:
        """Whether most of the text stands above the title."""
        above = sum(self.lines[text].length for text in texts if text < place)
        return above > sum(self.lines[text].length for text in texts if text > place)

    def given_title(self) -> Headline | None:
        places = [place for place, line in self.free() if self.given and shapes.key(line.bare) == self.given]
        return Headline(places[-1], 1.0, "it is the title that was given", 9) if places else None

    def best_title(self, start: int, texts: list[int]) -> Headline | None:
        above = find_headline(self.lines, 0, min(start, _HEAD_LINES), start)
        if above and above.points >= _WEAK:
            return above
        below = None
        if texts:
            last = texts[-1] + 1
            below = find_headline(self.lines, last, last + _TAIL_LINES, start, first=False)
        if below and below.points >= _WEAK + 1 and (above is None or below.points > above.points + 1.5):
            return Headline(below.place, min(below.confidence, 0.5), "no headline above the text, this one below it")
        return (
            above
            or self.title_after_first_text(texts)
            or find_headline(self.lines, 0, min(start, _HEAD_LINES), start, least=_LAST_RESORT)
        )

    def title_after_first_text(self, texts: list[int]) -> Headline | None:
        """The first long line is the headline itself, or a sentence of the page above it."""
        for later in [*texts[1:4], len(self.lines)]:
            if later > _HEAD_LINES or later == (texts or [0])[0]:
                break
            first = self.lines[texts[0]] if texts else None
            if first and shapes.ends_with_stop(first.bare) and later - texts[0] < 3:
                continue
            found = find_headline(self.lines, 0, later, later)
            if found:
                return Headline(found.place, 0.5, found.reason)
        return None

    # --- rules 9 and 10

    def body(self) -> None:
        start = 0 if self.title_at is None else self.title_at + 1
        if self.title_at is not None and not any(line.role is None for line in self.lines[start:]):
            start = 0
        self.lists(0)
        last = max(self.texts(), default=0)
        for place, line in self.free():
            if place < last and self.is_caption(line):
                line.take(Role.CAPTION, 0.8, "it has the words that stand with pictures")
            elif shapes.is_paragraph(line.bare):
                line.take(Role.PARAGRAPH, 0.9, "its length" if line.length > shapes.LONG else "it ends like a sentence")
            elif line.bare.endswith(":"):
                line.take(Role.PARAGRAPH, 0.6, "it ends with a colon")
        text = [place for place, line in enumerate(self.lines) if line.role in (Role.PARAGRAPH, Role.LIST)]
        if text:
            self.hours(text[0], text[-1])
            self.captions(text[0], text[-1])
        self.joined_paragraphs()

    def is_caption(self, line: Line) -> bool:
        return (
            signs.has_caption_sign(line.bare)
            and not shapes.ends_with_stop(line.bare)
            and not signs.agency_in(line.bare)
        )

    def lists(self, start: int) -> None:
        for place, line in self.free(start):
            neighbours = self.lines[max(0, place - 1) : place] + self.lines[place + 1 : place + 2]
            if line.bulleted and any(other.bulleted and other.role in (None, Role.LIST) for other in neighbours):
                line.take(Role.LIST, 0.8, "one of several lines with a bullet")

    def joined_paragraphs(self) -> None:
        """A line that does not end a sentence goes on in the next one, when no empty line is between them.

        Programs wrap at up to 110 characters; a longer line, or a subtitle, ends where it ends.
        """
        for before, line in pairwise(self.lines):
            if before.role is line.role is Role.PARAGRAPH and not line.gap and not shapes.ends_sentence(before.bare):
                wraps = before.length <= shapes.WRAP and before.confidence > 0.5
                line.joined = line.joined or (wraps and not before.bare.endswith(":"))

    def hours(self, first: int, last: int) -> None:
        for place, line in self.free(first, last):
            if signs.is_clock(line.bare) and place < last:
                line.take(Role.PARAGRAPH, 0.6, HOUR)

    def captions(self, first: int, last: int) -> None:
        for place, line in self.free(0 if self.title_at is None else self.title_at + 1, last):
            if self.in_a_row(place):
                line.take(Role.PARAGRAPH, 0.5, "one of several short lines in a row")
            elif line.length > _CAPTION:
                line.take(Role.PARAGRAPH, 0.5, "too long for a caption")
            elif place > first:
                line.take(Role.CAPTION, 0.7, "a short line between paragraphs")
            else:
                line.take(Role.CAPTION, 0.5, "a short line before the text")
        if self.title_at is not None and self.title_at > last:
            for place, line in self.free(first, last):
                if line.length <= _CAPTION and place > first:
                    line.take(Role.CAPTION, 0.7, "a short line between paragraphs")

    def in_a_row(self, place: int) -> bool:
        """Whether short lines without a role, or ones just taken for text, stand directly above or below."""
        line = self.lines[place]
        above = self.lines[place - 1] if place and not line.gap else None
        below = self.lines[place + 1] if place + 1 < len(self.lines) and not self.lines[place + 1].gap else None
        return any(
            other and (other.role is None or (other.confidence == 0.5 and other.role is Role.PARAGRAPH))
            for other in (above, below)
        )

    # --- the second half of rule 5, and rule 11

    def last_lines(self) -> None:
        text = [place for place, line in enumerate(self.lines) if line.role in (Role.PARAGRAPH, Role.LIST)]
        if text:
            signed = next((p for p in range(text[-1], len(self.lines)) if self.lines[p].role is Role.SIGN_UP), None)
            for _, line in self.free(text[-1]):
                if shapes.is_label(line.bare, self.language):
                    line.take(Role.CHROME, 0.6, "a label that nothing follows")
            endings.source_and_byline([line for _, line in self.free(text[-1], signed)], self.lines, _SOURCE)
        for _, line in self.free():
            line.take(Role.EXTRA, 0.3, "no rule places it")
