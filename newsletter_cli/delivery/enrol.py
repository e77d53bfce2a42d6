"""Freezing an audience: one row for each reader a send is owed to, in chunks, in slices of the database's time."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, case, delete, func, insert, literal, select, update

from newsletter_cli.delivery.states import ChunkState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, subscriber, subscription

SLICE_CHUNKS = 16  # 16 chunks of 300 readers: about 5,000 rows, well under 50 ms of the write lock on SQLite


def freeze_audience(
    storage: Storage,
    *,
    send_id: int,
    list_id: int,
    condition: ColumnElement[bool],
    chunk_size: int,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a delivery row for every reader of a list who meets the condition; returns how many.

    condition: over subscription ⋈ subscriber, the audience's whole predicate.  progress: told the rows so far.
    Runs in slices, in the order of subscriptions, each in a transaction of its own: who is killed in the middle leaves
    a send in `arming`, which `unfreeze` clears and nobody mails.
    """
    enrolled = after = 0
    with storage.slices() as slices:
        while True:
            with slices.write() as connection:
                last = _freeze_slice(connection, send_id, list_id, condition, after, chunk_size)
            if last is None:
                return enrolled
            after, count = last
            enrolled += count
            if progress is not None:
                progress(enrolled)


def _freeze_slice(
    connection: Connection, send_id: int, list_id: int, condition: ColumnElement[bool], after: int, chunk_size: int
) -> tuple[int, int] | None:
    """The next slice: (last subscription taken, rows), or None when nobody is left."""
    chunk_ids = [
        connection.execute(
            insert(chunk).values(send_id=send_id, state=ChunkState.OPEN.value, total=0).returning(chunk.c.id)
        ).scalar_one()
        for _ in range(SLICE_CHUNKS)
    ]
    slice_ = (
        select(
            subscription.c.id.label("subscription_id"),
            subscriber.c.id.label("subscriber_id"),
            subscriber.c.address,
            subscriber.c.domain,
            (func.row_number().over(order_by=subscription.c.id) - 1).label("place"),
        )
        .select_from(subscription.join(subscriber, subscriber.c.id == subscription.c.subscriber_id))
        .where(subscription.c.list_id == list_id, subscription.c.id > after, condition)
        .order_by(subscription.c.id)
        .limit(SLICE_CHUNKS * chunk_size)
        .subquery()
    )
    # The chunks' ids are spelled out: on PostgreSQL another transaction may have taken one from between them.
    chunk_of = case(
        *((slice_.c.place < (n + 1) * chunk_size, literal(id_)) for n, id_ in enumerate(chunk_ids)),
        else_=literal(chunk_ids[-1]),
    )
    connection.execute(
        insert(delivery).from_select(
            ["send_id", "chunk_id", "subscriber_id", "subscription_id", "address", "domain"],
            select(
                literal(send_id), chunk_of, slice_.c.subscriber_id, slice_.c.subscription_id, slice_.c.address,
                slice_.c.domain,
            ).order_by(slice_.c.place),
        )
    )  # fmt: skip
    totals = connection.execute(
        select(delivery.c.chunk_id, func.count().label("n"), func.max(delivery.c.subscription_id).label("last"))
        .where(delivery.c.chunk_id.in_(chunk_ids))
        .group_by(delivery.c.chunk_id)
    ).all()
    for row in totals:
        connection.execute(update(chunk).where(chunk.c.id == row.chunk_id).values(total=row.n))
    filled = {row.chunk_id for row in totals}
    connection.execute(delete(chunk).where(chunk.c.id.in_([id_ for id_ in chunk_ids if id_ not in filled])))
    if not totals:
        return None
    return max(row.last for row in totals), sum(row.n for row in totals)


def unfreeze(storage: Storage, send_id: int) -> None:
    """Remove the rows of a send that never began: its audience was being frozen, or the countdown was stopped."""
    with storage.slices() as slices:
        while True:
            with slices.write() as connection:
                ids = first_chunks(connection, send_id)
                if not ids:
                    return
                connection.execute(delete(delivery).where(delivery.c.chunk_id.in_(ids)))
                connection.execute(delete(chunk).where(chunk.c.id.in_(ids)))


def first_chunks(connection: Connection, send_id: int, *more: ColumnElement[bool]) -> tuple[int, ...]:
    """Ids of the first chunks of a send that meet some conditions: as many as one slice takes."""
    query = select(chunk.c.id).where(chunk.c.send_id == send_id, *more).order_by(chunk.c.id).limit(SLICE_CHUNKS)
    return tuple(connection.execute(query).scalars())
