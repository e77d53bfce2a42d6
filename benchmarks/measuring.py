"""How things are measured: in turns, with medians and spreads, on a machine whose load is told; kept as one JSON line.

contestants ─ take_turns ─▶ values of each round ─ Bench.add ─▶ cells of claims ─ Bench.close ─▶ results/NAME.jsonl
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from installing import NotHere
from places import RESULTS, ROOT, python
from sent import Sent
from targets import BY_KEY, Claim

T = TypeVar("T")
BUSY: Final = 0.7  # load for each core from which numbers are not worth much


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says."""

    runs: int
    readers: int
    quick: bool

    def some(self, number: int, least: int = 1) -> int:
        """`number`, or a tenth of it in a quick run."""
        return max(least, number // 10 if self.quick else number)

    def fewer(self, usual: int) -> str:
        """How many readers there are, where that is another number than the claim speaks of."""
        return "" if self.readers == usual else f"{self.readers:,} readers"


def read_words(about: str | None, *, runs: int = 5, readers: int = 0, quick_readers: int = 0) -> Given:
    """--runs, --readers and --quick, the same for every command. readers=0: the command has no use for the flag."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, help=f"rounds (default {runs}; quick: 2)")
    parser.add_argument("--readers", type=int, help=f"readers of one send (default {readers})")
    parser.add_argument("--quick", action="store_true", help="few and short rounds: to see that it works, not to quote")
    words = parser.parse_args()
    usual = (quick_readers or readers // 10) if words.quick else readers
    return Given(words.runs or (2 if words.quick else runs), words.readers or usual, words.quick)


def take_turns(runs: int, contestants: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Each contestant once a round, the one that begins changing from round to round; values in order of rounds."""
    names = list(contestants)
    values: dict[str, list[T]] = {name: [] for name in names}
    for round_ in range(runs):
        turn = round_ % len(names)
        for name in names[turn:] + names[:turn]:
            values[name].append(contestants[name]())
        if sys.stderr.isatty():
            print(f"\r  round {round_ + 1} of {runs} ", end="", file=sys.stderr, flush=True)
    return values


@dataclass(slots=True)
class Bench:
    """One run of one command: what it found, told and kept."""

    name: str
    given: Given
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    cells: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)  # rates, sizes: what explains the ratios

    def __post_init__(self) -> None:
        if self.load > BUSY * (os.cpu_count() or 1):
            print(f"This machine is busy (load {self.load:.1f}): what follows is worth little.")

    def add(self, key: str, values: Sequence[float], cell: str = "") -> None:
        """Values of one claim, one for each round, in its unit."""
        self.cells.setdefault(key, {})[cell] = list(values)
        claim, where = BY_KEY[key], f" ({cell})" if cell else ""
        middle, verdict = statistics.median(values), "met" if claim.met(statistics.median(values)) else "NOT met"
        against = f" against {claim.peer}" if claim.peer else ""
        print(f"  {claim.row:<4} {claim.what}{against}{where}: {number(middle, claim)}"
              f"  ({number(min(values), claim)} to {number(max(values), claim)})"
              f"  target {claim.sign} {number(claim.target, claim)}  {verdict}", flush=True)  # fmt: skip

    def tell(self, name: str, values: Sequence[float], unit: str) -> None:
        """Something beside the claims that a reader of them wants to know."""
        self.beside[name] = list(values)
        spread = f"  ({rounded(min(values))} to {rounded(max(values))})" if len(values) > 1 else ""
        print(f"       {name}: {rounded(statistics.median(values))} {unit}{spread}", flush=True)

    def compare_numbers(self, key: str, ours: Sequence[float], theirs: Sequence[float], cell: str = "") -> None:
        """A claim about two numbers, round for round."""
        self.add(key, [mine / other for mine, other in zip(ours, theirs, strict=True)], cell)

    def compare(self, key: str, ours: Sequence[Sent], theirs: Sequence[Sent], cell: str = "") -> None:
        """A claim about messages per second, round for round."""
        self.add(key, [mine.rate / other.rate for mine, other in zip(ours, theirs, strict=True)], cell)

    def close(self) -> None:
        """One line into results/."""
        load = round(os.getloadavg()[0], 2)
        line = {
            "bench": self.name, "when": self.began.isoformat(timespec="seconds"), "commit": _commit(),
            "machine": machine(), "load": [round(self.load, 2), load],
            "seconds": round((datetime.now(UTC) - self.began).total_seconds(), 1), "runs": self.given.runs,
            "readers": self.given.readers, "quick": self.given.quick, "claims": self.cells, "beside": self.beside,
        }  # fmt: skip
        RESULTS.mkdir(exist_ok=True)
        with (RESULTS / f"{self.name}.jsonl").open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(line, ensure_ascii=False) + "\n")
        print(f"       load {self.load:.2f} before, {load:.2f} after")


def run(main: Callable[[], None]) -> None:
    """Runs a command; something that is not on this machine ends it with a sentence, not with a trace."""
    try:
        main()
    except NotHere as missing:
        raise SystemExit(str(missing)) from missing


def number(value: float, claim: Claim) -> str:
    """A value as people write it, with its unit."""
    if claim.unit == "×":
        return f"{value:.2f} ×" if value < 10 else f"{value:,.1f} ×"
    if claim.unit == "s":
        return f"{value:.2f} s"
    return f"{value:,.0f}{'' if claim.unit.startswith('/') else ' '}{claim.unit}"


def rounded(value: float) -> str:
    """Three digits that count, or the whole number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def machine() -> dict[str, Any]:
    """What the numbers were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "cores": os.cpu_count(), "processor": _processor(), "memory": f"{memory:.0f} GiB", "kernel": platform.release(),
        "python": subprocess.run([python(), "-c", "import sys; print(sys.version.split()[0])"], capture_output=True,
                                 text=True, check=True).stdout.strip(),
        "uvloop": subprocess.run([python(), "-c", "import uvloop"], capture_output=True, check=False).returncode == 0,
    }  # fmt: skip


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    done = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True,
                          check=False)  # fmt: skip
    return done.stdout.strip()


def seconds_of(act: Callable[[], object]) -> float:
    """How long it takes, by the clock on the wall."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
