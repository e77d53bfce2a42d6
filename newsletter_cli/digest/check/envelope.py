"""T403, D503, D505–D509: the message itself, built for a sample reader and read again as a mail program reads it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit, Level, Phrase
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.model import Issue
from newsletter_cli.errors import ConfigError, RefusedError
from newsletter_cli.mail.content import Content, Mailbox
from newsletter_cli.mail.message import compile_content
from newsletter_cli.mail.problems import HeaderProblem, ValueProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.mail.rendering import required_fields
from newsletter_cli.mail.scripts import has_mixed_scripts
from newsletter_cli.mail.stamp import Stamp
from newsletter_cli.mail.tokens import Keyring
from newsletter_cli.settings import is_local_host

HARD_LINE: Final = 998  # octets, RFC 5322 §2.1.1
_NO_REPLY: Final = re.compile(r"(?:^|[._+-])(?:no|dont|donot|do-not|ne)[._-]?(?:reply|repondre|answer)", re.IGNORECASE)
# Mailboxes of people: their owners forbid in DMARC that anybody else sends in their name.
# fmt: off
_FREE_MAIL: Final = frozenset({
    "gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "rocketmail.com", "yahoo.fr", "yahoo.co.uk",
    "hotmail.com", "hotmail.fr", "outlook.com", "outlook.sa", "live.com", "msn.com", "aol.com", "icloud.com",
    "me.com", "mac.com", "gmx.com", "gmx.de", "gmx.net", "web.de", "mail.ru", "yandex.ru", "yandex.com",
    "proton.me", "protonmail.com", "zoho.com", "mail.com", "maktoob.com", "walla.co.il", "walla.com", "orange.fr",
    "laposte.net", "free.fr", "chmail.ir", "tutanota.com", "fastmail.com", "hey.com",
})
# fmt: on
_SAMPLE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_KEYRING: Final = Keyring({0: bytes(32)}, 0)  # of nobody: its links lead nowhere


@dataclass(frozen=True, slots=True)
class Sample:
    """The message of a reader who has everything, or why there is none."""

    data: bytes = b""
    problem: HeaderProblem | None = None

    @property
    def parsed(self) -> EmailMessage:
        """As the standard library reads it."""
        found = message_from_bytes(self.data, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def head(self) -> bytes:
        """Its fields, as they are on the wire."""
        return self.data.partition(b"\r\n\r\n")[0]

    def field(self, name: str) -> str:
        """One raw field, folding taken out; "" when it is not there."""
        match = re.search(rb"(?mi)^" + name.encode() + rb":[ ]*(.*(?:\r\n[ \t].*)*)", self.head)
        return re.sub(r"\r\n", "", match[1].decode("utf-8", "replace")) if match else ""


def sender(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """D503, D507, D509: who writes, and how he is reached."""
    sources = circumstances.sources
    reply = issue.reply_to or issue.sender
    key = "sender.reply_to" if issue.reply_to else "sender.from"
    if _NO_REPLY.search(reply.address.rpartition("@")[0]):
        place = sources.setting(key)
        yield Hit(code="D503", file=place.file, line=place.line)
    if not issue.postal.strip():
        place = sources.setting("sender.postal")
        yield Hit(code="D507", file=place.file, line=place.line, fix='newsletter config set sender.postal "…"')
    if what := _wrong_sender(issue.sender):
        level = Level.NOTE if circumstances.local_servers else None
        place = sources.setting("sender.from")
        yield Hit(code="D509", file=place.file, line=place.line, values={"what": what}, level=level)


def domains(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """D505: a List-Id in the name of others is a forgery."""
    own = {issue.sender.address.rpartition("@")[2], *circumstances.own_domains}
    space = issue.list_id.lower()
    if not space.endswith("localhost") and not any(_same_owner(space, domain) for domain in own):
        place = circumstances.sources.setting(f"lists.{issue.file.list}.list_id")
        other = circumstances.sources.setting("sender.list_id")
        best = place if place.line else other
        yield Hit(code="D505", file=best.file, line=best.line, values={"header": "List-Id"})


def message(issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """D502, D505, D506, D508, T403: what leaves, looked at from outside."""
    try:
        sample = sample_of(freeze(issue), circumstances)
    except ConfigError as error:
        place = circumstances.sources.setting("web.public_url")
        yield Hit(code="D506", file=place.file, line=place.line, values={"why": Phrase(error.message, error.message)})
        return
    if sample is None:
        return
    if sample.problem is not None:
        yield _unwritable(issue, circumstances, sample.problem)
        return
    if any(len(line) > HARD_LINE for line in sample.data.split(b"\r\n")):
        place = circumstances.sources.setting("web.public_url")
        by_address = len(sample.field("List-Unsubscribe")) > HARD_LINE - len("List-Unsubscribe: ")
        yield Hit(
            code="T403", file=place.file if by_address else issue.file.id, line=place.line if by_address else None
        )
    yield from _one_click(sample, circumstances)
    for what in _structure(sample):
        yield Hit(code="D508", file=issue.file.id, values={"what": what})


def sample_of(content: Content, circumstances: Circumstances) -> Sample | None:
    """The message of a reader who has a value for every field; None when none can be made up.

    Raises ConfigError for a public_url nothing can be built from.
    """
    stamp = Stamp(
        date=_SAMPLE,
        timezone=UTC,
        public_url=circumstances.public_url,
        keyring=_KEYRING,
        post_header=circumstances.signed,
    )
    values: Mapping[str, str] = dict.fromkeys(required_fields(content) - {"name"}, "x")
    try:
        compiled = compile_content(content, stamp)
        return Sample(compiled.fill(Reader(email="reader1@example.org", name="x", fields=values)).joined())
    except RefusedError as error:
        if isinstance(error.__cause__, HeaderProblem):
            return Sample(problem=error.__cause__)
        raise
    except HeaderProblem as problem:
        return Sample(problem=problem)
    except ValueProblem:
        return None  # a field that must be a number or a date: nobody's value can stand in for it here


def _unwritable(issue: Issue, circumstances: Circumstances, problem: HeaderProblem) -> Hit:
    """A field that no message can carry."""
    words = Phrase(problem.sentence, problem.sentence)
    if problem.field in {"From", "Reply-To"}:
        place = circumstances.sources.setting("sender.from" if problem.field == "From" else "sender.reply_to")
        return Hit(code="D509", file=place.file, line=place.line, values={"what": words})
    line = issue.file.line("subject") if problem.field == "Subject" else None
    if "too long" in problem.sentence:
        return Hit(code="T403", file=issue.file.shown, line=line)
    return Hit(code="D508", file=issue.file.shown, line=line, values={"what": words})


def _one_click(sample: Sample, circumstances: Circumstances) -> Iterator[Hit]:
    written = sample.field("List-Unsubscribe")
    place = circumstances.sources.setting("web.public_url")
    why: Phrase | None = None
    if not (first := re.match(r"<([^<>\s]*)>", written)) or "=?" in written:
        why = Phrase("it is folded or encoded", "مطوي أو مرمّز")
    elif not first[1].startswith("https://"):
        why = Phrase("it is not https", "ليس https")
    elif not first[1].isascii():
        why = Phrase("it is not plain ASCII", "فيه حروف غير لاتينية")
    # A newsroom that has named neither servers nor its own address has not come that far yet.
    host = re.match(r"\w+://([^/:\[\]]+|\[[^\]]*\])", circumstances.public_url)
    if why is None or (circumstances.serverless and host is not None and is_local_host(host[1].strip("[]"))):
        return
    level = Level.NOTE if circumstances.local_servers else None
    yield Hit(code="D506", file=place.file, line=place.line, values={"why": why}, level=level)


def _structure(sample: Sample) -> Iterator[Phrase]:
    parsed = sample.parsed
    for name in ("Date", "Message-ID", "From", "Subject"):
        if len(parsed.get_all(name, [])) != 1:
            yield Phrase(f"{name} is missing or there twice", f"الترويسة {name} ناقصة أو مكررة")
    parts = [part for part in parsed.walk() if not part.is_multipart()][:2]
    kinds = [part.get_content_type() for part in parts]
    if parsed.get_content_type() != "multipart/alternative" or kinds != ["text/plain", "text/html"]:
        yield Phrase("not multipart/alternative with the text first", "ليست multipart/alternative والنص أولًا")
    for part in parts:
        if part.get_content_charset() != "utf-8" or part.get("Content-Transfer-Encoding", "").lower() != "base64":
            yield Phrase("a part is not UTF-8 in base64", "جزء ليس UTF-8 بترميز base64")


def _wrong_sender(mailbox: Mailbox) -> Phrase | None:
    domain = mailbox.address.rpartition("@")[2].lower()
    if domain in _FREE_MAIL:
        return Phrase(f"{domain} lets nobody else send in its name", f"لا يسمح {domain} لغيره بالإرسال باسمه")
    if any(has_mixed_scripts(label) for label in _unicode(domain).split(".")):
        return Phrase("the domain mixes letters of two scripts", "يخلط النطاق حروفًا من كتابتين")
    shown = parseaddr(mailbox.name)[1] if "@" in mailbox.name else ""
    if shown and not _same_owner(shown.rpartition("@")[2].lower(), domain):
        return Phrase("the name holds an address of another domain", "في الاسم عنوان من نطاق آخر")
    return None


def _unicode(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def _same_owner(one: str, other: str) -> bool:
    """Whether two domains belong together, as far as that shows without the list of public suffixes."""
    return _owner(one) == _owner(other)


def _owner(domain: str) -> tuple[str, ...]:
    labels = domain.lower().rstrip(".").split(".")
    # co.uk, com.sy: two letters at the end and a short word before them are no owner yet.
    public = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return tuple(labels[-3:] if public else labels[-2:])
