"""Leaving and coming back as the pages do it: kept on the disk first, then in the database (desk.py)."""

import asyncio
import contextlib
from datetime import datetime
from functools import partial

from starlette.requests import ClientDisconnect, Request

from newsletter_cli.errors import NewsletterError
from newsletter_cli.mail.tokens import Kind, Token
from newsletter_cli.subscribers.leave import Leave, LeaveKind
from newsletter_cli.subscribers.leaving import Leaving, Left, Undone, leave, undo_leave, would_leave
from newsletter_cli.web.site import Site


async def token_of(site: Site, request: Request, kind: Kind) -> Token | None:
    """What the token in the path says; None for a broken one, or one for another page."""
    text = request.path_params["token"]
    return site.keys.known(text, kind) or await asyncio.to_thread(site.keys.read, text, kind)


async def body_of(request: Request, most: int) -> str:
    """The first `most` bytes of the body as text; never a reason to refuse a reader who leaves."""
    data = b""
    try:
        async for piece in request.stream():
            data += piece
            if len(data) >= most:
                break
    except ClientDisconnect:  # it has said what it wanted: the token stands in the address
        pass
    return data[:most].decode("utf-8", "replace")


async def leave_now(site: Site, number: int, how: Leaving) -> Left | None:
    """Off the list once it returns: in the database, or for certain as soon as anybody claims readers with it.

    number: a subscription; None when there is no such one.
    """
    now = site.clock()
    with contextlib.suppress(NewsletterError):  # a look only, so that clicks again and again do not fill the disk
        found = await asyncio.to_thread(_standing, site, number, now, how)
        if found is None or found.already:
            return found
    return await site.desk.leave(
        Leave(kind=LeaveKind.LEFT, at=now, subscription=number, reason=how.value),
        lambda connection: leave(connection, number, now, how),
        partial(_standing, site, number, now, how),
    )


async def come_back(site: Site, number: int) -> Undone:
    """Takes back what was done in the last ten minutes."""
    now = site.clock()
    what = await site.desk.write(lambda connection: undo_leave(connection, number, now))
    if what is Undone.BACK:
        back = Leave(kind=LeaveKind.BACK, at=now, subscription=number)
        with contextlib.suppress(NewsletterError):  # without it a copy put back later takes him off: the safe side
            await asyncio.to_thread(site.desk.leaves.record, back)
    return what


def _standing(site: Site, number: int, now: datetime, how: Leaving) -> Left | None:
    with site.storage.read() as connection:
        return would_leave(connection, number, now, how)
