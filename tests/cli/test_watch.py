"""Watching a send of another process: from the database alone, until it ends or somebody has seen enough."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from newsletter_cli.delivery.holder import Holder, hold
from newsletter_cli.delivery.states import SendState
from newsletter_cli.storage.engine import Storage
from tests.delivery.rows import put_chunk, put_lane, put_send, set_chunks, set_send

WATCH = (sys.executable, "-m", "newsletter_cli", "status", "--watch")
FOOTER = "Ctrl-C stops watching; the send goes on. To stop it: newsletter pause"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def holder(newsroom_folder: Path) -> Iterator[Holder]:
    """Another process that carries out a send: this one."""
    with hold(newsroom_folder / "data" / "holders") as holder:
        yield holder


@pytest.fixture
def send_id(sqlite_storage: Storage, holder: Holder) -> int:
    """A send to a hundred readers, forty of whom have it."""
    made = put_send(sqlite_storage, "2026-w42", now=now(), holder=holder.name)
    put_chunk(sqlite_storage, made, total=100, accepted=40)
    return made


class Watcher:
    """`newsletter status --watch` as a subprocess, without a terminal."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [*WATCH, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.said: list[str] = []

    def wait_for(self, text: str) -> None:
        """Reads its stderr up to a line with this text."""
        stream = self.process.stderr
        assert stream is not None
        for line in stream:
            self.said.append(line.rstrip("\n"))
            if text in line:
                return
        raise AssertionError(f"{text!r} was never said: {self.said}")

    def end(self) -> tuple[int, str]:
        """(exit code, stdout) once it has ended by itself."""
        out, err = self.process.communicate(timeout=30)
        self.said += err.splitlines()
        return self.process.returncode, out


def test_it_ends_with_the_send_and_says_how_that_stands(
    newsroom_folder: Path, sqlite_storage: Storage, send_id: int
) -> None:
    watcher = Watcher(newsroom_folder, "--json")
    watcher.wait_for("send 2026-w42 weekly total=100 version=00000000 rate=10/s")
    set_chunks(sqlite_storage, send_id, accepted=97, failed=3)
    set_send(sqlite_storage, send_id, state=SendState.SENT.value, ended=now())
    code, out = watcher.end()
    document = json.loads(out)
    assert (code, document["state"], document["recipients"]["accepted"]) == (0, "sent-with-gaps", 97)
    assert "done 2026-w42 accepted=97 failed=3 uncertain=0 skipped=0 exit=6" in watcher.said[-1]
    assert "\x1b" not in "".join(watcher.said)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_watching_and_not_the_send(
    newsroom_folder: Path, sqlite_storage: Storage, send_id: int, number: signal.Signals
) -> None:
    watcher = Watcher(newsroom_folder)
    watcher.wait_for("total=100")
    watcher.process.send_signal(number)
    code, out = watcher.end()
    assert code == 0
    assert out.startswith("2026-w42 → weekly     sending   40 %")
    assert "No longer watching; the send goes on." in watcher.said


def test_a_pause_from_elsewhere_ends_it(newsroom_folder: Path, sqlite_storage: Storage, send_id: int) -> None:
    watcher = Watcher(newsroom_folder, "--log-format", "json")
    watcher.wait_for('"event":"send.started"')
    put_lane(sqlite_storage, "yahoo", now=now(), resting_until=now() + timedelta(minutes=9), why="421 4.7.0")
    watcher.wait_for('"event":"send.note"')
    set_send(sqlite_storage, send_id, state=SendState.PAUSED.value, reason="user")
    code, out = watcher.end()
    assert (code, out.splitlines()[0]) == (0, "2026-w42 → weekly     paused   40 %   (user)")
    events = [json.loads(line) for line in watcher.said if line.startswith("{")]
    assert [event["event"] for event in events] == ["send.started", "send.note", "send.done", "next"]
    assert events[1]["text"].startswith("yahoo rests until ")
    assert (events[2]["accepted"], events[2]["exit"]) == (40, 7)


def test_a_process_that_is_gone_ends_it(newsroom_folder: Path, sqlite_storage: Storage) -> None:
    with hold(newsroom_folder / "data" / "holders") as killed:
        send_id = put_send(sqlite_storage, "2026-w42", now=now(), holder=killed.name)
        put_chunk(sqlite_storage, send_id, total=100, accepted=40)
        watcher = Watcher(newsroom_folder)
        watcher.wait_for("total=100")
    code, out = watcher.end()
    assert (code, out.splitlines()[0]) == (
        0, "2026-w42 → weekly     sending   40 %   its process is gone; resume takes it up",
    )  # fmt: skip
    assert "! No process works on it any more." in watcher.said


def test_a_paused_send_is_told_at_once(newsroom_folder: Path, sqlite_storage: Storage) -> None:
    send_id = put_send(sqlite_storage, "2026-w41", now=now(), state=SendState.PAUSED, reason="user")
    put_chunk(sqlite_storage, send_id, total=100, accepted=40)
    for words in ((), ("2026-w41",)):
        watcher = Watcher(newsroom_folder, *words)
        code, out = watcher.end()
        assert (code, out.splitlines()[0]) == (0, "2026-w41 → weekly     paused   40 %   (user)")


def test_with_nothing_to_watch_the_state_of_everything_is_told(newsroom_folder: Path, sqlite_storage: Storage) -> None:
    assert Watcher(newsroom_folder).end() == (0, "Nothing runs, nothing waits, nothing was sent yet.\n")


def test_of_two_that_send_the_one_that_began_first_is_shown(
    newsroom_folder: Path, sqlite_storage: Storage, send_id: int, holder: Holder
) -> None:
    put_chunk(sqlite_storage, put_send(sqlite_storage, "alert", now=now(), holder=holder.name), total=5)
    watcher = Watcher(newsroom_folder)
    watcher.wait_for("Also sending: alert")
    watcher.wait_for("send 2026-w42 weekly")
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.end()[0] == 0


def test_a_terminal_shows_the_view_and_ctrl_c_leaves_the_send_alone(
    newsroom_folder: Path, sqlite_storage: Storage, send_id: int
) -> None:
    put_chunk(sqlite_storage, send_id, total=50, lane="yahoo", accepted=7)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb") as terminal, os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            WATCH, cwd=newsroom_folder, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal,
            env=_AT_A_TERMINAL, start_new_session=True,
        )  # fmt: skip
        seen = _read_until(screen, FOOTER)
        assert "2026-w42 → weekly     sending" in seen
        assert "  yahoo" in seen
        set_chunks(sqlite_storage, send_id, accepted=50)
        _read_until(screen, "100 of 150")
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=30)[0].decode()
    assert process.returncode == 0
    assert out.startswith("2026-w42 → weekly     sending   66 %")


# With CI set nothing is animated, whatever the terminal can.
_AT_A_TERMINAL = {name: value for name, value in os.environ.items() if name != "CI"} | {
    "TERM": "xterm", "COLUMNS": "100", "LINES": "30",
}  # fmt: skip


def _read_until(screen: IO[bytes], text: str) -> str:
    seen, deadline = b"", time.monotonic() + 20
    while text.encode() not in seen:
        assert time.monotonic() < deadline, seen.decode(errors="replace")
        if select.select([screen], [], [], 0.1)[0]:
            seen += os.read(screen.fileno(), 65536)
    return seen.decode(errors="replace")
