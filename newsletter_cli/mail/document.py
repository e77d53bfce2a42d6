"""A rendered text with holes: what a version freezes, and what a reader's values are poured into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Place(StrEnum):
    """Where a slot stands: decides how its value is escaped."""

    HTML = "html"  # text or attribute value: all five of & < > " '
    URL_PART = "url-part"  # inside a URL: quote(value, safe="")
    URL = "url"  # a whole URL that we built from ASCII and a token
    TEXT = "text"  # text part: controls and newlines become a space, isolates balanced
    HEADER = "header"  # subject: as TEXT, then the header serialiser


@dataclass(frozen=True, slots=True)
class Static:
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    expression: str  # what stood in [[ … ]], e.g. 'name | default("قارئنا")'
    place: Place


@dataclass(frozen=True, slots=True)
class BlockPiece:
    """From `[% … %]` to its end, inlined already; itself a template in the [[ ]] / [% %] delimiters."""

    source: str
    place: Place  # HTML, TEXT or HEADER: the escaper of the values inside


Piece = Static | Slot | BlockPiece


@dataclass(frozen=True, slots=True)
class Document:
    """Pieces in order. Two neighbours are never both Static."""

    pieces: tuple[Piece, ...]

    def to_json(self) -> list[Any]:
        """JSON-safe: a string for Static, {"slot", "place"} or {"block", "place"} for the others."""
        return [_piece_to_json(piece) for piece in self.pieces]

    @classmethod
    def from_json(cls, data: Iterable[str | Mapping[str, str]]) -> "Document":
        """The inverse of to_json."""
        return cls(tuple(_piece_from_json(item) for item in data))

    def may_print(self, name: str) -> bool:
        """Whether a slot or block mentions a name, even where it would not be printed."""
        written = (
            piece.expression if isinstance(piece, Slot) else piece.source
            for piece in self.pieces
            if not isinstance(piece, Static)
        )
        return any(name in source for source in written)

    @classmethod
    def of(cls, text: str) -> "Document":
        """A document without holes."""
        return cls((Static(text),) if text else ())


def _piece_to_json(piece: Piece) -> str | dict[str, str]:
    if isinstance(piece, Static):
        return piece.text
    if isinstance(piece, Slot):
        return {"slot": piece.expression, "place": piece.place.value}
    return {"block": piece.source, "place": piece.place.value}


def _piece_from_json(item: str | Mapping[str, str]) -> Piece:
    if isinstance(item, str):
        return Static(item)
    if "slot" in item:
        return Slot(item["slot"], Place(item["place"]))
    return BlockPiece(item["block"], Place(item["place"]))
