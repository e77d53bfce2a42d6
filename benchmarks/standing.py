"""How the claims stand: the newest result of each command, held against the targets."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from measuring import number
from places import RESULTS
from targets import CLAIMS, COMMANDS, Claim


@dataclass(frozen=True, slots=True)
class Standing:
    """One claim and what was measured last; value None: nothing yet."""

    claim: Claim
    value: float | None  # of several cells that of the worst
    low: float
    high: float
    cell: str  # which one that is

    @property
    def met(self) -> bool:
        return self.value is not None and self.claim.met(self.value)

    @property
    def shown(self) -> str:
        return "–" if self.value is None else number(self.value, self.claim)

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        return "met" if self.met else "not met"


def newest(*, quick_too: bool) -> dict[str, dict[str, Any]]:
    """The newest line of each command's results, full runs only unless quick ones count too."""
    found = {}
    for name in COMMANDS:
        file = RESULTS / f"{name}.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        kept = [line for line in map(json.loads, lines) if quick_too or not line["quick"]]
        if kept:
            found[name] = kept[-1]
    return found


def standings(lines: Mapping[str, Mapping[str, Any]]) -> tuple[Standing, ...]:
    """Every claim, in the order of the table."""
    return tuple(
        _standing(claim, lines.get(claim.command, {}).get("claims", {}).get(claim.key, {})) for claim in CLAIMS
    )


def _standing(claim: Claim, cells: Mapping[str, list[float]]) -> Standing:
    if not cells:
        return Standing(claim, None, 0, 0, "")
    middles = {cell: statistics.median(values) for cell, values in cells.items()}
    worst = claim.worst(list(middles.values()))
    cell = next(cell for cell, middle in middles.items() if middle == worst)
    return Standing(claim, worst, min(cells[cell]), max(cells[cell]), cell)


def table(lines: Mapping[str, Mapping[str, Any]]) -> str:
    """For the terminal."""
    told = ["", f"{'':5}{'measured':>18}  {'target':>16}  {'':12}  what"]
    for one in standings(lines):
        claim = one.claim
        against = f" / {claim.peer}" if claim.peer else ""
        target = f"{claim.sign} {number(claim.target, claim)}"
        cell = f" ({one.cell})" if one.cell else ""
        told.append(f"{claim.row:<5}{one.shown:>18}  {target:>16}  {one.verdict:<12}  {claim.what}{against}{cell}")
    return "\n".join(told)
