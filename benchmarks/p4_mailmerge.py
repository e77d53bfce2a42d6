"""P4: `newsletter send` against mailmerge, the usual command for mail from a table; to smtp-sink, and to the lean sink.

    python benchmarks/p4_mailmerge.py [--readers 10000] [--runs 5] [--quick]

mailmerge writes to a fiftieth of the readers: the ratio is of messages per second. Its clock runs for its whole
process, less what it takes to write to nobody.
"""

from measuring import Bench, read_words, run, take_turns
from senders import mailmerge
from servers import far_ends
from stage import Stage, stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=10_000)
    bench = Bench("p4_mailmerge", given)
    with stage(bench, given.readers) as on, far_ends() as ports:
        for end, port in ports.items():
            measure(bench, on, port, end)
    bench.close()


def measure(bench: Bench, on: Stage, port: int, end: str) -> None:
    """All rounds at one far end."""
    theirs = max(50, bench.given.readers // 50)
    found = take_turns(bench.given.runs, {
        "newsletter": lambda: on.room.send(port),
        "mailmerge": lambda: mailmerge(port, theirs, on.message, on.folder),
    })  # fmt: skip
    bench.compare(f"p4{end}", found["newsletter"], found["mailmerge"])
    tell_rates(bench, found, end.strip("-"))


if __name__ == "__main__":
    run(main)
