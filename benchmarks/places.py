"""Where things lie, and which Python runs the program under test."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
RESULTS: Final = HERE / "results"
PEERS: Final = HERE / "peers"
PAGE: Final = ROOT / "docs" / "benchmarks.md"
PICTURE: Final = ROOT / "docs" / "pictures" / "benchmarks.svg"

# What is installed, compiled and built for measuring; git ignores it, and it may be deleted at any time.
STORE: Final = ROOT / ".bench"

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # tests.servers starts Debian's servers for us


def python() -> str:
    """The interpreter that has the program: that of `make setup`, else the one that runs this."""
    own = ROOT / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def program() -> list[str]:
    """The command `newsletter`, as installed."""
    script = Path(python()).parent / "newsletter"
    return [str(script)] if script.exists() else [python(), "-m", "newsletter_cli"]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours without settings of a newsroom, and with those of `more`; the program is that of this tree."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    # An installed program has its bytecode beside it: a machine that forbids writing it would time the compiler.
    clean.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**clean, "PYTHONPATH": str(ROOT), **(more or {})}


def store() -> Path:
    """STORE, made on first use."""
    if not STORE.exists():
        STORE.mkdir()
        (STORE / ".gitignore").write_text("*\n", encoding="utf-8")
    return STORE
