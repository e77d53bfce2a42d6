"""What two versions of a digest say differently: sender, subject, list, the text line by line, and the look."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter_cli.mail.content import Content, Mailbox
from newsletter_cli.mail.document import Document, Slot, Static

CONTEXT: Final = 1  # lines shown around a change


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that changed: a field with both values, or lines of the text."""

    part: str  # subject, from, reply_to, list, where, list_id, language, manner, text, html, pictures, spacing
    before: tuple[str, ...] = ()  # lines that are gone
    after: tuple[str, ...] = ()  # lines that are new
    near: str = ""  # the line before the change, of a text


def differences(before: Content, after: Content) -> tuple[Difference, ...]:
    """Everything that makes `after` another version than `before`; () when they are the same one.

    Slots are shown as they are written: [[ name ]].  html: named only, with the number of changed lines: a look
    is for the preview.
    """
    found = (*_fields(before, after), *_texts(before, after), *_look(before, after))
    if not found and before.digest_hex() != after.digest_hex():
        return (Difference("spacing"),)  # blank lines and the like: readers see no difference, the version does
    return found


def _fields(before: Content, after: Content) -> Iterator[Difference]:
    pairs = {
        "subject": (written(before.subject), written(after.subject)),
        "from": (_mailbox(before.sender), _mailbox(after.sender)),
        "reply_to": (_mailbox(before.reply_to), _mailbox(after.reply_to)),
        "list": (before.list, after.list),
        "where": (before.where, after.where),
        "list_id": (before.list_id, after.list_id),
        "language": (before.language, after.language),
        "manner": (_manner(before), _manner(after)),
    }
    for part, (old, new) in pairs.items():
        if old != new:
            yield Difference(part, (old,), (new,))


def _texts(before: Content, after: Content) -> Iterator[Difference]:
    old, new = (written(content.text).splitlines() for content in (before, after))
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag != "equal":
            near = next((line for line in reversed(new[:j1]) if line.strip()), "")
            gone, come = (tuple(filter(str.strip, lines)) for lines in (old[i1:i2], new[j1:j2]))
            if gone or come:
                yield Difference("text", gone, come, near)


def _look(before: Content, after: Content) -> Iterator[Difference]:
    old, new = (written(content.html).splitlines() for content in (before, after))
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    changed = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")
    if changed:
        yield Difference("html", after=(str(changed),))
    if (before.pictures, before.online_pictures) != (after.pictures, after.online_pictures):
        old_count, new_count = (len(one.pictures) + len(one.online_pictures) for one in (before, after))
        yield Difference("pictures", (str(old_count),), (str(new_count),))


def written(document: Document) -> str:
    """A document with its slots and blocks as they are written in a digest file or theme."""
    return "".join(
        piece.text
        if isinstance(piece, Static)
        else f"[[ {piece.expression} ]]"
        if isinstance(piece, Slot)
        else piece.source
        for piece in document.pieces
    )


def _manner(content: Content) -> str:
    manner = content.manner
    return f"locale {manner.locale}, digits {manner.digits}, months {manner.months}, calendar {manner.calendar}"


def _mailbox(mailbox: Mailbox | None) -> str:
    if mailbox is None:
        return ""
    return f"{mailbox.name} <{mailbox.address}>" if mailbox.name else mailbox.address
