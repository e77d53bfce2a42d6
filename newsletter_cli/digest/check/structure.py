"""H302–H305, H307, H308: what the page is made of, and what mail programs do with it."""

import re
from collections.abc import Iterator
from typing import Final

from newsletter_cli.articles.model import Block, Note, Quote, Table, plain_text
from newsletter_cli.digest.check import clients
from newsletter_cli.digest.check.css import Declaration, rules
from newsletter_cli.digest.check.finding import Hit
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.check.tree import PageTree
from newsletter_cli.digest.model import Issue, Size

STYLE_LIMIT: Final = 16_384  # bytes; Gmail drops a larger <style> as a whole (email-bugs#90)
_FORBIDDEN: Final = ("script", "form", "iframe", "object", "embed", "video", "audio", "svg", "base", "link")

_FUNCTION: Final = r"(?<![\w-])"
# Colours that Gmail does not read: it then drops the whole style attribute or block.
_MODERN_COLOUR: Final = re.compile(
    _FUNCTION + r"(?:(?:rgb|hsl)a?\(\s*[^\s,()]+\s+[^,()]*\)"
    r"|(?:oklch|oklab|lch|lab|hwb|color|color-mix|light-dark)\([^()]*(?:\([^()]*\)[^()]*)*\))",
    re.IGNORECASE,
)
# (what is said, pattern over "name: value", feature of the client table)
_FRAGILE: Final = tuple(
    (what, re.compile(pattern, re.IGNORECASE), feature)
    for what, pattern, feature in (
        ("display: flex", r"^display:\s*(?:inline-)?flex\b", "css-display-flex"),
        ("display: grid", r"^display:\s*(?:inline-)?grid\b", "css-display-grid"),
        ("position", r"^position:\s*(?!static\b)", "css-position"),
        ("var()", r"^(?:--[\w-]+:|[^:]*:.*(?<![\w-])var\()", "css-variables"),
        ("rem", r":.*(?<![\w#.-])[\d.]*\d+rem\b", "css-unit-rem"),
    )
)


def structure(page: PageTree, issue: Issue) -> Iterator[Hit]:
    """Elements and CSS that mail programs refuse, drop or misread."""
    yield from _forbidden(page, issue)
    yield from _head(page, issue)
    yield from _style_blocks(page, issue)
    yield from _layout_tables(page, issue)
    yield from _fragile(page, issue)


def _forbidden(page: PageTree, issue: Issue) -> Iterator[Hit]:
    for tag in dict.fromkeys(one.tag for one in page.all(*_FORBIDDEN)):
        yield _hit("H302", find_in_theme(issue, rf"<{tag}\b"), tag=f"<{tag}>")
    events = (name for one in page.all() for name in one.attributes if re.fullmatch(r"on[a-z]{3,}", name))
    for name in dict.fromkeys(events):
        yield _hit("H302", find_in_theme(issue, rf"\s{name}\s*="), tag=name)
    if any(re.search(r"@import\b", css, re.IGNORECASE) for css in page.styles):
        yield _hit("H302", find_in_theme(issue, r"@import\b"), tag="@import")


def _head(page: PageTree, issue: Issue) -> Iterator[Hit]:
    html = next(page.all("html"), None)
    charset = any(
        "charset" in one.attributes or "charset=" in one.attributes.get("content", "").lower()
        for one in page.all("meta")
    )
    missing = (
        ("title", any(one.words().strip() for one in page.all("title")), r"<head\b"),
        ("lang", html is not None and bool(html.attributes.get("lang")), r"<html\b"),
        ("charset", charset, r"<head\b"),
    )
    for what, found, where in missing:
        if not found:
            yield _hit("H303", find_in_theme(issue, where), what=what)


