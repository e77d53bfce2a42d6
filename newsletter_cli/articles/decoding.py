"""From a file's bytes to text: the encoding, then what is repaired, then what is removed; each step is reported.

byte order mark → UTF-16 by its zero bytes → strict UTF-8 → the best of four one-byte encodings
→ LF, NFC, letters copied from a PDF → misread UTF-8 is offered, never applied → controls and overrides out
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from newsletter_cli.articles.encodings import CODECS, Guess, guesses
from newsletter_cli.errors import NotConfirmedError, RefusedError

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
_NUL_SHARE: Final = 0.2
_HIGH_BYTES: Final = b"\x00\x05\x06"  # high bytes of Latin, Hebrew and Arabic letters in UTF-16
_HIGH_SHARE: Final = 0.85
_CLOSE: Final = 0.05  # a runner-up within this is a question
_RUBBISH: Final = 0.0  # a best reading that scores lower is no text in any of the four encodings
_CONTROL_SHARE: Final = 0.02  # C0 controls among the bytes; text has next to none, programs and pictures a tenth

# What a file is by its first bytes, whatever its name says.
_SIGNATURES: Final = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a zip archive, such as .docx or .xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WebP picture or a sound"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
)

_LINE_ENDS: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028]")
_PRESENTATION: Final = re.compile("[\ufb50-\ufd3d\ufd40-\ufdef\ufe70-\ufefc]+")
_REMOVED: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_OVERRIDES: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

_SECOND_BYTES: Final = bytes(range(0x80, 0xC0))
_GARBLED: Final = {
    "cp1256": re.compile("[طظ][" + re.escape(_SECOND_BYTES.decode("cp1256")) + "]"),
    "cp1252": re.compile("[ØÙ][" + re.escape(_SECOND_BYTES.decode("cp1252", "ignore")) + "]"),
}
_GARBLED_SHARE: Final = 0.03


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a file, with \\n for every line end."""

    text: str
    encoding: str  # utf-8, utf-16, windows-1256, windows-1252, iso-8859-6, mac-arabic
    notes: tuple[str, ...] = ()  # what was changed or found, one sentence each
    repair: str = ""  # the text as it may have been before UTF-8 was read as windows-1256; offered, never applied


