"""Slots and blocks of one version, compiled once: a reader's values in, escaped text out.

A name, or a name with a default, is a look-up. Anything else is a template in the delimiters [[ ]] and [% %], rendered
by a sandboxed Jinja2 environment; Jinja2 is loaded only when a version needs it.

An empty value counts as a missing one: a missing value without a default is a ValueProblem of that reader, in a test
such as [% if city %] it is false.
"""

import re
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Final

from newsletter_cli.mail.content import Manner
from newsletter_cli.mail.document import BlockPiece, Place, Slot
from newsletter_cli.mail.escape import ESCAPERS
from newsletter_cli.mail.problems import ValueProblem

Values = Mapping[str, str]
Fill = Callable[[Values], str]  # escaped for its place; raises ValueProblem

_SIMPLE: Final = re.compile(r"""\s*([^\W\d]\w*)\s*(?:\|\s*default\(\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*\)\s*)?""")
# Addresses that we build for every reader, of ASCII and a token.
LINKS: Final = frozenset({"unsubscribe", "preferences", "view"})
# Words that Jinja2 reads as something else than a name.
_RESERVED: Final = frozenset(
    {"and", "else", "false", "False", "if", "in", "is", "none", "None", "not", "or", "true", "True"}
)


def compile_piece(piece: Slot | BlockPiece, language: str, manner: Manner, *, lenient: bool = False) -> Fill:
    """The function that fills one slot or block; raises RefusedError (TEMPLATE) when it cannot be read.

    lenient: a missing value is printed as nothing, for copies that belong to no reader.
    """
    if isinstance(piece, Slot):
        simple = read_simple(piece.expression)
        if simple is not None:
            name, fallback = simple
            escape = ESCAPERS[piece.place]
            if piece.place is Place.URL and name in LINKS and not lenient:
                return itemgetter(name)  # every reader has it, and there is nothing in it to escape
            if fallback is None and lenient:
                fallback = ""
            return _required(name, escape) if fallback is None else _with_default(name, escape, escape(fallback))
    from newsletter_cli.mail.blocks import compile_block  # lazy: jinja2, 60 ms that most versions never need

    return compile_block(piece, language, manner, lenient=lenient)


def read_simple(expression: str) -> tuple[str, str | None] | None:
    """(name, default or None) of a name with or without `| default("…")`; None for any other expression."""
    match = _SIMPLE.fullmatch(expression)
    if match is None or match[1] in _RESERVED:
        return None
    return match[1], match[2] if match[2] is not None else match[3]


def missing(name: str) -> ValueProblem:
    """The problem of a reader who has nothing where `name` is printed."""
    return ValueProblem(name, f"“{name}” is empty for this reader and has no default.")


def _required(name: str, escape: Callable[[str], str]) -> Fill:
    def fill(values: Values) -> str:
        value = values.get(name)
        if not value:
            raise missing(name)
        return escape(value)

    return fill


def _with_default(name: str, escape: Callable[[str], str], fallback: str) -> Fill:
    def fill(values: Values) -> str:
        value = values.get(name)
        return escape(value) if value else fallback

    return fill
