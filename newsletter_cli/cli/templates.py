"""`newsletter templates list | show | eject | check`: what a digest and the readers' pages are drawn with."""

import difflib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from newsletter_cli import __version__
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import LISTING, Reply, Run, command
from newsletter_cli.cli.table import Column, Listing
from newsletter_cli.errors import NewsletterError, RefusedError, UsageError
from newsletter_cli.newsroom import Newsroom, atomic_write, templates_folder

if TYPE_CHECKING:
    from newsletter_cli.settings import Settings

RECORD: Final = ".ejected.json"  # in templates/: what was copied, from which version
ENDINGS: Final = (".j2", ".css", ".html")
COLUMNS: Final = (Column("name"), Column("from"), Column("state"), Column("version"))


@dataclass(frozen=True, slots=True)
class Template:
    """One file of the program, of the newsroom, or of both."""

    name: str  # digest.html.j2, style.css, pages/base.html
    built_in: Path | None
    own: Path | None
    version: str  # of the program it was copied from; "" when nobody recorded it
    outdated: bool  # the built-in one has changed since the copy was made

    @property
    def state(self) -> str:
        """built-in, overridden, outdated, unrecorded or own."""
        if self.own is None:
            return "built-in"
        if self.built_in is None:
            return "own"
        if self.outdated:
            return "outdated"
        return "overridden" if self.version else "unrecorded"

    def document(self) -> dict[str, Any]:
        """Its entry in newsletter.templates.list/1."""
        return {
            "name": self.name,
            "from": "newsroom" if self.own else "program",
            "state": self.state,
            "overridden": self.own is not None and self.built_in is not None,
            "version": self.version or None,
            "outdated": self.outdated,
        }


Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="digest.html.j2, style.css, pages/style.css, …; or a theme: digest, plain."),
]


@command(
    "templates list",
    examples=("newsletter templates list", "newsletter templates list --json"),
    exits=(Exit.OK, Exit.CONFIG),
    formats=LISTING,
)
def list_(run: Run) -> Reply:
    """The program's templates and the newsroom's own. Outdated: the program's has changed since it was copied."""
    found = _all(run.newsroom)
    rows = [(one.name, "newsroom" if one.own else "program", one.state, one.version) for one in found]
    return Reply({"templates": [one.document() for one in found]}, listing=Listing(COLUMNS, rows))


@command(
    "templates show",
    examples=("newsletter templates show digest.html.j2", "newsletter templates show style.css > style.css"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG),
)
def show(
    run: Run,
    name: Name,
    built_in: Annotated[
        bool, typer.Option("--built-in", help="The program's, also where the newsroom has one.")
    ] = False,
) -> Reply:
    """Its source as it is used: the newsroom's own file where there is one."""
    template = _named(run.newsroom, name)[0]
    path = template.built_in if built_in or template.own is None else template.own
    if path is None:
        raise UsageError(
            "NOT-FOUND", f"The program has no template “{name}”.", sent="", fix="newsletter templates list"
        )
    text = _read(path, name)
    document = {"template": template.document(), "path": str(path), "text": text}
    return Reply(document, human=lambda: run.out.payload(text))


