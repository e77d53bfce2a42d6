"""What becomes of each row of an import, by what the roster knows at this moment. Writes temporary rows only.

All look-ups are correlated, by key: a join lets SQLite walk a million readers to find the two thousand of a slice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from newsletter_cli.storage.schema import subscriber, subscription, suppression
from newsletter_cli.subscribers.records import Outcome
from newsletter_cli.subscribers.staging import row
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus

BAD: Final = (AddressStatus.SUSPENDED.value, AddressStatus.COMPLAINED.value)  # what a file may say of an address


class Verdict(StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    ALREADY = "already"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    LEFT_ELSEWHERE = "left-elsewhere"  # new here, and the file says that he left: noted, so that no file writes to him
    BAD_ELSEWHERE = "bad-elsewhere"  # not known here, and the file says that he bounced or complained: noted too


OUTCOMES: Final[Mapping[Verdict, Outcome]] = {
    Verdict.ADDED: Outcome.ADDED,
    Verdict.ALREADY: Outcome.ALREADY,
    Verdict.UNSUBSCRIBED: Outcome.UNSUBSCRIBED,
    Verdict.SUPPRESSED: Outcome.SUPPRESSED,
    Verdict.LEFT_ELSEWHERE: Outcome.UNSUBSCRIBED,
    Verdict.BAD_ELSEWHERE: Outcome.SUPPRESSED,
}
STORED: Final = (Verdict.ADDED.value, Verdict.LEFT_ELSEWHERE.value, Verdict.BAD_ELSEWHERE.value)  # get a subscription
_TO_WRITE: Final = (*STORED, Verdict.ALREADY.value)
_TO_FILL: Final = (Verdict.ADDED.value, Verdict.ALREADY.value)


def judge(connection: Connection, within: ColumnElement[bool], list_id: int | None) -> None:
    """Says of each row of a slice what becomes of it, by what the roster knows at this moment.

    Only rows whose judgement changes are written: when a slice is judged again before it is copied, that is hardly any.
    """
    reader = select(subscriber.c.id).where(subscriber.c.key == row.c.key).scalar_subquery()
    moved = row.c.subscriber_id.is_distinct_from(reader)
    connection.execute(update(row).where(within, moved).values(subscriber_id=reader))
    known = and_(within, row.c.subscriber_id.is_not(None))
    connection.execute(
        update(row).where(known).values(address_status=_address_status(), list_status=_list_status(list_id))
    )
    verdict = _verdict(connection)
    changed = row.c.verdict.is_distinct_from(verdict)
    connection.execute(update(row).where(within, changed).values(verdict=verdict))


def tally(connection: Connection, within: ColumnElement[bool]) -> Mapping[Outcome, int]:
    """How many judged rows of a slice have which outcome."""
    query = select(row.c.verdict, func.count().label("n")).where(within).group_by(row.c.verdict)
    counts = dict.fromkeys(Outcome, 0)
    for one in connection.execute(query):
        counts[OUTCOMES[Verdict(one.verdict)]] += one.n
    return counts


@dataclass(frozen=True, slots=True)
class Judged:
    """A slice of rows after it was judged."""

    outcomes: Mapping[Outcome, int]
    new: int  # rows that only add a reader
    others: int  # rows that concern a reader who is known, bring tags, or say that somebody left or bounced


def judged(connection: Connection, within: ColumnElement[bool]) -> Judged:
    """Counts a judged slice."""
    is_one = case((is_new(), 1), else_=0)
    query = select(row.c.verdict, func.count().label("n"), func.sum(is_one).label("new")).where(within)
    found = connection.execute(query.group_by(row.c.verdict)).all()
    outcomes = dict.fromkeys(Outcome, 0)
    for one in found:
        outcomes[OUTCOMES[Verdict(one.verdict)]] += one.n
    return Judged(
        outcomes,
        new=sum(one.new for one in found),
        others=sum(one.n - one.new for one in found if one.verdict in _TO_WRITE),
    )


def is_new() -> ColumnElement[bool]:
    """Rows that only add a reader: nobody has the address, and there are no tags to put."""
    return and_(row.c.verdict == Verdict.ADDED.value, row.c.subscriber_id.is_(None), row.c.tags == "")


def is_stored() -> ColumnElement[bool]:
    """Rows that get a subscription."""
    return row.c.verdict.in_(STORED)


def worth_filling(overwrite: Collection[str]) -> ColumnElement[bool]:
    """Rows that may add something to a reader who is known, or bring tags. A condition over row ⋈ subscriber."""
    name = subscriber.c.name != row.c.name if "name" in overwrite else subscriber.c.name == ""
    more = or_(
        and_(row.c.name != "", name),
        and_(row.c.fields != "{}", cast(subscriber.c.fields, Text) != row.c.fields),
    )
    return and_(row.c.verdict.in_(_TO_FILL), or_(row.c.tags != "", and_(row.c.made == false(), more)))


def count_changes(connection: Connection, overwrite: Collection[str]) -> int:
    """How many judged rows would change the roster, at most: some fill nothing when they are looked at closely."""
    stored = select(func.count()).select_from(row).where(is_stored())
    known = row.join(subscriber, subscriber.c.id == row.c.subscriber_id)
    filled = select(func.count()).select_from(known).where(~is_stored(), worth_filling(overwrite))
    changes: int = connection.execute(stored).scalar_one() + connection.execute(filled).scalar_one()
    return changes


def _address_status() -> ColumnElement[Any]:
    return select(subscriber.c.status).where(subscriber.c.id == row.c.subscriber_id).scalar_subquery()


def _list_status(list_id: int | None) -> ColumnElement[Any]:
    if list_id is None:
        return null()
    mine = and_(subscription.c.list_id == list_id, subscription.c.subscriber_id == row.c.subscriber_id)
    return select(subscription.c.status).where(mine).scalar_subquery()


def _shut(connection: Connection) -> ColumnElement[bool]:
    """Nobody may write there: the reader's own doing, or an editor's, for the address or its whole domain."""
    by_reader = and_(row.c.subscriber_id.is_not(None), row.c.address_status != AddressStatus.OK)
    if connection.execute(select(suppression.c.key).limit(1)).first() is None:
        return by_reader  # two look-ups less for each row
    return or_(
        by_reader,
        exists().where(suppression.c.key == row.c.key),
        exists().where(suppression.c.key == literal("@") + row.c.domain),
    )


def _was_on_list() -> ColumnElement[bool]:
    """What is noted of a reader counts while there is one: he may have gone between two judgements."""
    return and_(row.c.subscriber_id.is_not(None), row.c.list_status.is_not(None))


def _verdict(connection: Connection) -> ColumnElement[str]:
    bad = row.c.status.in_(BAD)
    return case(
        (_shut(connection), Verdict.SUPPRESSED.value),
        (and_(_was_on_list(), row.c.list_status == SubscriptionStatus.UNSUBSCRIBED), Verdict.UNSUBSCRIBED.value),
        (_was_on_list(), Verdict.ALREADY.value),
        (row.c.status == SubscriptionStatus.UNSUBSCRIBED, Verdict.LEFT_ELSEWHERE.value),
        (and_(bad, row.c.subscriber_id.is_(None)), Verdict.BAD_ELSEWHERE.value),
        (bad, Verdict.SUPPRESSED.value),
        else_=Verdict.ADDED.value,
    )
