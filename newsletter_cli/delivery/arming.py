"""Arming a send: from "this version, this list" to an outbox whose undo window is open.

    schedule ─▶ scheduled ─┐
    claim_digest ──────────┴▶ arming ─ freeze ─▶ armed ─ begin ─▶ sending
                                 └────── undo ◀────┘

There is one send for each digest, over all profiles: whoever comes second finds the first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, select, update

from newsletter_cli.delivery import sends
from newsletter_cli.delivery.enrol import freeze_audience, unfreeze
from newsletter_cli.delivery.holder import Life, life_of
from newsletter_cli.delivery.sends import Send, move
from newsletter_cli.delivery.states import SendEvent, SendState
from newsletter_cli.errors import BusyError
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import digest, send
from newsletter_cli.subscribers import audience
from newsletter_cli.subscribers.audience import Expr, parse_where


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be sent, to whom, by whom."""

    digest: str  # slug
    version: str  # 64 hex digits, stored
    list_id: int
    where: str
    profile: str
    key_number: int
    by: str
    audience: int  # readers that were confirmed
    canary: int = 0  # readers written to first
    options: dict[str, object]  # what the command line fixed: {"rate": …}; JSON-safe


def schedule(connection: Connection, storage: Storage, order: Order, at: datetime, now: datetime) -> int:
    """Store a send that is due later: its content is frozen now, its readers when it is armed.

    BusyError BUSY when the digest has a send already.
    """
    return _insert(connection, storage, order, now, state=SendState.SCHEDULED, at=at, holder="")


def reschedule(connection: Connection, scheduled: Send, at: datetime) -> None:
    """Another time for a scheduled send; its frozen content stays."""
    changed = connection.execute(
        update(send).where(send.c.id == scheduled.id, send.c.state == SendState.SCHEDULED.value).values(at=at)
    ).rowcount
    if not changed:
        raise busy(scheduled.digest)


def claim_digest(
    connection: Connection, storage: Storage, order: Order, holder: str, holders: Path, now: datetime
) -> int:
    """Take the digest for this process: a send in `arming`, new, or the scheduled one of it.

    One that a dead process left in `arming` is taken over: nothing of it had counted. BusyError when it is taken.
    """
    found = sends.find_send(connection, order.digest)
    if found is None:
        return _insert(connection, storage, order, now, state=SendState.ARMING, at=None, holder=holder)
    if found.state is SendState.ARMING and life_of(holders, found.holder) is not Life.ALIVE:
        taken = connection.execute(
            update(send)
            .where(send.c.id == found.id, send.c.state == SendState.ARMING.value, send.c.holder == found.holder)
            .values(
                holder=holder, version=order.version, where=order.where, by=order.by, options=order.options,
                profile=order.profile, list_id=order.list_id, canary=order.canary,
            )
        ).rowcount  # fmt: skip
    else:
        taken = move(connection, found.id, SendEvent.ARM, holder=holder, foreground=True, by=order.by,
                     canary=order.canary)  # fmt: skip
    if not taken:
        raise busy(order.digest)
    return found.id


def _insert(
    connection: Connection,
    storage: Storage,
    order: Order,
    now: datetime,
    *,
    state: SendState,
    at: datetime | None,
    holder: str,
) -> int:
    digest_id = connection.execute(select(digest.c.id).where(digest.c.slug == order.digest)).scalar_one()
    statement = storage.insert(send).values(
        digest_id=digest_id,
        version=order.version,
        list_id=order.list_id,
        where=order.where,
        profile=order.profile,
        state=state.value,
        key_number=order.key_number,
        by=order.by,
        foreground=state is SendState.ARMING,
        audience=order.audience,
        options=order.options,
        canary=order.canary,
        at=at,
        created=now,
        holder=holder,
    )
    send_id = connection.execute(statement.on_conflict_do_nothing().returning(send.c.id)).scalar()
    if send_id is None:
        raise busy(order.digest)
    return int(send_id)


