"""The fast path and the slow one: static stretches with slots between them, and the whole page as one template.

The slow path renders every letter of a page for each reader in the sandboxed template and encodes all of it. Both have
to give the same page, or the same refusal.
"""

import base64
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter_cli.mail.document import BlockPiece, Document, Piece, Place, Slot, Static
from newsletter_cli.mail.message import Message, compile_content
from newsletter_cli.mail.problems import ValueProblem
from newsletter_cli.mail.reader import Reader
from tests.mail.conftest import CONTENT, READER, STAMP

EXPRESSIONS = (
    "name", "city", "email", "unsubscribe", "preferences", "view", 'name | default("قارئنا <العزيز>")',
    "city|default('')", "name | trim", "copies | number", "city | truncate(5)", 'copies | plural("article")',
    "name if city else email", "'[['",
)  # fmt: skip
BLOCKS = (
    "[% if city %]<p>في [[ city ]]</p>\n[% endif %]",
    "[% if name == 'ليلى' %]أهلًا[% elif city %][[ city ]][% else %]-[% endif %]",
    "[% if copies and name %][[ name ]]: [[ copies | number ]][% endif %]",
    "[% for letter in name %]<b>[[ letter ]]</b>[% endfor %]",
    "[% for letter in email %][% if letter != '@' %][[ letter ]][% else %] [[ city ]] [% endif %][% endfor %]",
    '[% if city %]<a href="[[ unsubscribe ]]">خروج</a>[% endif %]',
)


def pieces(place: Place) -> st.SearchStrategy[list[Piece]]:
    """What a page may be made of. In a subject only a reader's value may hold a line end: there it is a space."""
    end = "" if place is Place.HEADER else "\n"
    static = st.text(st.sampled_from(f"ab قم\u200c{end}<>&'\"{{}}%"), max_size=150).map(Static)
    slot = st.sampled_from(EXPRESSIONS).map(lambda source: Slot(source, place))
    block = st.sampled_from(BLOCKS).map(lambda source: BlockPiece(source.replace("\n", end), place))
    return st.lists(st.one_of(static, slot, slot, block), max_size=10)


readers = st.builds(
    lambda name, city, copies: replace(READER, name=name, fields={"city": city, "copies": copies}),
    st.one_of(st.sampled_from(["", "ليلى", "<b>&'\"", "a\r\n.b"]), st.text(st.characters(), max_size=90)),
    st.one_of(st.sampled_from(["", "دمشق"]), st.text(st.characters(), max_size=90)),
    st.sampled_from(["", "7", "12480", "كثيرة"]),
)


def whole(document: list[Piece], place: Place) -> Document:
    """The page as one template."""
    source = "".join(
        f"[% raw %]{piece.text}[% endraw %]"
        if isinstance(piece, Static)
        else f"[[ {piece.expression} ]]"
        if isinstance(piece, Slot)
        else piece.source
        for piece in document
    )
    return Document((BlockPiece(source, place),))


def parts(message: Message) -> tuple[bytes, bytes, bytes]:
    """(head, text page, HTML page), the pages decoded line by line."""
    head, text, html = message.joined().replace(b"--\r\n", b"\r\n").split(b"\r\n--=_nl_")[:3]
    return head, *(_page(part) for part in (text, html))  # type: ignore[return-value]


def _page(part: bytes) -> bytes:
    return b"".join(base64.b64decode(line, validate=True) for line in part.partition(b"\r\n\r\n")[2].split(b"\r\n"))


def made(reader: Reader, text: Document, html: Document) -> tuple[bytes, bytes, bytes] | str:
    """The message of a reader, or that it cannot be built."""
    try:
        return parts(compile_content(replace(CONTENT, text=text, html=html), STAMP).fill(reader))
    except ValueProblem:
        return "refused"


@settings(max_examples=150, deadline=None)
@given(pieces(Place.TEXT), pieces(Place.HTML), readers)
@example(
    [Static("a"), Slot("name", Place.TEXT)], [Slot("name", Place.HTML), Static(">"), Slot("city", Place.HTML)], READER
)
@example([], [], READER)
def test_both_paths_give_the_same_message(text: list[Piece], html: list[Piece], reader: Reader) -> None:
    fast = made(reader, Document(tuple(text)), Document(tuple(html)))
    slow = made(reader, whole(text, Place.TEXT), whole(html, Place.HTML))
    if isinstance(fast, str) or isinstance(slow, str):
        assert fast == slow
        return
    assert fast[1:] == slow[1:]


@settings(max_examples=60, deadline=None)
@given(pieces(Place.HEADER), readers)
def test_both_paths_give_the_same_subject(subject: list[Piece], reader: Reader) -> None:
    written = []
    for document in (Document(tuple(subject)), whole(subject, Place.HEADER)):
        try:
            message = compile_content(replace(CONTENT, subject=document), STAMP).fill(reader).joined()
        except ValueProblem:
            written.append(b"refused")
        else:
            written.append(message[message.index(b"\r\nSubject:") : message.index(b"\r\nFrom:")])
    assert written[0] == written[1]
