"""Questions the pages ask the database. None of them changes anything."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from newsletter_cli.delivery.states import SendState
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.reader import Reader
from newsletter_cli.storage.schema import delivery, digest, list_, picture, send, subscriber, subscription, version
from newsletter_cli.subscribers.states import SubscriptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One reader on one list, as the unsubscribe page shows him."""

    id: int  # subscription
    subscriber: int
    address: str  # whole: the page masks it; "" when forgotten
    list: str  # slug
    has_left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCopy:
    """One reader's message, to be shown again."""

    content: Content
    reader: Reader
    key_number: int  # of the send's tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A digest that was sent."""

    digest: str  # slug
    list: str  # slug
    subject: str  # with defaults in its slots
    sent: datetime


@dataclass(frozen=True, slots=True)
class StoredPicture:
    media_type: str
    data: bytes


def membership(connection: Connection, subscription_id: int) -> Membership | None:
    """The reader and list that an unsubscribe token names."""
    query = (
        select(subscription.c.status, subscription.c.subscriber_id, subscriber.c.address, list_.c.slug)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .join(list_, list_.c.id == subscription.c.list_id)
        .where(subscription.c.id == subscription_id)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Membership(
        id=subscription_id,
        subscriber=row.subscriber_id,
        address=row.address,
        list=row.slug,
        has_left=row.status == SubscriptionStatus.UNSUBSCRIBED,
    )


def sent_copy(connection: Connection, delivery_id: int) -> SentCopy | None:
    """The version and the reader of one delivery; None when it is unknown or its reader was forgotten."""
    query = (
        select(
            version.c.content, send.c.key_number, send.c.digest_id, delivery.c.subscription_id, delivery.c.address,
            subscriber.c.name, subscriber.c.fields,
        )
        .select_from(delivery)
        .join(send, send.c.id == delivery.c.send_id)
        .join(version, version.c.hash == send.c.version)
        .join(subscriber, subscriber.c.id == delivery.c.subscriber_id)
        .where(delivery.c.id == delivery_id, delivery.c.address != "", subscriber.c.status != "forgotten")
    )  # fmt: skip
    row = connection.execute(query).first()
    if row is None:
        return None
    reader = Reader(
        email=row.address,
        name=row.name,
        fields=row.fields or {},
        delivery=delivery_id,
        subscription=row.subscription_id,
        digest=row.digest_id,
    )
    return SentCopy(content=Content.from_json(row.content), reader=reader, key_number=row.key_number)


def sent_content(connection: Connection, slug: str) -> Content | None:
    """The version of a digest that every reader has got by now; None before its sending has ended."""
    query = (
        select(version.c.content)
        .join(send, send.c.version == version.c.hash)
        .join(digest, digest.c.id == send.c.digest_id)
        .where(digest.c.slug == slug, send.c.state == SendState.SENT)
    )
    found = connection.execute(query).scalar()
    return None if found is None else Content.from_json(found)


def sent_issues(connection: Connection, limit: int) -> tuple[Issue, ...]:
    """Digests whose sending has ended, the newest first."""
    query = (
        select(digest.c.slug, list_.c.slug.label("list"), version.c.subject, send.c.started, send.c.created)
        .join(send, send.c.digest_id == digest.c.id)
        .join(version, version.c.hash == send.c.version)
        .join(list_, list_.c.id == send.c.list_id)
        .where(send.c.state == SendState.SENT)
        .order_by(send.c.started.desc(), send.c.id.desc())
        .limit(limit)
    )
    return tuple(
        Issue(digest=row.slug, list=row.list, subject=row.subject, sent=row.started or row.created)
        for row in connection.execute(query)
    )


def picture_of(connection: Connection, hash_: str) -> StoredPicture | None:
    """A published picture by the SHA-256 of its bytes."""
    row = connection.execute(select(picture.c.media_type, picture.c.data).where(picture.c.hash == hash_)).first()
    return None if row is None else StoredPicture(row.media_type, bytes(row.data))
