"""A theme: the files digest.html.j2, digest.txt.j2 and style.css, the newsroom's own before the packaged ones.

The first stage of rendering, once per digest: sandboxed, autoescaped, strict about names, limited in time and size.
Every fault of a template leaves here as RefusedError TEMPLATE with file and line.
"""

import contextlib
import difflib
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from traceback import walk_tb
from typing import Any, Final

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    meta,
    nodes,
)
from jinja2.exceptions import SecurityError
from jinja2.utils import missing

from newsletter_cli.digest.model import ThemeText
from newsletter_cli.digest.sandbox import OUTPUT_LIMIT, Budget, limits, sandbox
from newsletter_cli.digest.slots import Marks
from newsletter_cli.errors import RefusedError

TIME_LIMIT: Final = 20.0  # seconds; a digest takes a tenth of one


# What a template can do wrong, in its own words or in a filter it calls.
_FAULTS: Final = (
    TemplateError, SecurityError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError,
    MemoryError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """One file of a theme."""

    text: str
    shown: str  # as errors name it: "templates/digest.html.j2"
    path: Path


@dataclass(frozen=True, slots=True)
class Theme:
    """Where the files of a theme are looked for, first match wins."""

    name: str  # "digest": {name}.html.j2, {name}.txt.j2
    folders: tuple[Path, ...]  # the newsroom's templates/, then the packaged ones

    @property
    def css(self) -> ThemeFile:
        """Its stylesheet: one of its own, or the one all themes share."""
        return self.find(f"{self.name}.css", "style.css")

    def find(self, *names: str) -> ThemeFile:
        """The first of the named files that exists.  Raises RefusedError TEMPLATE when none does."""
        for name in names:
            for folder in self.folders:
                path = (folder / name).resolve()
                if path.is_relative_to(folder.resolve()) and path.is_file():
                    return _read(path, name)
        raise RefusedError(
            "TEMPLATE",
            f"There is no template “{names[0]}”.",
            facts=[("looked in", str(folder)) for folder in self.folders],
            fix="set `template: digest` in the digest file, or put that file into templates/",
        )


_TAKEN_IN: Final = re.compile(r"{%-?\s*(?:import|include|extends|from)\s+[\"']([^\"']+)[\"']")


def theme_texts(theme: Theme) -> tuple[ThemeText, ...]:
    """The files a page of this theme is drawn with, for whoever must say where something stands."""
    waiting, found = [f"{theme.name}.html.j2"], dict[str, ThemeFile]()
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        with contextlib.suppress(RefusedError):  # {% include "x" ignore missing %}
            found[name] = theme.find(name)
            waiting += _TAKEN_IN.findall(found[name].text)
    return tuple(ThemeText(file.shown, file.text) for file in (*found.values(), theme.css))


class UnknownNameError(UndefinedError):
    """A template asks for a name that is not there."""

    def __init__(self, owner: object, name: object, message: str | None = None) -> None:
        super().__init__(message)
        self.owner = owner
        self.name = str(name)


class _Unknown(StrictUndefined):
    """An undefined value that remembers what was asked for, so that the right name can be suggested."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateError] = UndefinedError,
    ) -> None:
        raiser = functools.partial(UnknownNameError, obj, name) if exc is UndefinedError else exc
        super().__init__(hint, obj, name, raiser)  # type: ignore[arg-type]  # only ever called, never subclassed


class _Loader(BaseLoader):
    """Reads theme files only, and hides the pieces of the second stage before Jinja2 sees the text."""

    def __init__(self, theme: Theme, marks: Marks) -> None:
        self.theme = theme
        self.marks = marks
        self.shown: dict[str, str] = {}  # file name in tracebacks → as people know it
        self.texts: dict[str, str] = {}

    def get_source(self, environment: object, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        if PurePosixPath(template).is_absolute() or ".." in PurePosixPath(template).parts:
            raise TemplateNotFound(template)
        try:
            file = self.theme.find(template)
        except RefusedError as error:
            raise TemplateNotFound(template) from error
        self.shown[str(file.path)] = file.shown
        self.texts[file.shown] = file.text
        return self.marks.hide(file.text, file.shown), str(file.path), None


@dataclass(frozen=True, slots=True)
class Stage:
    """The first stage of one rendering: the theme's templates, and what they may see."""

    theme: Theme
    marks: Marks
    filters: Mapping[str, Callable[..., object]]
    seconds: float = TIME_LIMIT

    def render(self, file: ThemeFile, values: Mapping[str, object], *, escape: bool) -> str:
        """The template filled with the values, its pieces of the second stage as markers.

        escape: True for HTML; False for the text part, which has nothing to escape.
        Raises RefusedError TEMPLATE for an unknown name, a fault of syntax, files that include each other in a circle,
        more than 2 MiB or more than `seconds`.
        """
        loader = _Loader(self.theme, self.marks)
        budget = Budget(self.seconds)
        env = sandbox(budget, self.filters, escape=escape, loader=loader, undefined=_Unknown)
        loader.shown[str(file.path)] = file.shown
        try:
            with limits(budget):
                return _collect(env.get_template(file.path.name).generate(dict(values)), file.shown, budget)
        except _FAULTS as error:
            raise _refusal(error, loader, values) from error


def _collect(chunks: Iterable[str], shown: str, budget: Budget) -> str:
    parts: list[str] = []
    size = 0
    for chunk in chunks:
        budget.spend()
        size += len(chunk)
        if size > OUTPUT_LIMIT:
            raise RefusedError("TEMPLATE", f"{shown} writes more than 2 MiB; is there a loop that does not end?")
        parts.append(chunk)
    return "".join(parts)


def _read(path: Path, name: str) -> ThemeFile:
    try:
        return ThemeFile(path.read_text(encoding="utf-8"), f"templates/{name}", path)
    except UnicodeDecodeError as error:
        raise RefusedError("TEMPLATE", f"templates/{name} is not UTF-8 text: {error.reason}.") from error
    except OSError as error:
        raise RefusedError("TEMPLATE", f"templates/{name} cannot be read: {error.strerror}.") from error


def _refusal(error: Exception, loader: _Loader, values: Mapping[str, object]) -> RefusedError:
    where = _where(error, loader)
    if isinstance(error, UnknownNameError):
        known = [*values, *_own_names(loader)] if error.owner is missing else _attributes(error.owner)
        guess = difflib.get_close_matches(error.name, known, n=1)
        hint = f", did you mean “{guess[0]}”?" if guess else ""
        what = f"unknown variable “{error.name}”{hint}"
    elif isinstance(error, TemplateNotFound):
        what = f"asks for “{error.name}”, which is no file of the theme"
    elif isinstance(error, RecursionError):
        circle = _circle(loader)
        what = f"never comes to an end: {' → '.join(circle)}" if circle else "calls itself again and again"
    elif isinstance(error, MemoryError):
        what = "asks for far too much memory"
    else:
        what = getattr(error, "message", None) or str(error)
    return RefusedError("TEMPLATE", f"{where} {what}", facts=[("file", where)], fix="correct the template")


def _circle(loader: _Loader) -> tuple[str, ...]:
    """The files that include, import or extend each other in a circle, by their names; () when none do."""
    asks = {shown.removeprefix("templates/"): _referenced(text) for shown, text in loader.texts.items()}
    for start in asks:
        ways: list[tuple[str, ...]] = [(start,)]
        while ways:
            way = ways.pop()
            for name in asks.get(way[-1], ()):
                if name == start:
                    return (*way, start)
                if name not in way:
                    ways.append((*way, name))
    return ()


def _referenced(text: str) -> tuple[str, ...]:
    found = meta.find_referenced_templates(Environment(autoescape=True).parse(text))
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _own_names(loader: _Loader) -> set[str]:
    """Names that the theme's templates set themselves: loop variables, parameters of macros."""
    return {
        name.name
        for text in loader.texts.values()
        for name in Environment(autoescape=True).parse(text).find_all(nodes.Name)
        if name.ctx in {"store", "param"}
    }


def _attributes(owner: object) -> list[str]:
    if isinstance(owner, Mapping):
        return [str(key) for key in owner]
    return [name for name in dir(owner) if not name.startswith("_")]


def _where(error: Exception, loader: _Loader) -> str:
    if isinstance(error, TemplateSyntaxError):
        shown = loader.shown.get(error.filename or "", error.name or "")
        return f"{shown}:{error.lineno}"
    # Jinja2 rewrites tracebacks: the frames of templates carry the template's own file and line.
    places = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    for file, line in reversed(places):
        if file in loader.shown:
            return f"{loader.shown[file]}:{line}"
    return next(iter(loader.shown.values()), "templates/")
