"""newsletter lists: what readers can subscribe to. Settings stand in newsletter.toml, readers in the database."""

from dataclasses import asdict
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.output import number
from newsletter_cli.cli.readers import filter_meant, known_list, list_meant
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.errors import UsageError
from newsletter_cli.settings.edit import ListChange, add_list, edit_list, remove_list
from newsletter_cli.storage.acts import note
from newsletter_cli.subscribers.audience import LeftOut, count, reasons_left_out
from newsletter_cli.subscribers.lists import ListNumbers, close_list, list_id, list_numbers
from newsletter_cli.subscribers.where import expression

COLUMNS: Final = (
    Column("slug", "List"), Column("opt_in", "Opt-in"), Column("public", "Public"),
    Column("active", "Active", right=True), Column("waiting", "Waiting", right=True),
    Column("left_30d", "Left-30-d", right=True), Column("title", "Title", arabic=True),
)  # fmt: skip

Slug = Annotated[str, typer.Argument(metavar="LIST", help="Slug of the list.", autocompletion=completion.lists)]
Title = Annotated[str | None, typer.Option("--title", metavar="TITLE", help="What readers see.")]
Single = Annotated[
    bool | None, typer.Option("--single/--double", help="Whether an address is enough, or it has to be confirmed.")
]
Public = Annotated[bool | None, typer.Option("--public/--private", help="On the subscribe page and in the archive.")]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="For the subscribe page.", rich_help_panel="More")
]
Language = Annotated[
    str | None, typer.Option("--language", metavar="CODE", help="ar en fa he ur fr", rich_help_panel="More")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="MAILBOX", help="Sender of this list.", rich_help_panel="More")
]
ReplyTo = Annotated[
    str | None, typer.Option("--reply-to", metavar="MAILBOX", help="Where answers go.", rich_help_panel="More")
]
Where = Annotated[str | None, typer.Option("--where", metavar="EXPR", help="Only these readers, such as tag:sport.")]


@command(
    "lists list",
    examples=("newsletter lists list", "newsletter lists list --json"),
    exits=(Exit.OK, Exit.CONFIG),
    formats=LISTING,
)
def list_(run: Run) -> Reply:
    """Active counts those a send may reach; waiting, those who have not confirmed."""
    rows = [_row(run, slug) for slug in run.settings.lists]
    document = {"lists": [dict(zip((column.name for column in COLUMNS), row, strict=True)) for row in rows]}
    steps = () if rows else ("newsletter lists create SLUG --title TITLE",)
    return Reply(document, listing=Listing(COLUMNS, rows, empty=run._("There is no list yet.")), next=steps)


