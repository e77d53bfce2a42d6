"""Rows of an import that were judged become subscribers and subscriptions, a slice in one transaction."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, insert, literal, null, select, true, update

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import Instant, import_change, subscriber, subscription
from newsletter_cli.subscribers.judging import BAD, is_stored
from newsletter_cli.subscribers.staging import as_json, row
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus


def copy_in(
    storage: Storage,
    connection: Connection,
    within: ColumnElement[bool],
    *,
    list_id: int,
    status: SubscriptionStatus,
    consent: str,
    source: str,
    at: datetime,
) -> None:
    """Makes subscribers and subscriptions of judged rows. What they change in known readers is not done here.

    status: of those of whom the file says nothing.  On PostgreSQL the caller has locked the roster against others.
    """
    wanted = and_(within, is_stored())
    unknown = and_(wanted, row.c.subscriber_id.is_(None))
    now = literal(at, Instant)
    bad = row.c.status.in_(BAD)
    connection.execute(
        storage.insert(subscriber)
        .from_select(
            ["key", "address", "domain", "name", "fields", "status", "status_reason", "status_since", "created"],
            select(
                row.c.key, row.c.address, row.c.domain, row.c.name, as_json(storage, row.c.fields),
                case((bad, row.c.status), else_=AddressStatus.OK.value),
                case((bad, source), else_=""),
                case((bad, now), else_=null()),
                now,
            ).where(unknown).order_by(row.c.n),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    reader = select(subscriber.c.id).where(subscriber.c.key == row.c.key).scalar_subquery()
    connection.execute(update(row).where(unknown).values(subscriber_id=reader, made=true()))
    became = _became(status)
    left = became == SubscriptionStatus.UNSUBSCRIBED
    connection.execute(
        insert(subscription).from_select(
            [
                "list_id", "subscriber_id", "status", "joined", "confirmed", "left", "left_reason", "consent", "source",
            ],
            select(
                literal(list_id), row.c.subscriber_id, became, func.coalesce(row.c.joined, now),
                case((became == SubscriptionStatus.PENDING, null()), else_=row.c.confirmed),
                case((left, now), else_=null()),
                case((left, "import"), else_=""),
                case((row.c.consent != "", row.c.consent), else_=consent),
                literal(source),
            ).where(wanted).order_by(row.c.n),
        )
    )  # fmt: skip


def note_changes(connection: Connection, within: ColumnElement[bool], *, list_id: int, batch: str) -> None:
    """One line in import_change for each stored row that has none yet, so that the import can be taken back."""
    mine = and_(subscription.c.list_id == list_id, subscription.c.subscriber_id == row.c.subscriber_id)
    number = select(subscription.c.id).where(mine).scalar_subquery()
    connection.execute(
        insert(import_change).from_select(
            ["batch_id", "subscriber_id", "made_subscriber", "subscription_id"],
            select(literal(batch), row.c.subscriber_id, row.c.made, number)
            .where(within, is_stored(), row.c.noted == false())
            .order_by(row.c.n),
        )
    )


def _became(status: SubscriptionStatus) -> ColumnElement[str]:
    gone = (SubscriptionStatus.UNSUBSCRIBED.value, AddressStatus.COMPLAINED.value)
    return case(
        (row.c.status.in_(gone), SubscriptionStatus.UNSUBSCRIBED.value),
        (row.c.status == SubscriptionStatus.PENDING, SubscriptionStatus.PENDING.value),
        else_=status.value,
    )
