"""Places filled per reader: hidden from the theme, the inliner and the escapers, and found again after them.

A piece of the second stage, `[[ … ]]` or `[% … %]`, is replaced by a marker before anything else reads the text it
stands in: `nl` + six letters + three digits + `z`, which no parser, inliner or URL encoder touches. Only texts of the
newsroom's own hand are searched (theme files, subject, preheader, intro): an article's `[[ x ]]` stays four brackets.

    hide    text with pieces → text with markers
    cut     text with markers → Document of static text, slots and blocks
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from newsletter_cli.digest import expressions
from newsletter_cli.digest.expressions import ExpressionError
from newsletter_cli.digest.positions import Context, Found, find_in_html, unbalanced_tag
from newsletter_cli.errors import RefusedError
from newsletter_cli.mail.document import BlockPiece, Document, Piece, Place, Slot, Static

# Quoted texts are read whole, so that "]]" may stand in one. Every character has one way to match: linear time.
_STRING: Final = r""""[^"\n]*"|'[^'\n]*'"""
_PIECE: Final = re.compile(rf"\[\[((?:{_STRING}|(?!\]\])[^\n\"'])*)\]\]|\[%-?((?:{_STRING}|(?!-?%\])[^\n\"'])*)-?%\]")
_TAG_WORD: Final = re.compile(r"\s*(\w+)")
_TAG_WORDS: Final = frozenset({"if", "elif", "else", "endif"})
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
_OPENER: Final = re.compile(r"\[(?=[\[%#]|\Z)")
_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"


class NonceTakenError(Exception):
    """A text happens to hold the letters that were to mark slots: the next six are needed."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """One piece of the second stage, as its author wrote it."""

    source: str  # what stood between the brackets
    is_tag: bool  # [% … %]
    origin: str  # "templates/digest.html.j2:41", for error messages

    @property
    def text(self) -> str:
        return f"[%{self.source}%]" if self.is_tag else f"[[{self.source}]]"


@dataclass(slots=True)
class Marks:
    """The pieces hidden during one rendering, by number."""

    nonce: str  # six letters
    hidden: list[Hidden] = field(default_factory=list)

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(rf"nl{self.nonce}(\d{{3,}})z")

    def refuse_in(self, data: str) -> None:
        """Raises NonceTakenError when a text that is not searched for slots holds the marker's letters."""
        if f"nl{self.nonce}" in data.lower():
            raise NonceTakenError(self.nonce)

    def hide(self, text: str, origin: str, *, first_line: int = 1) -> str:
        """The text with a marker for each piece of the second stage.

        origin: the file, as shown to people; the line is counted from `first_line`.
        Raises RefusedError TEMPLATE for an expression that cannot be read or is not allowed.
        """
        self.refuse_in(text)

        def marker(match: re.Match[str]) -> str:
            where = f"{origin}:{first_line + text.count(chr(10), 0, match.start())}"
            hidden = _hidden(match, where)
            self.hidden.append(hidden)
            return f"nl{self.nonce}{len(self.hidden) - 1:03}z"

        return _PIECE.sub(marker, text)

    def shown(self, text: str) -> str:
        """The text as its author wrote it: markers turned back into pieces. For messages to people."""
        return self.pattern.sub(lambda match: self.hidden[int(match[1])].text, text)

    def tags_as_comments(self, html: str) -> str:
        """HTML in which every marker of a [% tag %] is a comment: text between table rows would be moved."""
        pattern = re.compile(rf"(?:<!--)?nl{self.nonce}(\d{{3,}})z(?:-->)?")

        def comment(match: re.Match[str]) -> str:
            bare = match[0].removeprefix("<!--").removesuffix("-->")
            return f"<!--{bare}-->" if self.hidden[int(match[1])].is_tag else bare

        return pattern.sub(comment, html)

    def is_tag_alone(self, text: str) -> bool:
        """Whether a text is one [% tag %] and nothing else."""
        match = self.pattern.fullmatch(text.strip())
        return match is not None and self.hidden[int(match[1])].is_tag

    def tags_apart(self, text: str) -> str:
        """Markdown in which a [% tag %] alone on its line is a paragraph of its own: around it, not inside."""
        lines = (f"\n{line}\n" if self.is_tag_alone(line) else line for line in text.split("\n"))
        return "\n".join(lines)

    def order(self, text: str) -> tuple[int, ...]:
        """Numbers of the markers in a text, in order."""
        return tuple(int(match[1]) for match in self.pattern.finditer(text))


