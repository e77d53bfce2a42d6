"""The rows of lists. What a list is called and how one joins it stands in newsletter.toml; here is who is on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from newsletter_cli.errors import BusyError
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.schema import digest, list_, send, subscriber, subscription
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus

LEFT_LATELY: Final = timedelta(days=30)
UNFINISHED: Final = ("scheduled", "arming", "armed", "sending", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNumbers:
    """How many readers a list has; suspended and complained addresses are counted nowhere."""

    active: int = 0  # may be written to, but for what `suppress` says; an over pause counts here
    waiting: int = 0  # not confirmed yet
    paused: int = 0
    unsubscribed: int = 0
    left_30d: int = 0  # of the unsubscribed, those of the last thirty days

    @property
    def readers(self) -> int:
        """Everybody who has not left."""
        return self.active + self.waiting + self.paused


def list_id(connection: Connection, slug: str, *, create: datetime | None = None) -> int | None:
    """The number of a list, or None.  create: the moment to note when its row has to be made now."""
    query = select(list_.c.id).where(list_.c.slug == slug)
    found: int | None = connection.execute(query).scalar()
    if found is not None or create is None:
        return found
    made: int = connection.execute(insert(list_).values(slug=slug, created=create).returning(list_.c.id)).scalar_one()
    return made


def list_numbers(connection: Connection, slug: str, at: datetime) -> ListNumbers:
    """The readers of one list by what they are; all zero for a list nobody ever joined."""
    status = subscription.c.status
    active = or_(
        status == SubscriptionStatus.ACTIVE,
        and_(status == SubscriptionStatus.PAUSED, subscription.c.paused_until <= at),
    )
    counts = {
        "active": active,
        "waiting": status == SubscriptionStatus.PENDING,
        "paused": and_(status == SubscriptionStatus.PAUSED, subscription.c.paused_until > at),
        "unsubscribed": status == SubscriptionStatus.UNSUBSCRIBED,
        "left_30d": and_(status == SubscriptionStatus.UNSUBSCRIBED, subscription.c.left > at - LEFT_LATELY),
    }
    query = (
        select(*(func.count().filter(condition).label(name) for name, condition in counts.items()))
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .join(list_, list_.c.id == subscription.c.list_id)
        .where(list_.c.slug == slug, subscriber.c.status == AddressStatus.OK)
    )
    return ListNumbers(**connection.execute(query).mappings().one())


def unfinished_sends(connection: Connection, slug: str) -> tuple[str, ...]:
    """Digests that are on their way to a list, or will be."""
    query = (
        select(digest.c.slug)
        .join(send, send.c.digest_id == digest.c.id)
        .join(list_, list_.c.id == send.c.list_id)
        .where(list_.c.slug == slug, send.c.state.in_(UNFINISHED))
    )
    return tuple(connection.execute(query.order_by(send.c.id)).scalars())


def close_list(connection: Connection, slug: str, at: datetime, *, by: str) -> int:
    """Takes everybody off a list that is being removed; how many that were.

    The rows stay: were they deleted, a new list of that name and an old file would write to people who had left.
    BusyError BUSY while a digest is on its way to the list.
    """
    sending = unfinished_sends(connection, slug)
    if sending:
        raise BusyError(
            "BUSY",
            f"{sending[0]} is on its way to {slug}, so the list cannot be removed.",
            sent="Nothing was changed.",
            fix=f"newsletter cancel {sending[0]}",
        )
    changed = connection.execute(
        update(subscription)
        .where(
            subscription.c.list_id == list_id(connection, slug),
            subscription.c.status != SubscriptionStatus.UNSUBSCRIBED,
        )
        .values(status=SubscriptionStatus.UNSUBSCRIBED, left=at, left_reason="list removed")
    ).rowcount
    note(connection, at=at, by=by, what="removed list", list=slug, details=f"{changed} readers")
    return changed
