"""T401, T402, D502, S601: the text part, the one-click fields, and how much all of it weighs."""

import re
from collections.abc import Iterator
from typing import Final

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.drawn import drawn_texts
from newsletter_cli.digest.check.finding import Hit, Level, Phrase
from newsletter_cli.digest.check.texts import all_passages, code_of
from newsletter_cli.digest.check.tree import read_page
from newsletter_cli.digest.expressions import LINKS
from newsletter_cli.digest.model import Issue
from newsletter_cli.mail.document import BlockPiece, Document, Slot, Static

KB: Final = 1024
MESSAGE_WARNING: Final = 300 * KB
MESSAGE_ERROR: Final = 1024 * KB
FIELDS: Final = 2 * KB  # header fields and boundaries, rounded up
TOKEN: Final = 26 + 3  # "/u/" and the token
LEAST_SHARE: Final = 0.6  # of the page's words in the text part
LONGEST_VALUE: Final = 254  # of an address; names and cities are shorter

_GRID: Final = re.compile(r"^[ \t]*\|.*\|[ \t]*$|^[ \t]*\+[-=+]{3,}\+?[ \t]*$", re.MULTILINE)
_TAG: Final = re.compile(r"</?(?:html|body|table|tr|td|div|p|br|span|a|strong|em|img|h[1-6]|ul|li)(?:\s[^<>]*)?/?>")


def text_part(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """Somebody reads the text part: screen readers, watches, filters."""
    words = "".join(piece.text for piece in issue.text.pieces if isinstance(piece, Static))
    if not words.strip():
        yield Hit(code="T401", file=f"templates/{issue.file.template}.txt.j2")


def other_words(issue: Issue, _circumstances: Circumstances) -> Iterator[Hit]:
    """The text part says what the page says; filters count against a message whose parts differ."""
    text = "".join(piece.text if isinstance(piece, Static) else " x " for piece in issue.text.pieces)
    if not text.strip():
        return
    file = f"templates/{issue.file.template}.txt.j2"
    shown = sum(len(one.text.split()) for one in drawn_texts(read_page(issue)))
    share = len(text.split()) / shown if shown else 1.0
    if share < LEAST_SHARE:
        percent = round(100 * share)
        why = Phrase(f"it has {percent} % of its words", f"فيه {percent}٪ من كلماته")
        yield Hit(code="T402", file=file, values={"why": why})
    own = "\n".join(_own_texts(issue))
    if any(match[0].strip() not in own for match in _GRID.finditer(text)):
        yield Hit(
            code="T402",
            file=file,
            values={"why": Phrase("a table drawn with | stands in it", "فيه جدول مرسوم بعلامة |")},
        )
    if any(match[0] not in own for match in _TAG.finditer(text)):
        yield Hit(code="T402", file=file, values={"why": Phrase("HTML tags stand in it", "فيه وسوم HTML")})


def _own_texts(issue: Issue) -> Iterator[str]:
    """What people wrote, code too: there such signs are meant."""
    for passage in all_passages(issue):
        yield passage.text
    for entry in issue.entries:
        yield from code_of(entry.article.blocks)


def one_click(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """List-Unsubscribe-Post counts only under a signature; with nobody to sign, it is left out of the message."""
    if not circumstances.signed:
        level = Level.NOTE if circumstances.local_servers else Level.ERROR
        fix = "set smtp.dkim, or smtp.relay_signs = true if the relay signs"
        yield Hit(code="D502", file=issue.file.id, level=level, fix=fix)


def sizes(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """Gmail cuts HTML near 102 KB and hides what comes after, the way out too."""
    html = page_size(issue.html, circumstances.public_url)
    if html > circumstances.size_warning:
        level = Level.ERROR if html >= circumstances.size_error else Level.WARNING
        yield Hit(code="S601", file=issue.file.id, level=level, values={"part": "HTML", "size": shown(html)})
    whole = FIELDS + _encoded(html) + _encoded(page_size(issue.text, circumstances.public_url))
    if whole > MESSAGE_WARNING:
        level = Level.ERROR if whole > MESSAGE_ERROR else Level.WARNING
        yield Hit(code="S601", file=issue.file.id, level=level, values={"part": "The message", "size": shown(whole)})


def page_size(document: Document, public_url: str) -> int:
    """Bytes of a page as a mail program gets it: CRLF line ends, every slot as long as it can be."""
    return sum(_piece_size(piece, public_url) for piece in document.pieces)


def shown(size: int) -> str:
    """A size for people: 93.4 KB."""
    return f"{size / KB:.1f} KB"


def _piece_size(piece: Static | Slot | BlockPiece, public_url: str) -> int:
    if isinstance(piece, Static):
        return len(piece.text.encode()) + piece.text.count("\n") - piece.text.count("\r\n")
    if isinstance(piece, Slot):
        return len(public_url.encode()) + TOKEN if piece.expression in LINKS else LONGEST_VALUE
    return len(piece.source.encode())


def _encoded(size: int) -> int:
    """Base64 with a line end after each 76 letters."""
    return -(-size // 57) * 78
