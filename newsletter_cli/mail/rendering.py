"""A version as people look at it: for one reader, or for the public without any reader."""

import re
from dataclasses import dataclass
from typing import Final

from newsletter_cli.mail.content import Content
from newsletter_cli.mail.document import BlockPiece, Document, Slot
from newsletter_cli.mail.expression import LINKS, read_simple
from newsletter_cli.mail.links import Links
from newsletter_cli.mail.pages import Page
from newsletter_cli.mail.reader import Reader

# Every reader has these, so nobody needs a default for them.
ALWAYS: Final = LINKS | {"email"}
_NO_TARGET: Final = re.compile(r"""\s+href=(?:""|'')""")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A version for one reader, in text with CRLF line ends."""

    subject: str
    html: str
    text: str


def render_sample(content: Content, reader: Reader, links: Links) -> Rendered:
    """What `reader` gets, before it is encoded; the same words as in the message.

    Raises ValueProblem when a field is missing that has no default.
    """
    values = {
        **reader.fields,
        "email": reader.email,
        "name": reader.name,
        "unsubscribe": links.unsubscribe(reader),
        "preferences": links.preferences(reader),
        "view": links.view(reader),
    }
    documents = (content.subject, content.html, content.text)
    return Rendered(*(Page.of(document, content.language, content.manner).render(values) for document in documents))


def render_public(content: Content, page_url: str = "") -> str:
    """The HTML for everybody: defaults instead of values, no token, no reader's value.

    page_url: where this page is published, for the link to the web copy. Links that would need a token have no target.
    """
    page = Page.of(content.html, content.language, content.manner, lenient=True)
    return _NO_TARGET.sub("", page.render({"view": page_url}))


def public_subject(content: Content) -> str:
    """The subject with defaults, for titles and tables."""
    return Page.of(content.subject, content.language, content.manner, lenient=True).render({})


def public_text(content: Content) -> str:
    """The text part with defaults and without any token; links that would need one are left empty."""
    return Page.of(content.text, content.language, content.manner, lenient=True).render({})


def required_fields(content: Content) -> frozenset[str]:
    """Names that every reader must have a value for: printed without default, and not only where they are known.

    Raises RefusedError (TEMPLATE) for an expression that cannot be read.
    """
    documents = (content.subject, content.html, content.text)
    return frozenset().union(*map(_required, documents)) - ALWAYS


def _required(document: Document) -> frozenset[str]:
    names: set[str] = set()
    for piece in document.pieces:
        if isinstance(piece, Slot):
            simple = read_simple(piece.expression)
            if simple is None:
                names |= _printed(f"[[ {piece.expression} ]]")
            elif simple[1] is None:
                names.add(simple[0])
        elif isinstance(piece, BlockPiece):
            names |= _printed(piece.source)
    return frozenset(names)


def _printed(source: str) -> set[str]:
    from newsletter_cli.mail.blocks import names_printed  # lazy: jinja2, for versions with blocks or filters only

    return {name for name, guarded in names_printed(source) if not guarded}
