"""Where an audience reads its mail: readers counted by the domain of their address."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from newsletter_cli.storage.schema import subscriber
from newsletter_cli.subscribers.audience import EVERYBODY, Expr, eligible, readers


def readers_by_domain(
    connection: Connection, at: datetime, *, list_id: int, where: Expr = EVERYBODY, most: int = 200
) -> dict[str, int]:
    """The domains with the most readers, the largest first.  at: aware, UTC."""
    count = func.count()
    query = (
        select(subscriber.c.domain, count)
        .select_from(readers())
        .where(eligible(at, list_id=list_id, where=where))
        .group_by(subscriber.c.domain)
        .order_by(count.desc(), subscriber.c.domain)
        .limit(most)
    )
    return {domain: n for domain, n in connection.execute(query)}
