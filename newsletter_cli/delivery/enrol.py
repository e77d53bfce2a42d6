"""Freezing an audience: one row for each reader a send is owed to, in chunks of one lane each.

    _remember_list   ids of the list in its order  → audience_list   ┐
    _look            the next readers, by lane     → audience_row    ├ temporary tables, filled without the write lock
    _cut             which readers fill which chunk                  ┘
    _write           chunks and deliveries                             a slice under it

Where one slice leaves a lane's last chunk half full the next goes on, so that a rare lane has no crumbs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Subquery,
    Text,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    table,
    text,
    update,
)

from newsletter_cli.delivery.states import ChunkState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, subscriber, subscription

SLICE: Final = 6_000  # readers in one transaction: some 20 ms of SQLite's write lock
LOOK: Final = 60_000  # places of the list looked at for them: a filter may let few through, and no read may last long
SLICE_CHUNKS: Final = 16  # chunks changed in one transaction: of 300 readers, about 5,000 rows

_CREATE: Final = (
    "CREATE TEMPORARY TABLE audience_lane (domain TEXT PRIMARY KEY, lane TEXT NOT NULL)",
    # Without it a slice would have no way in: the roster's indexes give a list by subscriber, and its order is another.
    "CREATE TEMPORARY TABLE audience_list (place {counting} PRIMARY KEY, subscription_id BIGINT NOT NULL)",
    """
    CREATE TEMPORARY TABLE audience_row (
        n {counting} PRIMARY KEY, place BIGINT NOT NULL, lane TEXT NOT NULL, subscription_id BIGINT NOT NULL,
        subscriber_id BIGINT NOT NULL
    )
    """,
)
# What numbers the rows of a statement as they come, from 1 on in an empty table.
_COUNTING: Final = {"sqlite": "INTEGER", "postgresql": "BIGINT GENERATED ALWAYS AS IDENTITY"}
_EMPTY: Final = {"sqlite": "DELETE FROM audience_row", "postgresql": "TRUNCATE audience_row RESTART IDENTITY"}
_lane: Final = table("audience_lane", column("domain", Text), column("lane", Text))
_list: Final = table("audience_list", column("place", BigInteger), column("subscription_id", BigInteger))
_row: Final = table(
    "audience_row",
    column("n", BigInteger),  # from 1, by lane and inside a lane by place
    column("place", BigInteger),  # in the list, from 1
    column("lane", Text),
    column("subscription_id", BigInteger),
    column("subscriber_id", BigInteger),
)
NO_LANES: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class _Chunk:
    """A chunk of this send that may take more readers."""

    lane: str
    canary: bool = False
    id: int | None = None  # None: not stored yet
    total: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """Readers of a slice who go into one chunk."""

    chunk: _Chunk
    first: int  # of `audience_row.n`
    last: int


@dataclass(slots=True)
class _Freezing:
    """One audience on its way into the outbox."""

    send_id: int
    condition: ColumnElement[bool]
    chunk_size: int
    after: int = 0  # last place of the list that was looked at
    places: int = 0  # of the list
    canary: _Chunk | None = None
    open: dict[str, _Chunk] = field(default_factory=dict)  # by lane, the one being filled


def freeze_audience(
    storage: Storage,
    *,
    send_id: int,
    list_id: int,
    condition: ColumnElement[bool],
    chunk_size: int,
    lanes: Mapping[str, str] = NO_LANES,
    canary: int = 0,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a delivery row for every reader of a list who meets the condition; returns how many.

    condition: over subscription ⋈ subscriber, the audience's whole predicate.  chunk_size: most readers of a chunk.
    lanes: lane of each domain (A-labels, lower case); readers of others have the lane "". A chunk holds readers of
    one lane, in the order of the list.  canary: that many readers, the first of the list whatever their lanes, go into
    one chunk of their own, marked so.  progress: told the rows so far.
    Runs in slices, each in a transaction of its own: who is killed in the middle leaves a send in `arming`, which
    `unfreeze` clears and nobody mails.
    """
    work = _Freezing(send_id, condition, chunk_size)
    enrolled = 0
    with storage.slices() as slices:
        with slices.aside() as connection:
            work.places = _remember_list(connection, list_id, lanes)
        while work.after < work.places:
            first = canary - enrolled  # readers the canary still takes; no slice is half of it and half of others
            with slices.aside() as connection:
                if first > 0:
                    counts = _look(connection, work, by_lane=False, limit=min(SLICE, first))
                else:
                    counts = _look(connection, work, by_lane=bool(lanes), limit=SLICE)
            pieces = _cut_canary(work, counts) if first > 0 else _cut(work, counts)
            if not pieces:
                continue
            with slices.write() as connection:
                enrolled += _write(connection, work, pieces)
            if progress is not None:
                progress(enrolled)
    return enrolled


# --- without the lock ----------------------------------------------------------------------------------------------


def _remember_list(connection: Connection, list_id: int, lanes: Mapping[str, str]) -> int:
    """Make the temporary tables and number the list; returns how long it is."""
    for statement in _CREATE:
        connection.execute(text(statement.format(counting=_COUNTING[connection.dialect.name])))
    if lanes:
        connection.execute(insert(_lane), [{"domain": domain, "lane": lane} for domain, lane in lanes.items()])
    ids = select(subscription.c.id).where(subscription.c.list_id == list_id).order_by(subscription.c.id)
    connection.execute(insert(_list).from_select(["subscription_id"], ids))
    if connection.dialect.name == "postgresql":  # it knows nothing of a new table, and would walk the whole roster
        connection.execute(text("ANALYZE audience_list"))
    last: int | None = connection.execute(select(func.max(_list.c.place))).scalar_one()
    return last or 0


