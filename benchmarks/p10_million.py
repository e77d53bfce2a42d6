"""P10, P11, P12: a send to 1,000,000 readers beside one to 10,000, to the lean sink, which offers CHUNKING.

    python benchmarks/p10_million.py [--readers 1000000] [--runs 3] [--quick]

P10: seconds from the confirmed send to its first claim (freezing), and to the first message at the sink.
P11: memory of the process (the most that was resident), and seconds of the whole process.
P12: processor time of the process, user and system, for each message; a send to 100 readers tells what the start
costs, which is taken off both.
The sink writes down each recipient: everybody has to be there once.
"""

from functools import partial
from pathlib import Path

from measuring import Bench, read_words, run, take_turns
from room import Room, SentHere, base_room, with_readers, workplace
from servers import lean_sink

START = 100  # readers of the send that tells what the start costs
SMALL = 10_000


def main() -> None:
    given = read_words(__doc__, runs=3, readers=1_000_000, quick_readers=50_000)
    bench = Bench("p10_million", given)
    with workplace() as folder:
        base = base_room(folder)
        rooms = {
            readers: with_readers(base, readers) for readers in (START, min(SMALL, given.readers // 5), given.readers)
        }
        start, small, big = rooms
        found = take_turns(given.runs, {
            str(readers): partial(send, folder, room) for readers, room in rooms.items()
        })  # fmt: skip
    report(bench, *(found[str(readers)] for readers in (start, small, big)))
    bench.close()


def send(folder: Path, room: Room) -> tuple[SentHere, float]:
    """(the send, seconds from its confirmation to the first message at the sink)."""
    recipients = folder / "recipients"
    with lean_sink(chunking=True, recipients=recipients) as sink:
        sent = room.send(sink.port)
        first = sink.count().first - sent.confirmed
    with recipients.open(encoding="utf-8") as lines:
        reached = [line.strip() for line in lines]
    if len(reached) != room.readers or len(set(reached)) != room.readers:
        raise SystemExit(f"{room.readers} readers, {len(reached)} messages, to {len(set(reached))} different addresses")
    return sent, first


Found = list[tuple[SentHere, float]]


def report(bench: Bench, start: Found, small: Found, big: Found) -> None:
    cell = bench.given.fewer(1_000_000)
    bench.add("p10-freeze", [sent.freezing for sent, _ in big], cell)
    bench.add("p10-first", [first for _, first in big], cell)
    bench.compare_numbers("p11", [sent.peak for sent, _ in big], [sent.peak for sent, _ in small], cell)
    bench.add("p11-peak", [sent.peak for sent, _ in big], cell)
    bench.add("p11-seconds", [sent.whole for sent, _ in big], cell)
    many, few = costs(big, start), costs(small, start)
    bench.compare_numbers("p12", many, few, cell)
    for name, values, unit in (
        ("CPU of a message, many readers", many, "µs"),
        ("CPU of a message, few readers", few, "µs"),
        ("messages per second, many readers", [sent.rate for sent, _ in big], "messages/s"),
        ("messages per second, few readers", [sent.rate for sent, _ in small], "messages/s"),
        ("CPU of the start", [sent.cpu for sent, _ in start], "s"),
        ("memory, few readers", [sent.peak for sent, _ in small], "MiB"),
        ("memory, 100 readers", [sent.peak for sent, _ in start], "MiB"),
    ):
        bench.tell(name, values, unit)


def costs(sends: Found, start: Found) -> list[float]:
    """Microseconds of processor for each message beyond the start, round for round."""
    return [
        (sent.cpu - idle.cpu) / (sent.messages - idle.messages) * 1e6
        for (sent, _), (idle, _) in zip(sends, start, strict=True)
    ]


if __name__ == "__main__":
    run(main)
