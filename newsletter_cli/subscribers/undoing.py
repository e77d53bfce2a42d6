"""Taking an import back: what it made goes, what it filled is emptied, but nobody is touched who has moved since.

A reader has moved since when he confirmed, left, paused or got a message on that list, when somebody noted an act of
his there, when his values or tags changed. His row stays as it is, and his address is listed.

Nearly all changes of a large import made a reader nobody has touched since: those go by whole slices, in the database.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    RowMapping,
    Subquery,
    and_,
    column,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    table,
    text,
    update,
)

from newsletter_cli.errors import UsageError
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import (
    act,
    delivery,
    import_batch,
    import_change,
    list_,
    subscriber,
    subscription,
    tag,
)
from newsletter_cli.subscribers.reading import tags_of
from newsletter_cli.subscribers.states import SubscriptionStatus

SLICE: Final = 2_000  # changes taken back in one transaction

_CREATE: Final = """
    CREATE TEMPORARY TABLE undo_row (id BIGINT PRIMARY KEY, subscription_id BIGINT, subscriber_id BIGINT)
"""
_plain: Final = table(  # changes of a slice that made a reader whom nothing and nobody has touched since
    "undo_row",
    column("id", BigInteger),
    column("subscription_id", BigInteger),
    column("subscriber_id", BigInteger),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What undoing an import did."""

    batch: str
    list: str
    already: datetime | None  # when it was taken back before; then nothing was done now
    removed: int  # readers who are off the list again
    restored: int  # readers who have their values from before again
    kept: tuple[str, ...]  # addresses of those who have moved since


@dataclass(slots=True)
class _Work:
    """Sums over the slices."""

    removed: int = 0
    restored: int = 0
    kept: list[str] = field(default_factory=list)


def undo_import(storage: Storage, batch: str, at: datetime, *, by: str, dry: bool = False) -> TakenBack:
    """Takes an import back, in slices. Stopped in the middle, the same call goes on.

    dry: change nothing, only say what would be done.  UsageError NOT-FOUND.
    """
    with storage.read() as connection:
        found = _batch(connection, batch)
    work = _Work()
    if found["undone"] is None:
        with storage.slices(scattered=True) as slices:
            with slices.aside() as connection:
                connection.execute(text(_CREATE))
            after: int | None = 0
            while after is not None:
                with slices.aside() if dry else slices.write() as connection:
                    after = _slice(connection, found, after, work, dry=dry)
            if not dry:
                with slices.write() as connection:
                    connection.execute(update(import_batch).where(import_batch.c.id == batch).values(undone=at))
                    details = f"{batch}: {work.removed} readers off the list, {len(work.kept)} kept"
                    note(connection, at=at, by=by, what="import undone", list=found["slug"], details=details)
    return TakenBack(
        batch=batch,
        list=found["slug"],
        already=found["undone"],
        removed=work.removed,
        restored=work.restored,
        kept=tuple(work.kept),
    )


def _batch(connection: Connection, batch: str) -> RowMapping:
    query = select(import_batch, list_.c.slug).join(list_, list_.c.id == import_batch.c.list_id)
    found = connection.execute(query.where(import_batch.c.id == batch)).mappings().first()
    if found is not None:
        return found
    latest = select(import_batch.c.id).where(import_batch.c.undone.is_(None)).order_by(import_batch.c.created.desc())
    known = list(connection.execute(latest.limit(3)).scalars())
    raise UsageError(
        "NOT-FOUND",
        f"There is no import “{batch}”.",
        facts=[("latest", ", ".join(known))] if known else [],
        sent="",
        fix=f"newsletter subscribers undo {known[0]}" if known else "newsletter log",
        details={"batch": batch, "latest": known},
    )


def _slice(connection: Connection, batch: RowMapping, after: int, work: _Work, *, dry: bool) -> int | None:
    """Takes the next changes back; the last of them, or None at the end."""
    ids = _next_changes(batch, after)
    last: int | None = connection.execute(select(func.max(ids.c.id))).scalar_one()
    if last is None:
        return None
    work.removed += _plain_changes(connection, batch, after, last)
    if not dry:
        _remove_plain(connection)
    changes = connection.execute(_question(batch, after, last)).mappings().all()
    tags = tags_of(connection, [change["subscriber_id"] for change in changes])
    back = []
    for change in changes:
        if _has_moved(change, tags.get(change["subscriber_id"], ())):
            work.kept.append(change["address"])
        else:
            back.append(change)
    work.removed += sum(change["subscription_id"] is not None for change in back)
    work.restored += sum("name" in (change["before"] or {}) for change in back)
    if not dry:
        _restore(connection, back)
        _remove(connection, back)
    return last


def _next_changes(batch: RowMapping, after: int) -> Subquery:
    mine = and_(import_change.c.batch_id == batch["id"], import_change.c.id > after)
    return select(import_change.c.id).where(mine).order_by(import_change.c.id).limit(SLICE).subquery()


