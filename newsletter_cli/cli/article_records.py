"""What the articles commands answer with: records for scripts, rows for people."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from newsletter_cli.articles.importing import Imported, captions_of, paragraph_count, related_of
from newsletter_cli.articles.model import Article
from newsletter_cli.articles.reading import Failure, shown_path
from newsletter_cli.articles.roles import DOUBTFUL, RoleLine
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.digest.counting import has_picture, word_count

ROLE_COLUMNS: Final = (
    Column("role"), Column("line", right=True), Column("confidence", "Conf.", right=True), Column("doubt", ""),
    Column("reason", shown=False), Column("text", arabic=True),
)  # fmt: skip
LIST_COLUMNS: Final = (
    Column("slug", "Article"), Column("date"), Column("words", right=True), Column("image"), Column("draft"),
    Column("path", shown=False), Column("language", shown=False), Column("title", arabic=True),
)  # fmt: skip
IMPORT_COLUMNS: Final = (
    Column("slug", "Article"), Column("date"), Column("paragraphs", right=True), Column("path"),
    Column("title", arabic=True),
)  # fmt: skip


def shown(article: Article, root: Path) -> str | None:
    """Where the article's file lies, from the newsroom's folder."""
    return shown_path(article.path, root) if article.path else None


def record(article: Article, root: Path, dropped: Sequence[str] = (), warnings: Sequence[str] = ()) -> dict[str, Any]:
    """An article for `articles import --json` and `articles show --json`; what is not there is null."""
    return {
        "slug": article.slug or None,
        "path": shown(article, root),
        "title": article.title,
        "date": article.date,
        "calendar": article.calendar,
        "date_text": article.date_text or None,
        "kicker": article.kicker or None,
        "author": article.author or None,
        "summary": article.summary or None,
        "url": article.url or None,
        "image": article.image.source if article.image and article.image.source else None,
        "paragraphs": paragraph_count(article),
        "captions": list(captions_of(article)),
        "related": [{"title": one.title, "url": one.url or None} for one in related_of(article)],
        "source": "، ".join(article.sources) or None,
        "tags": list(article.tags),
        "dropped": list(dropped),
        "language": article.language,
        "direction": article.direction,
        "draft": article.draft,
        "warnings": list(warnings or article.warnings),
    }


def imported_record(imported: Imported, root: Path, *, roles: bool) -> dict[str, Any]:
    """One imported file; roles: also what each line was taken for."""
    found = record(imported.article, root, imported.dropped, imported.warnings)
    found |= {"file": imported.file, "already": imported.already, "encoding": imported.encoding}
    return found | ({"roles": role_records(imported.roles)} if roles else {})


def role_records(roles: Iterable[RoleLine]) -> list[dict[str, Any]]:
    """The lines of a page for scripts."""
    return [
        {"line": one.line, "role": one.role, "confidence": one.confidence, "reason": one.reason, "text": one.text}
        for one in roles
    ]


def role_listing(roles: Iterable[RoleLine]) -> Listing:
    """The lines of a page for people; those that are doubtful are marked."""
    rows = [
        (
            one.role.value,
            one.line,
            f"{one.confidence:.2f}",
            "?" if one.confidence < DOUBTFUL else "",
            one.reason,
            one.text,
        )
        for one in roles
    ]
    return Listing(ROLE_COLUMNS, rows, empty="No line.")


def _doubt(line: RoleLine) -> str:
    return "?" if line.confidence < DOUBTFUL else ""


def import_listing(all_: Sequence[Imported], root: Path) -> Listing:
    """One row for each article that went in."""
    rows = [
        (
            one.article.slug,
            one.article.date or "no date",
            paragraph_count(one.article),
            shown(one.article, root) or "",
            one.article.title,
        )
        for one in all_
    ]
    return Listing(IMPORT_COLUMNS, rows)


def list_row(article: Article, root: Path) -> tuple[object, ...]:
    """One row of `articles list`."""
    return (
        article.slug,
        article.date or "no date",
        word_count(article),
        "yes" if has_picture(article) else "no",
        "draft" if article.draft else "",
        shown(article, root) or "",
        article.language,
        article.title,
    )


def list_record(article: Article, root: Path) -> dict[str, Any]:
    """One article of `articles list --json`."""
    return {
        "slug": article.slug,
        "path": shown(article, root),
        "title": article.title,
        "date": article.date,
        "words": word_count(article),
        "image": has_picture(article),
        "draft": article.draft,
        "language": article.language,
        "warnings": list(article.warnings),
    }


def failure_record(failure: Failure) -> dict[str, str]:
    """One file that gave no article."""
    return {"file": failure.shown, "code": failure.code, "message": failure.message}
