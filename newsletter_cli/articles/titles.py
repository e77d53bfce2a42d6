"""Which line of a page is its headline: every line that may be one gets points, and the best one is taken.

A headline is repeated by its page, is as long as headlines are, stands close before the text and speaks of what the
text speaks of. Captions, menus and the headlines of other stories have some of that, never all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from newsletter_cli.articles import furniture_lines as signs
from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.roles import Line, Role
from newsletter_cli.language import fold

EXPECTED: Final = range(20, 141)  # characters
LONGEST: Final = 300
SAME: Final = 12  # letters that a repeated line must have
SAME_WITH_BULLET: Final = 4
LEAST: Final = 1.0  # points that a line needs
_SURE: Final = 3.0  # points that repetition gives
_GOOD: Final = 1.4  # points with which a line may be the headline
_FOLLOWS: Final = 1.2  # points that a line loses when such a one stands above it
_FOLLOWS_AT_ONCE: Final = 2.2  # … directly above it: this one is the subtitle
_TWICE_IN_A_ROW: Final = 0.5
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_STEM: Final = 4
_LEAD: Final = 700  # characters of the text that a headline is compared with
_NO_HEADLINE: Final = frozenset({Role.PARAGRAPH, Role.LIST, Role.TAGS, Role.RELATED})


@dataclass(frozen=True, slots=True)
class Headline:
    """The line that was found."""

    place: int  # index into the lines
    confidence: float
    reason: str
    points: float = 0.0


def find_headline(
    lines: Sequence[Line], start: int, end: int, body: int, *, first: bool = True, least: float = LEAST
) -> Headline | None:
    """The headline among the free lines of lines[start:end].

    body: the place of the first line of text.  first: the headline stands before lines that would do as well.  least:
    points that it needs.  None when no line there is good enough.
    """
    lead = _stems(" ".join(line.bare for line in lines[body : body + 6])[:_LEAD])
    copies = _Copies(lines, start, end)
    sites = {shapes.key(line.value) for line in lines if line.role is Role.SOURCE and line.value}
    scored: list[tuple[float, int]] = []
    for place in range(start, min(end, len(lines))):
        if lines[place].role is None and (first or not copies.among_the_text(place)):
            points = _points(lines, place, lead, copies)
            points -= 3 if shapes.key(lines[place].bare) in sites else 0
            scored.append((points - (_after_another(lines, scored, place, copies) if first else 0), place))
    if not scored or max(points for points, _ in scored) < least:
        return None
    best, found = max(_without_captions(scored, copies), key=lambda one: (one[0], -one[1]))
    return replace(_told(lines, found, copies), points=best)


def _after_another(lines: Sequence[Line], scored: Sequence[tuple[float, int]], place: int, copies: "_Copies") -> float:
    """The headline comes first; a subtitle or a caption that would do as well follows it."""
    good = [
        before
        for points, before in scored
        if points >= _GOOD
        and copies.points(before) != _TWICE_IN_A_ROW
        and (lines[before].length >= EXPECTED.start or copies.points(before) >= _SURE)
    ]
    if not good or copies.points(place) >= _SURE:
        return 0
    return _FOLLOWS_AT_ONCE if good[-1] == place - 1 else _FOLLOWS


def _without_captions(scored: list[tuple[float, int]], copies: "_Copies") -> list[tuple[float, int]]:
    """Without lines that stand twice in a row, which are a caption when a headline stands beside them."""
    rest = [one for one in scored if copies.points(one[1]) != _TWICE_IN_A_ROW]
    return rest if rest and max(points for points, _ in rest) >= LEAST + 1 else scored


def _told(lines: Sequence[Line], place: int, copies: "_Copies") -> Headline:
    line = lines[place]
    if copies.points(place) >= 2:
        plain = [other for other in copies.same(place) if not lines[other].bulleted]
        return Headline((plain or [place])[-1], 0.9, "it stands twice before the text")
    if line.length not in EXPECTED:
        return Headline(place, 0.5, "the likeliest line before the text")
    return Headline(place, 0.5 if line.bulleted else 0.6, "a headline's length, before the text")


# --- points ----------------------------------------------------------------------------------------------------


def _points(lines: Sequence[Line], place: int, lead: frozenset[str], copies: "_Copies") -> float:
    line = lines[place]
    if not any(map(str.isalpha, line.bare)) or line.length > LONGEST:
        return -9
    said = len(_stems(line.bare) & lead)
    share = said / max(1, len(_stems(line.bare)))
    repeated = copies.points(place)
    return (
        repeated
        + _length(line)
        + 3 * share * min(1, said / 3)
        + _nearness(lines, place)
        + _looks(lines, place, repeated >= _SURE)
    )


def _length(line: Line) -> float:
    words = len(line.bare.split())
    if line.length in EXPECTED:
        return 1.5
    if line.length > EXPECTED.stop:
        return 0.5 if not shapes.ends_with_stop(line.bare) else -2
    return 0.4 if words > 2 and line.length >= 12 else -0.2 if words > 1 else -1.5


def _nearness(lines: Sequence[Line], place: int) -> float:
    """A headline often has a date or a byline directly above or below it."""
    beside = [*lines[max(0, place - 1) : place], *lines[place + 1 : place + 3]]
    return 0.7 if any(line.role in (Role.DATE, Role.AUTHOR) for line in beside) else 0


def _looks(lines: Sequence[Line], place: int, repeated: bool) -> float:
    """What speaks against a line."""
    line = lines[place]
    text = line.bare
    points = 0.0
    if shapes.ends_with_stop(text):
        points -= 0.2 if shapes.ends_with_dots(text) else 4
    points -= 1 if line.bulleted else 0
    words = fold(text).split()
    points -= 1.5 if len(set(words)) < 0.7 * len(words) else 0
    points -= 3 if signs.has_caption_sign(text) else 0
    points -= 1.5 if signs.is_ticker(text) else 0
    points -= 2 if line.other else 0
    points -= 5 if (signs.is_section(text) and not repeated) or signs.agency_in(text) or signs.is_code(text) else 0
    points -= 3 if signs.name_in(text) else 0
    points -= 3 if re.search(r"https?://|www\.|@\w", text) or len(re.split(r"\s*[|•·]\s*", text)) > 2 else 0
    return points


def _stems(text: str) -> frozenset[str]:
    """The beginnings of a text's words, without articles and the small words that are glued to them."""
    return frozenset(_bare_word(word)[:_STEM] for word in _WORD.findall(fold(text)))


