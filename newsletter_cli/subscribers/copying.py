"""Rows of an import that were judged become subscribers and subscriptions, a slice in one transaction.

copy_new   rows that only add a reader, where numbers can be given beforehand: three statements, no look-up
copy_in    all others
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    TableClause,
    and_,
    case,
    false,
    func,
    insert,
    literal,
    null,
    select,
    text,
    true,
    type_coerce,
    update,
)

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import Instant, import_change, subscriber, subscription
from newsletter_cli.subscribers.judging import BAD, is_new, is_stored
from newsletter_cli.subscribers.staging import as_json, row
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is the same for all rows of an import."""

    batch: str
    list_id: int
    status: SubscriptionStatus  # of those of whom the file says nothing
    consent: str
    source: str
    at: datetime


def copy_new(connection: Connection, within: ColumnElement[bool], first: int, terms: Terms) -> None:
    """Makes subscribers and subscriptions of rows that only add a reader, and notes them. On SQLite only.

    first: the least `n` within. Whoever has the write lock there knows the next number of a table, so that each row's
    follow from its place, and nothing just written must be looked for: half the time. Numbers of other rows in between
    stay unused.
    """
    reader, member = _next(connection, subscriber) - first, _next(connection, subscription) - first
    now = literal(terms.at, Instant)
    became = _became(terms.status)
    _insert(
        connection, subscriber, within,
        {
            "id": row.c.n + reader, "key": row.c.key, "address": row.c.address, "domain": row.c.domain,
            "name": row.c.name, "fields": type_coerce(row.c.fields, JSON), "created": now,
        },
    )  # fmt: skip
    _insert(
        connection, subscription, within,
        {
            "id": row.c.n + member, "list_id": literal(terms.list_id), "subscriber_id": row.c.n + reader,
            "status": became, "joined": func.coalesce(row.c.joined, now), "confirmed": _confirmed(became),
            "consent": _consent(terms), "source": literal(terms.source),
        },
    )  # fmt: skip
    _insert(
        connection, import_change, within,
        {
            "batch_id": literal(terms.batch), "subscriber_id": row.c.n + reader, "made_subscriber": true(),
            "subscription_id": row.c.n + member,
        },
    )  # fmt: skip


def _insert(
    connection: Connection, into: TableClause, within: ColumnElement[bool], values: Mapping[str, ColumnElement[Any]]
) -> None:
    rows = select(*values.values()).where(within, is_new()).order_by(row.c.n)
    connection.execute(insert(into).from_select(list(values), rows))


def _next(connection: Connection, of: TableClause) -> int:
    """The number that SQLite gives the next row: above all that there ever were."""
    last = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": of.name}).scalar()
    return (last or 0) + 1


def copy_in(storage: Storage, connection: Connection, within: ColumnElement[bool], terms: Terms) -> None:
    """Makes subscribers and subscriptions of judged rows. What they change in known readers is not done here.

    On PostgreSQL the caller has locked the roster against others.
    """
    wanted = and_(within, is_stored())
    unknown = and_(wanted, row.c.subscriber_id.is_(None))
    now = literal(terms.at, Instant)
    bad = row.c.status.in_(BAD)
    connection.execute(
        storage.insert(subscriber)
        .from_select(
            ["key", "address", "domain", "name", "fields", "status", "status_reason", "status_since", "created"],
            select(
                row.c.key, row.c.address, row.c.domain, row.c.name, as_json(storage, row.c.fields),
                case((bad, row.c.status), else_=AddressStatus.OK.value),
                case((bad, terms.source), else_=""),
                case((bad, now), else_=null()),
                now,
            ).where(unknown).order_by(row.c.n),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    reader = select(subscriber.c.id).where(subscriber.c.key == row.c.key).scalar_subquery()
    connection.execute(update(row).where(unknown).values(subscriber_id=reader, made=true()))
    became = _became(terms.status)
    left = became == SubscriptionStatus.UNSUBSCRIBED
    connection.execute(
        insert(subscription).from_select(
            [
                "list_id", "subscriber_id", "status", "joined", "confirmed", "left", "left_reason", "consent", "source",
            ],
            select(
                literal(terms.list_id), row.c.subscriber_id, became, func.coalesce(row.c.joined, now),
                _confirmed(became),
                case((left, now), else_=null()),
                case((left, "import"), else_=""),
                _consent(terms),
                literal(terms.source),
            ).where(wanted).order_by(row.c.n),
        )
    )  # fmt: skip


def note_changes(connection: Connection, within: ColumnElement[bool], terms: Terms) -> None:
    """One line in import_change for each stored row that has none yet, so that the import can be taken back."""
    mine = and_(subscription.c.list_id == terms.list_id, subscription.c.subscriber_id == row.c.subscriber_id)
    number = select(subscription.c.id).where(mine).scalar_subquery()
    connection.execute(
        insert(import_change).from_select(
            ["batch_id", "subscriber_id", "made_subscriber", "subscription_id"],
            select(literal(terms.batch), row.c.subscriber_id, row.c.made, number)
            .where(within, is_stored(), row.c.noted == false())
            .order_by(row.c.n),
        )
    )


def _confirmed(became: ColumnElement[str]) -> ColumnElement[Any]:
    return case((became == SubscriptionStatus.PENDING, null()), else_=row.c.confirmed)


def _consent(terms: Terms) -> ColumnElement[str]:
    return case((row.c.consent != "", row.c.consent), else_=terms.consent)


def _became(status: SubscriptionStatus) -> ColumnElement[str]:
    gone = (SubscriptionStatus.UNSUBSCRIBED.value, AddressStatus.COMPLAINED.value)
    return case(
        (row.c.status.in_(gone), SubscriptionStatus.UNSUBSCRIBED.value),
        (row.c.status == SubscriptionStatus.PENDING, SubscriptionStatus.PENDING.value),
        else_=status.value,
    )
