"""Links of the intro that lead to a page of the reader: [your copy]([[ view ]])."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from newsletter_cli.articles.model import Block, Emphasis, Inline, Link, Span, Strong
from newsletter_cli.digest.mapped import map_inlines
from newsletter_cli.digest.slots import Marks

# Markdown drops addresses that are not whole, and a hidden slot is only letters: so they are read against this one,
# which nobody can own (RFC 6761), and it is taken off again here.
SLOT_BASE: Final = "https://slot.example/"


def slot_links(blocks: Sequence[Block], marks: Marks) -> tuple[Block, ...]:
    """Blocks in which a link to SLOT_BASE is a link to its slot; other relative links are only their words."""

    def change(inlines: tuple[Inline, ...]) -> tuple[Inline, ...]:
        return tuple(changed for inline in inlines for changed in one(inline))

    def one(inline: Inline) -> tuple[Inline, ...]:
        if isinstance(inline, Link) and inline.url.startswith(SLOT_BASE):
            rest = inline.url.removeprefix(SLOT_BASE)
            return (replace(inline, url=rest),) if marks.pattern.match(rest) else inline.children
        if isinstance(inline, Strong | Emphasis | Span | Link):
            return (replace(inline, children=change(inline.children)),)
        return (inline,)

    return tuple(map_inlines(block, change) for block in blocks)
