"""Grapheme clusters: what a reader takes for one letter, and what must not be cut.

The rules of UAX #29 that matter for mail: marks, joiners, variation selectors, emoji modifiers and tags stay with what
they follow; what follows a joiner stays with it; flags are pairs; Hangul jamo of one syllable stay together.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

ZWNJ: Final = "\u200c"
ZWJ: Final = "\u200d"


def clusters(text: str) -> Iterator[str]:
    """The clusters of `text` in order; joined they are `text` again."""
    start = 0
    for index in range(1, len(text) + 1):
        if is_boundary(text, index):
            yield text[start:index]
            start = index


def is_boundary(text: str, index: int) -> bool:
    """True where `text` may be cut before `index` (0 to its length)."""
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if before in (ZWNJ, ZWJ):
        return False
    if after.isascii():
        return True
    if after in (ZWNJ, ZWJ) or _is_mark(after) or (_is_jamo(before) and _is_jamo(after)):
        return False
    return not _is_flag(after) or _flags_before(text, index) % 2 == 0


def _is_mark(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or 0x1F3FB <= code <= 0x1F3FF  # skin tones
        or 0xE0020 <= code <= 0xE007F  # tags of regional flags
    )


def _is_flag(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _is_jamo(character: str) -> bool:
    return 0x1100 <= ord(character) <= 0x11FF


def _flags_before(text: str, index: int) -> int:
    first = index
    while first and _is_flag(text[first - 1]):
        first -= 1
    return index - first
