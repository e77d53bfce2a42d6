"""What a DKIM signature covers and how its field is written: text only, no key (RFC 6376, RFC 8301, RFC 8463).

    header   each signed field in relaxed form, in the order of h=, each ending in CRLF
    own      DKIM-Signature itself in relaxed form with an empty b=, without CRLF
    body     as it is: ours ends in exactly one CRLF, which is its simple form (§3.4.3)

A field named once more in h= than it is there cannot be added later: the second Subject breaks the signature (§5.4).
"""

import base64
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Final

SIGNED: Final = (
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "Feedback-ID",
)  # fmt: skip
# Named once more than they are there, also when absent: a second one would be what the reader's program shows.
OVERSIGNED: Final = frozenset(SIGNED) - {"List-Id", "List-Help", "Feedback-ID"}
_LINE: Final = 78
_SIGNATURE_LINE: Final = 72  # letters of b= in one line, behind a space
_FIELD_END: Final = re.compile(rb"\r\n(?![ \t])")
_SPACE: Final = re.compile(rb"[ \t]+")
_STRING: Final = 255  # bytes in one string of a TXT record (RFC 1035 §3.3.14)


def relaxed(field: bytes) -> bytes:
    """A field, with or without its CRLF, in relaxed form with it (RFC 6376 §3.4.2)."""
    name, _, value = field.partition(b":")
    return name.rstrip(b" \t").lower() + b":" + _collapsed(value) + b"\r\n"


def relaxed_fields(head: bytes) -> dict[str, bytes]:
    """The relaxed forms of the fields in `head`, by name in small letters.

    Raises ValueError when a field is there twice: which of them a signature covers depends on who reads it.
    """
    found: dict[str, bytes] = {}
    for field in _FIELD_END.split(head):
        if field:
            form = relaxed(field)
            name = form[: form.index(b":")].decode("ascii")
            if name in found:
                raise ValueError(f"{name} stands twice in one message")
            found[name] = form
    return found


def names_signed(present: Container[str]) -> tuple[str, ...]:
    """The names for h=; present: names in small letters of the fields that the message has."""
    return tuple(name for name in SIGNED for _ in range((name.lower() in present) + (name in OVERSIGNED)))


@dataclass(frozen=True, slots=True)
class FieldPattern:
    """One DKIM-Signature field without its two hashes."""

    written: bytes  # up to and with "bh="
    canonical: bytes  # the same in relaxed form

    @classmethod
    def of(cls, algorithm: str, domain: str, selector: str, instant: int, names: tuple[str, ...]) -> "FieldPattern":
        """algorithm: such as rsa-sha256.  domain: A-labels.  instant: for t=, Unix seconds.  names: for h=."""
        lines = [
            *_folded(["DKIM-Signature: v=1;", f"a={algorithm};", "c=relaxed/simple;", f"d={domain};", f"s={selector};",
                      f"t={instant};"], " "),
            *_folded([f"h={names[0]}:", *(f"{name}:" for name in names[1:-1]), f"{names[-1]};"], ""),
            "bh=",
        ]  # fmt: skip
        written = "\r\n ".join(lines).encode("ascii")
        return cls(written, relaxed(written).removesuffix(b"\r\n"))

    def to_sign(self, body_hash: bytes) -> bytes:
        """The field as it is signed, behind the others; body_hash: in base64."""
        return self.canonical + body_hash + b"; b="

    def filled(self, body_hash: bytes, signature: bytes) -> bytes:
        """The field as it is sent, with its CRLF; signature: raw."""
        letters = base64.b64encode(signature)
        lines = [letters[start : start + _SIGNATURE_LINE] for start in range(0, len(letters), _SIGNATURE_LINE)]
        return self.written + body_hash + b";\r\n b=" + b"\r\n ".join(lines) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Record:
    """The TXT record under which receivers find a public key (RFC 6376 §3.6.2)."""

    name: str  # s1._domainkey.example.org, no dot at the end
    value: str  # v=DKIM1; k=rsa; p=…

    @property
    def strings(self) -> tuple[str, ...]:
        """The value in strings of at most 255 letters; receivers join them without a space."""
        return tuple(self.value[start : start + _STRING] for start in range(0, len(self.value), _STRING))

    def zone_line(self) -> str:
        """The record as one line of a zone file."""
        quoted = " ".join(f'"{text}"' for text in self.strings)
        return f"{self.name}. IN TXT ( {quoted} )"


def record(domain: str, selector: str, kind: str, public: bytes) -> Record:
    """What DNS has to say about a key.

    kind: rsa or ed25519.  public: SubjectPublicKeyInfo in DER for rsa, the raw 32 bytes for ed25519 (RFC 8463 §4).
    """
    letters = base64.b64encode(public).decode("ascii")
    return Record(f"{selector}._domainkey.{domain}", f"v=DKIM1; k={kind}; p={letters}")


def header_order(
    names: tuple[str, ...], fields: Mapping[str, bytes], personal: Container[str]
) -> tuple[bytes | str, ...]:
    """What h= signs, as stretches that are the same for every reader with the names of the other fields between them.

    names: of h=; one more than are there counts as nothing (RFC 6376 §5.4.2).
    fields: relaxed forms of the fields that no reader changes.  personal: names in small letters of those that differ.
    """
    pieces: list[bytes | str] = []
    stretch = b""
    for name in dict.fromkeys(name.lower() for name in names):
        if name in personal:
            pieces += [stretch, name]
            stretch = b""
        else:
            stretch += fields.get(name, b"")
    return tuple(piece for piece in (*pieces, stretch) if piece)


def _collapsed(value: bytes) -> bytes:
    return _SPACE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _folded(words: list[str], between: str) -> list[str]:
    """Words on lines of at most 78 columns; a folded line begins with a space that the caller adds."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(between) + len(word) + 1 > _LINE:
            lines.append(word)
        else:
            lines[-1] += between + word
    return lines
