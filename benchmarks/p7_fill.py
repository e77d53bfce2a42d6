"""P7: building one personal message, on one core, against jinja2 and EmailMessage for each reader.

    python benchmarks/p7_fill.py [--runs 5] [--quick]

Both start from what they prepared once: ours a compiled version, theirs parsed templates. Ours is the message as pieces
of bytes, which is what the connection writes; theirs is one string of bytes.
"""

from inside_out import inside
from installing import peers_python
from measuring import Bench, read_words, run, take_turns
from places import PEERS
from senders import peer
from stage import stage


def main() -> None:
    given = read_words(__doc__)
    bench = Bench("p7_fill", given)
    ours, theirs = given.some(50_000), given.some(500)
    with stage(bench, 100) as on, on.room.sent() as sent:
        found = take_turns(given.runs, {
            "newsletter": lambda: ours / inside("fill", str(sent), str(ours))["seconds"],
            "jinja2": lambda: theirs / peer(
                [peers_python(), str(PEERS / "jinja2_builder.py"), str(on.message.parts), str(theirs)]
            )["seconds"],
        })  # fmt: skip
    bench.compare_numbers("p7", found["newsletter"], found["jinja2"])
    bench.add("p7-rate", found["newsletter"])
    bench.tell("jinja2 + EmailMessage", found["jinja2"], "messages/s")
    bench.close()


if __name__ == "__main__":
    run(main)
