"""The audience of a send: who may be written to, who was left out and why. Conditions over subscription ⋈ subscriber.

One predicate, `eligible`, serves the count at the prompt, the freezing of a send and every claim, so that they cannot
disagree. All conditions are correlated look-ups by primary key or unique index: a claim that asks about eight readers
must not first collect everybody who carries a tag.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, FromClause, and_, case, exists, func, literal, or_, select, true

from newsletter_cli.errors import UsageError
from newsletter_cli.storage.schema import delivery, digest, list_, send, subscriber, subscription, suppression, tag
from newsletter_cli.subscribers.leaving import BEFORE_CONFIRMING, Leaving
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus
from newsletter_cli.subscribers.where import (
    EVERYBODY,
    And,
    Expr,
    Field,
    Not,
    Or,
    Term,
    expression,
    parse_where,
    terms,
)  # fmt: skip

__all__ = [
    "EVERYBODY", "Expr", "LeftOut", "SkipReason", "check_names", "compile_where", "count", "eligible", "expression",
    "parse_where", "readers", "reasons_left_out", "samples", "shown_status", "skip_reason", "skip_reason_column",
]  # fmt: skip

# What is shown as the status of a reader who is on several lists, best first.
BEST: Final = (
    SubscriptionStatus.ACTIVE, SubscriptionStatus.PAUSED, SubscriptionStatus.PENDING, SubscriptionStatus.UNSUBSCRIBED,
)  # fmt: skip


class SkipReason(StrEnum):
    """Why a reader who was on a send's list when it was frozen gets nothing now."""

    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    PAUSED = "paused-by-reader"
    LEFT_LIST = "left-list"  # removed by an editor, the list removed, or not confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Readers of a list who get nothing, each counted once, under the first reason that fits."""

    unsubscribed: int = 0
    suspended: int = 0
    unconfirmed: int = 0
    paused: int = 0
    suppressed: int = 0  # the address or its whole domain is on the list of those nobody writes to
    complained: int = 0
    forgotten: int = 0

    @property
    def total(self) -> int:
        return sum(getattr(self, name) for name in self.__slots__)


def readers() -> FromClause:
    """Every subscription with its subscriber: what all conditions of this file speak of."""
    return subscription.join(subscriber, subscriber.c.id == subscription.c.subscriber_id)


def eligible(at: datetime, *, list_id: int | None = None, where: Expr = EVERYBODY) -> ColumnElement[bool]:
    """Who may be written to at this moment: on the list, active or past a pause, address and domain not suppressed.

    at: aware, UTC.  list_id: None when the rows are of one list anyway.  where: what the editor asked for besides.
    A condition over `readers()`, for any statement; the same at the prompt, at freezing and at each claim.
    """
    on_list = true() if list_id is None else subscription.c.list_id == list_id
    return and_(
        on_list, subscriber.c.status == AddressStatus.OK, _receives(at), ~_suppressed(), compile_where(where, at)
    )


def compile_where(expr: Expr, at: datetime, *, status: ColumnElement[str] | None = None) -> ColumnElement[bool]:
    """An expression as a condition with bound parameters.

    at: the moment that decides whether a pause is over.  status: what `status:` compares with; by default the status
    on the list of the row at hand. Names that do not exist match nobody: see `check_names`.
    """
    shown = shown_status(at) if status is None else status
    match expr:
        case Term(Field.TAG, value):
            return exists().where(tag.c.subscriber_id == subscriber.c.id, tag.c.tag == value)
        case Term(Field.LIST, value):
            return _on_list(value)
        case Term(Field.STATUS, value):
            return shown == value
        case Term(Field.DOMAIN, value):
            return subscriber.c.domain == value
        case Term(Field.RECEIVED, value):
            return _delivered(value, ("accepted", "uncertain"))
        case Term(Field.FAILED, value):
            return _delivered(value, ("failed",))
        case Not(part):
            return ~compile_where(part, at, status=shown)
        case And(parts):
            return and_(true(), *(compile_where(part, at, status=shown) for part in parts))
        case Or(parts):
            return or_(*(compile_where(part, at, status=shown) for part in parts))
    raise ValueError(f"no condition for {expr!r}")


def check_names(connection: Connection, expr: Expr, lists: Iterable[str]) -> None:
    """Refuses an expression that names a list or digest nobody knows: else a slip of the finger mails to nobody.

    lists: slugs of the settings.  UsageError NOT-FOUND, with the nearest name.
    """
    known: Mapping[Field, tuple[str, ...]] = {Field.LIST: tuple(lists)}
    for term in terms(expr):
        if term.field in {Field.RECEIVED, Field.FAILED}:
            slugs = tuple(connection.execute(select(digest.c.slug).order_by(digest.c.id.desc())).scalars())
        else:
            slugs = known.get(term.field, (term.value,))
        if term.value not in slugs:
            raise _unknown(term, slugs)


def count(connection: Connection, at: datetime, *, list_id: int, where: Expr = EVERYBODY) -> int:
    """How many readers `eligible` lets through."""
    query = select(func.count()).select_from(readers()).where(eligible(at, list_id=list_id, where=where))
    return connection.execute(query).scalar_one()


def samples(
    connection: Connection, at: datetime, *, list_id: int, where: Expr = EVERYBODY, n: int = 3
) -> tuple[str, ...]:
    """The first `n` addresses of the audience, in the order of sending."""
    query = select(subscriber.c.address).select_from(readers()).where(eligible(at, list_id=list_id, where=where))
    return tuple(connection.execute(query.order_by(subscription.c.id).limit(n)).scalars())


