"""The roster: who may be written to. Changes to single readers; files go through importing.py and exporting.py."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from newsletter_cli.mail.address import Address, ascii_host
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import subscriber, subscription, suppression
from newsletter_cli.subscribers import listing, numbers, reading, tagging
from newsletter_cli.subscribers.filling import filled_in
from newsletter_cli.subscribers.lists import list_id
from newsletter_cli.subscribers.records import (
    Happening,
    Joined,
    Outcome,
    Removed,
    Row,
    Stats,
    Subscriber,
    Suppressed,
    Tagged,
)
from newsletter_cli.subscribers.states import ON_LIST, AddressStatus, ListEvent, SubscriptionStatus
from newsletter_cli.subscribers.where import EVERYBODY, Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReader:
    """One address that is to join a list."""

    address: Address
    list: str  # slug
    active: bool = False  # else he has to confirm first
    name: str = ""
    fields: Mapping[str, str] | None = None
    tags: tuple[str, ...] = ()
    consent: str = ""
    source: str = "add"


class Roster:
    """The readers of one newsroom.  clock: gives aware UTC times."""

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock

    # --- looking

    def find(self, key: str, *, slug: str | None = None) -> Subscriber | None:
        """The reader with this address key.  slug: the list whose status is wanted; None: the best of all."""
        with self._storage.read() as connection:
            return reading.find(connection, key, self._clock(), slug=slug)

    def history(self, subscriber_id: int) -> tuple[Happening, ...]:
        """Messages with the server's answers, and acts, oldest first."""
        with self._storage.read() as connection:
            return reading.history(connection, subscriber_id)

    def rows(self, *, slug: str | None = None, where: Expr = EVERYBODY, limit: int | None = None) -> Iterator[Row]:
        """Readers in the order they came, page by page (see listing.rows)."""
        return listing.rows(self._storage, self._clock(), slug=slug, where=where, limit=limit)

    def stats(self) -> Stats:
        """The roster in numbers."""
        with self._storage.read() as connection:
            return numbers.stats(connection, self._clock())

    # --- changing

    def add(self, new: NewReader, *, by: str) -> Joined:
        """Puts one address on a list, or says why it stays off. Fills an empty name and fields, overwrites nothing.

        An address that is suspended, complained, forgotten or suppressed, and one that left the list, stay as they are.
        """
        at = self._clock()
        with self._storage.write() as connection:
            outcome, filled = _add(self._storage, connection, new, at, by)
            found = reading.find(connection, new.address.key, at, slug=new.list)
        return Joined(outcome=outcome, subscriber=found, filled=filled)

    def tag(
        self, where: Expr, *, add: Collection[str] = (), remove: Collection[str] = (), slug: str | None = None, by: str
    ) -> Tagged:
        """Puts tags on the readers a filter names and takes others off, in slices."""
        return tagging.tag_readers(self._storage, self._clock(), where, add=add, remove=remove, slug=slug, by=by)

    def remove(self, addresses: Iterable[Address], slug: str, *, by: str) -> Removed:
        """Takes readers off a list. Their record stays, so that imports respect it."""
        at = self._clock()
        removed, already, unknown = [], [], []
        with self._storage.write() as connection:
            number = list_id(connection, slug)
            for address in addresses:
                found = None if number is None else _membership(connection, number, address.key)
                if found is None:
                    unknown.append(address.spelling)
                elif found.status == SubscriptionStatus.UNSUBSCRIBED:
                    already.append(address.spelling)
                else:
                    _take_off(connection, found, at, by, slug)
                    removed.append(address.spelling)
        return Removed(removed=tuple(removed), already=tuple(already), unknown=tuple(unknown))

    def suppress(self, key: str, reason: str, *, by: str) -> Suppressed:
        """Nobody writes to this address key, or @domain in A-labels, any more, whatever list it joins."""
        at = self._clock()
        with self._storage.write() as connection:
            made = connection.execute(
                self._storage.insert(suppression)
                .values(key=key, reason=reason, by=by, created=at)
                .on_conflict_do_nothing()
                .returning(suppression.c.key)
            ).first()
            kept = connection.execute(select(suppression.c.reason).where(suppression.c.key == key)).scalar_one()
            readers = _known(connection, key)
            if made is not None:
                note(connection, at=at, by=by, what="suppressed", **_whom(connection, key, reason))
        return Suppressed(key=key, reason=kept, already=made is None, readers=readers)


