"""Running one command of a test's own inside the real frame, with streams that remember what was written."""

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter_cli.cli import edge
from newsletter_cli.cli.frame import Command, Edge, build
from newsletter_cli.cli.run import Surroundings


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Ran:
    """What one command left behind."""

    exit: int
    stdout: str
    stderr: str


Runner = Callable[..., Ran]


@pytest.fixture
def run_command(tmp_path: Path) -> Runner:
    """run_command(command, "--json", typed="y\\n", terminal=True, env={…}) → Ran"""

    def run(
        made: Command,
        *argv: str,
        typed: str = "",
        terminal: bool = False,
        env: Mapping[str, str] | None = None,
        cwd: Path = tmp_path,
    ) -> Ran:
        stream = Terminal if terminal else io.StringIO
        stdin, stdout, stderr = stream(typed), stream(), stream()
        around = Surroundings(
            argv=(*made.words.split(), *argv),
            env={"XDG_STATE_HOME": str(tmp_path / "state"), "LOGNAME": "editor"} | dict(env or {}),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            clock=lambda: datetime(2026, 10, 14, 4, 0, tzinfo=UTC),
        )
        here = Edge(around)
        try:
            code = build(made, "A sentence.").main(
                args=list(argv), prog_name=f"newsletter {made.words}", standalone_mode=False, obj=here
            )
        except Exception as error:  # noqa: BLE001  # as main() does
            code = edge.tell(error, here)
        return Ran(int(code or 0), stdout.getvalue(), stderr.getvalue())

    return run


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that is in no newsroom."""
    monkeypatch.chdir(tmp_path)
    assert not os.path.exists("newsletter.toml")
    return tmp_path
