"""A database from the past must not send again: a backup put back, a copy, a standby that lacks the last commits.

    is_from_the_past   it shows fewer flights than this machine has committed
    mark               its sends are paused, its ids go a million ahead, and nothing leaves with it …
    demand_present     … BUSY, until a person says that its original never runs again:
    original_gone      whoever was waiting in a send that had begun may have got it since: uncertain

What it does not know cannot be told from the database itself: its original may have sent to any of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, and_, delete, func, or_, select, text, update

from newsletter_cli.delivery import sends
from newsletter_cli.delivery.chunks import close, doubt, lock_chunks, write_chunks
from newsletter_cli.delivery.enrol import first_chunks
from newsletter_cli.delivery.flights import Flights, noted
from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.sends import Send, move
from newsletter_cli.delivery.states import ChunkState, Outcome, SendEvent, SendState
from newsletter_cli.errors import BusyError
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.lineage import lineage_of, name_anew, step_aside
from newsletter_cli.storage.schema import EPOCH, MICROSECOND, chunk, delivery, setting

REASON: Final = "restored"  # why such a send is paused, and what its uncertain readers have as their reason
ORIGINAL: Final = "original"  # key in `setting`: there as long as the original may still be sending; its value is why
RESTORED: Final = "restored"  # key in `setting`: the instant of the last restore, in microseconds
# A copy lacks what came last: the sends with the highest ids, and the one that is about to go on.
LATEST: Final = 50
BEGUN: Final = (SendState.ARMED, SendState.SENDING, SendState.PAUSED)  # armed: seconds later its original began it
NOT_BEGUN: Final = (SendState.SCHEDULED, SendState.ARMING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What has to be known before anybody sends with a database that was put back."""

    why: str  # "put back from FILE", "3 sends show fewer flights than were committed"
    at: datetime
    paused: tuple[str, ...]  # digests whose sends had begun
    untouched: tuple[str, ...]  # scheduled, or about to be armed, in this copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What became of it once the original is gone."""

    digests: tuple[str, ...]
    readers: int  # that are uncertain now and were owed a message before


def begin(storage: Storage, holders: Path, holder: Holder, send_id: int, *, by: str, now: datetime) -> Flights:
    """For the beginning of a run: BusyError for a database from the past; else the notes to write after each commit."""
    demand_present(storage, holders, send_id, by=by, now=now)
    with storage.read() as connection:
        lineage = lineage_of(connection)
        shown = _shown(connection, [send_id]).get(send_id, 0)
    flights = Flights(holders, holder, lineage)
    flights.begin(send_id, shown)
    return flights


def demand_present(storage: Storage, holders: Path, send_id: int | None = None, *, by: str, now: datetime) -> None:
    """Nothing for a database that knows all that was sent with it. One from the past is marked; then BusyError BUSY.

    holders: the folder of this machine's notes.  send_id: the one about to go on; None = one that is new.
    """
    with storage.read() as connection:
        standing = standing_of(connection)
    lacking = 0 if standing is not None else len(_lacking(storage, holders, send_id))
    if lacking:
        standing = mark(storage, why=_fewer(lacking), by=by, now=now)
    if standing is not None:
        raise _refusal(storage.place, standing)


def _fewer(number: int) -> str:
    sends_ = "1 send shows" if number == 1 else f"{number} sends show"
    return f"{sends_} fewer flights than were committed"


def is_from_the_past(storage: Storage, holders: Path, send_id: int | None = None) -> bool:
    """Whether the database shows fewer flights of a send than this machine's processes have committed to it."""
    return bool(_lacking(storage, holders, send_id))


def _lacking(storage: Storage, holders: Path, send_id: int | None) -> tuple[int, ...]:
    """Sends of which it does not know all; also such as it does not have at all."""
    with storage.read() as connection:
        lineage = lineage_of(connection)
    # Before the look they are held against, which shows one moment: what a sender notes after that, it cannot show.
    known = noted(holders, lineage)
    ids = sorted(known)[-LATEST:]
    if send_id is not None and send_id in known:
        ids.append(send_id)
    with storage.read() as connection:
        shown = _shown(connection, ids)
    return tuple(id_ for id_ in dict.fromkeys(ids) if shown.get(id_, 0) < known[id_])


