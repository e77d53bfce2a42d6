"""Drawing: a real terminal gets a view that moves, a pipe gets lines without one ESC byte."""

import io
import json
import os
import pty
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from newsletter_cli.cli.live import Countdown, SendView, animates
from newsletter_cli.cli.options import Globals, LogFormat
from newsletter_cli.cli.output import Out
from newsletter_cli.cli.progress import Header, Snapshot
from newsletter_cli.cli.terminal import Stream
from newsletter_cli.cli.words import Words

START = datetime(2026, 10, 14, 4, 0, tzinfo=UTC)
HEADER = Header(
    digest="2026-w42", list="weekly", total=100, version="9c1f40d2", started=START, since=START, by="editor",
    rate="off", zone=UTC,
)  # fmt: skip


def out_on(stderr: Stream, *, env: dict[str, str] | None = None, **options: object) -> Out:
    return Out(
        stdout=io.StringIO(),
        stderr=stderr,
        options=Globals(**options),  # type: ignore[arg-type]  # a test's keywords
        env={"TERM": "xterm"} if env is None else env,
        words=Words("en"),
        clock=lambda: START + timedelta(minutes=9),
    )


class Screen:
    """The other end of a terminal: collects what is written to it until a text has come."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.seen = b""

    def wait_for(self, wanted: str, within: float = 10.0) -> None:
        until = time.monotonic() + within
        while wanted.encode() not in self.seen:
            assert time.monotonic() < until, self.seen
            if select.select([self._descriptor], [], [], 0.1)[0]:
                self.seen += os.read(self._descriptor, 65536)


@contextmanager
def terminal() -> Iterator[tuple[Stream, Screen]]:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        yield stream, Screen(ours)
    os.close(ours)


def test_a_terminal_shows_the_counters_as_they_are_now_and_notes_above_them() -> None:
    accepted = 10
    with terminal() as (stream, screen):
        out = out_on(stream)
        assert animates(out)
        view = SendView(
            out, HEADER, lambda: Snapshot(at=START, accepted=accepted), footer=lambda _: "Ctrl-C pauses after 3."
        )
        with view:
            screen.wait_for("10 of 100")
            screen.wait_for("Ctrl-C pauses after 3.")
            accepted = 57
            screen.wait_for("57 of 100")
            view.note("yahoo.com asks us to slow down [red]x[/red]")
            screen.wait_for("04:09:00 yahoo.com asks us to slow down [red]x[/red]")
        assert out.above is None


def test_a_terminal_that_goes_away_does_not_disturb_the_send() -> None:
    ours, theirs = pty.openpty()
    stream = os.fdopen(theirs, "w", encoding="utf-8")
    drawn = threading.Event()

    def read() -> Snapshot:
        drawn.set()
        return Snapshot(at=START)

    with SendView(out_on(stream), HEADER, read, footer=lambda _: "") as view:
        os.close(ours)
        drawn.clear()
        assert drawn.wait(10)
        view.note("still here")
    with pytest.raises(OSError, match="Input/output error"):
        stream.close()


@pytest.mark.parametrize("forcing", ["FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"])
def test_a_pipe_gets_lines_without_an_escape_even_when_colour_is_forced(forcing: str) -> None:
    pipe = io.StringIO()
    out = out_on(pipe, env={forcing: "1", "TERM": "xterm"})
    ended = Snapshot(at=START + timedelta(seconds=60), accepted=98, failed=2)
    with SendView(out, HEADER, lambda: Snapshot(at=START), footer=lambda _: "") as view:
        view.note("gmail.com rests")
    view.finish(ended, 6)
    assert pipe.getvalue() == (
        "04:00:00 send 2026-w42 weekly total=100 version=9c1f40d2 rate=off\n"
        "04:09:00 gmail.com rests\n"
        "04:01:00 done 2026-w42 accepted=98 failed=2 uncertain=0 skipped=0 exit=6\n"
    )


def test_the_log_tells_when_enough_has_happened() -> None:
    pipe = io.StringIO()
    now = Snapshot(at=START)
    with SendView(out_on(pipe), HEADER, lambda: now, footer=lambda _: ""):
        now = Snapshot(at=START + timedelta(seconds=31), accepted=40)
        until = time.monotonic() + 10
        while "40/100" not in pipe.getvalue():
            assert time.monotonic() < until, pipe.getvalue()
            threading.Event().wait(0.01)
    assert pipe.getvalue().splitlines()[1].startswith("04:00:31 send 2026-w42  40/100  40%  ")


def test_log_lines_are_json_when_asked_for() -> None:
    pipe = io.StringIO()
    with SendView(
        out_on(pipe, log_format=LogFormat.JSON), HEADER, lambda: Snapshot(at=START), footer=lambda _: ""
    ) as view:
        pass
    view.finish(Snapshot(at=START, accepted=100), 0)
    stamp = {"t": "2026-10-14T04:09:00Z", "level": "info"}
    assert [json.loads(line) for line in pipe.getvalue().splitlines()] == [
        stamp | {
            "event": "send.started", "digest": "2026-w42", "list": "weekly", "total": 100, "version": "9c1f40d2",
            "rate": "off",
        },
        stamp | {
            "event": "send.done", "digest": "2026-w42", "total": 100, "accepted": 100, "failed": 0, "uncertain": 0,
            "skipped": 0, "retry": 0, "exit": 0,
        },
    ]  # fmt: skip


def test_progress_as_json_has_the_keys_of_the_contract() -> None:
    pipe = io.StringIO()
    now = Snapshot(at=START)
    out = out_on(pipe, log_format=LogFormat.JSON)
    with SendView(out, HEADER, lambda: now, footer=lambda _: "") as view:
        now = Snapshot(at=START + timedelta(seconds=40), accepted=40, failed=3, retry=2)
        until = time.monotonic() + 10
        while "send.progress" not in pipe.getvalue():
            assert time.monotonic() < until, pipe.getvalue()
            threading.Event().wait(0.01)
        view.note("yahoo rests until 11:13")
    stamp = {"t": "2026-10-14T04:09:00Z", "digest": "2026-w42"}
    assert [json.loads(line) for line in pipe.getvalue().splitlines()[1:]] == [
        stamp | {
            "level": "info", "event": "send.progress", "done": 45, "total": 100, "rate": 1.1, "eta_s": 51, "failed": 3,
            "retry": 2,
        },
        stamp | {"level": "warning", "event": "send.note", "text": "yahoo rests until 11:13"},
    ]  # fmt: skip


def test_a_terminal_that_is_to_get_json_gets_nothing_else() -> None:
    with terminal() as (stream, screen), SendView(
        out_on(stream, log_format=LogFormat.JSON), HEADER, lambda: Snapshot(at=START), footer=lambda _: "Ctrl-C"
    ):  # fmt: skip
        screen.wait_for('"event":"send.started"')
    assert b"\x1b" not in screen.seen


def test_the_last_drawing_promises_nothing_any_more() -> None:
    snapshot = Snapshot(at=START + timedelta(seconds=60), accepted=57, standing=("yahoo rests until 11:13",))
    with terminal() as (stream, screen):
        with SendView(out_on(stream), HEADER, lambda: snapshot, footer=lambda _: "Ctrl-C pauses."):
            screen.wait_for("Ctrl-C pauses.")
        stream.write("over")
        stream.flush()
        screen.wait_for("over")
    last = screen.seen.decode().rpartition("2026-w42 → weekly")[2]
    assert "57 of 100" in last
    assert not any(word in last for word in ("sending", "left", "rests", "Ctrl-C"))


def test_quiet_says_nothing() -> None:
    pipe = io.StringIO()
    with SendView(out_on(pipe, quiet=True), HEADER, lambda: Snapshot(at=START), footer=lambda _: "") as view:
        pass
    view.finish(Snapshot(at=START), 0)
    assert pipe.getvalue() == ""


def test_the_countdown_moves_on_a_terminal_and_is_one_line_elsewhere() -> None:
    left = 30.0
    with terminal() as (stream, screen), Countdown(out_on(stream), 30, lambda: left):
        screen.wait_for("Starting in 30 s. Ctrl-C now and nothing leaves.  ████████████████   30")
        left = 15.2
        screen.wait_for("████████░░░░░░░░   15")
    pipe = io.StringIO()
    with Countdown(out_on(pipe), 30, lambda: left):
        pass
    assert pipe.getvalue() == "Starting in 30 s. Ctrl-C now and nothing leaves.\n"
