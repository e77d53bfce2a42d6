"""What pages put after the text, and between its parts: related headlines, other stories, comments, codes, a source."""

import re
from collections.abc import Sequence
from typing import Final

from newsletter_cli.articles import furniture_lines as signs
from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.furniture import Furniture
from newsletter_cli.articles.lines import label_of
from newsletter_cli.articles.roles import Line, Role
from newsletter_cli.language import fold

HEADLINE: Final = 200  # characters
_TAG: Final = 35
_AGO: Final = re.compile(r"^(?:منذ|قبل|il y a|לפני) |(?: ago| پیش| پہلے)$")
_REPLIES: Final = frozenset(
    fold(word)
    for word in (
        "رد",
        "الرد",
        "Reply",
        "پاسخ",
        "پاسخ دادن",
        "הגב",
        "הגיבו",
        "جواب",
        "جواب دیں",
        "Répondre",
        "إعجاب",
        "Like",
    )
)
_SOURCE_WORDS: Final = 6
_KEEPS: Final = frozenset({Role.SIGN_UP, Role.RELATED, Role.TAGS, Role.SOURCE})


def _texts(lines: Sequence[Line]) -> list[int]:
    return [
        place
        for place, line in enumerate(lines)
        if line.role is Role.PARAGRAPH or (line.role is None and shapes.is_text(line.bare))
    ]


# --- readers' comments -----------------------------------------------------------------------------------------


def comments(lines: Sequence[Line]) -> None:
    """What readers wrote under the text: after a heading such as «التعليقات (2)», when answers or hours show it."""
    texts = _texts(lines)
    for place, line in enumerate(lines):
        if not _heads_comments(line) or not texts or place < texts[0]:
            continue
        rest = lines[place + 1 :]
        before = sum(lines[text].length for text in texts if text < place)
        after = sum(lines[text].length for text in texts if text > place)
        if after < before and any(map(_shows_a_comment, rest)):
            for other in rest:
                if other.furniture in (Furniture.SIGN_UP, Furniture.RIGHTS, Furniture.STORIES):
                    break
                if other.role is None:
                    other.take(Role.CHROME, 0.7, "a reader's comment")
            return


def _heads_comments(line: Line) -> bool:
    if line.furniture is Furniture.READERS:
        return fold(line.bare) not in _REPLIES
    return line.furniture is Furniture.COUNTER and any(
        word in fold(line.bare) for word in ("تعليق", "comment", "نظر", "ديدگاه", "תגובות", "تبصر")
    )


def _shows_a_comment(line: Line) -> bool:
    return fold(line.bare) in _REPLIES or bool(_AGO.search(fold(line.bare)))


# --- lists under a label ---------------------------------------------------------------------------------------


def listed_under(lines: Sequence[Line], place: int, language: str, *, tags: bool) -> list[Line]:
    """The headlines (or tags) under a label that stands alone.

    Amid the text they end at the next empty line, or are one line; after it they go on until something else begins.
    """
    amid = any(text > place for text in _texts(lines))
    found: list[Line] = []
    for other in lines[place + 1 : place + 25]:
        if found and other.role in (Role.DATE, Role.CHROME) and _is_beside(other):
            other.take(Role.CHROME, 0.7, "it belongs to a related headline")
            continue
        if tags and other.furniture is Furniture.NAVIGATION and not other.gap:
            found.append(other)  # «الطقس» is an entry of a menu too
            continue
        if not _may_be_listed(other, language, tags=tags):
            break
        if found and (other.gap or not (other.bulleted or _is_packed(found))) and amid and not _in_list(found, other):
            break
        if found and other.gap and not amid and _ends_the_list(other, found):
            break
        found.append(other)
    return found


def _is_beside(line: Line) -> bool:
    return line.role is Role.DATE or line.furniture in (Furniture.COUNTER, Furniture.SHARE)


def _may_be_listed(line: Line, language: str, *, tags: bool) -> bool:
    if line.role is not None or line.length > (_TAG if tags else HEADLINE):
        return False
    if line.bare.startswith("#") and not tags:
        return False
    return not shapes.is_text(line.bare) and label_of(line.bare, language) is None


def _is_packed(found: Sequence[Line]) -> bool:
    """Whether the list so far has no empty lines in it."""
    return not any(line.gap for line in found[1:])


def _in_list(found: Sequence[Line], line: Line) -> bool:
    return found[-1].bulleted and line.bulleted


