"""Addresses: is this one we can write to, how is it spelled, and which are the same person's.

The verdict is email-validator's (no DNS, strict). In front of it stands a path for plain ASCII addresses whose verdicts
are the same, because a million rows would take it a minute; domains are remembered by the `AddressReader` of one run.
email-validator is loaded only when the plain path cannot decide: `pause` and `status` read addresses too.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from newsletter_cli.mail.content import Mailbox
from newsletter_cli.mail.faults import EDGES, RESERVED, TATWEEL, domain_fault, explain, local_fault, removed_from
from newsletter_cli.mail.problems import AddressFault, AddressProblem
from newsletter_cli.mail.scripts import odd_letters

if TYPE_CHECKING:
    from email_validator import ValidatedEmail

ATOM: Final = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]"  # one character of a plain local part, but for the dots between them
_PLAIN: Final = re.compile(rf"({ATOM}+(?:\.{ATOM}+)*)@([A-Za-z0-9.\-]+)")
# Labels without two hyphens in the third place (xn-- needs IDNA), and a top level of letters only.
_PLAIN_DOMAIN: Final = re.compile(r"(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_MAILBOX: Final = re.compile(
    r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<>"]*?))\s*<(?P<address>[^<>]*)>\s*', re.S
)

LONGEST: Final = 254  # octets of an address, RFC 5321 §4.5.3.1.3 and errata
LONGEST_LOCAL: Final = 64
LONGEST_DOMAIN: Final = 253


@dataclass(frozen=True, slots=True)
class Address:
    """An address we can write to."""

    given: str  # as it came, before invisible characters were taken from its ends
    local: str  # NFC, in the spelling given
    domain: str  # A-labels, lower case: for DNS, envelope and header fields
    unicode_domain: str  # for people
    key: str  # identity and suppression: local part NFC and case-folded @ A-labels
    smtputf8: bool  # the local part is not ASCII: only then SMTPUTF8 is needed (RFC 6531 §3.4)
    removed: tuple[str, ...] = ()  # what was taken from the ends, such as ("U+200F",)
    warnings: tuple[str, ...] = ()  # "full-width", "mixed-script": worth a look

    @property
    def spelling(self) -> str:
        """The normal form that delivery and the database use: the local part as given @ A-labels."""
        return f"{self.local}@{self.domain}"


@dataclass(frozen=True, slots=True)
class _Domain:
    ascii: str
    unicode: str


@dataclass(slots=True)
class AddressReader:
    """Reads many addresses and remembers their domains. Belongs to one import or command, which drops it."""

    limit: int = 100_000  # domains remembered: an import of a million rows has a few thousand
    _domains: dict[str, _Domain | AddressProblem] = field(default_factory=dict)

    def read(self, text: str) -> Address:
        """The address in `text`, invisible characters at its ends removed; raises AddressProblem."""
        address = self._plain(text, text, ())
        if address is not None:
            return address
        cleaned = text.strip(EDGES)
        removed = removed_from(text, cleaned)
        return (self._plain(text, cleaned, removed) if removed else None) or _validated(text, cleaned, removed)

    def ordinary_domain(self, name: str) -> str | None:
        """The A-labels of a domain that makes any plain local part an address; None: `read` must look at each."""
        try:
            domain = self._domain(name.lower()) if name.isascii() else None
        except AddressProblem:
            return None
        return domain.ascii if domain is not None and domain.ascii is domain.unicode else None

    def _plain(self, given: str, text: str, removed: tuple[str, ...]) -> Address | None:
        """The fast path, or None where email-validator has to decide."""
        match = _PLAIN.fullmatch(text)
        if match is None:
            return None
        local, name = match.groups()
        if len(local) > LONGEST_LOCAL or len(text) > LONGEST or len(name) > LONGEST_DOMAIN:
            return None
        domain = self._domain(name.lower())
        if domain.ascii is not domain.unicode and len(local) + 1 + len(domain.unicode.encode()) > LONGEST:
            return None
        key = f"{local.lower()}@{domain.ascii}"
        return Address(given, local, domain.ascii, domain.unicode, key, False, removed)

    def _domain(self, name: str) -> _Domain:
        known = self._domains.get(name)
        if known is None:
            known = _judged(name)
            if len(self._domains) < self.limit:
                self._domains[name] = known
        if isinstance(known, AddressProblem):
            raise AddressProblem(known.code, known.sentence)
        return known


def parse_address(text: str) -> Address:
    """One address; raises AddressProblem. For many, keep an AddressReader: it remembers domains."""
    return AddressReader().read(text)


def parse_mailbox(text: str) -> Mailbox:
    """`"Name" <address>`, `Name <address>`, `<address>` or an address alone; raises AddressProblem.

    The name is kept as written, in NFC; the address is in normal form. Source: RFC 5322 §3.4, without comments.
    """
    match = _MAILBOX.fullmatch(text)
    if match is None:
        if "<" in text or ">" in text:
            raise AddressProblem(AddressFault.NAME, "A sender is written as: Name <address>.")
        return Mailbox("", parse_address(text).spelling)
    quoted = match["quoted"]
    name = re.sub(r"\\(.)", r"\1", quoted, flags=re.S) if quoted is not None else match["plain"]
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise AddressProblem(AddressFault.NAME, "The sender's name holds a control character.")
    return Mailbox(unicodedata.normalize("NFC", name.strip()), parse_address(match["address"]).spelling)


def ascii_host(host: str) -> str:
    """A host name in A-labels, lower case (UTS 46, non-transitional); raises AddressProblem."""
    if host.isascii():
        return host.lower()
    import idna  # lazy: its tables are needed only for a host name that is not ASCII

    try:
        return idna.encode(host, uts46=True, std3_rules=True, transitional=False).decode("ascii").lower()
    except idna.IDNAError as error:
        raise AddressProblem(AddressFault.DOMAIN, f"This is not a host name: {host[:80]!r}") from error


def _judged(name: str) -> _Domain | AddressProblem:
    """The verdict on a lower-case ASCII domain."""
    if _PLAIN_DOMAIN.fullmatch(name) and name.rpartition(".")[2] not in RESERVED:
        return _Domain(name, name)
    result = _validate(f"a@{name}")
    if result is None:
        return domain_fault(name)
    return _Domain(result.ascii_domain, result.domain if result.domain != result.ascii_domain else result.ascii_domain)


def _validated(given: str, cleaned: str, removed: tuple[str, ...]) -> Address:
    """The slow path: email-validator decides, `explain` says why not."""
    result = _validate(cleaned)
    if result is None:
        raise explain(cleaned, domain_is_fine=lambda name: _validate(f"a@{name}") is not None)
    local, _, name = cleaned.rpartition("@")
    # A letter-stretcher that nobody sees makes a second address out of the first; the validator lets it pass.
    if TATWEEL in local:
        raise local_fault(TATWEEL)
    # Not result.local_part: that one is lower-cased for names such as Info, and delivery uses the spelling given.
    local = unicodedata.normalize("NFC", local)
    key = unicodedata.normalize("NFC", local.casefold())
    return Address(
        given=given,
        local=local,
        domain=result.ascii_domain,
        unicode_domain=result.domain,
        key=f"{key}@{result.ascii_domain}",
        smtputf8=not local.isascii(),
        removed=removed,
        warnings=odd_letters(local, name),
    )


def _validate(text: str) -> "ValidatedEmail | None":
    from email_validator import EmailNotValidError, validate_email  # lazy: 30 ms that plain addresses never need

    try:
        return validate_email(text, check_deliverability=False, strict=True, allow_smtputf8=True)
    except EmailNotValidError:
        return None
