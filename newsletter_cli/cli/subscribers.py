"""newsletter subscribers: readers one by one and many at a time. Files in and out: imports.py, exports.py."""

from collections.abc import Iterable
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.exports import export
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.imports import Joining, import_, undo
from newsletter_cli.cli.output import number
from newsletter_cli.cli.readers import (
    address_meant,
    filter_meant,
    list_meant,
    no_reader,
    row_document,
    subscriber_document,
    who,
)
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.cli.tags import tag
from newsletter_cli.errors import UsageError
from newsletter_cli.mail.mistyped import likely_mistyped
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.subscribers.leaves import Leaves
from newsletter_cli.subscribers.listing import count_rows
from newsletter_cli.subscribers.reading import suppressed_because
from newsletter_cli.subscribers.records import Happening, Joined, Kind, Outcome, Row, Stats, Subscriber
from newsletter_cli.subscribers.roster import NewReader, Roster, suppression_key
from newsletter_cli.subscribers.taking_off import TakingOff
from newsletter_cli.subscribers.values import clean_tag, clean_value, is_field

__all__ = ["add", "export", "import_", "list_", "remove", "show", "stats", "suppress", "tag", "undo"]

SCREEN: Final = 100  # readers shown on a terminal unless --limit says more
FOR_PEOPLE: Final = (
    Column("email"), Column("status"), Column("lists"), Column("joined"), Column("who", "Name and city", arabic=True),
)  # fmt: skip
FOR_PROGRAMS: Final = tuple(
    Column(name) for name in ("email", "status", "lists", "tags", "joined", "confirmed", "consent", "city", "name")
)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Address of the reader.")]
List = Annotated[
    str | None, typer.Option("--list", metavar="LIST", help="Slug of the list.", autocompletion=completion.lists)
]
Where = Annotated[str | None, typer.Option("--where", metavar="EXPR", help="Only these readers, such as tag:sport.")]


@command(
    "subscribers list",
    examples=(
        "newsletter subscribers list --list weekly",
        "newsletter subscribers list --where 'tag:sport' --format csv",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    formats=LISTING,
)
def list_(
    run: Run,
    slug: List = None,
    where: Where = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = None,
) -> Reply:
    """All readers in the order they came, whatever their status; with --list those of one list, also who left it."""
    chosen = None if slug is None else list_meant(run, slug)
    expr = filter_meant(run, where)
    roster = Roster(run.storage, run.clock)
    if run.globals.format != "table":
        rows = roster.rows(slug=chosen, where=expr, limit=limit)
        document = {"subscribers": map(row_document, rows)} if run.globals.json else {}
        listing = None if run.globals.json else Listing(FOR_PROGRAMS, map(_cells, rows))
        return Reply(document, listing=listing)
    screen = limit or (SCREEN if run.out.stdout.isatty() else None)
    rows = roster.rows(slug=chosen, where=expr, limit=screen)
    if screen is not None and limit is None:
        with run.storage.read() as connection:
            more = count_rows(connection, run.clock(), slug=chosen, where=expr) - screen
        if more > 0:
            run.out.say(f"{run.count('{n} more', '{n} more', more)}   --limit N")
    return Reply(listing=Listing(FOR_PEOPLE, map(_line, rows), empty=run._("No reader.")))


@command(
    "subscribers show",
    examples=(
        "newsletter subscribers show reader1@example.org",
        "newsletter subscribers show reader1@example.org --json",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
)
def show(run: Run, email: Email, slug: List = None) -> Reply:
    """Everything known of one reader, then every message with the server's own answer, and who did what."""
    address = address_meant(email)
    chosen = None if slug is None else list_meant(run, slug)
    roster = Roster(run.storage, run.clock)
    found = roster.find(address.key, slug=chosen)
    if found is None:
        raise _nobody(run, address.key)
    happened = roster.history(found.id)
    document = subscriber_document(found) | {"history": [_happening(one) for one in happened]}
    return Reply(document, human=lambda: _tell(run, found, happened))


@command(
    "subscribers add",
    examples=(
        "newsletter subscribers add reader1@example.org --list weekly --name ليلى",
        'newsletter subscribers add reader1@example.org --status active --consent "by telephone, 12 Oct 2026"',
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.NOT_CONFIRMED, Exit.CONFIG, Exit.BUSY),
    changes=True,
)
def add(
    run: Run,
    email: Email,
    slug: List = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="As the reader writes it.")] = "",
    consent: Annotated[str, typer.Option("--consent", metavar="TEXT", help="How and when the reader agreed.")] = "",
    status: Annotated[
        Joining | None, typer.Option("--status", metavar="STATUS", help="pending or active; active needs --consent.")
    ] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=TEXT", help="A field of the reader, such as city=دمشق.")
    ] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="A tag to put on.")] = None,
) -> Reply:
    """A new reader waits for confirmation unless the list is single opt-in or --status says active. Whoever left the
    list earlier stays away: only the reader lifts that."""
    chosen = list_meant(run, slug)
    if status is Joining.ACTIVE and not consent.strip():
        raise UsageError(
            "USAGE", "--status active needs --consent: how and when the reader agreed.", sent="",
            fix='--consent "by telephone, 12 Oct 2026"',
        )  # fmt: skip
    by_list = run.settings.lists[chosen].opt_in == "single"
    new = NewReader(
        address=address_meant(email),
        list=chosen,
        active=status is Joining.ACTIVE or (status is None and by_list),
        name=clean_value(name),
        fields=_fields(fields or ()),
        tags=tuple(_tag(text) for text in tags or ()),
        consent=clean_value(consent),
    )
    _ask_if_mistyped(run, new)
    if run.globals.dry_run:
        return Reply({"email": new.address.spelling, "list": chosen, "outcome": None})
    joined = Roster(run.storage, run.clock).add(new, by=run.user)
    reader = joined.subscriber
    document: dict[str, object] = {"email": new.address.spelling, "list": chosen, "outcome": joined.outcome}
    if reader is not None:
        document |= subscriber_document(reader)
    return Reply(document, human=lambda: _tell_joined(run, new, joined))


