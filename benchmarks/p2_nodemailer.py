"""P2: `newsletter send` against nodemailer with a pool of ten, building each message, unsigned and signed by RSA-2048.

    python benchmarks/p2_nodemailer.py [--readers 10000] [--runs 5] [--quick]

To smtp-sink, and to the lean sink. nodemailer sends a fifth of the messages: the ratio is of messages per second.
"""

from measuring import Bench, read_words, run, take_turns
from senders import nodemailer
from servers import far_ends
from signing import signature_of, signing
from stage import Stage, stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=10_000)
    bench = Bench("p2_nodemailer", given)
    with stage(bench, given.readers) as on, far_ends() as ports:
        signed = signature_of(on, "rsa")
        for end, port in ports.items():
            measure(bench, on, port, end, signed=signed)
    bench.close()


def measure(bench: Bench, on: Stage, port: int, end: str, *, signed: bool) -> None:
    """All rounds at one far end.  signed: signing is compared too."""
    theirs = max(100, bench.given.readers // 5)
    contestants = {
        "newsletter": lambda: on.room.send(port),
        "nodemailer": lambda: nodemailer(port, theirs, on.message),
    }
    if signed:
        contestants |= {
            "newsletter, RSA": lambda: on.room.send(port, env=signing("rsa")),
            "nodemailer, RSA": lambda: nodemailer(port, theirs, on.message, signed=True),
        }
    found = take_turns(bench.given.runs, contestants)
    bench.compare(f"p2{end}", found["newsletter"], found["nodemailer"])
    if signed:
        bench.compare(f"p2-signed{end}", found["newsletter, RSA"], found["nodemailer, RSA"])
    tell_rates(bench, found, end.strip("-"))


if __name__ == "__main__":
    run(main)
