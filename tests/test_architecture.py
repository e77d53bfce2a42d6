"""The house keeps its plan: layers, doors, lazy doors, door-plates, no work on import (docs: CONTRIBUTING.md).

The three tables below are the plan. A failure names file:line, what was found, and the rule it breaks.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = "newsletter_cli"
ROOT = Path(__file__).parent.parent
HOUSE = ROOT / PACKAGE

# A room imports rooms of lower lines only; rooms on one line never import each other.
LAYERS = (
    {"cli"},
    {"schedule", "inbound", "web"},
    {"delivery"},
    {"digest", "subscribers"},
    {"articles", "mail", "storage"},
    {"language"},
    {"settings", "newsroom"},
    {"errors"},
)
OUTSIDE = {"__main__": "cli", "__init__": "errors"}  # files that belong to no room, and whose rights they have

# Each foreign library has one door: the folders and files that may import it.
REPOSITORIES = ("storage/", "subscribers/", "digest/", "delivery/", "schedule/", "inbound/", "web/")
DOORS: Mapping[str, tuple[str, ...]] = {
    "typer": ("cli/",),
    "rich": ("cli/",),
    "jinja2": ("digest/", "mail/", "web/"),  # each its own environment, sandboxed or autoescaped
    "markupsafe": ("digest/", "mail/", "web/"),  # jinja2's own
    "premailer": ("digest/inline.py",),
    "cssutils": ("digest/inline.py",),
    "css_inline": ("digest/inline.py",),
    "email_validator": ("mail/address.py",),
    "idna": ("mail/address.py",),
    "nh3": ("articles/readers/",),
    "markdown_it": ("articles/readers/",),
    "yaml": ("articles/readers/",),
    "lxml": ("articles/readers/",),
    "mammoth": ("articles/readers/",),
    "trafilatura": ("articles/readers/",),
    "feedparser": ("articles/readers/",),
    "cryptography": ("mail/dkim.py",),
    "sqlalchemy": REPOSITORIES,  # statements only: its engine, dialects and exceptions stay in storage/, see below
    "alembic": ("storage/",),
    "psycopg": ("storage/",),
    "sqlite3": ("storage/",),  # of the standard library, but who opens the file beside SQLite drops its locks
    "procrastinate": ("delivery/fleet.py",),
    "starlette": ("web/",),
    "uvicorn": ("web/",),
    "prometheus_client": ("web/",),
    "imap_tools": ("inbound/",),
    "flufl": ("inbound/",),
    "dns": ("delivery/dns.py",),
    "uvloop": ("delivery/",),
    "aiosmtpd": ("delivery/inbox.py",),
    "cronsim": ("schedule/",),
    "hijridate": ("language/",),
    "tomlkit": ("settings/",),
    "platformdirs": ("settings/",),
    "keyring": ("settings/",),
    "openpyxl": ("subscribers/",),
    "PIL": ("digest/",),
    "segno": ("cli/preview.py",),
}
# What another room may take from sqlalchemy: words of statements and the connection they run on.
STATEMENTS_ONLY = {"sqlalchemy", "sqlalchemy.sql", "sqlalchemy.types"}
ENGINE_NAMES = {"create_engine", "event", "exc", "inspect", "pool", "Engine", "MetaData", "Table"}

# Imports inside a function: who may, what, and why. Each also says so on its line: "# lazy: reason".
LAZY: Mapping[str, tuple[tuple[str, ...], str]] = {
    "cli/": (
        (PACKAGE, "typer", "rich", "unicodedata", "segno"),
        "a command imports the rooms it calls; help needs none",
    ),
    "mail/": (("jinja2", "email_validator", "idna", PACKAGE + ".mail"), "plain addresses and versions need neither"),
    "mail/dkim.py": (("cryptography",), "the names of its settings are asked for without any key"),
    "digest/": (("premailer", "cssutils", "css_inline", "jinja2", "PIL"), "pause and status must not need them"),
    "articles/": (("lxml", "mammoth", "trafilatura", "feedparser", PACKAGE + ".articles"), "one format at a time"),
    "subscribers/": (("openpyxl",), "an extra"),
    "storage/": (("alembic", "sqlalchemy.dialects"), "opening a database must be quick"),
    "delivery/": (("uvloop", "aiosmtpd", "dns", "procrastinate"), "extras, and parts of one command only"),
    "settings/": (("keyring", "tomlkit"), "an extra that looks through all backends; writing is rare"),
}

DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "tools"}


@dataclass(frozen=True)
class Found:
    """One import statement."""

    file: str  # below newsletter_cli/
    line: int
    module: str  # absolute
    names: tuple[str, ...]  # of `from module import names`
    lazy: bool  # inside a function
    reason: str  # what follows "# lazy:"

    def __str__(self) -> str:
        return f"{PACKAGE}/{self.file}:{self.line}: imports {self.module}"


def room_of(file: str) -> str:
    first = Path(file).parts[0].removesuffix(".py")
    return OUTSIDE.get(first, first)


def level_of(room: str) -> int:
    """0 is the top."""
    return next((number for number, line in enumerate(LAYERS) if room in line), -1)


@cache
def sources() -> Mapping[str, ast.Module]:
    files = sorted(HOUSE.rglob("*.py"))
    return {str(path.relative_to(HOUSE)): ast.parse(path.read_bytes(), str(path)) for path in files}


@cache
def imports() -> tuple[Found, ...]:
    return tuple(found for file, tree in sources().items() for found in _imports(file, tree))


def _imports(file: str, tree: ast.Module) -> Iterator[Found]:
    lines = (HOUSE / file).read_text(encoding="utf-8").splitlines()
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    reason, last = "", -1
    for node in sorted((n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)), key=_line):
        end = node.end_lineno or node.lineno
        said = re.search(r"# lazy: (\S.*)", "\n".join(lines[node.lineno - 1 : end]))
        # The reason may stand once above several imports in a row.
        reason = said[1] if said else reason if node.lineno == last + 1 else ""
        last = end
        for module, names in _modules(node, file):
            yield Found(file, node.lineno, module, names, id(node) in inside, reason)


def _line(node: ast.stmt) -> int:
    return node.lineno


def _modules(node: ast.Import | ast.ImportFrom, file: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, ()) for alias in node.names)
        return
    module = node.module or ""
    if node.level:
        here = [PACKAGE, *Path(file).parts[:-1]]
        module = ".".join([*here[: len(here) - node.level + 1], *([module] if module else [])])
    names = tuple(alias.name for alias in node.names)
    if module == PACKAGE:  # `from newsletter_cli import errors` is an import of that room
        yield from ((f"{PACKAGE}.{name}", ()) for name in names if not name.startswith("__"))
        return
    yield module, names


def is_below(file: str, doors: tuple[str, ...]) -> bool:
    return any(file == door or (door.endswith("/") and file.startswith(door)) for door in doors)


def is_part_of(module: str, whole: str) -> bool:
    return module == whole or module.startswith(whole + ".")


def demand_none(broken: Iterable[str]) -> None:
    if lines := list(broken):
        pytest.fail("\n".join(lines), pytrace=False)


# --- the rules: each gives what breaks it ----------------------------------------------------------------------


def upward_or_sideways(found: Found) -> str | None:
    parts = found.module.split(".")
    if parts[0] != PACKAGE or len(parts) == 1:
        return None
    ours, theirs = room_of(found.file), room_of(parts[1])
    if ours == theirs or level_of(ours) < level_of(theirs):
        return None
    return f"{ours} may import only rooms below it, and {theirs} is not"


def outside_its_door(found: Found) -> str | None:
    library = found.module.split(".")[0]
    if library == PACKAGE or (library in sys.stdlib_module_names and library not in DOORS):
        return None
    if library not in DOORS:
        return "no door is planned for this library"
    if not is_below(found.file, DOORS[library]):
        return f"its door is {', '.join(DOORS[library])}"
    return None


def engine_outside_storage(found: Found) -> str | None:
    if not is_part_of(found.module, "sqlalchemy") or found.file.startswith("storage/"):
        return None
    if found.module not in STATEMENTS_ONLY or ENGINE_NAMES & set(found.names):
        return "outside storage/ only statements, columns and the connection"
    return None


def lazy_without_leave(found: Found) -> str | None:
    if not found.lazy:
        return None
    allowed = [modules for door, (modules, _) in LAZY.items() if is_below(found.file, (door,))]
    if not any(is_part_of(found.module, module) for modules in allowed for module in modules):
        return "imports inside functions are for the doors in LAZY"
    return None if found.reason else 'an import inside a function says why: "# lazy: reason"'


RULES = (upward_or_sideways, outside_its_door, engine_outside_storage, lazy_without_leave)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_imports_keep_to_the_plan(rule: Callable[[Found], str | None]) -> None:
    demand_none(f"{found}: {broken}" for found in imports() if (broken := rule(found)))


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (Found("mail/tokens.py", 1, "newsletter_cli.delivery.engine", (), False, ""), upward_or_sideways),
        (Found("mail/tokens.py", 1, "newsletter_cli.storage.schema", (), False, ""), upward_or_sideways),
        (Found("errors.py", 1, "newsletter_cli.cli", (), False, ""), upward_or_sideways),
        (Found("delivery/engine.py", 1, "rich.table", (), False, ""), outside_its_door),
        (Found("cli/app.py", 1, "click", (), False, ""), outside_its_door),
        (Found("web/pages.py", 1, "sqlite3", (), False, ""), outside_its_door),
        (Found("delivery/ledger.py", 1, "sqlalchemy.exc", (), False, ""), engine_outside_storage),
        (Found("delivery/ledger.py", 1, "sqlalchemy", ("create_engine",), False, ""), engine_outside_storage),
        (Found("storage/migrate.py", 1, "alembic", (), True, ""), lazy_without_leave),
        (Found("storage/migrate.py", 1, "json", (), True, "because"), lazy_without_leave),
    ],
    ids=lambda value: value.__name__ if callable(value) else str(value),
)
def test_a_rule_sees_what_breaks_it(found: Found, rule: Callable[[Found], str | None]) -> None:
    assert rule(found) is not None


def test_every_room_has_its_line() -> None:
    assert {room for file in sources() if (room := room_of(file)) and level_of(room) < 0} == set()


# --- door-plates and names -------------------------------------------------------------------------------------


def test_every_file_says_what_it_is() -> None:
    demand_none(file for file, tree in sources().items() if not (ast.get_docstring(tree) or "").strip())


def test_every_room_has_a_door_plate() -> None:
    """One paragraph that begins with the room's name and a colon."""
    plates = {file: ast.get_docstring(tree) or "" for file, tree in sources().items() if file.endswith("/__init__.py")}
    demand_none(file for file, plate in plates.items() if not re.match(r"[A-Z`][\w` ]*: \S|The \S", plate))


