"""Leaving: the one-click POST of mail programs (RFC 8058), the page for people, its undo and its question.

GET  /u/TOKEN        a page with one button; changes nothing, nor do HEAD and OPTIONS: scanners follow links
POST /u/TOKEN        one-click: always the same short answer, so that nobody learns whether a token is real
POST /u/TOKEN/page   the page's own buttons: leave, undo, reason
"""

import asyncio
import contextlib
import re
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from newsletter_cli.mail.escape import plain
from newsletter_cli.mail.tokens import Kind, Token
from newsletter_cli.storage.acts import acts, note
from newsletter_cli.subscribers.leaving import Leaving, Undone
from newsletter_cli.web import leaving_sheets as sheets
from newsletter_cli.web.answers import plain_answer
from newsletter_cli.web.departures import body_of, come_back, leave_now, token_of
from newsletter_cli.web.repository import Membership, membership
from newsletter_cli.web.sheet import words
from newsletter_cli.web.site import Site

BODY: Final = 4096  # bytes of a body that are read: RFC 8058 needs 26
PATIENCE: Final = 5.0  # seconds for it
REASON: Final = 200  # characters that are kept
GAVE_REASON: Final = "gave a reason"
_ADDRESS: Final = re.compile(r"\S*@\S*")


@dataclass(frozen=True, slots=True)
class LeavingPages:
    """The three routes of one site."""

    site: Site

    async def one_click(self, request: Request) -> Response:
        """POST /u/TOKEN: any body, any content type, none; the token alone decides."""
        token = await self._token(request)
        if token is not None and token.number:
            await leave_now(self.site, token.number, Leaving.ONE_CLICK)
        # Only now: a body that never ends must not keep anybody on a list.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await body_of(request, BODY)
        # One text for valid, repeated, unknown and broken tokens: no oracle.
        return plain_answer(words("page.unsubscribe.one_click", self.site.language) + "\n")

    async def page(self, request: Request) -> Response:
        """GET /u/TOKEN."""
        token, text = await self._token(request), request.path_params["token"]
        return await asyncio.to_thread(self._question, token, text)

    async def pressed(self, request: Request) -> Response:
        """POST /u/TOKEN/page."""
        form: dict[str, str] = dict(parse_qsl(await body_of(request, BODY)))
        token, text = await self._token(request), request.path_params["token"]
        if token is None or not token.number:
            return await asyncio.to_thread(self._question, token, text)
        if form.get("action") == "undo":
            return await self._undo(token, text, form)
        if form.get("action") == "reason":
            return await self._reason(token, text, form)
        return await self._leave(token, text)

    # --- the three buttons

    async def _leave(self, token: Token, text: str) -> Response:
        found = await leave_now(self.site, token.number, Leaving.PAGE)
        if found is None:
            return await asyncio.to_thread(self._broken)
        return await asyncio.to_thread(lambda: self.site.draw(sheets.left(self.site, text, found, self.site.clock())))

    async def _undo(self, token: Token, text: str, form: dict[str, str]) -> Response:
        now = self.site.clock()
        if not await asyncio.to_thread(sheets.is_proof, self.site, text, form, now):
            return await asyncio.to_thread(self._after_undo, token, Undone.TOO_LATE)
        return await asyncio.to_thread(self._after_undo, token, await come_back(self.site, token.number))

    async def _reason(self, token: Token, text: str, form: dict[str, str]) -> Response:
        now, reason = self.site.clock(), clean_reason(form.get("reason", ""))
        proven = await asyncio.to_thread(sheets.is_proof, self.site, text, form, now)
        if reason and proven:
            await self.site.desk.write(partial(self._keep_reason, token.number, reason))
        return await asyncio.to_thread(self._thanks, token)

    # --- in threads

    def _keep_reason(self, number: int, reason: str, connection: Connection) -> None:
        """One reason for one leaving: who sends the form again changes nothing."""
        found = membership(connection, number)
        if found is None or not found.has_left:
            return
        known = acts(connection, list=found.list, subscriber_id=found.subscriber, limit=1)
        if known and known[-1].what == "unsubscribed":
            note(
                connection, at=self.site.clock(), by="reader", what=GAVE_REASON, list=found.list,
                subscriber_id=found.subscriber, details=reason,
            )  # fmt: skip

    def _question(self, token: Token | None, text: str) -> Response:
        if token is not None and not token.number:
            return self.site.draw(sheets.question_of_nobody(self.site, text))
        found = self._member(token) if token is not None else None
        return self._broken() if found is None else self.site.draw(sheets.question(self.site, text, found))

    def _after_undo(self, token: Token, what: Undone) -> Response:
        found = self._member(token)
        if found is None:
            return self._broken()
        if what in (Undone.BACK, Undone.NEVER_LEFT) or not found.has_left:
            return self.site.draw(sheets.back(self.site, found))
        key = "page.unsubscribe.already" if what is Undone.NOT_HIS else "page.unsubscribe.undo_late"
        return self.site.draw(sheets.ended(self.site, self.site.language_of(found.list), key))

    def _thanks(self, token: Token) -> Response:
        found = self._member(token)
        if found is None:
            return self._broken()
        language = self.site.language_of(found.list)
        return self.site.draw(sheets.ended(self.site, language, "page.unsubscribe.reason_thanks"))

    def _member(self, token: Token) -> Membership | None:
        with self.site.storage.read() as connection:
            return membership(connection, token.number)

    def _broken(self) -> Response:
        return self.site.notice("broken", "page.broken.hint", status=404)

    async def _token(self, request: Request) -> Token | None:
        return await token_of(self.site, request, Kind.UNSUBSCRIBE)


def clean_reason(text: str) -> str:
    """What a reader wrote, fit for the log: one line of at most 200 characters without any address."""
    return _ADDRESS.sub("…", " ".join(plain(text).split()))[:REASON]
