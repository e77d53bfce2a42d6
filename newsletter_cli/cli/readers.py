"""What the commands about readers and lists share: the list meant, the filter read, the address understood."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from newsletter_cli.cli.frame import Run
from newsletter_cli.errors import UsageError
from newsletter_cli.mail.address import Address, parse_address
from newsletter_cli.mail.problems import AddressProblem
from newsletter_cli.subscribers.audience import check_names, parse_where
from newsletter_cli.subscribers.records import Row, Subscriber
from newsletter_cli.subscribers.where import Expr

UNCHANGED = "Nothing was changed."


def known_list(run: Run, slug: str) -> str:
    """A list of newsletter.toml; UsageError NOT-FOUND with the nearest name."""
    lists = run.settings.lists
    if slug in lists:
        return slug
    near = get_close_matches(slug, list(lists), n=1)
    guess = f" Did you mean “{near[0]}”?" if near else ""
    raise UsageError(
        "NOT-FOUND",
        f"There is no list “{slug}”.{guess}",
        facts=[("lists", ", ".join(lists))] if lists else [],
        sent="",
        fix="newsletter lists list" if lists else "newsletter lists create SLUG --title TITLE",
        details={"list": slug, "lists": list(lists)},
    )


def list_meant(run: Run, slug: str | None) -> str:
    """The list of --list; without one, the only list there is. UsageError when that is no answer."""
    if slug is not None:
        return known_list(run, slug)
    lists = list(run.settings.lists)
    if len(lists) == 1:
        return lists[0]
    raise UsageError(
        "USAGE",
        "Say which list." if lists else "This newsroom has no list yet.",
        facts=[("lists", ", ".join(lists))] if lists else [],
        sent="",
        fix=f"add: --list {lists[0]}" if lists else "newsletter lists create SLUG --title TITLE",
        details={"lists": lists},
    )


def filter_meant(run: Run, text: str | None) -> Expr:
    """The filter of --where; the lists and digests it names exist."""
    where = parse_where(text or "")
    with run.storage.read() as connection:
        check_names(connection, where, run.settings.lists)
    return where


def address_meant(text: str) -> Address:
    """The address a person typed; UsageError USAGE that says what is wrong with it."""
    try:
        return parse_address(text)
    except AddressProblem as problem:
        raise UsageError(
            "USAGE", problem.sentence, sent="", fix="write it as name@example.org", details={"email": text}
        ) from problem


def no_reader(address: str) -> UsageError:
    """The error for an address nobody has."""
    return UsageError(
        "NOT-FOUND",
        f"No reader has the address {address}.",
        sent="",
        fix="newsletter subscribers list",
        details={"email": address},
    )


def row_document(row: Row) -> dict[str, object]:
    """One reader of many, for --json."""
    return {
        "email": row.address,
        "status": row.status,
        "lists": row.lists,
        "tags": row.tags,
        "joined": row.joined,
        "confirmed": row.confirmed,
        "consent": row.consent,
        "name": row.name,
        "fields": dict(row.fields),
    }


def subscriber_document(reader: Subscriber) -> dict[str, object]:
    """One reader with his lists, for --json; his history is added where it is asked for."""
    return {
        "email": reader.address,
        "name": reader.name,
        "status": reader.status,
        "status_reason": reader.suppressed or reader.status_reason,
        "lists": reader.lists,
        "tags": reader.tags,
        "fields": dict(reader.fields),
        "created": reader.created,
        "subscriptions": [
            {
                "list": one.list,
                "status": one.status,
                "joined": one.joined,
                "confirmed": one.confirmed,
                "paused_until": one.paused_until,
                "left": one.left,
                "left_reason": one.left_reason,
                "consent": one.consent,
                "source": one.source,
            }
            for one in reader.memberships
        ],
    }


def who(name: str, fields: Iterable[str]) -> str:
    """Name and what else may be Arabic, for the one column that may hold it: قارئة · دمشق"""
    return " · ".join(filter(None, (name, *fields)))


def path_shown(run: Run, path: Path) -> str:
    """A path as people read it: from the newsroom's folder where it lies in it."""
    root = run.newsroom.root
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
