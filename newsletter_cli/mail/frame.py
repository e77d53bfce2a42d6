"""The MIME frame of one version: boundaries and part heads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from newsletter_cli.mail.content import InlinePicture
from newsletter_cli.mail.headers import raw_field
from newsletter_cli.mail.segments import base64_lines

_BASE64: Final = b"Content-Transfer-Encoding: base64\r\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the two bodies."""

    content_type: str  # of the whole message
    before_text: bytes
    between: bytes
    end: bytes


def frame(version: str, pictures: Iterable[InlinePicture]) -> Frame:
    """multipart/alternative { text/plain, text/html }, the latter in multipart/related when pictures travel along.

    version: hex hash of the version; boundaries are made of it, so that the same version has the same bytes everywhere.
    "_" is no letter of base64: no body line can be a boundary.
    """
    outer, inner = f"=_nl_{version[:16]}", f"=_nr_{version[:16]}"
    images = b"".join(_picture(picture, inner) for picture in pictures)
    html_head = _head("text/html; charset=utf-8")
    between, end = _boundary(outer) + html_head, _boundary(outer, last=True)
    if images:
        related = raw_field("Content-Type", f'multipart/related; boundary="{inner}"; type="text/html"') + b"\r\n"
        between = _boundary(outer) + related + _boundary(inner) + html_head
        end = images + _boundary(inner, last=True) + end
    return Frame(
        content_type=f'multipart/alternative; boundary="{outer}"',
        before_text=_boundary(outer) + _head("text/plain; charset=utf-8"),
        between=between,
        end=end,
    )


def _boundary(name: str, *, last: bool = False) -> bytes:
    return f"--{name}{'--' if last else ''}\r\n".encode("ascii")


def _head(media_type: str) -> bytes:
    return raw_field("Content-Type", media_type) + _BASE64 + b"\r\n"


def _picture(picture: InlinePicture, boundary: str) -> bytes:
    fields = (
        raw_field("Content-Type", picture.media_type)
        + _BASE64
        + raw_field("Content-ID", f"<{picture.content_id}>")
        + raw_field("Content-Disposition", "inline")
    )
    return _boundary(boundary) + fields + b"\r\n" + base64_lines(picture.data)
