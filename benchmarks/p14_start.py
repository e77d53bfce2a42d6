"""P14: how long `newsletter --help`, `pause` and `status` take beyond `python -c "import typer"`.

    python benchmarks/p14_start.py [--runs 20] [--quick]

Whole processes, taken in turns, in a newsroom with one sent digest. Then each is asked which
heavy libraries it has loaded.
"""

import re
import subprocess
from functools import partial

from measuring import Bench, read_words, run, seconds_of, take_turns
from places import environment, program, python
from stage import stage

FORBIDDEN = {
    "help": {"premailer", "jinja2", "starlette", "sqlalchemy"},
    "pause": {"premailer", "jinja2", "starlette"},
    "status": {"premailer", "jinja2", "starlette"},
}


def main() -> None:
    given = read_words(__doc__, runs=20)
    bench = Bench("p14_start", given)
    with stage(bench, 100) as on, on.room.sent() as room:
        words = {name: ["--help"] if name == "help" else ["-C", str(room), name] for name in FORBIDDEN}
        contestants = {"typer": [python(), "-c", "import typer"], **{k: [*program(), *v] for k, v in words.items()}}
        for command in contestants.values():
            quietly(command)  # the first start of all writes bytecode
        found = take_turns(given.runs, {
            name: partial(milliseconds, command) for name, command in contestants.items()
        })  # fmt: skip
        heavy = {name: loaded(command) & FORBIDDEN[name] for name, command in words.items()}
    for name in FORBIDDEN:
        bench.add(f"p14-{name}", [mine - other for mine, other in zip(found[name], found["typer"], strict=True)])
    bench.add("p14-imports", [float(sum(map(len, heavy.values())))])
    for name, libraries in heavy.items():
        if libraries:
            print(f"       {name} loads {', '.join(sorted(libraries))}")
    for name, took in found.items():
        bench.tell(name, took, "ms")
    bench.close()


def quietly(command: list[str]) -> None:
    done = subprocess.run(command, env=environment(), capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr.decode()}")


def milliseconds(command: list[str]) -> float:
    return seconds_of(partial(quietly, command)) * 1000


def loaded(words: list[str]) -> set[str]:
    """The libraries, by their first name, that a command has imported when it ends."""
    command = [python(), "-X", "importtime", "-m", "newsletter_cli", *words]
    told = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stderr
    return {found[1] for found in re.finditer(r"^import time:.*\|\s*([A-Za-z_][A-Za-z0-9_]*)", told, re.M)}


if __name__ == "__main__":
    run(main)