def busy(digest_slug: str) -> BusyError:
    """Another process arms or sends this digest."""
    return BusyError(
        "BUSY", f"Another process is sending {digest_slug}.", fix=f"newsletter status {digest_slug}"
    )  # fmt: skip


def freeze(
    storage: Storage,
    send_id: int,
    *,
    list_id: int,
    where: Expr,
    chunk_size: int,
    lanes: Mapping[str, str],
    canary: int,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write the audience of a send in `arming`; returns how many readers. What an earlier try left is cleared first.

    lanes: {domain: lane}.  canary: how many readers go first.
    """
    unfreeze(storage, send_id)
    return freeze_audience(
        storage,
        send_id=send_id,
        list_id=list_id,
        condition=audience.eligible(now, list_id=list_id, where=where),
        chunk_size=chunk_size,
        lanes=lanes,
        canary=canary,
        progress=progress,
    )


def arm(connection: Connection, send_id: int, *, audience_size: int, now: datetime, undo: timedelta) -> None:
    """The audience is frozen: the undo window opens."""
    if not move(connection, send_id, SendEvent.FROZEN, audience=audience_size, undo_until=now + undo):
        raise busy(sends.send_by_id(connection, send_id).digest)


def arm_again(
    storage: Storage, left: Send, holder: str, *, chunk_size: int, lanes: Mapping[str, str], now: datetime
) -> int:
    """Finish what a dead process left in `arming`: it was confirmed, so it is frozen anew and armed; returns how many.

    The caller compares the number with the one that was confirmed, and undoes it when it is another.
    """
    with storage.write() as connection:
        taken = connection.execute(
            update(send)
            .where(send.c.id == left.id, send.c.state == SendState.ARMING.value, send.c.holder == left.holder)
            .values(holder=holder)
        ).rowcount
        if not taken:
            raise busy(left.digest)
    readers = freeze(
        storage, left.id, list_id=left.list_id, where=parse_where(left.where), chunk_size=chunk_size, lanes=lanes,
        canary=left.canary, now=now,
    )  # fmt: skip
    with storage.write() as connection:
        arm(connection, left.id, audience_size=readers, now=now, undo=timedelta(0))
    return readers


def begin(connection: Connection, send_id: int, now: datetime) -> bool:
    """The undo window is over: sending. False when somebody paused or cancelled it meanwhile."""
    return move(connection, send_id, SendEvent.BEGIN, started=now, dated=now)


def undo(storage: Storage, armed: Send) -> None:
    """As if it had never been armed: the rows go, and a scheduled send waits for its time again.

    Safe at any moment before `begin`; does nothing after it.
    """
    with storage.write() as connection:
        back = connection.execute(
            update(send)
            .where(send.c.id == armed.id, send.c.state.in_([SendState.ARMING.value, SendState.ARMED.value]))
            .values(state=SendState.ARMING.value, holder="", undo_until=None)
        ).rowcount
    if not back:
        return
    unfreeze(storage, armed.id)
    with storage.write() as connection:
        if armed.at is not None:
            connection.execute(
                update(send).where(send.c.id == armed.id).values(state=SendState.SCHEDULED.value, foreground=False)
            )
        else:
            connection.execute(delete(send).where(send.c.id == armed.id))


def unschedule(storage: Storage, scheduled: Send, by: str, now: datetime) -> None:
    """A scheduled send, or one that a dead process left in `arming`, is removed: the digest is a draft again."""
    with storage.write() as connection:
        gone = connection.execute(
            update(send)
            .where(send.c.id == scheduled.id, send.c.state.in_([SendState.SCHEDULED.value, SendState.ARMING.value]))
            .values(state=SendState.ARMING.value, at=None, holder="")
        ).rowcount
        if not gone:
            raise busy(scheduled.digest)
        note(connection, at=now, by=by, what="unscheduled", digest=scheduled.digest, list=scheduled.list)
    unfreeze(storage, scheduled.id)
    with storage.write() as connection:
        connection.execute(delete(send).where(send.c.id == scheduled.id))
