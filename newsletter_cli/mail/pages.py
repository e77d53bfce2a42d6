"""A document compiled for many readers: static stretches, and groups of what differs between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from newsletter_cli.mail.content import Manner
from newsletter_cli.mail.document import Document, Static
from newsletter_cli.mail.expression import Fill, Values, compile_piece
from newsletter_cli.mail.segments import Part

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Page:
    """One document with its holes compiled. Its line ends are CRLF."""

    pieces: tuple[str | Fill, ...]

    @classmethod
    def of(cls, document: Document, language: str, manner: Manner, *, lenient: bool = False) -> "Page":
        """Compiled; lenient: what a reader would have to have is left out instead of raising ValueProblem.

        Raises RefusedError (TEMPLATE) for a slot or block that cannot be read.
        """
        return cls(
            tuple(
                _LINE_END.sub("\r\n", piece.text)
                if isinstance(piece, Static)
                else compile_piece(piece, language, manner, lenient=lenient)
                for piece in document.pieces
            )
        )

    def render(self, values: Values) -> str:
        """The whole text for one reader; raises ValueProblem."""
        return "".join(piece if isinstance(piece, str) else piece(values) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class EncodedPage:
    """A page whose static stretches are in base64 already."""

    part: Part
    groups: tuple[Fill, ...]  # between the static stretches, one function for each

    @classmethod
    def of(cls, page: Page, before: bytes = b"") -> "EncodedPage":
        """Encoded once per version; before: what is written in front of it."""
        statics: list[bytes] = [b""]
        groups: list[list[str | Fill]] = []
        for piece in page.pieces:
            in_group = len(statics) == len(groups)
            if not isinstance(piece, str):
                if not in_group:
                    groups.append([])
                groups[-1].append(piece)
                continue
            raw = piece.encode()
            if not in_group:  # the very first stretch
                statics[-1] += raw
            elif len(raw) < 2:  # too short for three phases
                groups[-1].append(piece)
            else:
                statics.append(raw)
        if len(statics) == len(groups):
            statics.append(b"")
        return cls(Part(statics, before), tuple(map(_as_one, groups)))

    def fill(self, values: Values) -> list[bytes]:
        """The part's lines for one reader; raises ValueProblem."""
        return self.part.fill([group(values).encode() for group in self.groups])


def _as_one(group: Sequence[str | Fill]) -> Fill:
    """One function for a group of slots and what little stands between them."""
    first = group[0]
    return Page(tuple(group)).render if len(group) > 1 or isinstance(first, str) else first
