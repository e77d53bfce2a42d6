"""Repository of sends: one row for each digest that was ever armed or scheduled, and the sums over its chunks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from newsletter_cli.delivery.states import SENDS, Outcome, SendEvent, SendState
from newsletter_cli.storage.schema import chunk, delivery, digest, list_, send, version


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One send as the database knows it now."""

    id: int
    digest_id: int
    digest: str  # slug
    list_id: int
    list: str  # slug
    version: str  # 64 hex digits
    subject: str
    where: str
    profile: str
    state: SendState
    reason: str  # why paused: an error code or "user"; else ""
    key_number: int
    by: str
    foreground: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    audience: int | None
    at: datetime | None  # scheduled for
    undo_until: datetime | None
    started: datetime | None
    dated: datetime | None
    ended: datetime | None
    holder: str  # the process that armed it in its foreground
    canary: int = 0  # readers written to first
    canary_passed: datetime | None = None  # from when on the others may be written to
    waived: str = ""  # the stop by itself that a person has gone on after


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The numbers that add up: total = accepted + failed + uncertain + skipped + waiting + retry."""

    total: int = 0
    accepted: int = 0
    failed: int = 0
    uncertain: int = 0
    skipped: int = 0
    retry: int = 0
    unsettled: int = 0  # uncertain ones nobody has decided on

    @property
    def waiting(self) -> int:
        """Readers still owed a first answer, those on the wire included."""
        return self.total - self.accepted - self.failed - self.uncertain - self.skipped - self.retry

    @property
    def left(self) -> int:
        """Readers still owed a message."""
        return self.waiting + self.retry

    def recipients(self) -> dict[str, int]:
        """The `recipients` object of every JSON document."""
        return {
            "total": self.total,
            "accepted": self.accepted,
            "failed": self.failed,
            "uncertain": self.uncertain,
            "skipped": self.skipped,
            "waiting": self.waiting,
            "retry": self.retry,
        }


_COLUMNS = (
    send,
    digest.c.slug.label("digest_slug"),
    list_.c.slug.label("list_slug"),
    version.c.subject.label("subject"),
)
_JOINED = (
    send.join(digest, digest.c.id == send.c.digest_id)
    .join(list_, list_.c.id == send.c.list_id)
    .join(version, version.c.hash == send.c.version)
)


def _send_from(row: Row[Any]) -> Send:
    return Send(
        id=row.id,
        digest_id=row.digest_id,
        digest=row.digest_slug,
        list_id=row.list_id,
        list=row.list_slug,
        version=row.version,
        subject=row.subject,
        where=row.where,
        profile=row.profile,
        state=SendState(row.state),
        reason=row.reason,
        key_number=row.key_number,
        by=row.by,
        foreground=row.foreground,
        options=row.options or {},
        audience=row.audience,
        at=row.at,
        undo_until=row.undo_until,
        started=row.started,
        dated=row.dated,
        ended=row.ended,
        holder=row.holder,
        canary=row.canary,
        canary_passed=row.canary_passed,
        waived=row.waived,
    )


def find_send(connection: Connection, digest_slug: str) -> Send | None:
    """The one send of a digest, over all profiles, or None when it was never armed or scheduled."""
    row = connection.execute(select(*_COLUMNS).select_from(_JOINED).where(digest.c.slug == digest_slug)).first()
    return None if row is None else _send_from(row)


def send_by_id(connection: Connection, send_id: int) -> Send:
    """The send with this id; it must exist."""
    return _send_from(connection.execute(select(*_COLUMNS).select_from(_JOINED).where(send.c.id == send_id)).one())


def all_sends(connection: Connection, *states: SendState, limit: int | None = None) -> tuple[Send, ...]:
    """Sends in these states (none named: all), the newest first."""
    query = select(*_COLUMNS).select_from(_JOINED).order_by(send.c.id.desc())
    if states:
        query = query.where(send.c.state.in_([state.value for state in states]))
    return tuple(_send_from(row) for row in connection.execute(query.limit(limit)))


def tally(connection: Connection, send_id: int) -> Tally:
    """The sums of a send: over its chunks, never a scan over its readers."""
    names = ("total", "accepted", "failed", "uncertain", "skipped", "retry")
    sums = connection.execute(
        select(*(func.coalesce(func.sum(chunk.c[name]), 0).label(name) for name in names)).where(
            chunk.c.send_id == send_id
        )
    ).one()
    counts = {name: int(getattr(sums, name)) for name in names}
    unsettled = unsettled_count(connection, send_id) if counts["uncertain"] else 0
    return Tally(**counts, unsettled=unsettled)


def unsettled_count(connection: Connection, send_id: int) -> int:
    """Uncertain readers nobody has decided on; looks only into chunks that have uncertain ones."""
    return connection.execute(
        select(func.count())
        .select_from(delivery.join(chunk, chunk.c.id == delivery.c.chunk_id))
        .where(
            chunk.c.send_id == send_id,
            chunk.c.uncertain > 0,
            delivery.c.outcome == Outcome.UNCERTAIN,
            delivery.c.settled.is_(False),
        )
    ).scalar_one()


def move(connection: Connection, send_id: int, event: SendEvent, **columns: Any) -> bool:
    """Move a send by the table of states; False when the event means nothing in the state it is in.

    columns: further columns to set with the move.  One guarded UPDATE: two who move at once cannot both succeed.
    """
    goals = {start: goal for (start, by), goal in SENDS.items() if by is event}
    for goal in dict.fromkeys(goals.values()):
        starts = [start.value for start, end in goals.items() if end is goal]
        changed = connection.execute(
            update(send).where(send.c.id == send_id, send.c.state.in_(starts)).values(state=goal.value, **columns)
        )
        if changed.rowcount:
            return True
    return False


def holders_of(connection: Connection, send_id: int | None = None) -> frozenset[str]:
    """Names of the processes that lease chunks (of one send, or of all), or arm a send in their foreground."""
    leased: list[ColumnElement[bool]] = [chunk.c.holder != "", chunk.c.state == "leased"]
    arming: list[ColumnElement[bool]] = [
        send.c.holder != "",
        send.c.state.in_([SendState.ARMING, SendState.ARMED, SendState.SENDING]),
    ]
    if send_id is not None:
        leased.append(chunk.c.send_id == send_id)
        arming.append(send.c.id == send_id)
    names = connection.execute(select(chunk.c.holder).where(and_(*leased)).distinct()).scalars().all()
    more = connection.execute(select(send.c.holder).where(and_(*arming)).distinct()).scalars().all()
    return frozenset(names) | frozenset(more)


def recent_audiences(connection: Connection, list_id: int, n: int = 4) -> tuple[int, ...]:
    """How many readers the last n finished sends to a list had, the newest first."""
    rows = connection.execute(
        select(func.sum(chunk.c.total))
        .select_from(chunk.join(send, send.c.id == chunk.c.send_id))
        .where(send.c.list_id == list_id, send.c.state == SendState.SENT)
        .group_by(send.c.id)
        .order_by(send.c.id.desc())
        .limit(n)
    )
    return tuple(int(total) for total in rows.scalars())


def sent_since(connection: Connection, list_id: int, since: datetime) -> tuple[Send, ...]:
    """Sends to a list that began at or after an instant, or are under way."""
    rows = connection.execute(
        select(*_COLUMNS)
        .select_from(_JOINED)
        .where(
            send.c.list_id == list_id,
            or_(send.c.started >= since, send.c.state == SendState.SENDING),
        )
        .order_by(send.c.id.desc())
    )
    return tuple(_send_from(row) for row in rows)
