"""What all pages of one newsroom share: its settings, database, keys, templates, and how a page is drawn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from starlette.responses import Response

from newsletter_cli.errors import RefusedError
from newsletter_cli.language import format_date
from newsletter_cli.settings import Settings
from newsletter_cli.storage.engine import Storage
from newsletter_cli.web.answers import PRIVATE, page_answer
from newsletter_cli.web.builtin import built_in_page
from newsletter_cli.web.desk import Desk
from newsletter_cli.web.keys import Keys
from newsletter_cli.web.sheet import Form, Html, Link, Sheet, isolated, text, words


class Theme(Protocol):
    """What draws a sheet with templates; see theme.py."""

    def draw(self, sheet: Sheet) -> tuple[str, str]:
        """(page, its style); raises RefusedError (TEMPLATE)."""
        ...


@dataclass(slots=True, kw_only=True)
class Site:
    """One newsroom on the web."""

    settings: Settings
    storage: Storage
    clock: Callable[[], datetime]
    keys: Keys
    desk: Desk
    load_theme: Callable[[], Theme] | None  # called when the first page is drawn; None = built-in pages only
    warn: Callable[[str], None]  # one line for the log
    _theme: Theme | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def language(self) -> str:
        """Of pages that belong to no list."""
        return self.settings.newsroom.language

    def language_of(self, slug: str) -> str:
        """Of a list's pages."""
        found = self.settings.lists.get(slug)
        return (found.language if found else "") or self.language

    def day_of(self, moment: datetime, language: str) -> Html:
        """A moment as a day of the newsroom, in the words and digits of its readers."""
        newsroom = self.settings.newsroom
        own = language == newsroom.language
        day = format_date(
            moment.astimezone(newsroom.zone).date(),
            language=language,
            locale=newsroom.locale if own else language,
            months=newsroom.months,
            digits=newsroom.digits if own else "auto",
            calendar=newsroom.calendar,
        )
        return text(day)

    def title_of(self, slug: str) -> Html:
        """A list as its readers know it."""
        found = self.settings.lists.get(slug)
        return isolated((found.title if found else "") or slug)

    def sheet(
        self,
        name: str,
        title: str,
        *paragraphs: Html,
        language: str = "",
        status: Html | None = None,
        forms: tuple[Form, ...] = (),
        links: tuple[Link, ...] = (),
    ) -> Sheet:
        """A page with this newsroom's name on it.  title: a key of the catalogue."""
        spoken = language or self.language
        return Sheet(
            name=name,
            language=spoken,
            newsroom=text(self.settings.newsroom.name),
            title=words(title, spoken),
            status=status or Html(""),
            paragraphs=paragraphs,
            forms=forms,
            links=links,
        )

    def draw(self, sheet: Sheet, status: int = 200, *, cache: str = PRIVATE, hidden: bool = True) -> Response:
        """The answer that shows a sheet: with the templates, or as the built-in page when they fail. For threads."""
        page, style = self._drawn(sheet)
        return page_answer(page, style, status, cache=cache, hidden=hidden)

    def notice(self, kind: str, *more: str, status: int = 200, language: str = "") -> Response:
        """A page of words only.  kind: the catalogue's page.KIND.title and page.KIND.text; more: further keys."""
        spoken = language or self.language
        paragraphs = (words(key, spoken) for key in (f"page.{kind}.text", *more))
        return self.draw(self.sheet("notice", f"page.{kind}.title", *paragraphs, language=spoken), status)

    def _drawn(self, sheet: Sheet) -> tuple[str, str]:
        if self.load_theme is None:
            return built_in_page(sheet)
        try:
            with self._lock:
                self._theme = self._theme or self.load_theme()
            return self._theme.draw(sheet)
        except (RefusedError, ImportError) as error:
            self.warn(f"the built-in page is shown: {error}")
            return built_in_page(sheet)
