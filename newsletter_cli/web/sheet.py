"""What a reader's page says, before it is drawn: words, a form, a language. Every text in it is HTML already.

Values from the database are isolated with <bdi> and escaped here, once; templates and the built-in page place them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, NewType

from newsletter_cli.language import direction_of, template
from newsletter_cli.mail.escape import plain

Html = NewType("Html", str)  # escaped, and safe to place between tags

_PLACE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Button:
    """A button that posts `name=value`."""

    label: Html
    value: str
    main: bool = True  # the one thing the page is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several answers."""

    value: str
    label: Html
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with one answer out of a few."""

    name: str  # of its field
    legend: Html
    options: tuple[Option, ...]
    note: Html = Html("")  # how it stands now


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form of a page; works without JavaScript."""

    action: str  # path on our own host
    button: Button
    hidden: tuple[tuple[str, str], ...] = ()
    hint: Html = Html("")
    question: Html = Html("")  # label of its one text field; "" = no field
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    href: str  # path on our own host
    text: Html
    note: Html = Html("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page."""

    name: str  # of its template: unsubscribe, left, preferences, notice, archive
    language: str
    newsroom: Html
    title: Html
    status: Html = Html("")  # what has just been done, read out by screen readers
    paragraphs: tuple[Html, ...] = ()
    forms: tuple[Form, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def direction(self) -> str:
        """rtl or ltr, of the page's language."""
        return direction_of(self.language)


def text(value: str) -> Html:
    """Any text, made safe: one line, no controls, escaped."""
    return Html(escape(plain(value)))


def isolated(value: str) -> Html:
    """A name or title in any script, kept from moving the words around it."""
    return Html(f"<bdi>{text(value)}</bdi>")


def address(value: str) -> Html:
    """An address, shortened: enough to know one's own, too little to copy. Left-to-right in every language."""
    local, _, domain = value.rpartition("@")
    short = f"{local[:1]}…{local[-1:]}" if len(local) > 1 else "…"
    return Html(f'<bdi dir="ltr">{text(f"{short}@{domain}")}</bdi>')


def words(key: str, language: str, values: Mapping[str, Html] | None = None) -> Html:
    """A text of the catalogue with its {places} filled; KeyError for an unknown key or a missing value."""
    given = values or {}
    pieces = _PLACE.split(template(key, language))
    # Names of places stand at the odd positions.
    return Html("".join(given[piece] if index % 2 else escape(piece) for index, piece in enumerate(pieces)))
