"""I105: kinds of pictures that some mail programs do not show."""

from typing import Final
from urllib.parse import urlsplit

from newsletter_cli.digest.check import clients
from newsletter_cli.digest.check.finding import Hit

FORMATS: Final = {"svg": "SVG", "webp": "WebP", "avif": "AVIF"}


def format_of(source: str) -> str:
    """SVG, WebP or AVIF by the name of the file; "" for the others."""
    return FORMATS.get(urlsplit(source).path.rpartition(".")[2].lower(), "")


def foreign(format_: str, file: str, line: int | None) -> Hit:
    """I105."""
    programs = clients.named_without(f"image-{format_.lower()}")
    return Hit(code="I105", file=file, line=line, values={"format": format_, "clients": programs})
