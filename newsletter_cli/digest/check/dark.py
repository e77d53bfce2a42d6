"""H309: what a page needs to have a dark palette of its own, and a logo that does not vanish in it."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from newsletter_cli.digest.check.circumstances import Circumstances
from newsletter_cli.digest.check.finding import Hit, Level, Phrase
from newsletter_cli.digest.check.ink import Ink, ink_of
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.check.tree import PageTree
from newsletter_cli.digest.model import Issue

_METAS: Final = ("color-scheme", "supported-color-schemes")
_BLOCK: Final = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark", re.IGNORECASE)
_SAID: Final = {
    Ink.LIGHT: Phrase("The logo is transparent with light ink and may vanish", "الشعار شفاف بحبر فاتح وقد يختفي"),
    Ink.DARK: Phrase("The logo is transparent with dark ink and vanishes", "الشعار شفاف بحبر داكن فيختفي"),
    Ink.UNKNOWN: Phrase("The logo is transparent and may vanish", "الشعار شفاف وقد يختفي"),
}


def dark_mode(page: PageTree, issue: Issue, circumstances: Circumstances) -> Iterator[Hit]:
    """A page without a dark palette is recoloured by the mail program, and a transparent logo stands on any ground."""
    named = {one.attributes.get("name", "").lower() for one in page.all("meta")}
    missing = [f'<meta name="{name}">' for name in _METAS if name not in named]
    if not any(_BLOCK.search(css) for css in page.styles):
        missing.append("@media (prefers-color-scheme: dark)")
    if missing:
        file, line = find_in_theme(issue, r"<head\b")
        if missing == ["@media (prefers-color-scheme: dark)"]:
            file = next((one.shown for one in issue.theme if one.shown.endswith(".css")), file)
            line = None
        listed = ", ".join(missing)
        what = Phrase(f"No palette of its own ({listed})", f"لا ألوان خاصة ({listed})")
        yield Hit(code="H309", file=file, line=line, values={"what": what})
    data = logo_bytes(issue)
    ink = ink_of(data) if data else Ink.OPAQUE
    if ink in _SAID:
        place = circumstances.sources.setting("newsroom.logo")
        yield Hit(code="H309", file=place.file, line=place.line, level=Level.WARNING, values={"what": _SAID[ink]})


def logo_bytes(issue: Issue) -> bytes:
    """The logo as it is sent; b"" when there is none of our own."""
    src = next((one.src for one in issue.placed_pictures if one.key == "logo"), "")
    if not src:
        return b""
    published = (one.data for one in issue.pictures if src.endswith(f"/a/{one.hash}"))
    carried = (one.data for one in issue.inline_pictures if src == f"cid:{one.content_id}")
    return next(chain(published, carried), b"")
