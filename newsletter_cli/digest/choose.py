"""Which articles a digest has, in which order, and how much of each it shows."""

import difflib
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from newsletter_cli.articles.model import Article
from newsletter_cli.digest.model import Choice, DigestFile, Entry, Size
from newsletter_cli.digest.quotes import with_guillemets
from newsletter_cli.errors import ConfigError, UsageError

_ORDERS: Final = frozenset({"weight", "date", "title", "slug"})
_GLOB: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An article that was not taken, and why."""

    slug: str
    reason: str  # draft | no date | older | limit | in ID


@dataclass(frozen=True, slots=True)
class Picked:
    """The articles of a new digest, best first, and all the others."""

    articles: tuple[Article, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """Where the last issue ended."""

    day: date | None = None  # articles of this day or later; None: all
    digest: str = ""  # "" when a date was given
    slugs: frozenset[str] = frozenset()  # what that issue had
    seen: Mapping[str, str] = field(default_factory=dict)  # article → an earlier issue that had it


def pick(articles: Sequence[Article], since: Since, *, limit: int, order: Sequence[str]) -> Picked:
    """What `compose` takes by itself: dated, no drafts, not before the last issue and not in it, at most `limit`.

    order: keys such as "weight" and "-date", the first decides. A weight of 0 is no weight: it comes after 1, 2, 3 …
    Raises ConfigError CONFIG-VALUE for an unknown key.
    """
    taken: list[Article] = []
    left_out: list[LeftOut] = []
    for article in articles:
        reason = _why_not(article, since)
        if reason:
            left_out.append(LeftOut(article.slug, reason))
        else:
            taken.append(article)
    taken = ordered(taken, order)
    left_out += [LeftOut(article.slug, "limit") for article in taken[limit:]]
    return Picked(tuple(taken[:limit]), tuple(left_out))


def named(articles: Sequence[Article], names: Iterable[str], order: Sequence[str], root: Path | None = None) -> Picked:
    """Articles by slug, in the order given, and by pattern, in the order of the settings; they may be undated.

    names: slugs, patterns of slugs, or paths of files below `root`, as a shell completes and expands them.
    Raises UsageError NOT-FOUND for a name or pattern that fits nothing, with the likeliest slug.
    """
    by_slug = {article.slug: article for article in articles}
    taken: dict[str, Article] = {}
    for name in names:
        found = _matching(name, by_slug, order) or _by_path(name, articles, order, root)
        if not found:
            raise _unknown_article(name, by_slug)
        for article in found:
            taken.setdefault(article.slug, article)
    drafts = tuple(LeftOut(slug, "draft") for slug, article in taken.items() if article.draft)
    return Picked(tuple(article for article in taken.values() if not article.draft), drafts)


def ordered(articles: Iterable[Article], order: Sequence[str]) -> list[Article]:
    """Articles by several keys, the first decides; equal ones by slug, so that every machine agrees."""
    result = sorted(articles, key=lambda article: article.slug)
    for key in reversed(order):
        name = key.removeprefix("-")
        if name not in _ORDERS:
            guess = ", ".join(sorted(_ORDERS))
            raise ConfigError("CONFIG-VALUE", f"compose.pick.order: “{key}” is none of {guess}, with or without “-”.")
        result.sort(key=lambda article: _sort_value(article, name), reverse=key.startswith("-"))
    return result


def placed(file: DigestFile, articles: Sequence[Article], cards: int, *, quotes: str = "keep") -> tuple[Entry, ...]:
    """The articles of a digest file in its order and sizes: the lead whole, `cards` cards, then lines.

    Raises UsageError NOT-FOUND with file and line for an article that does not exist.
    """
    by_slug = {article.slug: article for article in articles}
    entries: list[Entry] = []
    for index, choice in enumerate(file.articles):
        article = by_slug.get(choice.slug)
        if article is None:
            raise _unknown_article(choice.slug, by_slug, where=f"{file.shown}:{choice.line or 1}")
        if quotes == "guillemets":
            article = with_guillemets(article)
        entries.append(Entry(index + 1, article, choice.size or default_size(index, cards)))
    return tuple(entries)


def default_size(index: int, cards: int) -> Size:
    """Size by place, from 0: the lead whole, the next `cards` as cards, the rest as lines."""
    return Size.FULL if index == 0 else Size.CARD if index <= cards else Size.LINE


def added(file: DigestFile, picked: Sequence[Article]) -> DigestFile:
    """The file with new articles at its end; what it has stays in its order."""
    there = {choice.slug for choice in file.articles}
    new = tuple(Choice(article.slug) for article in picked if article.slug not in there)
    return replace(file, articles=file.articles + new)


def _why_not(article: Article, since: Since) -> str:
    if article.draft:
        return "draft"
    if article.date is None:
        return "no date"
    if since.day is not None and article.date < since.day:
        return "older"
    issue = since.digest if article.slug in since.slugs else since.seen.get(article.slug)
    return f"in {issue}" if issue else ""


def _sort_value(article: Article, name: str) -> tuple[object, ...]:
    if name == "weight":
        return (article.weight == 0, article.weight)
    if name == "date":
        return (article.date or date.min,)
    return (getattr(article, name),)


def _matching(name: str, by_slug: dict[str, Article], order: Sequence[str]) -> list[Article]:
    if name in by_slug:
        return [by_slug[name]]
    if not _GLOB & set(name):
        return []
    return ordered((a for slug, a in by_slug.items() if fnmatch.fnmatchcase(slug, name)), order)


def _by_path(name: str, articles: Sequence[Article], order: Sequence[str], root: Path | None) -> list[Article]:
    if root is None or not ("/" in name or name.endswith((".md", ".txt", ".html"))):
        return []
    pattern = name.removeprefix("./")

    def fits(path: Path) -> bool:
        below = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        return any(fnmatch.fnmatchcase(one, pattern) for one in (below, path.as_posix(), path.name))

    return ordered((article for article in articles if article.path and fits(article.path)), order)


def _unknown_article(name: str, by_slug: dict[str, Article], where: str = "") -> UsageError:
    guess = difflib.get_close_matches(name, list(by_slug), n=1)
    return UsageError(
        "NOT-FOUND",
        f"There is no article “{name}”." + (f" Did you mean “{guess[0]}”?" if guess else ""),
        facts=[("file", where)] if where else (),
        fix="newsletter articles list",
    )
