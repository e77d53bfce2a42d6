"""The newsroom that is measured: an Arabic digest of about 40 KB of HTML and 8 KB of text, and any number of readers.

Each message is personal: name, unsubscribe URL in both parts and in the header, Message-ID. Every send happens in a
copy of the room, so that each finds the same database.
"""

import csv
import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from places import HERE, environment, program, python, store
from sent import Sent
from servers import lean_sink

CONNECTIONS: Final = 10
DOMAINS: Final = 40  # no provider whose mail the program would slow down by itself
ARTICLES: Final = 11
PARAGRAPHS: Final = 6
PARAGRAPH: Final = (
    "قالت مصادر محلية إن أسعار القمح ارتفعت خلال الأسبوع الماضي في معظم أسواق المنطقة، وعزت ذلك إلى تراجع المخزون "
    "وارتفاع أجور النقل، فيما يتوقع تجار أن تستقر الأسعار مع بدء موسم الزراعة الجديد في تشرين الأول المقبل. "
)

# Nothing but speed is left to decide: no countdown, no trial send, no trial readers, no new connection now and then.
SETTINGS: Final = """
[safety]
require_test = false
require_check = "off"
undo_seconds = 0
canary = 0

[smtp]
host = "127.0.0.1"
security = "none"
messages_per_connection = 10000000
"""


def address(number: int) -> str:
    return f"reader{number}@d{number % DOMAINS:02}.example.org"


def name(number: int) -> str:
    return f"قارئ {number}"


def newsletter(*words: str, room: Path, env: Mapping[str, str] | None = None) -> str:
    """One command of the program; its stdout."""
    done = subprocess.run([*program(), "-C", str(room), *words], env=environment(env), capture_output=True, text=True,
                          check=False)  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"newsletter {' '.join(words)}: exit {done.returncode}\n{done.stderr}\n{done.stdout}")
    return done.stdout


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder on the disk that the project lies on: a ledger in memory would be no ledger."""
    with TemporaryDirectory(dir=store(), prefix="run-") as folder:
        yield Path(folder)


def write_readers(path: Path, readers: int) -> None:
    """A CSV file with as many readers, each with a name and a city."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("email", "name", "city"))
        rows.writerows((address(n), name(n), "دمشق") for n in range(1, readers + 1))


def write_articles(room: Path, articles: int, paragraphs: int) -> list[str]:
    """Articles in the room; their slugs."""
    slugs = []
    for number in range(1, articles + 1):
        slug = f"wheat-{number}"
        path = room / "articles" / "2026" / "10" / f"{slug}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = (
            f"---\ntitle: ما الذي تغيّر في أسعار القمح هذا الأسبوع؟ الجزء {number}\ndate: 2026-10-{number:02}\n---\n\n"
        )
        path.write_text(head + "\n\n".join([PARAGRAPH] * paragraphs) + "\n", encoding="utf-8")
        slugs.append(slug)
    return slugs


def empty_room(folder: Path) -> Path:
    """A newsroom without articles and readers."""
    room = folder / "room"
    newsletter("init", str(room), "--no-sample", "--no-input", room=folder)
    config = room / "newsletter.toml"
    config.write_text(config.read_text(encoding="utf-8") + SETTINGS, encoding="utf-8")
    return room


@dataclass(frozen=True, slots=True)
class Room:
    """A newsroom that is ready to send."""

    folder: Path
    readers: int

    def send(self, port: int, *, connections: int = CONNECTIONS, env: Mapping[str, str] | None = None) -> "SentHere":
        """The digest to everybody, in a copy of the room; dies when one message was not accepted."""
        copy = self.folder.parent / "copy"
        shutil.copytree(self.folder, copy)
        try:
            return _send(copy, self.readers, port, connections, env or {})
        finally:
            shutil.rmtree(copy)

    @contextmanager
    def sent(self) -> Iterator[Path]:
        """A copy of the room in which the digest has been sent."""
        copy = self.folder.parent / "sent"
        shutil.copytree(self.folder, copy)
        with lean_sink(chunking=True) as sink:
            _send(copy, self.readers, sink.port, CONNECTIONS, {})
        try:
            yield copy
        finally:
            shutil.rmtree(copy)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentHere(Sent):
    """One send of ours, and what its process used."""

    whole: float  # seconds of the process: start, checks, freezing, sending, report
    cpu: float  # seconds of processor time, user and system
    peak: float  # MiB resident at most
    confirmed: float  # seconds since 1970: armed, nothing frozen yet
    freezing: float  # seconds from there to its first claim


def _send(room: Path, readers: int, port: int, connections: int, env: Mapping[str, str]) -> SentHere:
    numbers = {"NEWSLETTER_SMTP__PORT": str(port), "NEWSLETTER_SMTP__CONNECTIONS": str(connections), **env}
    words = ["send", "i1", "--confirm", "weekly", "--max-recipients", str(readers), "--undo", "0", "--rate", "off",
             "--json"]  # fmt: skip
    out, err, used = room / "stdout", room / "stderr", room / "used"
    command = [python(), str(HERE / "weighed.py"), str(used), *program(), "-C", str(room), *words]
    began = time.perf_counter()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.run(command, env=environment(numbers), stdout=stdout, stderr=stderr,
                                 stdin=subprocess.DEVNULL, check=False)  # fmt: skip
    whole = time.perf_counter() - began
    document: dict[str, Any] = json.loads(out.read_bytes() or b"{}")
    if process.returncode != 0 or document["recipients"]["accepted"] != readers:
        raise SystemExit(f"newsletter send: exit {process.returncode}\n{err.read_text()}\n{out.read_text()}")
    with closing(sqlite3.connect(room / "data" / "newsletter.db")) as database:
        created, started = database.execute("SELECT created, started FROM send").fetchone()
    return SentHere(
        messages=readers, seconds=float(document["seconds"]), whole=whole, **json.loads(used.read_bytes()),
        confirmed=created / 1e6, freezing=(started - created) / 1e6,
    )  # fmt: skip


def base_room(folder: Path) -> Path:
    """A live newsroom with its digest and nobody on its list."""
    room = empty_room(folder)
    slugs = write_articles(room, ARTICLES, PARAGRAPHS)
    newsletter("compose", "i1", "--list", "weekly", "--articles", *slugs, room=room)
    digest = room / "digests" / "i1.md"
    greeting = 'أهلًا [[ name | default("قارئنا") ]]، هذه حصاد الأسبوع من أخبار [[ city | default("بلدنا") ]].\n'
    digest.write_text(digest.read_text(encoding="utf-8") + greeting, encoding="utf-8")
    newsletter("config", "go-live", "--confirm", "room", room=room)
    return room


def with_readers(base: Path, readers: int) -> Room:
    """A copy of a room, beside it, with so many readers; they come in by the program's own import."""
    room, file = base.parent / f"room-{readers}", base.parent / "readers.csv"
    shutil.copytree(base, room)
    write_readers(file, readers)
    newsletter("subscribers", "import", str(file), "--list", "weekly", "--status", "active", "--consent", "bench",
               "--yes", room=room)  # fmt: skip
    return Room(room, readers)


def make_room(folder: Path, readers: int) -> Room:
    """A live newsroom with its digest and readers, made by the program itself."""
    return with_readers(base_room(folder), readers)
