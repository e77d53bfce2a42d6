"""One-click: what mail programs post, in every shape, and the one answer they get (RFC 8058)."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, insert, select

from newsletter_cli.mail.tokens import Keyring, Kind
from newsletter_cli.storage.acts import acts
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import list_, setting, signing_key, subscriber, subscription
from newsletter_cli.subscribers.audience import eligible
from newsletter_cli.subscribers.leaves import Leaves
from newsletter_cli.web.site import Theme
from tests.conftest import WEDNESDAY, Clock, Place
from tests.servers import wait_until
from tests.web.conftest import KEY, RING, Pages, Seeded, Serve, seed, status_in

SHAPES: dict[str, dict[str, Any]] = {
    "urlencoded": {"data": {"List-Unsubscribe": "One-Click"}},
    "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
    "empty": {},
    "text without a type": {"content": b"List-Unsubscribe=One-Click"},
    "broken multipart": {"content": b"--x\r\n\xff\x00", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
    "a megabyte": {"content": b"x" * 1_000_000, "headers": {"Content-Type": "application/json"}},
}
ANSWER = "انتهى الاشتراك.\n"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gets_one_answer_for_every_token(
    shape: str, slash: str, pages: Pages, seeded: Seeded, status_of: Callable[[int], str]
) -> None:
    tokens = {
        "valid": seeded.token(),
        "repeated": seeded.token().upper(),
        "unknown": RING.make(Kind.UNSUBSCRIBE, 99_999, 1),
        "nobody": seeded.token(0),
        "broken": seeded.token()[:-1] + "b",
        "of another kind": seeded.view(),
        "foreign": Keyring({1: bytes(32)}, 1).make(Kind.UNSUBSCRIBE, seeded.other, 1),
        "cut": seeded.token()[:20],
    }
    answers = {
        what: pages.client.post(f"{pages.url}/u/{token}{slash}", **SHAPES[shape]) for what, token in tokens.items()
    }
    for answer in answers.values():
        assert (answer.status_code, answer.text, answer.history) == (200, ANSWER, [])
        assert not {"set-cookie", "location"} & set(answer.headers)
    assert len({tuple(sorted(answer.headers.multi_items())) for answer in answers.values()} - {()}) <= 2  # the date
    assert [status_of(n) for n in (seeded.reader, seeded.english, seeded.other)] == ["unsubscribed", "active", "active"]


LOOKS = ["/u/{u}", "/u/{u}/", "/u/{u}/page", "/u/x", "/u/{nobody}", "/v/{v}", "/v/x", "/archive/", "/archive/2026-w42",
         "/archive/none", "/a/" + "ab" * 32, "/healthz", "/", "/p/{u}"]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND"])
def test_looking_changes_nothing(method: str, pages: Pages, seeded: Seeded, dump: Callable[[], object]) -> None:
    before = dump()
    for path in LOOKS:
        url = pages.url + path.format(u=seeded.token(), nobody=seeded.token(0), v=seeded.view())
        answer = pages.client.request(method, url, params={"List-Unsubscribe": "One-Click", "action": "leave"})
        assert answer.status_code < 500
        assert not {"set-cookie", "location"} & set(answer.headers)
    assert dump() == before


def test_leaving_is_noted_once_with_its_reason(
    pages: Pages, seeded: Seeded, storage: Storage, dump: Callable[[], object]
) -> None:
    pages.post(f"/u/{seeded.token()}")
    first = dump()
    pages.post(f"/u/{seeded.token()}")
    assert dump() == first
    with storage.read() as connection:
        (act,) = acts(connection)
        row = connection.execute(select(subscription).where(subscription.c.id == seeded.reader)).one()
    assert (act.what, act.by, act.list, act.details) == ("unsubscribed", "reader", "weekly", "one-click")
    assert (row.status, row.left_reason) == ("unsubscribed", "one-click")


def test_two_hundred_at_once_all_leave(pages: Pages, storage: Storage, seeded: Seeded, clock: Clock) -> None:
    with storage.write() as connection:
        where = connection.execute(select(list_.c.id).where(list_.c.slug == "weekly")).scalar_one()
        numbers = []
        for n in range(200):
            address = f"many{n}@example.org"
            row = insert(subscriber).values(key=address, address=address, domain="example.org", created=clock())
            person = connection.execute(row).inserted_primary_key[0]
            joined = insert(subscription).values(list_id=where, subscriber_id=person, status="active", joined=clock())
            numbers.append(connection.execute(joined).inserted_primary_key[0])
    with ThreadPoolExecutor(20) as many:
        answers = list(many.map(lambda n: pages.post(f"/u/{seeded.token(n)}").status_code, numbers))
    with storage.read() as connection:
        query = select(subscription.c.status).where(subscription.c.id.in_(numbers))
        assert (set(answers), set(connection.execute(query).scalars())) == ({200}, {"unsubscribed"})


def test_a_link_of_a_newer_key_works_without_a_restart(
    pages: Pages, seeded: Seeded, storage: Storage, clock: Clock, status_of: Callable[[int], str]
) -> None:
    pages.post(f"/u/{seeded.token(0)}")  # the keys have been read
    new = bytes(range(50, 82))
    with storage.write() as connection:
        connection.execute(insert(signing_key).values(number=2, secret=new, created=clock()))
    clock.advance(seconds=11)
    pages.post(f"/u/{Keyring({1: KEY, 2: new}, 2).make(Kind.UNSUBSCRIBE, seeded.reader, 1)}")
    assert status_of(seeded.reader) == "unsubscribed"


LOCKED = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def locked() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """locked(database): another process that has its write lock until it reads a line."""
    started: list[subprocess.Popen[str]] = []

    def lock(database: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", LOCKED, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        return process

    yield lock
    for process in started:
        process.kill()
        process.communicate()


def test_while_the_database_is_locked_leaving_is_answered_at_once_and_holds(
    serve: Serve, sqlite_place: Place, locked: Callable[[Path], subprocess.Popen[str]]
) -> None:
    with sqlite_place.open() as storage:
        seeded, pages = seed(storage), serve(storage)
        pages.post(f"/u/{seeded.token(0)}")  # the keys have been read
        other = locked(sqlite_place.root / sqlite_place.database)
        began = time.monotonic()
        answers = [pages.post(f"/u/{seeded.token(number)}") for number in (seeded.reader, seeded.other)]
        page = pages.post(f"/u/{seeded.token(seeded.english)}/page", action="leave")
        took = time.monotonic() - began
        assert [(answer.status_code, answer.text) for answer in answers] == [(200, ANSWER)] * 2
        assert page.status_code == 200
        assert took < 5  # the lock is waited for ten seconds, and held until we say so
        numbers = (seeded.reader, seeded.other, seeded.english)
        assert [status_in(storage, number) for number in numbers] == ["active"] * 3
        # Whoever claims readers next, in whatever process, follows the log first.
        assert Leaves(sqlite_place.root).pending()
        other.communicate("\n", timeout=20)
        for number in numbers:
            wait_until(partial(has_left, storage, number), seconds=20, what="the leaving")
        with storage.read() as connection:
            assert sorted(act.details for act in acts(connection)) == ["one-click", "one-click", "page"]


def has_left(storage: Storage, number: int) -> bool:
    return status_in(storage, number) == "unsubscribed"


def test_while_the_database_is_locked_the_next_claim_skips_who_left(
    serve: Serve, sqlite_place: Place, locked: Callable[[Path], subprocess.Popen[str]]
) -> None:
    """What a claim does: it follows the log, then asks who may be written to, in one transaction."""
    with sqlite_place.open(wait=timedelta(milliseconds=200)) as impatient, sqlite_place.open() as sender:
        seeded, pages = seed(sender), serve(impatient)
        other = locked(sqlite_place.root / sqlite_place.database)
        assert pages.post(f"/u/{seeded.token()}").status_code == 200
        leaves = Leaves(sqlite_place.root)
        other.communicate("\n", timeout=20)
        with sender.write() as connection:
            if leaves.pending():
                leaves.replay(connection)
            asked = select(subscription.c.id).join(subscriber).where(eligible(WEDNESDAY), subscription.c.list_id == 1)
            assert connection.execute(asked).scalars().all() == [seeded.other]
    assert pages.warnings == []


def test_who_takes_it_back_after_a_lock_finds_it_done(
    serve: Serve, sqlite_place: Place, locked: Callable[[Path], subprocess.Popen[str]]
) -> None:
    with sqlite_place.open(wait=timedelta(milliseconds=200)) as storage:
        seeded, pages = seed(storage), serve(storage)
        other = locked(sqlite_place.root / sqlite_place.database)
        page = pages.post(f"/u/{seeded.token()}/page", action="leave")
        other.communicate("\n", timeout=20)
        proof = dict(re.findall(r'name="(until|seal)" value="([^"]*)"', page.text))
        back = pages.post(f"/u/{seeded.token()}/page", action="undo", **proof)
        assert (back.status_code, status_in(storage, seeded.reader)) == (200, "active")
        with storage.read() as connection:
            assert [act.what for act in acts(connection)] == ["unsubscribed", "came back"]
        with storage.write() as connection:  # a copy from before all this
            connection.execute(delete(setting))
        assert Leaves(sqlite_place.root).catch_up(storage) == 0
        assert status_in(storage, seeded.reader) == "active"


def test_clicking_again_and_again_does_not_fill_the_disk(pages: Pages, seeded: Seeded, newsroom_folder: Path) -> None:
    for _ in range(5):
        pages.post(f"/u/{seeded.token()}")
    lines = (newsroom_folder / "data" / "leaves.log").read_bytes().splitlines()
    assert len(lines) == 2  # its first line, and the leave


def test_our_own_failure_is_503_and_nobody_is_told_that_he_left(serve: Serve, sqlite_place: Place) -> None:
    """Neither the log nor the database can be written."""
    (sqlite_place.root / "data" / "leaves.log").mkdir()
    with sqlite_place.open(wait=timedelta(milliseconds=100)) as impatient, sqlite_place.open() as other:
        seeded, pages = seed(other), serve(impatient)
        with other.write():
            answer = pages.post(f"/u/{seeded.token()}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
        assert (ANSWER in answer.text, status_in(other, seeded.reader)) == (False, "active")
        assert pages.post(f"/u/{seeded.token()}").status_code == 200  # the database alone is enough
        assert status_in(other, seeded.reader) == "unsubscribed"
    assert len(pages.warnings) == 1


def test_without_a_key_nothing_can_be_promised(serve: Serve, sqlite_storage: Storage) -> None:
    answer = serve(sqlite_storage).post(f"/u/{RING.make(Kind.UNSUBSCRIBE, 1, 1)}")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_what_nobody_expected_is_503_too(
    serve: Serve, sqlite_storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    def our_bug() -> Theme:
        raise ZeroDivisionError

    seeded = seed(sqlite_storage)
    pages = serve(sqlite_storage, load_theme=our_bug)
    assert pages.get(f"/u/{seeded.token()}").status_code == 503
    # On a connection of its own: the server closes one on which a bug has shown itself.
    assert httpx.post(f"{pages.url}/u/{seeded.token()}").status_code == 200
    assert "ZeroDivisionError" in caplog.text


def test_health_is_the_databases(pages: Pages) -> None:
    assert (pages.get("/healthz").status_code, pages.get("/healthz").text) == (200, "ok\n")


ALONE = """
import asyncio, httpx, pathlib, sys
from datetime import UTC, datetime
from newsletter_cli.settings import load_settings
from newsletter_cli.storage.engine import open_storage
from newsletter_cli.web.app import create_app
root = pathlib.Path(sys.argv[1])
with open_storage("data/newsletter.db", root) as storage:
    app = create_app(storage, load_settings(root, profile=None, env={}).settings, lambda: datetime.now(UTC))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x")
    answer = asyncio.run(client.post("/u/" + sys.argv[2]))
