"""`newsletter serve` as a process: what it says first, how it ends, what it refuses, and that it really serves."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert, select

from newsletter_cli.delivery.keys import load_keyring, make_first_key
from newsletter_cli.mail.tokens import Kind
from newsletter_cli.storage.schema import list_, subscriber, subscription
from tests.conftest import WEDNESDAY, Place

LOCAL = "127.0.0.1:0"


@contextmanager
def serving(root: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which is gone after the block whatever happens in it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter_cli", "serve", *words],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    """Exit code, and what is left on both streams."""
    process.send_signal(how)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.fixture
def token(sqlite_place: Place) -> str:
    """The unsubscribe token of the newsroom's one reader."""
    with sqlite_place.open() as storage, storage.write() as connection:
        make_first_key(connection, WEDNESDAY)
        slug = insert(list_).values(slug="weekly", created=WEDNESDAY).returning(list_.c.id)
        list_id = connection.execute(slug).scalar_one()
        address = "layla@example.org"
        reader = insert(subscriber).values(key=address, address=address, domain="example.org", created=WEDNESDAY)
        reader_id = connection.execute(reader.returning(subscriber.c.id)).scalar_one()
        joined = insert(subscription).values(
            list_id=list_id, subscriber_id=reader_id, status="active", joined=WEDNESDAY, confirmed=WEDNESDAY
        )
        number = connection.execute(joined.returning(subscription.c.id)).scalar_one()
        return load_keyring(connection).make(Kind.UNSUBSCRIBE, number, 1)


def status(place: Place) -> str:
    with place.open() as storage, storage.read() as connection:
        return str(connection.execute(select(subscription.c.status)).scalar_one())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_reader_leaves_while_it_runs_and_a_signal_ends_it_in_order(
    how: signal.Signals, sqlite_place: Place, token: str
) -> None:
    with serving(sqlite_place.root, "--listen", LOCAL) as process:
        said = first_line(process)
        assert said.startswith("Serving http://127.0.0.1:")
        url = said.removeprefix("Serving ")
        answer = httpx.post(f"{url}/u/{token}?secret=1", data={"List-Unsubscribe": "One-Click"}, trust_env=False)
        assert (answer.status_code, status(sqlite_place)) == (200, "unsubscribed")
        code, out, log = end(process, how)
    assert (code, out) == (0, "")
    assert "POST /u/… 200" in log
    assert token not in log
    assert "secret" not in log


@pytest.mark.parametrize("size", [5_000, 1_000_000])
def test_a_body_of_any_size_is_no_reason_to_refuse(size: int, sqlite_place: Place, token: str) -> None:
    with serving(sqlite_place.root, "--listen", LOCAL) as process:
        url = first_line(process).removeprefix("Serving ")
        answer = httpx.post(f"{url}/u/{token}", content=b"x" * size, trust_env=False)
        assert (answer.status_code, status(sqlite_place)) == (200, "unsubscribed")


def test_the_button_of_the_page_works_in_a_process_with_templates(sqlite_place: Place, token: str) -> None:
    with serving(sqlite_place.root, "--listen", LOCAL) as process:
        url = first_line(process).removeprefix("Serving ")
        page = httpx.get(f"{url}/u/{token}", trust_env=False)
        assert (page.status_code, status(sqlite_place)) == (200, "active")
        httpx.post(f"{url}/u/{token}/page", data={"action": "leave"}, trust_env=False)
        assert status(sqlite_place) == "unsubscribed"
        _, _, log = end(process)
    assert "built-in page" not in log  # the templates of the package were found


@pytest.mark.usefixtures("token")
def test_with_json_it_says_one_document(sqlite_place: Place) -> None:
    with serving(sqlite_place.root, "--listen", LOCAL, "--json") as process:
        said = json.loads(first_line(process))
        assert httpx.get(f"{said['url']}/healthz", trust_env=False).text.strip() == "ok"
        code, rest, _ = end(process)
    assert said == {"schema": "newsletter.serve/1", "url": said["url"], "exit": 0}
    assert (code, rest) == (0, "")


@pytest.mark.parametrize(
    ("words", "exit_", "code"),
    [
        (("--listen", "0.0.0.0:0"), 4, "CONFIG-VALUE"),
        (("--listen", "[::]:0"), 4, "CONFIG-VALUE"),
        (("--listen", "0.0.0.0:0", "--public-url", "http://localhost:8400"), 4, "CONFIG-VALUE"),
        (("--listen", LOCAL, "--public-url", "news.example.org"), 4, "CONFIG-VALUE"),
        (("--listen", "8400"), 2, "USAGE"),
        (("--listen", "127.0.0.1:70000"), 2, "USAGE"),
    ],
)
def test_what_readers_could_not_reach_is_refused(
    words: tuple[str, ...], exit_: int, code: str, sqlite_place: Place
) -> None:
    with serving(sqlite_place.root, *words, "--json") as process:
        out, _ = process.communicate(timeout=30)
    assert (process.returncode, json.loads(out)["error"]["code"]) == (exit_, code)


def test_everybody_may_reach_it_when_the_links_lead_to_it(sqlite_place: Place) -> None:
    words = ("--listen", "0.0.0.0:0", "--public-url", "https://news.example.org")
    with serving(sqlite_place.root, *words) as process:
        assert first_line(process).startswith("Serving http://0.0.0.0:")
        assert end(process)[0] == 0


def test_a_port_that_is_taken_is_named(sqlite_place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(sqlite_place.root, "--listen", f"127.0.0.1:{port}", "--json") as process:
            out, _ = process.communicate(timeout=30)
    error = json.loads(out)["error"]
    assert (process.returncode, error["code"]) == (8, "BUSY")
    assert str(port) in error["message"]
