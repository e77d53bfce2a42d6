"""A file of readers in a temporary table, beside the roster: there it is judged, and from there it is copied in.

One row for each address; a second row of the same address in the file is counted and dropped. Judging and copying are
a handful of statements for each slice of rows, never a question for each row: a million rows take seconds. All look-ups
are correlated, by key: a join lets SQLite walk a million readers to find the five thousand of a slice.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    column,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    table,
    text,
    true,
    type_coerce,
    update,
)

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import Instant, import_change, subscriber, subscription, suppression
from newsletter_cli.subscribers.candidates import Candidate
from newsletter_cli.subscribers.records import Outcome
from newsletter_cli.subscribers.states import AddressStatus, SubscriptionStatus

CREATE: Final = """
    CREATE TEMPORARY TABLE import_row (
        n {integer} PRIMARY KEY, line BIGINT NOT NULL, key TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
        domain TEXT NOT NULL, name TEXT NOT NULL, fields TEXT NOT NULL, tags TEXT NOT NULL, status TEXT NOT NULL,
        joined BIGINT, confirmed BIGINT, consent TEXT NOT NULL, subscriber_id BIGINT, address_status TEXT,
        list_status TEXT, outcome TEXT, stored BOOLEAN NOT NULL DEFAULT false, made BOOLEAN NOT NULL DEFAULT false,
        noted BOOLEAN NOT NULL DEFAULT false
    )
"""
row: Final = table(
    "import_row",
    column("n", BigInteger),  # from 1, in the order of the file
    column("line", BigInteger),
    column("key", Text),
    column("address", Text),
    column("domain", Text),
    column("name", Text),
    column("fields", Text),  # JSON
    column("tags", Text),  # JSON, "" for none
    column("status", Text),  # what the file says of him
    column("joined", BigInteger),
    column("confirmed", BigInteger),
    column("consent", Text),
    column("subscriber_id", BigInteger),  # NULL: nobody has this address yet
    column("address_status", Text),
    column("list_status", Text),  # NULL: never was on the list
    column("outcome", Text),
    column("stored", Boolean),  # a subscription is made for it
    column("made", Boolean),  # its subscriber did not exist before
    column("noted", Boolean),  # its line in import_change stands already
)
_GIVEN: Final = ("n", *Candidate._fields)
# psycopg has no executemany that is quick enough: arrays travel once and become rows there.
_ARRAYS: Final = ", ".join(
    f"CAST(:{name} AS {'bigint' if name in {'n', 'line', 'joined', 'confirmed'} else 'text'}[])" for name in _GIVEN
)
_BAD: Final = (AddressStatus.SUSPENDED.value, AddressStatus.COMPLAINED.value)  # what a file may say of an address
_TO_FILL: Final = (Outcome.ADDED.value, Outcome.ALREADY.value)


def create(storage: Storage, connection: Connection) -> None:
    """Makes the table, which lasts as long as the connection."""
    connection.execute(text(CREATE.format(integer="INTEGER" if storage.dialect == "sqlite" else "BIGINT")))


def put(storage: Storage, connection: Connection, first: int, candidates: Sequence[Candidate]) -> None:
    """Adds rows, numbered from `first`. An address that stands there already is left out."""
    if storage.dialect == "sqlite":
        marks = ", ".join("?" * len(_GIVEN))
        statement = f"INSERT INTO import_row ({', '.join(_GIVEN)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        connection.exec_driver_sql(statement, [(n, *one) for n, one in enumerate(candidates, first)])
        return
    columns = zip(*candidates, strict=True)
    values = dict(zip(_GIVEN, (range(first, first + len(candidates)), *columns), strict=True))
    statement = f"INSERT INTO import_row ({', '.join(_GIVEN)}) SELECT * FROM unnest({_ARRAYS}) ON CONFLICT DO NOTHING"
    connection.execute(text(statement), {name: list(value) for name, value in values.items()})


def judge(connection: Connection, first: int, last: int, list_id: int | None) -> None:
    """Says of each row from `first` to `last` what becomes of it, by what the roster knows at this moment."""
    within = row.c.n.between(first, last)
    reader = select(subscriber.c.id).where(subscriber.c.key == row.c.key).scalar_subquery()
    connection.execute(update(row).where(within).values(subscriber_id=reader))
    connection.execute(
        update(row).where(within).values(address_status=_address_status(), list_status=_list_status(list_id))
    )
    connection.execute(update(row).where(within).values(outcome=_outcome(), stored=_is_stored()))


def tally(connection: Connection, first: int = 1, last: int | None = None) -> Mapping[Outcome, int]:
    """How many judged rows have which outcome."""
    query = select(row.c.outcome, func.count().label("n")).where(row.c.n >= first).group_by(row.c.outcome)
    found = connection.execute(query if last is None else query.where(row.c.n <= last))
    return {Outcome(one.outcome): one.n for one in found}


def copy_in(
    storage: Storage,
    connection: Connection,
    first: int,
    last: int,
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
    wanted = and_(row.c.n.between(first, last), row.c.stored)
    unknown = and_(wanted, row.c.subscriber_id.is_(None))
    now = literal(at, Instant)
    bad = row.c.status.in_(_BAD)
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


def note_changes(connection: Connection, first: int, last: int, *, list_id: int, batch: str) -> None:
    """One line in import_change for each stored row that has none yet, so that the import can be taken back."""
    mine = and_(subscription.c.list_id == list_id, subscription.c.subscriber_id == row.c.subscriber_id)
    number = select(subscription.c.id).where(mine).scalar_subquery()
    connection.execute(
        insert(import_change).from_select(
            ["batch_id", "subscriber_id", "made_subscriber", "subscription_id"],
            select(literal(batch), row.c.subscriber_id, row.c.made, number)
            .where(row.c.n.between(first, last), row.c.stored, row.c.noted == false())
            .order_by(row.c.n),
        )
    )


def worth_filling(overwrite: Collection[str]) -> ColumnElement[bool]:
    """Rows that may add something to a reader who is known, or bring tags. A condition over row ⋈ subscriber."""
    name = subscriber.c.name != row.c.name if "name" in overwrite else subscriber.c.name == ""
    more = or_(
        and_(row.c.name != "", name),
        and_(row.c.fields != "{}", cast(subscriber.c.fields, Text) != row.c.fields),
    )
    return and_(row.c.outcome.in_(_TO_FILL), or_(row.c.tags != "", and_(row.c.made == false(), more)))


def count_changes(connection: Connection, overwrite: Collection[str]) -> int:
    """How many judged rows would change the roster, at most: some fill nothing when they are looked at closely."""
    stored = select(func.count()).select_from(row).where(row.c.stored)
    known = row.join(subscriber, subscriber.c.id == row.c.subscriber_id)
    filled = select(func.count()).select_from(known).where(row.c.stored == false(), worth_filling(overwrite))
    changes: int = connection.execute(stored).scalar_one() + connection.execute(filled).scalar_one()
    return changes


def as_json(storage: Storage, of: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text column as one of the type JSON. SQLite keeps it as text, and a cast would make a number of it."""
    return type_coerce(of, JSON) if storage.dialect == "sqlite" else cast(of, JSON)