@command(
    "templates eject",
    examples=("newsletter templates eject digest.html.j2", "newsletter templates eject style.css --force"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
    changes=True,
)
def eject(
    run: Run,
    name: Name,
    force: Annotated[bool, typer.Option("--force", help="Also over a file that is there.")] = False,
) -> Reply:
    """Copies a template of the program into templates/, to be changed there, and records the program's version and the
    file's hash, so that an outdated copy is known later. A file that is there stays unless --force is given."""
    found = _named(run.newsroom, name)
    copies = [_copy_of(run.newsroom, template, force=force) for template in found]
    if not run.globals.dry_run:
        for copy in copies:
            copy.target.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(copy.target, copy.data)
            _record(run.newsroom, copy.name, copy.data)
    files = [
        {"name": copy.name, "path": copy.shown, "version": __version__, "sha256": _hash(copy.data)} for copy in copies
    ]

    def tell() -> None:
        for copy in copies:
            run.out.done(run._("{file} is yours now; it goes before the program's own.").format(file=copy.shown))

    return Reply({**files[0], "files": files}, human=tell, next=(f"newsletter templates check {found[0].name}",))


@dataclass(frozen=True, slots=True)
class _Copy:
    """A template about to be copied."""

    name: str
    target: Path
    data: bytes

    @property
    def shown(self) -> str:
        return f"templates/{self.name}"


def _copy_of(newsroom: Newsroom, template: Template, *, force: bool) -> _Copy:
    """UsageError NOT-FOUND for what the program has not, RefusedError TEMPLATE for a file that was changed."""
    if template.built_in is None:
        raise UsageError(
            "NOT-FOUND",
            f"“{template.name}” is the newsroom's own; the program has none.",
            sent="",
            fix="newsletter templates list",
        )
    copy = _Copy(template.name, newsroom.templates / template.name, template.built_in.read_bytes())
    if copy.target.exists() and not force and copy.target.read_bytes() != copy.data:
        raise RefusedError(
            "TEMPLATE",
            f"{copy.shown} is there already and was changed.",
            facts=[("file", copy.shown)],
            sent="",
            fix=f"newsletter templates eject {template.name} --force",
        )
    return copy


@command(
    "templates check",
    examples=("newsletter templates check", "newsletter templates check digest.html.j2 --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
)
def check(
    run: Run,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One file, or a theme such as plain; none: all.")
    ] = None,
) -> Reply:
    """Draws a sample issue with every element, in six languages, with the newsroom's own templates, and the readers'
    pages too; tells file and line of what is wrong. Nothing is sent and nothing is changed."""
    themes, pages = _wanted(run.newsroom, name)
    results = [*_themes(run.newsroom, run.settings, themes), *(_pages(run.newsroom) if pages else ())]
    document = {"checked": [*themes, *(["pages"] if pages else [])], "results": results}

    def tell() -> None:
        for one in results:
            run.out.result(run.out.cell(f"{one['text']} ({', '.join(one['where'])})"))
        if not results:
            run.out.done(run._("The templates draw everything, in every language."))
        else:
            run.out.result(run.count("{n} error", "{n} errors", len(results)))

    return Reply(document, Exit.CHECKS if results else Exit.OK, human=tell)


# --- which files there are -----------------------------------------------------------------------------------------


def _all(newsroom: Newsroom) -> list[Template]:
    program, own = _files(templates_folder()), _files(newsroom.templates)
    records = _records(newsroom)
    found = []
    for name in sorted({**program, **own}):
        record = records.get(name, {}) if name in own else {}
        built_in = program.get(name)
        outdated = built_in is not None and record.get("sha256", "") not in ("", _hash(built_in.read_bytes()))
        found.append(Template(name, built_in, own.get(name), str(record.get("version", "")), outdated))
    return found


def _files(folder: Path) -> dict[str, Path]:
    """Template files by their names; the sample newsroom beside them is none."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in (*folder.glob("*"), *folder.glob("pages/*"))
        if path.is_file() and path.suffix in ENDINGS
    }


def _named(newsroom: Newsroom, name: str) -> tuple[Template, ...]:
    """The template of a name, or all of a theme's own: digest, plain.  UsageError NOT-FOUND."""
    found = {one.name: one for one in _all(newsroom)}
    theme = name.removeprefix("templates/")
    if f"{theme}.html.j2" not in found:
        return (_find(newsroom, name),)
    css = f"{theme}.css" if f"{theme}.css" in found else "style.css"
    return tuple(found[one] for one in (f"{theme}.html.j2", f"{theme}.txt.j2", css) if one in found)


def _find(newsroom: Newsroom, name: str) -> Template:
    """The template of a name, also as templates/NAME.  UsageError NOT-FOUND with the likeliest name."""
    found = {one.name: one for one in _all(newsroom)}
    wanted = name.removeprefix("templates/")
    if wanted in found:
        return found[wanted]
    guess = difflib.get_close_matches(wanted, list(found), n=1)
    raise UsageError(
        "NOT-FOUND",
        f"There is no template “{name}”." + (f" Did you mean “{guess[0]}”?" if guess else ""),
        sent="",
        fix="newsletter templates list",
    )


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError("TEMPLATE", f"templates/{name} is not UTF-8 text: {error.reason}.") from error


def _records(newsroom: Newsroom) -> dict[str, dict[str, str]]:
    """What was copied from which version; nothing when the file is not there or not readable."""
    try:
        found = json.loads((newsroom.templates / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def _record(newsroom: Newsroom, name: str, data: bytes) -> None:
    records = _records(newsroom) | {name: {"version": __version__, "sha256": _hash(data)}}
    text = json.dumps(records, indent=2, sort_keys=True) + "\n"
    atomic_write(newsroom.templates / RECORD, text.encode())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- trying them ---------------------------------------------------------------------------------------------------


def _wanted(newsroom: Newsroom, name: str | None) -> tuple[list[str], bool]:
    """Themes to draw, and whether the pages too.  name: a file, a theme, or None for all."""
    names = [one.name for one in _all(newsroom)]
    themes = [one.removesuffix(".html.j2") for one in names if one.endswith(".html.j2") and "-" not in one]
    if name is None:
        return themes, True
    if name in themes:
        return [name], False
    template = _find(newsroom, name).name
    if template.startswith("pages/"):
        return [], True
    theme = template.split(".")[0]
    # A piece that several themes may use, such as digest-blocks.html.j2 and style.css, is tried in all of them.
    return ([theme] if theme in themes and theme != "digest" else themes), False


def _themes(newsroom: Newsroom, settings: "Settings", themes: list[str]) -> list[dict[str, Any]]:
    """What is wrong with each theme, once for each fault, with the languages it shows in."""
    from newsletter_cli.digest.specimen import LANGUAGES  # lazy: jinja2 and premailer

    found: dict[str, dict[str, Any]] = {}
    for theme in themes:
        for language in LANGUAGES:
            for text in _faults(newsroom, settings, theme, language):
                entry = found.setdefault(text, {**_place(text), "text": text, "where": []})
                entry["where"].append(f"{theme} {language}")
    return list(found.values())


def _faults(newsroom: Newsroom, settings: "Settings", theme: str, language: str) -> list[str]:
    from newsletter_cli.digest.render import render_issue  # lazy: as above
    from newsletter_cli.digest.specimen import specimen  # lazy: as above
    from newsletter_cli.digest.theme import Theme  # lazy: as above
    from newsletter_cli.mail.document import Slot  # lazy: as above

    sample = specimen(language, theme, settings, newsroom)
    try:
        issue = render_issue(sample.file, sample.articles, sample.settings, newsroom)
    except NewsletterError as error:
        return [error.message]
    files = Theme(theme, (newsroom.templates, templates_folder()))
    faults = []
    for document, names in (
        (issue.html, (f"{theme}.html.j2",)),
        (issue.text, (f"{theme}.txt.j2", "digest.txt.j2")),
    ):
        # A slot inside of [% if %] is no slot of the page: it may not be there for some readers.
        slots = {piece.expression.strip() for piece in document.pieces if isinstance(piece, Slot)}
        if "unsubscribe" not in slots:
            faults.append(f"{files.find(*names).shown}:1 has no [[ unsubscribe ]]; every reader must find the way out")
    return faults


def _place(text: str) -> dict[str, Any]:
    """File and line out of "templates/digest.html.j2:41 unknown …"."""
    file, _, line = text.partition(" ")[0].partition(":")
    known = file.startswith("templates/")
    return {"file": file if known else None, "line": int(line) if known and line.isdecimal() else None}


def _pages(newsroom: Newsroom) -> list[dict[str, Any]]:
    """What is wrong with the readers' pages."""
    from newsletter_cli.digest.specimen import LANGUAGES  # lazy: as above
    from newsletter_cli.web.sheet import Button, Form, Html, Link, Sheet  # lazy: as above
    from newsletter_cli.web.theme import load_theme  # lazy: jinja2

    theme, word = load_theme(newsroom.templates, templates_folder()), Html("x")
    found: dict[str, dict[str, Any]] = {}
    for name in ("unsubscribe", "left", "notice", "archive"):
        for language in LANGUAGES:
            sheet = Sheet(
                name=name, language=language, newsroom=word, title=word, paragraphs=(word,),
                forms=(Form(action="/u/x", button=Button(word, "x"), hidden=(("a", "b"),), question=word),),
                links=(Link("/archive/x", word, word),),
            )  # fmt: skip
            try:
                theme.draw(sheet)
            except RefusedError as error:
                said = _page_fault(name, error)
                found.setdefault(said, {**_place(said), "text": said, "where": []})["where"].append(language)
    return list(found.values())


def _page_fault(name: str, error: RefusedError) -> str:
    """With file and line, from what the template engine raised."""
    cause = error.__cause__
    what = getattr(cause, "message", None) or str(cause)
    if line := getattr(cause, "lineno", None):
        return f"templates/{getattr(cause, 'name', None) or f'pages/{name}.html'}:{line} {what}"
    places = [(frame.f_code.co_filename, at) for frame, at in walk_tb(cause.__traceback__)] if cause else []
    for file, at in reversed(places):
        if Path(file).parent.name == "pages" and file.endswith(".html"):
            return f"templates/pages/{Path(file).name}:{at} {what}"
    return f"templates/pages/{name}.html:1 {what}"
