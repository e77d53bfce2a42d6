"""Article files on disk: which reader a file gets, what is wrong with it, and a whole folder at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from newsletter_cli.articles.decoding import Decoded, decode
from newsletter_cli.articles.head import TITLE_EXPECTED, with_values
from newsletter_cli.articles.markdown_article import read_markdown
from newsletter_cli.articles.model import Article, Block, Extra, Figure, ListBlock, Note, Quote, Rule
from newsletter_cli.articles.readers.front_matter import FrontMatter
from newsletter_cli.articles.slugs import slug_for
from newsletter_cli.errors import ConfigError, NewsletterError, RefusedError
from newsletter_cli.newsroom import is_slug

if TYPE_CHECKING:
    from newsletter_cli.articles.roles import RoleLine

LIMIT: Final = 2 * 1024 * 1024  # bytes of a text file
_MB: Final = 1024 * 1024

MARKDOWN: Final = "markdown"
HTML: Final = "html"
TEXT: Final = "text"
DOCX: Final = "docx"
KINDS: Final = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".txt": TEXT,
    ".text": TEXT,
    ".docx": DOCX,
}
FEED_KINDS: Final = (".xml", ".rss", ".atom")  # several articles in one file: these are imported, not read
# Web pages carry their scripts and pictures with them, documents their pictures.
LIMITS: Final = {HTML: 5 * _MB, DOCX: 20 * _MB, MARKDOWN: LIMIT, TEXT: LIMIT}
SUPPORTED: Final = ".md, .txt, .html and .docx"
# Kinds people try, and what to do with them.
OTHER_KINDS: Final = {
    ".doc": "save it as .docx",
    ".odt": "save it as .docx",
    ".rtf": "save it as .docx",
    ".pdf": "save the text it was made from as .docx, or copy it into a .txt file",
    ".xml": "newsletter articles import FILE, if it is a feed",
    ".rss": "newsletter articles import FILE",
    ".atom": "newsletter articles import FILE",
}
NO_VALUES: Final = FrontMatter({}, "", {})


@dataclass(frozen=True, slots=True)
class Source:
    """What a file gave: the article, and how each line of it was taken when it was page text."""

    article: Article
    decoded: Decoded
    kind: str  # "markdown" | "html" | "text" | "docx"
    roles: "tuple[RoleLine, ...]" = ()
    dropped: tuple[str, ...] = ()  # page furniture that is in no article
    pictures: Mapping[str, bytes] = field(default_factory=dict)  # of a document: source → bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where bytes come from, when not from a file."""

    url: str = ""  # for relative links
    charset: str = ""  # said by the server


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that gave no article; the others go on."""

    path: Path
    shown: str  # as messages name it
    code: str
    message: str
    error: NewsletterError


@dataclass(frozen=True, slots=True)
class Reading:
    """A folder's articles in order of their paths, and the files that gave none."""

    articles: tuple[Article, ...]
    failures: tuple[Failure, ...]


def read_bytes(path: Path, name: str) -> bytes:
    """A file's bytes.  Raises RefusedError UNREADABLE: not there, a folder, not allowed, too large for its kind."""
    try:
        if path.is_dir():
            raise RefusedError("UNREADABLE", f"{name} is a folder.", fix="name the files in it")
        limit = limit_of(path.suffix)
        if path.stat().st_size > limit:
            raise too_large(name, limit)
        with path.open("rb") as file:
            data = file.read(limit + 1)  # a device or a pipe tells no size, and some never end
        if len(data) > limit:
            raise too_large(name, limit)
        return data
    except FileNotFoundError as error:
        raise RefusedError("UNREADABLE", f"There is no file {name}.", fix="check the name") from error
    except OSError as error:
        raise RefusedError("UNREADABLE", f"{name} cannot be read: {error.strerror}.", fix="check its rights") from error


def limit_of(suffix: str | None) -> int:
    """Bytes that a file of a kind may have; of an unknown kind, as many as a web page."""
    return LIMITS.get(KINDS.get((suffix or "").lower(), HTML), LIMIT)


def too_large(name: str, limit: int) -> RefusedError:
    """The error for a file that is not read at all."""
    kinds = "text files are smaller" if limit == LIMIT else "that is the most that is read"
    return RefusedError("UNREADABLE", f"{name} is larger than {limit // _MB} MB; {kinds}.", fix="split it")


