"""Readers of an audience one by one, without touching the ledger: for rehearsals, samples and plans."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from newsletter_cli.mail.reader import Reader
from newsletter_cli.storage.schema import subscriber, subscription
from newsletter_cli.subscribers import audience
from newsletter_cli.subscribers.audience import Expr


def readers_of(
    connection: Connection, now: datetime, *, list_id: int, where: Expr, digest_number: int, limit: int | None = None
) -> Iterator[Reader]:
    """The readers a send would freeze now, in its order; their delivery number is that of nobody, for there is none."""
    rows = connection.execute(
        select(
            subscription.c.id, subscriber.c.address, subscriber.c.name, subscriber.c.fields
        )
        .select_from(audience.readers())
        .where(audience.eligible(now, list_id=list_id, where=where))
        .order_by(subscription.c.id)
        .limit(limit)
        .execution_options(yield_per=1000)
    )  # fmt: skip
    for row in rows:
        yield Reader(
            email=row.address, name=row.name, fields=row.fields or {}, subscription=row.id, digest=digest_number
        )
