"""Many readers, page by page: for the screen and for files. No transaction grows old over a million."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import list_, subscriber, subscription
from newsletter_cli.subscribers.audience import compile_where, readers, shown_status, shown_status_overall
from newsletter_cli.subscribers.reading import memberships_of, tags_of
from newsletter_cli.subscribers.records import Membership, Row
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus
from newsletter_cli.subscribers.where import EVERYBODY, Expr

PAGE: Final = 2_000  # readers


def rows(
    storage: Storage, at: datetime, *, slug: str | None = None, where: Expr = EVERYBODY, limit: int | None = None
) -> Iterator[Row]:
    """The readers a filter names, in the order they came: of one list whatever their status, or all there are.

    Forgotten ones are left out: nothing of them may be shown. Each page is read in a transaction of its own.
    """
    query = _page_query(at, slug, where)
    after, left = 0, limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        with storage.read() as connection:
            page = connection.execute(query.limit(size), {"after": after}).mappings().all()
            found = _rows(connection, page, slug)
        yield from found
        if len(page) < size:
            return
        after = page[-1]["place"]
        left = None if left is None else left - len(page)


def count_rows(connection: Connection, at: datetime, *, slug: str | None = None, where: Expr = EVERYBODY) -> int:
    """How many `rows` gives."""
    query = select(func.count()).select_from(_page_query(at, slug, where).subquery())
    counted: int = connection.execute(query, {"after": 0}).scalar_one()
    return counted


def field_names(storage: Storage) -> tuple[str, ...]:
    """The custom fields that somebody has, in alphabetical order."""
    each_of = func.json_each if storage.dialect == "sqlite" else func.json_each_text
    each = each_of(subscriber.c.fields).table_valued("key", joins_implicitly=True)
    with storage.read() as connection:
        return tuple(sorted(connection.execute(select(each.c.key).select_from(subscriber, each).distinct()).scalars()))


def _page_query(at: datetime, slug: str | None, where: Expr) -> Select[Any]:
    """What follows the place :after; `place` is what the order goes by."""
    columns = (subscriber.c.id, subscriber.c.address, subscriber.c.name, subscriber.c.fields)
    if slug is None:
        status, place = shown_status_overall(at), subscriber.c.id
        query = select(*columns, status.label("status"), place.label("place"))
    else:
        status, place = shown_status(at), subscription.c.id
        query = select(*columns, status.label("status"), place.label("place")).select_from(readers())
        query = query.where(subscription.c.list_id == select(list_.c.id).where(list_.c.slug == slug).scalar_subquery())
    return query.where(
        place > bindparam("after", type_=place.type),
        subscriber.c.status != AddressStatus.FORGOTTEN,
        compile_where(where, at, status=status),
    ).order_by(place)


def _rows(connection: Connection, page: Collection[RowMapping], slug: str | None) -> list[Row]:
    ids = [row["id"] for row in page]
    memberships, tags = memberships_of(connection, ids), tags_of(connection, ids)
    return [_row(row, memberships.get(row["id"], ()), tags.get(row["id"], ()), slug) for row in page]


def _row(row: RowMapping, lists: tuple[Membership, ...], tags: tuple[str, ...], slug: str | None) -> Row:
    told = _told(lists, slug)
    return Row(
        address=row["address"],
        status=row["status"],
        lists=tuple(one.list for one in lists if one.status is not SubscriptionStatus.UNSUBSCRIBED),
        tags=tags,
        joined=told.joined if told else None,
        confirmed=told.confirmed if told else None,
        consent=told.consent if told else "",
        name=row["name"],
        fields=row["fields"] or {},
    )


def _told(lists: tuple[Membership, ...], slug: str | None) -> Membership | None:
    """The list whose dates are told: the one asked for, else the first he has not left, else the first."""
    if slug is not None:
        return next((one for one in lists if one.list == slug), None)
    staying = (one for one in lists if one.status is not SubscriptionStatus.UNSUBSCRIBED)
    return next(staying, lists[0] if lists else None)
