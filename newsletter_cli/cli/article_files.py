"""From the words of a command line to files, articles and roles."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from newsletter_cli.articles.importing import (
    How,
    Imported,
    Shelf,
    files_in,
    import_bytes,
    import_file,
    override_values,
)
from newsletter_cli.articles.model import Article
from newsletter_cli.articles.reading import (
    HTML,
    MARKDOWN,
    Failure,
    Reading,
    read_bytes,
    read_source,
    shown_path,
)
from newsletter_cli.articles.roles import RoleLine
from newsletter_cli.articles.shown_roles import html_roles, markdown_roles
from newsletter_cli.articles.urls import WEB, check_url
from newsletter_cli.cli.frame import Run
from newsletter_cli.errors import NewsletterError, NotConfirmedError, RefusedError, UsageError
from newsletter_cli.language import read_date

STDIN: Final = "-"
STDIN_NAME: Final = "standard input"


@dataclass(frozen=True, slots=True)
class Given:
    """What the flags say about one file."""

    fields: Mapping[str, str]  # field → text
    sets: tuple[str, ...]  # FIELD=TEXT
    slug: str

    def __bool__(self) -> bool:
        return bool(self.fields or self.sets or self.slug)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was understood; nothing was written."""

    article: Article
    roles: tuple[RoleLine, ...]
    dropped: tuple[str, ...]


# --- import ----------------------------------------------------------------------------------------------------


def import_all(run: Run, words: Sequence[str], given: Given) -> tuple[list[Imported], list[Failure]]:
    """Every file that was named, or lies in a folder that was named; one that fails does not stop the others.

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
    for word in words:
        for path in _paths(run, word, failures):
            name = STDIN_NAME if path is None else _name(run, path)
            try:
                done.append(_imported(run, path, shelf, how))
            except (RefusedError, NotConfirmedError) as error:
                failures.append(Failure(path or Path(STDIN), name, error.code, error.message, error))
    return done, failures


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
    )


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


def _paths(run: Run, word: str, failures: list[Failure]) -> Iterator[Path | None]:
    """The files a word stands for; None is standard input."""
    if word == STDIN:
        yield None
        return
    path = run.around.cwd / word
    if "://" in word:
        error = RefusedError(
            "UNREADABLE", f"{word}: addresses are not read by this version.", fix="save the page, then import the file"
        )
        failures.append(Failure(Path(word), word, error.code, error.message, error))
    elif path.is_dir():
        try:
            yield from files_in(path)
        except RefusedError as error:
            failures.append(Failure(path, word, error.code, error.message, error))
    else:
        yield path


def _imported(run: Run, path: Path | None, shelf: Shelf, how: How) -> Imported:
    """One file; where a person sits at the terminal, an encoding in doubt is asked about."""
    if run.can_ask:
        how = _asked(run, path, shelf, how)
    return _once(run, path, shelf, how)


def _once(run: Run, path: Path | None, shelf: Shelf, how: How) -> Imported:
    if path is None:
        return import_bytes(_stdin(run), STDIN_NAME, None, shelf, how)
    return import_file(path, shelf, how, name=_name(run, path))


def _asked(run: Run, path: Path | None, shelf: Shelf, how: How) -> How:
    """The same with a person's answers. Standard input cannot be read twice, and answers come from it."""
    if path is None:
        return how
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
    return bytes(buffer.read()) if buffer is not None else stream.read().encode("utf-8")


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
    elif source.kind == HTML:
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
