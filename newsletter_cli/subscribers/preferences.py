"""What still comes to one reader: each of the address's lists, received, paused for thirty days, or left.

The reader's own choice, made on the preferences page. Leaving itself is `leaving.leave`; here is what leaving is not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from newsletter_cli.storage.acts import note
from newsletter_cli.storage.schema import list_, subscriber, subscription
from newsletter_cli.subscribers.leaving import BEFORE_CONFIRMING, UNDO_WINDOW, Leaving
from newsletter_cli.subscribers.states import ON_LIST, AddressStatus, ListEvent, SubscriptionStatus

PAUSE: Final = timedelta(days=30)
_STILL_ON: Final = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAUSED, SubscriptionStatus.PENDING)
_REASONS: Final = tuple(reason.value + end for reason in Leaving for end in ("", BEFORE_CONFIRMING))


class Choice(StrEnum):
    """What a reader wants of one list."""

    RECEIVE = "receive"
    PAUSE = "pause"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One list of a reader, as it stands."""

    subscription_id: int
    list: str  # slug
    choice: Choice
    paused_until: datetime | None = None  # of a pause that is not over
    confirmed: bool = True  # False: nothing comes before the reader has confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One reader's lists: those that come or may come again, and those left by the reader just now."""

    subscriber_id: int
    address: str  # whole: whoever shows it masks it
    list: str  # slug of the list whose message led here
    held: tuple[Held, ...]  # by slug


def preferences_of(connection: Connection, subscription_id: int, at: datetime) -> Preferences | None:
    """All lists of the reader of one subscription; None when there is none, or its address was forgotten.

    at: aware, UTC.  A list left more than ten minutes ago is no choice any more: only a sign-up brings it back.
    """
    asked = (
        select(subscriber.c.id, subscriber.c.address, subscriber.c.status, list_.c.slug)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .join(list_, list_.c.id == subscription.c.list_id)
        .where(subscription.c.id == subscription_id)
    )
    reader = connection.execute(asked).first()
    if reader is None or reader.status == AddressStatus.FORGOTTEN:
        return None
    rows = connection.execute(
        select(
            subscription.c.id, subscription.c.status, subscription.c.paused_until, subscription.c.left,
            subscription.c.left_reason, list_.c.slug,
        )
        .join(list_, list_.c.id == subscription.c.list_id)
        .where(subscription.c.subscriber_id == reader.id)
        .order_by(list_.c.slug)
    )  # fmt: skip
    held = (
        Held(
            subscription_id=row.id,
            list=row.slug,
            choice=_choice(row.status, row.paused_until, at),
            paused_until=row.paused_until if _is_paused(row.status, row.paused_until, at) else None,
            confirmed=row.status != SubscriptionStatus.PENDING and not row.left_reason.endswith(BEFORE_CONFIRMING),
        )
        for row in rows
        if row.status in _STILL_ON
        or (row.left_reason in _REASONS and row.left is not None and at - row.left <= UNDO_WINDOW)
    )
    return Preferences(subscriber_id=reader.id, address=reader.address, list=reader.slug, held=tuple(held))


def pause(connection: Connection, subscription_id: int, at: datetime, until: datetime) -> bool:
    """Nothing of a list comes before `until`; whether anything was changed.

    at, until: aware, UTC.  Only who receives it can pause it. Effective for every claim after this transaction.
    """
    moved = ON_LIST[SubscriptionStatus.ACTIVE, ListEvent.PAUSE]
    on = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAUSED)
    return _change(connection, subscription_id, on, moved, until, at, f"paused for {(until - at).days} days")


def end_pause(connection: Connection, subscription_id: int, at: datetime) -> bool:
    """A paused list comes again; whether anything was changed."""
    moved = ON_LIST[SubscriptionStatus.PAUSED, ListEvent.PAUSE_ENDS]
    return _change(connection, subscription_id, (SubscriptionStatus.PAUSED,), moved, None, at, "ended the pause")


def _change(
    connection: Connection,
    subscription_id: int,
    before: tuple[SubscriptionStatus, ...],
    status: SubscriptionStatus | None,
    until: datetime | None,
    at: datetime,
    what: str,
) -> bool:
    # The status stands in the condition: between the page and its button somebody may have left.
    changed = connection.execute(
        update(subscription)
        .where(subscription.c.id == subscription_id, subscription.c.status.in_(before))
        .values(status=status, paused_until=until)
    ).rowcount
    if changed:
        row = connection.execute(
            select(subscription.c.subscriber_id, list_.c.slug)
            .join(list_, list_.c.id == subscription.c.list_id)
            .where(subscription.c.id == subscription_id)
        ).one()
        note(connection, at=at, by="reader", what=what, list=row.slug, subscriber_id=row.subscriber_id)
    return bool(changed)


def _choice(status: str, until: datetime | None, at: datetime) -> Choice:
    if status == SubscriptionStatus.UNSUBSCRIBED:
        return Choice.LEAVE
    return Choice.PAUSE if _is_paused(status, until, at) else Choice.RECEIVE


def _is_paused(status: str, until: datetime | None, at: datetime) -> bool:
    return status == SubscriptionStatus.PAUSED and until is not None and until > at
