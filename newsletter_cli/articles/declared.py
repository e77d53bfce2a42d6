"""The encoding that a page says it is in: a hint where the bytes are not UTF-8, and no more than that."""

import codecs
import re
from typing import Final

from newsletter_cli.articles.encodings import CODECS, guesses

_HEAD: Final = 4096  # bytes in which a page names its encoding; HTML asks for the first 1024
_SAID: Final = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:-]{2,30})|<\?xml[^>]{0,80}encoding=["']([A-Za-z0-9_-]{2,30})""",
    re.IGNORECASE,
)
_LIKELY: Final = 0.3  # a named encoding whose letters score this much worse than another one's was named in error
_FEW: Final = 2000  # bytes for each one that is no UTF-8, in a page that is UTF-8 all the same
# Said by default of so many tools that it says nothing.
_EMPTY_WORDS: Final = frozenset({"utf-8", "iso8859-1", "ascii", "cp1252", "utf-16", "utf-16-le", "utf-16-be"})


def declared_encoding(data: bytes, said: str = "") -> str:
    """The encoding that a page, or the server that gave it, names; Python's name of it, "" for none or an unknown one.

    said: the charset of Content-Type.
    """
    found = _SAID.search(data[:_HEAD])
    inside = (found[1] or found[2]).decode("ascii") if found else ""
    for name in (said, inside):
        try:
            if name:
                return codecs.lookup(name).name
        except LookupError:
            continue  # a misspelt name says nothing
    return ""


def with_declared(data: bytes, said: str = "") -> tuple[bytes, str, str]:
    """(bytes, encoding, note): what to hand to `decode`, when a page's own word about its encoding helps.

    encoding: a name that `decode` knows, "" = it finds out.  UTF-8 wins wherever it fits, whatever the page
    says; with a broken byte here and there it stays UTF-8.  An encoding that `decode` does not know is
    turned into UTF-8 and named in the note.
    """
    if _is_utf8(data) or data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:_HEAD]:
        return data, "", ""
    if (repaired := _nearly_utf8(data)) is not None:
        return repaired, "utf-8", ""
    name = declared_encoding(data, said)
    if not name or name in _EMPTY_WORDS:
        return data, "", ""
    ours = next((label for label, codec in CODECS.items() if codecs.lookup(codec).name == name), "")
    if ours:
        return data, ours if _is_likely(data, ours) else "", ""
    try:
        return data.decode(name).encode("utf-8"), "utf-8", f"The page was read as {name}, as it says."
    except (UnicodeError, LookupError):
        return data, "", ""


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _nearly_utf8(data: bytes) -> bytes | None:
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    foreign = sum(not sign.isascii() for sign in text) - broken
    return text.encode("utf-8") if broken <= max(1, len(data) // _FEW) and foreign > 20 * broken else None


def _is_likely(data: bytes, name: str) -> bool:
    readings = guesses(data)
    named = next((guess.score for guess in readings if guess.encoding == name), None)
    return named is not None and named >= readings[0].score - _LIKELY
