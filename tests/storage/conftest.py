"""A second process that uses the database, and rows to fill it with."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, insert, text

from newsletter_cli.storage.revision import MIGRATIONS
from newsletter_cli.storage.schema import chunk, delivery, digest, list_, send, subscriber, version

NOW = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)
ROOT = Path(__file__).parent.parent.parent

# What each script begins with: `storage` open, `tell` writes a line to the test, `wait` reads one from it.
BEGINNING = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlalchemy import func, insert, select, text, update
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.storage.acts import note
from newsletter_cli.storage.schema import act
def tell(line): print(line, flush=True)
def wait(): return sys.stdin.readline().strip()
NOW = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)
storage = open_storage(sys.argv[1], Path(sys.argv[2]))
"""


class Other:
    """Another Python process, running a script of the test's."""

    def __init__(self, script: str, database: str, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGINNING + script, database, str(root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip

    def hear(self) -> str:
        """The next line the script tells."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, line: str = "") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> list[str]:
        """SIGKILL; what it had told that was not heard yet, a line cut in half left out."""
        self.process.kill()
        assert self.process.stdout is not None
        rest = self.process.stdout.read()
        self.process.wait()
        return rest.split("\n")[:-1]

    def close(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        self.process.wait()


@pytest.fixture
def start_other() -> Iterator[Callable[[str, str, Path], Other]]:
    """start_other(script, database, root)"""
    started: list[Other] = []

    def start(script: str, database: str, root: Path) -> Other:
        started.append(Other(script, database, root))
        return started[-1]

    yield start
    for other in started:
        other.close()


@pytest.fixture
def make_chunk() -> Callable[..., int]:
    """make_chunk(connection, {"accepted": 2, "waiting": 1}) → id of a chunk of a new send, whose sums are right."""
    return _make_chunk


def _make_chunk(connection: Connection, outcomes: Mapping[str, int], name: str = "2026-w42") -> int:
    new_list = _add(connection, list_, slug=name, created=NOW)
    new_digest = _add(connection, digest, slug=name, list=name, created=NOW)
    connection.execute(
        insert(version).values(
            hash=name, digest_id=new_digest, content="{}", subject="حصاد الأسبوع", articles=["wheat"], created=NOW
        )
    )
    new_send = _add(
        connection, send, digest_id=new_digest, version=name, list_id=new_list, state="sending", key_number=0,
        created=NOW,
    )  # fmt: skip
    sums = {outcome: number for outcome, number in outcomes.items() if outcome != "waiting"}
    total = sum(outcomes.values())
    new_chunk = _add(connection, chunk, send_id=new_send, state="open", total=total, **sums)
    for number, outcome in enumerate(outcome for outcome, times in outcomes.items() for _ in range(times)):
        address = f"{name}-{number}@example.org"
        reader = _add(connection, subscriber, key=address, address=address, domain="example.org", created=NOW)
        _add(
            connection, delivery, send_id=new_send, chunk_id=new_chunk, subscriber_id=reader, subscription_id=number,
            address=address, domain="example.org", outcome=outcome,
        )  # fmt: skip
    return new_chunk


def _add(connection: Connection, table: object, **values: object) -> int:
    key = connection.execute(insert(table).values(**values)).inserted_primary_key  # type: ignore[arg-type]  # any table
    assert key is not None
    return int(key[0])


FIRST = "0001"
# A send half-way through, as the first version wrote it.
OLD_ROWS = (
    "INSERT INTO list (slug, created) VALUES ('weekly', 1)",
    *(
        f"INSERT INTO subscriber (key, address, domain, created)"
        f" VALUES ('r{n}@example.org', 'r{n}@example.org', 'example.org', 1)"
        for n in range(1, 5)
    ),
    *(
        f"INSERT INTO subscription (list_id, subscriber_id, status, joined) VALUES (1, {n}, 'active', 1)"
        for n in range(1, 5)
    ),
    "INSERT INTO digest (slug, list, created) VALUES ('2026-w42', 'weekly', 1)",
    "INSERT INTO version (hash, digest_id, content, subject, articles, created)"
    " VALUES ('abc', 1, '{}', 'حصاد الأسبوع', '[]', 1)",
    "INSERT INTO send (digest_id, version, list_id, state, key_number, created, started)"
    " VALUES (1, 'abc', 1, 'paused', 1, 1, 2)",
    "INSERT INTO chunk (send_id, state, total, accepted, retry, flights) VALUES (1, 'open', 2, 1, 1, 4)",
    "INSERT INTO chunk (send_id, state, total, uncertain, flights) VALUES (1, 'open', 2, 1, 2)",
    *(
        f"INSERT INTO delivery (send_id, chunk_id, subscriber_id, subscription_id, address, domain, outcome)"
        f" VALUES (1, {1 + (n - 1) // 2}, {n}, {n}, 'r{n}@example.org', 'example.org', '{outcome}')"
        for n, outcome in enumerate(("accepted", "retry", "waiting", "uncertain"), 1)
    ),
    "INSERT INTO act (at, by, what, digest) VALUES (3, 'editor', 'paused', '2026-w42')",
)


@pytest.fixture
def fill_old() -> Callable[[Connection], None]:
    """fill_old(connection): the tables of the first version, by its own migration, with `OLD_ROWS`."""

    def fill(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST)
        for row in OLD_ROWS:
            connection.execute(text(row.replace(" by,", ' "by",')))

    return fill


@pytest.fixture
def make_old(fill_old: Callable[[Connection], None]) -> Callable[[Path], None]:
    """make_old(path): such a SQLite file."""

    def make(path: Path) -> None:
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            fill_old(connection)
        engine.dispose()

    return make
