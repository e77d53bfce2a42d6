"""Runs inside.py, in a process of its own, with the program's Python."""

import json
import subprocess

from places import HERE, environment, python

NOT_YET = 75  # as inside.py says it


class NotYet(Exception):
    """This tree has no such part."""


def inside(*words: str) -> dict[str, float]:
    """What inside.py says."""
    done = subprocess.run([python(), str(HERE / "inside.py"), *words], env=environment(), capture_output=True,
                          text=True, check=False)  # fmt: skip
    if done.returncode == NOT_YET:
        raise NotYet
    if done.returncode != 0:
        raise SystemExit(f"inside.py {' '.join(words)}: exit {done.returncode}\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found
