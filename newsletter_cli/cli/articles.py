"""newsletter articles: files from writers become articles of the newsroom, and are looked at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from newsletter_cli.articles.checking import ERROR, Remark, remarks_on
from newsletter_cli.articles.importing import Imported, Shelf
from newsletter_cli.articles.model import Article
from newsletter_cli.articles.reading import Failure, read_folder
from newsletter_cli.articles.slugs import free_slug, slug_for
from newsletter_cli.articles.writing import body_markdown, write_article
from newsletter_cli.cli import article_records as records
from newsletter_cli.cli import completion
from newsletter_cli.cli.article_files import Given, found_article, import_all, seen_file
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.errors import NewsletterError, UsageError
from newsletter_cli.language import direction_of

REMARK_COLUMNS: Final = (
    Column("file"), Column("line", right=True), Column("level"), Column("code"), Column("text", arabic=True),
)  # fmt: skip

Field = typer.Option
FILES: Final = "Text, Markdown, HTML or Word files, feeds, folders, https addresses, or - for standard input."
EXITS: Final = (Exit.OK, Exit.USAGE, Exit.NOT_CONFIRMED, Exit.CONFIG, Exit.CHECKS)


@command(
    "articles new",
    examples=('newsletter articles new "عام دراسي بلا كتب"', 'newsletter articles new "أسعار القمح" --json'),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
    changes=True,
)
def new(
    run: Run,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="The headline.")],
    slug: Annotated[str, typer.Option("--slug", metavar="SLUG", help="Short name; default: from the title.")] = "",
) -> Reply:
    """Makes a draft with today's date. A draft is in no digest until the line “draft” is taken out."""
    headline = " ".join(title.split())
    if not headline:
        raise UsageError("USAGE", "The title is empty.", sent="", fix='newsletter articles new "TITLE"')
    language = run.settings.newsroom.language
    shelf = Shelf.of(run.newsroom, run.settings.compose.articles)
    name = shelf.free(slug) if slug else free_slug(slug_for(headline), shelf.slugs)
    article = Article(
        slug=name,
        title=headline,
        language=language,
        direction=direction_of(language),
        date=run.clock().astimezone(run.out.zone).date(),
        draft=True,
    )
    article = replace(article, path=shelf.destination(article))
    if not run.globals.dry_run:
        write_article(article, _path(article))
    shown = records.shown(article, run.newsroom.root)
    return Reply(
        {"slug": name, "path": shown, "title": headline, "date": article.date, "draft": True},
        human=lambda: run.out.done(f"{name}   {shown}"),
        next=(f"newsletter articles check {name}",),
    )


@command(
    "articles import",
    examples=(
        "newsletter articles import page.txt",
        'newsletter articles import page.txt --title "أسعار القمح" --date 2026-10-12 --set tags="قمح، أسواق"',
        "newsletter articles import https://news.example/feed.xml --since 2026-10-12",
    ),
    exits=EXITS,
    changes=True,
)
def import_(
    run: Run,
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help=FILES)],
    title: Annotated[str | None, Field("--title", metavar="TITLE", help="The headline.")] = None,
    day: Annotated[str | None, Field("--date", metavar="DATE", help="2026-10-12, or as newspapers write it.")] = None,
    kicker: Annotated[str | None, Field("--kicker", metavar="TEXT", help="The tag above the headline.")] = None,
    author: Annotated[str | None, Field("--author", metavar="NAME", help="Who wrote it.")] = None,
    source: Annotated[str | None, Field("--source", metavar="NAME", help="Where it comes from.")] = None,
    url: Annotated[str | None, Field("--url", metavar="URL", help="Its address on the web.")] = None,
    image: Annotated[str | None, Field("--image", metavar="FILE|URL", help="Its lead picture.")] = None,
    sets: Annotated[list[str] | None, Field("--set", metavar="FIELD=TEXT", help="Any field; may be repeated.")] = None,
    slug: Annotated[str, Field("--slug", metavar="SLUG", help="Its short name; default: from the title.")] = "",
    since: Annotated[str, Field("--since", metavar="DATE", help="Of a feed: only entries from this day on.")] = "",
) -> Reply:
    """Text of a page: each line gets one role; what is no part of the article is listed as dropped, and nothing is
    lost in silence. The same bytes make no second article. -n shows the role of every line."""
    fields = {
        "title": title, "date": day, "kicker": kicker, "author": author, "source": source, "url": url, "image": image,
    }  # fmt: skip
    given = Given({name: text for name, text in fields.items() if text is not None}, tuple(sets or ()), slug, since)
    arrivals = import_all(run, files, given)
    done, failures = arrivals.done, arrivals.failures
    if not done and failures:
        raise _nothing(failures)
    root = run.newsroom.root
    document = {
        "articles": [records.imported_record(one, root, roles=True) for one in done],
        "failed": [records.failure_record(failure) for failure in failures],
    }
    if arrivals.passed:
        run.out.say(run._("Entries older than {date}, not imported: {count}").format(date=since, count=arrivals.passed))
    undated = any(one.article.date is None for one in done)
    steps = ("newsletter articles list" if undated else "newsletter compose",)
    return Reply(document, exit=_exit(failures), human=lambda: _tell(run, done, failures), next=steps)


