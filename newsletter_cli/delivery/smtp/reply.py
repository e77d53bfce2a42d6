"""Replies of a server, read with limits (RFC 5321 §4.2)."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

# 64 KiB: a real EHLO answer is a few KiB; without a limit one server could fill the memory of the run.
LONGEST_REPLY: Final = 64 * 1024
LONGEST_TEXT: Final = 500  # characters of an answer that are kept and shown

CODES: Final = {b"%d" % code: code for code in range(200, 600)}
FIRSTS: Final = {b"%d " % code: code for code in range(200, 600)}  # of a line that is a whole reply
MARKS: Final = frozenset((b"", b" ", b"-"))
ENHANCED: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
# C0, DEL and C1; the two Unicode line ends as well, which some readers of logs take for a new line.
CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

Said = tuple[int, tuple[bytes, ...]]
"""A reply as it came: its code and its lines without code. Most are only counted and never become a `Reply`."""


class PeerError(Exception):
    """The server does not keep to the protocol. The connection is over."""


class Reply(NamedTuple):
    """One answer of a server, cleaned: valid UTF-8, no control characters."""

    code: int  # 200 to 599
    enhanced: str  # "5.1.1" (RFC 3463), "" when the server gave none
    lines: tuple[str, ...]  # without code; the enhanced code stands in them as sent
    text: str  # the lines in one, without the enhanced code, at most 500 characters

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


def read_reply(said: Said) -> Reply:
    """The cleaned form of what was said."""
    code, raw = said
    if len(raw) == 1:
        line = _clean(raw[0])
        first = ENHANCED.match(line)
        if first is None:
            return Reply(code, "", (line,), line[:LONGEST_TEXT])
        return Reply(code, first[1], (line,), line[first.end() :][:LONGEST_TEXT])
    lines = tuple(map(_clean, raw))
    first = ENHANCED.match(lines[0])
    if first is None:
        return Reply(code, "", lines, " ".join(filter(None, lines))[:LONGEST_TEXT])
    enhanced = first[1]
    bare = [line.removeprefix(enhanced).strip() for line in lines]
    return Reply(code, enhanced, lines, " ".join(filter(None, bare))[:LONGEST_TEXT])


def _clean(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return text.strip() if text.isprintable() else CONTROLS.sub(" ", text).strip()


class ReplyReader:
    """Cuts a stream into replies, wherever the network has cut it.

        250-mail.example.org at your service
        250-PIPELINING
        250 8BITMIME

    A line may end with a bare LF; every line of a reply must carry the same code.
    """

    def __init__(self) -> None:
        self._rest = bytearray()  # of an unfinished line
        self._lines: list[bytes] = []  # of an unfinished reply
        self._code = 0
        self._held = 0  # bytes in `_lines`

    @property
    def unfinished(self) -> bool:
        """Whether a part of a reply has come and is not complete."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> Iterator[Said]:
        """Each reply that `data` completes. Raises PeerError at the first byte that cannot be part of one.

        To be run to its end: what is behind the last complete line is kept only then.
        """
        head, newline, tail = data.rpartition(b"\n")
        if newline:
            whole = bytes(self._rest) + head
            self._rest.clear()
            for line in whole.removesuffix(b"\r").split(b"\r\n"):
                code = FIRSTS.get(line[:4])
                if code is not None and not self._lines and b"\n" not in line:
                    yield code, (line[4:],)  # as all but a few are
                    continue
                for bare in line.split(b"\n"):
                    if (said := self._take(bare.removesuffix(b"\r"))) is not None:
                        yield said
        self._rest += tail
        if len(self._rest) + self._held > LONGEST_REPLY:
            raise PeerError("an answer longer than 64 KiB")

    def _take(self, line: bytes) -> Said | None:
        code, mark = CODES.get(line[:3]), line[3:4]
        if code is None or mark not in MARKS:
            raise PeerError(f"this is no answer: {_clean(line[:80])!r}")
        if not self._lines and mark != b"-":
            return code, (line[4:],)
        return self._gather(code, line[4:], last=mark != b"-")

    def _gather(self, code: int, text: bytes, *, last: bool) -> Said | None:
        if self._lines and code != self._code:
            raise PeerError(f"one answer with two codes, {self._code} and {code}")
        self._code = code
        self._lines.append(text)
        self._held += len(text) + 6
        if self._held > LONGEST_REPLY:
            raise PeerError("an answer longer than 64 KiB")
        if not last:
            return None
        lines = tuple(self._lines)
        self._lines.clear()
        self._held = 0
        return code, lines
