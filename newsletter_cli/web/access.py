"""The access log: one line per request, without tokens and without whole addresses of readers' machines."""

import ipaddress
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A token is 26 characters, and stands in a path also where somebody mistyped what is before it.
_LONG: Final = re.compile(r"[^/]{20,}")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that was answered."""

    method: str
    path: str  # without tokens and query
    status: int
    client: str  # network of the client: 192.0.2.0, 2001:db8:1::
    seconds: float


@dataclass(frozen=True, slots=True)
class AccessLog:
    """ASGI middleware that tells `note` about every request."""

    app: ASGIApp
    note: Callable[[Seen], None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_see)
        finally:
            self.note(seen(scope, status, time.monotonic() - began))


def seen(scope: Scope, status: int, seconds: float) -> Seen:
    """The line's facts."""
    host = scope["client"][0] if scope.get("client") else ""
    return Seen(scope["method"], without_tokens(scope["path"]), status, network_of(host), seconds)


def without_tokens(path: str) -> str:
    """The path with every part that could be a token or hash as "…"."""
    return _LONG.sub("…", path)


def network_of(host: str) -> str:
    """The /24 or /48 of an address: enough to see an attack, too little to follow a reader."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    width = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, width), strict=False).network_address)
