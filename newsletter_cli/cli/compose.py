"""`newsletter compose [ID] [SLUG…]`: a digest file from articles, written only when it can be rendered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

import typer

from newsletter_cli.articles.model import Article
from newsletter_cli.articles.reading import Failure
from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.digest import compose as composing
from newsletter_cli.digest.choose import LeftOut, Picked, Since, added, named, pick
from newsletter_cli.digest.counting import has_picture, word_count
from newsletter_cli.digest.facts import list_settings
from newsletter_cli.digest.file import (
    digest_ids,
    digest_path,
    digest_text,
    find_digest,
    read_digest_file,
    with_articles,
    write_digest_file,
)
from newsletter_cli.digest.loading import all_articles
from newsletter_cli.digest.model import DigestFile, Issue, Size
from newsletter_cli.digest.render import render_issue
from newsletter_cli.digest.slots import escape_delimiters
from newsletter_cli.digest.versions import ensure_digest, latest_version, sent_issues
from newsletter_cli.errors import RefusedError, UsageError
from newsletter_cli.language import read_date
from newsletter_cli.newsroom import atomic_write
from newsletter_cli.storage.acts import note
from newsletter_cli.subscribers.where import parse_where

COLUMNS: Final = (
    Column("number", "#", right=True), Column("article"), Column("date"), Column("words", right=True), Column("image"),
    Column("title", arabic=True),
)  # fmt: skip
NAMED_AT_MOST: Final = 5  # of one reason, in the line that says what was left out
COUNTED: Final = frozenset({"older", "limit"})  # reasons told by number: their articles are no surprise


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line said."""

    id: str | None
    names: tuple[str, ...]
    list: str | None
    since: str | None
    limit: int | None
    subject: str | None
    where: str | None
    correction_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A digest file as it would be written, and where its articles came from."""

    file: DigestFile
    text: str
    picked: Picked
    since: Since
    issue: Issue


def several_names(words: list[str]) -> list[str]:
    """`--articles a b c` as the parser wants it: each word up to the next option is a name of its own."""
    written: list[str] = []
    after = False
    for word in words:
        if word == "--articles":
            after = True
        elif word.startswith("-"):
            after = False
            written.append(word)
        else:
            written += ["--articles", word] if after else [word]
    return written if "--articles" not in words[-1:] else [*written, "--articles"]


@command(
    "compose",
    examples=("newsletter compose", "newsletter compose 2026-w42 --list weekly --articles wheat school-year"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
    changes=True,
    prepare=several_names,
)
def compose(
    run: Run,
    id_: Annotated[
        str | None, typer.Argument(metavar="ID", help="Id of the digest; none: by compose.id, the week.")
    ] = None,
    slugs: Annotated[list[str] | None, typer.Argument(metavar="SLUG…", help="Articles, in this order.")] = None,
    list_: Annotated[
        str | None, typer.Option("--list", metavar="LIST", help="For this list.", autocompletion=completion.lists)
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Articles since last (the issue before) or a date.")
    ] = None,
    articles: Annotated[
        list[str] | None,
        typer.Option("--articles", metavar="SLUG|GLOB", help="These articles, in this order; may be undated."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="NUMBER", min=1, help="At most so many articles.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="TEXT", help="Subject; default: compose.subject.")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", metavar="EXPR", help="Only for readers of the list who fit.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Add new articles at the end; keep order, intro and subject.")
    ] = False,
    correction_of: Annotated[
        str | None,
        typer.Option("--correction-of", metavar="ID", help="For those who got that digest.", rich_help_panel="More"),
    ] = None,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Print the digest file instead of writing it.", rich_help_panel="More")
    ] = False,
) -> Reply:
    """Takes the articles that are new since the last issue of the list, or those that are named. Drafts and articles
    without a date are left out, with the reason."""
    names = [*(articles or []), *(slugs or [])]
    asked = Asked(
        id=id_,
        names=tuple(name for word in names for name in word.split(",") if name),
        list=list_,
        since=since,
        limit=limit,
        subject=subject,
        where=where,
        correction_of=correction_of,
    )
    if where:
        parse_where(where)
    made = _updated(run, asked) if update else _new(run, asked, overwrite=stdout)
    if not (run.globals.dry_run or stdout):
        _write(run, made, update=update)
    return _reply(run, made, stdout=stdout)


# --- what to make ----------------------------------------------------------------------------------------------


def _new(run: Run, asked: Asked, *, overwrite: bool) -> Made:
    """A new digest file.  RefusedError DIGEST-EXISTS when there is one, unless it will only be printed."""
    corrected = _corrected(run, asked.correction_of) if asked.correction_of else None
    list_ = _list_of(run, asked.list or (corrected.list if corrected else None))
    day = run.clock().astimezone(run.settings.newsroom.zone).date()
    id_ = asked.id or composing.default_id(run.settings, day, list_)
    path = digest_path(run.newsroom, id_)
    if path.exists() and not overwrite:
        raise RefusedError(
            "DIGEST-EXISTS",
            f"{path.relative_to(run.newsroom.root).as_posix()} is there already.",
            fix=f"newsletter compose {id_} --update, or another ID",
            details={"digest": id_},
        )
    reading = all_articles(run.settings, run.newsroom)
    nothing_new = corrected is not None and not asked.names  # a correction is words; articles only when named
    picked, since = (Picked(()), Since()) if nothing_new else _choose(run, asked, reading.articles, list_, id_)
    picked = _with_failures(picked, reading.failures)
    if not picked.articles and corrected is None:
        raise _nothing(picked, since)
    subject = asked.subject
    if subject is None and corrected is not None:
        subject = composing.correction_subject(corrected.subject, _language(run, list_))
    order = composing.Order(
        id=id_,
        list=list_,
        day=day,
        subject=subject,
        where=" ".join(filter(None, (f"received:{asked.correction_of}" if corrected else "", asked.where))),
    )
    file = composing.new_file(order, picked.articles, run.settings, run.newsroom)
    issue = render_issue(file, reading.articles, run.settings, run.newsroom)
    return Made(file=file, text=digest_text(file), picked=picked, since=since, issue=issue)


def _updated(run: Run, asked: Asked) -> Made:
    """An existing file with new articles at its end."""
    day = run.clock().astimezone(run.settings.newsroom.zone).date()
    list_ = asked.list or next(iter(run.settings.lists), "")
    file = find_digest(run.newsroom, asked.id or composing.default_id(run.settings, day, list_))
    reading = all_articles(run.settings, run.newsroom)
    picked, since = _choose(run, asked, reading.articles, file.list, file.id)
    there = {choice.slug for choice in file.articles}
    picked = _with_failures(
        Picked(tuple(one for one in picked.articles if one.slug not in there), picked.left_out), reading.failures
    )
    larger = added(file, picked.articles)
    text = file.path.read_bytes().decode("utf-8-sig")
    if picked.articles:
        text = with_articles(text, larger.articles, file.lines)
    issue = render_issue(larger, reading.articles, run.settings, run.newsroom)
    return Made(file=larger, text=text, picked=picked, since=since, issue=issue)


def _choose(run: Run, asked: Asked, articles: Sequence[Article], list_: str, id_: str) -> tuple[Picked, Since]:
    settings = run.settings.compose.pick
    if asked.names:
        picked = named(articles, asked.names, settings.order)
        kept = picked.articles[: asked.limit]
        beyond = tuple(LeftOut(article.slug, "limit") for article in picked.articles[len(kept) :])
        return Picked(kept, (*picked.left_out, *beyond)), Since()
    since = _since(run, asked.since or settings.since, list_, id_)
    return pick(articles, since, limit=asked.limit or settings.limit, order=settings.order), since


def _since(run: Run, words: str, list_: str, id_: str) -> Since:
    if words != "last":
        read = read_date(words, run.settings.newsroom.language)
        if read is None or read.date is None:
            raise UsageError("USAGE", f"“{words}” is no date.", fix="--since last, or --since 2026-10-07")
        return Since(read.date)
    files = []
    for other in digest_ids(run.newsroom):
        if other != id_:
            files.append(read_digest_file(digest_path(run.newsroom, other), root=run.newsroom.root))
    zone = run.settings.newsroom.zone
    with run.storage.read() as connection:
        sent = [(slug, at.astimezone(zone).date(), slugs) for slug, at, slugs in sent_issues(connection, list_)]
    return composing.since_last([file for file in files if file.list == list_], sent, id_)


def _list_of(run: Run, slug: str | None) -> str:
    """The list named, or the only one."""
    lists = list(run.settings.lists)
    if slug is None:
        if len(lists) == 1:
            return lists[0]
        what = f"for one of: {', '.join(lists)}" if lists else "there is no list yet"
        raise UsageError(
            "USAGE",
            f"A digest is for a list; {what}.",
            fix="--list LIST" if lists else "newsletter lists create weekly",
        )
    list_settings(slug, run.settings)
    return slug


def _language(run: Run, list_: str) -> str:
    return run.settings.lists[list_].language or run.settings.newsroom.language


@dataclass(frozen=True, slots=True)
class _Corrected:
    list: str
    subject: str


def _corrected(run: Run, id_: str) -> _Corrected:
    """The issue to correct: as it was frozen, or as its file says."""
    with run.storage.read() as connection:
        stored = latest_version(connection, id_)
    if stored is not None:
        return _Corrected(stored.content.list, escape_delimiters(stored.subject))
    file = find_digest(run.newsroom, id_)
    return _Corrected(file.list, file.subject)


def _with_failures(picked: Picked, failures: Sequence[Failure]) -> Picked:
    unread = tuple(LeftOut(failure.path.stem, f"unreadable: {failure.message}") for failure in failures)
    return replace(picked, left_out=(*picked.left_out, *unread))


def _nothing(picked: Picked, since: Since) -> UsageError:
    return UsageError(
        "NOT-FOUND",
        f"There is no article{_after(since)} to compose.",
        facts=[("left out", line) for line in left_out_line(picked.left_out).split(" · ") if line],
        fix="newsletter compose ID --articles SLUG",
        details={"left_out": [{"slug": one.slug, "reason": one.reason} for one in picked.left_out]},
    )


# --- what to say -----------------------------------------------------------------------------------------------


def left_out_line(left_out: Sequence[LeftOut]) -> str:
    """draft: bread-queue · older: 31 · no date: notes"""
    by_reason: dict[str, list[str]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one.slug)
    parts = []
    for reason, slugs in by_reason.items():
        shown = ", ".join(slugs[:NAMED_AT_MOST])
        more = f" and {len(slugs) - NAMED_AT_MOST} more" if len(slugs) > NAMED_AT_MOST else ""
        hint = " (add “date:”)" if reason == "no date" else ""
        parts.append(f"{reason}: {len(slugs)}" if reason in COUNTED else f"{reason}: {shown}{more}{hint}")
    return " · ".join(parts)


def _write(run: Run, made: Made, *, update: bool) -> None:
    if update:
        atomic_write(made.file.path, made.text.encode())
    else:
        write_digest_file(made.file)
    with run.storage.write() as connection:
        now = run.clock()
        ensure_digest(run.storage, connection, made.file.id, made.file.list, by=run.user, now=now)
        count = len(made.file.articles)
        note(
            connection,
            at=now,
            by=run.user,
            what="composed",
            digest=made.file.id,
            list=made.file.list,
            details=f"{count} article{'' if count == 1 else 's'}",
        )


def _reply(run: Run, made: Made, *, stdout: bool) -> Reply:
    file = made.file
    document = {
        "digest": file.id,
        "path": file.shown,
        "list": file.list,
        "articles": [choice.slug for choice in file.articles],
        "left_out": [{"slug": one.slug, "reason": one.reason} for one in made.picked.left_out],
        "subject": file.subject,
    }
    if stdout:
        return Reply(document, human=lambda: run.out.payload(made.text))

    def tell() -> None:
        run.out.result(_first_line(run, made))
        run.out.table(Listing(COLUMNS, _rows(made)))
        if made.picked.left_out:
            run.out.result(f" left out  {run.out.cell(left_out_line(made.picked.left_out))}")
        _warn(run, made)
        if not run.globals.dry_run:
            run.out.result(run._("Wrote {path}").format(path=file.shown))

    steps = (f"newsletter check {file.id}", f"newsletter test {file.id}")
    return Reply(document, human=tell, next=steps)


def _first_line(run: Run, made: Made) -> str:
    articles = run.count("{n} article", "{n} articles", len(made.file.articles))
    said = run._("{digest} for {list}, {articles}").format(digest=made.file.id, list=made.file.list, articles=articles)
    return f"{said}{_after(made.since)}"


def _after(since: Since) -> str:
    if since.digest:
        return f" since {since.digest} ({since.day})"
    return f" since {since.day}" if since.day else ""


def _rows(made: Made) -> list[tuple[object, ...]]:
    return [
        (
            entry.number,
            entry.article.slug,
            entry.article.date.isoformat() if entry.article.date else "",
            word_count(entry.article),
            "yes" if has_picture(entry.article) else "no",
            entry.article.title,
        )
        for entry in made.issue.entries
    ]


def _warn(run: Run, made: Made) -> None:
    """What a reader of this digest could not get at."""
    sizes = Counter(entry.size for entry in made.issue.entries)
    ends = [e.article.slug for e in made.issue.entries if e.size is not Size.FULL and not e.article.url]
    if ends:
        why = run._("shown in short and without a url, so nobody can read the rest")
        run.out.warn(f"{', '.join(ends[:NAMED_AT_MOST])}: {why}")
        run.out.say("  { id: SLUG, size: full }   url: https://…")
    if sizes[Size.FULL] == 0 and made.issue.entries:
        run.out.warn(run._("No article is shown whole."))
