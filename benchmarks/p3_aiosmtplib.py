"""P3: `newsletter send` against aiosmtplib on uvloop with ten connections; to smtp-sink, and to the lean sink.

    python benchmarks/p3_aiosmtplib.py [--readers 10000] [--runs 5] [--quick]

Once with one message made before for all (2/5 as many), once with each message built with jinja2 and EmailMessage (a
tenth as many): the ratio is of messages per second.
"""

from measuring import Bench, read_words, run, take_turns
from senders import aiosmtplib
from servers import far_ends
from stage import Stage, stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=10_000)
    bench = Bench("p3_aiosmtplib", given)
    with stage(bench, given.readers) as on, far_ends() as ports:
        for end, port in ports.items():
            measure(bench, on, port, end)
    bench.close()


def measure(bench: Bench, on: Stage, port: int, end: str) -> None:
    """All rounds at one far end."""
    readers = bench.given.readers
    before, each = max(100, readers * 2 // 5), max(100, readers // 10)
    found = take_turns(bench.given.runs, {
        "newsletter": lambda: on.room.send(port),
        "aiosmtplib, made before": lambda: aiosmtplib(port, before, on.message, built=False),
        "aiosmtplib, each built": lambda: aiosmtplib(port, each, on.message, built=True),
    })  # fmt: skip
    bench.compare(f"p3{end}", found["newsletter"], found["aiosmtplib, made before"])
    bench.compare(f"p3-built{end}", found["newsletter"], found["aiosmtplib, each built"])
    tell_rates(bench, found, end.strip("-"))


if __name__ == "__main__":
    run(main)
