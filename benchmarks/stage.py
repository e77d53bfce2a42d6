"""What the sending benchmarks begin with: a folder, a newsroom with its readers, and its message as it left."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measuring import Bench
from message import Message, take_message
from room import Room, SentHere, base_room, with_readers, workplace
from sent import Sent


@dataclass(frozen=True, slots=True)
class Stage:
    folder: Path
    room: Room
    message: Message


@dataclass(frozen=True, slots=True)
class Rooms:
    rooms: Mapping[int, Room]  # by how many readers they have
    message: Message


@contextmanager
def stage(bench: Bench, readers: int) -> Iterator[Stage]:
    """A room of so many readers; gone afterwards."""
    with workplace() as folder:
        room = with_readers(base_room(folder), readers)
        yield Stage(folder, room, _message(bench, room, folder))


@contextmanager
def rooms(bench: Bench, readers: Iterable[int]) -> Iterator[Rooms]:
    """Rooms that differ in their readers only; gone afterwards."""
    with workplace() as folder:
        base = base_room(folder)
        made = {count: with_readers(base, count) for count in set(readers)}
        yield Rooms(made, _message(bench, made[min(made)], folder))


def _message(bench: Bench, room: Room, folder: Path) -> Message:
    message = take_message(room, folder)
    for part, size in (("HTML", message.html), ("text", message.text), ("message on the wire", message.size)):
        bench.tell(f"size of the {part}", [size], "bytes")
    return message


def tell_rates(bench: Bench, found: Mapping[str, Sequence[Sent]], cell: str = "") -> None:
    """Beside the ratios: how fast each was, and what ours used."""
    for name, sent in found.items():
        where = f"{name}, {cell}" if cell else name
        bench.tell(where, [one.rate for one in sent], "messages/s")
        ours = [one for one in sent if isinstance(one, SentHere)]
        if ours and not cell:
            bench.tell(f"{where}: whole process", [one.whole for one in ours], "s")
            bench.tell(
                f"{where}: CPU of a message, start included", [one.cpu / one.messages * 1e6 for one in ours], "µs"
            )
            bench.tell(f"{where}: memory", [one.peak for one in ours], "MiB")
