"""From the words of a command line to files, articles and roles."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

from newsletter_cli.articles.importing import (
    Arrivals,
    How,
    Imported,
    Shelf,
    files_in,
    import_any,
    import_file,
    import_url,
    override_values,
)
from newsletter_cli.articles.model import Article
from newsletter_cli.articles.reading import (
    FEED_KINDS,
    LIMITS,
    MARKDOWN,
    TEXT,
    Failure,
    Reading,
    read_bytes,
    read_source,
    shown_path,
    too_large,
)
from newsletter_cli.articles.roles import RoleLine
from newsletter_cli.articles.shown_roles import html_roles, markdown_roles
from newsletter_cli.articles.urls import WEB, check_url
from newsletter_cli.cli.frame import Run
from newsletter_cli.errors import ConfigError, NewsletterError, NotConfirmedError, RefusedError, UsageError
from newsletter_cli.language import read_date

STDIN: Final = "-"
STDIN_NAME: Final = "standard input"


@dataclass(frozen=True, slots=True)
class Given:
    """What the flags say about one file."""

    fields: Mapping[str, str]  # field → text
    sets: tuple[str, ...]  # FIELD=TEXT
    slug: str
    since: str = ""  # of a feed

    def __bool__(self) -> bool:
        return bool(self.fields or self.sets or self.slug)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was understood; nothing was written."""

    article: Article
    roles: tuple[RoleLine, ...]
    dropped: tuple[str, ...]


# --- import ----------------------------------------------------------------------------------------------------


def import_all(run: Run, words: Sequence[str], given: Given) -> Arrivals:
    """Every file that was named, or lies in a folder that was named, every entry of a feed, and what addresses give;
    one that fails does not stop the others.

    Raises UsageError USAGE: flags about one article with more than one file, or with a value that cannot be used.
    """
    if given and (len(words) != 1 or (run.around.cwd / words[0]).is_dir()):
        raise UsageError(
            "USAGE",
            "--title and the other fields are for exactly one FILE.",
            sent="",
            fix="import the files one by one",
        )
    how = _how(run, given)
    shelf = Shelf.of(run.newsroom, run.settings.compose.articles)
    done: list[Imported] = []
    failures: list[Failure] = []
    passed = 0
    for word in words:
        for place in _places(run, word, failures):
            try:
                arrivals = _imported(run, place, shelf, how)
            except (RefusedError, NotConfirmedError, ConfigError) as error:
                failures.append(_failure(run, place, error))
                continue
            done += arrivals.done
            failures += arrivals.failures
            passed += arrivals.passed
    return Arrivals(tuple(done), tuple(failures), passed)


def _failure(run: Run, place: Path | str, error: NewsletterError) -> Failure:
    if isinstance(error, ConfigError) and error.code != "EXTRA":
        raise error
    shown = _shown(run, place)
    return Failure(Path(shown), shown, error.code, error.message, error)


def _shown(run: Run, place: Path | str) -> str:
    if isinstance(place, Path):
        return _name(run, place)
    return STDIN_NAME if place == STDIN else place


def _how(run: Run, given: Given) -> How:
    fields = dict(given.fields)
    image = _image(run, fields)
    _check_values(fields, run.settings.newsroom.language)
    return How(
        language=run.settings.newsroom.language,
        newsroom_name=run.settings.newsroom.name,
        overrides=override_values(fields, given.sets),
        image=image,
        slug=given.slug,
        dry_run=run.globals.dry_run,
        zone=run.settings.newsroom.zone,
        since=_since(given.since, run.settings.newsroom.language),
    )


def _since(words: str, language: str) -> date | None:
    if not words:
        return None
    read = read_date(words, language)
    if read is None or read.date is None:
        raise UsageError("USAGE", f"“{words}” is no date that can be used.", sent="", fix="--since 2026-10-12")
    return read.date


def _image(run: Run, fields: dict[str, str]) -> Path | None:
    """The local file that --image names; its name stands in the fields from here on."""
    named = fields.get("image", "")
    if not named or "://" in named:
        return None
    path = run.around.cwd / named
    if not path.is_file():
        raise UsageError("NOT-FOUND", f"There is no picture {named}.", sent="", fix="--image FILE or --image URL")
    fields["image"] = path.name
    return path


def _check_values(fields: Mapping[str, str], language: str) -> None:
    """A flag that cannot be understood is the command's mistake, not the file's."""
    if "date" in fields:
        read = read_date(fields["date"], language)
        if read is None or read.date is None:
            raise UsageError(
                "USAGE", f"“{fields['date']}” is no date that can be used.", sent="", fix="--date 2026-10-12"
            )
    for field in ("url", "image"):
        text = fields.get(field, "")
        if text and (field == "url" or "://" in text) and (problem := check_url(text, schemes=WEB).problem):
            raise UsageError(
                "USAGE", f"--{field} {text} cannot be used: {problem}.", sent="", fix=f"--{field} https://…"
            )
    if "title" in fields and not fields["title"].strip():
        raise UsageError("USAGE", "--title is empty.", sent="", fix='--title "TITLE"')


