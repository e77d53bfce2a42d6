"""What every room's tests share: a newsroom's folder, its database on each engine, a clock and chance of their own.

Each counterpart is real. One that this machine lacks is a skip that says how to get it; with CI set, a skip fails the
run (`pytest_sessionfinish`).
"""

import os
import random
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

from newsletter_cli.storage.engine import WAIT, Storage, open_storage
from newsletter_cli.storage.migrate import migrate
from tests.servers import Missing
from tests.servers.chromium import Browser
from tests.servers.postfix import Postfix, Sink, full_postfix, smtp_sink
from tests.servers.postgres import Postgres, start_postgres

# No deadline: other work on the machine is no failure of ours.
hypothesis.settings.register_profile("tests", deadline=None, max_examples=60, print_blob=True)
hypothesis.settings.load_profile("tests")

SQLITE = "data/newsletter.db"  # the default of storage.database
WEDNESDAY = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)

# --- the world around a test -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def emptied_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting, colour, language or home of whoever runs the tests reaches them."""
    for name in tuple(os.environ):
        if name.startswith(("NEWSLETTER_", "XDG_", "LC_", "PG")) or name in OUTSIDE:
            monkeypatch.delenv(name)
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("LANG", "C.UTF-8")


OUTSIDE = frozenset(
    {
        "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "COLUMNS", "LINES", "TERM", "LANGUAGE", "TZ", "PAGER",
        "VISUAL", "EDITOR", "BROWSER", "CREDENTIALS_DIRECTORY", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy",
        "https_proxy", "PYTHON_KEYRING_BACKEND",
    }
)  # fmt: skip


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default=WEDNESDAY)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> datetime:
        """Moves on by a timedelta of these parts (`minutes=5`); the new time."""
        self.now += timedelta(**parts)
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Wednesday 14 October 2026, 04:00 UTC, until a test moves it."""
    return Clock()


@pytest.fixture
def chance() -> random.Random:
    return random.Random(20261014)


# --- newsroom and database -------------------------------------------------------------------------------------


@pytest.fixture
def newsroom_folder(tmp_path: Path) -> Path:
    """An empty newsroom: newsletter.toml with what has no default, and the folders."""
    root = tmp_path / "akhbar"
    for name in ("articles", "digests", "templates", "outbox", "archive", "data", "imports"):
        (root / name).mkdir(parents=True)
    (root / "newsletter.toml").write_text(NEWSLETTER_TOML, encoding="utf-8")
    return root


NEWSLETTER_TOML = """\
[newsroom]
id       = "akhbar"
name     = "أخبار الاختبار"
language = "ar"
locale   = "ar-SY"
timezone = "Asia/Damascus"

[sender]
from   = "أخبار الاختبار <news@example.org>"
postal = "ص.ب 1234، دمشق"

[smtp]
host     = "127.0.0.1"
port     = 1025
security = "none"

[web]
public_url = "http://127.0.0.1:8400"

[lists.weekly]
title = "النشرة الأسبوعية"
"""


@dataclass(frozen=True)
class Place:
    """Where a migrated, empty database is, for tests that open it themselves."""

    database: str  # as storage.database has it
    root: Path

    def open(self, wait: timedelta = WAIT) -> Storage:
        return open_storage(self.database, self.root, wait=wait)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of this test process alone, with the migrated database "ours" to copy."""
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    migrate(postgres.create("ours"), tmp_path_factory.mktemp("ours"))
    return "ours"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("migrated")
    migrate(SQLITE, root)
    return root / SQLITE


@pytest.fixture
def sqlite_place(newsroom_folder: Path, migrated_sqlite: Path) -> Place:
    shutil.copy(migrated_sqlite, newsroom_folder / SQLITE)
    return Place(SQLITE, newsroom_folder)


@pytest.fixture
def postgresql_place(newsroom_folder: Path, postgres: Postgres, migrated_postgres: str) -> Iterator[Place]:
    name = f"test_{next(_numbers)}"
    yield Place(postgres.create(name, template=migrated_postgres), newsroom_folder)
    postgres.drop(name)


_numbers = iter(range(1, 1_000_000))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """A migrated, empty database on each engine in turn; nothing has it open."""
    found = request.getfixturevalue(f"{request.param}_place")
    assert isinstance(found, Place)
    return found


@pytest.fixture
def storage(place: Place) -> Iterator[Storage]:
    """The same, open."""
    with place.open() as storage:
        yield storage


@pytest.fixture
def sqlite_storage(sqlite_place: Place) -> Iterator[Storage]:
    with sqlite_place.open() as storage:
        yield storage


@pytest.fixture
def postgresql_storage(postgresql_place: Place) -> Iterator[Storage]:
    with postgresql_place.open() as storage:
        yield storage


# --- golden files ----------------------------------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "write the expected outputs in tests/golden anew, running only the tests that compare them"
    parser.addoption("--rewrite-golden", action="store_true", help=text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--rewrite-golden"):
        others = [item for item in items if "golden" not in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("digests/07-what-it-shows.html", output)`: the whole output is what that file holds."""
    rewrite = request.config.getoption("--rewrite-golden")

    def compare(name: str, output: str) -> None:
        path = GOLDEN / name
        if rewrite:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(output.encode())
        assert path.exists(), f"{path} is missing: make golden writes it"
        assert output == path.read_bytes().decode(), f"not what {path} holds; make golden rewrites it"

    return compare


# --- other counterparts ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postfix() -> Iterator[Postfix]:
    """A whole Postfix that takes mail for everybody and discards it; `full_postfix` gives one of other settings."""
    with full_postfix() as server:
        yield server


@pytest.fixture
def sink() -> Iterator[Sink]:
    """An smtp-sink that keeps what it takes; `smtp_sink` gives one with other flags."""
    with smtp_sink() as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    """A fixture whose counterpart is missing skips its test."""
    with _missing_is_a_skip():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """So does a test that starts one itself."""
    with _missing_is_a_skip():
        yield


@contextmanager
def _missing_is_a_skip() -> Iterator[None]:
    try:
        yield
    except Missing as missing:
        pytest.skip(str(missing))


# --- the end of a run ------------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """CI may skip nothing: a counterpart that is missing there is a hole in what CI has shown."""
    if os.environ.get("CI") and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = _skipped(config)
    if skipped and os.environ.get("CI"):
        terminalreporter.write_line(f"CI may skip nothing: {skipped} skipped, so this run has failed.", red=True)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")  # none in a worker of xdist
    return len(reporter.stats.get("skipped", ())) if isinstance(reporter, pytest.TerminalReporter) else 0
