"""Why a value cannot become part of a message. Callers turn these into a rejected row, a failed reader or an error.

MailProblem
├── AddressProblem   this is not an address we can write to
├── HeaderProblem    this text may not stand in that header field
└── ValueProblem     this reader's values do not fit what the template asks
"""

from enum import StrEnum


class MailProblem(Exception):
    """A value that cannot be written into a message: `sentence` is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class AddressFault(StrEnum):
    """What is wrong with an address; stable, for counting rejected rows."""

    EMPTY = "empty"
    NO_AT = "no-at"
    TWO_AT = "two-at"
    NO_LOCAL = "no-local"
    NO_DOMAIN = "no-domain"
    INVISIBLE = "invisible"  # an invisible character inside: after the ends were cleaned
    LOCAL = "bad-local"
    DOMAIN = "bad-domain"
    RESERVED = "reserved-domain"  # .test .local .localhost .invalid .onion .arpa
    TOO_LONG = "too-long"
    NAME = "bad-name"  # of a mailbox: the display name, or what stands around the angle brackets


class AddressProblem(MailProblem):
    """Not an address we can write to."""

    def __init__(self, code: AddressFault, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class HeaderProblem(MailProblem):
    """A text that may not stand in a header field: it would end the field, or not be readable as mail."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class ValueProblem(MailProblem):
    """One reader's values do not fit: a field is missing where no default is given, or is no number or date."""

    def __init__(self, expression: str, sentence: str) -> None:
        super().__init__(sentence)
        self.expression = expression