def _bare_word(word: str) -> str:
    for glued in ("وال", "بال", "لل", "ال", "وب", "و", "ب", "ل", "ה", "ב", "ל", "מ", "ו", "ש"):
        if word.startswith(glued) and len(word) - len(glued) >= 3:
            return word[len(glued) :]
    return word


# --- repetition ------------------------------------------------------------------------------------------------


class _Copies:
    """Which lines of the head say the same."""

    def __init__(self, lines: Sequence[Line], start: int, end: int) -> None:
        self.lines = lines
        self.keys: dict[str, list[int]] = {}
        self.crumbs: set[str] = set()
        for place, line in enumerate(lines[start:end], start):
            if line.role in _NO_HEADLINE:
                continue
            self.keys.setdefault(shapes.key(line.bare), []).append(place)
            if signs.is_crumbs(line.bare):
                self.crumbs.add(shapes.key(signs.last_crumb(line.bare)))
        self.found = {place: self._count(place) for places in self.keys.values() for place in places}

    def same(self, place: int) -> list[int]:
        return [other for other in self.keys.get(shapes.key(self.lines[place].bare), [place]) if self._may(other)]

    def points(self, place: int) -> float:
        return self.found.get(place, 0.0)

    def among_the_text(self, place: int) -> bool:
        """Whether the same line stands between paragraphs, as a caption does that a page shows twice."""
        same = shapes.key(self.lines[place].bare)
        return any(line.role is None and shapes.key(line.bare) == same for line in self.lines[:place])

    def _may(self, place: int) -> bool:
        """A copy right after a label is a caption that is repeated."""
        return not place or self.lines[place - 1].role not in (Role.SOURCE, Role.CAPTION)

    def _count(self, place: int) -> float:
        line = self.lines[place]
        same = self.same(place)
        own = shapes.key(line.bare)
        if place in same and len(same) > 1:
            bullets = {self.lines[other].bulleted for other in same}
            if bullets == {True, False} and len(own) >= SAME_WITH_BULLET:
                return _SURE + 1
            if len(own) >= SAME and len(same) > 1:
                # Twice in a row: a picture's description and its caption do that too.
                return _TWICE_IN_A_ROW if max(same) - min(same) == 1 and len(same) == 2 else _SURE
        if len(self.keys.get(own, ())) > 1 and len(own) >= SAME:
            return _TWICE_IN_A_ROW  # a copy of it follows a label: a caption that is repeated
        if len(own) >= SAME and (own in self.crumbs or any(self._others(line))):
            return _SURE
        return 0.0

    def _others(self, line: Line) -> Iterator[bool]:
        """Whether other lines are this one with the site's name, with a section before it, or cut short."""
        for places in self.keys.values():
            other = self.lines[places[0]].bare
            if other == line.bare:
                continue
            yield (
                shapes.is_title_with_site(other, line.bare)
                or shapes.is_title_after_section(other, line.bare)
                or shapes.is_cut_title(other, line.bare, SAME)
            )