def _style_blocks(page: PageTree, issue: Issue) -> Iterator[Hit]:
    for css in page.styles:
        size = len(css.encode())
        if size > STYLE_LIMIT:
            sheet = next((file for file in issue.theme if file.shown.endswith(".css")), None)
            own = sheet is not None and len(sheet.text.encode()) > STYLE_LIMIT
            place = (sheet.shown, None) if own and sheet is not None else find_in_theme(issue, r"<style\b")
            yield _hit("H304", place, size=f"{size / 1024:.1f} KB")


def _layout_tables(page: PageTree, issue: Issue) -> Iterator[Hit]:
    data = {_letters(_table_words(one)) for one in _tables_of(issue)}
    for table in page.all("table"):
        is_data = any(one.tag == "th" for one in table.walk()) or _letters(table.words()) in data
        if table.attributes.get("role") not in {"presentation", "none"} and not is_data:
            place = find_in_theme(issue, r"<table\b(?:\{\{[^}]*\}\}|[^>{])*>", is_meant=_has_no_role)
            yield _hit("H305", place)
            return


def _has_no_role(text: str, match: re.Match[str]) -> bool:
    """A table without a role, and not one that has header cells right after."""
    near = text[match.end() : match.end() + 300]
    return not re.search(r"role\s*=\s*[\"']?(?:presentation|none)", match[0]) and not re.search(r"<th(?:ead)?\b", near)


def _fragile(page: PageTree, issue: Issue) -> Iterator[Hit]:
    everything = tuple(dict.fromkeys(_all_declarations(page, issue)))
    for what, pattern, feature in _FRAGILE:
        if any(pattern.search(f"{one.name}: {one.value}") for one in everything):
            where = _places(what)
            yield _hit("H307", find_in_theme(issue, where), what=what, clients=clients.named_without(feature))
    if any(":has(" in css for css in page.styles):
        yield _hit(
            "H307", find_in_theme(issue, r":has\("), what=":has", clients=clients.named_without("css-pseudo-class-has")
        )
    if any(rule.nested for css in page.styles for rule in rules(css)):
        place = find_in_theme(issue, r"\{[^{}@<>]*[\s;]&?[ ]?[.#:&>][\w. -]+\{")
        yield _hit("H307", place, what="nesting", clients=clients.named_without("css-nesting"))
    for value in dict.fromkeys(match[0] for one in everything for match in _MODERN_COLOUR.finditer(one.value)):
        loose = r"[\s,]+".join(re.escape(part) for part in re.split(r"[\s,]+", value))
        yield _hit("H308", find_in_theme(issue, loose), value=value)


def _places(what: str) -> str:
    """How a fragile thing is looked for in the theme's files."""
    return {
        "display: flex": r"display\s*:\s*(?:inline-)?flex",
        "display: grid": r"display\s*:\s*(?:inline-)?grid",
        "position": r"(?<![\w-])position\s*:",
        "var()": r"(?<![\w-])var\(|(?<![\w-])--[\w-]+\s*:",
        "rem": r"(?<![\w#.-])[\d.]*\d+rem\b",
    }[what]


def _all_declarations(page: PageTree, issue: Issue) -> Iterator[Declaration]:
    """Those of the page, and those of the theme's CSS: the inliner drops values it does not know, as Gmail would."""
    for one in page.all():
        yield from one.style()
    sheets = (file.text for file in issue.theme if file.shown.endswith(".css"))
    for css in (*page.styles, *sheets):
        for rule in rules(css):
            yield from rule.declarations


def _tables_of(issue: Issue) -> Iterator[Table]:
    for entry in issue.entries:
        if entry.size is Size.FULL:
            yield from _tables_in(entry.article.blocks)


def _tables_in(blocks: tuple[Block, ...]) -> Iterator[Table]:
    for block in blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Quote | Note):
            yield from _tables_in(block.blocks)


def _table_words(table: Table) -> str:
    return "".join(plain_text(cell) for row in (table.header, *table.rows) for cell in row)


def _letters(text: str) -> str:
    return "".join(text.split())


def _hit(code: str, place: tuple[str, int | None], **values: object) -> Hit:
    return Hit(code=code, file=place[0], line=place[1], values=values)
