"""Domains that nobody meant: slips of the finger on the names of the large mail providers.

A row with such a domain is rejected with a suggestion, so a real domain must not be taken for a slip: only slips that
fingers make are looked for (a letter lost, doubled, swapped, or its neighbour on the keyboard, and slips of the
ending), only on names of five letters and more, and never on a name that exists.
"""

from collections.abc import Iterator
from typing import Final

# The name and the endings it really has.
_PROVIDERS: Final = {
    "gmail": ("com",),
    "googlemail": ("com",),
    "hotmail": ("com", "fr", "co.uk", "de", "it", "es", "be", "nl", "com.tr"),
    "outlook": ("com", "sa", "fr", "de", "es", "com.tr", "co.il"),
    "yahoo": ("com", "fr", "co.uk", "de", "it", "es", "ca", "co.in", "co.jp", "com.br", "com.tr"),
    "icloud": ("com",),
    "protonmail": ("com", "ch"),
    "yandex": ("com", "ru", "com.tr"),
}
# Real domains that are one slip away from the names above.
_REAL: Final = frozenset(
    {
        "mail.com", "email.com", "ymail.com", "gmx.com", "rocketmail.com", "gmail.co.uk", "gail.com", "gmal.com",
        "yaho.com", "ahoo.com", "iclod.com", "yande.ru", "yandex.net", "yandex.by", "yandex.kz", "yandex.ua",
        "outlook.it", "outlook.at", "outlook.be", "outlook.jp", "outlook.kr", "outlook.dk", "outlook.cz", "outlook.ie",
        "hotmail.ca", "hotmail.co", "hotmail.ch", "hotmail.se", "hotmail.no", "hotmail.dk", "hotmail.gr", "hotmail.at",
        "yahoo.co", "yahoo.gr", "yahoo.ie", "yahoo.se", "yahoo.no", "yahoo.dk", "yahoo.pl", "yahoo.ro", "yahoo.at",
    }
)  # fmt: skip
_ENDINGS: Final = frozenset(
    {"con", "cmo", "ocm", "comm", "coom", "vom", "xom", "cpm", "cim", "cm", "om", "co", "c0m", "coml"}
)
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def likely_mistyped(domain: str) -> str | None:
    """The well-known domain that was probably meant, or None: `gmial.com` → `gmail.com`.

    domain: A-labels or as typed, any case.
    """
    domain = domain.lower()
    name, _, ending = domain.partition(".")
    if ending in _PROVIDERS.get(name, ()) or domain in _REAL:
        return None
    for provider, endings in _PROVIDERS.items():
        if abs(len(name) - len(provider)) > 1 or name[:1] not in provider[:2]:
            continue  # cannot be one slip away: most domains end here
        if ending in endings and name in _slips(provider):
            return f"{provider}.{ending}"
        if ending in _ENDINGS and (name == provider or name in _slips(provider)):
            return f"{provider}.com"
    return None


def _slips(name: str) -> frozenset[str]:
    return frozenset(_slips_of(name)) - {name}


def _slips_of(name: str) -> Iterator[str]:
    for index, letter in enumerate(name):
        if index:  # a name without its first letter, or with another one, is often somebody's own
            yield name[:index] + name[index + 1 :]
            for near in _neighbours(letter):
                yield name[:index] + near + name[index + 1 :]
        yield name[:index] + letter + name[index:]
        if index + 1 < len(name):
            yield name[:index] + name[index + 1] + letter + name[index + 2 :]


def _neighbours(letter: str) -> str:
    for row in _ROWS:
        at = row.find(letter)
        if at >= 0:
            return row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    return ""
