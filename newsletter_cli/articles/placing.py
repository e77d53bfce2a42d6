"""What each line of a page saved as text is: one role each, with a confidence and its reason.

    furniture → date → labels → title (by its repetition) → kicker → paragraphs, captions, lists → source → the rest

The first rule that fits a line wins. No line is lost: what no rule places is an extra, and said so.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.furniture import Furniture, Label
from newsletter_cli.articles.keys import FIELDS, field_of
from newsletter_cli.articles.roles import Line, Role
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
_TITLE: Final = range(20, 141)  # characters
_SAME: Final = 12  # letters that a repeated line must have
_SAME_WITH_BULLET: Final = 5
_CAPTION: Final = 90  # characters; a longer line before the text is its beginning
_KICKER: Final = 50  # characters, at most
_SOURCE: Final = 80
_DATE: Final = 130
_VALUE_ABOVE: Final = 40  # what may follow a label of one word above the text
_INVITATION: Final = 200
_HEADLINE: Final = 200
_HEAD_LINES: Final = 200  # content lines among which a headline is looked for
_LOGO_PLACE: Final = 8  # content lines from the top in which a Latin word is a logo


def place(text: str, *, language: str, newsroom: str = "", title: str = "") -> tuple[Line, ...]:
    """The content lines of a text with their roles; every one has one.

    language: of the page.  newsroom: its name, which may stand where the logo was.  title: given by the editor, "" =
    find it.  Never raises.
    """
    page = _Page(list(_content(text)), language, newsroom, title)
    page.furniture()
    page.dates()
    page.labels()
    page.wrapped()
    page.title_line()
    page.under_the_title()
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
        bare, bulleted = shapes.without_bullet(line)
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
        after_heading = False
        for place, line in self.free():
            found = shapes.furniture_of(line.bare)
            if found:
                line.take(_ROLE_OF_FURNITURE.get(found, Role.CHROME), 0.95, f"page furniture: {found}")
            elif after_heading and self.is_invitation(line):
                line.take(Role.SIGN_UP, 0.95, "it follows the heading of the sign-up")
            elif shapes.begins_invitation(line.bare) and line.length <= _INVITATION:
                line.take(Role.SIGN_UP, 0.8, "it invites to sign up")
            elif self.is_logo(place, line):
                line.take(Role.LOGO, 0.8, "a Latin word, or the newsroom's name, among the first lines")
            after_heading = found is Furniture.SIGN_UP

    def is_invitation(self, line: Line) -> bool:
        if line.length > _INVITATION or line.bulleted or read_date(line.bare, self.language):
            return False
        return not self.repeats(line) and shapes.label_of(line.bare, self.language) is None

    def repeats(self, line: Line) -> bool:
        same = shapes.key(line.bare)
        return len(same) >= _SAME and self.copies[same] > 1

    def is_logo(self, place: int, line: Line) -> bool:
        if place >= _LOGO_PLACE or line.bulleted or place >= self.body_start():
            return False
        if self.newsroom and fold(line.bare) == self.newsroom:
            return True
        return shapes.names_logo(line.bare) or (
            direction_of(self.language) == "rtl" and shapes.is_latin_name(line.bare)
        )

    # --- rule 3

    def dates(self) -> None:
        for _, line in self.free():
            if line.length > _DATE:
                continue
            line.date = read_date(line.bare, self.language)
            if line.date:
                line.take(Role.DATE, 0.9 if line.date.date else 0.6, line.date.warning or "the whole line is a date")

    # --- rules 4 and 5

    def labels(self) -> None:
        before = self.body_start()
        for place, line in self.free():
            found = shapes.label_of(line.bare, self.language) if line.role is None else None
            if not found or self.is_headline_with_colon(found, line, place < before):
                continue
            kind, line.label, line.value = found
            line.kind = kind
            if line.value:
                line.take(_ROLE_OF_LABEL[kind], 0.95, f"it begins with “{line.label}”")
            else:
                self.label_alone(place, line, kind)

    def is_headline_with_colon(self, found: tuple[Label, str, str], line: Line, above: bool) -> bool:
        """«مصدر: الحكومة تعلن غدا…» above the text is a headline, although it begins like a source line."""
        kind, label, value = found
        short = len(value) <= _VALUE_ABOVE or " " in label or kind not in (Label.SOURCE, Label.RELATED)
        return self.repeats(line) or (above and not short)

    def label_alone(self, place: int, line: Line, kind: Label) -> None:
        """A label on a line of its own speaks for the next one, or for the list after it."""
        followers: list[Line] = []
        for _, other in self.free(place + 1, place + 9):
            if (
                other.length > _HEADLINE
                or shapes.ends_with_stop(other.bare)
                or shapes.label_of(other.bare, self.language)
            ):
                break
            if followers and not (other.bulleted and followers[-1].bulleted):
                break
            followers.append(other)
        if not followers or self.lines[place + 1] is not followers[0]:
            line.take(Role.CHROME, 0.6, "a label that no headline follows")
            return
        line.take(_ROLE_OF_LABEL[kind], 0.8, "a label; what it speaks of stands on the next line")
        for other in followers:
            other.value, other.label, other.kind = other.bare, line.label, kind
            other.take(_ROLE_OF_LABEL[kind], 0.8, f"it follows “{line.label}”")

    # --- lines that were cut at one width

    def wrapped(self) -> None:
        """Three or more lines in a row of nearly one length: a paragraph that a program has wrapped."""
        group: list[Line] = []
        for line in [*self.lines, None]:
            goes_on = line is not None and line.role is None and not line.bulleted and not (line.gap and group)
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
        for before, line in pairwise([None, *group]):
            if line:
                line.joined = before is not None
                line.take(Role.PARAGRAPH, 0.8, "one of several lines cut at the same width")

    # --- rules 6 and 7

    def body_start(self) -> int:
        """Place of the first line that can only be the article's text."""
        for place, line in enumerate(self.lines):
            if line.role is Role.PARAGRAPH or (line.role is None and shapes.is_text(line.bare)):
                return place
        return len(self.lines)

    def title_line(self) -> None:
        before = min(self.body_start(), _HEAD_LINES)
        found = self.given_title() or self.repeated(before) or self.likely(before) or self.short_title(before)
        if found is None:
            return
        self.title_at, confidence, reason = found
        self.lines[self.title_at].take(Role.TITLE, confidence, reason)
        self.headlines(before)

    def given_title(self) -> tuple[int, float, str] | None:
        places = [place for place, line in self.free() if self.given and shapes.key(line.bare) == self.given]
        return (places[-1], 1.0, "it is the title that was given") if places else None

    def repeated(self, before: int) -> tuple[int, float, str] | None:
        """A line that stands twice before the text is the title. After a label it may be a caption that is repeated."""
        groups: dict[str, list[int]] = {}
        for place, line in self.free(0, before):
            after_label = place and self.lines[place - 1].role in (Role.SOURCE, Role.CAPTION)
            if not after_label:
                groups.setdefault(shapes.key(line.bare), []).append(place)
        twice = [places for same, places in groups.items() if len(places) > 1 and self.long_enough(same, places)]
        if not twice:
            return None
        # A copy with a bullet is the page's list of headlines: the surest sign.
        places = max(twice, key=lambda places: (any(self.lines[place].bulleted for place in places), -places[0]))
        plain = [place for place in places if not self.lines[place].bulleted]
        return (plain or places)[-1], 0.9, "it stands twice before the text"

    def long_enough(self, same: str, places: list[int]) -> bool:
        """Short lines repeat by chance (a section's name); one with a bullet beside one without hardly does."""
        bullets = {self.lines[place].bulleted for place in places}
        return len(same) >= (_SAME_WITH_BULLET if bullets == {True, False} else _SAME)

    def likely(self, before: int) -> tuple[int, float, str] | None:
        for bulleted in (False, True):
            for place, line in self.free(0, before):
                fits = line.length in _TITLE and not shapes.ends_with_stop(line.bare) and line.bulleted == bulleted
                if fits and self.longer_follows(place) and not self.is_other_copy(line, before):
                    return place, 0.5 if bulleted else 0.6, "a headline's length, before the text"
        return None

    def is_other_copy(self, line: Line, before: int) -> bool:
        """Whether another line is the title, and this one only the same with the site's name, or cut short."""
        others = [other.bare for _, other in self.free(0, before) if other is not line]
        return any(
            shapes.is_title_with_site(line.bare, other) or shapes.is_cut_title(line.bare, other, _SAME)
            for other in others
        )

    def longer_follows(self, place: int) -> bool:
        return any(other.length > self.lines[place].length for other in self.lines[place + 1 :])

    def short_title(self, before: int) -> tuple[int, float, str] | None:
        """Two words or more right before the text, when nothing of a headline's length is there."""
        free = [(place, line) for place, line in self.free(0, before) if not shapes.ends_with_stop(line.bare)]
        named = [place for place, line in free if len(line.bare.split()) > 1 and line.length < _TITLE.start]
        return (named[0], 0.5, "the only line before the text") if named and before < len(self.lines) else None

    def headlines(self, before: int) -> None:
        """Other copies of the title: the page's list of headlines, and the browser's title with the site's name."""
        assert self.title_at is not None
        title = self.lines[self.title_at].bare
        for place, line in self.free(0, before):
            if shapes.key(line.bare) == shapes.key(title):
                line.take(Role.HEADLINE, 0.9, "a copy of the title" + (" with a bullet" if line.bulleted else ""))
            elif place < self.title_at and shapes.is_title_with_site(line.bare, title):
                line.take(Role.HEADLINE, 0.85, "the title with the site's name")
            elif place < self.title_at and shapes.is_cut_title(line.bare, title, _SAME):
                line.take(Role.HEADLINE, 0.8, "the beginning of the title")
        self.other_headlines()

    def other_headlines(self) -> None:
        """Lines with a bullet directly beside the title's copy are the page's other stories."""
        listed = [place for place, line in enumerate(self.lines) if line.role is Role.HEADLINE and line.bulleted]
        for start in listed:
            for step in (-1, 1):
                place = start + step
                while 0 <= place < len(self.lines) and self.lines[place].bulleted and self.lines[place].role is None:
                    self.lines[place].take(Role.CHROME, 0.6, "another entry of the page's list of headlines")
                    place += step

    # --- rule 8

    def under_the_title(self) -> None:
        if self.title_at is None:
            return
        start = self.title_at + 1
        under = self.free(start, max(start, self.body_start()))
        if under and not under[0][1].bulleted and not shapes.ends_sentence(under[0][1].bare):
            line = under[0][1]
            if line.length <= _KICKER:
                line.take(Role.KICKER, 0.6, "one short line right under the title")
            else:
                line.take(Role.PARAGRAPH, 0.5, "a line under the title, too long for a tag")
        above = self.free(0, self.title_at)
        has_kicker = any(line.role is Role.KICKER for line in self.lines)
        if above and not has_kicker and above[-1][1].length <= _KICKER and not above[-1][1].bulleted:
            above[-1][1].take(Role.KICKER, 0.5, "one short line right above the title")

    # --- rules 9 and 10

    def body(self) -> None:
        start = 0 if self.title_at is None else self.title_at + 1
        self.lists(start)
        for _, line in self.free(start):
            if shapes.is_paragraph(line.bare):
                line.take(Role.PARAGRAPH, 0.9, "its length" if line.length > shapes.LONG else "it ends like a sentence")
            elif line.bare.endswith(":"):
                line.take(Role.PARAGRAPH, 0.6, "it ends with a colon")
        self.joined_paragraphs()
        text = [place for place, line in enumerate(self.lines) if line.role in (Role.PARAGRAPH, Role.LIST)]
        if text:
            self.captions(start, text[0], text[-1])

    def lists(self, start: int) -> None:
        for place, line in self.free(start):
            neighbours = self.lines[max(0, place - 1) : place] + self.lines[place + 1 : place + 2]
            if line.bulleted and any(other.bulleted and other.role in (None, Role.LIST) for other in neighbours):
                line.take(Role.LIST, 0.8, "one of several lines with a bullet")

    def joined_paragraphs(self) -> None:
        """A line that does not end a sentence goes on in the next one, when no empty line is between them."""
        for before, line in pairwise(self.lines):
            if before.role is line.role is Role.PARAGRAPH and not line.gap and not shapes.ends_sentence(before.bare):
                line.joined = line.joined or not before.bare.endswith(":")

    def captions(self, start: int, first: int, last: int) -> None:
        for place, line in self.free(start, last):
            if self.in_a_row(place):
                line.take(Role.PARAGRAPH, 0.5, "one of several short lines in a row")
            elif place < first and line.length > _CAPTION:
                line.take(Role.PARAGRAPH, 0.5, "too long for a caption")
            elif place > first:
                line.take(Role.CAPTION, 0.7, "a short line between paragraphs")
            else:
                line.take(Role.CAPTION, 0.5, "a short line before the text")

    def in_a_row(self, place: int) -> bool:
        """Whether short lines without a role, or ones just taken for text, stand directly above or below."""
        line = self.lines[place]
        above = self.lines[place - 1] if place and not line.gap else None
        below = self.lines[place + 1] if place + 1 < len(self.lines) and not self.lines[place + 1].gap else None
        return any(other and (other.role is None or other.confidence == 0.5) for other in (above, below))

    # --- the second half of rule 5, and rule 11

    def last_lines(self) -> None:
        text = [place for place, line in enumerate(self.lines) if line.role in (Role.PARAGRAPH, Role.LIST)]
        if text and not any(line.role is Role.SOURCE for line in self.lines):
            signs = (place for place in range(text[-1], len(self.lines)) if self.lines[place].role is Role.SIGN_UP)
            ends = [
                line for _, line in self.free(text[-1], next(signs, None)) if shapes.may_be_source(line.bare, _SOURCE)
            ]
            if ends:
                ends[-1].take(Role.SOURCE, 0.6, "the last short line of the article")
        for _, line in self.free():
            line.take(Role.EXTRA, 0.3, "no rule places it")