def nonce_for(inputs: Iterable[str], turn: int) -> str:
    """Six letters: the same for every digest, so that its theme need not be compiled anew, as long as nobody uses them.

    turn: how many were taken before; from the first on they come out of a hash over the inputs.
    """
    state = hashlib.sha256()
    for text in inputs if turn else ():
        state.update(text.encode("utf-8", "surrogatepass") + b"\0")
    state.update(turn.to_bytes(4, "big"))
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in state.digest()[:6])


def escape_delimiters(text: str) -> str:
    """Foreign text for a field that is searched for slots: its own brackets will print as brackets."""
    return re.sub(r"\[(?=[\[%])", "[[ '[' ]]", text)


def without_pieces(text: str, word: str = "") -> str:
    """A text of the newsroom's hand without its slots and tags: what is left of brackets was a slip.

    word: what stands in their place.
    """
    return _PIECE.sub(word, text)


# --- cutting ---------------------------------------------------------------------------------------------------


def cut_html(html: str, marks: Marks) -> Document:
    """HTML with markers → Document; each value's escaper is chosen by where its marker stands.

    Raises RefusedError TEMPLATE for a slot in a place that has no safe escaper, or a block whose tags do not balance.
    """
    found = find_in_html(html, marks.pattern)
    for one in found:
        _refuse_place(one, marks.hidden[one.number])
    return _cut(html, found, marks, Place.HTML)


def cut_text(text: str, marks: Marks, place: Place) -> Document:
    """Plain text or a subject with markers → Document."""
    found = tuple(
        Found(match.start(), match.end(), int(match[1]), Context.TEXT, "") for match in marks.pattern.finditer(text)
    )
    return _cut(text, found, marks, place)


def _hidden(match: re.Match[str], where: str) -> Hidden:
    value, tag = match[1], match[2]
    try:
        if value is not None:
            expressions.parse(f"[[ {value} ]]")
            return Hidden(value, is_tag=False, origin=where)
        word = _TAG_WORD.match(tag)
        if word is None or word[1] not in _TAG_WORDS:
            raise ExpressionError("is not one of if, elif, else, endif")
        if word[1] in {"if", "elif"}:
            expressions.parse(f"[% if {tag[word.end() :]} %][% endif %]")
    except ExpressionError as error:
        raise RefusedError(
            "TEMPLATE", f"{where} {match[0]} {error}", facts=[("file", where)], fix="correct it and try again"
        ) from error
    return Hidden(tag, is_tag=True, origin=where)


def _refuse_place(found: Found, hidden: Hidden) -> None:
    problem = ""
    if found.context in {Context.COMMENT, Context.RAW} and not (hidden.is_tag and found.context is Context.COMMENT):
        problem = "stands in a comment, style or title, where nothing can be filled in"
    elif found.context is Context.TAG or (hidden.is_tag and found.context is not Context.COMMENT):
        problem = "stands inside a tag; put it around whole elements"
    elif found.attribute in {"class", "style", "id"} or found.attribute.startswith("on"):
        problem = f"stands in the attribute “{found.attribute}”, which is not the reader's to fill"
    elif found.context is Context.URL_START and expressions.link_name(hidden.source) is None:
        problem = "cannot be a whole address; only unsubscribe, preferences and view are"
    if problem:
        raise RefusedError("TEMPLATE", f"{hidden.origin} {hidden.text} {problem}", facts=[("file", hidden.origin)])


def _place_of(found: Found, hidden: Hidden, base: Place) -> Place:
    if base is not Place.HTML:
        return Place.URL if expressions.link_name(hidden.source) and base is Place.TEXT else base
    if found.context is Context.URL_PART:
        return Place.URL_PART
    return Place.URL if expressions.link_name(hidden.source) else Place.HTML


