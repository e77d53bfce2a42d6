"""P1d: as P1, with every message signed by ourselves: RSA-2048 on all cores, and Ed25519.

    python benchmarks/p1d_signed.py [--readers 20000] [--runs 5] [--quick]

One message of each is verified by dkimpy before anything is timed.
"""

from collections.abc import Callable
from functools import partial

from measuring import Bench, read_words, run, take_turns
from senders import smtp_source
from sent import Sent
from servers import debian_sink
from signing import signature_of, signing
from stage import stage, tell_rates


def main() -> None:
    given = read_words(__doc__, readers=20_000)
    bench = Bench("p1d_signed", given)
    with stage(bench, given.readers) as on, debian_sink() as port:
        ready = [kind for kind in ("rsa", "ed25519") if signature_of(on, kind)]
        if not ready:
            return
        contestants: dict[str, Callable[[], Sent]] = {
            f"newsletter, {kind}": partial(on.room.send, port, env=signing(kind)) for kind in ready
        }
        contestants["smtp-source"] = lambda: smtp_source(port, given.readers, on.message.size)
        found = take_turns(given.runs, contestants)
    for kind in ready:
        bench.compare(f"p1d-{kind}", found[f"newsletter, {kind}"], found["smtp-source"])
    tell_rates(bench, found)
    bench.close()


if __name__ == "__main__":
    run(main)