def _plain_changes(connection: Connection, batch: RowMapping, after: int, last: int) -> int:
    """Finds the changes of a slice that need no second look; how many they are."""
    connection.execute(delete(_plain))
    change = import_change.c
    connection.execute(
        insert(_plain).from_select(
            ["id", "subscription_id", "subscriber_id"],
            select(change.id, change.subscription_id, change.subscriber_id)
            .join(subscription, subscription.c.id == change.subscription_id)
            .where(
                change.batch_id == batch["id"], change.id.between(after + 1, last), change.made_subscriber,
                change.before.is_(None), change.after.is_(None),
                func.coalesce(_subscription_moved(batch), false()).is_(False),
                ~_written_later(), ~_is_needed(), ~exists().where(tag.c.subscriber_id == change.subscriber_id),
            )
            .order_by(change.id),
        )
    )  # fmt: skip
    found: int = connection.execute(select(func.count()).select_from(_plain)).scalar_one()
    return found


def _remove_plain(connection: Connection) -> None:
    for of, theirs in (
        (import_change.c.id, _plain.c.id),
        (subscription.c.id, _plain.c.subscription_id),
        (subscriber.c.id, _plain.c.subscriber_id),
    ):
        connection.execute(delete(of.table).where(of.in_(select(theirs))))


def _question(batch: RowMapping, after: int, last: int) -> Any:
    """The other changes of a slice, with what stands there now and what happened since."""
    return (
        select(
            import_change, subscriber.c.address, subscriber.c.name, subscriber.c.fields,
            _subscription_moved(batch).label("subscription_moved"), _written_later().label("written_later"),
            _is_needed().label("is_needed"),
        )
        .join(subscriber, subscriber.c.id == import_change.c.subscriber_id)
        .outerjoin(subscription, subscription.c.id == import_change.c.subscription_id)
        .where(
            import_change.c.batch_id == batch["id"], import_change.c.id.between(after + 1, last),
            import_change.c.id.not_in(select(_plain.c.id)),
        )
        .order_by(import_change.c.id)
    )  # fmt: skip


def _subscription_moved(batch: RowMapping) -> ColumnElement[bool]:
    """The subscription that the import made is no longer what it made of it."""
    status, reader = subscription.c.status, import_change.c.subscriber_id
    return or_(
        status == SubscriptionStatus.PAUSED,
        and_(status == SubscriptionStatus.UNSUBSCRIBED, subscription.c.left_reason != "import"),
        subscription.c.confirmed > batch["created"],
        exists().where(delivery.c.subscriber_id == reader, delivery.c.subscription_id == subscription.c.id),
        exists().where(act.c.subscriber_id == reader, act.c.list == batch["slug"], act.c.at > batch["created"]),
    )


def _written_later() -> ColumnElement[bool]:
    """A later import filled values or put tags."""
    later = import_change.alias("later")
    return exists().where(
        later.c.subscriber_id == import_change.c.subscriber_id,
        later.c.id > import_change.c.id,
        later.c.after.is_not(None),
    )


def _is_needed() -> ColumnElement[bool]:
    """The subscriber has to stay: he is on another list, or messages went to him (no id of those is used twice)."""
    reader, other = import_change.c.subscriber_id, subscription.alias("other")
    mine = import_change.c.subscription_id
    return or_(
        exists().where(other.c.subscriber_id == reader, or_(mine.is_(None), other.c.id != mine)),
        exists().where(delivery.c.subscriber_id == reader),
    )


def _has_moved(change: RowMapping, tags: Collection[str]) -> bool:
    after = change["after"] or {}
    if change["subscription_moved"]:
        return True
    if change["made_subscriber"]:
        return bool(change["written_later"]) or bool(set(tags) - set(after.get("tags", ())))
    now = {"name": change["name"], "fields": change["fields"] or {}}
    return "name" in after and any(now[key] != after[key] for key in now)


def _restore(connection: Connection, back: Sequence[RowMapping]) -> None:
    """Puts values back and takes tags off."""
    for change in back:
        before, after = change["before"] or {}, change["after"] or {}
        reader = change["subscriber_id"]
        if "name" in before:
            values = update(subscriber).where(subscriber.c.id == reader)
            connection.execute(values.values(name=before["name"], fields=before["fields"]))
        if after.get("tags"):
            connection.execute(delete(tag).where(tag.c.subscriber_id == reader, tag.c.tag.in_(after["tags"])))


def _remove(connection: Connection, back: Sequence[RowMapping]) -> None:
    """Deletes subscriptions, the lines about them, and the subscribers nothing else needs."""
    made = [change["subscription_id"] for change in back if change["subscription_id"] is not None]
    alone = [change["subscriber_id"] for change in back if change["made_subscriber"] and not change["is_needed"]]
    for of, ids in (
        (import_change.c.id, [change["id"] for change in back]),
        (subscription.c.id, made),
        (subscriber.c.id, alone),
    ):
        if ids:
            connection.execute(delete(of.table).where(of.in_(ids)))
