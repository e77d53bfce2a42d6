"""Leaving a list, and the ten minutes in which a reader may take that back. Called by the pages readers use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, RowMapping, select, update

from newsletter_cli.storage.acts import note
from newsletter_cli.storage.schema import list_, subscriber, subscription
from newsletter_cli.subscribers.states import ON_LIST, ListEvent, SubscriptionStatus

UNDO_WINDOW: Final = timedelta(minutes=10)
# Kept at the end of left_reason, so that an undo does not make an active reader of one who never confirmed.
BEFORE_CONFIRMING: Final = ", before confirming"


class Leaving(StrEnum):
    """How a reader himself leaves: what `left_reason` says then."""

    ONE_CLICK = "one-click"
    PAGE = "page"
    MAIL = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A reader who is off a list now."""

    subscription_id: int
    subscriber_id: int
    list: str  # slug
    address: str  # whole: whoever shows it masks it
    at: datetime  # when he left, which may be long ago
    reason: str
    already: bool  # he had left before: nothing was changed


class Undone(StrEnum):
    """What became of an undo."""

    BACK = "back"
    NEVER_LEFT = "never-left"  # on the list: nothing to do
    TOO_LATE = "too-late"
    NOT_HIS = "not-his"  # an editor took him off: only a new sign-up of his own brings him back
    UNKNOWN = "unknown"


def leave(
    connection: Connection, subscription_id: int, at: datetime, reason: Leaving, *, by: str = "reader"
) -> Left | None:
    """Takes one reader off one list; None when there is no such subscription.

    at: aware, UTC.  Effective for every claim after this transaction. A second call changes nothing and gives the
    first leaving. Notes the act; other lists and the address itself stay as they are.
    """
    row = _row(connection, subscription_id)
    if row is None:
        return None
    status = SubscriptionStatus(row["status"])
    left_reason = reason.value + (BEFORE_CONFIRMING if status is SubscriptionStatus.PENDING else "")
    # The status stands in the condition too: on PostgreSQL two clicks may have read the row at the same time.
    changed = connection.execute(
        update(subscription)
        .where(subscription.c.id == subscription_id, subscription.c.status != SubscriptionStatus.UNSUBSCRIBED)
        .values(status=ON_LIST[status, ListEvent.LEAVE], left=at, left_reason=left_reason)
    ).rowcount
    if changed:
        note(
            connection, at=at, by=by, what="unsubscribed", list=row["slug"], subscriber_id=row["subscriber_id"],
            details=left_reason,
        )  # fmt: skip
    else:
        row = _row(connection, subscription_id) or row
    return Left(
        subscription_id=subscription_id,
        subscriber_id=row["subscriber_id"],
        list=row["slug"],
        address=row["address"],
        at=at if changed else row["left"] or at,
        reason=left_reason if changed else row["left_reason"],
        already=not changed,
    )


def would_leave(connection: Connection, subscription_id: int, at: datetime, reason: Leaving) -> Left | None:
    """What `leave` would give, and nothing changed: for an answer while the database cannot be written."""
    row = _row(connection, subscription_id)
    if row is None:
        return None
    already = row["status"] == SubscriptionStatus.UNSUBSCRIBED
    pending = row["status"] == SubscriptionStatus.PENDING
    return Left(
        subscription_id=subscription_id,
        subscriber_id=row["subscriber_id"],
        list=row["slug"],
        address=row["address"],
        at=row["left"] or at if already else at,
        reason=row["left_reason"] if already else reason.value + (BEFORE_CONFIRMING if pending else ""),
        already=already,
    )


def undo_leave(
    connection: Connection, subscription_id: int, at: datetime, *, window: timedelta = UNDO_WINDOW
) -> Undone:
    """Puts a reader who left by himself at most `window` ago back to what he was: active, paused or not yet confirmed.

    A second call says NEVER_LEFT and changes nothing.
    """
    row = _row(connection, subscription_id)
    if row is None:
        return Undone.UNKNOWN
    if row["status"] != SubscriptionStatus.UNSUBSCRIBED:
        return Undone.NEVER_LEFT
    reason = row["left_reason"].removesuffix(BEFORE_CONFIRMING)
    if reason not in set(Leaving):
        return Undone.NOT_HIS
    if row["left"] is None or at - row["left"] > window:
        return Undone.TOO_LATE
    changed = connection.execute(
        update(subscription)
        .where(subscription.c.id == subscription_id, subscription.c.status == SubscriptionStatus.UNSUBSCRIBED)
        .values(status=_before(row), left=None, left_reason="")
    ).rowcount
    if not changed:
        return Undone.NEVER_LEFT
    note(connection, at=at, by="reader", what="came back", list=row["slug"], subscriber_id=row["subscriber_id"])
    return Undone.BACK


def _before(row: RowMapping) -> SubscriptionStatus:
    """What he was when he left. A pause leaves its end behind in the row."""
    if row["left_reason"].endswith(BEFORE_CONFIRMING):
        return SubscriptionStatus.PENDING
    return SubscriptionStatus.ACTIVE if row["paused_until"] is None else SubscriptionStatus.PAUSED


def _row(connection: Connection, subscription_id: int) -> RowMapping | None:
    query = (
        select(
            subscription.c.subscriber_id, subscription.c.status, subscription.c.left, subscription.c.left_reason,
            subscription.c.paused_until, subscriber.c.address, list_.c.slug,
        )
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .join(list_, list_.c.id == subscription.c.list_id)
        .where(subscription.c.id == subscription_id)
    )  # fmt: skip
    return connection.execute(query).mappings().first()
