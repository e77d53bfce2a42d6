"""What may reach a terminal: strangers' text made harmless, measured, clipped; when to colour and when to isolate.

Why one function: a row with Arabic in a middle column lies (columns swap, 2026-10-01 is drawn 01-10-2026), and a
reader's name may hold ESC, a newline or a bidi override. Rich measures cells; Rich's markup never sees such text.
"""

import contextlib
import os
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.text import Text

ELLIPSIS: Final = "…"
FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"

# C0, DEL, C1, line and paragraph separators, the bidi marks, embeddings, overrides and isolates.
HARMFUL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# The last net under a whole line: our own line breaks and the isolates that `cell` added may stay.
_HARMFUL_IN_LINES: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066\u2067]"
)
_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class Stream(Protocol):
    """As much of a text stream as we use."""

    def write(self, text: str, /) -> int: ...
    def flush(self) -> None: ...
    def isatty(self) -> bool: ...


def silence(stream: Stream) -> None:
    """Nobody reads this stream any more: what is still buffered goes nowhere, without a complaint at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]  # a stream of a test has none
        os.close(nowhere)


def clean(text: object) -> str:
    """Text of a stranger without what could move the cursor, break the line or turn its direction."""
    return _LONE_SURROGATES.sub("\ufffd", HARMFUL.sub("", str(text)))


def clean_lines(text: str) -> str:
    """The same for a line of ours that holds such text: line breaks and our own isolates stay, tabs become spaces."""
    return _LONE_SURROGATES.sub("\ufffd", _HARMFUL_IN_LINES.sub("", text.expandtabs(4)))


def clip(text: str, width: int) -> str:
    """text cut to `width` cells, the last of them an ellipsis when something was cut."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    kept, used = "", 0
    for letter in text:
        used += cell_len(letter)
        if used > width - 1:
            break
        kept += letter
    return kept.rstrip() + ELLIPSIS


def plain_cell(text: object, width: int | None = None, *, isolate: bool = False) -> str:
    """`cell` as a string, for lines that are not drawn by Rich."""
    shown = clean(text)
    if width is not None:
        shown = clip(shown, width)
    return f"{FIRST_STRONG_ISOLATE}{shown}{POP_ISOLATE}" if isolate and shown else shown


def cell(text: object, width: int | None = None, *, isolate: bool = False) -> "Text":
    """A stranger's text as one cell: cleaned, clipped to `width` cells, isolated if asked; never read as markup."""
    from rich.text import Text  # lazy: only drawn tables and the live view need it

    return Text(plain_cell(text, width, isolate=isolate), no_wrap=True)


def is_right_to_left(text: str) -> bool:
    """Whether text holds a letter or digit that is written, or makes its neighbours written, from right to left."""
    return any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """text filled with spaces to `width` cells (zero-width letters and wide ones counted as drawn)."""
    gap = " " * max(0, width - cell_len(text))
    return gap + text if right else text + gap


def wants_isolates(env: Mapping[str, str], setting: str = "auto") -> bool:
    """Whether U+2068…2069 around Arabic helps here: VTE, Konsole and Apple's terminal only, and not inside tmux."""
    if setting != "auto":
        return setting == "isolate"
    known = env.get("VTE_VERSION") or env.get("KONSOLE_VERSION") or env.get("TERM_PROGRAM") == "Apple_Terminal"
    return bool(known) and not env.get("TMUX")


def wants_colour(stream: Stream, env: Mapping[str, str], *, choice: str, plain: bool) -> bool:
    """Whether `stream` may hold colour. A pipe holds an ESC byte only with `--color always`.

    choice: auto | always | never.  FORCE_COLOR speaks for terminals that call themselves dumb, never for pipes.
    """
    if choice != "auto":
        return choice == "always"
    if plain or env.get("NO_COLOR") or not stream.isatty():
        return False
    return bool(env.get("FORCE_COLOR")) or env.get("TERM", "") not in ("", "dumb")


def can_animate(stream: Stream, env: Mapping[str, str], *, plain: bool, quiet: bool) -> bool:
    """Whether a live view may be drawn on `stream`; FORCE_COLOR has no say in it."""
    return stream.isatty() and not plain and not quiet and not env.get("CI") and env.get("TERM", "dumb") != "dumb"
