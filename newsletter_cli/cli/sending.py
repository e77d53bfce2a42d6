"""What `send` and `resume` share: may mail leave at all, the run with its live view, the document and the exit code."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta

from newsletter_cli.cli import garbage
from newsletter_cli.cli.counting import Counting
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run
from newsletter_cli.cli.live import SendView
from newsletter_cli.cli.progress import Header, Snapshot, duration, limit_of, rate_told
from newsletter_cli.cli.standing import (
    document_of,
    exit_of,
    next_steps,
    tell_problem,
    tell_sum,
)
from newsletter_cli.delivery.holder import Holder
from newsletter_cli.delivery.outlets import Outlet, outlets_of
from newsletter_cli.delivery.run import Conditions, Ran, carry_out
from newsletter_cli.delivery.running import Counters, EndKind
from newsletter_cli.delivery.sends import Send, Tally
from newsletter_cli.delivery.states import Outcome, SendState
from newsletter_cli.errors import ConfigError, RefusedError
from newsletter_cli.mail.dkim import signers_of
from newsletter_cli.newsroom import write_private
from newsletter_cli.settings import Rate

# --- may mail leave ------------------------------------------------------------------------------------------------


def demand_way_out(run: Run) -> None:
    """Refuse before anything else when no mail may leave: NO-SEND, NOT-LIVE, or no server named."""
    demand_no_stop(run)
    demand_server(run)
    if not run.settings.safety.live:
        raise not_live(run)


def demand_no_stop(run: Run) -> None:
    """NEWSLETTER_NO_SEND=1 forbids every SMTP connection of this process."""
    if run.no_send:
        raise RefusedError(
            "NO-SEND", "NEWSLETTER_NO_SEND is set: this process opens no SMTP connection.",
            fix="unset NEWSLETTER_NO_SEND, if mail may leave from here",
        )  # fmt: skip


def demand_server(run: Run) -> None:
    """A server has to be named before anything can be sent."""
    if not all(outlet.settings.host for outlet in outlets_of(run.settings)):
        raise ConfigError(
            "CONFIG-VALUE", "smtp.host is empty: no mail server is named.",
            facts=(("where", "newsletter.toml [smtp]"),), fix="newsletter config set smtp.host smtp.example.org",
        )  # fmt: skip


def not_live(run: Run) -> RefusedError:
    """The newsroom has not gone live."""
    return RefusedError(
        "NOT-LIVE", "This newsroom is not live: no mail leaves it.",
        fix=f"newsletter config go-live --confirm {run.settings.newsroom.id}",
    )  # fmt: skip


# --- running ---------------------------------------------------------------------------------------------------------


def conditions_of(run: Run, *, rates: tuple[Rate, ...] | None = None, wait: timedelta | None = None) -> Conditions:
    """What a run is given; reads passwords and signing keys, so that a missing one is told before anything is armed."""
    for outlet in outlets_of(run.settings):
        signers_of(outlet.settings, run.newsroom.root)
    return Conditions(
        settings=run.settings,
        root=run.newsroom.root,
        ehlo_name=ehlo_name(),
        secrets={outlet.name: secret_of(run, outlet) for outlet in outlets_of(run.settings)},
        rates=rates,
        wait=run.settings.smtp.wait if wait is None else wait,
        user=run.user,
    )


def secret_of(run: Run, outlet: Outlet) -> Callable[[], str | None]:
    """How a connection gets what it logs in with: the password, read once, or an access token, asked for anew."""
    smtp = outlet.settings
    if not smtp.username:
        return lambda: None
    if (token := smtp.oauth2) is not None:
        run.secret(token)  # once now: what is wrong with the command is told before anything leaves
        return lambda: run.secret(token)
    if smtp.password is None:
        raise ConfigError(
            "SECRET", f"smtp.username is {smtp.username}, but no password is set.",
            fix="newsletter config set-secret smtp.password",
        )  # fmt: skip
    password = run.secret(smtp.password)
    return lambda: password


def ehlo_name() -> str:
    """This machine's name for EHLO: ASCII, or an address literal where it has none (RFC 5321 §4.1.3)."""
    name = socket.getfqdn()
    usable = name.isascii() and "." in name and not name.endswith((".arpa", "localdomain"))
    return name if usable else "[127.0.0.1]"


