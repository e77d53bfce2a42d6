"""H306: can the words be read, in the light palette and in the theme's own dark one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from newsletter_cli.digest.check.colours import Colour, as_hex, background_of, contrast, read_colour
from newsletter_cli.digest.check.css import CssRule, matches, rules
from newsletter_cli.digest.check.finding import Hit, Level, Phrase
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.check.tree import Element, PageTree
from newsletter_cli.digest.model import Issue

TEXT: Final = 4.5  # WCAG 2.2 §1.4.3
LARGE_TEXT: Final = 3.0
LARGE: Final = 24.0  # pixels; 18.66 when bold
LARGE_BOLD: Final = 18.66

_DARK: Final = re.compile(r"prefers-color-scheme\s*:\s*dark")
_WHITE: Final = (255.0, 255.0, 255.0)
_BLACK: Final = (0.0, 0.0, 0.0)
_LINK: Final = (0.0, 0.0, 238.0)  # what browsers give a link without a colour
_UNSEEN: Final = frozenset({"head", "style", "title", "script"})
_BOLD: Final = frozenset({"b", "strong", "h1", "h2", "h3", "h4", "th"})


@dataclass(frozen=True, slots=True)
class _Look:
    """What an element hands down to its words."""

    colour: Colour | None  # None: the mail program's own
    ground: Colour | None
    size: float  # pixels
    bold: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class _Dark:
    """One selector of the dark palette, with what is set under it."""

    selector: str
    classes: frozenset[str]  # that an element must have: most have none, and need not be looked at further
    rule: CssRule


@dataclass(frozen=True, slots=True)
class _Pair:
    """Words that are hard to read."""

    palette: str  # "light" | "dark"
    colour: str
    ground: str
    ratio: float
    needed: float


def contrasts(page: PageTree, issue: Issue) -> Iterator[Hit]:
    """Each pair of colours that is too close, once for a palette."""
    dark = tuple(
        _Dark(selector, frozenset(selector.rpartition(" ")[2].split(".")[1:]), rule)
        for css in page.styles
        for rule in rules(css)
        if _DARK.search(rule.within)
        for selector in rule.selectors
    )
    pairs = [*_pairs(page, "light", ()), *(_pairs(page, "dark", dark) if dark else ())]
    for pair in dict.fromkeys(pairs):
        palette = Phrase(
            f"the {pair.palette} palette ({pair.colour} on {pair.ground})",
            f"الألوان {'الفاتحة' if pair.palette == 'light' else 'الداكنة'} ({pair.colour} على {pair.ground})",
        )
        file, line = find_in_theme(issue, re.escape(pair.colour))
        if line is None:
            file, line = find_in_theme(issue, re.escape(pair.ground))
        level = Level.ERROR if pair.ratio < LARGE_TEXT else Level.WARNING
        values = {"ratio": f"{pair.ratio:.1f}", "palette": palette}
        yield Hit(code="H306", file=file, line=line, level=level, values=values)


def _pairs(page: PageTree, palette: str, dark: tuple[_Dark, ...]) -> Iterator[_Pair]:
    start = _Look(_BLACK, _WHITE, 16, False, False) if palette == "light" else _Look(None, None, 16, False, False)
    yield from _below(page.root, start, (), palette, dark)


def _below(
    element: Element,
    look: _Look,
    chain: tuple[tuple[str, frozenset[str]], ...],
    palette: str,
    dark: tuple[_Dark, ...],
) -> Iterator[_Pair]:
    for child in element.children:
        if isinstance(child, Element):
            if child.tag not in _UNSEEN:
                here = (*chain, (child.tag, frozenset(child.attributes.get("class", "").split())))
                yield from _below(child, _looked(child, look, here, dark), here, palette, dark)
        elif re.search(r"\w", child) and not look.hidden and look.colour is not None and look.ground is not None:
            needed = LARGE_TEXT if look.size >= LARGE or (look.bold and look.size >= LARGE_BOLD) else TEXT
            ratio = contrast(look.colour, look.ground)
            if ratio < needed - 0.005:
                yield _Pair(palette, as_hex(look.colour), as_hex(look.ground), round(ratio, 2), needed)


def _looked(
    element: Element, above: _Look, chain: tuple[tuple[str, frozenset[str]], ...], dark: tuple[_Dark, ...]
) -> _Look:
    own = _own_style(element, chain, dark)
    ground = above.ground
    painted = own.get("background-color") or element.attributes.get("bgcolor", "")
    below = ground or _WHITE
    if "background-color" not in own and "background" in own:
        ground = background_of(own["background"], below) or ground
    elif painted:
        ground = read_colour(painted, below) or ground
    look = replace(above, ground=ground)
    if element.tag == "a" and "color" not in own and "href" in element.attributes and above.colour is not None:
        look = replace(look, colour=_LINK if not dark else None)
    if "color" in own and own["color"].lower() != "inherit":
        look = replace(look, colour=read_colour(own["color"], ground or _WHITE) or look.colour)
    elif own.get("color", "").lower() == "inherit":
        look = replace(look, colour=above.colour)
    return _sized(look, element, own)


def _sized(look: _Look, element: Element, own: dict[str, str]) -> _Look:
    if match := re.fullmatch(r"([\d.]+)(px|pt)", own.get("font-size", "").strip()):
        look = replace(look, size=float(match[1]) * (4 / 3 if match[2] == "pt" else 1))
    weight = own.get("font-weight", "")
    if weight:
        look = replace(look, bold=weight in {"bold", "bolder"} or (weight.isdigit() and int(weight) >= 600))
    elif element.tag in _BOLD:
        look = replace(look, bold=True)
    gone = own.get("display") == "none" or own.get("visibility") == "hidden" or look.size < 2
    return replace(look, hidden=look.hidden or gone)


def _own_style(
    element: Element, chain: tuple[tuple[str, frozenset[str]], ...], dark: tuple[_Dark, ...]
) -> dict[str, str]:
    """The element's style attribute, and what the dark rules put over it: with !important, or where it says nothing."""
    found = {one.name: one.value for one in element.style()}
    inline = frozenset(found)
    classes = chain[-1][1]
    for one_of in dark:
        if one_of.classes <= classes and matches(one_of.selector, chain):
            for one in one_of.rule.declarations:
                if one.important or one.name not in inline:
                    found[one.name] = one.value
                    if one.name == "background":  # the shorthand takes the colour away again
                        found.pop("background-color", None)
    return found
