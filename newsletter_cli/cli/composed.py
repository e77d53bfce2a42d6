"""What `compose` says about a digest: its articles, what was left out and why, and what its readers would miss."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from newsletter_cli.cli.frame import Run
from newsletter_cli.cli.table import Column
from newsletter_cli.digest.choose import LeftOut, Picked, Since
from newsletter_cli.digest.counting import has_picture, lacks_description, word_count
from newsletter_cli.digest.drawing import pillow_version
from newsletter_cli.digest.fitting import HEAVIEST, INSTALL, WIDEST
from newsletter_cli.digest.model import DigestFile, Issue, Size
from newsletter_cli.digest.pictures import measure
from newsletter_cli.mail.document import Static

COLUMNS: Final = (
    Column("number", "#", right=True), Column("article"), Column("date"), Column("words", right=True), Column("image"),
    Column("title", arabic=True),
)  # fmt: skip
NAMED_AT_MOST: Final = 5  # of one reason, in the line that says what was left out
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
COUNTED: Final = frozenset({"older", "limit"})  # reasons told by number: their articles are no surprise


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A digest file as it would be written, and where its articles came from."""

    file: DigestFile
    text: str
    picked: Picked
    since: Since
    issue: Issue
    new: bool = True  # False: an update that found nothing to add
    also: tuple[str, ...] = ()  # other issues of the list with articles of this one: “2026-w41: wheat, river”


def left_out_line(left_out: Sequence[LeftOut]) -> str:
    """draft: bread-queue · older: 31 · no date: notes"""
    by_reason: dict[str, list[str]] = {}
    for one in left_out:
        by_reason.setdefault(one.reason, []).append(one.slug)
    parts = []
    for reason, slugs in by_reason.items():
        first = ", ".join(slugs[:NAMED_AT_MOST])
        more = f" and {len(slugs) - NAMED_AT_MOST} more" if len(slugs) > NAMED_AT_MOST else ""
        hint = " (add “date:”)" if reason == "no date" else ""
        parts.append(f"{reason}: {len(slugs)}" if reason in COUNTED else f"{reason}: {first}{more}{hint}")
    return " · ".join(parts)


def first_line(run: Run, made: Made) -> str:
    """2026-w42 for weekly, 2 articles since 2026-w41 (7 Oct)"""
    articles = run.count("{n} article", "{n} articles", len(made.file.articles))
    said = run._("{digest} for {list}, {articles}").format(digest=made.file.id, list=made.file.list, articles=articles)
    return f"{said}{after(made.since)}"


def after(since: Since) -> str:
    """What the articles follow, with a space before it; "" when all were asked for."""
    if since.digest:
        day = f"{since.day.day} {_MONTHS[since.day.month - 1]}" if since.day else ""
        return f" since {since.digest} ({day})"
    return f" since {since.day}" if since.day else ""


def rows(made: Made) -> list[tuple[object, ...]]:
    """The articles in their order, by COLUMNS."""
    return [
        (
            entry.number,
            entry.article.slug,
            entry.article.date.isoformat() if entry.article.date else "",
            word_count(entry.article),
            "no alt" if lacks_description(entry.article) else "yes" if has_picture(entry.article) else "no",
            entry.article.title,
        )
        for entry in made.issue.entries
    ]


def warn(run: Run, made: Made) -> None:
    """What its readers could not get at, and what an editor would be sorry to see only in their inboxes."""
    entries = made.issue.entries
    ends = [e.article.slug for e in entries if e.size is not Size.FULL and not e.article.url]
    if ends:
        why = run._("shown in short and without a url, so nobody can read the rest")
        run.out.warn(f"{', '.join(ends[:NAMED_AT_MOST])}: {why}")
        run.out.say("  { id: SLUG, size: full }   url: https://…")
    if entries and not any(entry.size is Size.FULL for entry in entries):
        run.out.warn(run._("No article is shown whole."))
    for one in made.also:
        run.out.warn(f"{one}: {run._('also there; some would read it twice')}")
    today = run.clock().astimezone(run.settings.newsroom.zone).date()
    for entry in entries:
        if entry.article.date and entry.article.date > today:
            run.out.warn(f"{entry.article.slug}: {run._('dated after today')} ({entry.article.date})")
    _warn_of_size(run, made.issue)
    _warn_of_pictures(run, made.issue)


def _warn_of_size(run: Run, issue: Issue) -> None:
    """Above the size warning: by which story to shorten it."""
    limits = run.settings.check.size
    if sum(len(piece.text.encode()) for piece in issue.html.pieces if isinstance(piece, Static)) < limits.warn * 0.9:
        return  # what readers add to a page is far less than the rest
    from newsletter_cli.digest.check.message import page_size, shown  # lazy: most digests are far from any limit

    size = page_size(issue.html, run.settings.web.public_url)
    if size <= limits.warn:
        return
    whole = [entry for entry in issue.entries if entry.size is Size.FULL]
    run.out.warn(
        run._("The page has {size}; Gmail cuts it near {limit} and hides the way out.").format(
            size=shown(size), limit=shown(limits.error)
        )
    )
    if not whole:
        return
    longest = max(whole, key=lambda entry: (word_count(entry.article), -entry.number)).article
    words = run.count("{n} word", "{n} words", word_count(longest))
    run.out.say(f"  {longest.slug}: {words}. {run._('Shorten it, or show less of it:')}")
    run.out.say(f"  {{ id: {longest.slug}, size: card }}")


def _warn_of_pictures(run: Run, issue: Issue) -> None:
    """Pictures that cannot be shown, and those that stay heavy."""
    for lost in issue.lost_pictures:
        run.out.warn(run.out.cell(f"{lost.slug or 'newsletter.toml'}: {lost.why}"))
    pictures = [*(one.data for one in issue.pictures), *(one.data for one in issue.inline_pictures)]
    heavy = sum(map(_is_heavy, pictures))
    if heavy:
        run.out.warn(run.count("{n} picture stays too large.", "{n} pictures stay too large.", heavy))
        if pillow_version() is None:
            run.out.say(f"  {INSTALL}")


def _is_heavy(data: bytes) -> bool:
    size = measure(data)
    return len(data) > HEAVIEST or (size is not None and size.width > WIDEST)