@command(
    "articles list",
    examples=("newsletter articles list", "newsletter articles list --json"),
    exits=(Exit.OK, Exit.CONFIG),
    formats=LISTING,
)
def list_(run: Run) -> Reply:
    """Newest first, those without a date last. Files that cannot be read are named below."""
    reading = read_folder(run.newsroom.root, run.settings.compose.articles, **_newsroom(run))
    newest = _newest(reading.articles)
    root = run.newsroom.root
    for failure in reading.failures:
        run.out.warn(f"{run.out.cell(failure.shown)}   {failure.code}   {run.out.cell(failure.message)}")
    rows = [records.list_row(article, root) for article in newest]
    return Reply(
        {
            "articles": [records.list_record(article, root) for article in newest],
            "failed": [records.failure_record(failure) for failure in reading.failures],
        },
        listing=Listing(records.LIST_COLUMNS, rows, empty=run._("There is no article yet.")),
        next=() if rows else ('newsletter articles new "TITLE"', "newsletter articles import FILE"),
    )


@command(
    "articles show",
    examples=("newsletter articles show wheat", "newsletter articles show page.txt --roles"),
    exits=EXITS,
)
def show(
    run: Run,
    what: Annotated[
        str, typer.Argument(metavar="SLUG|FILE", help="An article, or any file.", autocompletion=completion.articles)
    ],
    roles: Annotated[bool, typer.Option("--roles", help="Every line with its role and how sure that is.")] = False,
) -> Reply:
    """What was understood of an article or a file. A role with “?” is doubtful."""
    seen = seen_file(run, what)
    article = seen.article
    document = records.record(article, run.newsroom.root, seen.dropped) | {"text": body_markdown(article.blocks)}
    if roles:
        document["roles"] = records.role_records(seen.roles)
        return Reply(document, human=lambda: run.out.table(records.role_listing(seen.roles)))
    return Reply(document, human=lambda: _tell_article(run, document))


