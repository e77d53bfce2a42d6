"""Pages drawn with templates: the newsroom's own `templates/pages/`, else the packaged ones.

The only file here that loads jinja2: one-click unsubscribe never comes here, and when a template fails the built-in
page is shown instead.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from newsletter_cli.errors import RefusedError
from newsletter_cli.web.sheet import Sheet

STYLE: Final = "pages/style.css"


class Theme:
    """Templates of reader pages, each compiled once; changed files are read again."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """folders: the newsroom's templates, then the packaged ones; the first that has a file gives it."""
        self._loader = FileSystemLoader([str(folder) for folder in folders])
        self._environment = ImmutableSandboxedEnvironment(
            loader=self._loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        # A sheet's texts are HTML already: see sheet.py, the only place that makes them.
        self._environment.filters["ready"] = Markup

    def draw(self, sheet: Sheet) -> tuple[str, str]:
        """(page, its style). Raises RefusedError (TEMPLATE) for a template that is missing or broken."""
        name = f"pages/{sheet.name}.html"
        try:
            style = self._loader.get_source(self._environment, STYLE)[0].strip()
            return self._environment.get_template(name).render(page=sheet, style=style), style
        # Whatever a template of the newsroom's own can do wrong.
        except (TemplateError, OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            message = f"templates/{name}: {error}"
            raise RefusedError("TEMPLATE", message, facts=[("file", f"templates/{name}")]) from error


def load_theme(own: Path, packaged: Path) -> Theme:
    """The theme of a newsroom.  own: its templates folder, which may lack any file.  packaged: the program's."""
    return Theme([own, packaged])