def _cut(text: str, found: Sequence[Found], marks: Marks, base: Place) -> Document:
    pieces: list[Piece] = []
    position = index = 0
    while index < len(found):
        one = found[index]
        start, end = _outer(text, one)
        _append(pieces, Static(text[position:start]))
        hidden = marks.hidden[one.number]
        if hidden.is_tag:
            last = _end_of_block(found, index, marks)
            position = _outer(text, found[last])[1]
            pieces.append(_block(text, found[index : last + 1], marks, base))
            index = last + 1
        else:
            value = expressions.constant(hidden.source)
            place = _place_of(one, hidden, base)
            _append(pieces, Slot(hidden.source.strip(), place) if value is None else Static(_escaped(value, base)))
            position, index = end, index + 1
    _append(pieces, Static(text[position:]))
    return Document(tuple(pieces))


def _append(pieces: list[Piece], piece: Piece) -> None:
    if isinstance(piece, Static):
        if not piece.text:
            return
        if pieces and isinstance(pieces[-1], Static):
            pieces[-1] = Static(pieces[-1].text + piece.text)
            return
    pieces.append(piece)


def _outer(text: str, found: Found) -> tuple[int, int]:
    """Span of a marker with the comment around it."""
    if found.context is Context.COMMENT:
        return text.rindex("<!--", 0, found.start + 1), text.index("-->", found.end) + 3
    return found.start, found.end


def _escaped(value: str, base: Place) -> str:
    if base is not Place.HTML:
        return value
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        value = value.replace(sign, entity)
    return value


def _end_of_block(found: Sequence[Found], first: int, marks: Marks) -> int:
    depth = 0
    for index in range(first, len(found)):
        hidden = marks.hidden[found[index].number]
        if not hidden.is_tag:
            continue
        word = hidden.source.split()[0]
        depth += {"if": 1, "endif": -1}.get(word, 0)
        if depth == 0:
            if index == first:
                break
            return index
    opening = marks.hidden[found[first].number]
    raise RefusedError(
        "TEMPLATE",
        f"{opening.origin} {opening.text} has no partner: every [% if %] needs an [% endif %]",
        facts=[("file", opening.origin)],
    )


def _block(text: str, found: Sequence[Found], marks: Marks, base: Place) -> BlockPiece:
    parts: list[str] = []
    opening = marks.hidden[found[0].number]
    for one, following in zip(found, (*found[1:], None), strict=True):
        hidden = marks.hidden[one.number]
        if not hidden.is_tag and one.context is Context.URL_PART:
            raise RefusedError("TEMPLATE", f"{hidden.origin} {hidden.text} stands in an address inside [% if %]")
        parts.append(hidden.text)
        if following is None:
            break
        between = text[_outer(text, one)[1] : _outer(text, following)[0]]
        parts.append(_OPENER.sub("[['[']]", between))
    if base is Place.HTML:
        _refuse_unbalanced(text, found, marks)
    source = "".join(parts)
    try:
        expressions.parse(source)
    except ExpressionError as error:
        raise RefusedError("TEMPLATE", f"{opening.origin} {opening.text} {error}") from error
    return BlockPiece(source, base)


def _refuse_unbalanced(text: str, found: Sequence[Found], marks: Marks) -> None:
    """Each branch of a block must close what it opens: another branch, or none, may be the one a reader gets."""
    tags = [one for one in found if marks.hidden[one.number].is_tag]
    for one, following in pairwise(tags):
        rest = unbalanced_tag(text[_outer(text, one)[1] : _outer(text, following)[0]])
        if rest:
            hidden = marks.hidden[one.number]
            raise RefusedError("TEMPLATE", f"{hidden.origin} {hidden.text} opens or closes <{rest}> only half")


def isolated(marker: str) -> str:
    """A value of unknown direction in plain text, between FSI and PDI."""
    return f"{_FIRST_STRONG_ISOLATE}{marker}{_POP_ISOLATE}"
