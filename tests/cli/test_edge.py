"""The edge of the program, as a process: closed streams, pipes, the module, the console script."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter_cli import __version__

PROGRAM = (sys.executable, "-m", "newsletter_cli")


def run(*words: str, cwd: Path, **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PROGRAM, *words], cwd=cwd, capture_output=True, timeout=60, check=False, **more)  # type: ignore[call-overload, no-any-return]  # keywords of subprocess.run


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    program = " ".join(PROGRAM)
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; newsletter() {{ {program} \"$@\"; }}; {line}"],
        cwd=cwd, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_version_is_told_by_module_and_by_script(outside: Path) -> None:
    told = f"newsletter {__version__}\n".encode()
    assert run("--version", cwd=outside).stdout == told
    script = shutil.which("newsletter", path=str(Path(sys.executable).parent))
    assert script is not None
    assert subprocess.run([script, "--version"], capture_output=True, timeout=60, check=True).stdout == told


def test_alone_it_shows_the_first_page_and_a_group_alone_is_a_usage_error(outside: Path) -> None:
    first = run(cwd=outside)
    assert (first.returncode, first.stderr) == (0, b"")
    assert first.stdout == run("--help", cwd=outside).stdout == run("-h", cwd=outside).stdout


def test_an_unknown_command_is_a_usage_error_with_what_was_meant(outside: Path) -> None:
    ended = run("hlep", "--json", cwd=outside)
    assert (ended.returncode, ended.stderr) == (2, b"")
    assert json.loads(ended.stdout)["error"] == {
        "code": "USAGE", "exit": 2, "message": "There is no command “newsletter hlep”.", "sent": 0,
        "fix": "newsletter --help", "details": {"perhaps": "newsletter help", "word": "hlep", "near": ["help"]},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "CLICOLOR_FORCE"])
@pytest.mark.parametrize("words", [("--help",), ("help", "--help"), ("help", "nothing"), ("nothing",)])
def test_no_forced_colour_reaches_a_pipe(outside: Path, name: str, words: tuple[str, ...]) -> None:
    ended = run(*words, cwd=outside, env=os.environ | {name: "1", "TERM": "xterm-256color"})
    assert b"\x1b" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("newsletter help workflow <&-", 0),
        ("newsletter help workflow >&-", 0),
        ("newsletter help workflow 2>&-", 0),
        ("newsletter help workflow <&- >&- 2>&-", 0),
        ("newsletter nothing <&- >&- 2>&-", 2),
        ("newsletter help workflow | true", 0),
        ("newsletter help workflow --json | head -c 1", 0),
        ("newsletter nothing --json | true", 2),
        ("newsletter help workflow >/dev/full", 7),
    ],
)
def test_a_stream_that_nobody_reads_or_that_is_closed_does_no_harm(outside: Path, line: str, code: int) -> None:
    ended = shell(line, outside)
    assert ended.returncode == code, ended.stderr
    assert b"Exception ignored" not in ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("encoding", ["ascii", "windows-1256", "utf-8"])
def test_any_encoding_of_the_terminal_is_survived(outside: Path, encoding: str) -> None:
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    ended = run("help", "مرحبا", "--json", cwd=outside, env=env)
    assert ended.returncode == 2
    assert "مرحبا" in json.loads(ended.stdout.decode(encoding))["error"]["message"]
    assert run("help", "مرحبا ✓", cwd=outside, env=env).returncode == 2


def test_an_argument_that_is_no_text_is_shown_escaped(outside: Path) -> None:
    ended = subprocess.run([*PROGRAM, b"\xff\xfe"], cwd=outside, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.decode().startswith("error[USAGE] There is no command “newsletter ")


def test_options_stand_before_or_after_the_command_and_the_later_wins(outside: Path) -> None:
    assert json.loads(run("--json", "help", cwd=outside).stdout)["schema"] == "newsletter.help/1"
    assert json.loads(run("help", "--format", "json", cwd=outside).stdout)["schema"] == "newsletter.help/1"
    assert run("--format", "json", "help", "--format", "table", cwd=outside).stdout.startswith(b"Topics")


def completed(typed: str, cwd: Path) -> list[bytes]:
    """What bash would offer behind the words typed."""
    words = typed.split(" ")
    env = os.environ | {
        "_NEWSLETTER_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1),
    }  # fmt: skip
    ended = run(cwd=cwd, env=env)
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout.split()


def test_completion_offers_commands_topics_and_options(outside: Path) -> None:
    assert completed("newsletter hel", outside) == [b"help"]
    assert completed("newsletter help smtp-", outside) == [b"smtp-auth", b"smtp-connect", b"smtp-tls"]
    assert completed("newsletter help --no", outside) == [b"--no-input"]


def test_completion_offers_the_digests_of_the_newsroom_and_is_silent_outside(
    newsroom_folder: Path, outside: Path
) -> None:
    for name in ("2026-w41", "2026-w42", "alert-1"):
        (newsroom_folder / "digests" / f"{name}.md").write_text("", encoding="utf-8")
    assert completed("newsletter log 2026", newsroom_folder) == [b"2026-w41", b"2026-w42"]
    assert completed(f"newsletter -C {newsroom_folder} log al", outside) == [b"alert-1"]
    assert completed("newsletter log 2026", outside) == []


def test_a_listing_that_nobody_reads_to_its_end_stops_quietly_with_the_code_of_its_reply(outside: Path) -> None:
    (outside / "long.py").write_text(
        """
import sys
from newsletter_cli.cli import edge, frame, table
from newsletter_cli.cli.frame import Reply, Run, command

@command("try it", examples=(), formats=frame.LISTING)
def endless(run: Run) -> Reply:
    return Reply(exit=6, listing=table.Listing((table.Column("n"),), ((n,) for n in iter(int, 1))))

here = edge.arrive(("try", "it", "--format", "csv"))
sys.exit(frame.build(endless, "x").main(args=["--format", "csv"], standalone_mode=False, obj=here))
""",
        encoding="utf-8",
    )
    ended = shell(f"{sys.executable} long.py | head -c 100 >/dev/null; echo ${{PIPESTATUS[0]}}", outside)
    assert (ended.stdout, ended.stderr) == (b"6\n", b"")
