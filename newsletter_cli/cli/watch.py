"""newsletter status --watch: the live view of a send that another process carries out.

Everything comes from the database: one short read twice a second, sums over chunks, so that it costs the same for a
hundred readers and for a million. The table has a row for each lane; domains would need a look at every reader.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import FrameType
from typing import Final

from newsletter_cli.cli.frame import Run
from newsletter_cli.cli.live import SendView, animates
from newsletter_cli.cli.progress import (
    Header,
    RowCount,
    Snapshot,
    canary_sentence,
    duration,
    lane_sentence,
    limit_of,
    rate_told,
    rates_of,
)
from newsletter_cli.cli.standing import exit_of
from newsletter_cli.delivery import sends, standing
from newsletter_cli.delivery.lanes import LaneView
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.standing import LaneSum
from newsletter_cli.delivery.states import SendState
from newsletter_cli.errors import NewsletterError

BETWEEN: Final = 0.5  # seconds between two reads
# A process that has just begun, or waits with every chunk given back, holds no lease: it is not gone yet.
GONE_AFTER: Final = 3.0
GOING: Final = (SendState.ARMED, SendState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A send as one read found it."""

    at: datetime
    send: Send
    tally: Tally
    workers: tuple[str, ...]  # processes that are alive
    named: bool  # some process is named, alive or not
    sums: tuple[LaneSum, ...]
    lanes: tuple[LaneView, ...]  # that rest or are held back


def follow(run: Run, digest: str | None) -> str | None:
    """Show a send until it ends, its process is gone, or a signal asks to stop watching; the send is not touched.

    digest: which; None = what is sending now.  Returns the digest there is something to say about, or None.
    """
    found = _find(run, digest)
    if found is None:
        return digest
    look = _look(run, found.id)
    if look.send.state is SendState.ARMING or _goes_on(look):
        with _stop_asked() as stop:
            _show(run, _wait_until_armed(run, look, stop), stop)
    return found.digest


def _find(run: Run, digest: str | None) -> Send | None:
    """The send that is meant: by name, else the one that is sending, the longest first, else the one last paused."""
    with run.storage.read() as connection:
        if digest is not None:
            return sends.find_send(connection, digest)
        going = sends.all_sends(connection, *GOING, SendState.ARMING)[::-1]
        alive = [send for send in going if standing.living(connection, run.newsroom.holders, send, run.clock())]
        paused = sends.all_sends(connection, SendState.PAUSED, limit=1)
    if len(alive) > 1:
        names = ", ".join(send.digest for send in alive[1:])
        run.out.say(run._("Also sending: {names}").format(names=names))
    return next(iter((*alive, *going, *paused)), None)


def _look(run: Run, send_id: int) -> Look:
    now = run.clock()
    with run.storage.read() as connection:
        send = sends.send_by_id(connection, send_id)
        return Look(
            at=now,
            send=send,
            tally=sends.tally(connection, send_id),
            workers=standing.living(connection, run.newsroom.holders, send, now),
            named=bool(sends.holders_of(connection, send_id)),
            sums=standing.lane_sums(connection, send_id),
            lanes=standing.lanes_held_back(connection, now),
        )


def _goes_on(look: Look) -> bool:
    return look.send.state in GOING and (bool(look.workers) or not look.named)


def _wait_until_armed(run: Run, look: Look, stop: threading.Event) -> Look:
    """While a send writes down its readers, nothing of it counts yet."""
    if look.send.state is SendState.ARMING and look.workers:
        run.out.say(run._("Its readers are being written down; it begins after that."))
    while look.send.state is SendState.ARMING and look.workers and not stop.wait(BETWEEN):
        look = _look(run, look.send.id)
    return look


