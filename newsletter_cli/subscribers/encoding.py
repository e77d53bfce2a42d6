"""Which encoding a file of readers is in. General detectors call short windows-1256 files Big5.

Byte order mark → UTF-16 by its NUL bytes → strict UTF-8 → the best of four one-byte encodings by score. Those four
share most Arabic letters, so a score looks at how common the letters are, at words of two scripts, and at what cannot
stand where it stands. When the second reading is nearly as good and says something else, a person has to choose.
"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final

from newsletter_cli.subscribers.scoring import score

BLOCK: Final = 1 << 20
SAMPLE: Final = 1 << 16  # bytes of lines with high bytes that are scored: more changes no verdict
NUL_SHARE: Final = 0.2
CLOSE: Final = 0.05  # a runner-up within this is a question
FEW: Final = 0.25  # with fewer than five letters the gap has to be wider: this, divided by their number


class Encoding(StrEnum):
    """The encodings that are read."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1256 = "windows-1256"
    WINDOWS_1252 = "windows-1252"
    ISO_8859_6 = "iso-8859-6"
    MAC_ARABIC = "mac-arabic"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the file."""

    encoding: Encoding
    codec: str  # Python's name, such as utf-16-le
    skip: int = 0  # bytes of a mark before the text
    sample: str = ""  # the first line with other than ASCII letters, as read this way
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Detected:
    """The reading to take, and the one that is nearly as likely, if there is one."""

    best: Reading
    runner_up: Reading | None = None


# In order of preference where two readings give the same text.
ONE_BYTE: Final[Mapping[Encoding, str]] = {
    Encoding.WINDOWS_1252: "cp1252",
    Encoding.WINDOWS_1256: "cp1256",
    Encoding.ISO_8859_6: "iso8859_6",
    Encoding.MAC_ARABIC: "mac_arabic",
}
_BOMS: Final = (
    (codecs.BOM_UTF8, Encoding.UTF_8, "utf-8"),
    (codecs.BOM_UTF16_LE, Encoding.UTF_16, "utf-16-le"),
    (codecs.BOM_UTF16_BE, Encoding.UTF_16, "utf-16-be"),
)


def detect(file: BinaryIO) -> Detected:
    """The encoding of a file that can be read twice; it is left at its beginning."""
    head = file.read(SAMPLE)
    file.seek(0)
    found = _by_mark(head) or _by_nul_bytes(head)
    if found is None:
        good, bad, sample = _survey(file)
        file.seek(0)
        # One spoilt row does not make a UTF-8 file another one: hardly any line of Arabic in a one-byte encoding is
        # valid UTF-8 by chance. The row is rejected when it is read.
        if good >= bad:
            found = Reading(Encoding.UTF_8, "utf-8")
        else:
            return _by_score(sample)
    return Detected(found)


def named(name: str, file: BinaryIO) -> Reading | None:
    """The reading for an encoding that a person named, in any spelling; None for one that is not read.

    A mark at the beginning, and the order of the bytes of UTF-16, are looked up in the file, which stays where it was.
    """
    try:
        codec = codecs.lookup(name.strip()).name
    except LookupError:
        codec = name.strip().casefold()
    head = file.read(SAMPLE)
    file.seek(0)
    if codec in {"utf-8", "utf-8-sig", "ascii"}:
        marked = _by_mark(head)
        return marked if marked and marked.encoding is Encoding.UTF_8 else Reading(Encoding.UTF_8, "utf-8")
    if codec in {"utf-16", "utf-16-le", "utf-16-be"}:
        marked = _by_mark(head) or (_by_nul_bytes(head) if codec == "utf-16" else None)
        same = marked and marked.encoding is Encoding.UTF_16 and codec in {"utf-16", marked.codec}
        return marked if marked and same else Reading(Encoding.UTF_16, codec if codec != "utf-16" else "utf-16-le")
    return next((Reading(one, python) for one, python in ONE_BYTE.items() if codec in _spellings(one, python)), None)


def _spellings(encoding: Encoding, codec: str) -> frozenset[str]:
    return frozenset(
        {encoding.value, f"x-{encoding.value}", encoding.value.replace("-", ""), codec, codecs.lookup(codec).name}
    )


def _by_mark(head: bytes) -> Reading | None:
    for mark, encoding, codec in _BOMS:
        if head.startswith(mark):
            return Reading(encoding, codec, len(mark))
    return None


def _by_nul_bytes(head: bytes) -> Reading | None:
    """UTF-16 without a mark: ASCII letters have a NUL byte each, and its side tells the order."""
    if not head or head.count(0) <= NUL_SHARE * len(head):
        return None
    even = head[::2].count(0)
    return Reading(Encoding.UTF_16, "utf-16-be" if even * 2 > head.count(0) else "utf-16-le")


def _survey(file: BinaryIO) -> tuple[int, int, bytes]:
    """How many lines with high bytes are UTF-8, how many are not, and the first of the latter."""
    good = bad = 0
    sample = bytearray()
    rest = b""
    while block := file.read(BLOCK):
        block, cut, rest = (rest + block).rpartition(b"\n") if b"\n" in block else (b"", b"", rest + block)
        fine, wrong = _high_lines(block + cut)
        good, bad = good + fine, bad + len(wrong)
        for line in wrong:
            sample += line[: max(0, SAMPLE - len(sample))] + b"\n"
    fine, wrong = _high_lines(rest)
    return good + fine, bad + len(wrong), bytes(sample) + b"\n".join(wrong)


def _high_lines(block: bytes) -> tuple[int, list[bytes]]:
    """How many lines with high bytes are UTF-8, and those that are not."""
    if block.isascii():
        return 0, []
    high = [line for line in block.splitlines() if not line.isascii()]
    wrong = [] if _is_utf8(block) else [line for line in high if not _is_utf8(line)]
    return len(high) - len(wrong), wrong


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _by_score(sample: bytes) -> Detected:
    readings = sorted((_read(sample, *pair) for pair in ONE_BYTE.items()), key=lambda reading: -reading.score)
    best = readings[0]
    same = sample.decode(best.codec, "replace")
    # Where two readings give the same text there is nothing to choose: French in windows-1256 is French in 1252.
    other = next(reading for reading in readings[1:] if sample.decode(reading.codec, "replace") != same)
    close = max(CLOSE, FEW / sum(byte > 0x7F for byte in sample))
    return Detected(best, other if best.score - other.score < close else None)


def _read(sample: bytes, encoding: Encoding, codec: str) -> Reading:
    text = sample.decode(codec, "replace")
    first = next((line for line in text.splitlines() if not line.isascii()), "")
    # MacArabic has brackets and braces of its own for text from the right; in a name they are other encodings' letters.
    strange = "".join(
        "\ufffd" if byte > 0x7F and character in "[\\]^_{|}" else character
        for byte, character in zip(sample, text, strict=True)
    )
    return Reading(encoding, codec, sample=first, score=score(strange))
