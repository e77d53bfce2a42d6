"""P5: `newsletter send` over a line with a round trip of 20 and 80 ms, 1, 4 and 10 connections, to smtp-sink.

    python benchmarks/p5_round_trips.py [--runs 5] [--quick]

Against smtp-source and nodemailer at as many connections. smtp-sink offers PIPELINING and no CHUNKING. Each sender gets
as many messages as should keep it busy for about six seconds: the greeting of a connection takes three round trips.
"""

from measuring import Bench, Given, read_words, run, take_turns
from round_trips import CELLS, Cell, Pace, counts, label
from senders import nodemailer, smtp_source
from servers import debian_sink, demand_line, long_line
from stage import Rooms, rooms, tell_rates

SECONDS = 6.0
IN_FLIGHT = 1  # messages of a connection that PIPELINING alone has under way


def main() -> None:
    given = read_words(__doc__)
    bench = Bench("p5_round_trips", given)
    ours = {cell: counts(cell, IN_FLIGHT, given, seconds=SECONDS) for cell in CELLS}
    with rooms(bench, ours.values()) as on, debian_sink() as far:
        for cell in CELLS:
            measure(bench, given, on, cell, far, ours[cell])
    bench.close()


def measure(bench: Bench, given: Given, on: Rooms, cell: Cell, far: int, ours: int) -> None:
    """One line, one number of connections."""
    demand_line(cell.milliseconds)
    slow = counts(cell, Pace.LOCK_STEP, given, seconds=SECONDS)
    node = counts(cell, Pace.NODEMAILER, given, seconds=SECONDS)
    with long_line(far, cell.milliseconds) as port:
        found = take_turns(given.runs, {
            "newsletter": lambda: on.rooms[ours].send(port, connections=cell.connections),
            "smtp-source": lambda: smtp_source(port, slow, on.message.size, cell.connections),
            "nodemailer": lambda: nodemailer(port, node, on.message, cell.connections),
        })  # fmt: skip
    for peer in ("smtp-source", "nodemailer"):
        bench.compare(f"p5-{peer}", found["newsletter"], found[peer], label(cell))
    tell_rates(bench, found, label(cell))


if __name__ == "__main__":
    run(main)
