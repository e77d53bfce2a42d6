"""The normal form of inlines: what every reader hands over, so that two files that say the same are the same."""

import re
from collections.abc import Iterable
from dataclasses import replace

from newsletter_cli.articles.decoding import spotless
from newsletter_cli.articles.model import CodeSpan, Inline, LineBreak, Link, Text


def joined(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
    """Neighbouring texts (and code) as one, without hidden marks, line ends as spaces, no space beside a break."""
    found: list[Inline] = []
    for inline in inlines:
        if isinstance(inline, Text):
            text = re.sub(r"[ \t]*\n[ \t\n]*", " ", spotless(inline.text))
            if found and isinstance(found[-1], Text):
                before = found.pop().text  # type: ignore[union-attr]  # the line above has looked
                text = before + (text[1:] if before.endswith(" ") and text.startswith(" ") else text)
            elif found and isinstance(found[-1], LineBreak):
                text = text.lstrip()
            if text:
                found.append(Text(text))
        elif isinstance(inline, LineBreak):
            found = list(_end_trimmed(found))
            if found and not isinstance(found[-1], LineBreak):
                found.append(inline)
        elif isinstance(inline, CodeSpan) and found and isinstance(found[-1], CodeSpan):
            found[-1] = CodeSpan(found[-1].text + inline.text)
        else:
            found.append(inline)
    return tuple(found)


def trimmed(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
    """Joined, without white space and line breaks at either end."""
    found = list(joined(inlines))
    while found and isinstance(found[0], LineBreak):
        del found[0]
    if found and isinstance(found[0], Text):
        text = found[0].text.lstrip()
        found[:1] = [Text(text)] if text else []
    return _end_trimmed(found)


def _end_trimmed(found: list[Inline]) -> tuple[Inline, ...]:
    while found and isinstance(found[-1], LineBreak):
        del found[-1]
    if found and isinstance(found[-1], Text):
        text = found[-1].text.rstrip()
        found[-1:] = [Text(text)] if text else []
    return tuple(found)


def flat(inlines: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """On one line, for headings and cells: line breaks become spaces."""
    return trimmed(_without_breaks(inlines))


def _without_breaks(inlines: tuple[Inline, ...]) -> tuple[Inline, ...]:
    found: list[Inline] = []
    for inline in inlines:
        if isinstance(inline, LineBreak):
            found.append(Text(" "))
        elif isinstance(inline, Text | CodeSpan):
            found.append(inline)
        else:
            found.append(replace(inline, children=_without_breaks(inline.children)))
    return joined(found)


def texts_only(text: str) -> tuple[Inline, ...]:
    """Plain words as inlines."""
    return trimmed([Text(text)])


def without_links(inlines: tuple[Inline, ...]) -> tuple[Inline, ...]:
    """The words of links in place of the links."""
    found: list[Inline] = []
    for inline in inlines:
        if isinstance(inline, Link):
            found += without_links(inline.children)
        elif isinstance(inline, Text | CodeSpan | LineBreak):
            found.append(inline)
        else:
            found.append(replace(inline, children=without_links(inline.children)))
    return joined(found)
