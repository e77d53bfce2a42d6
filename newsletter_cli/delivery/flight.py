"""What pump and ledger say to each other: what could be let go, and what one transaction brought."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from newsletter_cli.delivery.canary import Sung
from newsletter_cli.delivery.chunks import Change
from newsletter_cli.delivery.lanes import Rest
from newsletter_cli.delivery.shares import Berth
from newsletter_cli.delivery.states import SendState
from newsletter_cli.mail.reader import Reader

Held = tuple[int, int]  # a chunk and the epoch of a lease: the same chunk may be leased again


class Due(NamedTuple):
    """One reader's message whose turn has come and whose intent is committed."""

    id: int  # delivery row
    chunk: int
    epoch: int  # of the lease it was claimed under
    attempt: int  # the try to come, from 1
    alone: bool  # no neighbours this time: its last write stood still, or it is one of the first readers
    first_try: int | None  # microseconds since 1970
    domain: str
    lane: str
    server: str
    reader: Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the engine could let go now."""

    berths: tuple[Berth, ...] = ()  # servers with room
    lanes: Mapping[str, int] = field(default_factory=dict)  # most of each lane, the neediest first
    resting: Mapping[str, datetime] = field(default_factory=dict)  # domains that rest by themselves, and until when
    rests: tuple[Rest, ...] = ()  # lanes whose state changed: written along
    idle: frozenset[str] = frozenset()  # lanes that rest for long: their chunks are nobody's meanwhile


NOTHING: Final = Ask()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What one transaction brought."""

    due: tuple[Due, ...] = ()
    changes: tuple[Change, ...] = ()
    state: SendState
    reason: str
    lost: frozenset[Held] = frozenset()  # leases that are another's now: begin nothing that was claimed under them
    openings: Mapping[str, datetime] = field(default_factory=dict)  # lane → when more of it can be claimed; past = now
    canary: Sung | None = None  # what the first readers' answers say; None = there is no such trial (any more)
    held_until: datetime | None = None  # nobody but the first readers before this moment
    servers_at: Mapping[str, datetime] = field(default_factory=dict)  # when a server's rate lets the next one go
    lanes_at: Mapping[str, datetime] = field(default_factory=dict)  # the same for a lane's
    day_at: datetime | None = None  # the warm-up lets nobody go before this moment
    free_until: float = 0.0  # monotonic seconds: the write lock is left to others before
