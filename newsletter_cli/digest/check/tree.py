"""The page as a mail program reads it: elements with their attributes, words and style, slots filled with stand-ins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

from newsletter_cli.digest.check.css import Declaration, declarations
from newsletter_cli.digest.expressions import LINKS
from newsletter_cli.digest.model import Issue
from newsletter_cli.digest.slots import without_pieces
from newsletter_cli.mail.document import BlockPiece, Document, Slot, Static

SLOT: Final = "slot:"  # stands where a reader's own address will: href="slot:view"

_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_LINK_PIECE: Final = re.compile(rf"\[\[\s*({'|'.join(sorted(LINKS))})\s*\]\]")


@dataclass(slots=True, eq=False)
class Element:
    """One element; `children` are elements and texts in order."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    declared: tuple[Declaration, ...] = ()  # in its own style attribute
    children: "list[Element | str]" = field(default_factory=list)

    def walk(self) -> "Iterator[Element]":
        """The elements inside, in the order of the page; without itself."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def words(self) -> str:
        """The text inside."""
        return "".join(child if isinstance(child, str) else child.words() for child in self.children)

    def style(self) -> tuple[Declaration, ...]:
        """Its own style attribute."""
        return self.declared


@dataclass(frozen=True, slots=True)
class PageTree:
    """A page, parsed."""

    root: Element
    elements: tuple[Element, ...]  # all of them, in the order of the page
    styles: tuple[str, ...]  # of its style elements, in order

    def all(self, *tags: str) -> Iterator[Element]:
        """Elements of these names, or every element."""
        return (one for one in self.elements if not tags or one.tag in tags)


def read_page(issue: Issue) -> PageTree:
    """The HTML of an issue. Every branch of a [% if %] is in it."""
    return read_document(issue.html)


@lru_cache(maxsize=1)  # seven rules look at the same page one after the other
def read_document(document: Document) -> PageTree:
    """The same of the page of a frozen version."""
    reader = _Reader()
    reader.feed(page_text(document))
    reader.close()
    elements = tuple(reader.elements)
    return PageTree(reader.root, elements, tuple(one.words() for one in elements if one.tag == "style"))


def page_text(document: Document) -> str:
    """A document as text: addresses of the reader as slot:NAME, other slots as one letter."""
    return "".join(_shown(piece) for piece in document.pieces)


def _shown(piece: Static | Slot | BlockPiece) -> str:
    if isinstance(piece, Static):
        return piece.text
    if isinstance(piece, Slot):
        return f"{SLOT}{piece.expression}" if piece.expression in LINKS else "x"
    return without_pieces(_LINK_PIECE.sub(rf"{SLOT}\1", piece.source))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self.elements: list[Element] = []
        self._open = self.root
        self._read: dict[str, tuple[Declaration, ...]] = {}  # a page says the same few styles over and over

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        style = attributes.get("style", "")
        if style not in self._read:
            self._read[style] = declarations(style)
        element = Element(tag, attributes, self._open, self._read[style])
        self.elements.append(element)
        self._open.children.append(element)
        if tag not in _VOID:
            self._open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        one: Element | None = self._open
        while one is not None and one.tag != tag:
            one = one.parent
        if one is not None and one.parent is not None:
            self._open = one.parent

    def handle_data(self, data: str) -> None:
        self._open.children.append(data)