def _shown(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    rows = connection.execute(
        select(chunk.c.send_id, func.sum(chunk.c.flights)).where(chunk.c.send_id.in_(ids)).group_by(chunk.c.send_id)
    )
    return {row[0]: int(row[1]) for row in rows}


# --- marking -----------------------------------------------------------------------------------------------------


def standing_of(connection: Connection) -> Standing | None:
    """Set while nobody has said that the original is gone; None for a database that may send."""
    kept = connection.execute(select(setting).where(setting.c.key.in_([ORIGINAL, RESTORED]))).all()
    values = {row.key: row.value for row in kept}
    if ORIGINAL not in values:
        return None
    begun = sends.all_sends(connection, *BEGUN)
    return Standing(
        why=values[ORIGINAL],
        at=EPOCH + int(values[RESTORED]) * MICROSECOND,
        paused=tuple(one.digest for one in begun),
        untouched=tuple(one.digest for one in sends.all_sends(connection, *NOT_BEGUN)),
    )


def mark(storage: Storage, *, why: str, by: str, now: datetime, anew: bool = False) -> Standing:
    """From here on nothing leaves with this database. What is marked stays as it is.

    why: a phrase for people.  anew: also one that was marked when the copy was made, which has to step aside again.
    """
    with storage.write() as connection:
        if anew:
            connection.execute(delete(setting).where(setting.c.key == ORIGINAL))
        values = {"key": ORIGINAL, "value": why}
        if connection.execute(_REMEMBER_FIRST, values).rowcount:
            connection.execute(_REMEMBER, {"key": RESTORED, "value": str((now - EPOCH) // MICROSECOND)})
            for one in sends.all_sends(connection, SendState.ARMED, SendState.SENDING):
                move(connection, one.id, SendEvent.PAUSE, reason=REASON)
                note(connection, at=now, by=by, what="paused", digest=one.digest, list=one.list, details=REASON)
            step_aside(connection)
            note(connection, at=now, by=by, what="restored", details=why)
        standing = standing_of(connection)
    assert standing is not None
    return standing


_REMEMBER = text(
    "INSERT INTO setting (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
_REMEMBER_FIRST = text("INSERT INTO setting (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING")


def _refusal(place: str, standing: Standing) -> BusyError:
    facts = [("database", place), ("because", standing.why)]
    if standing.paused:
        facts.append(("paused", ", ".join(standing.paused)))
    if standing.untouched:
        facts.append(("not begun", f"{', '.join(standing.untouched)}: look whether the original has sent it"))
    return BusyError(
        "BUSY",
        "This database is a copy from the past: its original may be sending still.",
        facts=facts,
        fix="Once the original never runs again: newsletter db restore --original-gone",
        details={"because": standing.why, "paused": list(standing.paused), "untouched": list(standing.untouched)},
    )


# --- the original is gone ----------------------------------------------------------------------------------------


def original_gone(storage: Storage, holders: Path, *, by: str, now: datetime) -> Gone:
    """A person says that the original never runs again: this database may send from here on.

    Everybody a begun send still owed a message may have got it from the original: uncertain, for a person to decide
    on, in slices. Sends that the original began after the copy was made are cancelled; others that had not begun stay
    as they are. Stopped half-way, it is to be called again.
    """
    mark(storage, why="said by hand", by=by, now=now)
    with storage.read() as connection:
        known = noted(holders, lineage_of(connection))
        begun = sends.all_sends(connection, *BEGUN)
        begun += tuple(one for one in sends.all_sends(connection, *NOT_BEGUN) if known.get(one.id))
    readers = sum(_doubt_all(storage, one.id, now) for one in begun)
    with storage.write() as connection:
        for one in begun:
            _settle_state(connection, one, now)
        connection.execute(delete(setting).where(setting.c.key == ORIGINAL))
        name_anew(connection)  # what was noted for the original says nothing of this one any more
        note(connection, at=now, by=by, what="said that the original is gone", details=f"{readers} readers uncertain")
    return Gone(digests=tuple(one.digest for one in begun), readers=readers)


def _settle_state(connection: Connection, one: Send, now: datetime) -> None:
    """Nobody waits any more: a begun send is over, and opens again for `resume --uncertain retry` only."""
    if one.state in NOT_BEGUN:
        move(connection, one.id, SendEvent.CANCEL, reason=REASON, ended=now)
    else:
        move(connection, one.id, SendEvent.FINISH, reason="", ended=now)


def _doubt_all(storage: Storage, send_id: int, now: datetime) -> int:
    unsent = chunk.c.total - chunk.c.accepted - chunk.c.failed - chunk.c.uncertain - chunk.c.skipped
    open_ = or_(unsent > 0, chunk.c.state != ChunkState.DONE.value, chunk.c.in_flight != "[]")
    total = 0
    with storage.slices() as slices:
        while True:
            with slices.write() as connection:
                ids = first_chunks(connection, send_id, open_)
                if not ids:
                    return total
                total += _doubt_in(connection, ids, now)


def _doubt_in(connection: Connection, ids: Iterable[int], now: datetime) -> int:
    rows = lock_chunks(connection, ids)
    total = len(doubt(connection, rows.values(), now))
    for row in rows.values():
        row.in_flight.clear()
        for outcome in (Outcome.WAITING, Outcome.RETRY):
            changed = connection.execute(
                update(delivery)
                .where(and_(delivery.c.chunk_id == row.id, delivery.c.outcome == outcome.value))
                .values(outcome=Outcome.UNCERTAIN.value, reason=REASON, at=now, due=None, settled=False)
            ).rowcount
            row.counts[Outcome.UNCERTAIN.value] += changed
            if outcome is Outcome.RETRY:
                row.counts[Outcome.RETRY.value] -= changed
            total += changed
        connection.execute(update(chunk).where(chunk.c.id == row.id).values(epoch=chunk.c.epoch + 1))
        close(connection, row)
    write_chunks(connection, rows)
    return total
