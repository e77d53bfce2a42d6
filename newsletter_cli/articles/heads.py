"""What stands around the headline: its copies, the tag, the byline, the agency, captions, and what is left of menus."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from newsletter_cli.articles import furniture_lines as signs
from newsletter_cli.articles import lines as shapes
from newsletter_cli.articles.roles import Line, Role
from newsletter_cli.articles.titles import SAME

_KICKER: Final = 50  # characters, at most
_KICKER_WORDS: Final = 3  # a longer line under the title may as well be a caption
_MENU: Final = 40  # characters of a line above the title that is a menu's
_SITE: Final = 4  # letters of a name that may begin a longer one: «رووداو ديجيتال»
_ENTRY: Final = 25  # characters of an entry in a run of them
_MENU_WORDS: Final = 5
_RUN: Final = 3  # short lines without an empty one between them: a menu


def around_the_title(lines: Sequence[Line], title: int, body: int) -> None:
    """Roles for the lines above the title, and for those between it and the text at lines[body]."""
    _copies(lines, title, body)
    _other_headlines(lines)
    _site_names(lines, title, body)
    _facts(lines, title, body)
    _kicker(lines, title, body)
    for line in [line for line in lines if line.role is Role.KICKER][1:]:
        line.take(Role.CHROME, 0.6, "the name of another section")
    _bylines(lines, title, body)
    _above(lines, title)


def above_a_late_title(lines: Sequence[Line], title: int, body: int) -> None:
    """The headline stands below the text: short lines above the text are the page's."""
    _copies(lines, title, len(lines))
    _facts(lines, -1, body)
    for line in lines[:body]:
        if line.role is None and line.length <= _MENU:
            line.take(Role.CHROME, 0.6, "a short line at the top, such as a menu's")


# --- copies ----------------------------------------------------------------------------------------------------


def _copies(lines: Sequence[Line], title: int, body: int) -> None:
    """Other copies of the title: the page's list of headlines, and the browser's title with the site's name."""
    bare = lines[title].bare
    for place, line in enumerate(lines):
        if line.role is not None:
            continue
        if shapes.key(line.bare) == shapes.key(bare) and (place < body or len(shapes.key(bare)) >= SAME):
            line.take(Role.HEADLINE, 0.9, "a copy of the title" + (" with a bullet" if line.bulleted else ""))
        elif shapes.is_title_with_site(line.bare, bare) or shapes.is_title_after_section(line.bare, bare):
            line.take(Role.HEADLINE, 0.85, "the title with the site's name")
        elif place < title and shapes.is_cut_title(line.bare, bare, SAME):
            line.take(Role.HEADLINE, 0.8, "the beginning of the title")


def _other_headlines(lines: Sequence[Line]) -> None:
    """Lines with a bullet directly beside the title's copy are the page's other stories."""
    listed = [place for place, line in enumerate(lines) if line.role is Role.HEADLINE and line.bulleted]
    for start in listed:
        for step in (-1, 1):
            place = start + step
            while 0 <= place < len(lines) and lines[place].bulleted and lines[place].role is None:
                lines[place].take(Role.CHROME, 0.6, "another entry of the page's list of headlines")
                place += step


def _site_names(lines: Sequence[Line], title: int, body: int) -> None:
    """A line above the text that is the source's name, or stands behind the title in the browser's tab."""
    names = {shapes.key(line.value or line.bare) for line in lines if line.role is Role.SOURCE}
    names |= {shapes.key(shapes.site_of(line.bare, lines[title].bare)) for line in lines if line.role is Role.HEADLINE}
    names -= {""}
    last = next((line for line in reversed(lines) if line.role is None), None)
    for place, line in enumerate(lines[:body]):
        if line.role is None and line.length <= _KICKER and not signs.is_section(line.bare):
            same = shapes.key(line.bare)
            parts = {shapes.key(part) for part in signs.facts_of(line.bare)}
            begins = any(same.startswith(name) and len(name) > _SITE for name in names) and len(line.bare.split()) < 4
            if same in names or begins or (last and last is not line and shapes.key(last.bare) == same):
                line.take(Role.LOGO, 0.7, "the name of the site")
            elif (
                place > title
                and len(parts) > 1
                and not signs.has_caption_sign(line.bare)
                and any(part.startswith(tuple(names)) for part in parts if names)
            ):
                line.take(Role.LOGO, 0.6, "it has the name of the site in it")


# --- between title and text ------------------------------------------------------------------------------------