def suppression_key(text: str) -> str | None:
    """`@domain` as a key in A-labels; None when the text names no domain. AddressProblem when it is none.

    Whatever has something before the @ is an address, whose key `mail.address` makes.
    """
    return f"@{ascii_host(text[1:].strip())}" if text.startswith("@") else None


def _add(
    storage: Storage, connection: Connection, new: NewReader, at: datetime, by: str
) -> tuple[Outcome, tuple[str, ...]]:
    if reading.suppressed_because(connection, new.address.key) is not None:
        return Outcome.SUPPRESSED, ()
    made = connection.execute(
        storage.insert(subscriber)
        .values(
            key=new.address.key, address=new.address.spelling, domain=new.address.domain, name=new.name,
            fields=dict(new.fields or {}), created=at,
        )
        .on_conflict_do_nothing()
        .returning(subscriber.c.id)
    ).first()  # fmt: skip
    row = connection.execute(
        select(subscriber.c.id, subscriber.c.name, subscriber.c.fields, subscriber.c.status)
        .where(subscriber.c.key == new.address.key)
        .with_for_update()
    ).one()
    if row.status != AddressStatus.OK:
        return Outcome.SUPPRESSED, ()
    outcome = _join(connection, new, row.id, at, by)
    if outcome is Outcome.UNSUBSCRIBED:
        return outcome, ()
    for word in new.tags:
        tagging.put(storage, connection, [row.id], word)
    return outcome, () if made is not None else _fill(connection, new, row)


def _join(connection: Connection, new: NewReader, reader: int, at: datetime, by: str) -> Outcome:
    """Moves the reader on the list as the table of states says."""
    number = list_id(connection, new.list, create=at)
    query = select(subscription.c.id, subscription.c.status).where(
        subscription.c.list_id == number, subscription.c.subscriber_id == reader
    )
    found = connection.execute(query.with_for_update()).first()
    before = None if found is None else SubscriptionStatus(found.status)
    after = ON_LIST[before, ListEvent.ADD_WITH_CONSENT if new.active else ListEvent.ADD]
    if after is before:
        return Outcome.UNSUBSCRIBED if before is SubscriptionStatus.UNSUBSCRIBED else Outcome.ALREADY
    if found is None:
        connection.execute(
            insert(subscription).values(
                list_id=number, subscriber_id=reader, status=after, joined=at, consent=new.consent, source=new.source
            )
        )
    else:
        change = update(subscription).where(subscription.c.id == found.id)
        connection.execute(change.values(status=after, consent=new.consent))
    note(connection, at=at, by=by, what="added", list=new.list, subscriber_id=reader, details=new.consent)
    return Outcome.ADDED


def _fill(connection: Connection, new: NewReader, row: Any) -> tuple[str, ...]:
    """Gives values to what was empty; the names of those fields."""
    name, fields, filled = filled_in(row.name, row.fields or {}, new.name, new.fields or {})
    if filled:
        connection.execute(update(subscriber).where(subscriber.c.id == row.id).values(name=name, fields=dict(fields)))
    return filled


def _membership(connection: Connection, number: int, key: str) -> Any:
    query = (
        select(subscription.c.id, subscription.c.status, subscription.c.subscriber_id)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscription.c.list_id == number, subscriber.c.key == key)
    )
    return connection.execute(query).first()


def _take_off(connection: Connection, found: Any, at: datetime, by: str, slug: str) -> None:
    after = ON_LIST[SubscriptionStatus(found.status), ListEvent.REMOVE]
    connection.execute(
        update(subscription)
        .where(subscription.c.id == found.id)
        .values(status=after, left=at, left_reason=f"removed by {by}")
    )
    note(connection, at=at, by=by, what="removed", list=slug, subscriber_id=found.subscriber_id)


def _known(connection: Connection, key: str) -> int:
    """How many readers an address key or @domain names."""
    column = subscriber.c.domain if key.startswith("@") else subscriber.c.key
    query = select(func.count()).select_from(subscriber).where(column == key.removeprefix("@"))
    known: int = connection.execute(query).scalar_one()
    return known


def _whom(connection: Connection, key: str, reason: str) -> dict[str, Any]:
    """Whom the log's line is about. A domain stands in its words; an address never does: the log outlives him."""
    if key.startswith("@"):
        return {"details": f"{key} {reason}".strip()}
    reader = connection.execute(select(subscriber.c.id).where(subscriber.c.key == key)).scalar()
    return {"details": reason, "subscriber_id": reader}
