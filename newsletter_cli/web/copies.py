"""Web copies: a reader's own message, the public archive, and the pictures both show. All of them only read."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from newsletter_cli.digest.standalone import with_pictures_inside
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.links import Links, ascii_url
from newsletter_cli.mail.problems import ValueProblem
from newsletter_cli.mail.rendering import render_public, render_sample
from newsletter_cli.mail.tokens import Kind
from newsletter_cli.web.answers import PUBLIC, copy_answer, picture_answer
from newsletter_cli.web.palette import in_palette, palette_of
from newsletter_cli.web.repository import Issue, SentCopy, picture_of, sent_content, sent_copy, sent_issues
from newsletter_cli.web.sheet import Html, Link, isolated, words
from newsletter_cli.web.site import Site

SHOWN: Final = 200  # issues on the archive's one page
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CopyPages:
    """The routes that show digests of one site."""

    site: Site

    async def view(self, request: Request) -> Response:
        """GET /v/TOKEN: the copy of the one reader who has this link."""
        return await asyncio.to_thread(self._view, request.path_params["token"], request.query_params.get("theme"))

    async def issue(self, request: Request) -> Response:
        """GET /archive/DIGEST: for everybody, without any reader's value."""
        return await asyncio.to_thread(self._issue, request.path_params["digest"], request.query_params.get("theme"))

    async def archive(self, request: Request) -> Response:
        """GET /archive/: the issues that were sent to public lists."""
        return await asyncio.to_thread(self._archive)

    async def picture(self, request: Request) -> Response:
        """GET /a/HASH."""
        return await asyncio.to_thread(self._picture, request.path_params["hash"])

    def _view(self, token: str, theme: str | None) -> Response:
        said = self.site.keys.read(token, Kind.VIEW)
        if said is None:
            return self.site.notice("broken", status=404)
        if not said.number:
            return self.site.draw(
                self.site.sheet("notice", "digest.view_in_browser", words("page.test.text", self.site.language))
            )
        with self.site.storage.read() as connection:
            found = sent_copy(connection, said.number)
        if found is None:
            return self._gone()
        return self._copy(found.content, self._own(found), theme)

    def _own(self, found: SentCopy) -> str:
        links = Links(self.site.settings.web.public_url, self.site.keys.ring(), found.key_number)
        try:
            return render_sample(found.content, found.reader, links).html
        except ValueProblem:  # a field was emptied after the message had left: everybody's copy still shows the issue
            return render_public(found.content)

    def _issue(self, slug: str, theme: str | None) -> Response:
        content = None
        if self.site.settings.web.archive:
            with self.site.storage.read() as connection:
                content = sent_content(connection, slug)
        if content is None or not self._is_public(content.list):
            return self._gone()
        page = f"{ascii_url(self.site.settings.web.public_url)}/archive/{slug}"
        return self._copy(content, render_public(content, page), theme, public=True)

    def _archive(self) -> Response:
        if not self.site.settings.web.archive:
            return self._gone()
        with self.site.storage.read() as connection:
            issues = [issue for issue in sent_issues(connection, SHOWN) if self._is_public(issue.list)]
        nothing = () if issues else (words("page.web.empty", self.site.language),)
        sheet = self.site.sheet("archive", "page.web.archive", *nothing, links=tuple(self._links(issues)))
        return self.site.draw(sheet, cache=PUBLIC, hidden=False)

    def _links(self, issues: Iterable[Issue]) -> Iterable[Link]:
        for issue in issues:
            note = Html(f"{self.site.day_of(issue.sent, self.site.language)} · {self.site.title_of(issue.list)}")
            yield Link(f"/archive/{issue.digest}", isolated(issue.subject), note)

    def _picture(self, hash_: str) -> Response:
        found = None
        if _HASH.fullmatch(hash_):
            with self.site.storage.read() as connection:
                found = picture_of(connection, hash_)
        return (
            self.site.notice("not_found", status=404) if found is None else picture_answer(found.media_type, found.data)
        )

    def _copy(self, content: Content, html: str, theme: str | None, *, public: bool = False) -> Response:
        page = with_pictures_inside(in_palette(html, palette_of(theme)), "", carried=content.pictures)
        if public:
            return copy_answer(page, self.site.settings.web.public_url, cache=PUBLIC, hidden=False)
        return copy_answer(page, self.site.settings.web.public_url)

    def _is_public(self, slug: str) -> bool:
        found = self.site.settings.lists.get(slug)
        return found is not None and found.public

    def _gone(self) -> Response:
        sheet = self.site.sheet("notice", "page.not_found.title", words("page.web.gone", self.site.language))
        return self.site.draw(sheet, 404)
