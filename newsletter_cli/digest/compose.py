"""A new digest file from a choice of articles: its id, subject, preheader, and what it follows."""

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from newsletter_cli.articles.model import Article
from newsletter_cli.digest.choose import Since
from newsletter_cli.digest.file import digest_path
from newsletter_cli.digest.model import Choice, DigestFile
from newsletter_cli.digest.slots import escape_delimiters
from newsletter_cli.digest.suggestions import preheader_of
from newsletter_cli.errors import ConfigError
from newsletter_cli.language import message
from newsletter_cli.newsroom import Newsroom
from newsletter_cli.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the person asked for."""

    id: str
    list: str
    day: date  # today, in the newsroom's zone
    subject: str | None = None  # None: by compose.subject
    where: str = ""
    correction_of: str = ""  # a digest: only its readers get this one


def default_id(settings: Settings, day: date, list_: str) -> str:
    """The id by `compose.id`.  Raises ConfigError CONFIG-VALUE for a place it does not know."""
    year, week, _weekday = day.isocalendar()
    places = {"iso_year": year, "iso_week": week, "year": day.year, "month": day.month, "day": day.day, "list": list_}
    try:
        return settings.compose.id.format(**places)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise _bad_setting("compose.id", settings.compose.id, places) from error


def new_file(order: Order, articles: Sequence[Article], settings: Settings, newsroom: Newsroom) -> DigestFile:
    """The digest file as `compose` writes it; words taken from articles print their own brackets as brackets."""
    lead = articles[0] if articles else None
    subject = _subject(order, lead, settings) if order.subject is None else order.subject
    where = order.where or (f"received:{order.correction_of}" if order.correction_of else "")
    path = digest_path(newsroom, order.id)
    return DigestFile(
        id=order.id,
        path=path,
        shown=path.relative_to(newsroom.root).as_posix(),
        list=order.list,
        date=order.day,
        subject=subject,
        preheader=escape_delimiters(preheader_of(articles, subject)),
        template=settings.compose.template,
        articles=tuple(Choice(article.slug) for article in articles),
        where=where,
    )


def correction_subject(subject: str, language: str) -> str:
    """The subject of an issue that corrects another."""
    return message("digest.correction", language, subject=subject)


def correction_id(corrected: str, taken: Iterable[str]) -> str:
    """A free id for the correction of an issue: its own, with a word behind it."""
    base = f"{corrected[:50]}-correction"
    others = set(taken)
    return next(name for n in range(1, len(others) + 2) if (name := base if n == 1 else f"{base}-{n}") not in others)


def since_last(files: Iterable[DigestFile], sent: Sequence[tuple[str, date, frozenset[str]]], id_: str) -> Since:
    """Where the last issue of a list ended: the last that was sent, or while none was, the last composed.

    files: digest files of that list.  sent: (digest, its day, its articles) of issues that began to be sent, whose
    file may be gone.  id_: the new digest, which is no predecessor of itself.
    An article written between composing and sending must not be lost: the earlier of both days counts.
    An issue without articles, such as a correction, ended nothing: what was written before it is still new.
    """
    known = {file.id: file for file in files if file.id != id_ and file.articles}
    others = [one for one in sent if one[0] != id_ and one[2]]
    if others:
        digest, day, slugs = max(others, key=lambda one: (one[1], one[0]))
        composed = known[digest].date if digest in known else None
        seen = {slug: name for name, _day, had in others if name != digest for slug in had}
        return Since(min(day, composed or day), digest, slugs, seen)
    dated = [Since(file.date, file.id, frozenset(one.slug for one in file.articles)) for file in known.values()]
    return max((since for since in dated if since.day), key=lambda since: (since.day, since.digest), default=Since())


def _subject(order: Order, lead: Article | None, settings: Settings) -> str:
    if lead is None:
        return ""
    places = {
        "lead.title": lead.title,
        "lead.kicker": lead.kicker,
        "newsroom.name": settings.newsroom.name,
        "list.title": settings.lists[order.list].title if order.list in settings.lists else "",
        "id": order.id,
        "date": order.day.isoformat(),
    }
    written: list[str] = []
    for text, name, _format, _conversion in string.Formatter().parse(settings.compose.subject):
        written.append(text)
        if name is not None:
            if name not in places:
                raise _bad_setting("compose.subject", settings.compose.subject, places)
            written.append(escape_delimiters(places[name]))
    return "".join(written)


def _bad_setting(key: str, value: str, places: Iterable[str]) -> ConfigError:
    known = ", ".join(f"{{{name}}}" for name in places)
    return ConfigError(
        "CONFIG-VALUE", f"{key} can hold {known}.", facts=[("value", value)], fix=f"newsletter config set {key} …"
    )
