"""What the shell may complete: ids and slugs from the newsroom's files. Never a reader's address, never an error.

    Annotated[str, typer.Argument(metavar="ID", autocompletion=completion.digests)]

Files only: opening the database would cost more than the 300 ms that a TAB may take.
"""

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer

from newsletter_cli.cli.options import PREFIX
from newsletter_cli.cli.topics import TOPICS, codes
from newsletter_cli.errors import NewsletterError

SILENT: Final = (OSError, ValueError, NewsletterError)  # tomllib's and Unicode's errors are ValueErrors


def digests(ctx: typer.Context, incomplete: str) -> list[str]:
    """Ids of the digests."""
    return _beginning(incomplete, _names(ctx, "digests", "*.md"))


def articles(ctx: typer.Context, incomplete: str) -> list[str]:
    """Slugs of the articles."""
    return _beginning(incomplete, _names(ctx, "articles", "**/*.md"))


def lists(ctx: typer.Context, incomplete: str) -> list[str]:
    """Slugs of the lists."""
    try:
        config = tomllib.loads((_root(ctx) / "newsletter.toml").read_text(encoding="utf-8"))
    except SILENT:
        return []
    found = config.get("lists", {})
    return _beginning(incomplete, found if isinstance(found, dict) else ())


def topics(ctx: typer.Context, incomplete: str) -> list[str]:
    """Topics of `newsletter help` and error codes."""
    return _beginning(incomplete, (*TOPICS, *map(str.lower, codes())))


def _names(ctx: typer.Context, folder: str, pattern: str) -> Iterable[str]:
    try:
        return [path.stem for path in (_root(ctx) / folder).glob(pattern)]
    except SILENT:
        return ()


def _root(ctx: typer.Context) -> Path:
    from newsletter_cli.newsroom import find_newsroom  # lazy: a TAB on a command's name needs no newsroom

    level: typer.Context | None = ctx
    explicit = None
    while level is not None and explicit is None:
        explicit = level.params.get(f"{PREFIX}project")
        level = level.parent  # type: ignore[assignment]  # typer's own subclass, as built
    return find_newsroom(Path.cwd(), os.environ, Path(explicit) if explicit else None).root


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))