def read_source(
    data: bytes,
    *,
    name: str,
    suffix: str | None = None,
    language: str = "ar",
    newsroom: str = "",
    overrides: FrontMatter = NO_VALUES,
    encoding: str = "",
    repair: bool = False,
    origin: Origin | None = None,
    zone: tzinfo = UTC,
) -> Source:
    """An article from a file's bytes; it has a title and a body, but no slug and no path yet.

    name: how messages call the file.  suffix: ".md" and so on; None = look at the text.  language, newsroom: the
    newsroom's.  overrides: fields given beside the file, stronger than its own.  encoding: see `decode`.  repair: a
    person has said yes to the repair that `decode` offers.  origin: of a page from the web.  zone: of the newsroom, for
    times in UTC.
    Raises RefusedError UNREADABLE, NO-TITLE, NO-BODY; NotConfirmedError ENCODING-AMBIGUOUS; ConfigError EXTRA.
    """
    kind = _kind(suffix, name) or (DOCX if data.startswith(b"PK\x03\x04") else "")
    if len(data) > LIMITS.get(kind, LIMITS[HTML]):
        raise too_large(name, LIMITS.get(kind, LIMITS[HTML]))
    how = _How(name, language, newsroom, zone, (origin or Origin()).url)
    if kind == DOCX:
        return finished(_document(data, how), overrides, name)
    decoded = _decoded(data, name, encoding, (origin or Origin()).charset, kind)
    if repair and decoded.repair:
        decoded = replace(decoded, text=decoded.repair, notes=("The letters were repaired.",), repair="")
    kind = _fitting(kind, decoded.text, name)
    if len(data) > LIMITS[kind]:
        raise too_large(name, LIMITS[kind])
    return finished(_read(kind, decoded, how, overrides), overrides, name)


def finished(source: Source, overrides: FrontMatter, name: str) -> Source:
    """The source with the values given beside it.  Raises RefusedError NO-TITLE, NO-BODY."""
    article = _overruled(source.article, overrides, name) if overrides.values else source.article
    notes = source.decoded.notes
    return replace(source, article=_checked(replace(article, warnings=(*notes, *article.warnings)), name))


def _decoded(data: bytes, name: str, encoding: str, charset: str, kind: str) -> Decoded:
    """The text; a page of the web may help with what it says about itself."""
    if encoding or kind not in (HTML, ""):
        return decode(data, name=name, encoding=encoding)
    from newsletter_cli.articles.declared import with_declared  # lazy: pages alone

    bytes_, said, note = with_declared(data, charset)
    decoded = decode(bytes_, name=name, encoding=said)
    return replace(decoded, notes=(note, *decoded.notes)) if note else decoded


def _overruled(article: Article, overrides: FrontMatter, name: str) -> Article:
    """The article with the values that were given; a title that they push aside is not lost without a word."""
    from newsletter_cli.articles.lines import key  # lazy: a title given beside the file is rare

    given = with_values(article, overrides, name)
    if not article.title or key(given.title) == key(article.title):
        return given
    line = article.lines.get("title", 0)
    warning = f"The title given stands in place of “{article.title}”" + (f" (line {line})." if line else ".")
    return replace(given, extras=(*given.extras, Extra(line, article.title)), warnings=(*given.warnings, warning))


@dataclass(frozen=True, slots=True)
class _How:
    name: str
    language: str
    newsroom: str
    zone: tzinfo
    url: str


def _read(kind: str, decoded: Decoded, how: _How, overrides: FrontMatter) -> Source:
    if kind == MARKDOWN:
        return Source(read_markdown(decoded.text, language=how.language, name=how.name), decoded, kind)
    if kind == HTML:
        from newsletter_cli.articles.html_article import read_html  # lazy: lxml and nh3 are for HTML alone

        html = read_html(
            decoded.text, language=how.language, newsroom=how.newsroom, name=how.name, url=how.url, zone=how.zone
        )
        return Source(html.article, decoded, kind, dropped=html.dropped)
    from newsletter_cli.articles.page_text import read_page, with_text_only  # lazy: page text alone

    title = overrides.values.get("title", "")
    page = read_page(
        decoded.text,
        language=how.language,
        newsroom=how.newsroom,
        title=title if isinstance(title, str) else "",
        name=how.name,
    )
    return Source(with_text_only(page.article), decoded, kind, page.roles, tuple(line.text for line in page.dropped))


def _document(data: bytes, how: _How) -> Source:
    from newsletter_cli.articles.document_article import read_word  # lazy: an extra

    word = read_word(data, language=how.language, newsroom=how.newsroom, name=how.name)
    return Source(word.article, Decoded("", "utf-8"), DOCX, dropped=word.dropped, pictures=word.pictures)


# --- kinds -----------------------------------------------------------------------------------------------------


def _kind(suffix: str | None, name: str) -> str:
    """The reader that a file's name asks for; "" = look at the text."""
    if suffix is None:
        return ""
    kind = KINDS.get(suffix.lower())
    if kind:
        return kind
    if not suffix:
        return ""
    fix = OTHER_KINDS.get(suffix.lower(), f"articles are read from {SUPPORTED}")
    raise RefusedError("UNREADABLE", f"{name}: files of the kind {suffix} are not read; {SUPPORTED} are.", fix=fix)


