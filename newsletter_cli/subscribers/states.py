"""What a reader can be, and what each event makes of him: two tables, one of the address, one of a list.

pending, active, unsubscribed and paused belong to a reader on one list; ok, suspended, complained and forgotten to his
address, for all lists. A pair the tables do not move stays as it is: an import never brings anybody back.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class SubscriptionStatus(StrEnum):
    """Of one reader on one list."""

    PENDING = "pending"  # has not confirmed: gets no issue
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"  # the row stays, so that imports respect it
    PAUSED = "paused"  # until a moment; past it he counts as active


class AddressStatus(StrEnum):
    """Of one address, for all lists."""

    OK = "ok"
    SUSPENDED = "suspended"  # bounces; only `inbound release` lifts it
    COMPLAINED = "complained"  # pressed "this is spam"
    FORGOTTEN = "forgotten"  # only a keyed hash of the address is left


class ListEvent(StrEnum):
    """What can happen to a reader on a list."""

    ADD = "add"  # one address by hand, unconfirmed
    ADD_WITH_CONSENT = "add-with-consent"  # one address by hand, as active
    IMPORT = "import"  # a row of a file, unconfirmed
    IMPORT_WITH_CONSENT = "import-with-consent"  # a row of a file, as active
    CONFIRM = "confirm"  # the reader's own yes
    LEAVE = "leave"  # the reader's own no: one-click, page, mail
    REMOVE = "remove"  # an editor took him off
    PAUSE = "pause"
    PAUSE_ENDS = "pause-ends"


class AddressEvent(StrEnum):
    """What can happen to an address."""

    FILE = "file"  # added or imported again
    DEAD = "dead"  # reports say that the mailbox does not exist
    COMPLAIN = "complain"
    RELEASE = "release"  # an editor believes in it again
    FORGET = "forget"


_S, _L = SubscriptionStatus, ListEvent

# What an event makes of a reader on a list; None is a reader who never was on it.
# fmt: off
ON_LIST: Final[Mapping[tuple[SubscriptionStatus | None, ListEvent], SubscriptionStatus | None]] = {
    (None,            _L.ADD):                 _S.PENDING,
    (None,            _L.ADD_WITH_CONSENT):    _S.ACTIVE,
    (None,            _L.IMPORT):              _S.PENDING,
    (None,            _L.IMPORT_WITH_CONSENT): _S.ACTIVE,
    (None,            _L.CONFIRM):             None,  # nothing to confirm: a token of a row that an undo took back
    (None,            _L.LEAVE):               None,
    (None,            _L.REMOVE):              None,
    (None,            _L.PAUSE):               None,
    (None,            _L.PAUSE_ENDS):          None,
    (_S.PENDING,      _L.ADD):                 _S.PENDING,
    (_S.PENDING,      _L.ADD_WITH_CONSENT):    _S.ACTIVE,  # an editor names one person and his consent
    (_S.PENDING,      _L.IMPORT):              _S.PENDING,
    (_S.PENDING,      _L.IMPORT_WITH_CONSENT): _S.PENDING,  # a file names nobody in particular: he may still say no
    (_S.PENDING,      _L.CONFIRM):             _S.ACTIVE,
    (_S.PENDING,      _L.LEAVE):               _S.UNSUBSCRIBED,
    (_S.PENDING,      _L.REMOVE):              _S.UNSUBSCRIBED,
    (_S.PENDING,      _L.PAUSE):               _S.PENDING,
    (_S.PENDING,      _L.PAUSE_ENDS):          _S.PENDING,
    (_S.ACTIVE,       _L.ADD):                 _S.ACTIVE,
    (_S.ACTIVE,       _L.ADD_WITH_CONSENT):    _S.ACTIVE,
    (_S.ACTIVE,       _L.IMPORT):              _S.ACTIVE,
    (_S.ACTIVE,       _L.IMPORT_WITH_CONSENT): _S.ACTIVE,
    (_S.ACTIVE,       _L.CONFIRM):             _S.ACTIVE,
    (_S.ACTIVE,       _L.LEAVE):               _S.UNSUBSCRIBED,
    (_S.ACTIVE,       _L.REMOVE):              _S.UNSUBSCRIBED,
    (_S.ACTIVE,       _L.PAUSE):               _S.PAUSED,
    (_S.ACTIVE,       _L.PAUSE_ENDS):          _S.ACTIVE,
    (_S.UNSUBSCRIBED, _L.ADD):                 _S.UNSUBSCRIBED,
    (_S.UNSUBSCRIBED, _L.ADD_WITH_CONSENT):    _S.UNSUBSCRIBED,
    (_S.UNSUBSCRIBED, _L.IMPORT):              _S.UNSUBSCRIBED,
    (_S.UNSUBSCRIBED, _L.IMPORT_WITH_CONSENT): _S.UNSUBSCRIBED,
    (_S.UNSUBSCRIBED, _L.CONFIRM):             _S.ACTIVE,  # nobody but the reader himself lifts it
    (_S.UNSUBSCRIBED, _L.LEAVE):               _S.UNSUBSCRIBED,
    (_S.UNSUBSCRIBED, _L.REMOVE):              _S.UNSUBSCRIBED,
    (_S.UNSUBSCRIBED, _L.PAUSE):               _S.UNSUBSCRIBED,
    (_S.UNSUBSCRIBED, _L.PAUSE_ENDS):          _S.UNSUBSCRIBED,
    (_S.PAUSED,       _L.ADD):                 _S.PAUSED,
    (_S.PAUSED,       _L.ADD_WITH_CONSENT):    _S.PAUSED,  # the pause is the reader's own wish
    (_S.PAUSED,       _L.IMPORT):              _S.PAUSED,
    (_S.PAUSED,       _L.IMPORT_WITH_CONSENT): _S.PAUSED,
    (_S.PAUSED,       _L.CONFIRM):             _S.ACTIVE,
    (_S.PAUSED,       _L.LEAVE):               _S.UNSUBSCRIBED,
    (_S.PAUSED,       _L.REMOVE):              _S.UNSUBSCRIBED,
    (_S.PAUSED,       _L.PAUSE):               _S.PAUSED,
    (_S.PAUSED,       _L.PAUSE_ENDS):          _S.ACTIVE,
}
# fmt: on

_A, _E = AddressStatus, AddressEvent

# What an event makes of an address.
# fmt: off
OF_ADDRESS: Final[Mapping[tuple[AddressStatus, AddressEvent], AddressStatus]] = {
    (_A.OK,         _E.FILE):     _A.OK,
    (_A.OK,         _E.DEAD):     _A.SUSPENDED,
    (_A.OK,         _E.COMPLAIN): _A.COMPLAINED,
    (_A.OK,         _E.RELEASE):  _A.OK,
    (_A.OK,         _E.FORGET):   _A.FORGOTTEN,
    (_A.SUSPENDED,  _E.FILE):     _A.SUSPENDED,
    (_A.SUSPENDED,  _E.DEAD):     _A.SUSPENDED,
    (_A.SUSPENDED,  _E.COMPLAIN): _A.COMPLAINED,
    (_A.SUSPENDED,  _E.RELEASE):  _A.OK,
    (_A.SUSPENDED,  _E.FORGET):   _A.FORGOTTEN,
    (_A.COMPLAINED, _E.FILE):     _A.COMPLAINED,
    (_A.COMPLAINED, _E.DEAD):     _A.COMPLAINED,
    (_A.COMPLAINED, _E.COMPLAIN): _A.COMPLAINED,
    (_A.COMPLAINED, _E.RELEASE):  _A.COMPLAINED,  # it lifts suspensions only
    (_A.COMPLAINED, _E.FORGET):   _A.FORGOTTEN,
    (_A.FORGOTTEN,  _E.FILE):     _A.FORGOTTEN,
    (_A.FORGOTTEN,  _E.DEAD):     _A.FORGOTTEN,
    (_A.FORGOTTEN,  _E.COMPLAIN): _A.FORGOTTEN,
    (_A.FORGOTTEN,  _E.RELEASE):  _A.FORGOTTEN,
    (_A.FORGOTTEN,  _E.FORGET):   _A.FORGOTTEN,
}
# fmt: on