def reasons_left_out(connection: Connection, at: datetime, *, list_id: int, where: Expr = EVERYBODY) -> LeftOut:
    """How many of the list's readers whom `where` names get nothing, by reason."""
    why = case(
        (subscriber.c.status == AddressStatus.FORGOTTEN, "forgotten"),
        (subscriber.c.status == AddressStatus.COMPLAINED, "complained"),
        (subscription.c.status == SubscriptionStatus.UNSUBSCRIBED, "unsubscribed"),
        (subscriber.c.status == AddressStatus.SUSPENDED, "suspended"),
        (_suppressed(), "suppressed"),
        (subscription.c.status == SubscriptionStatus.PENDING, "unconfirmed"),
        else_="paused",
    ).label("why")
    query = (
        select(why, func.count().label("n"))
        .select_from(readers())
        .where(subscription.c.list_id == list_id, ~eligible(at), compile_where(where, at))
        .group_by(why)
    )
    return LeftOut(**{row.why: row.n for row in connection.execute(query)})


def skip_reason_column(at: datetime) -> ColumnElement[str | None]:
    """Why the reader of a row may not be written to any more; NULL while he may. A column over `readers()`."""
    return case(
        (eligible(at), None),
        (subscriber.c.status != AddressStatus.OK, SkipReason.SUPPRESSED.value),
        (
            and_(subscription.c.status == SubscriptionStatus.UNSUBSCRIBED, _left_by_reader()),
            SkipReason.UNSUBSCRIBED.value,
        ),
        (subscription.c.status == SubscriptionStatus.UNSUBSCRIBED, SkipReason.LEFT_LIST.value),
        (_suppressed(), SkipReason.SUPPRESSED.value),
        (subscription.c.status == SubscriptionStatus.PAUSED, SkipReason.PAUSED.value),
        else_=SkipReason.LEFT_LIST.value,
    )


def skip_reason(connection: Connection, subscription_id: int, at: datetime) -> SkipReason | None:
    """Why this subscription may not be written to any more, or None while it may; a vanished one has left the list."""
    query = select(skip_reason_column(at)).select_from(readers()).where(subscription.c.id == subscription_id)
    row = connection.execute(query).first()
    if row is None:
        return SkipReason.LEFT_LIST
    return None if row[0] is None else SkipReason(row[0])


def shown_status(at: datetime) -> ColumnElement[str]:
    """The status people are told, of the reader on the row's list: the address's own first, an over pause as active."""
    return case((~_address_ok(), _address_status()), (_receives(at), "active"), else_=subscription.c.status)


def shown_status_overall(at: datetime) -> ColumnElement[str]:
    """The same without a list: the best of all the lists he is on. A column over `subscriber` alone."""
    mine = subscription.c.subscriber_id == subscriber.c.id
    active = exists().where(mine, _receives(at)).correlate(subscriber)
    others = [
        (exists().where(mine, subscription.c.status == status).correlate(subscriber), status.value)
        for status in BEST[1:-1]
    ]
    return case(
        (~_address_ok(), _address_status()),
        (active, SubscriptionStatus.ACTIVE.value),
        *others,
        else_=SubscriptionStatus.UNSUBSCRIBED.value,
    )


def _receives(at: datetime) -> ColumnElement[bool]:
    """Active, or paused until a moment that has come."""
    over = and_(subscription.c.status == SubscriptionStatus.PAUSED, subscription.c.paused_until <= at)
    return or_(subscription.c.status == SubscriptionStatus.ACTIVE, over)


def _suppressed() -> ColumnElement[bool]:
    """The address or its domain is on the list of those nobody writes to. Two look-ups by primary key.

    Not one look-up with IN or OR: SQLite then walks the whole table for each reader.
    """
    by_address = exists().where(suppression.c.key == subscriber.c.key)
    by_domain = exists().where(suppression.c.key == literal("@") + subscriber.c.domain)
    return or_(by_address, by_domain)


def _address_ok() -> ColumnElement[bool]:
    return and_(subscriber.c.status == AddressStatus.OK, ~_suppressed())


def _address_status() -> ColumnElement[str]:
    """Of an address that is not ok. Suppressed by an editor is shown as suspended: nobody writes to it either way."""
    return case((subscriber.c.status == AddressStatus.OK, AddressStatus.SUSPENDED.value), else_=subscriber.c.status)


def _left_by_reader() -> ColumnElement[bool]:
    """What stands in left_reason otherwise was an editor's doing."""
    return subscription.c.left_reason.in_([reason.value + end for reason in Leaving for end in ("", BEFORE_CONFIRMING)])


def _on_list(slug: str) -> ColumnElement[bool]:
    theirs = subscription.alias("theirs")
    number = select(list_.c.id).where(list_.c.slug == slug).scalar_subquery()
    return exists().where(
        theirs.c.list_id == number,
        theirs.c.subscriber_id == subscriber.c.id,
        theirs.c.status != SubscriptionStatus.UNSUBSCRIBED,
    )


def _delivered(slug: str, outcomes: tuple[str, ...]) -> ColumnElement[bool]:
    number = (
        select(send.c.id).join(digest, digest.c.id == send.c.digest_id).where(digest.c.slug == slug).scalar_subquery()
    )
    return exists().where(
        delivery.c.send_id == number, delivery.c.subscriber_id == subscriber.c.id, delivery.c.outcome.in_(outcomes)
    )


def _unknown(term: Term, known: tuple[str, ...]) -> UsageError:
    kind = "list" if term.field is Field.LIST else "digest"
    near = get_close_matches(term.value, known, n=1)
    return UsageError(
        "NOT-FOUND",
        f"There is no {kind} “{term.value}”." + (f" Did you mean “{near[0]}”?" if near else ""),
        facts=[("filter", expression(term))],
        fix="newsletter lists list" if kind == "list" else "newsletter digests list",
        details={kind: term.value},
    )
