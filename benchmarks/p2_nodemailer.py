"""P2: `newsletter send` against nodemailer with a pool of ten, building each message, unsigned and signed by RSA-2048.

    python benchmarks/p2_nodemailer.py [--readers 10000] [--runs 5] [--quick]

nodemailer sends a fifth of the messages: the ratio is of messages per second.
"""

from measuring import Bench, read_words, run, take_turns
from senders import nodemailer
from servers import debian_sink
from signing import signature_of, signing
from stage import stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=10_000)
    bench = Bench("p2_nodemailer", given)
    theirs = max(100, given.readers // 5)
    with stage(bench, given.readers) as on, debian_sink() as port:
        contestants = {
            "newsletter": lambda: on.room.send(port),
            "nodemailer": lambda: nodemailer(port, theirs, on.message),
        }
        ready = signature_of(on, "rsa")
        if ready:
            contestants |= {
                "newsletter, RSA": lambda: on.room.send(port, env=signing("rsa")),
                "nodemailer, RSA": lambda: nodemailer(port, theirs, on.message, signed=True),
            }
        found = take_turns(given.runs, contestants)
    bench.compare("p2", found["newsletter"], found["nodemailer"])
    if ready:
        bench.compare("p2-signed", found["newsletter, RSA"], found["nodemailer, RSA"])
    tell_rates(bench, found)
    bench.close()


if __name__ == "__main__":
    run(main)