@command(
    "lists create",
    examples=('newsletter lists create weekly --title "النشرة الأسبوعية"', "newsletter lists create breaking --single"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    changes=True,
)
def create(
    run: Run,
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Small Latin letters, digits, dot, dash.")],
    title: Title = None,
    single: Single = None,
    public: Public = None,
    description: Description = None,
    language: Language = None,
    from_: From = None,
    reply_to: ReplyTo = None,
) -> Reply:
    """Writes [lists.SLUG] into newsletter.toml; comments there stay. Without --single a new reader has to confirm."""
    change = _change(title, single, public, description, language, from_, reply_to)
    if slug in run.settings.lists:
        raise UsageError("USAGE", f"There is already a list “{slug}”.", sent="", fix=f"newsletter lists edit {slug}")
    if not run.globals.dry_run:
        with run.storage.write() as connection:
            # Inside the transaction: a file that cannot be written leaves no row, and no line in the log.
            add_list(run.newsroom.root, slug, change, config=run.newsroom.config)
            list_id(connection, slug, create=run.clock())
            note(connection, at=run.clock(), by=run.user, what="created list", list=slug)
    opt_in = change.opt_in or "double"
    return Reply(
        {"slug": slug, "title": title or slug, "opt_in": opt_in, "public": public is not False},
        human=lambda: run.out.done(run._("List {slug} created.").format(slug=slug)),
        next=(f"newsletter subscribers import FILE --list {slug}",),
    )


@command(
    "lists show",
    examples=("newsletter lists show weekly", "newsletter lists show weekly --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
)
def show(run: Run, slug: Slug) -> Reply:
    """Settings and numbers of one list."""
    known_list(run, slug)
    settings, numbers = run.settings.lists[slug], _numbers(run, slug)
    facts = {
        "slug": slug, "opt_in": settings.opt_in, "public": settings.public, "language": settings.language,
        "from": settings.from_, "reply_to": settings.reply_to, **asdict(numbers),
        "description": settings.description, "title": settings.title or slug,
    }  # fmt: skip
    shown = [(name, value) for name, value in facts.items() if value not in ("", None)]
    return Reply(facts, human=lambda: run.out.fields(shown))


@command(
    "lists edit",
    examples=('newsletter lists edit weekly --title "نشرة الأسبوع"', "newsletter lists edit weekly --private"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    changes=True,
)
def edit(
    run: Run,
    slug: Slug,
    title: Title = None,
    single: Single = None,
    public: Public = None,
    description: Description = None,
    language: Language = None,
    from_: From = None,
    reply_to: ReplyTo = None,
) -> Reply:
    """Changes [lists.SLUG] in newsletter.toml; comments there stay. Readers who wait for confirmation go on waiting."""
    known_list(run, slug)
    change = _change(title, single, public, description, language, from_, reply_to)
    values = change.values()
    if not values:
        raise UsageError("USAGE", "Say what to change.", sent="", fix=f"newsletter lists edit {slug} --title TITLE")
    if not run.globals.dry_run:
        with run.storage.write() as connection:
            edit_list(run.newsroom.root, slug, change, config=run.newsroom.config)
            note(connection, at=run.clock(), by=run.user, what="edited list", list=slug, details=", ".join(values))
    return Reply(
        {"slug": slug, "changed": dict(values)},
        human=lambda: run.out.done(run._("List {slug} changed: {what}.").format(slug=slug, what=", ".join(values))),
        next=(f"newsletter lists show {slug}",),
    )


@command(
    "lists remove",
    examples=("newsletter lists remove old", "newsletter lists remove old --confirm old"),
    exits=(Exit.OK, Exit.USAGE, Exit.NOT_CONFIRMED, Exit.CONFIG, Exit.BUSY),
    changes=True,
)
def remove(
    run: Run,
    slug: Slug,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="LIST", help="The slug again, when the list has readers.")
    ] = None,
) -> Reply:
    """Takes the list out of newsletter.toml and its readers off it. Who left stays on record: a new list of that name
    and an old file cannot write to them again."""
    known_list(run, slug)
    numbers = _numbers(run, slug)
    if not run.globals.dry_run:
        _demand_yes(run, slug, numbers, confirm)
        with run.storage.write() as connection:
            close_list(connection, slug, run.clock(), by=run.user)
            remove_list(run.newsroom.root, slug, config=run.newsroom.config)
    readers = run.count("{n} reader is off it.", "{n} readers are off it.", numbers.readers)
    said = run._("List {slug} removed.").format(slug=slug)
    return Reply({"slug": slug, "readers": numbers.readers}, human=lambda: run.out.done(f"{said} {readers}"))


@command(
    "lists count",
    examples=("newsletter lists count weekly", "newsletter lists count weekly --where 'tag:sport -tag:vip'"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
)
def count_(
    run: Run,
    slug: Annotated[
        str | None, typer.Argument(metavar="LIST", help="Slug of the list.", autocompletion=completion.lists)
    ] = None,
    where: Where = None,
    list_: Annotated[str | None, typer.Option("--list", metavar="LIST", help="The same as LIST.")] = None,
) -> Reply:
    """How many readers a send would reach now, and who would be left out."""
    if slug is not None and list_ is not None and slug != list_:
        raise UsageError("USAGE", "Name one list.", sent="", fix=f"newsletter lists count {slug}")
    chosen = list_meant(run, slug or list_)
    expr = filter_meant(run, where)
    with run.storage.read() as connection:
        number_ = list_id(connection, chosen)
        if number_ is None:  # nobody ever joined it
            readers, left_out = 0, LeftOut()
        else:
            readers = count(connection, run.clock(), list_id=number_, where=expr)
            left_out = reasons_left_out(connection, run.clock(), list_id=number_, where=expr)
    reasons = {name: n for name, n in asdict(left_out).items() if n}
    shown = [("list", chosen), ("where", expression(expr) or None), ("readers", number(readers))]
    if reasons:
        shown.append(("left out", ", ".join(f"{number(n)} {name}" for name, n in reasons.items())))
    document = {"list": chosen, "where": where or "", "count": readers, "left_out": asdict(left_out)}
    return Reply(document, human=lambda: run.out.fields(shown))


def _row(run: Run, slug: str) -> tuple[object, ...]:
    settings, numbers = run.settings.lists[slug], _numbers(run, slug)
    return (
        slug, settings.opt_in, settings.public, numbers.active, numbers.waiting, numbers.left_30d,
        settings.title or slug,
    )  # fmt: skip


def _numbers(run: Run, slug: str) -> ListNumbers:
    with run.storage.read() as connection:
        return list_numbers(connection, slug, run.clock())


def _change(
    title: str | None,
    single: bool | None,
    public: bool | None,
    description: str | None,
    language: str | None,
    from_: str | None,
    reply_to: str | None,
) -> ListChange:
    opt_in = None if single is None else "single" if single else "double"
    return ListChange(
        title=title, opt_in=opt_in, public=public, description=description, language=language, from_=from_,
        reply_to=reply_to,
    )  # fmt: skip


def _demand_yes(run: Run, slug: str, numbers: ListNumbers, confirm: str | None) -> None:
    """Severe while somebody is on it: the name is typed or given. An empty list is a y/N question."""
    if not numbers.readers:
        if confirm is not None:
            run.ask.given(confirm, slug)
        else:
            run.confirm(run._("Remove the empty list {slug}?").format(slug=slug))
        return
    run.out.say(run.count("{n} reader is on {slug}.", "{n} readers are on {slug}.", numbers.readers, slug=slug))
    run.ask_name(slug, run._("Type the name of the list to remove it"), f"--confirm {slug}", given=confirm)
