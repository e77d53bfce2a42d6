"""Questions about one reader: who he is, what happened to him, and why nobody writes to him."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.schema import delivery, digest, list_, send, subscriber, subscription, suppression, tag
from newsletter_cli.subscribers.audience import readers, shown_status, shown_status_overall
from newsletter_cli.subscribers.records import Happening, Kind, Membership, Subscriber
from newsletter_cli.subscribers.states import SubscriptionStatus


def find(connection: Connection, key: str, at: datetime, *, slug: str | None = None) -> Subscriber | None:
    """The reader with this address key.  slug: the list whose status is wanted; None: the best of all."""
    query = select(subscriber, shown_status_overall(at).label("shown")).where(subscriber.c.key == key)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return Subscriber(
        id=row["id"],
        address=row["address"],
        name=row["name"],
        fields=dict(row["fields"] or {}),
        status=_status(connection, row, at, slug),
        status_reason=row["status_reason"],
        status_since=row["status_since"],
        created=row["created"],
        tags=tags_of(connection, [row["id"]]).get(row["id"], ()),
        memberships=memberships_of(connection, [row["id"]]).get(row["id"], ()),
        suppressed=suppressed_because(connection, key),
    )


def suppressed_because(connection: Connection, key: str) -> str | None:
    """Why nobody may write to an address, by itself or with its whole domain; None when nobody said so."""
    domain = "@" + key.rpartition("@")[2]
    query = select(suppression.c.key, suppression.c.reason).where(suppression.c.key.in_([key, domain]))
    found = {row.key: row.reason or "suppressed" for row in connection.execute(query)}
    if key in found:
        return found[key]
    return f"{domain}: {found[domain]}" if domain in found else None


def history(connection: Connection, subscriber_id: int) -> tuple[Happening, ...]:
    """Every message to a reader with the server's own answer, and every act that concerned him, oldest first."""
    happened = [*_messages(connection, subscriber_id), *_acts(connection, subscriber_id)]
    return tuple(sorted(happened, key=lambda one: one.at))


def memberships_of(connection: Connection, ids: Collection[int]) -> Mapping[int, tuple[Membership, ...]]:
    """The lists of some readers, left ones too, in the order they joined."""
    query = (
        select(subscription, list_.c.slug)
        .join(list_, list_.c.id == subscription.c.list_id)
        .where(subscription.c.subscriber_id.in_(ids))
        .order_by(subscription.c.id)
    )
    found: dict[int, list[Membership]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.subscriber_id].append(_membership(row))
    return {reader: tuple(lists) for reader, lists in found.items()}


def tags_of(connection: Connection, ids: Collection[int]) -> Mapping[int, tuple[str, ...]]:
    """The tags of some readers, in alphabetical order."""
    found: dict[int, list[str]] = defaultdict(list)
    query = select(tag.c.subscriber_id, tag.c.tag).where(tag.c.subscriber_id.in_(ids))
    for reader, word in connection.execute(query):
        found[reader].append(word)
    # Sorted here and not there: the engines' orders of letters differ.
    return {reader: tuple(sorted(words)) for reader, words in found.items()}


def _messages(connection: Connection, subscriber_id: int) -> list[Happening]:
    query = (
        select(
            delivery.c.at, delivery.c.outcome, delivery.c.code, delivery.c.enhanced, delivery.c.answer,
            delivery.c.reason, digest.c.slug, digest.c.list, send.c.created,
        )
        .join(send, send.c.id == delivery.c.send_id)
        .join(digest, digest.c.id == send.c.digest_id)
        .where(delivery.c.subscriber_id == subscriber_id)
        .order_by(delivery.c.id)
    )  # fmt: skip
    return [
        Happening(
            kind=Kind.DELIVERY,
            at=row.at or row.created,
            what=row.outcome,
            digest=row.slug,
            list=row.list,
            code=row.code,
            enhanced=row.enhanced,
            answer=row.answer,
            details=row.reason,
        )
        for row in connection.execute(query)
    ]


def _acts(connection: Connection, subscriber_id: int) -> list[Happening]:
    return [
        Happening(
            kind=Kind.ACT, at=act.at, what=act.what, digest=act.digest, list=act.list, by=act.by, details=act.details
        )
        for act in acts(connection, subscriber_id=subscriber_id)
    ]


def _status(connection: Connection, row: RowMapping, at: datetime, slug: str | None) -> str:
    """On the list asked for, where he ever was on it; else the best of all."""
    if slug is None:
        return str(row["shown"])
    on_list = readers().join(list_, list_.c.id == subscription.c.list_id)
    query = select(shown_status(at)).select_from(on_list).where(subscriber.c.id == row["id"], list_.c.slug == slug)
    return str(connection.execute(query).scalar() or row["shown"])


def _membership(row: Any) -> Membership:
    return Membership(
        id=row.id,
        list=row.slug,
        status=SubscriptionStatus(row.status),
        paused_until=row.paused_until,
        joined=row.joined,
        confirmed=row.confirmed,
        left=row.left,
        left_reason=row.left_reason,
        consent=row.consent,
        source=row.source,
    )
