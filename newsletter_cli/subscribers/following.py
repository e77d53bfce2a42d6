"""What the log of leaves makes of a database that does not know all of them yet. Inside a transaction of the caller."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, bindparam, select, text, update

from newsletter_cli.storage.acts import note
from newsletter_cli.storage.schema import Instant, list_, subscriber, subscription
from newsletter_cli.subscribers.leave import Leave, LeaveKind
from newsletter_cli.subscribers.leaving import BEFORE_CONFIRMING, Undone, undo_leave
from newsletter_cli.subscribers.states import (
    OF_ADDRESS,
    ON_LIST,
    AddressEvent,
    AddressStatus,
    ListEvent,
    SubscriptionStatus,
)

AT_ONCE = 500  # ids in one question: both databases have a limit for them
Membership: TypeAlias = "Row[*tuple[Any, ...]]"


def follow(connection: Connection, leaves: Iterable[Leave]) -> int:
    """Does what was done, where it is not done yet; returns how many readers, addresses and domains that changed.

    Of several leaves of one reader from one list the latest counts. In the order of their ids, so that two processes
    which follow the same log never wait for each other in a ring.
    """
    of_lists: dict[int, Leave] = {}
    others: list[Leave] = []
    for leave in leaves:
        if leave.subscription is None:
            others.append(leave)
        elif leave.subscription not in of_lists or of_lists[leave.subscription].at <= leave.at:
            of_lists[leave.subscription] = leave
    changed = 0
    for ids in _portions(sorted(of_lists)):
        changed += sum(_of_list(connection, of_lists[row.id], row) for row in _memberships(connection, ids))
    return changed + sum(_of_address(connection, leave) for leave in others)


def _portions(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while portion := list(islice(rest, AT_ONCE)):
        yield portion


def _memberships(connection: Connection, ids: Sequence[int]) -> Sequence[Membership]:
    query = (
        select(
            subscription.c.id, subscription.c.subscriber_id, subscription.c.status, subscription.c.left,
            subscription.c.confirmed, list_.c.slug,
        )
        .join(list_, list_.c.id == subscription.c.list_id)
        .where(subscription.c.id.in_(ids))
        .order_by(subscription.c.id)
    )  # fmt: skip
    return connection.execute(query).all()


def _of_list(connection: Connection, leave: Leave, row: Membership) -> bool:
    if leave.kind is LeaveKind.BACK:
        undone = row.left is not None and row.left <= leave.at
        return undone and undo_leave(connection, row.id, leave.at) is Undone.BACK
    status = SubscriptionStatus(row.status)
    if status is SubscriptionStatus.UNSUBSCRIBED or (row.confirmed is not None and row.confirmed > leave.at):
        return False
    removed = leave.kind is LeaveKind.REMOVED
    reason = f"removed by {leave.by}" if removed else leave.reason
    if status is SubscriptionStatus.PENDING and not removed:
        reason += BEFORE_CONFIRMING
    # The status stands in the condition too: on PostgreSQL another process may follow the same log just now.
    changed = connection.execute(
        update(subscription)
        .where(subscription.c.id == row.id, subscription.c.status != SubscriptionStatus.UNSUBSCRIBED)
        .values(
            status=ON_LIST[status, ListEvent.REMOVE if removed else ListEvent.LEAVE], left=leave.at, left_reason=reason
        )
    ).rowcount
    if changed:
        note(
            connection, at=leave.at, by=leave.by, what="removed" if removed else "unsubscribed", list=row.slug,
            subscriber_id=row.subscriber_id, details="" if removed else reason,
        )  # fmt: skip
    return bool(changed)


def _of_address(connection: Connection, leave: Leave) -> bool:
    if leave.kind is LeaveKind.SUPPRESSED:
        return _suppress(connection, leave)
    if leave.kind is LeaveKind.COMPLAINED:
        return _complain(connection, leave)
    return False


_SUPPRESS = text(
    """INSERT INTO suppression ("key", reason, "by", created) VALUES (:key, '', :by, :at) ON CONFLICT DO NOTHING"""
).bindparams(bindparam("at", type_=Instant()))


def _suppress(connection: Connection, leave: Leave) -> bool:
    """The reason that was given is not in the log: people write addresses into it."""
    key = leave.domain
    if leave.subscriber is not None:
        found = connection.execute(
            select(subscriber.c.key).where(
                subscriber.c.id == leave.subscriber, subscriber.c.status != AddressStatus.FORGOTTEN
            )
        ).scalar()
        key = found or ""
    if not key or not connection.execute(_SUPPRESS, {"key": key, "by": leave.by, "at": leave.at}).rowcount:
        return False
    note(connection, at=leave.at, by=leave.by, what="suppressed", subscriber_id=leave.subscriber, details=leave.domain)
    return True


def _complain(connection: Connection, leave: Leave) -> bool:
    found = connection.execute(select(subscriber.c.status).where(subscriber.c.id == leave.subscriber)).scalar()
    if found is None:
        return False
    after = OF_ADDRESS[AddressStatus(found), AddressEvent.COMPLAIN]
    changed = connection.execute(
        update(subscriber)
        .where(subscriber.c.id == leave.subscriber, subscriber.c.status == found, subscriber.c.status != after)
        .values(status=after, status_reason="complaint", status_since=leave.at)
    ).rowcount
    if changed:
        note(connection, at=leave.at, by=leave.by, what="complained", subscriber_id=leave.subscriber)
    return bool(changed)
