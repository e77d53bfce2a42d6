"""What happened to a send, read back: failures by reason, domains, what came later, readers one by one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from newsletter_cli.delivery.sends import Send, send_by_id
from newsletter_cli.delivery.states import Outcome
from newsletter_cli.storage.schema import act, chunk, delivery, send

# What a verdict of the reply book means for the reader, in one clause each; the categories of smtp.verdict.
ACTIONS: Final = {
    "dead": "kept on the list; nothing is suspended by this version yet",
    "disabled": "kept on the list; nothing is suspended by this version yet",
    "full": "tried again next issue",
    "transient": "tried again next issue",
    "gave-up": "tried again next issue",
    "throttle": "we were too fast; the reader is untouched",
    "policy": "newsletter help reputation",
    "auth": "our set-up: SPF, DKIM or DMARC",
    "content": "this issue was refused; the reader is untouched",
    "eai": "the server cannot carry this address",
    "login": "our account at the server",
    "cannot-build": "the message could not be built for this reader",
}
REASONS: Final = {
    "dead": "mailbox does not exist",
    "disabled": "mailbox is switched off",
    "full": "mailbox full",
    "transient": "temporary, until we gave up",
    "gave-up": "temporary, until we gave up",
    "throttle": "asked us to slow down",
    "policy": "refused as unwanted",
    "auth": "sender not authenticated",
    "content": "content refused",
    "eai": "address needs SMTPUTF8",
    "login": "login refused",
    "cannot-build": "message could not be built",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Readers who failed for one reason."""

    reason: str  # verdict: dead, full, policy …
    code: int | None
    enhanced: str
    count: int
    domain: str  # of an example
    action: str  # what happens to them now


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What became of the readers of one domain."""

    domain: str
    accepted: int
    failed: int
    retry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One reader of a send; the columns of `report --recipients`."""

    email: str
    outcome: str
    settled: bool
    code: int | None
    enhanced: str
    answer: str
    domain: str
    attempts: int
    at: datetime | None


def failures(connection: Connection, send_id: int) -> tuple[Failure, ...]:
    """Failed readers grouped by verdict and answer code, the most frequent first."""
    n = func.count().label("n")
    rows = connection.execute(
        select(delivery.c.reason, delivery.c.code, delivery.c.enhanced, func.min(delivery.c.domain).label("domain"), n)
        .select_from(delivery.join(chunk, chunk.c.id == delivery.c.chunk_id))
        .where(chunk.c.send_id == send_id, chunk.c.failed > 0, delivery.c.outcome == Outcome.FAILED.value)
        .group_by(delivery.c.reason, delivery.c.code, delivery.c.enhanced)
        .order_by(n.desc(), delivery.c.reason, delivery.c.code)
    )
    return tuple(
        Failure(
            reason=row.reason or "unknown",
            code=row.code,
            enhanced=row.enhanced,
            count=row.n,
            domain=row.domain,
            action=ACTIONS.get(row.reason, "kept on the list"),
        )
        for row in rows
    )


def domains(connection: Connection, send_id: int, limit: int = 20) -> tuple[Domain, ...]:
    """The domains with the most readers, and what became of those."""

    def counted(outcome: Outcome) -> ColumnElement[int]:
        return func.sum(case((delivery.c.outcome == outcome.value, 1), else_=0))

    rows = connection.execute(
        select(
            delivery.c.domain,
            counted(Outcome.ACCEPTED).label("accepted"),
            counted(Outcome.FAILED).label("failed"),
            counted(Outcome.RETRY).label("retry"),
        )
        .select_from(delivery.join(chunk, chunk.c.id == delivery.c.chunk_id))
        .where(chunk.c.send_id == send_id)
        .group_by(delivery.c.domain)
        .order_by(func.count().desc(), delivery.c.domain)
        .limit(limit)
    )
    return tuple(Domain(domain=row.domain, accepted=row.accepted, failed=row.failed, retry=row.retry) for row in rows)


def unsubscribed_since(connection: Connection, list_slug: str, since: datetime, until: datetime) -> int:
    """How many readers left a list in a span of time, by themselves."""
    return connection.execute(
        select(func.count()).where(
            act.c.what == "unsubscribed", act.c.list == list_slug, act.c.at >= since, act.c.at < until
        )
    ).scalar_one()


def issues_before(connection: Connection, found: Send, number: int) -> tuple[Send, ...]:
    """The sends to the same list that began before this one, the newest first; at most `number`."""
    before = send.c.started.is_not(None) if found.started is None else send.c.started < found.started
    ids = connection.execute(
        select(send.c.id)
        .where(send.c.list_id == found.list_id, send.c.id != found.id, before)
        .order_by(send.c.started.desc(), send.c.id.desc())
        .limit(number)
    ).scalars()
    return tuple(send_by_id(connection, id_) for id_ in ids.all())


def recipients(connection: Connection, send_id: int, outcome: Outcome) -> Iterator[Recipient]:
    """The readers of a send with one outcome, in the order of sending; read as they are asked for."""
    rows = connection.execute(
        select(delivery)
        .select_from(delivery.join(chunk, chunk.c.id == delivery.c.chunk_id))
        .where(chunk.c.send_id == send_id, delivery.c.outcome == outcome.value)
        .order_by(delivery.c.id)
        .execution_options(yield_per=1000)
    )
    for row in rows:
        yield Recipient(
            email=row.address,
            outcome=row.outcome,
            settled=row.settled,
            code=row.code,
            enhanced=row.enhanced,
            answer=row.answer or (row.reason if outcome is Outcome.SKIPPED else ""),
            domain=row.domain,
            attempts=row.attempt,
            at=row.at,
        )
