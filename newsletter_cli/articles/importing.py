"""Files from elsewhere become articles of the newsroom: read, named, put in their month, written once.

    bytes → read_source → overrides → slug → articles/YYYY/MM/slug.md (articles/undated/ without a date)

The same bytes make no second file: `imported` in the front matter holds their SHA-256.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from newsletter_cli.articles.head import with_values
from newsletter_cli.articles.keys import field_of
from newsletter_cli.articles.model import Article, Figure, Paragraph, Related, RelatedBlock
from newsletter_cli.articles.pictures import Copier, pictures_of, with_pictures
from newsletter_cli.articles.readers.front_matter import FrontMatter, Value, split_front_matter
from newsletter_cli.articles.reading import (
    FEED_KINDS,
    KINDS,
    NO_VALUES,
    OTHER_KINDS,
    Failure,
    Origin,
    Source,
    article_files,
    finished,
    read_article,
    read_bytes,
    read_source,
    shown_path,
)
from newsletter_cli.articles.roles import RoleLine
from newsletter_cli.articles.slugs import free_slug, slug_for
from newsletter_cli.articles.writing import write_article
from newsletter_cli.errors import NewsletterError, RefusedError, UsageError
from newsletter_cli.newsroom import Newsroom, is_slug

if TYPE_CHECKING:
    from newsletter_cli.articles.fetching import Fetched
    from newsletter_cli.articles.readers.feed import Entry, Feed

UNDATED: Final = "undated"
_IMPORTED: Final = re.compile(rb"^imported: ['\"]?([0-9a-f]{64})", re.MULTILINE)
_HEAD: Final = 1 << 16  # bytes in which the front matter ends


@dataclass(frozen=True, slots=True)
class Imported:
    """One file that has become an article."""

    article: Article  # with slug and path
    file: str  # the file it came from, as messages name it
    roles: tuple[RoleLine, ...] = ()  # every content line of page text
    dropped: tuple[str, ...] = ()  # page furniture, which is in no article
    warnings: tuple[str, ...] = ()
    already: bool = False  # the same bytes had been imported before
    encoding: str = "utf-8"
    repair: str = ""  # see Decoded.repair


@dataclass(slots=True)
class Shelf:
    """The articles that are there: who has which slug, and from which bytes they were imported."""

    newsroom: Newsroom
    slugs: dict[str, Path] = field(default_factory=dict)
    hashes: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, newsroom: Newsroom, pattern: str = "articles/**/*.md") -> "Shelf":
        """Looks at the head of every article file; reads none of them whole."""
        shelf = cls(newsroom)
        for folder in dict.fromkeys((pattern, "articles/**/*.md")):
            for path in article_files(newsroom.root, folder):
                shelf.slugs.setdefault(path.stem, path)
                found = _IMPORTED.search(_head(path))
                if found:
                    shelf.hashes.setdefault(found[1].decode("ascii"), path)
        return shelf

    def free(self, slug: str, hashed: str = "") -> str:
        """The slug, if it can name a new article, or the one made from the same bytes.  Raises UsageError USAGE."""
        if not is_slug(slug):
            raise UsageError(
                "USAGE",
                f"“{slug}” cannot name an article: small Latin letters, digits, . _ -, at most 64.",
                sent="",
                fix="--slug wheat-prices",
            )
        taken = self.slugs.get(slug)
        if taken and self.hashes.get(hashed) != taken:
            where = shown_path(taken, self.newsroom.root)
            raise UsageError("USAGE", f"The name {slug} is taken by {where}.", sent="", fix="another --slug")
        return slug

    def destination(self, article: Article) -> Path:
        """Where an article's file belongs: by the month of its date."""
        day = article.date
        folder = Path(f"{day.year:04}", f"{day.month:02}") if day else Path(UNDATED)
        return self.newsroom.articles / folder / f"{article.slug}.md"

    def add(self, article: Article) -> None:
        """Note an article that was written just now."""
        assert article.path is not None
        self.slugs[article.slug] = article.path
        if article.imported:
            self.hashes[article.imported] = article.path


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""  # whoever reads the article says why it cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What an import is told beside its files."""

    language: str = "ar"  # the newsroom's
    newsroom_name: str = ""
    overrides: FrontMatter = NO_VALUES  # of --title and its kin
    image: Path | None = None  # a local file given with --image
    slug: str = ""
    encoding: str = ""  # chosen by a person where two were as likely
    repair: bool = False  # a person has said yes to repairing misread letters
    dry_run: bool = False
    zone: tzinfo = UTC  # of the newsroom: whose day a moment belongs to
    since: date | None = None  # of a feed, only entries from this day on; those without a date come along


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What one file, feed or address gave."""

    done: tuple[Imported, ...]
    failures: tuple[Failure, ...] = ()
    passed: int = 0  # entries of a feed that are older than was asked for


def override_values(given: dict[str, str], sets: tuple[str, ...]) -> FrontMatter:
    """Front matter from flags: field → text, and FIELD=TEXT of --set, in English or Arabic.

    Raises UsageError USAGE for a --set without = or with an unknown field.
    """
    values: dict[str, Value] = dict(given)
    for text in sets:
        name, sign, value = text.partition("=")
        meant = field_of(name)
        if not sign or meant is None:
            raise UsageError(
                "USAGE",
                f"--set {text}: there is no field “{name}”." if sign else f"--set {text}: write FIELD=TEXT.",
                sent="",
                fix="newsletter articles import --help",
            )
        values[meant] = value
    return FrontMatter(values, "", {})


def import_file(path: Path, shelf: Shelf, how: How, *, name: str = "") -> Imported:
    """One file.  name: how messages call it, "" = by its path.

    Raises what `read_source` raises, and UsageError USAGE for a slug that cannot be used.
    With how.dry_run nothing is written; the answer is the same.
    """
    name = name or shown_path(path, shelf.newsroom.root)
    if path.suffix.lower() in (".md", ".markdown") and path.resolve().is_relative_to(shelf.newsroom.articles.resolve()):
        article = read_article(path, root=shelf.newsroom.root, language=how.language, newsroom=how.newsroom_name)
        return _again(article, name, shelf, how)
    return import_bytes(read_bytes(path, name), name, path.suffix, shelf, how, folder=path.parent)


def import_bytes(
    data: bytes,
    name: str,
    suffix: str | None,
    shelf: Shelf,
    how: How,
    *,
    folder: Path | None = None,
    origin: Origin | None = None,
) -> Imported:
    """The bytes of a file, or of standard input.

    suffix: None = look at the text.  folder: where its pictures lie.  origin: of a page from the web.
    """
    hashed = hashlib.sha256(data).hexdigest()
    if how.slug:
        shelf.free(how.slug, hashed)
    if hashed in shelf.hashes:
        path = shelf.hashes[hashed]
        article = read_article(path, root=shelf.newsroom.root, language=how.language, newsroom=how.newsroom_name)
        again = _again(article, name, shelf, how)
        return replace(again, roles=_roles(data, name, suffix, how))
    source = read_source(
        data,
        name=name,
        suffix=suffix,
        language=how.language,
        newsroom=how.newsroom_name,
        overrides=how.overrides,
        encoding=how.encoding,
        repair=how.repair,
        origin=origin,
        zone=how.zone,
    )
    return _placed(source, hashed, name, folder, shelf, how)


def _placed(source: Source, hashed: str, name: str, folder: Path | None, shelf: Shelf, how: How) -> Imported:
    """The article with its name, in its place."""
    article = replace(source.article, imported=hashed)
    article = replace(article, slug=how.slug or free_slug(slug_for(article.title), shelf.slugs))
    article = _written(article, folder, shelf, how, source.pictures)
    return Imported(
        article,
        name,
        source.roles or (_html_roles(article) if how.dry_run else ()),
        source.dropped,
        article.warnings,
        encoding=source.decoded.encoding,
        repair=source.decoded.repair,
    )


def _html_roles(article: Article) -> tuple[RoleLine, ...]:
    from newsletter_cli.articles.shown_roles import html_roles  # lazy: only for those who want to see them

    return html_roles(article)


def _roles(data: bytes, name: str, suffix: str | None, how: How) -> tuple[RoleLine, ...]:
    """What the lines were taken for when this file came in; () where that took a flag of then."""
    try:
        return read_source(data, name=name, suffix=suffix, language=how.language, newsroom=how.newsroom_name).roles
    except NewsletterError:
        return ()


def _written(article: Article, folder: Path | None, shelf: Shelf, how: How, pictures: Mapping[str, bytes]) -> Article:
    """The article with its path, its pictures beside it, on disk unless this is a dry run."""
    path = shelf.destination(article)
    copier = Copier(folder, path.parent, article.slug, how.image, pictures)
    article = replace(with_pictures(article, copier.take), path=path)
    article = replace(article, warnings=(*article.warnings, *copier.warnings))
    if not how.dry_run:
        copier.write()
        write_article(article, path)
    shelf.add(article)
    return article


def _again(article: Article, name: str, shelf: Shelf, how: How) -> Imported:
    """The same bytes once more: the article that is there, with what the flags change in it."""
    assert article.path is not None
    before = article.path
    if not how.overrides.values and not how.slug:
        return Imported(article, name, warnings=(*article.warnings, _ALREADY), already=True)
    changed = replace(with_values(article, how.overrides, name), slug=how.slug or article.slug)
    copier = Copier(before.parent, shelf.destination(changed).parent, changed.slug, how.image)
    path = shelf.destination(changed) if changed.slug != article.slug or before.parent.name == UNDATED else before
    if how.image is not None or path.parent != before.parent:
        copier.target_folder = path.parent
        changed = with_pictures(changed, copier.take)
    changed = replace(changed, path=path)
    if not how.dry_run:
        copier.write()
        write_article(changed, path, unknown=_unknown_values(before))
        if path != before:
            before.unlink()
    shelf.add(changed)
    return Imported(changed, name, warnings=(*changed.warnings, *copier.warnings, _ALREADY), already=True)


_ALREADY: Final = "The same file was imported before; no second article was made."


def _unknown_values(path: Path) -> dict[str, object]:
    """Keys of an article's file that are no fields: somebody's own, kept when the file is written again."""
    front = split_front_matter(path.read_text(encoding="utf-8"), path.name)
    return {key: value for key, value in front.values.items() if field_of(key) is None}


# --- feeds and the web -----------------------------------------------------------------------------------------


def import_any(
    data: bytes,
    name: str,
    suffix: str | None,
    shelf: Shelf,
    how: How,
    *,
    folder: Path | None = None,
    origin: Origin | None = None,
) -> Arrivals:
    """The bytes of anything that can be imported: a feed gives an article for each entry, all else gives one.

    Raises what `import_bytes` and `import_feed` raise.
    """
    if suffix is None or suffix.lower() in FEED_KINDS:
        from newsletter_cli.articles.readers.feed import is_feed  # lazy: feeds are rare

        if is_feed(data):
            return import_feed(data, name, shelf, how, url=origin.url if origin else "")
        if suffix is not None and b"<html" in data[:4096].lower():
            suffix = ".html"
    return Arrivals((import_bytes(data, name, suffix, shelf, how, folder=folder, origin=origin),))


def import_url(url: str, shelf: Shelf, how: How, *, fetch: "Callable[[str], Fetched]") -> Arrivals:
    """The page or the feed behind an address. Its pictures stay where they are on the web.

    fetch: fetches one address; raises RefusedError UNREADABLE.
    """
    fetched = fetch(url)
    suffix = ".xml" if fetched.media_type.endswith("xml") and "html" not in fetched.media_type else ".html"
    origin = Origin(url=fetched.url, charset=fetched.charset)
    return import_any(fetched.body, url, suffix, shelf, how, origin=origin)


def import_feed(data: bytes, name: str, shelf: Shelf, how: How, *, url: str = "") -> Arrivals:
    """The entries of a feed, oldest last as they stand in it; an entry that was imported before makes no second file.

    url: the feed's own address.  Raises RefusedError UNREADABLE and ConfigError EXTRA, and UsageError USAGE when fields
    of one article are given and the feed has several.
    """
    from newsletter_cli.articles.readers.feed import read_feed  # lazy: an extra

    feed = read_feed(data, name, url)
    wanted = [entry for entry in feed.entries if _is_recent(entry, how)]
    if len(wanted) > 1 and (how.overrides.values or how.slug):
        raise UsageError(
            "USAGE",
            f"--title and the other fields are for one article; {name} has {len(wanted)}.",
            sent="",
            fix="newsletter articles import FEED --since DATE",
        )
    done: list[Imported] = []
    failures: list[Failure] = []
    for number, entry in enumerate(wanted, 1):
        shown = f"{name}: {entry.url or entry.title or number}"
        try:
            done.append(_entry(entry, feed, shown, shelf, how))
        except RefusedError as error:
            failures.append(Failure(Path(name), shown, error.code, error.message, error))
    return Arrivals(tuple(done), tuple(failures), len(feed.entries) - len(wanted))


def _is_recent(entry: "Entry", how: How) -> bool:
    if how.since is None or entry.published is None:
        return True
    return entry.published.astimezone(how.zone).date() >= how.since


def _entry(entry: "Entry", feed: "Feed", shown: str, shelf: Shelf, how: How) -> Imported:
    from newsletter_cli.articles.feed_article import read_entry  # lazy: an extra

    hashed = hashlib.sha256(b"entry of a feed\n" + (entry.key or entry.html).encode("utf-8")).hexdigest()
    if hashed in shelf.hashes:
        path = shelf.hashes[hashed]
        article = read_article(path, root=shelf.newsroom.root, language=how.language, newsroom=how.newsroom_name)
        return _again(article, shown, shelf, how)
    source = read_entry(entry, feed, language=how.language, newsroom=how.newsroom_name, zone=how.zone, name=shown)
    source = finished(source, how.overrides, shown)
    return _placed(source, hashed, shown, None, shelf, how)


def files_in(path: Path) -> Iterator[Path]:
    """The files to import from a folder, in order; pictures and other kinds are passed over.

    Raises RefusedError UNREADABLE when there is none.
    """
    known = {*KINDS, *OTHER_KINDS} - {".xml"}  # maps of sites and settings of programs end so, too
    found = [
        file
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in known
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]
    if not found:
        raise RefusedError("UNREADABLE", f"There is no article file in the folder {path}.", fix="name the files")
    yield from found


# --- what scripts are told -------------------------------------------------------------------------------------


def captions_of(article: Article) -> tuple[str, ...]:
    """The captions of all pictures, lost ones included."""
    return tuple(picture.caption for picture in pictures_of(article) if picture.caption)


def related_of(article: Article) -> tuple[Related, ...]:
    """Related links in the text, then those of the front matter."""
    inside = tuple(block.related for block in article.blocks if isinstance(block, RelatedBlock))
    return (*inside, *(related for related in article.related if related not in inside))


def paragraph_count(article: Article) -> int:
    """Paragraphs of the text itself."""
    return sum(isinstance(block, Paragraph) for block in article.blocks)


def undescribed(article: Article) -> Iterator[tuple[int, str]]:
    """(line, source) of every picture that has a source and no description; line 0 when it is not known."""
    image = article.image
    if image and image.source and image.alt is None:
        yield article.lines.get("image", 0), image.source
    for number, block in enumerate(article.blocks):
        if isinstance(block, Figure) and block.picture.source and block.picture.alt is None:
            yield article.lines.get(f"block:{number}", 0), block.picture.source