def _facts(lines: Sequence[Line], title: int, body: int) -> None:
    """Byline, agency and captions between the title and the text; a byline may also stand above the title."""
    named = any(line.role is Role.AUTHOR or line.author for line in lines)
    for place in [*range(title + 1, body), *range(max(0, title - 3), max(0, title))]:
        line = lines[place]
        if line.role is not None or line.bulleted:
            continue
        agency, name = signs.agency_in(line.bare), signs.name_in(line.bare)
        if name and agency:
            line.value, line.source, line.rest = name, signs.agency_of(line.bare), line.bare
            line.take(Role.AUTHOR, 0.7, "a reporter and the agency, beside the title")
        elif agency and not signs.is_section(line.bare):
            line.value, line.rest = agency, line.bare if shapes.key(agency) != shapes.key(line.bare) else ""
            line.take(Role.SOURCE, 0.8, "the agency that sent the report")
        elif name and (not named or place > title):
            line.value, line.rest = name, line.bare if shapes.key(name) != shapes.key(line.bare) else ""
            line.take(Role.AUTHOR, 0.7, "a person's name beside the title")
        elif signs.is_clock(line.bare):
            line.take(Role.CHROME, 0.6, "an hour beside the title")
        elif place > title and signs.is_section(line.bare) and place > title + 1:
            known = any(other.role is Role.KICKER for other in lines)
            line.take(Role.CHROME if known else Role.KICKER, 0.6, "the name of a section")
        elif place > title and signs.has_caption_sign(line.bare) and not shapes.ends_with_stop(line.bare):
            line.take(Role.CAPTION, 0.8, "it has the words that stand with pictures")


def _kicker(lines: Sequence[Line], title: int, body: int) -> None:
    above = _kicker_above(lines, title)
    under = lines[title + 1] if title + 1 < min(body, len(lines)) else None
    if under is None or under.role is not None or under.bulleted or shapes.ends_sentence(under.bare):
        under = None
    if under and under.length > _KICKER:
        under.take(Role.PARAGRAPH, 0.5, "a line under the title, too long for a tag")
        under = None
    words = len(under.bare.split()) if under else 0
    section = above is not None and signs.is_section(above.bare)
    if under and under.gap and words > _KICKER_WORDS:
        under.take(Role.CAPTION, 0.5, "a short line between title and text")
        under = None
    if under and (signs.is_section(under.bare) or (words <= _KICKER_WORDS and not section)):
        under.take(Role.KICKER, 0.6, "one short line right under the title")
    elif under and not section:
        under.take(Role.KICKER, 0.5, "one line right under the title; perhaps a caption")
    elif under:
        under.take(Role.CAPTION, 0.5, "a short line under the title, which has its tag above it")
    if above and not any(line.role is Role.KICKER for line in lines):
        above.take(Role.KICKER, 0.7 if section else 0.5, "one short line right above the title")


def _kicker_above(lines: Sequence[Line], title: int) -> Line | None:
    """The last free line above the title, unless it is the end of a menu; only dates and copies may stand between."""
    place = title - 1
    while place >= 0 and lines[place].role in (Role.DATE, Role.HEADLINE, Role.AUTHOR):
        place -= 1
    if place < 0 or lines[place].role is not None or lines[place].bulleted or lines[place].length > _KICKER:
        return None
    line = lines[place]
    same = [other for other in lines[:place] if shapes.key(other.bare) == shapes.key(line.bare)]
    if same and shapes.key(lines[place - 1].bare) == shapes.key(line.bare) and not signs.is_section(line.bare):
        return None  # a picture's description and its caption
    start, free, home = place, 1, False
    while start > 0 and not lines[start].gap and _is_menu_like(lines[start - 1]):
        start -= 1
        free += lines[start].role is None
        home = home or signs.is_home(lines[start].bare)
    if free >= (_RUN - home) and not same and not lines[place].gap:
        return None
    if signs.is_ticker(line.bare) or line.other or not any(map(str.isalpha, line.bare)):
        return None
    return line


def _is_menu_like(line: Line) -> bool:
    """A short line of words above the title, without a role or the page's own."""
    return line.role in (None, Role.CHROME, Role.LOGO) and line.length <= _ENTRY and line.date is None


def _bylines(lines: Sequence[Line], title: int, body: int) -> None:
    """Two or three words directly beside the date are the byline, when there is no other."""
    if any(line.role is Role.AUTHOR or line.author for line in lines):
        return
    for place in range(title + 1, body):
        line = lines[place]
        beside = [*lines[place - 1 : place], *lines[place + 1 : place + 2]]
        if line.role is None and signs.may_be_name(line.bare) and any(one.role is Role.DATE for one in beside):
            same = [one for one in lines[title:body] if shapes.key(one.bare) == shapes.key(line.bare)]
            for one in same:
                one.value = one.bare
                one.take(Role.AUTHOR, 0.5, "two or three words beside the date")
            return


# --- what is left above ----------------------------------------------------------------------------------------


def _above(lines: Sequence[Line], title: int) -> None:
    twice = Counter(shapes.key(line.bare) for line in lines[:title] if line.role is None)
    seen: set[str] = set()
    for line in lines[:title]:
        if line.role is not None:
            continue
        same = shapes.key(line.bare)
        long_enough = line.length > 15 and len(line.bare.split()) > 2 and not line.other
        if same in seen:
            line.take(Role.CHROME, 0.7, "a copy of the caption")
        elif (twice[same] > 1 and long_enough) or signs.has_caption_sign(line.bare):
            seen.add(same)
            line.take(Role.CAPTION, 0.6, "a caption above the title")
        elif signs.is_ticker(line.bare) or line.other:
            line.take(Role.CHROME, 0.6, "it stands among the page's other stories")
        elif line.length <= _MENU and len(line.bare.split()) <= _MENU_WORDS and not shapes.ends_with_stop(line.bare):
            line.take(Role.CHROME, 0.6, "a short line above the title, such as a menu's")
