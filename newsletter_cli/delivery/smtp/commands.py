"""Command lines of one transaction, and why a message cannot go through one."""

import re
from typing import Final

from newsletter_cli.delivery.smtp.capabilities import Capabilities
from newsletter_cli.delivery.smtp.letter import Job, Letter
from newsletter_cli.delivery.smtp.reply import Reply
from newsletter_cli.delivery.smtp.verdict import Category, Effect, Verdict

# Nothing that could end the line or the path may stand in an argument, whatever was checked before.
FORBIDDEN: Final = re.compile("[\x00-\x20\x7f-\x9f<>\ud800-\udfff]")
LONGEST_PATH: Final = 512  # RFC 5321 §4.5.3.1.3 asks for 256 octets; SMTPUTF8 and VERP need more

RSET: Final = b"RSET\r\n"
DATA: Final = b"DATA\r\n"
QUIT: Final = b"QUIT\r\n"
NOOP: Final = b"NOOP\r\n"
STARTTLS: Final = b"STARTTLS\r\n"
END: Final = b".\r\n"

# In xtext every other byte is written as + and two hexadecimal digits (RFC 3461 §4).
NOT_XTEXT: Final = re.compile("[^!-*,-<>-~]")


def hello(word: str, name: str) -> bytes:
    """EHLO or HELO. The name was checked when the settings were read; here it must only be one ASCII word."""
    if not name.isascii() or not name or FORBIDDEN.search(name):
        raise ValueError(f"no name to greet with: {name!r}")
    return f"{word} {name}\r\n".encode()


def mail(letter: Letter, offered: Capabilities) -> bytes:
    """MAIL FROM; SIZE where it is understood (RFC 1870); SMTPUTF8 only when needed (RFC 6531 §3.4).

    Where DSN is offered: only the header comes back, and the report names the delivery (RFC 3461 §4.3, §4.4).
    """
    words = f" SIZE={letter.size}" if offered.size is not None else ""
    if letter.smtputf8:
        words += " BODY=8BITMIME SMTPUTF8"
    if offered.dsn:
        words += f" RET=HDRS ENVID={xtext(letter.token)}" if letter.token else " RET=HDRS"
    return f"MAIL FROM:<{letter.envelope_from}>{words}\r\n".encode()


def rcpt(letter: Letter, offered: Capabilities) -> bytes:
    """RCPT TO. Where DSN is offered, only failures are reported: without a word some servers tell of delays too."""
    words = f" NOTIFY=FAILURE ORCPT={original(letter.recipient)}" if offered.dsn else ""
    return f"RCPT TO:<{letter.recipient}>{words}\r\n".encode()


def xtext(text: str) -> str:
    """ASCII as xtext (RFC 3461 §4)."""
    return NOT_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


def original(recipient: str) -> str:
    """The recipient in ORCPT: `rfc822;` in xtext, and `utf-8;` with \\x{...} when it is not ASCII (RFC 6533 §3)."""
    if recipient.isascii():
        return f"rfc822;{xtext(recipient)}"
    # What stands for itself there leaves out the backslash, too.
    letters = (f"\\x{{{ord(one):02X}}}" if one in "\\+=" or not one.isascii() else one for one in recipient)
    return f"utf-8;{''.join(letters)}"


def cannot_carry(letter: Letter, offered: Capabilities) -> tuple[Reply, Verdict] | None:
    """The answer we give in the server's place when it is certain what would become of the message."""
    if offered.size and letter.size > offered.size:
        text = f"the message has {letter.size} bytes, this server takes {offered.size}"
        return _here(552, "5.3.4", text, Category.CONTENT)
    if letter.smtputf8 and not (offered.smtputf8 and offered.eightbitmime):
        return _here(553, "5.6.7", "the address needs SMTPUTF8, which this server does not offer", Category.EAI)
    if not (letter.recipient and _is_path(letter.recipient, letter.smtputf8)):
        return _here(553, "5.1.3", "the recipient's address cannot be written in a command", Category.DEAD)
    if not _is_path(letter.envelope_from, letter.smtputf8):
        text = "the sender's address cannot be written in a command"
        return _here(553, "5.1.7", text, Category.AUTH, Effect.PAUSE_SENDER)
    return None


def _here(
    code: int, enhanced: str, text: str, category: Category, effect: Effect = Effect.NONE
) -> tuple[Reply, Verdict]:
    verdict = Verdict(rule="here", category=category, permanent=effect is Effect.NONE, effect=effect)
    return Reply(code, enhanced, (f"{enhanced} {text}",), text), verdict


def _is_path(address: str, wide: bool) -> bool:
    return len(address) <= LONGEST_PATH and (wide or address.isascii()) and not FORBIDDEN.search(address)


def data_of(job: Job) -> tuple[bytes, ...]:
    """The message as it goes over the line behind a 354: dot-stuffed if it could need it, ended by CRLF, dot, CRLF."""
    segments = job.letter.segments
    if job.dots:
        whole = b"".join(segments).replace(b"\r\n.", b"\r\n..")
        segments = (b"." + whole if whole.startswith(b".") else whole,)
    return (*segments, END if _ends_a_line(segments) else b"\r\n.\r\n")


def chunk_of(letter: Letter) -> tuple[tuple[bytes, ...], int]:
    """The message as one chunk, and its bytes: as it is, dots and all, its last line ended as it would be by DATA."""
    segments = letter.segments
    if not _ends_a_line(segments):
        segments = (*segments, b"\r\n")
    return segments, sum(map(len, segments))


def _ends_a_line(segments: tuple[bytes, ...]) -> bool:
    if segments and segments[-1].endswith(b"\r\n"):
        return True
    end = b""
    for segment in reversed(segments):
        end = segment[-2:] + end
        if len(end) >= 2:
            return end.endswith(b"\r\n")
    return False
