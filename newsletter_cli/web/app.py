"""The readers' pages as one application.

    /u/TOKEN           GET the page, POST one-click      /v/TOKEN      a reader's own copy
    /u/TOKEN/page      POST the page's buttons           /archive/…    copies for everybody
    /p/TOKEN           GET the page, POST its choices    /a/HASH       pictures
    /healthz           ok, while the database answers

No cookie, no login, no redirect (also not for a slash too many), no script, nothing from other hosts. GET, HEAD and
OPTIONS change nothing. Database work is done in threads; the few writes go through one desk (desk.py).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy import Connection, text
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter_cli.errors import NewsletterError
from newsletter_cli.settings import Settings
from newsletter_cli.storage.engine import Storage
from newsletter_cli.subscribers.leaves import Leaves
from newsletter_cli.web.access import AccessLog, Seen
from newsletter_cli.web.answers import plain_answer
from newsletter_cli.web.copies import CopyPages
from newsletter_cli.web.desk import Desk
from newsletter_cli.web.keys import Keys
from newsletter_cli.web.leaving import LeavingPages
from newsletter_cli.web.preferring import PreferencePages
from newsletter_cli.web.sheet import words
from newsletter_cli.web.site import Site, Theme

LOOK = ["GET", "HEAD"]


def create_app(
    storage: Storage,
    settings: Settings,
    clock: Callable[[], datetime],
    *,
    load_theme: Callable[[], Theme] | None = None,
    warn: Callable[[str], None] = lambda line: None,
    note: Callable[[Seen], None] = lambda seen: None,
) -> Starlette:
    """The application of one newsroom. It opens nothing and closes nothing: `storage` is the caller's.

    clock: aware, UTC.  load_theme: called when the first page is drawn (it loads jinja2; one-click never does); None =
    built-in pages.  warn: one line about what is wrong with us.  note: every request, for the access log.
    """
    site = Site(
        settings=settings,
        storage=storage,
        clock=clock,
        keys=Keys(storage, clock),
        desk=Desk(storage, Leaves(storage.root)),
        load_theme=load_theme,
        warn=warn,
    )
    return Starlette(
        routes=_routes(site),
        middleware=[Middleware(AccessLog, note=note)],
        exception_handlers=_answers_to_trouble(site),
    )


def _routes(site: Site) -> list[Route]:
    leaving, preferring, copies = LeavingPages(site), PreferencePages(site), CopyPages(site)

    async def leave(request: Request) -> Response:
        if request.method == "POST":
            return await leaving.one_click(request)
        return _allowed() if request.method == "OPTIONS" else await leaving.page(request)

    async def prefer(request: Request) -> Response:
        if request.method == "POST":
            return await preferring.saved(request)
        return _allowed() if request.method == "OPTIONS" else await preferring.page(request)

    async def torn(request: Request) -> Response:
        of_page = request.path_params["token"].rstrip("/").endswith("/page")
        return await (leaving.pressed if of_page else leaving.one_click)(request)

    async def health(request: Request) -> Response:
        await asyncio.to_thread(_ask_something, site.storage)
        return plain_answer("ok\n")

    # Each path with and without its last slash: a redirect would turn a POST into a GET that changes nothing.
    pages: list[tuple[str, Callable[[Request], Awaitable[Response]], list[str]]] = [
        ("/u/{token}", leave, [*LOOK, "POST", "OPTIONS"]),
        ("/u/{token}/page", leaving.pressed, ["POST"]),
        ("/p/{token}", prefer, [*LOOK, "POST", "OPTIONS"]),
        ("/v/{token}", copies.view, LOOK),
        ("/archive", copies.archive, LOOK),
        ("/archive/{digest}", copies.issue, LOOK),
        ("/a/{hash}", copies.picture, LOOK),
        ("/healthz", health, LOOK),
    ]
    routes = [Route(path + slash, answer, methods=methods) for path, answer, methods in pages for slash in ("", "/")]
    # A token that a mail program has cut or lengthened is broken like any other: the same answer (RFC 8058 §3).
    return [*routes, Route("/u/{token:path}", torn, methods=["POST"])]


def _allowed() -> Response:
    return plain_answer("", 204, {"Allow": "GET, HEAD, POST, OPTIONS"})


def _answers_to_trouble(site: Site) -> dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
    async def unusual(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:
            return await asyncio.to_thread(site.notice, "not_found", status=404)
        headers = error.headers if isinstance(error, HTTPException) else None
        return plain_answer("", status, headers)

    async def our_own(request: Request, error: Exception) -> Response:
        # Also for what nobody expected: a mail program asks again later, and nobody is told that he has left.
        site.warn(f"{type(error).__name__}: {error}")
        return plain_answer(words("page.error.text", site.language) + "\n", 503, {"Retry-After": "120"})

    return {HTTPException: unusual, NewsletterError: our_own, Exception: our_own}


def _ask_something(storage: Storage) -> None:
    connection: Connection
    with storage.read() as connection:
        connection.execute(text("SELECT 1"))