def what_it_is(data: bytes) -> str:
    """What the first bytes say a file is ("a PDF"), "binary data", or "" for text."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    return "" if _utf16(data) or not _is_binary(data) else "binary data"


def decode(data: bytes, *, name: str = "the file", encoding: str = "") -> Decoded:
    """The text of a file's bytes, normalised.

    name: how messages call it.  encoding: one of Decoded.encoding's names, chosen by a person; "" = find out.
    Raises RefusedError UNREADABLE (empty, binary, no text in a known encoding) and NotConfirmedError
    ENCODING-AMBIGUOUS, whose details hold both readings. Normalising twice is normalising once.
    """
    if not data.strip(b"\x00 \t\r\n\x0b\x0c"):
        raise RefusedError("UNREADABLE", f"{name} is empty.", fix="save the text in the file first")
    if kind := what_it_is(data):
        raise RefusedError("UNREADABLE", f"{name} is not text: it looks like {kind}.", fix=_CONVERT)
    text, found, notes = _characters(data, name, encoding)
    repair, how = _repair(text)
    if how:
        notes.append(f"The text looks like UTF-8 that was once read as another encoding (ط§ظ„). {how}")
    clean, changes = normalise(text)
    return Decoded(clean, found, (*notes, *changes), normalise(repair)[0] if repair else "")


_CONVERT: Final = "save it as plain text (.txt), Markdown (.md) or HTML (.html), in UTF-8"


# --- encodings -------------------------------------------------------------------------------------------------


def _characters(data: bytes, name: str, encoding: str) -> tuple[str, str, list[str]]:
    for mark, called, codec in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace"), called, []
    if codec := _utf16(data):
        return data.decode(codec, "replace"), "utf-16", []
    if encoding in CODECS:
        return data.decode(CODECS[encoding], "replace"), encoding, []
    try:
        return data.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            raise RefusedError("UNREADABLE", f"{name} is not UTF-8 (byte {error.start}).", fix=_CONVERT) from error
    guess = _chosen(guesses(data), name)
    return guess.text, guess.encoding, [f"The file was read as {guess.encoding}."]


def _chosen(readings: tuple[Guess, ...], name: str) -> Guess:
    best = readings[0]
    if best.score < _RUBBISH:
        raise RefusedError("UNREADABLE", f"{name} is in no encoding that is known here.", fix=_CONVERT)
    if len(readings) > 1 and best.score - readings[1].score < _CLOSE:
        pair = readings[:2]
        raise NotConfirmedError(
            "ENCODING-AMBIGUOUS",
            f"{name} can be read in two encodings.",
            facts=[(guess.encoding, _first_foreign_line(guess.text)) for guess in pair],
            fix="save the file as UTF-8",
            details={"encodings": [guess.encoding for guess in pair]},
        )
    return best


def _first_foreign_line(text: str) -> str:
    return next((line.strip()[:60] for line in text.split("\n") if not line.isascii()), "")


def _utf16(data: bytes) -> str:
    """The codec of UTF-16 without a mark, or "".

    A file with Latin letters is full of zero bytes; pure Arabic has none, but every second byte of it is 0x06, and all
    of it would pass as UTF-8.
    """
    if len(data) < 4 or data.startswith(codecs.BOM_UTF8):
        return ""
    pairs = len(data) // 2
    even = sum(data[0 : 2 * pairs : 2].count(byte) for byte in _HIGH_BYTES)
    odd = sum(data[1 : 2 * pairs : 2].count(byte) for byte in _HIGH_BYTES)
    nul = data.count(0) > _NUL_SHARE * len(data)
    if (nul and odd > even) or (odd >= _HIGH_SHARE * pairs and even < odd / 2):
        codec = "utf-16-le"
    elif (nul and even > odd) or (even >= _HIGH_SHARE * pairs and odd < even / 2):
        codec = "utf-16-be"
    else:
        return ""
    text = data.decode(codec, "replace")
    return codec if sum(map(_is_control, text)) <= _CONTROL_SHARE * len(text) else ""


def _is_control(sign: str) -> bool:
    return (sign < " " and sign not in "\t\n\r\x0b\x0c\x1a") or sign == "\ufffd"


def _is_binary(data: bytes) -> bool:
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    sample = data[: 1 << 16]
    controls = sum(sample.count(byte) for byte in range(32) if byte not in b"\t\n\r\x0b\x0c\x1a")
    return b"\0" in sample or controls > _CONTROL_SHARE * len(sample)


# --- normalising -----------------------------------------------------------------------------------------------


def normalise(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with \\n for every line end, in NFC, without controls and bidi overrides; and what was done.

    Letters copied from a PDF (presentation forms) become letters; ﷺ, ﷼ and ornate brackets stay. ZWNJ, ZWJ, LRM, RLM,
    harakat, tatweel, no-break spaces and every digit stay. Twice is once.
    """
    notes: list[str] = []
    lines = _LINE_ENDS.sub("\n", text).replace("\u2029", "\n\n")
    letters, forms = _PRESENTATION.subn(lambda match: unicodedata.normalize("NFKC", match[0]), lines)
    if forms:
        notes.append(f"Letters copied from a PDF were made ordinary letters in {_places(forms)}.")
    overrides = len(_OVERRIDES.findall(letters))
    if overrides:
        notes.append(f"Hidden marks that turn the direction of text were removed in {_places(overrides)}.")
    clean = _SURROGATES.sub("\ufffd", _REMOVED.sub("", letters))
    lost = clean.count("\ufffd")
    if lost:
        notes.append(f"Letters were lost before this file came here (�) in {_places(lost)}.")
    return unicodedata.normalize("NFC", clean), tuple(notes)


def spotless(text: str) -> str:
    """One piece of text without controls and bidi overrides, for what an entity (&#x202e;) or an escape brought in."""
    return _SURROGATES.sub("\ufffd", _REMOVED.sub("", _LINE_ENDS.sub(" ", text)))


def _places(count: int) -> str:
    return "1 place" if count == 1 else f"{count} places"


def _repair(text: str) -> tuple[str, str]:
    """(what the text was before UTF-8 bytes were read as windows-1256 or 1252, what a person can do about it).

    Both are "" when it does not look like that; the first alone, when some of it is garbled in another way.
    """
    advice = ""
    for codec, pattern in _GARBLED.items():
        if len(pattern.findall(text)) * 2 <= _GARBLED_SHARE * len(text):
            continue
        try:
            repaired = text.encode(codec).decode("utf-8")
        except UnicodeError:
            advice = advice or "It cannot be turned back whole: copy the page anew and save it as UTF-8."
            continue
        name = codec.replace("cp", "windows-")
        return repaired, (
            "Nothing was changed: at a terminal the import asks whether to repair it, "
            f"or do it yourself: iconv -f utf-8 -t {name} FILE > repaired.txt"
        )
    return "", advice
