"""`newsletter digests list | show | export | remove`: the composed issues, their files, and what a reader gets."""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.approval import approvals_for
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.standing import shown_state
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.delivery.sends import find_send, tally
from newsletter_cli.digest.file import digest_ids, digest_path, find_digest, read_digest_file
from newsletter_cli.digest.model import DigestFile
from newsletter_cli.digest.versions import (
    StoredVersion,
    all_slugs,
    find_digest_row,
    forget_digest,
    last_trial,
    latest_version,
    store_version,
)
from newsletter_cli.errors import ConfigError, RefusedError, UsageError
from newsletter_cli.mail.address import parse_address
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.problems import AddressProblem, MailProblem
from newsletter_cli.mail.reader import Reader
from newsletter_cli.newsroom import write_private
from newsletter_cli.storage.acts import note

COLUMNS: Final = (
    Column("id"), Column("state"), Column("list"), Column("readers", right=True), Column("when"),
    Column("subject", arabic=True),
)  # fmt: skip
REMOVED: Final = "removed-digests"  # under data/: a draft that was removed can be put back


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One digest in a list of them."""

    id: str
    state: str
    list: str
    readers: int | None  # of its send; None when it has none
    when: datetime | None  # its sending began, or is due
    subject: str

    def row(self) -> tuple[object, ...]:
        """By COLUMNS."""
        return (self.id, self.state, self.list, self.readers, self.when, self.subject)


@command(
    "digests list",
    examples=("newsletter digests list", "newsletter digests list --format csv"),
    exits=(Exit.OK, Exit.CONFIG),
    formats=LISTING,
)
def list_(run: Run) -> Reply:
    """The newest first. A digest whose file is gone but that was sent is listed too."""
    standings = _standings(run)
    document = {"digests": [dict(zip((c.name for c in COLUMNS), one.row(), strict=True)) for one in standings]}
    rows = [one.row() for one in standings]
    empty = run._("There is no digest yet.")
    steps = () if standings else ("newsletter compose",)
    return Reply(document, listing=Listing(COLUMNS, rows, empty=empty), next=steps)


@command(
    "digests show",
    examples=("newsletter digests show 2026-w42", "newsletter digests show 2026-w42 --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
)
def show(
    run: Run,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Digest.", autocompletion=completion.digests)],
) -> Reply:
    """The digest as its file says it now: articles with their sizes, version, weight, and whether it was tested."""
    from newsletter_cli.digest.check.message import page_size, shown  # lazy: as above
    from newsletter_cli.digest.freeze import freeze  # lazy: as above
    from newsletter_cli.digest.loading import issue_of  # lazy: a list of digests needs no template engine

    file = find_digest(run.newsroom, id_)
    issue = issue_of(file, run.settings, run.newsroom, run.inlined)
    version = freeze(issue).digest_hex()
    standing = _standing(run, file.id, file)
    with run.storage.read() as connection:
        trial = last_trial(connection, file.id)
    approvals = approvals_for(run, file.id, version, file.list)
    size = page_size(issue.html, run.settings.web.public_url)
    tested = trial.at if trial and trial.version == version else None
    document = {
        "digest": file.id,
        "path": file.shown,
        "list": file.list,
        "where": file.where,
        "date": file.date,
        "subject": standing.subject,
        "preheader": file.preheader,
        "state": standing.state,
        "version": version[:8],
        "tested": tested,
        "approvals": len(approvals.counting),
        "needed": approvals.needed,
        "bytes": size,
        "articles": [
            {"slug": entry.article.slug, "size": entry.size.value, "title": entry.article.title}
            for entry in issue.entries
        ],
    }

    def tell() -> None:
        run.out.fields(
            [
                ("id", file.id),
                ("file", file.shown),
                ("state", standing.state),
                ("list", file.list),
                ("where", file.where or None),
                ("date", file.date),
                ("version", version[:8]),
                ("tested", tested or "not this version"),
                ("approved", ", ".join(one.by for one in approvals.counting) or None),
                ("approvals", f"{len(approvals.counting)} of {approvals.needed}" if approvals.needed else None),
                ("html", shown(size)),
                ("subject", standing.subject),
                ("preheader", file.preheader),
            ]
        )
        columns = (Column("number", "#", right=True), Column("article"), Column("size"), Column("title", arabic=True))
        rows = [(e.number, e.article.slug, e.size.value, e.article.title) for e in issue.entries]
        run.out.table(Listing(columns, rows))

    return Reply(document, human=tell, next=(f"newsletter check {file.id}",))


@command(
    "digests export",
    examples=(
        "newsletter digests export 2026-w42 --to html -o digest.html",
        "newsletter digests export 2026-w42 --to eml --as reader1@example.org -o i1.eml",
    ),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
)
def export(
    run: Run,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Digest.", autocompletion=completion.digests)],
    to: Annotated[str, typer.Option("--to", metavar="html|txt|eml", help="Web page, text part or whole message.")] = (
        "html"
    ),
    as_: Annotated[
        str | None, typer.Option("--as", metavar="EMAIL", help="As it would reach this reader; default: a sample.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="File to write; none or -: stdout.")
    ] = None,
) -> Reply:
    """The same bytes as in a send, except for what belongs to one reader and the moment of sending. An address that
    is not on the list gets what a reader of it would get; links of such a copy change nothing."""
    if to not in ("html", "txt", "eml"):
        raise UsageError("USAGE", f"“{to}” is none of html, txt, eml.", sent="", fix="--to html")
    stored = _frozen(run, id_)
    reader = _reader(run, stored, as_)
    try:
        data = _bytes(run, stored.content, reader, to)
    except MailProblem as problem:
        raise RefusedError(
            "CHECKS", problem.sentence, facts=[("reader", reader.email)], fix=f"newsletter check {id_}"
        ) from problem
    path = None if output in (None, "-") else Path(output)
    if path is not None and not run.globals.dry_run:
        _save(run, path, data)
    document = {
        "digest": id_,
        "version": stored.hash[:8],
        "to": to,
        "email": reader.email,
        "path": None if path is None else path.as_posix(),
        "bytes": len(data),
    }

    def tell() -> None:
        if path is None:
            run.out.payload(data.decode())
        else:
            run.out.result(run._("Wrote {path}").format(path=run.out.cell(path)))
            run.out.result(f"  {len(data):,} bytes   version {stored.hash[:8]}")

    return Reply(document, human=tell)


@command(
    "digests remove",
    examples=("newsletter digests remove 2026-w42", "newsletter digests remove 2026-w42 --dry-run"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    changes=True,
)
def remove(
    run: Run,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Digest.", autocompletion=completion.digests)],
) -> Reply:
    """Only a digest that was never sent nor scheduled; its file is kept under data/, so that it can be put back."""
    path = digest_path(run.newsroom, id_)
    with run.storage.read() as connection:
        send = find_send(connection, id_)
        known = find_digest_row(connection, id_) is not None
    if send is not None:
        raise UsageError(
            "USAGE",
            f"{id_} has been sent or scheduled ({send.state.value}); what readers got stays on record.",
            fix=f"newsletter report {id_}" if send.started else f"newsletter cancel {id_}",
        )
    if not path.exists() and not known:
        find_digest(run.newsroom, id_)  # says so, with the likeliest id
    kept = run.newsroom.data / REMOVED / f"{id_}.md"
    if not run.globals.dry_run:
        _remove(run, id_, path, kept)
    shown = [one.relative_to(run.newsroom.root).as_posix() for one in (path, kept)]
    undo = f"mv {shown[1]} {shown[0]}"
    return Reply(
        {"digest": id_, "path": shown[0], "kept": shown[1]},
        human=lambda: _tell_removed(run, shown[0], undo),
    )


def _tell_removed(run: Run, path: str, undo: str) -> None:
    run.out.result(run._("Removed {path}").format(path=path))
    run.out.result(f"{run._('Undo')}   {undo}")


# --- pieces ----------------------------------------------------------------------------------------------------


def _standings(run: Run) -> list[Standing]:
    with run.storage.read() as connection:
        stored = all_slugs(connection)
    files = digest_ids(run.newsroom)
    found = [_standing(run, id_, _file(run, id_)) for id_ in dict.fromkeys((*files, *stored))]
    # What is still to be sent first, then what was sent, each the newest first.
    return sorted(found, key=lambda one: (one.when.timestamp() if one.when else math.inf, one.id), reverse=True)


def _file(run: Run, id_: str) -> DigestFile | None:
    """The file of a digest; None when there is none, or none that can be read: then the database alone speaks."""
    path = digest_path(run.newsroom, id_)
    if not path.is_file():
        return None
    try:
        return read_digest_file(path, root=run.newsroom.root)
    except (ConfigError, RefusedError) as problem:
        run.out.warn(problem.message)
        return None


def _standing(run: Run, id_: str, file: DigestFile | None) -> Standing:
    with run.storage.read() as connection:
        send = find_send(connection, id_)
        counts = tally(connection, send.id) if send else None
        frozen = latest_version(connection, id_)
        trial = last_trial(connection, id_)
    subject = file.subject if file else frozen.subject if frozen else ""
    list_slug = file.list if file else frozen.content.list if frozen else ""
    if send is None or counts is None:
        state = "tested" if frozen and trial and trial.version == frozen.hash else "draft"
        if frozen and approvals_for(run, id_, frozen.hash, frozen.content.list).approved:
            state = "approved"
        return Standing(id=id_, state=state, list=list_slug, readers=None, when=None, subject=subject)
    return Standing(
        id=id_,
        state=shown_state(send, counts),
        list=send.list,
        readers=counts.total,
        when=send.started or send.at,
        subject=send.subject,
    )


def _frozen(run: Run, id_: str) -> StoredVersion:
    """The digest as it was sent or scheduled, else as its file says now, stored under its version."""
    from newsletter_cli.digest.loading import load_issue  # lazy: a list of digests needs no template engine
    from newsletter_cli.digest.versions import version_of  # lazy: with it

    with run.storage.read() as connection:
        send = find_send(connection, id_)
        sent = version_of(connection, send.version) if send is not None else None
    if sent is not None:
        return sent
    issue = load_issue(id_, run.settings, run.newsroom, run.inlined)
    with run.storage.write() as connection:
        return store_version(run.storage, connection, issue, by=run.user, now=run.clock())


def _reader(run: Run, stored: StoredVersion, address: str | None) -> Reader:
    """The reader of that address, or one made up; numbers only for one who is on the list."""
    from newsletter_cli.language import message  # lazy: with the rendering
    from newsletter_cli.subscribers.reading import find  # lazy: as above

    sample = message("mail.sample_reader", stored.content.language)
    if address is None:
        return Reader(email="reader@example.org", name=sample, fields={})
    try:
        parsed = parse_address(address)
    except AddressProblem as problem:
        raise UsageError("USAGE", f"“{address}” is not an address: {problem.sentence}", sent="") from problem
    with run.storage.read() as connection:
        known = find(connection, parsed.key, run.clock(), slug=stored.content.list)
    if known is None:
        return Reader(email=parsed.spelling, name=sample, fields={})
    place = known.on(stored.content.list)
    return Reader(
        email=known.address,
        name=known.name,
        fields=known.fields,
        subscription=place.id if place else 0,
        digest=stored.digest_id if place else 0,
    )


def _bytes(run: Run, content: Content, reader: Reader, to: str) -> bytes:
    from newsletter_cli.delivery.keys import load_keyring  # lazy: with the rendering
    from newsletter_cli.delivery.outlets import press_for  # lazy: as above
    from newsletter_cli.mail.rendering import render_sample  # lazy: as above

    with run.storage.read() as connection:
        press = press_for(content, run.settings, run.newsroom.root, load_keyring(connection), run.clock())
    if to == "eml":
        return press.message(reader).joined()
    sample = render_sample(content, reader, press.compiled.links)
    return (sample.html if to == "html" else sample.text).encode()


def _save(run: Run, path: Path, data: bytes) -> None:
    try:
        write_private(run.around.cwd / path, data)
    except OSError as error:
        raise UsageError("USAGE", f"{path} cannot be written: {error.strerror}.", sent="") from error


def _remove(run: Run, id_: str, path: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.replace(kept)
    with run.storage.write() as connection:
        forget_digest(connection, id_)
        note(connection, at=run.clock(), by=run.user, what="removed", digest=id_)
