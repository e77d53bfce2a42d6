"""P1: `newsletter send`, everything on, against Debian's load generator smtp-source; both to smtp-sink.

    python benchmarks/p1_send.py [--readers 20000] [--runs 5] [--quick]

smtp-source sends one canned message of the same size, keeps no ledger and is written in C. The clock of a send runs
from its first claim to its last answer stored; the time of the whole process is told beside it.
"""

from measuring import Bench, read_words, run, take_turns
from senders import smtp_source
from servers import debian_sink
from stage import stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=20_000)
    bench = Bench("p1_send", given)
    with stage(bench, given.readers) as on, debian_sink() as port:
        found = take_turns(given.runs, {
            "newsletter": lambda: on.room.send(port),
            "smtp-source": lambda: smtp_source(port, given.readers, on.message.size),
        })  # fmt: skip
    bench.compare("p1", found["newsletter"], found["smtp-source"])
    tell_rates(bench, found)
    bench.close()


if __name__ == "__main__":
    run(main)
