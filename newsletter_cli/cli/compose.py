"""`newsletter compose [ID] [SLUG…]`: a digest file from articles, written only when it can be rendered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import typer

from newsletter_cli.articles.model import Article
from newsletter_cli.articles.reading import Failure, Reading
from newsletter_cli.cli import completion
from newsletter_cli.cli.composed import COLUMNS, NAMED_AT_MOST, Made, after, first_line, left_out_line, rows, warn
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.cli.table import Listing
from newsletter_cli.digest import compose as composing
from newsletter_cli.digest import suggestions
from newsletter_cli.digest.choose import LeftOut, Picked, Since, added, named, pick
from newsletter_cli.digest.facts import list_settings
from newsletter_cli.digest.file import (
    digest_ids,
    digest_path,
    digest_text,
    find_digest,
    read_digest_file,
    with_articles,
)
from newsletter_cli.digest.loading import all_articles
from newsletter_cli.digest.model import DigestFile
from newsletter_cli.digest.render import render_issue
from newsletter_cli.digest.slots import escape_delimiters
from newsletter_cli.digest.versions import ensure_digest, latest_version, sent_issues
from newsletter_cli.errors import ConfigError, RefusedError, UsageError
from newsletter_cli.language import read_date
from newsletter_cli.newsroom import atomic_write
from newsletter_cli.storage.acts import note
from newsletter_cli.subscribers.where import parse_where


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


def several_names(words: list[str]) -> list[str]:
    """`--articles a b c` as the parser wants it: each word up to the next option is a name of its own."""
    written: list[str] = []
    named_here = False
    for word in words:
        if word == "--articles":
            named_here = True
        elif word.startswith("-"):
            named_here = False
            written.append(word)
        else:
            written += ["--articles", word] if named_here else [word]
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
    words = [*(articles or []), *(slugs or [])]
    names = tuple(name.strip() for word in words for name in word.split(",") if name.strip())
    if words and not names:
        raise UsageError("USAGE", "--articles names no article.", fix="newsletter articles list")
    asked = Asked(
        id=id_,
        names=names,
        list=list_,
        since=since,
        limit=limit,
        subject=subject,
        where=where,
        correction_of=correction_of,
    )
    if where:
        parse_where(where)
    if update:
        _refuse_what_stays(asked)
    made = _updated(run, asked) if update else _new(run, asked, overwrite=stdout)
    if made.new and not (run.globals.dry_run or stdout):
        _write(run, made)
    return _reply(run, made, stdout=stdout)


# --- what to make ----------------------------------------------------------------------------------------------


def _refuse_what_stays(asked: Asked) -> None:
    """An update keeps what the editor wrote; a flag that asks for something else is not passed over in silence."""
    kept = {"--subject": asked.subject, "--where": asked.where, "--correction-of": asked.correction_of}
    for flag, value in kept.items():
        if value is not None:
            raise UsageError("USAGE", f"--update only adds articles; {flag} is for a new digest.", fix="edit its file")


def _new(run: Run, asked: Asked, *, overwrite: bool) -> Made:
    """A new digest file.  RefusedError DIGEST-EXISTS when there is one, unless it will only be printed."""
    corrected = _corrected(run, asked.correction_of) if asked.correction_of else None
    list_ = _list_of(run, asked.list or (corrected.list if corrected else None))
    day = _today(run)
    id_ = asked.id or _free_id(run, asked, day, list_)
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
    picked, since = (Picked(()), Since()) if nothing_new else _choose(run, asked, reading, list_, id_)
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
    issue = render_issue(file, reading.articles, run.settings, run.newsroom, inlined=run.inlined)
    text = _text(file, picked.articles, offer=asked.subject is None and corrected is None)
    return Made(file=file, text=text, picked=picked, since=since, issue=issue, also=_also(run, file))


def _text(file: DigestFile, articles: Sequence[Article], *, offer: bool) -> str:
    """The file, with other words for subject and preheader beside ours."""
    subjects = suggestions.subjects(articles, file.subject) if offer else ()
    preheaders = suggestions.preheaders(articles, file.subject, file.preheader)
    return digest_text(file, tuple(map(escape_delimiters, subjects)), tuple(map(escape_delimiters, preheaders)))


def _free_id(run: Run, asked: Asked, day: date, list_: str) -> str:
    """By compose.id; a correction of an issue of this week would find that name taken."""
    if asked.correction_of:
        return composing.correction_id(asked.correction_of, digest_ids(run.newsroom))
    return composing.default_id(run.settings, day, list_)


def _today(run: Run) -> date:
    return run.clock().astimezone(run.settings.newsroom.zone).date()


def _updated(run: Run, asked: Asked) -> Made:
    """An existing file with new articles at its end."""
    list_ = asked.list or next(iter(run.settings.lists), "")
    file = find_digest(run.newsroom, asked.id or composing.default_id(run.settings, _today(run), list_))
    if asked.list and asked.list != file.list:
        raise UsageError("USAGE", f"{file.id} is for the list {file.list}, not for {asked.list}.", fix="edit its file")
    reading = all_articles(run.settings, run.newsroom)
    there = {choice.slug for choice in file.articles}
    picked, since = _choose(run, asked, reading, file.list, file.id, there)
    picked = _with_failures(picked, reading.failures)
    larger = added(file, picked.articles)
    text = file.path.read_bytes().decode("utf-8-sig")
    if picked.articles:
        text = with_articles(text, larger.articles, file.lines)
    issue = render_issue(larger, reading.articles, run.settings, run.newsroom, inlined=run.inlined)
    return Made(
        file=larger,
        text=text,
        picked=picked,
        since=since,
        issue=issue,
        new=bool(picked.articles),
        also=_also(run, larger, frozenset(there)),
    )


def _choose(
    run: Run, asked: Asked, reading: Reading, list_: str, id_: str, there: Collection[str] = ()
) -> tuple[Picked, Since]:
    """What the digest gets.  there: articles that it has already, which count for the limit."""
    settings = run.settings.compose.pick
    if asked.names:
        picked = named(_readable(reading, asked.names), asked.names, settings.order, run.newsroom.root)
        fresh = [article for article in picked.articles if article.slug not in there]
        room = len(fresh) if asked.limit is None else max(asked.limit - len(there), 0)
        beyond = tuple(LeftOut(article.slug, "limit") for article in fresh[room:])
        return Picked(tuple(fresh[:room]), (*picked.left_out, *beyond)), Since()
    since = _since(run, asked.since or settings.since, list_, id_)
    others = [article for article in reading.articles if article.slug not in there]
    limit = max((asked.limit or settings.limit) - len(there), 0)
    return pick(others, since, limit=limit, order=settings.order), since


def _readable(reading: Reading, names: Sequence[str]) -> tuple[Article, ...]:
    """The articles; when one is named whose file cannot be read, its own error says why."""
    for failure in reading.failures:
        if failure.path.stem in names or failure.shown in names:
            raise failure.error
    return reading.articles


def _since(run: Run, words: str, list_: str, id_: str) -> Since:
    if words != "last":
        read = read_date(words, run.settings.newsroom.language)
        if read is None or read.date is None:
            raise UsageError("USAGE", f"“{words}” is no date.", fix="--since last, or --since 2026-10-07")
        return Since(read.date)
    return composing.since_last(_drafts(run, list_), _sent(run, list_), id_)


def _drafts(run: Run, list_: str, *, tell: bool = True) -> list[DigestFile]:
    """The digest files of a list.  tell: of those that cannot be read; they stop no other digest."""
    files = []
    for id_ in digest_ids(run.newsroom):
        try:
            files.append(read_digest_file(digest_path(run.newsroom, id_), root=run.newsroom.root))
        except (ConfigError, RefusedError) as error:
            if tell:
                run.out.warn(str(run.out.cell(error.message)))
    return [file for file in files if file.list == list_]


def _sent(run: Run, list_: str) -> list[tuple[str, date, frozenset[str]]]:
    zone = run.settings.newsroom.zone
    with run.storage.read() as connection:
        return [(slug, at.astimezone(zone).date(), slugs) for slug, at, slugs in sent_issues(connection, list_)]


def _also(run: Run, file: DigestFile, old: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Articles that its readers have got already, or will get from another issue that waits.  old: not looked at."""
    issues = {slug: had for slug, _day, had in _sent(run, file.list)}
    for other in _drafts(run, file.list, tell=False):
        issues.setdefault(other.id, frozenset(choice.slug for choice in other.articles))
    issues.pop(file.id, None)
    mine = [choice.slug for choice in file.articles if choice.slug not in old]
    return tuple(
        f"{id_}: {', '.join(both[:NAMED_AT_MOST])}{' …' if len(both) > NAMED_AT_MOST else ''}"
        for id_, had in issues.items()
        if (both := [slug for slug in mine if slug in had])
    )


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
        f"There is no article{after(since)} to compose.",
        facts=[("left out", line) for line in left_out_line(picked.left_out).split(" · ") if line],
        fix="newsletter compose ID --articles SLUG, or --since DATE",
        details={"left_out": [{"slug": one.slug, "reason": one.reason} for one in picked.left_out]},
    )


# --- what to say -----------------------------------------------------------------------------------------------


def _write(run: Run, made: Made) -> None:
    made.file.path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(made.file.path, made.text.encode())
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
        run.out.result(first_line(run, made))
        if made.issue.entries:
            run.out.table(Listing(COLUMNS, rows(made)))
        if made.picked.left_out:
            run.out.result(f" left out  {run.out.cell(left_out_line(made.picked.left_out))}")
        warn(run, made)
        if not made.new:
            run.out.result(run._("Nothing new; {path} stays as it is.").format(path=file.shown))
        elif not run.globals.dry_run:
            run.out.result(run._("Wrote {path}").format(path=file.shown))
            run.out.say(run._("Edit order and intro in it, then go on."))

    steps = () if stdout else (f"newsletter preview {file.id}", f"newsletter check {file.id}")
    return Reply(document, human=tell, next=steps)