def test_no_drawer_without_a_noun() -> None:
    assert [file for file in sources() if DRAWERS & set(Path(file).with_suffix("").parts)] == []


# --- no work on import -----------------------------------------------------------------------------------------

# Names that read the world or begin something. Tables, patterns and records may be built.
WORK = {
    "open", "print", "input", "exec", "eval", "getenv", "now", "utcnow", "today", "monotonic", "cwd", "home",
    "getcwd", "read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "exists", "iterdir", "glob", "rglob",
    "listdir", "run", "Popen", "system", "getuser", "getlogin", "urandom", "token_bytes", "Random", "basicConfig",
}  # fmt: skip
STATEMENTS = (
    ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
)
WORKING = {
    "storage/migrations/env.py": "Alembic runs it by importing it",
    "__main__.py": "it is what `python -m newsletter_cli` runs",
}
DECLARING = {"Index"}  # calls that only add to a table's description


def _work(tree: ast.Module) -> Iterator[ast.AST]:
    for statement in tree.body:
        if not isinstance(statement, STATEMENTS) and not _is_harmless(statement):
            yield statement
        yield from (node for node in _outside_functions(statement) if _begins_something(node))


def _begins_something(node: ast.AST) -> bool:
    return _name(node) == "environ" or (isinstance(node, ast.Call) and _name(node.func) in WORK)


