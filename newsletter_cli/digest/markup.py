"""Inlines of an article as HTML and as plain text. The only place that makes Markup out of a writer's words."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from newsletter_cli.articles.model import CodeSpan, Emphasis, Inline, LineBreak, Link, Span, Strong, Text
from newsletter_cli.digest.expressions import ALWAYS
from newsletter_cli.digest.slots import Hidden, Marks, isolated
from newsletter_cli.language import LRM, direction_of, isolate_runs


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes inlines for one direction."""

    direction: str  # of the text around: "rtl" | "ltr"
    marks: Marks | None = None  # for texts that may hold slots (the intro); None for articles

    def html(self, inlines: tuple[Inline, ...]) -> Markup:
        """Inlines as HTML; what must not be reordered is isolated."""
        return Markup("").join(self._one(inline) for inline in inlines)

    def text(self, words: str) -> Markup:
        """A plain text as HTML."""
        if self.marks is None:
            return self._isolated(words)
        parts: list[Markup] = []
        done = 0
        for match in self.marks.pattern.finditer(words):
            parts += [self._isolated(words[done : match.start()]), _slot(match[0], self.marks.hidden[int(match[1])])]
            done = match.end()
        return Markup("").join([*parts, self._isolated(words[done:])])

    def _isolated(self, words: str) -> Markup:
        runs = isolate_runs(words, self.direction)
        return Markup("").join(
            Markup('<span dir="ltr">{}</span>').format(run.text) if run.ltr else escape(run.text) for run in runs
        )

    def _one(self, inline: Inline) -> Markup:
        match inline:
            case Text():
                return self.text(inline.text)
            case Strong():
                return Markup("<strong>{}</strong>").format(self.html(inline.children))
            case Emphasis():
                return self._emphasis(inline)
            case Link():
                return Markup('<a href="{}" class="link">{}</a>').format(inline.url, self.html(inline.children))
            case CodeSpan():
                return Markup('<span dir="ltr"><code class="code">{}</code></span>').format(inline.text)
            case Span():
                return self._span(inline)
            case LineBreak():
                return Markup("<br>")

    def _emphasis(self, inline: Emphasis) -> Markup:
        # A slanted Arabic letter is a fake one: weight instead.
        upright = Markup(' class="strong-emphasis"') if self.direction == "rtl" else ""
        return Markup("<em{}>{}</em>").format(upright, self.html(inline.children))

    def _span(self, inline: Span) -> Markup:
        direction = inline.direction or direction_of(inline.language)
        language = Markup(' lang="{}"').format(inline.language) if inline.language else ""
        inner = Writer(direction, self.marks).html(inline.children)
        return Markup('<span{} dir="{}">{}</span>').format(language, direction, inner)


def _slot(marker: str, hidden: Hidden) -> Markup:
    """A marker where text stands: a reader's name may run either way, his address runs left to right."""
    if hidden.is_tag:
        return Markup(marker)
    direction = "ltr" if hidden.source.strip() in ALWAYS else "auto"
    return Markup('<span dir="{}">{}</span>').format(direction, marker)


def written(inlines: tuple[Inline, ...], *, slot: Callable[[str], str] = str, code: Callable[[str], str] = str) -> str:
    """The words of inlines for the text part, line breaks as newlines.

    slot, code: what becomes of each text, and of each piece of code.
    """
    return "".join(_written(inline, slot, code) for inline in inlines)


def _written(inline: Inline, slot: Callable[[str], str], code: Callable[[str], str]) -> str:
    match inline:
        case Text():
            return slot(inline.text)
        case CodeSpan():
            return code(inline.text)
        case LineBreak():
            return "\n"
        case _:
            return written(inline.children, slot=slot, code=code)


def between_marks(text: str) -> str:
    """A left-to-right island in a line of plain text."""
    return f"{LRM}{text}{LRM}"


def links(inlines: tuple[Inline, ...]) -> Iterator[str]:
    """Addresses of the links among inlines, in order."""
    for inline in inlines:
        if isinstance(inline, Link):
            yield inline.url
        if isinstance(inline, Link | Strong | Emphasis | Span):
            yield from links(inline.children)


def isolate_slots(marks: Marks) -> Callable[[str], str]:
    """For the text part: a reader's value between isolates, his address between LRM; links and tags bare."""

    def around(words: str) -> str:
        def one(match: re.Match[str]) -> str:
            hidden = marks.hidden[int(match[1])]
            if hidden.is_tag or hidden.source.strip() in ALWAYS - {"email"}:
                return match[0]
            return between_marks(match[0]) if hidden.source.strip() == "email" else isolated(match[0])

        return marks.pattern.sub(one, words)

    return around
