"""P4: `newsletter send` against mailmerge, the usual command for mail from a table; both to smtp-sink.

    python benchmarks/p4_mailmerge.py [--readers 10000] [--runs 5] [--quick]

mailmerge writes to a fiftieth of the readers: the ratio is of messages per second. Its clock runs for its whole
process, less what it takes to write to nobody.
"""

from measuring import Bench, read_words, run, take_turns
from senders import mailmerge
from servers import debian_sink
from stage import stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=10_000)
    bench = Bench("p4_mailmerge", given)
    theirs = max(50, given.readers // 50)
    with stage(bench, given.readers) as on, debian_sink() as port:
        found = take_turns(given.runs, {
            "newsletter": lambda: on.room.send(port),
            "mailmerge": lambda: mailmerge(port, theirs, on.message, on.folder),
        })  # fmt: skip
    bench.compare("p4", found["newsletter"], found["mailmerge"])
    tell_rates(bench, found)
    bench.close()


if __name__ == "__main__":
    run(main)
