"""Answers with the header fields that belong to them: nothing from elsewhere, nothing kept, nothing told to others."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, PlainTextResponse, Response

COMMON: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    # Our addresses hold tokens: no other site may learn them.
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SEALED: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
PRIVATE: Final = "no-store"
PUBLIC: Final = "public, max-age=300"
FOR_EVER: Final = "public, max-age=31536000, immutable"  # pictures are named by their hash


def page_answer(page: str, style: str, status: int = 200, *, cache: str = PRIVATE, hidden: bool = True) -> Response:
    """A page of ours; its one style is allowed by its hash.  hidden: not for search engines."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"{_SEALED}; style-src 'sha256-{digest}'; form-action 'self'"
    return _html(page, status, policy, cache, hidden=hidden)


def copy_answer(page: str, public_url: str, *, cache: str = PRIVATE, hidden: bool = True) -> Response:
    """A digest in the browser: its inline styles, pictures over https or of our own; nothing that runs."""
    parts = urlsplit(public_url)
    own = f" {parts.scheme}://{parts.netloc}" if parts.scheme == "http" else ""
    policy = f"{_SEALED}; style-src 'unsafe-inline'; img-src 'self' https: data:{own}; form-action 'none'"
    return _html(page, 200, policy, cache, hidden=hidden)


def plain_answer(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A line of text."""
    fields = {**COMMON, "Cache-Control": PRIVATE, "Content-Security-Policy": _SEALED, **(headers or {})}
    return PlainTextResponse(text, status, fields)


def picture_answer(media_type: str, data: bytes) -> Response:
    """A picture of ours; sandboxed, for one that is opened by itself."""
    policy = f"{_SEALED}; sandbox"
    # Mail programs and web copies on other hosts may show it.
    fields = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(
        data, 200, {**fields, "Content-Security-Policy": policy, "Cache-Control": FOR_EVER}, media_type=media_type
    )


def _html(page: str, status: int, policy: str, cache: str, *, hidden: bool) -> Response:
    fields = {**COMMON, "Content-Security-Policy": policy, "Cache-Control": cache}
    if hidden:
        fields["X-Robots-Tag"] = "noindex, nofollow"
    return HTMLResponse(page, status, fields)
