"""Readers taken off by an editor: in the log of leaves first, so that it holds while the database is locked, too.

remove     off one list        suppress     an address or @domain, whatever list it joins
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from newsletter_cli.errors import NewsletterError
from newsletter_cli.mail.address import Address
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import subscriber, subscription, suppression
from newsletter_cli.subscribers.leave import Leave, LeaveKind
from newsletter_cli.subscribers.leaves import Leaves
from newsletter_cli.subscribers.lists import list_id
from newsletter_cli.subscribers.records import Removed, Suppressed
from newsletter_cli.subscribers.roster import Roster
from newsletter_cli.subscribers.states import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class TakingOff:
    """An editor's two ways to take readers off, in one newsroom.  clock: gives aware UTC times."""

    storage: Storage
    leaves: Leaves
    clock: Callable[[], datetime]

    def remove(self, addresses: Iterable[Address], slug: str, *, by: str) -> Removed:
        """Takes readers off a list. Their record stays, so that imports respect it.

        Once it returns they are out of reach of every later claim. While others keep the database locked that is so
        because the log says it; the roster shows it as soon as somebody sends, or a reader uses the pages.
        """
        meant, now = tuple(addresses), self.clock()
        with self.storage.read() as connection:
            found, ids = _looked_up(connection, meant, slug)
        kept = self._keep(Leave(kind=LeaveKind.REMOVED, at=now, subscription=number, by=by) for number in ids)
        try:
            return Roster(self.storage, lambda: now).remove(meant, slug, by=by)
        except NewsletterError:
            if not kept:
                raise
            return found

    def suppress(self, key: str, reason: str, *, by: str) -> Suppressed:
        """Nobody writes to this address key, or @domain in A-labels, any more, whatever list it joins.

        While the database is locked: as in `remove`, but the reason is lost, for the log holds none; an address that
        is no reader's is not in the log, and the database's error is raised.
        """
        now = self.clock()
        with self.storage.read() as connection:
            found, who = _known(connection, key)
        leave = Leave(kind=LeaveKind.SUPPRESSED, at=now, by=by, subscriber=who, domain=key if key[:1] == "@" else "")
        kept = (who is not None or bool(leave.domain)) and not found.already and self._keep([leave])
        try:
            return Roster(self.storage, lambda: now).suppress(key, reason, by=by)
        except NewsletterError:
            if not kept:
                raise
            return found

    def _keep(self, leaves: Iterable[Leave]) -> bool:
        """Whether they are in the log; nothing to write is not."""
        lines = tuple(leaves)
        try:
            if lines:
                self.leaves.record(*lines)
        except NewsletterError:
            return False  # then the database alone can promise it
        return bool(lines)


def _looked_up(connection: Connection, addresses: tuple[Address, ...], slug: str) -> tuple[Removed, tuple[int, ...]]:
    """What `remove` will do, and the subscriptions that it ends."""
    keys = {address.key: address.spelling for address in addresses}
    query = (
        select(subscriber.c.key, subscription.c.id, subscription.c.status)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .where(subscription.c.list_id == list_id(connection, slug), subscriber.c.key.in_(keys))
    )
    rows = {row.key: row for row in connection.execute(query)}
    left = {key for key, row in rows.items() if row.status == SubscriptionStatus.UNSUBSCRIBED}
    removed = Removed(
        removed=tuple(text for key, text in keys.items() if key in rows and key not in left),
        already=tuple(text for key, text in keys.items() if key in left),
        unknown=tuple(text for key, text in keys.items() if key not in rows),
    )
    return removed, tuple(row.id for key, row in rows.items() if key not in left)


def _known(connection: Connection, key: str) -> tuple[Suppressed, int | None]:
    """What `suppress` will find, and the reader whose address it is."""
    column = subscriber.c.domain if key.startswith("@") else subscriber.c.key
    number, first = connection.execute(
        select(func.count(), func.min(subscriber.c.id)).where(column == key.removeprefix("@"))
    ).one()
    reason = connection.execute(select(suppression.c.reason).where(suppression.c.key == key)).scalar()
    found = Suppressed(key=key, reason=reason or "", already=reason is not None, readers=number)
    return found, None if key.startswith("@") else first