@contextmanager
def _stop_asked() -> Iterator[threading.Event]:
    """Set by Ctrl-C, SIGTERM and SIGHUP: who only watches just goes."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Watching:
    """The looks at one send, and the view that draws the last of them."""

    def __init__(self, run: Run, first: Look) -> None:
        self.look = first
        self._run = run
        self._unseen = 0.0  # seconds since a process was seen alive
        self._trouble = ""
        # On a terminal the view itself shows what rests already.
        self._told = {lane.key: lane.resting_until for lane in first.lanes} if animates(run.out) else {}

    def snapshot(self) -> Snapshot:
        return snapshot_of(self.look, self._run)

    def goes_on(self) -> bool:
        return self.look.send.state in GOING and self._unseen < GONE_AFTER

    def read(self, view: SendView) -> None:
        """Look again. A database that cannot be read now is no reason to stop watching."""
        try:
            self.look = _look(self._run, self.look.send.id)
        except NewsletterError as error:
            if error.message != self._trouble:
                self._trouble = error.message
                view.note(f"{error.message} Trying again.")
            return
        self._trouble = ""
        self._unseen = 0.0 if self.look.workers else self._unseen + BETWEEN
        self.tell_rests(view)

    def tell_rests(self, view: SendView) -> None:
        """A lane that has begun to rest is told once, and stays above the view."""
        for lane in self.look.lanes:
            resting = lane.resting_until is not None and lane.resting_until > self.look.at
            if resting and self._told.get(lane.key) != lane.resting_until:
                self._told[lane.key] = lane.resting_until
                view.note(lane_sentence(lane, self.look.at, self._run.settings.newsroom.zone))


def _show(run: Run, look: Look, stop: threading.Event) -> None:
    watching = _Watching(run, look)
    footer = _footer(run)
    with SendView(run.out, _header(run, look), watching.snapshot, footer=lambda _: footer) as view:
        watching.tell_rests(view)
        while watching.goes_on() and not stop.wait(BETWEEN):
            watching.read(view)
    look = watching.look
    if look.send.state not in GOING:
        view.finish(watching.snapshot(), exit_of(look.send, look.tally))
    elif stop.is_set():
        run.out.say(run._("No longer watching; the send goes on."))
    else:
        run.out.warn(run._("No process works on it any more."))


def _footer(run: Run) -> str:
    sentence = run._("Ctrl-C stops watching; the send goes on. To stop it:")
    # A command stands on a line of its own below a sentence in Arabic: beside it, its words would change places.
    return f"{sentence}{chr(10) if run.out.words.language == 'ar' else ' '}newsletter pause"


def _header(run: Run, look: Look) -> Header:
    send = look.send
    rates = rates_of(run.settings, send.options)
    return Header(
        digest=send.digest,
        list=send.list,
        total=look.tally.total,
        version=send.version[:8],
        started=send.started or send.undo_until or look.at,
        since=look.at,
        by=send.by,
        rate=rate_told(rates),
        limit=limit_of(rates),
        zone=run.settings.newsroom.zone,
        rows="Lane",
    )


def snapshot_of(look: Look, run: Run) -> Snapshot:
    """A read as the view draws it."""
    send, tally, zone = look.send, look.tally, run.settings.newsroom.zone
    told = [lane_sentence(lane, look.at, zone) for lane in look.lanes]
    told.insert(0, canary_sentence(send.canary, send.canary_passed, look.at, zone))
    rows = tuple(RowCount(lane.key or "others", lane.accepted, lane.retry, lane.failed) for lane in look.sums)
    return Snapshot(
        at=look.at, accepted=tally.accepted, retry=tally.retry, failed=tally.failed, skipped=tally.skipped,
        uncertain=tally.uncertain, state=_state_told(send, run.clock()), rows=rows,
        standing=tuple(sentence for sentence in told if sentence),
    )  # fmt: skip


def _state_told(send: Send, now: datetime) -> str:
    if send.state is SendState.ARMED and send.undo_until is not None and send.undo_until > now:
        return f"begins in {duration(send.undo_until - now)}"
    return send.state.value
