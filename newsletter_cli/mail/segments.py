"""Base64 of a page with holes, its static parts encoded once.

A value of unknown length shifts the groups of three bytes after it, so each static stretch is encoded beforehand in
three phases, one for each number of its first bytes that may have to travel with the value before it:

    static(raw), for j in 0, 1, 2:   head[j] = raw[:j]   body[j] = lines of b64(raw[j : j + 3m])   tail[j] = 0–2 bytes
    part:   write body[0] of the first static; carry = tail[0]
            for each (value, static): d = carry + value; j = -len(d) % 3
                                      write lines of b64(d + head[j]); write body[j]; carry = tail[j]
            at the end: write b64(carry), the only place where "=" may stand

Each line has at most 76 letters in whole groups of four, so each decodes alone; none is empty (that scores as spam) and
none can begin with a dot, so SMTP needs no dot-stuffing. Source: RFC 2045 §6.8. Memory is about 4.1 × the page.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from typing import Final

LINE_BYTES: Final = 57  # 76 letters


class Static:
    """A stretch of bytes that is the same for every reader, encoded in three phases. At least two bytes long."""

    __slots__ = ("bodies", "heads", "tails")

    def __init__(self, raw: bytes) -> None:
        if len(raw) < 2:
            raise ValueError("too short for three phases: belongs to the value beside it")
        self.heads = (b"", raw[:1], raw[:2])
        ends = tuple(start + (len(raw) - start) // 3 * 3 for start in range(3))
        self.bodies = tuple(base64_lines(raw[start:end]) for start, end in zip(range(3), ends, strict=True))
        self.tails = tuple(raw[end:] for end in ends)


class Part:
    """The base64 body of one MIME part: static stretches with a group of values between each two.

    A group is the bytes of one or more slots and what little stands between them, already joined.
    """

    __slots__ = ("_first", "_rest", "groups")

    def __init__(self, statics: Sequence[bytes]) -> None:
        """statics: n + 1 stretches around n groups of values; only the first and the last may be shorter than 2."""
        self.groups = len(statics) - 1
        first, rest = statics[0], statics[1:]
        self._first = (base64_lines(first[: len(first) // 3 * 3]), first[len(first) // 3 * 3 :])
        # A last stretch too short for phases is one more value without a static behind it.
        self._rest: tuple[Static | bytes, ...] = tuple(
            raw if index == self.groups and len(raw) < 2 else Static(raw) for index, raw in enumerate(rest, 1)
        )

    @property
    def lead(self) -> tuple[bytes, ...]:
        """The pieces with which every filling begins."""
        return () if not self._first[0] else (self._first[0],)

    def fill(self, values: Sequence[bytes]) -> list[bytes]:
        """The lines of the part, in pieces that end with CRLF; values: one per group."""
        first, carry = self._first
        written = [first] if first else []
        for value, static in zip(values, self._rest, strict=True):
            carry += value
            if isinstance(static, bytes):
                carry += static
                break
            phase = -len(carry) % 3
            carry += static.heads[phase]
            if carry:
                written.append(_lines(carry))
            body = static.bodies[phase]
            if body:
                written.append(body)
            carry = static.tails[phase]
        if carry:
            written.append(_lines(carry))
        return written


def base64_lines(data: bytes) -> bytes:
    """Base64 of `data` in lines of at most 76 letters, each ending in CRLF; b"" for nothing."""
    return b"".join(
        b2a_base64(data[start : start + LINE_BYTES], newline=False) + b"\r\n"
        for start in range(0, len(data), LINE_BYTES)
    )


def _lines(data: bytes) -> bytes:
    if len(data) <= LINE_BYTES:
        return b2a_base64(data, newline=False) + b"\r\n"
    return base64_lines(data)
