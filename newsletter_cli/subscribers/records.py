"""What the roster tells of a reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter_cli.subscribers.states import SubscriptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One reader on one list, also when he left it."""

    id: int
    list: str  # slug
    status: SubscriptionStatus
    paused_until: datetime | None
    joined: datetime
    confirmed: datetime | None
    left: datetime | None
    left_reason: str
    consent: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One address and what is known of it."""

    id: int
    address: str  # "" when forgotten
    name: str
    fields: Mapping[str, str]
    status: str  # what people are told: the address's own, else the best of the lists, else that of the list asked for
    status_reason: str
    status_since: datetime | None
    created: datetime
    tags: tuple[str, ...]
    memberships: tuple[Membership, ...]
    suppressed: str | None = None  # why nobody may write there; None = nobody said so

    @property
    def lists(self) -> tuple[str, ...]:
        """Slugs of the lists he has not left."""
        return tuple(one.list for one in self.memberships if one.status is not SubscriptionStatus.UNSUBSCRIBED)

    def on(self, slug: str) -> Membership | None:
        """He on one list."""
        return next((one for one in self.memberships if one.list == slug), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a list of readers; cheaper than a Subscriber, for a million of them."""

    address: str
    status: str
    lists: tuple[str, ...]
    tags: tuple[str, ...]
    joined: datetime | None  # the earliest, or on the list asked for
    confirmed: datetime | None
    consent: str
    name: str
    fields: Mapping[str, str]


class Kind(StrEnum):
    """What a line of a reader's history is."""

    DELIVERY = "delivery"
    ACT = "act"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a reader's history: a message and the server's answer, or what somebody did."""

    kind: Kind
    at: datetime
    what: str  # accepted, failed … of a delivery; imported, unsubscribed … of an act
    digest: str = ""
    list: str = ""
    by: str = ""  # of an act
    code: int | None = None  # of the server's answer
    enhanced: str = ""
    answer: str = ""
    details: str = ""


class Outcome(StrEnum):
    """What became of one address that was to join a list."""

    ADDED = "added"
    ALREADY = "already"
    UNSUBSCRIBED = "unsubscribed"  # left earlier: stays so
    SUPPRESSED = "suppressed"  # suspended, complained, forgotten, or nobody may write there: stays so


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The answer to `add`."""

    outcome: Outcome
    subscriber: Subscriber | None  # None when the address is suppressed and nothing is known of it
    filled: tuple[str, ...] = ()  # fields that were empty and have a value now


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """What `tag` did."""

    readers: int  # that the filter names
    added: Mapping[str, int]  # tag → readers who have it now and had it not
    removed: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What `remove` did, by address as given."""

    removed: tuple[str, ...]
    already: tuple[str, ...]  # had left before
    unknown: tuple[str, ...]  # never were on that list


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """What `suppress` did."""

    key: str  # address key or @domain
    reason: str
    already: bool  # it was there before; the first reason stays
    readers: int  # who are known and get nothing any more


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStats:
    """One list by status."""

    slug: str
    by_status: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """The roster in numbers."""

    subscribers: int
    by_status: Mapping[str, int]  # as shown, over all lists
    lists: tuple[ListStats, ...]
    domains: tuple[tuple[str, int], ...]  # the ten largest
    tags: tuple[tuple[str, int], ...]  # the twenty largest
    suppressed_addresses: int = 0
    suppressed_domains: int = 0
    without_consent: int = 0  # active readers whose consent nobody noted