def _fitting(kind: str, text: str, name: str) -> str:
    """The reader to take; UNREADABLE when the text is not what the file's name says."""
    start = text[:2000].lstrip().lower()
    looks_html = start.startswith(("<!doctype html", "<html", "<?xml", "<head", "<body", "<article"))
    if kind == TEXT and looks_html:
        raise RefusedError("UNREADABLE", f"{name} is not plain text but HTML.", fix="give it the ending .html")
    if kind == HTML and not looks_html and "<" not in text:
        raise RefusedError("UNREADABLE", f"{name} is not HTML: there is no tag in it.", fix="give it the ending .txt")
    if kind in (MARKDOWN, HTML):
        return kind
    if text.startswith("---\n"):
        return MARKDOWN
    return HTML if looks_html else TEXT


# --- what an article must have ---------------------------------------------------------------------------------


def _checked(article: Article, name: str) -> Article:
    if not article.title:
        raise RefusedError("NO-TITLE", f"{name} has no title.", fix="give one with --title")
    if article.date and article.warnings:  # given beside the file after the reader had missed it
        from newsletter_cli.articles.page_text import UNDATED  # lazy: page text alone

        article = replace(article, warnings=tuple(text for text in article.warnings if text not in UNDATED))
    empty = not any(map(says_something, article.blocks))
    if empty and not article.draft:
        raise RefusedError("NO-BODY", f"{name} has a title but no text.", fix="write the text under the title")
    warnings = [*article.warnings, *(["A draft without text yet."] if empty else [])]
    if len(article.title) >= TITLE_EXPECTED.stop:
        warnings.append(f"The title has {len(article.title)} characters; 20 to 140 are expected.")
    if article.title.endswith((".", "۔")) and not article.title.endswith(".."):
        warnings.append("The title ends with a full stop.")
    return replace(article, warnings=tuple(dict.fromkeys(warnings)))


def says_something(block: Block) -> bool:
    """Whether a block has words or a picture."""
    match block:
        case Rule():
            return False
        case Quote(blocks) | Note(blocks):
            return any(map(says_something, blocks))
        case ListBlock(_, items):
            return any(says_something(inner) for item in items for inner in item)
        case Figure(picture):
            return bool(picture.source or picture.caption)
        case _:
            return True


# --- files and folders -----------------------------------------------------------------------------------------


def read_article(path: Path, *, root: Path, language: str = "ar", newsroom: str = "") -> Article:
    """The article in a file; its slug is the file's name.

    root: the newsroom's folder; messages show paths from there.  language: the newsroom's, for files that name none.
    newsroom: its name.  Raises RefusedError UNREADABLE, NO-TITLE, NO-BODY; NotConfirmedError ENCODING-AMBIGUOUS.
    """
    name = shown_path(path, root)
    source = read_source(read_bytes(path, name), name=name, suffix=path.suffix, language=language, newsroom=newsroom)
    article = replace(source.article, path=path)
    if is_slug(path.stem):
        return replace(article, slug=path.stem)
    slug = slug_for(article.title)
    warning = (
        f"{path.name} cannot be a short name; the article is called {slug}. Rename the file to {slug}{path.suffix}."
    )
    return replace(article, slug=slug, warnings=(*article.warnings, warning))


def read_folder(root: Path, pattern: str = "articles/**/*.md", *, language: str = "ar", newsroom: str = "") -> Reading:
    """All articles of a newsroom. A file that cannot be read is named among the failures, the others go on.

    root: the newsroom's folder.  pattern: the setting compose.articles, relative to it.  Two files of one name:
    the second is a failure, since the first would hide it.  Raises ConfigError CONFIG-VALUE for a pattern that leaves
    the folder.
    """
    articles: list[Article] = []
    failures: list[Failure] = []
    places: dict[str, str] = {}
    for path in article_files(root, pattern):
        shown = shown_path(path, root)
        try:
            article = read_article(path, root=root, language=language, newsroom=newsroom)
            _refuse_twin(article.slug, shown, places)
        except NewsletterError as error:
            failures.append(Failure(path, shown, error.code, error.message, error))
            continue
        places[article.slug] = shown
        articles.append(article)
    return Reading(tuple(articles), tuple(failures))


def _refuse_twin(slug: str, shown: str, places: dict[str, str]) -> None:
    if slug in places:
        raise RefusedError(
            "UNREADABLE", f"{shown} has the same name as {places[slug]}.", fix="rename one of the two files"
        )


def article_files(root: Path, pattern: str = "articles/**/*.md") -> Iterator[Path]:
    """The files a pattern names, in order of their paths; hidden ones and kinds that are not read are passed over."""
    parts = PurePosixPath(pattern).parts
    if not parts or ".." in parts or PurePosixPath(pattern).is_absolute():
        raise ConfigError(
            "CONFIG-VALUE",
            f"compose.articles = “{pattern}” must stay inside the newsroom.",
            sent="",
            fix='newsletter config set compose.articles "articles/**/*.md"',
        )
    for path in sorted(root.glob(pattern)):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not hidden and path.suffix.lower() in KINDS and path.is_file():
            yield path


def shown_path(path: Path, root: Path) -> str:
    """A path as messages name it: from the newsroom's folder where it lies in it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
