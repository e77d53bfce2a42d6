"""What is wrong with an address, in one sentence (email-validator's own are about the standard, not about the row)."""

import unicodedata
from collections.abc import Callable
from typing import Final

from newsletter_cli.mail.problems import AddressFault, AddressProblem

TATWEEL: Final = "\u0640"
# Invisible at the ends of cells in Arabic spreadsheets: spaces of every width, BOM, zero-width characters, marks of
# direction, tatweel.
EDGES: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff\u200b\u200c\u200d\u200e\u200f\u061c"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069" + TATWEEL
)
# The same as email-validator's SPECIAL_USE_DOMAIN_NAMES, which a test compares; example.org is not among them.
RESERVED: Final = ("arpa", "invalid", "local", "localhost", "onion", "test")

_SENTENCES: Final = {
    AddressFault.EMPTY: "The address is empty.",
    AddressFault.NO_AT: "{text} has no @ sign.",
    AddressFault.TWO_AT: "{text} has two @ signs.",
    AddressFault.NO_LOCAL: "{text} has nothing before the @ sign.",
    AddressFault.NO_DOMAIN: "{text} has nothing after the @ sign.",
    AddressFault.NAME: "{text} is more than an address: write only what stands between the angle brackets.",
    AddressFault.TOO_LONG: "The address is too long: mail allows 64 characters before the @ sign and 254 bytes in all.",
    AddressFault.LOCAL: "{text} is not an address: the part before the @ sign is not valid.",
    AddressFault.DOMAIN: "{text} is not a domain that mail can go to.",
    AddressFault.RESERVED: "{text} is a reserved name that cannot receive mail.",
}


def removed_from(text: str, cleaned: str) -> tuple[str, ...]:
    """Which characters stood at the ends of `text`, which `cleaned` no longer has: ("U+00A0", "U+200F")."""
    if text == cleaned:
        return ()
    if not cleaned:
        ends = text
    else:
        start = text.index(cleaned)
        ends = text[:start] + text[start + len(cleaned) :]
    return tuple(f"U+{ord(character):04X}" for character in ends)


def explain(text: str, *, domain_is_fine: Callable[[str], bool]) -> AddressProblem:
    """Why a text that the validator refuses is no address: the first of the reasons a person can act on."""
    shape = _shape(text)
    if shape is not None:
        return _problem(shape, text)
    local, _, domain = text.rpartition("@")
    for character in text:
        if _is_invisible(character):
            return local_fault(character)
    if len(local) > 64 or len(text.encode("utf-8", "replace")) > 254:
        return _problem(AddressFault.TOO_LONG, text)
    return _problem(AddressFault.LOCAL, text) if domain_is_fine(domain) else domain_fault(domain)


def domain_fault(name: str) -> AddressProblem:
    """The problem of a domain that the validator refuses."""
    reserved = name.lower().rstrip(".").rpartition(".")[2] in RESERVED
    return _problem(AddressFault.RESERVED if reserved else AddressFault.DOMAIN, name)


def local_fault(character: str) -> AddressProblem:
    """The problem of an address with `character` inside."""
    if character == " ":
        return AddressProblem(AddressFault.INVISIBLE, "The address has a space inside.")
    name = unicodedata.name(character, "control character").lower()
    sentence = f"The address has an invisible character inside: U+{ord(character):04X} ({name})."
    return AddressProblem(AddressFault.INVISIBLE, sentence)


def _shape(text: str) -> AddressFault | None:
    if not text:
        return AddressFault.EMPTY
    if "<" in text or ">" in text:
        return AddressFault.NAME
    signs = text.count("@")
    if signs != 1:
        return AddressFault.TWO_AT if signs else AddressFault.NO_AT
    if text.startswith("@"):
        return AddressFault.NO_LOCAL
    return AddressFault.NO_DOMAIN if text.endswith("@") else None


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character)[0] in "CZ" or character == TATWEEL


def _problem(code: AddressFault, text: str) -> AddressProblem:
    shown = "".join(character for character in text[:80] if unicodedata.category(character)[0] != "C")
    return AddressProblem(code, _SENTENCES[code].format(text=f"“{shown}”"))
