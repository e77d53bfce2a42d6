"""Preferences: what still comes to a reader, list by list. The link stands in the footer of every digest.

GET  /p/TOKEN   the reader's lists, each received, paused for thirty days, or left; changes nothing
POST /p/TOKEN   saves what was chosen, and shows the page again
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from newsletter_cli.mail.tokens import Kind, Token
from newsletter_cli.subscribers.leaving import Leaving, Undone
from newsletter_cli.subscribers.preferences import PAUSE, Choice, Held, Preferences, end_pause, pause, preferences_of
from newsletter_cli.web.departures import body_of, come_back, leave_now, token_of
from newsletter_cli.web.sheet import Button, Form, Html, Option, Question, Sheet, address, words
from newsletter_cli.web.site import Site

BODY: Final = 16 * 1024  # bytes of a form that are read: some hundred lists
TITLE: Final = "digest.preferences"
SAVE: Final = "save"
LEAVE_ALL: Final = "leave-all"


@dataclass(frozen=True, slots=True)
class PreferencePages:
    """The route of one site."""

    site: Site

    async def page(self, request: Request) -> Response:
        """GET /p/TOKEN."""
        token, text = await token_of(self.site, request, Kind.PREFERENCES), request.path_params["token"]
        return await asyncio.to_thread(self._shown, token, text)

    async def saved(self, request: Request) -> Response:
        """POST /p/TOKEN: a list that the form does not name stays as it is."""
        token, text = await token_of(self.site, request, Kind.PREFERENCES), request.path_params["token"]
        form = dict(parse_qsl(await body_of(request, BODY)))
        found = await asyncio.to_thread(self._found, token) if token is not None and token.number else None
        if found is None:
            return await asyncio.to_thread(self._shown, token, text)
        held = tuple([await self._moved(one, _wanted(one, form)) for one in found.held])
        # A form of another kind, or none, has said nothing: then nothing was saved either.
        said = words("page.preferences.saved", self.site.language_of(found.list)) if _is_ours(form) else None
        return await asyncio.to_thread(lambda: self.site.draw(self._sheet(text, replace(found, held=held), said)))

    async def _moved(self, held: Held, wanted: Choice) -> Held:
        """The list as it stands after the reader's choice."""
        if wanted is held.choice:
            return held
        number, now = held.subscription_id, self.site.clock()
        if wanted is Choice.LEAVE:
            return replace(held, choice=wanted) if await leave_now(self.site, number, Leaving.PAGE) else held
        if held.choice is Choice.LEAVE and await come_back(self.site, number) is not Undone.BACK:
            return held
        until = now + PAUSE
        if wanted is Choice.PAUSE:
            await self.site.desk.write(lambda connection: pause(connection, number, now, until))
            return replace(held, choice=wanted, paused_until=until)
        await self.site.desk.write(lambda connection: end_pause(connection, number, now))
        return replace(held, choice=wanted, paused_until=None)

    # --- in threads

    def _found(self, token: Token) -> Preferences | None:
        with self.site.storage.read() as connection:
            return preferences_of(connection, token.number, self.site.clock())

    def _shown(self, token: Token | None, text: str) -> Response:
        if token is not None and not token.number:
            said = words("page.test.text", self.site.language)
            return self.site.draw(self.site.sheet("notice", TITLE, said))
        found = self._found(token) if token is not None else None
        if found is None:
            return self.site.notice("broken", "page.broken.hint", status=404)
        return self.site.draw(self._sheet(text, found))

    def _sheet(self, text: str, found: Preferences, status: Html | None = None) -> Sheet:
        language = self.site.language_of(found.list)
        about = "page.preferences.about" if found.held else "page.preferences.none"
        values = {"email": address(found.address)} if found.held else {}
        return self.site.sheet(
            "preferences",
            TITLE,
            words(about, language, values),
            language=language,
            status=status,
            forms=self._forms(text, found, language) if found.held else (),
        )

    def _forms(self, text: str, found: Preferences, language: str) -> tuple[Form, ...]:
        action = f"/p/{text}"
        save = Form(
            action=action,
            button=Button(words("page.preferences.save", language), SAVE),
            questions=tuple(self._question(held, language) for held in found.held),
        )
        if sum(held.choice is not Choice.LEAVE for held in found.held) < 2:
            return (save,)
        return save, Form(
            action=action, button=Button(words("page.preferences.leave_all", language), LEAVE_ALL, main=False)
        )

    def _question(self, held: Held, language: str) -> Question:
        choices = [choice for choice in Choice if held.confirmed or choice is not Choice.PAUSE]
        return Question(
            name=_field(held),
            legend=self.site.title_of(held.list),
            options=tuple(
                Option(value=choice, label=words(f"page.preferences.{choice}", language), chosen=choice is held.choice)
                for choice in choices
            ),
            note=self._note(held, language),
        )

    def _note(self, held: Held, language: str) -> Html:
        if held.choice is Choice.LEAVE:
            return words("page.preferences.left", language)
        if held.paused_until is not None:
            return words("page.preferences.paused", language, {"day": self.site.day_of(held.paused_until, language)})
        return Html("") if held.confirmed else words("page.preferences.pending", language)


def _field(held: Held) -> str:
    return f"list.{held.list}"


def _is_ours(form: Mapping[str, str]) -> bool:
    return form.get("action") in {SAVE, LEAVE_ALL} or any(name.startswith("list.") for name in form)


def _wanted(held: Held, form: Mapping[str, str]) -> Choice:
    """What the form says about a list; what it does not say, or cannot mean, changes nothing."""
    if form.get("action") == LEAVE_ALL:
        return Choice.LEAVE
    said = form.get(_field(held), "")
    if said not in set(Choice) or (said == Choice.PAUSE and not held.confirmed):
        return held.choice
    return Choice(said)
