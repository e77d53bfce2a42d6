"""I102–I106, and I101, I105 and I107 for pictures that a theme puts into the page itself."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from newsletter_cli.articles.model import Picture
from newsletter_cli.digest.check.finding import Hit, Level, Phrase
from newsletter_cli.digest.check.formats import foreign, format_of
from newsletter_cli.digest.check.page import shown_pictures
from newsletter_cli.digest.check.texts import all_passages, file_of, line_of
from newsletter_cli.digest.check.theme_lines import find_in_theme
from newsletter_cli.digest.check.tree import Element, PageTree
from newsletter_cli.digest.model import Issue, PlacedPicture
from newsletter_cli.digest.pictures import measure
from newsletter_cli.language import fold

KB: Final = 1024
ONE: Final = 200 * KB
ALL: Final = 1024 * KB
WIDEST: Final = 1200  # pixels
WORDS_WARNING: Final = 500  # letters beside pictures
WORDS_ERROR: Final = 200

_NOTHING: Final = frozenset(
    fold(words)
    for words in (
        "logo", "image", "picture", "photo", "img", "pic", "graphic", "photograph", "untitled", "placeholder",
        "شعار", "صورة", "الصورة", "صوره", "رسم", "عکس", "تصویر", "تصوير", "לוגו", "תמונה", "צילום", "photographie",
    )
)  # fmt: skip
_FILE_NAME: Final = re.compile(r"\S+\.(?:png|jpe?g|gif|webp|svg|avif|heic|tiff?)", re.IGNORECASE)
_CAMERA: Final = re.compile(
    r"(?:img|dsc|dscn|pxl|whatsapp image|screenshot|image)[-_ ]?[\d][\d\-_ ().at]*", re.IGNORECASE
)


def pictures_of_page(page: PageTree, issue: Issue) -> Iterator[Hit]:
    """How heavy pictures are, what they say, and what of the page they are."""
    yield from _weights(issue)
    yield from _words(issue)
    yield from _descriptions(issue)
    placed = {one.src for one in issue.placed_pictures}
    for image in page.all("img"):
        source = image.attributes.get("src", "")
        if "width" not in image.attributes:
            yield _of_theme("I103", issue, r"<img\b(?:\{\{[^}]*\}\}|(?!\swidth\s*=)[^>{])*>")
        if source not in placed:
            yield from _foreign_to_articles(image, source, issue)


def _weights(issue: Issue) -> Iterator[Hit]:
    sent = {f"/a/{one.hash}": one.data for one in issue.pictures}
    sent |= {f"cid:{one.content_id}": one.data for one in issue.inline_pictures}
    for one in _once(issue.placed_pictures):
        data = next((data for end, data in sent.items() if one.src.endswith(end)), b"")
        size = measure(data)
        file, line = _place(one, issue)
        if len(data) > ONE:
            yield Hit(code="I102", file=file, line=line, values={"size": f"{len(data) / KB:.0f} KB"})
        elif size is not None and size.width > WIDEST:
            what = Phrase(f"{size.width} pixels wide", f"عرضها {size.width} بكسل")
            yield Hit(code="I102", file=file, line=line, values={"size": what})
    whole = sum(map(len, sent.values()))
    if whole > ALL:
        what = Phrase(f"one of several with {whole / KB:.0f} KB together", f"من صور حجمها معًا {whole / KB:.0f} KB")
        yield Hit(code="I102", file=issue.file.shown, line=issue.file.line("articles"), values={"size": what})


def _once(placed: tuple[PlacedPicture, ...]) -> Iterator[PlacedPicture]:
    seen: set[str] = set()
    for one in placed:
        if one.src not in seen:
            seen.add(one.src)
            yield one


def _place(one: PlacedPicture, issue: Issue) -> tuple[str, int | None]:
    article = next((entry.article for entry in issue.entries if entry.article.slug == one.slug), None)
    if article is not None and one.slug:
        return file_of(article, issue), line_of(article, one.key)
    return ("newsletter.toml", None) if one.key == "logo" else (issue.file.shown, issue.file.line("intro"))


def _words(issue: Issue) -> Iterator[Hit]:
    """Pictures with hardly a word beside them: filters take such mail for advertising, and many see nothing."""
    if not any(one.slug for one in issue.placed_pictures):
        return
    letters = sum(len("".join(one.text.split())) for one in all_passages(issue))
    if letters < WORDS_WARNING:
        level = Level.ERROR if letters < WORDS_ERROR else Level.WARNING
        yield Hit(
            code="I104", file=issue.file.shown, line=issue.file.line("articles"), level=level, values={"n": letters}
        )


def _descriptions(issue: Issue) -> Iterator[Hit]:
    lost = {(one.slug, one.key) for one in issue.lost_pictures}
    for entry in issue.entries:
        article = entry.article
        for key, picture in shown_pictures(entry):
            if not picture.source or (article.slug, key) in lost:
                continue
            file, line = file_of(article, issue), line_of(article, key)
            if _says_nothing(picture):
                alt_line = article.lines.get("image_alt", line) if key == "image" else line
                yield Hit(code="I106", file=file, line=alt_line, values={"alt": picture.alt})
            if format_ := format_of(picture.source):
                yield foreign(format_, file, line)


def _says_nothing(picture: Picture) -> bool:
    words = (picture.alt or "").strip()
    stem = unquote(urlsplit(picture.source).path).rpartition("/")[2].rpartition(".")[0]
    return bool(words) and (
        fold(words.strip(".:!،")) in _NOTHING
        or _FILE_NAME.fullmatch(words) is not None
        or _CAMERA.fullmatch(words) is not None
        # "wheat" for wheat.png says nothing; «قمح» for قمح.png at least names what is seen.
        or (stem.isascii() and fold(words) == fold(stem))
    )


def _foreign_to_articles(image: Element, source: str, issue: Issue) -> Iterator[Hit]:
    """A picture that the theme names by itself."""
    where = rf"src\s*=\s*[\"']{re.escape(source)}[\"']"
    alt = image.attributes.get("alt")
    if alt is None:
        yield _of_theme("I101", issue, where)
    elif _says_nothing(Picture(source, alt)):
        yield _of_theme("I106", issue, where, alt=alt)
    if not source.lower().startswith(("https://", "cid:")):
        why = f"{source[:40]} is not https" if source else "it names no file"
        yield _of_theme("I107", issue, where, why=why)
    elif format_ := format_of(source):
        file, line = find_in_theme(issue, where)
        yield foreign(format_, file, line)


def _of_theme(code: str, issue: Issue, where: str, **values: object) -> Hit:
    file, line = find_in_theme(issue, where)
    return Hit(code=code, file=file, line=line, values=values)