def _places(run: Run, word: str, failures: list[Failure]) -> Iterator[Path | str]:
    """The files a word stands for; a text is standard input or an address."""
    path = run.around.cwd / word
    if word == STDIN or "://" in word:
        yield word
    elif path.is_dir():
        try:
            yield from files_in(path)
        except RefusedError as error:
            failures.append(Failure(path, word, error.code, error.message, error))
    else:
        yield path


def _imported(run: Run, place: Path | str, shelf: Shelf, how: How) -> Arrivals:
    """One file or address; where a person sits at the terminal, an encoding in doubt is asked about."""
    if place == STDIN:
        return import_any(_stdin(run), STDIN_NAME, None, shelf, how)
    if isinstance(place, str):
        from newsletter_cli.articles.fetching import fetch  # lazy: the network is for those who name an address
        from newsletter_cli.articles.readers.feed import MEDIA_TYPES

        kinds = ("text/html", "application/xhtml+xml", *MEDIA_TYPES)
        return import_url(place, shelf, how, fetch=lambda url: fetch(url, kinds=kinds))
    if place.suffix.lower() in FEED_KINDS:
        name = _name(run, place)
        return import_any(read_bytes(place, name), name, place.suffix, shelf, how, folder=place.parent)
    if run.can_ask:
        how = _asked(run, place, shelf, how)
    return Arrivals((import_file(place, shelf, how, name=_name(run, place)),))


def _asked(run: Run, path: Path, shelf: Shelf, how: How) -> How:
    """The same with a person's answers. (Not for standard input: it cannot be read twice, and answers come from it.)"""
    trial = Shelf(shelf.newsroom, dict(shelf.slugs), dict(shelf.hashes))
    try:
        repair = import_file(path, trial, replace(how, dry_run=True)).repair
    except NotConfirmedError as error:
        options = [(label, f"{label}  {run.out.cell(sample)}") for label, sample in error.facts]
        return replace(how, encoding=run.ask.choice(error.message, options, flag="a file in UTF-8"))
    except NewsletterError:
        return how  # the real try says it
    return replace(
        how,
        repair=bool(repair)
        and run.ask_yes(run._("The letters look misread (UTF-8 taken for another encoding). Repair them?")),
    )


def _stdin(run: Run) -> bytes:
    stream = run.around.stdin
    if stream is None:
        return b""
    buffer = getattr(stream, "buffer", None)
    most = max(LIMITS.values())
    data = bytes(buffer.read(most + 1)) if buffer is not None else stream.read(most + 1).encode("utf-8")
    if len(data) > most:
        raise too_large(STDIN_NAME, most)
    return data


def _name(run: Run, path: Path) -> str:
    """The file as it was typed, or from the newsroom's folder."""
    cwd = run.around.cwd
    return path.relative_to(cwd).as_posix() if path.is_relative_to(cwd) else shown_path(path, run.newsroom.root)


# --- show and check --------------------------------------------------------------------------------------------


def seen_file(run: Run, word: str) -> Seen:
    """An article by its slug, or any file by its path.  Raises UsageError NOT-FOUND and what reading raises."""
    path = run.around.cwd / word
    shelf = Shelf.of(run.newsroom, run.settings.compose.articles)
    path = shelf.slugs[word] if word in shelf.slugs and not path.is_file() else path
    if not path.exists() and "/" not in word and "." not in word:
        raise _unknown(word, list(shelf.slugs))
    newsroom = run.settings.newsroom
    name = _name(run, path)
    source = read_source(
        read_bytes(path, name), name=name, suffix=path.suffix, language=newsroom.language, newsroom=newsroom.name
    )
    article = replace(source.article, path=path, slug=path.stem if path in shelf.slugs.values() else "")
    roles = source.roles
    if source.kind == MARKDOWN:
        roles = markdown_roles(source.decoded.text, article)
    elif source.kind != TEXT:
        roles = html_roles(article)
    return Seen(article, roles, source.dropped)


def found_article(slug: str, reading: Reading) -> Article:
    """The article of a slug.  Raises UsageError NOT-FOUND with the likeliest one."""
    found = next((article for article in reading.articles if article.slug == slug), None)
    if found is None:
        raise _unknown(slug, [article.slug for article in reading.articles])
    return found


def _unknown(slug: str, known: Sequence[str]) -> UsageError:
    near = difflib.get_close_matches(slug, known, n=1)
    return UsageError(
        "NOT-FOUND",
        f"There is no article “{slug}”." + (f" Did you mean “{near[0]}”?" if near else ""),
        sent="",
        fix="newsletter articles list",
        details={"article": slug},
    )
