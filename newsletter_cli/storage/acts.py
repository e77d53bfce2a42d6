"""The log: who did what, when. Every room notes its acts in the transaction that does them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from newsletter_cli.storage.schema import act


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One line of `newsletter log`."""

    at: datetime  # aware, UTC
    by: str
    what: str  # a verb in the past: tested, sent, paused, imported, unsubscribed
    digest: str = ""  # digest slug
    list: str = ""  # list slug
    subscriber_id: int | None = None
    details: str = ""  # one line for people: "to 2 addresses (9c1f40d2)"


def note(
    connection: Connection,
    *,
    at: datetime,
    by: str,
    what: str,
    digest: str = "",
    list: str = "",
    subscriber_id: int | None = None,
    details: str = "",
) -> None:
    """Adds one act to the log. Never an address in `details`: the log outlives a forgotten reader."""
    connection.execute(
        insert(act).values(
            at=at, by=by, what=what, digest=digest, list=list, subscriber_id=subscriber_id, details=details
        )
    )


def acts(
    connection: Connection,
    *,
    digest: str | None = None,
    list: str | None = None,
    subscriber_id: int | None = None,
    limit: int | None = None,
) -> tuple[Act, ...]:
    """The acts that fit every condition given, oldest first.  limit: only that many of the latest."""
    given = {act.c.digest: digest, act.c.list: list, act.c.subscriber_id: subscriber_id}
    columns = (act.c.at, act.c.by, act.c.what, act.c.digest, act.c.list, act.c.subscriber_id, act.c.details)
    latest_first = (
        select(*columns)
        .where(*(column == value for column, value in given.items() if value is not None))
        .order_by(act.c.id.desc())
        .limit(limit)
    )
    rows = connection.execute(latest_first).all()
    return tuple(Act(**row._mapping) for row in reversed(rows))
