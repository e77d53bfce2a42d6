"""P8: building one personal message and signing it with RSA-2048, on one core, against dkimpy signing the same message.

    python benchmarks/p8_sign.py [--runs 5] [--quick]

dkimpy only signs; ours builds each message as well. Ed25519 is told beside it.
"""

from inside_out import NotYet, inside
from installing import key_file, peers_python
from measuring import Bench, read_words, run, take_turns
from places import PEERS
from senders import peer
from stage import stage


def main() -> None:
    given = read_words(__doc__)
    bench = Bench("p8_sign", given)
    ours, theirs = given.some(3_000), given.some(200)
    with stage(bench, 100) as on, on.room.sent() as sent:
        try:
            found = take_turns(given.runs, {
                "newsletter": lambda: ours / inside("sign", str(sent), str(key_file("rsa")), str(ours))["seconds"],
                "newsletter, Ed25519":
                    lambda: ours / inside("sign", str(sent), str(key_file("ed25519")), str(ours))["seconds"],
                "dkimpy": lambda: theirs / peer([peers_python(), str(PEERS / "dkimpy_signer.py"), str(on.message.wire),
                                                 str(key_file("rsa")), str(theirs)])["seconds"],
            })  # fmt: skip
        except NotYet:
            print("  Not there yet: this tree cannot sign.")
            return
    bench.compare_numbers("p8", found["newsletter"], found["dkimpy"])
    for name, values in found.items():
        bench.tell(name, values, "messages/s")
    bench.close()


if __name__ == "__main__":
    run(main)
