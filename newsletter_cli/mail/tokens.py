"""Tokens: 26 letters that say which row a link or a bounce is about, and that we wrote them.

    byte 0          kind (4 bits), key number (4 bits)
    bytes 1 to 7    payload: delivery id (56 bits), or subscription id (32 bits) and a digest or day number (24 bits)
    bytes 8 to 15   the first 8 bytes of HMAC-SHA256 over the 8 before

Lower-case base32 without padding, because bounce software lower-cases local parts. Nothing in a token is readable
without the database, and the number 0 is nobody: its links show their page and change nothing.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

LENGTH: Final = 26
KEY_BYTES: Final = 32
_ALPHABET: Final = b"abcdefghijklmnopqrstuvwxyz234567".ljust(256)  # for bytes.translate: 5 bits → a letter


class Kind(IntEnum):
    """What a token may be used for. One purpose each: a token of another kind is refused."""

    DELIVERY = 1  # D: return path, Message-ID, ENVID
    UNSUBSCRIBE = 2  # U: List-Unsubscribe and the link in the text
    PREFERENCES = 3  # P
    VIEW = 4  # V: web copy of one reader
    CONFIRM = 5  # C: 14 days, reusable
    DATA = 6  # X: my-data page
    ADDRESS = 7  # A: the new address of a reader says yes; address_change id, day number


# The second number has 24 bits; kinds that name a delivery have none.
DELIVERIES: Final = frozenset({Kind.DELIVERY, Kind.VIEW})


@dataclass(frozen=True, slots=True)
class Token:
    """What a genuine token says."""

    kind: Kind
    key_number: int
    number: int  # delivery id (D, V) or address_change id (A), subscription id (the others); 0 = nobody
    second: int  # digest number (U, P), day number (C, X, A), 0 (D, V)


class Mac:
    """HMAC-SHA256 under one key (RFC 2104), its two halves begun.

    Copying two hashes takes half as long as copying the standard library's HMAC, three times per message.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        """key: at most 64 bytes, one block of SHA-256."""
        block = key.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def digest(self, data: bytes) -> bytes:
        """32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()


class Mint:
    """Makes tokens of one kind under one key: what does not change from one to the next is worked out once."""

    __slots__ = ("_head", "_mac", "_names_delivery")

    def __init__(self, mac: Mac, kind: Kind, key_number: int) -> None:
        self._mac = mac
        self._head = int(kind) << 60 | key_number << 56
        self._names_delivery = kind in DELIVERIES

    def make(self, number: int, second: int = 0) -> str:
        """26 characters; see Keyring.make."""
        if self._names_delivery:
            if second or not 0 <= number < 1 << 56:
                raise ValueError("a delivery token holds one number of 56 bits")
        elif not (0 <= number < 1 << 32 and 0 <= second < 1 << 24):
            raise ValueError("this token holds one number of 32 bits and one of 24")
        else:
            number = number << 24 | second
        head = self._head | number
        mac = self._mac.digest(head.to_bytes(8, "big"))
        return _letters(head << 64 | int.from_bytes(mac[:8], "big"))


@dataclass(frozen=True)
class Keyring:
    """Signing keys by number. Old ones keep verifying for ever; `current` signs."""

    keys: Mapping[int, bytes]  # number 0 to 15 → 32 random bytes
    current: int
    _macs: dict[int, Mac] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError("the current key is not on the ring")
        if any(not 0 <= number <= 15 or len(key) != KEY_BYTES for number, key in self.keys.items()):
            raise ValueError("a signing key is 32 bytes under a number from 0 to 15")
        object.__setattr__(self, "_macs", {number: Mac(key) for number, key in self.keys.items()})

    def make(self, kind: Kind, number: int, second: int = 0, *, key_number: int | None = None) -> str:
        """26 characters [a-z2-7].

        number: delivery id under 2⁵⁶ (D, V), or subscription id under 2³² (others).  second: under 2²⁴, 0 for D and V.
        key_number: the key frozen with a send; the current one when None.
        """
        return self.mint(kind, key_number).make(number, second)

    def mint(self, kind: Kind, key_number: int | None = None) -> Mint:
        """For many tokens of one kind; key_number as in `make`."""
        key = self.current if key_number is None else key_number
        return Mint(self._macs[key], kind, key)

    def read(self, token: str, kind: Kind) -> Token | None:
        """What the token says, or None: broken, of another kind, unknown key, or not ours. Upper case is accepted."""
        raw = _bytes_of(token)
        if raw is None:
            return None
        key = raw[0] & 15
        if raw[0] >> 4 != kind or key not in self._macs:
            return None
        if not hmac.compare_digest(self._macs[key].digest(raw[:8])[:8], raw[8:]):
            return None
        payload = int.from_bytes(raw[1:8], "big")
        if kind in DELIVERIES:
            return Token(kind, key, payload, 0)
        return Token(kind, key, payload >> 24, payload & 0xFFFFFF)

    def seal(self, purpose: str, text: str) -> str:
        """26 characters that prove that we wrote `text` for `purpose`: for hidden fields of our own forms."""
        return _letters(int.from_bytes(self._sealed(purpose, text, self.current), "big"))

    def is_sealed(self, purpose: str, text: str, seal: str) -> bool:
        """Whether `seal` was made for exactly this text and purpose, with any key of the ring."""
        raw = _bytes_of(seal)
        return raw is not None and any(hmac.compare_digest(self._sealed(purpose, text, key), raw) for key in self._macs)

    def _sealed(self, purpose: str, text: str, key: int) -> bytes:
        # No token begins with this byte: its first four bits would be kind 15.
        return self._macs[key].digest(b"\xff" + purpose.encode() + b"\0" + text.encode())[:16]


def _slots(half: int) -> tuple[int, int]:
    """Masks over 32 groups of five bits in slots of two times `half`: the groups that stay, those that move up."""
    stay = sum(((1 << 5 * half) - 1) << slot for slot in range(0, 256, 16 * half))
    return stay, stay << 5 * half


(_STAY_16, _MOVE_16), (_STAY_8, _MOVE_8), (_STAY_4, _MOVE_4), (_STAY_2, _MOVE_2), (_STAY_1, _MOVE_1) = map(
    _slots, (16, 8, 4, 2, 1)
)


def _letters(bits: int) -> str:
    """Base32 of 128 bits: the groups of five are moved apart to bytes, all at once, in five halvings.

    A third of the price of base64.b32encode, three times per message.
    """
    bits <<= 2  # two spare bits at the end: 26 letters
    bits = bits & _STAY_16 | (bits & _MOVE_16) << 48
    bits = bits & _STAY_8 | (bits & _MOVE_8) << 24
    bits = bits & _STAY_4 | (bits & _MOVE_4) << 12
    bits = bits & _STAY_2 | (bits & _MOVE_2) << 6
    bits = bits & _STAY_1 | (bits & _MOVE_1) << 3
    return bits.to_bytes(LENGTH, "big").translate(_ALPHABET).decode("ascii")


def _bytes_of(token: str) -> bytes | None:
    """The 16 bytes, or None. Each token has one spelling only, apart from case: spare bits must be zero."""
    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        raw = base64.b32decode(token.upper() + "======")
    except binascii.Error:
        return None
    return raw if _letters(int.from_bytes(raw, "big")) == token.lower() else None