def _look(connection: Connection, work: _Freezing, *, by_lane: bool, limit: int) -> tuple[tuple[str, int], ...]:
    """The next readers of the list who meet the condition, `limit` at most: (lane, how many), in the order of `n`."""
    connection.execute(text(_EMPTY[connection.dialect.name]))
    found = _next_readers(work, by_lane, limit)
    order = [found.c.lane, found.c.place] if by_lane else [found.c.place]
    connection.execute(insert(_row).from_select(found.c.keys(), select(found).order_by(*order)))
    counts = connection.execute(
        select(_row.c.lane, func.count().label("readers"), func.max(_row.c.place).label("last"))
        .group_by(_row.c.lane)
        .order_by(func.min(_row.c.n))
    ).all()
    is_full = sum(count.readers for count in counts) == limit
    work.after = max(count.last for count in counts) if is_full else work.after + LOOK
    return tuple((count.lane, count.readers) for count in counts)


def _next_readers(work: _Freezing, by_lane: bool, limit: int) -> Subquery:
    lane = select(_lane.c.lane).where(_lane.c.domain == subscriber.c.domain).scalar_subquery()
    return (
        select(
            _list.c.place, func.coalesce(lane, "").label("lane") if by_lane else literal("").label("lane"),
            subscription.c.id.label("subscription_id"), subscriber.c.id.label("subscriber_id"),
        )
        .select_from(
            _list.join(subscription, subscription.c.id == _list.c.subscription_id)
            .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        )
        .where(_list.c.place.between(work.after + 1, work.after + LOOK), work.condition)
        .order_by(_list.c.place)
        .limit(limit)
        .subquery()
    )  # fmt: skip


def _cut_canary(work: _Freezing, counts: Iterable[tuple[str, int]]) -> tuple[_Piece, ...]:
    """All readers of the slice into the canary's chunk, whatever their lanes."""
    work.canary = work.canary or _Chunk("", canary=True)
    return _fill(work.canary, 1, sum(n for _, n in counts))


def _cut(work: _Freezing, counts: Iterable[tuple[str, int]]) -> tuple[_Piece, ...]:
    """The readers of the slice into chunks of their lanes, the one left half full first."""
    pieces: list[_Piece] = []
    first = 1
    for lane, n in counts:
        end = first + n
        while first < end:
            filling = work.open.setdefault(lane, _Chunk(lane))
            taken = min(end - first, work.chunk_size - filling.total)
            pieces += _fill(filling, first, taken)
            first += taken
            if filling.total >= work.chunk_size:
                del work.open[lane]
    return tuple(pieces)


def _fill(chunk_: _Chunk, first: int, n: int) -> tuple[_Piece, ...]:
    chunk_.total += n
    return (_Piece(chunk_, first, first + n - 1),) if n else ()


# --- under the lock ------------------------------------------------------------------------------------------------

# Joined again: a reader whom an undone import has just deleted, or taken off, must not be owed a message.
_ENROL: Final = insert(delivery).from_select(
    ["send_id", "chunk_id", "subscriber_id", "subscription_id", "address", "domain"],
    select(
        bindparam("send", type_=BigInteger), bindparam("chunk", type_=BigInteger),
        subscriber.c.id, subscription.c.id, subscriber.c.address, subscriber.c.domain,
    )
    .select_from(
        _row.join(subscription, subscription.c.id == _row.c.subscription_id)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
    )
    .where(_row.c.n.between(bindparam("first"), bindparam("last")))
    .order_by(_row.c.n),
)  # fmt: skip


def _write(connection: Connection, work: _Freezing, pieces: tuple[_Piece, ...]) -> int:
    """Store the pieces of a slice; returns how many readers they have."""
    chunks = [piece.chunk for piece in pieces]
    known = [{"number": one.id, "readers": one.total} for one in chunks if one.id is not None]
    if known:
        connection.execute(_RESIZE, known)
    _store_new(connection, work.send_id, [one for one in chunks if one.id is None])
    rows = [
        {"send": work.send_id, "chunk": piece.chunk.id, "first": piece.first, "last": piece.last} for piece in pieces
    ]
    stored: int = connection.execute(_ENROL, rows, execution_options={"preserve_rowcount": True}).rowcount
    if stored != sum(piece.last - piece.first + 1 for piece in pieces):
        _recount(connection, chunks)
    return stored


_RESIZE: Final = update(chunk).where(chunk.c.id == bindparam("number")).values(total=bindparam("readers"))


def _store_new(connection: Connection, send_id: int, chunks: list[_Chunk]) -> None:
    """Chunks that no slice has stored yet get their ids."""
    if not chunks:
        return
    ids = connection.execute(
        insert(chunk).returning(chunk.c.id, sort_by_parameter_order=True),
        [
            {
                "send_id": send_id, "state": ChunkState.OPEN.value, "lane": one.lane, "canary": one.canary,
                "total": one.total,
            }
            for one in chunks
        ],
    ).scalars()  # fmt: skip
    for one, id_ in zip(chunks, ids, strict=True):
        one.id = id_


def _recount(connection: Connection, chunks: list[_Chunk]) -> None:
    """Readers of these chunks have vanished since they were looked at; a chunk that none is left of goes too."""
    for one in chunks:
        readers = select(func.count()).select_from(delivery).where(delivery.c.chunk_id == one.id)
        one.total = connection.execute(readers).scalar_one()
        if one.total:
            connection.execute(_RESIZE, {"number": one.id, "readers": one.total})
        else:
            connection.execute(delete(chunk).where(chunk.c.id == one.id))
            one.id = None


# --- back ----------------------------------------------------------------------------------------------------------


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
