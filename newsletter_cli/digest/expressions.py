"""What may stand in [[ … ]] and [% if … %]: the small language in which a digest speaks to one reader.

Names, constants, comparisons, and / or / not, `a if b else c`, and six filters. No calls, no attributes, no loops:
what is refused here never reaches the message of a reader.
"""

from collections.abc import Iterator
from typing import Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

FILTERS: Final = frozenset({"default", "trim", "truncate", "number", "date", "plural"})

# Names every reader has: nobody needs a fallback for them. LINKS are addresses of pages.
LINKS: Final = frozenset({"unsubscribe", "preferences", "view"})
ALWAYS: Final = LINKS | {"email"}

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.Name, nodes.Const, nodes.Filter, nodes.Keyword,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Concat,
)  # fmt: skip


class ExpressionError(ValueError):
    """What is wrong with an expression, as the end of a sentence."""


def environment() -> ImmutableSandboxedEnvironment:
    """Jinja2 with the delimiters of the second stage; used for reading only, nothing is rendered with it here."""
    return ImmutableSandboxedEnvironment(
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        keep_trailing_newline=True,
        autoescape=True,
    )


def parse(source: str) -> nodes.Template:
    """The tree of a second-stage text, of which every node is one that is allowed.

    Raises ExpressionError.
    """
    try:
        tree = environment().parse(source)
    except TemplateSyntaxError as error:
        raise ExpressionError(f"cannot be read: {error.message}") from error
    for node in _all_nodes(tree):
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise ExpressionError(f"uses “{node.name}”; the filters are {', '.join(sorted(FILTERS))}")
        if not isinstance(node, _ALLOWED):
            raise ExpressionError(f"may not hold {type(node).__name__.lower()}; only names, texts, filters and `if`")
    return tree


def link_name(expression: str) -> str | None:
    """`unsubscribe`, `preferences` or `view` when the expression is just that name, else None."""
    name = expression.strip()
    return name if name in LINKS else None


def constant(expression: str) -> str | None:
    """The text when the expression is a constant, such as the "[[" that prints two brackets; else None."""
    tree = parse(f"[[ {expression} ]]")
    output = tree.body[0] if len(tree.body) == 1 else None
    if isinstance(output, nodes.Output) and len(output.nodes) == 1 and isinstance(output.nodes[0], nodes.Const):
        return str(output.nodes[0].value)
    return None


def _all_nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _all_nodes(child)
