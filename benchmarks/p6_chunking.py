"""P6: as P5, to a server that offers CHUNKING as well: up to eight messages of a connection under way.

    python benchmarks/p6_chunking.py [--runs 5] [--quick]

To the lean sink against smtp-source and nodemailer, and to a whole Postfix (which only root can start) against
smtp-source, all at as many connections.
"""

from collections.abc import Callable

from installing import NotHere
from measuring import Bench, Given, read_words, run, take_turns
from round_trips import CELLS, Cell, Pace, counts, label
from senders import nodemailer, smtp_source
from sent import Sent
from servers import demand_line, lean_sink, long_line, postfix
from stage import Rooms, rooms, tell_rates

IN_FLIGHT = 8  # smtp.depth
POSTFIX = 2_000  # messages at most: a Postfix takes about 1,300 in a second, however it is asked


def main() -> None:
    given = read_words(__doc__)
    bench = Bench("p6_chunking", given)
    lean = {cell: counts(cell, IN_FLIGHT, given) for cell in CELLS}
    whole = {cell: counts(cell, IN_FLIGHT, given, POSTFIX) for cell in CELLS}
    with rooms(bench, (*lean.values(), *whole.values())) as on:
        with lean_sink(chunking=True) as sink:
            for cell in CELLS:
                measure(bench, given, on, cell, sink.port, lean[cell], ("smtp-source", "nodemailer"))
        try:
            with postfix() as far:
                for cell in CELLS:
                    measure(bench, given, on, cell, far, whole[cell], ("postfix",))
        except NotHere as missing:
            print(f"  Without Postfix: {missing}")
    bench.close()


def measure(
    bench: Bench, given: Given, on: Rooms, cell: Cell, far: int, ours: int, peers: tuple[str, ...]
) -> None:  # fmt: skip
    """One line, one number of connections. Against `postfix` it is smtp-source again that is compared."""
    demand_line(cell.milliseconds)
    slow, node = counts(cell, Pace.LOCK_STEP, given), counts(cell, Pace.NODEMAILER, given)
    with long_line(far, cell.milliseconds) as port:
        contestants: dict[str, Callable[[], Sent]] = {
            "newsletter": lambda: on.rooms[ours].send(port, connections=cell.connections),
            "smtp-source": lambda: smtp_source(port, slow, on.message.size, cell.connections),
        }
        if "nodemailer" in peers:
            contestants["nodemailer"] = lambda: nodemailer(port, node, on.message, cell.connections)
        found = take_turns(given.runs, contestants)
    where = label(cell)
    for peer in peers:
        bench.compare(f"p6-{peer}", found["newsletter"], found["smtp-source" if peer == "postfix" else peer], where)
    tell_rates(bench, found, f"Postfix, {where}" if "postfix" in peers else where)


if __name__ == "__main__":
    run(main)
