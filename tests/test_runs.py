"""How a run of these tests ends: what was skipped is said, and CI may skip nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SKIPS = """
from tests.servers import Missing
def test_passes(): pass
def test_needs_what_is_not_there(): raise Missing("Postfix", "postfix")
"""
PASSES = "def test_passes(): pass\n"


def run(folder: Path, tests: str, *, ci: bool, workers: int = 0) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own, with our configuration and conftest, on one file of `tests`."""
    (folder / "test_it.py").write_text(tests)
    env = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-p", "tests.conftest",
               "-p", "no:cacheprovider", "-q", "-n", str(workers), folder / "test_it.py"]  # fmt: skip
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=env | ({"CI": "true"} if ci else {})
    )


def test_a_skip_is_listed_with_how_to_get_what_is_missing(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPS, ci=False)
    assert done.returncode == 0
    assert "Postfix is not installed: apt-get install postfix" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 skipped")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_skip_fails_in_ci(tmp_path: Path, workers: int) -> None:
    done = run(tmp_path, SKIPS, ci=True, workers=workers)
    assert done.returncode == 1
    assert "CI may skip nothing: 1 skipped, so this run has failed." in done.stdout


def test_nothing_skipped_passes_in_ci(tmp_path: Path) -> None:
    assert run(tmp_path, PASSES, ci=True).returncode == 0