@command(
    "articles check",
    examples=("newsletter articles check", "newsletter articles check wheat school-year --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
    formats=LISTING,
)
def check(
    run: Run,
    slugs: Annotated[
        list[str] | None,
        typer.Argument(metavar="SLUG…", help="Articles; none: all of them.", autocompletion=completion.articles),
    ] = None,
) -> Reply:
    """Files that cannot be read, what their readers had to say, and pictures without a description."""
    reading = read_folder(run.newsroom.root, run.settings.compose.articles, **_newsroom(run))
    articles, failures = reading.articles, reading.failures
    if slugs:
        articles = tuple(found_article(slug, reading) for slug in slugs if slug not in _stems(failures))
        failures = tuple(failure for failure in failures if failure.path.stem in slugs)
    remarks = [_unread(failure) for failure in failures]
    remarks += [remark for article in articles for remark in remarks_on(article, run.newsroom.root)]
    errors = sum(remark.level == ERROR for remark in remarks)
    counts = {"error": errors, "warning": len(remarks) - errors}
    rows = [(one.file, one.line or None, one.level, one.code, one.text) for one in remarks]
    document = {
        "results": [
            {"code": one.code, "level": one.level, "file": one.file, "line": one.line or None, "text": one.text,
             "fixable": False}
            for one in remarks
        ],
        "counts": counts,
        "articles": [article.slug for article in articles],
    }  # fmt: skip
    return Reply(
        document,
        exit=Exit.CHECKS if errors else Exit.OK,
        human=lambda: _tell_remarks(run, rows, counts),
        listing=Listing(REMARK_COLUMNS, rows),
    )


# --- pieces ----------------------------------------------------------------------------------------------------


def _newsroom(run: Run) -> dict[str, str]:
    return {"language": run.settings.newsroom.language, "newsroom": run.settings.newsroom.name}


def _path(article: Article) -> Path:
    assert article.path is not None
    return article.path


def _newest(articles: Sequence[Article]) -> list[Article]:
    return sorted(articles, key=lambda one: (one.date or date.min, one.slug), reverse=True)


def _stems(failures: Sequence[Failure]) -> set[str]:
    return {failure.path.stem for failure in failures}


def _unread(failure: Failure) -> Remark:
    return Remark(failure.code, ERROR, failure.shown, 0, failure.message)


def _exit(failures: Sequence[Failure]) -> int:
    """5 as soon as one file was refused; 3 when all that is missing is somebody's choice of encoding."""
    return max((failure.error.exit for failure in failures), default=Exit.OK)


def _nothing(failures: Sequence[Failure]) -> NewsletterError:
    """The error when no file went in: the first one's, with all of them in its details."""
    worst = max(failures, key=lambda failure: failure.error.exit).error
    told = [(failure.shown, failure.message) for failure in failures] if len(failures) > 1 else []
    return type(worst)(
        worst.code,
        worst.message,
        facts=[*worst.facts, *told],
        sent=worst.sent,
        fix=worst.fix,
        details={**worst.details, "failed": [records.failure_record(failure) for failure in failures]},
    )


def _tell(run: Run, done: Sequence[Imported], failures: Sequence[Failure]) -> None:
    for one in done:
        if run.globals.dry_run:
            run.out.result(run.out.cell(one.file))
            run.out.table(records.role_listing(one.roles))
        for warning in one.warnings:
            run.out.warn(f"{run.out.cell(one.file)}   {run.out.cell(warning)}")
        if one.dropped:
            dropped = " · ".join(run.out.cell(text, 40) for text in one.dropped)
            run.out.say(run._("Left out, for it belongs to the page:") + f" {dropped}")
    run.out.table(records.import_listing(done, run.newsroom.root))
    for failure in failures:
        run.out.event(
            "articles.failed", f"✗ {run.out.cell(failure.shown)}   {failure.code}   {run.out.cell(failure.message)}",
            level="error", file=failure.shown, code=failure.code,
        )  # fmt: skip


def _tell_article(run: Run, document: dict[str, Any]) -> None:
    named = ("slug", "path", "date", "calendar", "language", "image", "url", "paragraphs", "draft")
    run.out.fields((name, document[name]) for name in named if document[name])
    words = ("title", "kicker", "author", "source", "summary")
    run.out.fields((name, document[name]) for name in words if document[name])
    run.out.fields(("related", one["title"]) for one in document["related"])
    run.out.fields(("caption", caption) for caption in document["captions"])
    run.out.result()
    for line in str(document["text"]).split("\n"):
        run.out.result(run.out.plain(line))
    for warning in document["warnings"]:
        run.out.warn(run.out.cell(warning))


def _tell_remarks(run: Run, rows: Sequence[tuple[object, ...]], counts: dict[str, int]) -> None:
    for file, line, level, code, text in rows:
        place = f"{file}:{line}" if line else str(file)
        run.out.result(f"{run.out.cell(place)}   {level}   {code}   {run.out.cell(text)}")
    errors, warnings = counts["error"], counts["warning"]
    run.out.result(f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}")
