"""newsletter serve: where it listens, what it refuses, and its first and last word."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from newsletter_cli.cli.serve import is_loopback, place_of, serve
from newsletter_cli.delivery.keys import make_first_key
from newsletter_cli.errors import UsageError
from tests.cli.conftest import Runner
from tests.conftest import WEDNESDAY, Place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8400", ("127.0.0.1", 8400)), ("localhost:0", ("localhost", 0)), ("[::1]:8400", ("::1", 8400)),
        ("news.example.org:65535", ("news.example.org", 65535)), (" 0.0.0.0:80 ", ("0.0.0.0", 80)),
    ],
)  # fmt: skip
def test_a_place_is_host_and_port(text: str, place: tuple[str, int]) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    "text", ["", "8400", ":8400", "localhost", "a:b", "a:65536", "::1:8400", "http://a:80", "a b:80"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        place_of(text)


@pytest.mark.parametrize(
    ("host", "ours"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("LocalHost.", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("news.example.org", False), ("", False)],
)  # fmt: skip
def test_loopback_is_this_machine_only(host: str, ours: bool) -> None:
    assert is_loopback(host) == ours


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_pages_for_others_need_links_for_others(listen: str, run_command: Runner, sqlite_place: Place) -> None:
    found = run_command(serve, "--listen", listen, "--json", cwd=sqlite_place.root)
    error = json.loads(found.stdout)["error"]
    assert (found.exit, error["code"]) == (4, "CONFIG-VALUE")
    fine = run_command(
        serve, "--listen", listen, "--public-url", "https://news.example.org", "-n", cwd=sqlite_place.root
    )
    assert fine.exit == 0


def test_a_public_url_nothing_can_be_built_from_is_said_at_once(run_command: Runner, sqlite_place: Place) -> None:
    found = run_command(serve, "--public-url", "news.example.org", cwd=sqlite_place.root)
    assert (found.exit, "error[CONFIG-VALUE]" in found.stderr) == (4, True)


def test_a_port_that_is_taken_is_busy(run_command: Runner, sqlite_place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = run_command(serve, "--listen", f"127.0.0.1:{other.getsockname()[1]}", cwd=sqlite_place.root)
    assert (found.exit, "error[BUSY]" in found.stderr) == (8, True)


def test_an_address_of_another_machine_cannot_be_listened_on(run_command: Runner, sqlite_place: Place) -> None:
    words = ("--listen", "192.0.2.1:8400", "--public-url", "https://news.example.org")
    found = run_command(serve, *words, cwd=sqlite_place.root)
    assert (found.exit, "error[CONFIG-VALUE]" in found.stderr) == (4, True)


def test_a_dry_run_opens_nothing(run_command: Runner, sqlite_place: Place) -> None:
    found = run_command(serve, "--listen", "127.0.0.1:8499", "-n", "--json", cwd=sqlite_place.root)
    assert json.loads(found.stdout) == {"schema": "newsletter.serve/1", "url": "http://127.0.0.1:8499", "exit": 0}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_says_where_it_is_and_ends_with_0(how: signal.Signals, sqlite_place: Place) -> None:
    with sqlite_place.open() as storage, storage.write() as connection:
        make_first_key(connection, WEDNESDAY)
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter_cli", "serve", "--listen", "127.0.0.1:0", "--json", "--log-format", "json"],
        cwd=sqlite_place.root,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        document = json.loads(process.stdout.readline())
        with httpx.Client(base_url=document["url"], trust_env=False) as kept:  # a connection that stays open
            answer = kept.post("/u/" + "a" * 26)
            process.send_signal(how)
            rest, log = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (answer.status_code, process.returncode, rest) == (200, 0, "")
    assert set(document) == {"schema", "url", "exit"}
    line = json.loads(log.splitlines()[0])
    facts = {name: line[name] for name in ("event", "method", "path", "status", "client")}
    assert facts == {
        "event": "web.request", "method": "POST", "path": "/u/…", "status": 200, "client": "127.0.0.0",
    }  # fmt: skip