print(answer.status_code, sorted({"jinja2", "premailer", "email_validator"} & set(sys.modules)))
"""


def test_one_click_loads_neither_jinja2_nor_premailer(sqlite_place: Place, settings: object) -> None:
    with sqlite_place.open() as storage:
        seeded = seed(storage)
    arguments = [sys.executable, "-c", ALONE, str(sqlite_place.root), seeded.token()]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("200 []\n", "")
    with sqlite_place.open() as storage:
        assert status_in(storage, seeded.reader) == "unsubscribed"


@pytest.mark.parametrize("path", ["/u/", "/u//", "/u/a/b"])
def test_a_token_cut_or_torn_gets_the_same_answer_as_any(path: str, pages: Pages) -> None:
    answer = pages.client.post(f"{pages.url}{path}")
    assert (answer.status_code, answer.text) == (200, ANSWER)


def test_a_body_that_never_ends_keeps_nobody_on_the_list(
    pages: Pages, seeded: Seeded, status_of: Callable[[int], str]
) -> None:
    host, port = pages.url.removeprefix("http://").split(":")
    head = f"POST /u/{seeded.token()} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 26\r\n\r\nList-"
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(head.encode())
        wait_until(lambda: status_of(seeded.reader) == "unsubscribed", seconds=10, what="the leaving")
