"""newsletter report --compare: an issue beside those that the same list got before it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from newsletter_cli.cli.frame import Run
from newsletter_cli.cli.progress import duration
from newsletter_cli.cli.standing import document_of, shown_state
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.delivery import reporting, sends
from newsletter_cli.delivery.sends import Send, Tally

LATER: Final = timedelta(hours=48)  # for which readers who leave are counted to an issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One issue of a comparison."""

    send: Send
    tally: Tally
    unsubscribed: int  # readers who left the list within 48 hours of its start

    @property
    def took(self) -> timedelta | None:
        """From its first message to its end; None while it goes on."""
        send = self.send
        return send.ended - send.started if send.started is not None and send.ended is not None else None


def compare(run: Run, send: Send, number: int) -> tuple[Compared, ...]:
    """This issue, and at most `number` that the list got before it, the newest first."""
    with run.storage.read() as connection:
        found = (send, *reporting.issues_before(connection, send, number))
        return tuple(
            Compared(
                send=one,
                tally=sends.tally(connection, one.id),
                unsubscribed=reporting.unsubscribed_since(connection, one.list, one.started, one.started + LATER)
                if one.started is not None
                else 0,
            )
            for one in found
        )


def documents(compared: tuple[Compared, ...]) -> list[dict[str, Any]]:
    """The `compare` of the report's document: the issues before this one."""
    kept = ("digest", "version", "state", "started", "seconds", "rate", "recipients")
    return [
        {**{key: document[key] for key in kept}, "ended": one.send.ended, "later": {"unsubscribed": one.unsubscribed}}
        for one in compared[1:]
        for document in [document_of(one.send, one.tally)]
    ]


def rows(compared: tuple[Compared, ...]) -> Listing:
    """Bare numbers, for csv and jsonl."""
    names = ("readers", "accepted", "failed", "uncertain", "skipped", "left", "unsubscribed", "seconds")
    columns = (
        Column("digest"), Column("state"), Column("started"), *(Column(name, right=True) for name in names),
        Column("subject", arabic=True),
    )  # fmt: skip
    return Listing(columns, [_row(one) for one in compared])


def _row(one: Compared) -> tuple[object, ...]:
    tally, took = one.tally, one.took
    return (
        one.send.digest, shown_state(one.send, tally), one.send.started, tally.total, tally.accepted, tally.failed,
        tally.uncertain, tally.skipped, tally.left, one.unsubscribed, None if took is None else took.total_seconds(),
        one.send.subject,
    )  # fmt: skip


def table(run: Run, compared: tuple[Compared, ...]) -> Listing:
    """Shares instead of numbers, for people: issues are of different size."""
    numbers = ("Readers", "Accepted", "Failed", "Uncertain", "Skipped", "Unsubscribed")
    columns = (
        Column("Digest"), Column("Sent"), *(Column(name, right=True) for name in numbers), Column("Took"),
        Column("Subject", arabic=True),
    )  # fmt: skip
    zone = run.settings.newsroom.zone
    lines = []
    for one in compared:
        tally, began, took = one.tally, one.send.started, one.took
        counts = (tally.accepted, tally.failed, tally.uncertain, tally.skipped, one.unsubscribed)
        lines.append(
            (
                one.send.digest, f"{began.astimezone(zone):%Y-%m-%d}" if began else "", f"{tally.total:,}",
                *(share(count, tally.total) for count in counts),
                duration(took) if took is not None else shown_state(one.send, tally), one.send.subject,
            )
        )  # fmt: skip
    return Listing(columns, lines)


def share(count: int, total: int) -> str:
    """99.61 %: two places, so that 9 of 12,480 can be told from none; a share that is not 0 or all never looks so."""
    if not total or count in (0, total):
        return "0 %" if not count else "100 %"
    return f"{min(max(100 * count / total, 0.01), 99.99):.2f} %"
