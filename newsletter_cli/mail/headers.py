"""The one header serialiser: every field of every message is written here (RFC 5322 §2.2, RFC 2047).

    text_field("Subject", …)          words of people: as is, or the whole value in encoded-words
    mailbox_field("From", …)          a display name and an address that is never encoded
    raw_field("Message-ID", …)        structured ASCII, one line, never folded
    phrase_field("List-Id", …)        a phrase, and brackets that are never encoded

Python's `email` package is not used for writing: it deletes spaces between encoded-words of long Arabic subjects, turns
List-Unsubscribe into encoded-words once a token is long, and writes encoded-words longer than allowed.
"""

import base64
import re
from collections.abc import Iterator
from typing import Final

from newsletter_cli.mail.clusters import is_boundary
from newsletter_cli.mail.content import Mailbox
from newsletter_cli.mail.problems import HeaderProblem

LINE: Final = 78  # RFC 5322 §2.1.1: should
ENCODED_LINE: Final = 76  # RFC 2047 §2: a line that holds an encoded-word
HARD_LINE: Final = 998  # RFC 5322 §2.1.1: must
WORD: Final = 45  # bytes in one encoded-word: 60 letters of base64 and 12 of frame are 72, 48 bytes would be 76 > 75
_FRAME: Final = len("=?utf-8?B?") + len("?=")

# What would end a field, or what no mail program may be shown. Tab is a space.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")
_RAW: Final = re.compile(r"[\x20-\x7e]+")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],:;\\\"@]+@[A-Za-z0-9.-]+")
_NAMES: Final = {
    "\r": "a carriage return",
    "\n": "a line feed",
    "\x00": "a NUL character",
    "\x1b": "an escape character",
    "\u2028": "a line separator",
    "\u2029": "a paragraph separator",
}


def text_field(name: str, value: str) -> bytes:
    """An unstructured field such as Subject, with its CRLF.

    ASCII stays as it is and is folded at its own spaces; else the whole value travels in encoded-words, white space
    inside them. Raises HeaderProblem for a character that may not stand in a field.
    """
    value = checked(name, value)
    if _needs_words(value) or value != value.strip(" "):  # spaces at the ends are lost unless they are in a word
        return _lines(name, f"{name}: " + _encoded(value, len(name) + 2))
    return _lines(name, _folded(f"{name}: ", value))


def mailbox_field(name: str, mailbox: Mailbox) -> bytes:
    """A field with one address, such as From. The name may be any text, the address stays as it is.

    Raises HeaderProblem for a name or an address that may not stand there.
    """
    address = path(name, mailbox.address)
    phrase = checked(name, mailbox.name)
    if not phrase.strip(" "):
        return _lines(name, f"{name}: {address}")
    return _lines(name, _with_tail(name, phrase, f"<{address}>"))


def phrase_field(name: str, phrase: str, bracket: str) -> bytes:
    """`phrase <bracket>`; the phrase may be encoded, the bracket is ASCII and never is (RFC 2919)."""
    phrase = checked(name, phrase)
    inside = _raw(name, bracket)
    return _lines(name, _with_tail(name, phrase, f"<{inside}>") if phrase.strip(" ") else f"{name}: <{inside}>")


def raw_field(name: str, value: str) -> bytes:
    """A structured field: printable ASCII on one line, never encoded and never folded."""
    return _lines(name, f"{name}: {_raw(name, value)}")


def checked(name: str, value: str) -> str:
    """`value` with tabs as spaces; raises HeaderProblem when it holds what no field may hold."""
    found = _FORBIDDEN.search(value)
    if found:
        character = found.group()
        what = _NAMES.get(character, f"the character U+{ord(character):04X}")
        raise HeaderProblem(name, f"{name} holds {what}, which may not stand in a header field.")
    return value.replace("\t", " ")


def path(name: str, address: str) -> str:
    """`address` fit for a field and for SMTP: no space, bracket, quote or control, and a domain of A-labels."""
    checked(name, address)
    if not _ADDRESS.fullmatch(address):
        raise HeaderProblem(name, f"{name} holds an address that mail cannot carry.")
    return address


def _needs_words(value: str) -> bool:
    # A literal "=?" in ASCII text would be decoded by the reader's program.
    return not value.isascii() or "=?" in value


def _raw(name: str, value: str) -> str:
    if not _RAW.fullmatch(value):
        checked(name, value)
        raise HeaderProblem(name, f"{name} must be plain ASCII.")
    return value


def _encoded(value: str, used: int) -> str:
    """Encoded-words for the whole value, folded; `used` columns of the first line are taken."""
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(word).decode('ascii')}?=" for word in _words(value, used))


def _words(value: str, used: int) -> Iterator[bytes]:
    # At least one letter: a long field name cannot leave a first line without a word (RFC 5322 §3.2.2).
    room = max(4, min(WORD, (ENCODED_LINE - used - _FRAME) // 4 * 3))
    start = 0
    while True:
        end = _cut(value, start, room)
        yield value[start:end].encode()
        if end >= len(value):
            return
        start, room = end, WORD


def _cut(value: str, start: int, room: int) -> int:
    """Where the word that begins at `start` ends: the last cluster that fits; inside a cluster only if none does."""
    head = value[start : start + room].encode()[:room].decode("utf-8", "ignore")
    end = furthest = start + len(head)
    while end > start and not is_boundary(value, end):
        end -= 1
    return end if end > start else furthest


def _folded(head: str, value: str) -> str:
    """`head` and ASCII `value` on lines of at most 78 columns where its own spaces allow it."""
    lines: list[str] = []
    line = head
    for word in re.findall(r" *[^ ]+ *$| *[^ ]+", value):
        # The first line is never empty: some servers cut a field there.
        if len(line) + len(word) > LINE and word.startswith(" ") and line.strip() and line != head:
            lines.append(line)
            line = word
        else:
            line += word
    return "\r\n".join([*lines, line])


def _with_tail(name: str, phrase: str, tail: str) -> str:
    head = f"{name}: "
    if _needs_words(phrase):
        written = head + _encoded(phrase, len(head))
        limit = ENCODED_LINE
    else:
        written = _folded(head, phrase if _ATOMS.fullmatch(phrase) else _quoted(phrase))
        limit = LINE
    last = written.rpartition("\r\n")[2]
    return written + (" " if len(last) + 1 + len(tail) <= limit else "\r\n ") + tail


def _quoted(phrase: str) -> str:
    return '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _lines(name: str, written: str) -> bytes:
    data = written.encode()
    if any(len(line) > HARD_LINE for line in data.split(b"\r\n")):
        raise HeaderProblem(name, f"{name} is too long for mail: a line may have {HARD_LINE} characters.")
    return data + b"\r\n"
