"""One version and one send, compiled once; then a reader in, a message out, in microseconds.

    Date                                           same for all
    To  Message-ID  List-Unsubscribe  [Subject]    per reader
    Subject  From … the last field                 same for all
    --boundary   text/plain in base64              static stretches and a reader's values
    --boundary   text/html in base64               the same; inside multipart/related when pictures travel along
    --boundary--

A message is a list of byte pieces; joining is left to the transport. Its lines end in CRLF, none is over 998 bytes, and
none begins with a dot, so SMTP needs no dot-stuffing.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from newsletter_cli.errors import RefusedError
from newsletter_cli.language import rfc5322_date
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.document import Document, Static
from newsletter_cli.mail.fields import after_subject
from newsletter_cli.mail.frame import frame
from newsletter_cli.mail.headers import path, raw_field, text_field
from newsletter_cli.mail.leaving import Around, around, mailto, unsubscribe_lines
from newsletter_cli.mail.links import Links
from newsletter_cli.mail.pages import EncodedPage, Page
from newsletter_cli.mail.problems import HeaderProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.stamp import Stamp
from newsletter_cli.mail.tokens import Kind, Mint

# Addresses that need no closer look: nothing in them could end a field or an SMTP path.
_ORDINARY: Final = re.compile(r"[A-Za-z0-9._+-]+@[a-z0-9.-]+")


class Message(NamedTuple):
    """One message for one reader. A tuple: a frozen dataclass takes three times as long to make."""

    envelope_from: str
    recipient: str
    segments: tuple[bytes, ...]
    size: int  # bytes in all: the number for SIZE=
    smtputf8: bool  # a local part is not ASCII: MAIL needs BODY=8BITMIME SMTPUTF8
    token: str  # D token: names the delivery in Message-ID, return path and ENVID

    def joined(self) -> bytes:
        """The whole message in one piece, as in an .eml file."""
        return b"".join(self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A version for one send. Never changes, so several threads may fill from it."""

    links: Links
    deliveries: Mint  # D tokens
    leaves: Mint  # U tokens
    preferences: Mint | None  # P tokens; None: this version has no such link, and the token would cost 4 µs a message
    views: Mint  # V tokens
    instant: int  # what Date says, in Unix seconds
    start: str  # Date, and "To: "
    domain: str  # of From: what stands behind the token in Message-ID
    sender: str  # address in From, and the envelope sender without VERP
    verp: Around | None  # around the token of the envelope sender
    mailto: Around | None  # around the token of the second List-Unsubscribe address
    subject: Page | None  # None: the same for all, and in `middle`
    middle: bytes  # fields that are the same for all, and the head of the text part
    text: EncodedPage  # begins with `middle`
    html: EncodedPage  # begins with its boundary and its head
    end: bytes  # pictures and closing boundaries
    wide_sender: bool  # From or Reply-To has a local part that is not ASCII

    def fill(self, reader: Reader, *, message_number: int | None = None) -> Message:
        """The message of one reader; the same bytes each time it is asked for.

        message_number: the number of its D token when that is not the delivery's, as in a test (under 2⁵⁶).
        Raises MailProblem for a reader whose message cannot be built: a field is missing, or the address is unusable.
        Reads no clock, no database, no chance.
        """
        recipient = reader.email
        if not _ORDINARY.fullmatch(recipient):
            path("To", recipient)
        delivery = reader.delivery
        token = self.deliveries.make(delivery if message_number is None else message_number)
        leave = self.leaves.make(reader.subscription, reader.digest)
        base = self.links.base
        url = f"{base}/u/{leave}"
        values = {
            **reader.fields,
            "email": recipient,
            "name": reader.name,
            "unsubscribe": url,
            "view": f"{base}/v/{self.views.make(delivery)}",
        }
        if self.preferences is not None:
            values["preferences"] = f"{base}/p/{self.preferences.make(reader.subscription, reader.digest)}"
        own = (
            f"{self.start}{recipient}\r\n"
            f"Message-ID: <{token}@{self.domain}>\r\n"
            f"{unsubscribe_lines(url, leave, self.mailto)}"
        ).encode()
        if self.subject is not None:
            own += text_field("Subject", self.subject.render(values))
        segments = (own, *self.text.fill(values), *self.html.fill(values), self.end)
        return Message(
            self.sender if self.verp is None else self.verp.with_token(token),
            recipient,
            segments,
            sum(map(len, segments)),
            self.wide_sender or not recipient.isascii(),
            token,
        )


def compile_content(content: Content, stamp: Stamp) -> Compiled:
    """Everything about a version and a send that no reader changes, worked out once.

    Raises RefusedError: TEMPLATE for a slot or block that cannot be read, CHECKS for a subject, sender or title that no
    header field may hold; ConfigError for a public_url, verp or mailto that cannot be used.
    """
    try:
        return _compiled(content, stamp)
    except HeaderProblem as problem:
        raise RefusedError("CHECKS", problem.sentence, facts=[("field", problem.field)]) from problem


def _compiled(content: Content, stamp: Stamp) -> Compiled:
    page = Page.of(_with_prefix(content.subject, stamp.subject_prefix), content.language, content.manner)
    fixed = all(isinstance(piece, str) for piece in page.pieces)
    subject = text_field("Subject", page.render({})) if fixed else b""
    envelope = frame(content.digest_hex(), content.pictures)
    sender = path("From", content.sender.address)
    locals_ = [mailbox.address for mailbox in (content.sender, content.reply_to) if mailbox]
    date = raw_field("Date", rfc5322_date(stamp.date.astimezone(stamp.timezone)))
    middle = _sendable(subject + after_subject(content, stamp, envelope.content_type) + b"\r\n" + envelope.before_text)
    links, key = stamp.links(), stamp.key_number
    return Compiled(
        links=links,
        deliveries=stamp.keyring.mint(Kind.DELIVERY, key),
        leaves=stamp.keyring.mint(Kind.UNSUBSCRIBE, key),
        preferences=stamp.keyring.mint(Kind.PREFERENCES, key) if _names_preferences(content) else None,
        views=stamp.keyring.mint(Kind.VIEW, key),
        instant=int(stamp.date.timestamp()),
        start=_sendable(date + b"To: ").decode("ascii"),
        domain=sender.rpartition("@")[2],
        sender=sender,
        verp=around("smtp.verp", stamp.verp),
        mailto=mailto(stamp.unsubscribe_mailto),
        subject=None if fixed else page,
        middle=middle,
        text=EncodedPage.of(Page.of(content.text, content.language, content.manner), middle),
        html=EncodedPage.of(Page.of(content.html, content.language, content.manner), _sendable(envelope.between)),
        end=_sendable(envelope.end),
        wide_sender=not all(address.isascii() for address in locals_),
    )


def _names_preferences(content: Content) -> bool:
    return any(document.may_print("preferences") for document in (content.subject, content.html, content.text))


def _with_prefix(subject: Document, prefix: str) -> Document:
    return Document((Static(prefix), *subject.pieces)) if prefix else subject


def _sendable(data: bytes) -> bytes:
    """Asserts once per static stretch what SMTP relies on: no line begins with a dot, no bare CR or LF."""
    if re.search(rb"(?:^|\n)\.|\r(?!\n)|(?<!\r)\n", data):
        raise RuntimeError("a header or boundary line that SMTP cannot carry as it is")
    return data