def _address_status() -> ColumnElement[Any]:
    return select(subscriber.c.status).where(subscriber.c.id == row.c.subscriber_id).scalar_subquery()


def _list_status(list_id: int | None) -> ColumnElement[Any]:
    if list_id is None:
        return null()
    mine = and_(subscription.c.list_id == list_id, subscription.c.subscriber_id == row.c.subscriber_id)
    return select(subscription.c.status).where(mine).scalar_subquery()


def _shut() -> ColumnElement[bool]:
    """Nobody may write there: the reader's own doing, or an editor's, for the address or its whole domain."""
    return or_(
        func.coalesce(row.c.address_status, AddressStatus.OK.value) != AddressStatus.OK,
        exists().where(suppression.c.key == row.c.key),
        exists().where(suppression.c.key == literal("@") + row.c.domain),
    )


def _outcome() -> ColumnElement[str]:
    return case(
        (_shut(), Outcome.SUPPRESSED.value),
        (row.c.list_status == SubscriptionStatus.UNSUBSCRIBED, Outcome.UNSUBSCRIBED.value),
        (row.c.list_status.is_not(None), Outcome.ALREADY.value),
        (row.c.status == SubscriptionStatus.UNSUBSCRIBED, Outcome.UNSUBSCRIBED.value),
        (row.c.status.in_(_BAD), Outcome.SUPPRESSED.value),
        else_=Outcome.ADDED.value,
    )


def _is_stored() -> ColumnElement[bool]:
    """Whoever is new to the list, also as one who left it elsewhere: so that no later import writes to him.

    What a file says of an address counts only for one that is not known here.
    """
    new = and_(~_shut(), row.c.list_status.is_(None))
    return and_(new, or_(row.c.subscriber_id.is_(None), row.c.status.not_in(_BAD)))


def _became(status: SubscriptionStatus) -> ColumnElement[str]:
    gone = (SubscriptionStatus.UNSUBSCRIBED.value, AddressStatus.COMPLAINED.value)
    return case(
        (row.c.status.in_(gone), SubscriptionStatus.UNSUBSCRIBED.value),
        (row.c.status == SubscriptionStatus.PENDING, SubscriptionStatus.PENDING.value),
        else_=status.value,
    )
