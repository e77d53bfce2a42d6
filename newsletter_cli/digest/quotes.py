"""Straight quotes as «guillemets», by what stands before them and never by counting.

The seed's page has an odd number of quotes: pairing by parity would turn round every quote after the odd one.
"""

from dataclasses import replace
from typing import Final

from newsletter_cli.articles.model import Article, Emphasis, Inline, Link, Span, Strong, Text
from newsletter_cli.digest.mapped import map_inlines
from newsletter_cli.language import base_language, direction_of

_BEFORE_OPENING: Final = frozenset(" \u00a0\t\n([،:؛«“\u200e\u200f")
_STRAIGHT: Final = frozenset('"“”')


def with_guillemets(article: Article) -> Article:
    """The article with guillemets in title and text; code untouched, and Hebrew too: its words hold gershayim."""
    language = base_language(article.language)
    if language in {"he", "yi"} or direction_of(language) != "rtl":
        return article
    return replace(
        article,
        title=turned(article.title),
        kicker=turned(article.kicker),
        summary=turned(article.summary),
        blocks=tuple(map_inlines(block, lambda inlines: _inlines(inlines)[0]) for block in article.blocks),
    )


def turned(text: str, before: str = "") -> str:
    """A text with guillemets.  before: the character in front of it, "" at the start of a paragraph."""
    written: list[str] = []
    for sign in text:
        if sign in _STRAIGHT:
            written.append("«" if not before or before in _BEFORE_OPENING else "»")
        else:
            written.append(sign)
        before = sign
    return "".join(written)


def _inlines(inlines: tuple[Inline, ...], before: str = "") -> tuple[tuple[Inline, ...], str]:
    """Inlines turned, and the last character of them."""
    result: list[Inline] = []
    for inline in inlines:
        match inline:
            case Text():
                result.append(Text(turned(inline.text, before)))
                before = inline.text[-1:] or before
            case Strong() | Emphasis() | Link() | Span():
                children, before = _inlines(inline.children, before)
                result.append(replace(inline, children=children))
            case _:
                result.append(inline)
                before = getattr(inline, "text", "\n")[-1:] or before
    return tuple(result), before
