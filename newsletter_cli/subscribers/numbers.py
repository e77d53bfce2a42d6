"""The roster in numbers."""

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from newsletter_cli.storage.schema import list_, subscriber, subscription, suppression, tag
from newsletter_cli.subscribers.audience import readers, shown_status, shown_status_overall
from newsletter_cli.subscribers.records import ListStats, Stats
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus

LARGEST_DOMAINS: Final = 10
LARGEST_TAGS: Final = 20


def stats(connection: Connection, at: datetime) -> Stats:
    """How many readers there are, by status, list, domain and tag.  at: decides which pauses are over."""
    is_domain = suppression.c.key.startswith("@")
    by_status = _by_status(connection, at)
    return Stats(
        subscribers=sum(by_status.values()),
        by_status=by_status,
        lists=_by_list(connection, at),
        domains=_largest(connection, subscriber.c.domain, LARGEST_DOMAINS),
        tags=_largest(connection, tag.c.tag, LARGEST_TAGS),
        suppressed_addresses=_number(connection, select(func.count()).select_from(suppression).where(~is_domain)),
        suppressed_domains=_number(connection, select(func.count()).select_from(suppression).where(is_domain)),
        without_consent=_number(connection, _without_consent()),
    )


def _by_status(connection: Connection, at: datetime) -> dict[str, int]:
    inner = select(shown_status_overall(at).label("shown")).select_from(subscriber).subquery()
    query = select(inner.c.shown, func.count().label("n")).group_by(inner.c.shown)
    return {row.shown: row.n for row in connection.execute(query)}


def _by_list(connection: Connection, at: datetime) -> tuple[ListStats, ...]:
    inner = select(subscription.c.list_id, shown_status(at).label("shown")).select_from(readers()).subquery()
    query = (
        select(list_.c.slug, inner.c.shown, func.count().label("n"))
        .join(inner, inner.c.list_id == list_.c.id)
        .group_by(list_.c.slug, inner.c.shown)
        .order_by(list_.c.slug)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(query):
        found[row.slug][row.shown] = row.n
    return tuple(ListStats(slug=slug, by_status=counts) for slug, counts in found.items())


def _largest(connection: Connection, column: Any, most: int) -> tuple[tuple[str, int], ...]:
    """The most frequent values of a column over `subscriber` or a table that belongs to it, the largest first."""
    number = func.count().label("n")
    query = select(column.label("value"), number).group_by(column).order_by(number.desc(), column).limit(most)
    if column.table is subscriber:
        query = query.where(subscriber.c.status != AddressStatus.FORGOTTEN)
    return tuple((row.value, row.n) for row in connection.execute(query))


def _without_consent() -> Select[Any]:
    """Active readers of whom neither a confirmation nor a consent is noted."""
    return select(func.count(subscription.c.subscriber_id.distinct())).where(
        subscription.c.status == SubscriptionStatus.ACTIVE,
        subscription.c.consent == "",
        subscription.c.confirmed.is_(None),
    )


def _number(connection: Connection, query: Select[Any]) -> int:
    number: int = connection.execute(query).scalar_one()
    return number


def unconfirmed(connection: Connection) -> int:
    """Sign-ups over all lists that nobody has confirmed yet."""
    return _number(connection, select(func.count()).where(subscription.c.status == SubscriptionStatus.PENDING))
