"""Tags on readers: many at once, in slices."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, literal, select

from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import list_, subscriber, subscription, tag
from newsletter_cli.subscribers.audience import compile_where, shown_status_overall
from newsletter_cli.subscribers.records import Tagged
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus
from newsletter_cli.subscribers.where import Expr

SLICE: Final = 5_000  # readers looked at in one transaction


def tag_readers(
    storage: Storage,
    at: datetime,
    where: Expr,
    *,
    add: Collection[str] = (),
    remove: Collection[str] = (),
    slug: str | None = None,
    by: str,
) -> Tagged:
    """Puts tags on the readers a filter names and takes others off; who has a tag already keeps it.

    slug: only readers who are on that list.  A slice is a transaction: whoever stops it in the middle may run it again.
    """
    readers, added, removed = 0, dict.fromkeys(add, 0), dict.fromkeys(remove, 0)
    query = select(subscriber.c.id).where(subscriber.c.id > _AFTER, _chosen(where, at, slug))
    query = query.order_by(subscriber.c.id).limit(SLICE)
    ids = [0]
    with storage.slices() as slices:
        while ids:
            with slices.write() as connection:
                # Whom the filter names is settled before a tag moves: the filter may ask for that very tag.
                ids = list(connection.execute(query, {"after": ids[-1]}).scalars())
                readers += len(ids)
                for word in remove:
                    removed[word] += _take_off(connection, ids, word)
                for word in add:
                    added[word] += put(storage, connection, ids, word)
        with slices.write() as connection:
            signs = " ".join([*(f"+{word}" for word in add), *(f"-{word}" for word in remove)])
            note(connection, at=at, by=by, what="tagged", list=slug or "", details=f"{readers} readers {signs}")
    return Tagged(readers=readers, added=added, removed=removed)


def count_chosen(connection: Connection, at: datetime, where: Expr, *, slug: str | None = None) -> int:
    """How many readers `tag_readers` would look at."""
    query = select(func.count()).select_from(subscriber).where(_chosen(where, at, slug))
    chosen: int = connection.execute(query).scalar_one()
    return chosen


def put(storage: Storage, connection: Connection, ids: Collection[int], word: str) -> int:
    """Gives one tag to readers; how many did not have it."""
    some = select(subscriber.c.id, literal(word)).where(subscriber.c.id.in_(ids))
    given = storage.insert(tag).from_select(["subscriber_id", "tag"], some).on_conflict_do_nothing()
    # Without the option an INSERT may not say how many rows it made.
    return connection.execute(given, execution_options={"preserve_rowcount": True}).rowcount


def _take_off(connection: Connection, ids: Collection[int], word: str) -> int:
    return connection.execute(delete(tag).where(tag.c.subscriber_id.in_(ids), tag.c.tag == word)).rowcount


def _chosen(where: Expr, at: datetime, slug: str | None) -> ColumnElement[bool]:
    known = subscriber.c.status != AddressStatus.FORGOTTEN
    if slug is None:
        return and_(known, compile_where(where, at, status=shown_status_overall(at)))
    # Asked from the reader's side: he may be on many lists, and must be counted once.
    on_list = (
        exists()
        .where(
            subscription.c.subscriber_id == subscriber.c.id,
            subscription.c.list_id == select(list_.c.id).where(list_.c.slug == slug).scalar_subquery(),
            subscription.c.status != SubscriptionStatus.UNSUBSCRIBED,
            compile_where(where, at),
        )
        .correlate(subscriber)
    )
    return and_(known, on_list)


_AFTER: Final = bindparam("after", type_=subscriber.c.id.type)
