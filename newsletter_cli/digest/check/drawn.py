"""Text as a mail program draws it: what each stretch of a page inherits from the elements around it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter_cli.digest.check.css import values_of
from newsletter_cli.digest.check.tree import Element, PageTree

_NOT_DRAWN: Final = frozenset({"style", "title", "script", "head"})
_SLANTED: Final = frozenset({"em", "i", "cite", "dfn", "var", "address"})  # drawn so unless a style says otherwise
NORMAL_LINE: Final = 1.2  # what programs make of a line height that nobody set


@dataclass(frozen=True, slots=True)
class Drawn:
    """A stretch of text inside of one element."""

    text: str  # white space folded
    element: Element

    def chain(self) -> Iterator[Element]:
        """The elements around it, from the inside out."""
        return chain(self.element)

    @property
    def direction(self) -> str:
        """The nearest word about it; "" without one, "auto" around a reader's values."""
        for element in self.chain():
            said = values_of(element.style()).get("direction") or element.attributes.get("dir", "")
            if said:
                return said.strip().lower()
        return ""

    def inherited(self, name: str) -> str:
        """The value of an inherited property, "" where nobody set one."""
        for element in self.chain():
            if value := values_of(element.style()).get(name):
                return value
            if name == "font-style" and element.tag in _SLANTED:
                return "italic"
        return ""

    @property
    def font_size(self) -> float | None:
        """Pixels; None when nobody said, or in a unit that is not understood."""
        return pixels(self.inherited("font-size"))

    @property
    def line_ratio(self) -> float | None:
        """Line height as a multiple of the font's size; None when that cannot be told."""
        return ratio(self.inherited("line-height"), self.font_size)


def chain(element: Element) -> Iterator[Element]:
    """An element and what it stands in, from the inside out."""
    one: Element | None = element
    while one is not None:
        yield one
        one = one.parent


def drawn_texts(tree: PageTree) -> tuple[Drawn, ...]:
    """All that is drawn of a page, in its order: without head, styles and hidden lines."""
    return tuple(_drawn(tree.root))


def _drawn(element: Element) -> Iterator[Drawn]:
    if element.tag in _NOT_DRAWN or values_of(element.style()).get("display") == "none":
        return
    for child in element.children:
        if isinstance(child, Element):
            yield from _drawn(child)
        elif words := " ".join(child.split()):
            yield Drawn(words, element)


def pixels(value: str) -> float | None:
    """A length of CSS in pixels; None for units that depend on something else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(px|pt)", value.strip().lower())
    if match is None:
        return None
    return float(match[1]) * (4 / 3 if match[2] == "pt" else 1)


def ratio(line_height: str, size: float | None) -> float | None:
    """A line height as a multiple of the font's size."""
    value = line_height.strip().lower()
    if value in {"", "normal"}:
        return NORMAL_LINE if size else None
    if match := re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(%|em|)", value):
        return float(match[1]) / (100 if match[2] == "%" else 1)
    height = pixels(value)
    return height / size if height is not None and size else None
