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

    __slots__ = ("phases",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) < 2:
            raise ValueError("too short for three phases: belongs to the value beside it")
        self.phases = tuple(_phase(raw, start) for start in range(3))  # of each: head, body, tail


def _phase(raw: bytes, start: int) -> tuple[bytes, bytes, bytes]:
    end = start + (len(raw) - start) // 3 * 3
    return raw[:start], base64_lines(raw[start:end]), raw[end:]


class Part:
    """The base64 body of one MIME part: static stretches with a group of values between each two.

    A group is the bytes of one or more slots and what little stands between them, already joined.
    """

    __slots__ = ("_carry", "_end", "_phases", "first", "groups")

    def __init__(self, statics: Sequence[bytes], before: bytes = b"") -> None:
        """statics: n + 1 stretches around n groups of values; only the first and the last may be shorter than 2.

        before: what is written in front of the part, in one piece with its first stretch.
        """
        self.groups = len(statics) - 1
        head, *rest = statics
        whole = len(head) // 3 * 3
        self.first = before + base64_lines(head[:whole])  # the piece with which every filling begins
        self._carry = head[whole:]
        # A last stretch too short for phases is one more value without a static behind it.
        self._end = rest.pop() if rest and len(rest[-1]) < 2 else None
        self._phases = tuple(Static(raw).phases for raw in rest)

    def fill(self, values: Sequence[bytes]) -> list[bytes]:
        """The lines of the part, in pieces that end with CRLF; values: one per group."""
        if len(values) != self.groups:
            raise ValueError(f"{len(values)} values for {self.groups} groups")
        written = [self.first] if self.first else []
        carry = self._carry
        for value, phases in zip(values, self._phases, strict=False):
            carry += value
            head, body, tail = phases[-len(carry) % 3]
            carry += head
            if carry:
                # As in _lines, without a call for each value.
                short = len(carry) <= LINE_BYTES
                written.append(b2a_base64(carry, newline=False) + b"\r\n" if short else base64_lines(carry))
            if body:
                written.append(body)
            carry = tail
        if self._end is not None:
            carry += values[-1] + self._end
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
