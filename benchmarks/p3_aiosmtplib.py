"""P3: `newsletter send` against aiosmtplib on uvloop with ten connections; both to smtp-sink.

    python benchmarks/p3_aiosmtplib.py [--readers 10000] [--runs 5] [--quick]

Once with one message made before for all (2/5 as many), once with each message built with jinja2 and EmailMessage (a
tenth as many): the ratio is of messages per second.
"""

from measuring import Bench, read_words, run, take_turns
from senders import aiosmtplib
from servers import debian_sink
from stage import stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=10_000)
    bench = Bench("p3_aiosmtplib", given)
    before, each = max(100, given.readers * 2 // 5), max(100, given.readers // 10)
    with stage(bench, given.readers) as on, debian_sink() as port:
        found = take_turns(given.runs, {
            "newsletter": lambda: on.room.send(port),
            "aiosmtplib, made before": lambda: aiosmtplib(port, before, on.message, built=False),
            "aiosmtplib, each built": lambda: aiosmtplib(port, each, on.message, built=True),
        })  # fmt: skip
    bench.compare("p3", found["newsletter"], found["aiosmtplib, made before"])
    bench.compare("p3-built", found["newsletter"], found["aiosmtplib, each built"])
    tell_rates(bench, found)
    bench.close()


if __name__ == "__main__":
    run(main)
