"""newsletter config dkim: a key to sign with, and the record that DNS has to hold."""

import errno
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.delivery.records import aligned
from newsletter_cli.errors import ConfigError, TryAgainError, UsageError
from newsletter_cli.mail.address import ascii_host, parse_mailbox
from newsletter_cli.mail.dkim import Kind, Signer, load_key, new_key
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.newsroom import write_private
from newsletter_cli.settings import as_text, set_value

FIRST: Final = "s1"  # selector of a newsroom's first key


@dataclass(frozen=True, slots=True)
class Place:
    """Where one key lies, and under which name receivers look for it."""

    kind: Kind
    domain: str  # A-labels
    selector: str
    file: str  # as newsletter.toml names it: from the newsroom's folder

    def document(self, signer: Signer | None, *, made: bool) -> dict[str, object]:
        """For --json; signer: None in a dry run before there is a key."""
        record = None if signer is None else signer.record
        return {
            "selector": self.selector,
            "domain": self.domain,
            "key_file": self.file,
            "name": f"{self.selector}._domainkey.{self.domain}",
            "value": record and record.value,
            "strings": record and record.strings,
            "record": record and record.zone_line(),
            "created": made,
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """A key that is there now."""

    place: Place
    signer: Signer | None  # None: a dry run, and there is no key yet
    made: bool


@command(
    "config dkim",
    examples=("newsletter config dkim", "newsletter config dkim --selector s2 --domain example.org --json"),
    exits=(0, 2, 4, 7),
    changes=True,
)
def dkim(
    run: Run,
    selector: Annotated[
        str | None, typer.Option("--selector", metavar="NAME", help="Name of the key in DNS; default: s1.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", metavar="DOMAIN", help="Who signs; default: the domain of sender.from.")
    ] = None,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="Also a second signature, which few receivers check.")
    ] = False,
) -> Reply:
    """Makes a key of 2,048 bits that only you may read, writes smtp.dkim and prints the TXT record to publish. A key
    that is there is never overwritten: its record is printed again. With a selector that is not in use, the settings
    stay as they are until that record is published."""
    places = _places(run, selector, domain, second=ed25519)
    _demand_usable(places)
    kept = tuple(_keep(run, place) for place in places)
    written, switch = _settle(run, places)
    first, second = kept[0], kept[1] if len(kept) > 1 else None
    document = first.place.document(first.signer, made=first.made) | {
        "ed25519": None if second is None else second.place.document(second.signer, made=second.made),
        "in_use": not switch,
        "settings": written,
    }
    steps = (f"dig +short TXT {first.place.selector}._domainkey.{first.place.domain}", *((switch,) if switch else ()))
    return Reply(document, human=lambda: _tell(run, kept, switch), next=() if run.globals.dry_run else steps)


# --- which keys -------------------------------------------------------------------------------------------------------


def _places(run: Run, selector: str | None, domain: str | None, *, second: bool) -> tuple[Place, ...]:
    ours = run.settings.smtp.dkim
    chosen = selector or (ours.selector if ours else FIRST)
    who = _domain(run, domain or (ours.domain if ours else ""))
    in_use = ours is not None and (chosen, who) == (ours.selector, _ascii(ours.domain))
    file = ours.key_file if ours is not None and in_use else f"data/dkim-{chosen}.pem"
    first = Place(Kind.RSA, who, chosen, file)
    known = ours.ed25519 if ours is not None and in_use else None
    if known is not None:
        return first, Place(Kind.ED25519, who, known.selector, known.key_file)
    if second:
        return first, Place(Kind.ED25519, who, f"{chosen}-ed", f"data/dkim-{chosen}-ed.pem")
    return (first,)


def _domain(run: Run, given: str) -> str:
    if given:
        return _ascii(given)
    sender = run.settings.sender.from_
    if not sender:
        raise UsageError("USAGE", "sender.from is empty, so there is no domain to sign for.", sent="",
                         fix="--domain example.org")  # fmt: skip
    return _sender_domain(sender)


def _ascii(domain: str) -> str:
    try:
        return ascii_host(domain)
    except AddressProblem as problem:
        raise UsageError("USAGE", f"“{domain}” is no domain.", sent="", fix="--domain example.org") from problem


def _sender_domain(sender: str) -> str:
    try:
        return parse_mailbox(sender).address.rpartition("@")[2]
    except AddressProblem as problem:
        raise ConfigError("CONFIG-VALUE", f"sender.from: {problem.sentence}", sent="") from problem