def carry(run: Run, send_id: int, holder: Holder, conditions: Conditions) -> Reply:
    """Send what is due, showing how it goes, and say how the send stands then."""
    seen: list[SendView] = []

    @contextlib.contextmanager
    def watch(counters: Counters, send: Send) -> Iterator[None]:
        header = _header(run, counters, send, conditions)
        counting = Counting(counters, header, run.clock, first=0 if send.canary_passed else send.canary)

        def read() -> Snapshot:
            _tell_notes(counters, seen)
            return counting.snapshot()

        with SendView(
            run.out, header, read, footer=lambda snapshot: _footer(run, snapshot, stopping=counters.stopping)
        ) as view:
            seen.append(view)
            yield
        _tell_notes(counters, seen)

    garbage.for_hours()
    ran = carry_out(run.storage, send_id, holder, conditions, clock=run.clock, watch=watch)
    exit_ = exit_of(ran.send, ran.tally, ran.ending.problem, interrupted=ran.ending.kind is EndKind.INTERRUPTED)
    for view in seen:
        view.finish(_tally_snapshot(run, ran.tally), exit_)
    return reply_of(run, ran, exit_)


def _header(run: Run, counters: Counters, send: Send, conditions: Conditions) -> Header:
    now, total = run.clock(), sum(counters.tally.values())
    fresh = counters.tally[Outcome.WAITING] == total
    return Header(
        digest=send.digest,
        list=send.list,
        total=total,
        version=send.version[:8],
        started=now,
        since=now,
        by=run.user,
        rate=rate_told(conditions.shown_rates),
        limit=limit_of(conditions.shown_rates),
        zone=run.settings.newsroom.zone,
        began="started" if fresh else "resumed",
        rows="Domain" if fresh else "Domain (this run)",
    )


def _tell_notes(counters: Counters, seen: list[SendView]) -> None:
    """What the engine has to say is shown above the view."""
    while seen and counters.untold:
        seen[0].note(counters.untold.popleft())


def _tally_snapshot(run: Run, tally: Tally) -> Snapshot:
    return Snapshot(
        at=run.clock(), accepted=tally.accepted, retry=tally.retry, failed=tally.failed, skipped=tally.skipped,
        uncertain=tally.uncertain,
    )  # fmt: skip


def _footer(run: Run, snapshot: Snapshot, *, stopping: bool) -> str:
    if stopping and snapshot.on_wire:
        return run.count(
            "Waiting up to 10 s for the answer to {n} message. Ctrl-C again: it becomes uncertain.",
            "Waiting up to 10 s for the answers to {n} messages. Ctrl-C again: they become uncertain.",
            snapshot.on_wire,
        )
    if not snapshot.on_wire:
        return run._("Ctrl-C pauses. Closing this window does the same.")
    return run.count(
        "Ctrl-C pauses after the {n} message now on the wire. Closing this window does the same.",
        "Ctrl-C pauses after the {n} messages now on the wire. Closing this window does the same.",
        snapshot.on_wire,
    )


# --- how it ended ----------------------------------------------------------------------------------------------------


def reply_of(run: Run, ran: Ran, exit_: Exit) -> Reply:
    """The reply of a run: document, sum line, what to do next; the report is kept for people beside the digest."""
    send, tally = ran.send, ran.tally
    steps = next_steps(send, tally)
    document = document_of(send, tally, seconds=ran.seconds, rate=ran.rate, next_=steps)
    folder = run.newsroom.outbox / send.digest
    with contextlib.suppress(OSError):  # copies for people: a full disk must not hide how the send ended
        folder.mkdir(parents=True, exist_ok=True)
        kept = {"schema": "newsletter.send/1", **document, "exit": int(exit_)}
        write_private(folder / "report.json", (json.dumps(kept, default=str, indent=2) + "\n").encode())
    return Reply(document, exit_, human=lambda: _tell(run, ran), next=steps, schema="send")


def _tell(run: Run, ran: Ran) -> None:
    send, tally, ending = ran.send, ran.tally, ran.ending
    if ending.problem is not None:
        tell_problem(run, ending.problem, tally)
    if send.state is SendState.SENT:
        run.out.done("Sent. Every reader is accounted for:")
    elif send.state is SendState.CANCELLED:
        run.out.result(f"{send.digest} was cancelled:")
    elif ending.kind is EndKind.RETRIES:
        due = ending.next_due.astimezone(run.settings.newsroom.zone) if ending.next_due else None
        when = f", next at {due:%H:%M}" if due else ""
        run.out.result(f"{tally.retry:,} to retry{when}; “newsletter resume” goes on. So far:")
    else:
        run.out.result(f"Paused {send.digest}. Nothing more leaves until it is resumed. So far:")
    tell_sum(run, tally)
    if send.state is SendState.SENT:
        run.out.result(f"  {duration(timedelta(seconds=ran.seconds))} · report saved in outbox/{send.digest}/")
    if tally.unsettled:
        run.out.result(f"  {tally.unsettled:,} uncertain: the connection broke after the message was handed over.")
    if ending.unstored:
        run.out.warn(f"{ending.unstored:,} answers could not be stored; those readers will be shown as uncertain.")
