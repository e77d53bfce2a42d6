"""Blocks with their inlines changed: one walk over the model for whoever needs a text a little different."""

from collections.abc import Callable
from dataclasses import replace

from newsletter_cli.articles.model import Block, Heading, Inline, ListBlock, Note, Paragraph, Quote, Table

Change = Callable[[tuple[Inline, ...]], tuple[Inline, ...]]


def map_inlines(block: Block, change: Change) -> Block:
    """The block with `change` done to each run of inlines in it; code, pictures and labels stay."""
    match block:
        case Paragraph() | Heading():
            return replace(block, inlines=change(block.inlines))
        case Quote() | Note():
            return replace(block, blocks=tuple(map_inlines(inner, change) for inner in block.blocks))
        case ListBlock():
            items = tuple(tuple(map_inlines(inner, change) for inner in item) for item in block.items)
            return replace(block, items=items)
        case Table():
            header = tuple(change(cell) for cell in block.header)
            return replace(block, header=header, rows=tuple(tuple(change(cell) for cell in row) for row in block.rows))
        case _:
            return block
