"""One reader as a message needs him: an address, a name, fields, and the numbers his links are made of."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Values of one reader for one digest. Numbers of 0 are nobody: their links show a page and change nothing."""

    email: str  # as given, in normal form: the spelling delivery uses
    name: str  # "" when unknown
    fields: Mapping[str, str]  # custom fields, such as city; never holds `email` or `name`
    delivery: int = 0  # delivery row, 56 bit; names the message in D and V tokens
    subscription: int = 0  # subscription row, 32 bit; U token
    digest: int = 0  # digest number, 24 bit; U token
