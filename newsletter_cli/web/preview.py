"""The preview as an application: a page on this computer that shows a digest as each reader gets it.

    /DIGEST        the page                      /p/PICTURES/HASH   pictures, also for the frame
    /look          what it shows, as JSON        /events            a line whenever a file has changed
    /frame /web    the digest, in its frame      /test              POST: the one thing that leaves
    /page.css /page.js                           /message.eml       one reader's message, byte for byte
                                                 /open              POST: a file in the person's own editor

Every address carries the key, every Host is one of ours (a foreign name that leads here is refused), and a POST comes
from our own page. The frames run nothing and fetch nothing from elsewhere.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from newsletter_cli.language import direction_of
from newsletter_cli.mail.links import ascii_url
from newsletter_cli.web.answers import COMMON, PRIVATE, plain_answer
from newsletter_cli.web.preview_frame import Aids, framed
from newsletter_cli.web.preview_model import Desk, Door, Fault, Look
from newsletter_cli.web.preview_view import fault_view, look_view, told_view
from newsletter_cli.web.preview_words import WORDS

PACE: Final = 0.3  # seconds between two looks at the files
_PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FRAME: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_HIDDEN: Final[Mapping[str, str]] = {"X-Robots-Tag": "noindex, nofollow", "Cache-Control": PRIVATE}

Answer = Callable[[Request], Awaitable[Response]]


def create_preview(
    desk: Desk, door: Door, *, public_url: str, templates: Path, stopped: Callable[[], bool]
) -> Starlette:
    """The application.

    public_url: web.public_url, as links in the digest have it.  templates: the packaged ones, with preview/ in them.
    stopped: whether the server is about to end; open streams end then.
    """
    pages = _Pages(desk, door, public_url, templates / "preview", stopped)
    routes: list[tuple[str, Answer, list[str]]] = [
        ("/page.css", pages.style, ["GET"]),
        ("/page.js", pages.script, ["GET"]),
        ("/look", pages.look, ["GET"]),
        ("/frame", pages.frame, ["GET"]),
        ("/web", pages.web, ["GET"]),
        ("/message.eml", pages.message, ["GET"]),
        ("/events", pages.events, ["GET"]),
        ("/test", pages.test, ["POST"]),
        ("/open", pages.open, ["POST"]),
        ("/" + door.digest, pages.page, ["GET"]),
    ]
    guarded = [Route(path, _guarded(door, answer), methods=methods) for path, answer, methods in routes]
    # The frame must not know the key: what is in it comes from articles.
    return Starlette(routes=[Route("/p/{key}/{hash}", pages.picture, methods=["GET"]), *guarded])


def _guarded(door: Door, answer: Answer) -> Answer:
    async def asked(request: Request) -> Response:
        if not _is_ours(door, request):
            return plain_answer("This address is not ours.\n", 421)
        if not _same(request.query_params.get("k", ""), door.key):
            return plain_answer("The key is missing: open the address that the command printed.\n", 403)
        if request.method == "POST" and request.headers.get("origin") not in door.origins:
            return plain_answer("Only the preview's own page may ask for this.\n", 403)
        return await answer(request)

    return asked


def _is_ours(door: Door, request: Request) -> bool:
    return request.headers.get("host", "").lower() in door.hosts


def _same(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())


@dataclass(frozen=True, slots=True)
class _Pages:
    """The answers."""

    desk: Desk
    door: Door
    public_url: str
    folder: Path
    stopped: Callable[[], bool]

    @property
    def pictures(self) -> str:
        """The address below which pictures lie; its own key says nothing about the other."""
        return "/p/" + hashlib.sha256(f"pictures {self.door.key}".encode()).hexdigest()[:24]

    async def page(self, _request: Request) -> Response:
        language = self.door.language
        env = Environment(
            loader=FileSystemLoader(str(self.folder)), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        html = env.get_template("page.html").render(
            language=language, direction=direction_of(language), t=WORDS[language], key=self.door.key,
            digest=self.door.digest, pictures=self.pictures,
            words=json.dumps(dict(WORDS[language]), ensure_ascii=False),
        )  # fmt: skip
        return HTMLResponse(html, headers={**COMMON, **_HIDDEN, "Content-Security-Policy": _PAGE})

    async def style(self, _request: Request) -> Response:
        return self._file("page.css", "text/css")

    async def script(self, _request: Request) -> Response:
        return self._file("page.js", "text/javascript")

    async def look(self, request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(self._look, request.query_params.get("as", "")), headers=_fields())

    async def frame(self, request: Request) -> Response:
        asked = request.query_params
        html = await asyncio.to_thread(self._frame, asked.get("as", ""), _aids(asked))
        return self._framed(html, pictures=asked.get("pictures") != "off")

    async def web(self, request: Request) -> Response:
        html = await asyncio.to_thread(self._web, _aids(request.query_params))
        return self._framed(html, pictures=True)

    async def message(self, request: Request) -> Response:
        data = await asyncio.to_thread(self._message, request.query_params.get("as", ""))
        name = f'attachment; filename="{self.door.digest}.eml"'
        return Response(data, headers=_fields({"Content-Disposition": name}), media_type="message/rfc822")

    async def picture(self, request: Request) -> Response:
        if not _is_ours(self.door, request) or not _same(f"/p/{request.path_params['key']}", self.pictures):
            return plain_answer("", 403)
        found = await asyncio.to_thread(self.desk.picture, request.path_params["hash"])
        if found is None:
            return plain_answer("", 404)
        policy = {"Content-Security-Policy": "default-src 'none'; sandbox"}
        return Response(found.data, headers=_fields(policy), media_type=found.media_type)

    async def test(self, request: Request) -> Response:
        told = await asyncio.to_thread(self.desk.test, request.query_params.get("as", ""))
        return JSONResponse(told_view(told), headers=_fields())

    async def open(self, request: Request) -> Response:
        asked = request.query_params
        line = asked.get("line", "")
        number = int(line) if line.isdecimal() and len(line) < 9 else 0
        opened = await asyncio.to_thread(self.desk.open, asked.get("file", ""), number)
        return JSONResponse({"opened": opened}, headers=_fields())

    async def events(self, _request: Request) -> Response:
        return StreamingResponse(self._changes(), headers=_fields(), media_type="text/event-stream")

    async def _changes(self) -> AsyncIterator[str]:
        """A line at once, and one after each change; ends with the server."""
        last = None
        while not self.stopped():
            state = await asyncio.to_thread(self.desk.state)
            if state != last:
                last = state
                yield f"data: {hashlib.sha256(state.encode()).hexdigest()[:12]}\n\n"
            await asyncio.sleep(PACE)

    # --- in threads

    def _look(self, who: str) -> dict[str, Any]:
        look = self.desk.look()
        if isinstance(look, Fault):
            return fault_view(look)
        sheet = self.desk.sheet(look, who)
        return look_view(look, sheet, self.desk.web(look), self.public_url, self.door.language)

    def _frame(self, who: str, aids: Aids) -> str:
        look = self.desk.look()
        sheet = look if isinstance(look, Fault) else self.desk.sheet(look, who)
        if isinstance(look, Fault) or isinstance(sheet, Fault):
            return "<!DOCTYPE html>\n<title>-</title>"  # the page itself says what is wrong
        return self._shown(sheet.html, look, aids)

    def _web(self, aids: Aids) -> str:
        look = self.desk.look()
        return "<!DOCTYPE html>\n<title>-</title>" if isinstance(look, Fault) else self._shown(
            self.desk.web(look), look, aids
        )  # fmt: skip

    def _shown(self, html: str, look: Look, aids: Aids) -> str:
        return framed(html, look.content, ascii_url(self.public_url), self.pictures, aids)

    def _message(self, who: str) -> bytes:
        look = self.desk.look()
        sheet = look if isinstance(look, Fault) else self.desk.sheet(look, who)
        return b"" if isinstance(sheet, Fault | Look) else sheet.message

    # --- answers

    def _framed(self, html: str, *, pictures: bool) -> Response:
        # Without pictures a mail program loads none: the page stays as it is.
        policy = f"{_FRAME}; img-src 'self' data:" if pictures else f"{_FRAME}; img-src 'none'"
        fields = {**COMMON, **_HIDDEN, "Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
        return HTMLResponse(html, headers=fields)

    def _file(self, name: str, media_type: str) -> Response:
        return Response((self.folder / name).read_bytes(), headers=_fields(), media_type=media_type)


def _aids(asked: Mapping[str, str]) -> Aids:
    scheme = asked.get("scheme", "light")
    return Aids(scheme if scheme in {"dark", "inverted"} else "light", styled=asked.get("style") != "off")


def _fields(more: Mapping[str, str] | None = None) -> dict[str, str]:
    return {**COMMON, **_HIDDEN, **(more or {})}
