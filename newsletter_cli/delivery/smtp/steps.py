"""Every question we ask, every sort of answer, and the step each pair leads to."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from newsletter_cli.delivery.smtp.verdict import Asked


class Command(StrEnum):
    """An open question. The greeting is one too: connecting asks for it."""

    GREETING = "greeting"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    AUTH = "auth"
    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"  # the end of a message
    BDAT = "bdat"  # the last chunk, the whole message being in it (RFC 3030 §2)
    EMPTY = "empty"  # a lone dot, because of a 354 for a refused envelope (RFC 2920 §3.1)
    NOOP = "noop"
    QUIT = "quit"


class Sort(StrEnum):
    """What kind of answer it is. Two codes mean more than their class."""

    DONE = "2yz"
    GO = "3yz"
    LATER = "4yz"
    NEVER = "5yz"
    CLOSING = "421"  # may come at any time, and answers the oldest question (RFC 5321 §3.8)
    SEQUENCE = "503"  # "not now": after an accepted command it shows that the two ends count differently


class Step(StrEnum):
    GREET = "greet"
    LEARN = "learn"
    FALL_BACK = "fall back to HELO"
    SECURE = "secure"
    NO_TLS = "no TLS"
    RESPOND = "respond"
    LOGGED_IN = "logged in"
    NEXT_WAY = "try the next way to log in"
    UNUSABLE = "unusable"
    CLEARED = "cleared"
    NOT_CLEARED = "not cleared"
    GO_ON = "go on"
    GO_AHEAD = "go ahead"
    REFUSE = "refuse"
    SEQUENCE = "out of sequence"
    ACCEPT = "accept"
    SETTLE = "settle"
    CLOSE = "close"
    PROBED = "probed"
    BYE = "bye"
    BREAK = "break"


_C, _S = Command, Step
ROW: Final = (Sort.DONE, Sort.GO, Sort.LATER, Sort.NEVER, Sort.SEQUENCE, Sort.CLOSING)
# fmt: off
TABLE: Final[Mapping[Command, tuple[Step, ...]]] = {
    # command     2yz            3yz            4yz             5yz             503             421
    _C.GREETING: (_S.GREET,      _S.BREAK,      _S.UNUSABLE,    _S.UNUSABLE,    _S.UNUSABLE,    _S.UNUSABLE),
    _C.EHLO:     (_S.LEARN,      _S.BREAK,      _S.UNUSABLE,    _S.FALL_BACK,   _S.FALL_BACK,   _S.UNUSABLE),
    _C.HELO:     (_S.LEARN,      _S.BREAK,      _S.UNUSABLE,    _S.UNUSABLE,    _S.UNUSABLE,    _S.UNUSABLE),
    _C.STARTTLS: (_S.SECURE,     _S.BREAK,      _S.NO_TLS,      _S.NO_TLS,      _S.NO_TLS,      _S.NO_TLS),
    _C.AUTH:     (_S.LOGGED_IN,  _S.RESPOND,    _S.UNUSABLE,    _S.NEXT_WAY,    _S.NEXT_WAY,    _S.UNUSABLE),
    _C.RSET:     (_S.CLEARED,    _S.BREAK,      _S.NOT_CLEARED, _S.NOT_CLEARED, _S.NOT_CLEARED, _S.CLOSE),
    _C.MAIL:     (_S.GO_ON,      _S.BREAK,      _S.REFUSE,      _S.REFUSE,      _S.SEQUENCE,    _S.CLOSE),
    _C.RCPT:     (_S.GO_ON,      _S.BREAK,      _S.REFUSE,      _S.REFUSE,      _S.SEQUENCE,    _S.CLOSE),
    _C.DATA:     (_S.BREAK,      _S.GO_AHEAD,   _S.REFUSE,      _S.REFUSE,      _S.SEQUENCE,    _S.CLOSE),
    _C.DOT:      (_S.ACCEPT,     _S.BREAK,      _S.REFUSE,      _S.REFUSE,      _S.SEQUENCE,    _S.CLOSE),
    _C.BDAT:     (_S.ACCEPT,     _S.BREAK,      _S.REFUSE,      _S.REFUSE,      _S.SEQUENCE,    _S.CLOSE),
    _C.EMPTY:    (_S.BREAK,      _S.BREAK,      _S.SETTLE,      _S.SETTLE,      _S.SETTLE,      _S.CLOSE),
    _C.NOOP:     (_S.PROBED,     _S.BREAK,      _S.PROBED,      _S.PROBED,      _S.PROBED,      _S.CLOSE),
    _C.QUIT:     (_S.BYE,        _S.BYE,        _S.BYE,         _S.BYE,         _S.BYE,         _S.BYE),
}
# fmt: on
STEPS: Final[Mapping[tuple[Command, Sort], Step]] = {
    (command, sort): step for command, row in TABLE.items() for sort, step in zip(ROW, row, strict=True)
}

ASKED: Final[Mapping[Command, Asked]] = {
    _C.GREETING: Asked.CONNECT,
    _C.EHLO: Asked.EHLO,
    _C.HELO: Asked.EHLO,
    _C.STARTTLS: Asked.STARTTLS,
    _C.AUTH: Asked.AUTH,
    _C.RSET: Asked.RSET,
    _C.MAIL: Asked.MAIL,
    _C.RCPT: Asked.RCPT,
    _C.DATA: Asked.DATA,
    _C.DOT: Asked.DOT,
    _C.BDAT: Asked.DOT,
    _C.EMPTY: Asked.DOT,
    _C.NOOP: Asked.RSET,
    _C.QUIT: Asked.RSET,
}

_CLASSES: Final = {2: Sort.DONE, 3: Sort.GO, 4: Sort.LATER, 5: Sort.NEVER}
SORTS: Final[Mapping[int, Sort]] = {
    **{code: _CLASSES[code // 100] for code in range(200, 600)},
    421: Sort.CLOSING,
    503: Sort.SEQUENCE,
}

# The same by code: four or five answers for each message are looked up here.
BY_CODE: Final[Mapping[Command, Mapping[int, Step]]] = {
    command: {code: STEPS[command, sort] for code, sort in SORTS.items()} for command in Command
}
