"""docs/benchmarks.md and its picture, written from the newest results."""

import datetime
from collections.abc import Mapping
from typing import Any

from measuring import number
from picture import draw
from places import PAGE, PICTURE
from standing import Standing, standings

HEAD = """\
# Benchmarks

<!-- Written by `make bench`. Do not edit. -->

Each claim is a number that one command measures, most of them as a ratio against a peer in the same run on the same
machine: the median of rounds in which all take turns. Of several round trips and connections the worst stands here.

![Each claim against its target](pictures/benchmarks.svg)

"""

HOW = """
## What is measured

- The message is an Arabic digest of about 40 KB of HTML and 8 KB of text, 66 KB on the wire: personal name and
  unsubscribe URL in both parts, List-Unsubscribe and Message-ID of its own. Every peer sends as many bytes.
- `newsletter send` does all that it does for real: readers from the database, ledger on disk (SQLite,
  `synchronous=FULL`), progress, report. Its clock runs from the first claim to the last answer stored; the time of
  the whole process is in the result lines. Nothing slows it down on purpose: `--rate off --undo 0`,
  `safety.canary = 0`, one connection for any number of messages.
- The far ends are Debian's `smtp-sink`, a whole Postfix, and a lean sink of our own (C) that takes 66 KB messages
  faster than any sender here makes them. A round trip is added by a proxy that delays bytes and does nothing else;
  it is measured before each use.

## How to measure

```sh
make bench                                 # all of it, about 45 minutes, on a machine that does nothing else
python benchmarks --quick                  # to see that it works
python benchmarks/p2_nodemailer.py         # one row; also --runs, --readers, --quick
python benchmarks --table                  # this table from what was kept
```

The peers are installed on first use into `.bench/`. More in [benchmarks/README.md](../benchmarks/README.md).
"""


def write_page(lines: Mapping[str, Mapping[str, Any]]) -> None:
    """Both files; nothing when nothing was measured yet."""
    if not lines:
        return
    found = standings(lines)
    PAGE.write_text(HEAD + _rows(found) + _machine(lines) + HOW, encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(found), encoding="utf-8")


def _rows(found: tuple[Standing, ...]) -> str:
    told = ["| # | what | against | measured | spread | target | |", "|---|---|---|---|---|---|---|"]
    for one in found:
        claim = one.claim
        cell = f" ({one.cell})" if one.cell else ""
        spread = "" if one.value is None else f"{number(one.low, claim)} – {number(one.high, claim)}"
        told.append(f"| {claim.row} | {claim.what} | {claim.peer or '–'} | **{one.shown}**{cell} | {spread} "
                    f"| {claim.sign} {number(claim.target, claim)} | {one.verdict} |")  # fmt: skip
    return "\n".join(told) + "\n"


def _machine(lines: Mapping[str, Mapping[str, Any]]) -> str:
    """When, where and how quiet it was."""
    days = sorted({datetime.datetime.fromisoformat(line["when"]).date().isoformat() for line in lines.values()})
    last = max(lines.values(), key=lambda line: str(line["when"]))
    on = last["machine"]
    loads = [line["load"][0] for line in lines.values()]
    rounds = sorted({line["runs"] for line in lines.values()})
    return (
        f"\nMeasured {' to '.join(dict.fromkeys((days[0], days[-1])))} on {on['cores']} cores of {on['processor']}, "
        f"{on['memory']}, Linux {on['kernel']}, Python {on['python']}"
        f"{', uvloop' if on['uvloop'] else ', without uvloop'}; load before each command {min(loads):.1f} to "
        f"{max(loads):.1f}; {rounds[0]} to {rounds[-1]} rounds; commit {last['commit']}.\n"
    )