@command(
    "subscribers remove",
    examples=(
        "newsletter subscribers remove reader1@example.org --list weekly",
        "newsletter subscribers remove reader1@example.org reader2@example.org --list weekly --json",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.BUSY),
    changes=True,
)
def remove(
    run: Run,
    emails: Annotated[list[str], typer.Argument(metavar="EMAIL", help="Addresses of readers.")],
    slug: List = None,
) -> Reply:
    """Takes readers off a list, at once, also for a send in progress. The record stays: no import brings them back."""
    chosen = list_meant(run, slug)
    addresses = [address_meant(email) for email in emails]
    if run.globals.dry_run:
        return Reply({"list": chosen, "removed": [one.spelling for one in addresses], "already": [], "unknown": []})
    done = _taking_off(run).remove(addresses, chosen, by=run.user)
    for address in done.unknown:
        run.out.warn(run._("{address} is not on {list}.").format(address=run.out.cell(address), list=chosen))
    if not done.removed and not done.already:
        raise no_reader(done.unknown[0])
    said = run.count("{n} reader taken off {list}.", "{n} readers taken off {list}.", len(done.removed), list=chosen)
    return Reply(
        {"list": chosen, "removed": done.removed, "already": done.already, "unknown": done.unknown},
        human=lambda: run.out.done(said) if done.removed else run.out.result(run._("Nothing to do: left before.")),
    )


@command(
    "subscribers suppress",
    examples=(
        'newsletter subscribers suppress reader1@example.org --reason "asked us by letter"',
        "newsletter subscribers suppress @example.org",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.BUSY),
    changes=True,
)
def suppress(
    run: Run,
    target: Annotated[str, typer.Argument(metavar="EMAIL|@DOMAIN", help="An address, or a whole domain.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept on record.")] = "",
) -> Reply:
    """From now on nobody writes there, whatever list it is on or joins, also in a send in progress."""
    try:
        key = suppression_key(target) or address_meant(target).key
    except AddressProblem as problem:
        raise UsageError("USAGE", problem.sentence, sent="", fix="write it as @example.org") from problem
    if run.globals.dry_run:
        return Reply({"key": key, "reason": reason, "already": False, "readers": 0})
    done = _taking_off(run).suppress(key, clean_value(reason), by=run.user)
    said = run.count("{n} reader gets nothing more.", "{n} readers get nothing more.", done.readers)
    return Reply(
        {"key": done.key, "reason": done.reason, "already": done.already, "readers": done.readers},
        human=lambda: run.out.done(f"{run.out.cell(done.key)}: {said}"),
    )


@command(
    "subscribers stats",
    examples=("newsletter subscribers stats", "newsletter subscribers stats --json"),
    exits=(Exit.OK, Exit.CONFIG),
)
def stats(run: Run) -> Reply:
    """How many readers there are, by status, list, domain and tag."""
    found = Roster(run.storage, run.clock).stats()
    document = {
        "subscribers": found.subscribers,
        "status": dict(found.by_status),
        "lists": [{"slug": one.slug, "status": dict(one.by_status)} for one in found.lists],
        "domains": [{"domain": domain, "count": n} for domain, n in found.domains],
        "tags": [{"tag": word, "count": n} for word, n in found.tags],
        "suppressed": {"addresses": found.suppressed_addresses, "domains": found.suppressed_domains},
        "without_consent": found.without_consent,
    }
    return Reply(document, human=lambda: _tell_stats(run, found))


def _taking_off(run: Run) -> TakingOff:
    return TakingOff(run.storage, Leaves(run.newsroom.root), run.clock)


# --- words -----------------------------------------------------------------------------------------------------


def _cells(row: Row) -> tuple[object, ...]:
    return (
        row.address, row.status, ";".join(row.lists), ";".join(row.tags), row.joined, row.confirmed, row.consent,
        row.fields.get("city", ""), row.name,
    )  # fmt: skip


def _line(row: Row) -> tuple[object, ...]:
    joined = row.joined.date() if row.joined else ""
    return (row.address, row.status, " ".join(row.lists), joined, who(row.name, [row.fields.get("city", "")]))