def _ends_the_list(line: Line, found: Sequence[Line]) -> bool:
    """After an empty line, the name of an agency or a paper is the source and no headline."""
    if signs.agency_in(line.bare) or signs.names_press(line.bare):
        return True
    return len(line.bare.split()) <= 3 and all(len(other.bare.split()) > 4 for other in found)


# --- other stories ---------------------------------------------------------------------------------------------


def other_stories(lines: Sequence[Line]) -> None:
    """Headlines under «الأكثر قراءة»: after the text they are the page's; above it they lose points as headlines."""
    texts = _texts(lines)
    for place, line in enumerate(lines):
        heads = line.furniture is Furniture.STORIES
        if heads and texts and place > texts[-1]:
            _take_listed(lines, place)
        elif heads:
            _mark(lines, place + 1)


def _take_listed(lines: Sequence[Line], place: int) -> None:
    for other in lines[place + 1 :]:
        if other.role in _KEEPS or other.furniture in (Furniture.RIGHTS, Furniture.SIGN_UP):
            return
        if other.role in (None, Role.DATE):
            if other.gap and other.role is None and (signs.agency_in(other.bare) or signs.names_press(other.bare)):
                continue
            other.take(Role.CHROME, 0.6, "it stands under the heading of the page's other stories")


def _mark(lines: Sequence[Line], place: int) -> None:
    """Above the text: the lines up to the next empty one, or to the one that a date or a byline follows."""
    run: list[Line] = []
    for other in lines[place : place + 20]:
        if other.role is Role.CHROME and not any(map(str.isalpha, other.bare)):
            continue  # the numbers of a list
        if other.role is not None or (other.gap and run) or shapes.is_text(other.bare):
            break
        run.append(other)
    following = lines[place + len(run)] if place + len(run) < len(lines) else None
    if run and following is not None and following.role in (Role.DATE, Role.AUTHOR):
        run.pop()
    for other in run:
        other.other = not signs.is_section(other.bare) and (len(run) > 1 or other.bulleted or not other.gap)


# --- after the end mark ----------------------------------------------------------------------------------------


def after_the_text(lines: Sequence[Line]) -> None:
    """After «/انتهى/» there are initials, an hour and a number of the agency, and lines of the page."""
    texts = _texts(lines)
    ends = [
        place
        for place, line in enumerate(lines)
        if line.furniture is Furniture.END or (line.role in (None, Role.PARAGRAPH) and shapes.has_end_mark(line.bare))
    ]
    for line in lines[texts[-1] + 1 :] if texts else ():
        if line.role is None and signs.is_code(line.bare) and not signs.agency_in(line.bare):
            line.take(Role.CHROME, 0.7, "a code of letters or digits under the text")
    if not texts or not ends or ends[-1] < texts[0]:
        return
    end = next(place for place in ends if place >= texts[0])
    before = sum(lines[text].length for text in texts if text <= end)
    if sum(lines[text].length for text in texts if text > end) > before:
        return
    for line in lines[end + 1 :]:
        if line.role is None and signs.is_code(line.bare) and not signs.agency_in(line.bare):
            line.take(Role.CHROME, 0.8, "the agency's own code after its report")


# --- the last short lines --------------------------------------------------------------------------------------


def source_and_byline(free: Sequence[Line], lines: Sequence[Line], longest: int) -> None:
    """The source among the last short lines, and the reporter's name."""
    if not any(line.role is Role.AUTHOR or line.author for line in lines):
        named = next((line for line in free if signs.name_in(line.bare)), None)
        if named:
            named.value = signs.name_in(named.bare)
            named.rest = named.bare if shapes.key(named.value) != shapes.key(named.bare) else ""
            named.take(Role.AUTHOR, 0.6, "a person's name under the text")
    known = any(line.role is Role.SOURCE and line.confidence >= 0.8 and not line.rest for line in lines)
    left = [line for line in free if line.role is None and shapes.may_be_source(line.bare, longest)]
    sure = [line for line in left if signs.agency_in(line.bare) or signs.names_press(line.bare)]
    short = [line for line in left if len(line.bare.split()) <= _SOURCE_WORDS and not line.bulleted]
    if sure and (not known or not short):
        sure[-1].value = sure[-1].bare.strip("()[]/ ")
        sure[-1].take(Role.SOURCE, 0.6, "the name of an agency or a paper under the text")
    elif short and not any(line.role is Role.SOURCE for line in lines):
        short[-1].take(Role.SOURCE, 0.6, "the last short line of the article")