# --- keys -------------------------------------------------------------------------------------------------------------


def _demand_usable(places: tuple[Place, ...]) -> None:
    """Names that DNS can hold, before a key is made for one that it cannot."""
    for place in places:
        Signer.demand_names(place.domain, place.selector)


def _keep(run: Run, place: Place) -> Kept:
    """The key of a place, made if there is none; in a dry run only read."""
    path = run.newsroom.root / place.file
    made = not run.globals.dry_run and not path.exists() and _write_once(path, new_key(place.kind))
    if run.globals.dry_run and not path.exists():
        return Kept(place, None, made=False)
    key = load_key(path)
    if key.kind is not place.kind and place.kind is Kind.ED25519:
        raise ConfigError(
            "CONFIG-VALUE", f"{place.file} holds a key of the kind {key.kind}; {place.kind} belongs there.", sent="",
            fix="newsletter config dkim --selector ANOTHER",
        )  # fmt: skip
    return Kept(place, Signer(place.domain, place.selector, key), made)


def _write_once(path: Path, pem: bytes) -> bool:
    """Put a key where none is, in one step; False when somebody else has put one there meanwhile."""
    part = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        write_private(part, pem)
        os.link(part, path)  # unlike a rename it fails where there is a file
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise TryAgainError("DISK-FULL", f"There is no room to write {path}.", sent="") from error
        raise ConfigError("CONFIG-VALUE", f"{path} cannot be written: {error.strerror}.", sent="") from error
    finally:
        part.unlink(missing_ok=True)
    return True


# --- settings ---------------------------------------------------------------------------------------------------------


def _settle(run: Run, places: tuple[Place, ...]) -> tuple[bool, str]:
    """(whether newsletter.toml was changed, the command that switches to this key when another one is in use)."""
    ours, newsroom = run.settings.smtp.dkim, run.newsroom
    wanted = _table(places)
    if ours is None:
        key, value = "smtp.dkim", as_text(wanted)
    elif (ours.selector, _ascii(ours.domain)) != (places[0].selector, places[0].domain):
        return False, f"newsletter config set smtp.dkim {shlex.quote(as_text(wanted))}"
    elif len(places) > 1 and ours.ed25519 is None:
        key, value = "smtp.dkim.ed25519", as_text(wanted["ed25519"])
    else:
        return False, ""
    set_value(newsroom.root, key, value, config=newsroom.config, write=not run.globals.dry_run)
    return not run.globals.dry_run, ""


def _table(places: tuple[Place, ...]) -> Mapping[str, object]:
    first, second = places[0], places[1] if len(places) > 1 else None
    beside = {} if second is None else {"ed25519": {"selector": second.selector, "key_file": second.file}}
    return {"domain": first.domain, "selector": first.selector, "key_file": first.file, **beside}


# --- words ------------------------------------------------------------------------------------------------------------


def _tell(run: Run, kept: tuple[Kept, ...], switch: str) -> None:
    out = run.out
    for one in kept:
        place = one.place
        if one.signer is None:
            would = [("would make", place.file), ("name", f"{place.selector}._domainkey.{place.domain}")]
            out.fields(would)
            continue
        bits = f"{one.signer.key.kind}, {one.signer.key.bits} bits"
        out.done(f"{out.cell(place.file)}   {bits}" + ("" if one.made else "; it was there before"))
        record = one.signer.record
        strings = [("" if number else "value", f'"{text}"') for number, text in enumerate(record.strings)]
        out.fields([("name", record.name), ("type", "TXT"), *strings], indent=2)
    _warn(run, kept[0], in_use=not switch)


def _warn(run: Run, first: Kept, *, in_use: bool) -> None:
    domain = first.place.domain
    if first.signer is not None and first.signer.key.kind is Kind.ED25519:
        run.out.warn(f"{first.place.file} is an Ed25519 key: many receivers know RSA only, and count no signature.")
    if run.settings.sender.from_ and not aligned(domain, _sender_domain(run.settings.sender.from_)):
        run.out.warn(f"sender.from is of another domain than {domain}: DMARC does not count this signature.")
    if run.settings.smtp.relay_signs and in_use:
        run.out.warn(
            "smtp.relay_signs is true. If your mail server signs too, some refuse mail that has a signature already; "
            "if it does not: newsletter config set smtp.relay_signs false"
        )
    if not in_use:
        run.out.say("Another key signs until you switch; publish this record first, and keep the old one for a week.")