def _happening(one: Happening) -> dict[str, object]:
    what = {"kind": one.kind, "at": one.at, "list": one.list, "digest": one.digest}
    if one.kind is Kind.ACT:
        return what | {"what": one.what, "by": one.by, "details": one.details}
    return what | {
        "outcome": one.what, "code": one.code, "enhanced": one.enhanced, "answer": one.answer, "reason": one.details,
    }  # fmt: skip


def _tell(run: Run, found: Subscriber, happened: Iterable[Happening]) -> None:
    out = run.out
    why = found.suppressed or found.status_reason
    facts: list[tuple[str, object]] = [("email", found.address), ("status", found.status)]
    facts += [("because", why)] if why else []
    facts += [("name", found.name)] if found.name else []
    facts += list(found.fields.items())
    facts += [("tags", ", ".join(found.tags))] if found.tags else []
    facts += [("since", found.created)]
    for one in found.memberships:
        parts = [one.status.value, f"joined {out.when(one.joined)}"]
        parts += [f"confirmed {out.when(one.confirmed)}"] if one.confirmed else []
        parts += [f"paused until {out.when(one.paused_until)}"] if one.paused_until and not one.left else []
        parts += [f"left {out.when(one.left)} ({one.left_reason})"] if one.left else []
        parts += [one.source, one.consent]
        facts.append((one.list, " · ".join(filter(None, parts))))
    out.fields(facts)
    for happening in happened:
        out.result(f"{out.when(happening.at)}  {out.cell(_said(happening))}")


def _said(one: Happening) -> str:
    if one.kind is Kind.ACT:
        return " ".join(filter(None, (one.digest, one.list, one.what, f"by {one.by}", one.details)))
    answer = " ".join(filter(None, (str(one.code or ""), one.enhanced, one.answer)))
    return " ".join(filter(None, (one.digest, one.what, answer or one.details)))


def _tell_joined(run: Run, new: NewReader, joined: Joined) -> None:
    address, list_ = run.out.cell(new.address.spelling), new.list
    if joined.outcome is Outcome.ADDED:
        waiting = run._("waits for confirmation; this version does not send the confirmation mail yet")
        state = run._("active") if new.active else waiting
        run.out.done(f"{address} → {list_}: {state}.")
    elif joined.outcome is Outcome.ALREADY:
        run.out.result(run._("{address} is on {list} already.").format(address=address, list=list_))
    elif joined.outcome is Outcome.UNSUBSCRIBED:
        said = run._("{address} left {list} earlier and stays away: only the reader lifts that.")
        run.out.result(said.format(address=address, list=list_))
    else:
        run.out.result(run._("{address} stays as it is: nobody may write there.").format(address=address))
    if joined.filled:
        run.out.result(run._("Filled in: {fields}.").format(fields=", ".join(joined.filled)))


def _tell_stats(run: Run, found: Stats) -> None:
    def sums(counts: Iterable[tuple[str, int]]) -> str:
        return ", ".join(f"{number(n)} {name}" for name, n in counts)

    facts = [("readers", number(found.subscribers)), ("status", sums(found.by_status.items()))]
    facts += [(one.slug, sums(one.by_status.items())) for one in found.lists]
    facts += [("domains", sums(found.domains)), ("tags", sums(found.tags))]
    shut = [(run._("addresses"), found.suppressed_addresses), (run._("domains"), found.suppressed_domains)]
    facts += [("suppressed", sums((name, n) for name, n in shut if n))]
    facts += [("no consent", number(found.without_consent))] if found.without_consent else []
    run.out.fields((label, value) for label, value in facts if value)


# --- what was typed --------------------------------------------------------------------------------------------


def _nobody(run: Run, key: str) -> UsageError:
    """The error for an address that is no reader; it may be suppressed all the same."""
    with run.storage.read() as connection:
        why = suppressed_because(connection, key)
    error = no_reader(key)
    return (
        error
        if why is None
        else UsageError(
            "NOT-FOUND", error.message, facts=[("suppressed", why)], sent="", fix=error.fix, details=error.details
        )
    )


def _fields(given: Iterable[str]) -> dict[str, str]:
    """--set FIELD=TEXT as a table."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not is_field(name.strip()):
            raise UsageError(
                "USAGE", f"“{text}” is no field and text.", sent="", fix="--set city=دمشق (small Latin letters)"
            )
        found[name.strip()] = clean_value(value)
    return {name: value for name, value in found.items() if value}


def _tag(text: str) -> str:
    word = clean_tag(text.removeprefix("+"))
    if word is None:
        raise UsageError("USAGE", f"“{text}” cannot be a tag.", sent="", fix="--tag sport")
    return word


def _ask_if_mistyped(run: Run, new: NewReader) -> None:
    meant = likely_mistyped(new.address.domain)
    if meant is not None:
        question = run._("{domain} is probably mistyped: {meant}? Add the address as it was typed?")
        run.confirm(question.format(domain=new.address.domain, meant=meant))
