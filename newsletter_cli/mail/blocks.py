"""What a plain look-up cannot say: [% if … %] blocks and filters, rendered by a sandboxed Jinja2 environment.

Imported only by versions that need it: jinja2 takes 60 ms and has no place in `pause` or in a one-click POST.
"""

from collections.abc import Iterator
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from newsletter_cli.errors import RefusedError
from newsletter_cli.mail.content import Manner
from newsletter_cli.mail.document import BlockPiece, Place, Slot
from newsletter_cli.mail.escape import ESCAPERS
from newsletter_cli.mail.expression import Fill, Values, missing
from newsletter_cli.mail.filters import filters_for
from newsletter_cli.mail.problems import ValueProblem


class Missing(Undefined):
    """A value this reader does not have: false in a test, equal to nothing, and not to be printed."""

    __slots__ = ()

    def __str__(self) -> str:
        self._fail_with_undefined_error()


def compile_block(piece: Slot | BlockPiece, language: str, manner: Manner, *, lenient: bool = False) -> Fill:
    """The function that renders a block, or a slot that is more than a name; raises RefusedError (TEMPLATE)."""
    source = piece.source if isinstance(piece, BlockPiece) else f"[[ {piece.expression} ]]"
    try:
        template = _environment(piece.place, language, manner, Undefined if lenient else Missing).from_string(source)
    except TemplateError as error:
        raise _unreadable(source, error) from error

    def fill(values: Values) -> str:
        try:
            return template.render({name: value for name, value in values.items() if value})
        except UndefinedError as error:
            raise missing(_undefined_name(error)) from error
        # What else a template can do wrong with this reader's values: compare a text with a number, and the like.
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise ValueProblem(source, f"{source[:80]} cannot be filled for this reader: {error}") from error

    return _or_nothing(fill) if lenient else fill


def _or_nothing(fill: Fill) -> Fill:
    def fill_or_nothing(values: Values) -> str:
        try:
            return fill(values)
        except ValueProblem:  # a filter was asked for the number or date that nobody has
            return ""

    return fill_or_nothing


def names_printed(source: str) -> Iterator[tuple[str, bool]]:
    """(name, guarded) for each name a template prints; guarded: a default or an [% if name %] provides for its absence.

    source: in the delimiters [[ ]] and [% %].  Raises RefusedError (TEMPLATE).
    """
    try:
        tree = _environment(Place.TEXT, "en", Manner(), Missing).parse(source)
    except TemplateSyntaxError as error:
        raise _unreadable(source, error) from error
    yield from _names(tree, frozenset())


def _environment(
    place: Place, language: str, manner: Manner, undefined: type[Undefined]
) -> ImmutableSandboxedEnvironment:
    escape = ESCAPERS[place]
    is_html = place is Place.HTML

    def finalize(value: Any) -> Any:
        # Our own escaper instead of Jinja2's, so that a value looks the same in a slot and in a block.
        if isinstance(value, Undefined):
            return str(value)  # raises, or is nothing
        if isinstance(value, Markup):
            return value
        return Markup(escape(str(value))) if is_html else escape(str(value))

    environment = ImmutableSandboxedEnvironment(
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        newline_sequence="\r\n",
        keep_trailing_newline=True,
        undefined=undefined,
        autoescape=is_html,
        finalize=finalize,
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(filters_for(language, manner))
    return environment


def _names(node: nodes.Node, guarded: frozenset[str]) -> Iterator[tuple[str, bool]]:
    if isinstance(node, nodes.Name):
        yield node.name, node.name in guarded
    for child, known in _inside(node, guarded):
        yield from _names(child, known)


def _inside(node: nodes.Node, guarded: frozenset[str]) -> Iterator[tuple[nodes.Node, frozenset[str]]]:
    """The printing parts of a node, each with the names that cannot be empty there."""
    if isinstance(node, nodes.Filter) and node.name == "default":
        given = frozenset(name.name for name in node.find_all(nodes.Name))
        yield from ((child, guarded | given) for child in node.iter_child_nodes())
    elif isinstance(node, nodes.If):
        # The test itself prints nothing: an empty value is an answer there.
        yield from ((child, guarded | _true_when(node.test)) for child in node.body)
        yield from ((child, guarded) for child in (*node.elif_, *node.else_))
    elif isinstance(node, nodes.CondExpr):
        yield node.expr1, guarded | _true_when(node.test)
        if node.expr2 is not None:
            yield node.expr2, guarded
    else:
        yield from ((child, guarded) for child in node.iter_child_nodes())


def _true_when(test: nodes.Node) -> frozenset[str]:
    """Names that cannot be empty when the test holds."""
    if isinstance(test, nodes.Name):
        return frozenset({test.name})
    if isinstance(test, nodes.And):
        return _true_when(test.left) | _true_when(test.right)
    return frozenset()


def _undefined_name(error: UndefinedError) -> str:
    # "'city' is undefined": jinja2 keeps the name nowhere else.
    parts = str(error).split("'")
    return parts[1] if len(parts) > 2 else str(error)


def _unreadable(source: str, error: TemplateError) -> RefusedError:
    return RefusedError(
        "TEMPLATE",
        f"A part of the message that differs per reader cannot be read: {error}",
        facts=[("text", source[:200])],
    )