def _is_harmless(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        value = statement.value
        return isinstance(value, ast.Constant) or (isinstance(value, ast.Call) and _name(value.func) in DECLARING)
    return isinstance(statement, ast.If) and ast.unparse(statement.test) in {"TYPE_CHECKING", "__name__ == '__main__'"}


def _name(node: ast.AST) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Everything that runs when the module does: not the bodies of functions, but their defaults and decorators."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts: list[ast.AST] = [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    elif isinstance(node, ast.Lambda | ast.AnnAssign) and not getattr(node, "value", None):
        parts = []
    else:
        parts = list(ast.iter_child_nodes(node))
    yield node
    for part in parts:
        yield from _outside_functions(part)


def test_importing_does_no_work() -> None:
    demand_none(
        f"{PACKAGE}/{file}:{getattr(node, 'lineno', 0)}: works on import: {ast.unparse(node)[:80]}"
        for file, tree in sources().items()
        if file not in WORKING
        for node in _work(tree)
    )


def test_importing_everything_touches_nothing() -> None:
    """In a process of its own: no file is written, no program started, no connection opened."""
    modules = [
        ".".join((PACKAGE, *Path(file).with_suffix("").parts)).removesuffix(".__init__")
        for file in sources()
        if file not in WORKING and "/versions/" not in file
    ]
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", WATCHED, *modules], capture_output=True, text=True, cwd=ROOT,
        check=False,
    )  # fmt: skip
    demand_none(f"{done.stdout}{done.stderr}".splitlines()[-20:])


WATCHED = """
import importlib, sys
STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "socket.bind", "os.mkdir",
          "os.remove", "os.rename", "sqlite3.connect", "_thread.start_new_thread")
module = ""
def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1])
    if event in STARTS or writes:
        print(module, event, arguments[:1])
sys.addaudithook(watch)
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


# --- one boundary ----------------------------------------------------------------------------------------------


def test_unexpected_exceptions_are_caught_once() -> None:
    """`except Exception` stands in cli/app.py, where the crash file is written, and nowhere else."""
    found = [
        f"{PACKAGE}/{file}:{node.lineno}"
        for file, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _name(node.type) == "Exception")
    ]
    assert len(found) <= 1
    assert all(place.startswith(f"{PACKAGE}/cli/app.py:") for place in found)
