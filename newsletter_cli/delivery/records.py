"""What DNS says of a sender: whether SPF, DKIM and DMARC stand behind the mail of our servers.

SPF     the domain of the envelope sender names its servers (RFC 7208)        checked for being there and being one
DKIM    the public half of each key of ours lies where receivers look for it   compared, and aligned with From
DMARC   the domain of From, or one above it, has a policy (RFC 7489, RFC 9989)

Where a relay sends from, only the relay knows: an SPF record that is there is taken to name it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from newsletter_cli.delivery.dns import Lookup
from newsletter_cli.mail.address import parse_mailbox
from newsletter_cli.mail.dkim import Signer, signers_of
from newsletter_cli.settings import ServerSettings, Settings

CONTROLS: Final = ("_dmarc.gmail.com", "_dmarc.yahoo.com")  # records that are there as long as there is mail


class Wrong(StrEnum):
    """What can be wrong with a record, as the end of a sentence that begins with its name."""

    MISSING = "has no record"
    SEVERAL = "has several records, so receivers use none"
    NOBODY = "names no server"
    UNALIGNED = "is of another domain than From, so DMARC does not count it"
    NO_KEY = "holds no key"
    OTHER_KEY = "holds another key than the one we sign with"


@dataclass(frozen=True, slots=True)
class RecordProblem:
    """One record that does not stand behind our mail."""

    record: str  # SPF, DKIM, DMARC
    name: str  # where it is, or should be: _dmarc.example.org
    setting: str  # the key of newsletter.toml it belongs to
    what: Wrong
    fix: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What came out of asking."""

    problems: tuple[RecordProblem, ...]
    silent: tuple[str, ...]  # names nobody answered for: nothing is known about them


def ask_records(settings: Settings, root: Path, sender: str, lookup: Lookup) -> Asked:
    """The records of a sender and its servers, asked now.

    root: the newsroom's folder, for key files.  sender: mailbox of From.
    Raises AddressProblem for a sender that is no mailbox, ConfigError for a key that cannot be used.
    """
    domain = parse_mailbox(sender).address.rpartition("@")[2]
    servers: tuple[ServerSettings, ...] = settings.smtp.servers or (settings.smtp,)
    silent: list[str] = []

    def ask(name: str) -> tuple[str, ...] | None:
        found = lookup(name)
        if found is None and name not in silent:
            silent.append(name)
        return found

    problems = [
        *_spf({_envelope(server, domain) for server in servers}, ask),
        *_dkim([signer for server in servers for signer in signers_of(server, root)], domain, ask),
        *_dmarc(domain, ask),
    ]
    if problems and not any(ask(name) for name in CONTROLS):
        # Some networks say of every name that it does not exist: then nothing is known of ours either.
        return Asked((), tuple(dict.fromkeys((*(one.name for one in problems), *silent))))
    return Asked(tuple(dict.fromkeys(problems)), tuple(one for one in silent if one not in CONTROLS))


def aligned(ours: str, theirs: str) -> bool:
    """Whether one domain is the other or lies below it: relaxed alignment, as far as it shows without a list of
    public suffixes (RFC 7489 §3.1.1)."""
    return f".{theirs}".endswith(f".{ours}") or f".{ours}".endswith(f".{theirs}")


def _envelope(server: ServerSettings, domain: str) -> tuple[str, str]:
    """(domain of the envelope sender, the setting that names it)."""
    return (server.verp.rpartition("@")[2].lower(), "smtp.verp") if server.verp else (domain, "sender.from")


def _spf(envelopes: Iterable[tuple[str, str]], ask: Lookup) -> Iterator[RecordProblem]:
    for name, setting in sorted(envelopes):
        found = ask(name)
        if found is None:
            continue
        records = [text for text in found if re.fullmatch(r"v=spf1(?: .*)?", text, re.I)]
        if not records:
            fix = f'publish at {name}, as your mail server says: "v=spf1 include:… ~all"'
            yield RecordProblem("SPF", name, setting, Wrong.MISSING, fix)
        elif len(records) > 1:
            yield RecordProblem("SPF", name, setting, Wrong.SEVERAL, "join them to one")
        elif not re.search(r"\s\+?(?:a|mx|ip4|ip6|include|exists|ptr|redirect)\b", records[0], re.I):
            fix = f"name your mail server in the record of {name}"
            yield RecordProblem("SPF", name, setting, Wrong.NOBODY, fix)


def _dkim(signers: Iterable[Signer], domain: str, ask: Lookup) -> Iterator[RecordProblem]:
    for signer in signers:
        name, ours = signer.record.name, _tags("".join(signer.record.strings))
        fix = "newsletter config dkim   (prints the record to publish)"
        if not aligned(signer.domain, domain):
            yield RecordProblem("DKIM", name, "smtp.dkim", Wrong.UNALIGNED, fix)
        found = ask(name)
        if found is None:
            continue
        keys = [_tags(text).get("p", "") for text in found if "p=" in text]
        if not keys:
            yield RecordProblem("DKIM", name, "smtp.dkim", Wrong.NO_KEY, fix)
        elif ours.get("p") not in keys:
            yield RecordProblem("DKIM", name, "smtp.dkim", Wrong.OTHER_KEY, fix)


def _dmarc(domain: str, ask: Lookup) -> Iterator[RecordProblem]:
    """The domain itself, then those above it, the last two labels included."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = "_dmarc." + ".".join(labels[start:])
        found = ask(name)
        if found is None:
            return
        policies = [text for text in found if re.match(r"v=DMARC1\s*(?:;|$)", text)]
        if len(policies) > 1:
            yield RecordProblem("DMARC", name, "sender.from", Wrong.SEVERAL, "leave one")
        if policies:
            return
    where = f"_dmarc.{domain}"
    fix = f'publish at {where}: "v=DMARC1; p=none; rua=mailto:postmaster@{domain}"'
    yield RecordProblem("DMARC", where, "sender.from", Wrong.MISSING, fix)


def _tags(record: str) -> dict[str, str]:
    """tag=value; tag=value, without the spaces a record may have (RFC 6376 §3.2)."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip(): re.sub(r"\s+", "", value) for name, _, value in pairs if name.strip()}
