"""Readers of an audience who lack something: a word that they agreed, or a server that can carry their address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, literal, select

from newsletter_cli.storage.schema import delivery, send, subscriber, subscription
from newsletter_cli.subscribers.audience import EVERYBODY, Expr, eligible, readers

_NOT_CARRIED: Final = "eai"  # as a delivery's reason: the address needs SMTPUTF8, and the server has none


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """An audience in numbers."""

    readers: int
    without_consent: int  # nobody noted that they agreed, and they confirmed by no link
    unreachable: int  # the last send to the list could not carry their address


def doubtful(connection: Connection, at: datetime, *, list_id: int, where: Expr = EVERYBODY) -> Doubtful:
    """One walk over the audience. at: aware, UTC."""
    no_word = and_(subscription.c.consent == "", subscription.c.confirmed.is_(None))
    query = (
        select(func.count(), _sum(no_word), _sum(_not_carried(connection, list_id)))
        .select_from(readers())
        .where(eligible(at, list_id=list_id, where=where))
    )
    total, without, unreachable = connection.execute(query).one()
    return Doubtful(readers=total, without_consent=int(without or 0), unreachable=int(unreachable or 0))


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _not_carried(connection: Connection, list_id: int) -> ColumnElement[bool]:
    """Whether the last send to the list failed for a reader for that reason; nobody while nothing was sent."""
    last = connection.execute(
        select(func.max(send.c.id)).where(send.c.list_id == list_id, send.c.state == "sent")
    ).scalar_one()
    if last is None:
        return literal(False)
    return exists().where(
        delivery.c.subscriber_id == subscriber.c.id,
        delivery.c.send_id == last,
        delivery.c.outcome == "failed",
        delivery.c.reason == _NOT_CARRIED,
    )
