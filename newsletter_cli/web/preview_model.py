"""What the preview shows: a look at one version, the sheet of one reader, or the fault that keeps both away.

The pages know the newsroom only through `Desk`; the command puts one behind them. A desk can test, and nothing else
that leaves this computer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from newsletter_cli.mail.content import Content
from newsletter_cli.mail.document import Document


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the digest."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding of the checks."""

    code: str
    level: str  # error | warning | note
    text: str
    file: str
    line: int | None
    quote: str = ""  # that line of the file, so that its words can be found in the page
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One version of a digest and what is known about it."""

    content: Content
    version: str  # 64 hex digits: the name under which it is tested and sent
    preheader: Document
    direction: str  # rtl | ltr
    problems: tuple[Problem, ...]
    pictures: Mapping[str, Picture]  # by their SHA-256
    stylesheet: str  # the rules that were inlined
    size: int  # bytes of HTML, slots as long as they can be
    size_warning: int
    size_error: int
    signed: bool  # somebody signs one-click
    live: bool
    test_to: tuple[str, ...]
    can_test: bool  # False for an article alone: it is no digest
    sent: bool  # it has been sent or scheduled: this is what was frozen then
    readers: int | None  # None: the list has no reader yet
    before: int | None  # readers of the list's last send
    tested: str  # when this digest was last tested, "" = never
    tested_this: bool  # and whether it was this version
    people: tuple[str, ...]  # first addresses of the audience
    can_open: bool  # an editor with a window is named
    score: int  # per cent of the readers whose mail program shows everything
    worst: str  # the program that lacks the most; "" = none lacks anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why there is nothing to show, with the place to repair."""

    code: str
    message: str
    place: str = ""  # file:line
    around: tuple[tuple[int, str], ...] = ()  # lines of that file: number, text
    line: int = 0  # the one that is wrong
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One reader's message: the bytes that a send would deliver, and its parts."""

    message: bytes
    html: str  # with CRLF line ends, as in the message
    text: str
    subject: str
    preheader: str
    fields: tuple[tuple[str, str], ...]  # header fields, unfolded and still encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a test."""

    ok: bool
    live: bool
    lines: tuple[tuple[str, str], ...] = ()  # address, answer
    problem: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """Where the preview is reached and by whom."""

    key: str  # in every address
    hosts: frozenset[str]  # host:port as a browser may name it; any other Host is refused
    language: str  # of the interface: ar | en
    digest: str
    origins: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", frozenset(f"http://{host}" for host in self.hosts))


class Desk(Protocol):
    """What the pages ask of the command. Every method may block and is called in a thread."""

    def state(self) -> str:
        """Changes when a file that the digest is made of has changed."""

    def look(self) -> Look | Fault:
        """The digest as its files say now."""

    def sheet(self, look: Look, who: str) -> Sheet | Fault:
        """The message of one reader: an address, or the name of one from `CAST`; "" = a sample."""

    def web(self, look: Look) -> str:
        """The copy for everybody."""

    def picture(self, hash_: str) -> Picture | None:
        """A picture of this digest."""

    def open(self, file: str, line: int) -> bool:
        """Open a file that a problem or fault names in the editor's own editor; False where that cannot be."""

    def test(self, who: str) -> Told:
        """Send the digest to team.test_to, never to anybody else."""


# Readers that templates break on.
CAST: Mapping[str, str] = {
    "long": "أبو عبد الرحمن محمد بن عبد الله بن عبد العزيز الخطيب الدمشقي الشافعي القادري الحسيني " * 3,
    "empty": "",
    "latin": "Maximilian O’Connor-Grünwald",
    "diacritics": "مُحَمَّدٌ عَبْدُ ٱلرَّحْمَٰنِ ٱلْمُسْتَعْصِمُ بِٱللَّٰهِ",
    "script": "<script>alert('&')</script>",
    "sixty": "نجلاء عبد المنعم محمود عبد الحميد الشريف الطرابلسي الحلبي ال"[:60].ljust(60, "ا"),
}
