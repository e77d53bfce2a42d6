"""What this machine's processes have committed, noted outside the database: a copy from before it shows less.

    data/holders/flights/NAME.N   one run of a process: a line of fixed size for each send, written over in place
    data/holders/flights/all      the dead ones, added up, and whom it has added

A process notes only what it has added itself, so the notes of all, added up, are never more than the database ever
held. Nothing is forced to the disk: after a power cut they may be less, which hides a missing flight or two, while a
copy from the past lacks many.
"""

import fcntl
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from newsletter_cli.delivery.holder import Holder, Life, life_of

SUMS: Final = "all"
LOCK: Final = ".lock"

Key = tuple[str, int]  # lineage of the database, send


class Flights:
    """The notes of one process."""

    def __init__(self, folder: Path, holder: Holder, lineage: str) -> None:
        """folder: of the holders' locks.  lineage: name of the database the flights are committed to."""
        self._folder = folder
        notes = folder / "flights"
        notes.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file, self._name = _new_file(notes, holder.name)
        self._lineage = lineage or "-"  # a line has three words
        self._sums: dict[int, int] = {}  # in the order of their lines

    def begin(self, send_id: int, shown: int) -> None:
        """Takes over what the database shows of a send beyond all notes: flights of other machines, or older ones.

        Only while no other run of this machine is at work: one may have committed what it notes in a moment.
        """
        notes = self._folder / "flights"
        with _alone(notes):
            sums, living = _added_up(self._folder, notes, but=self._name)
            if not living:
                self.committed(send_id, max(0, shown - sums[self._lineage, send_id]))

    def committed(self, send_id: int, flights: int) -> None:
        """After a commit that raised the `flights` of chunks of a send by so many in all. One write, never forced."""
        if not flights:
            return
        self._sums[send_id] = self._sums.get(send_id, 0) + flights
        line = _line((self._lineage, send_id), self._sums[send_id])
        os.pwrite(self._file, line, list(self._sums).index(send_id) * len(line))

    def close(self) -> None:
        os.close(self._file)


def noted(folder: Path, lineage: str) -> dict[int, int]:
    """{send: flights committed by all processes of this machine} to databases of this name, the dead and the living."""
    notes = folder / "flights"
    if not notes.is_dir():
        return {}
    with _alone(notes):
        dead, living = _added_up(folder, notes)
    sums = sum(living, start=dead)
    return {send: flights for (name, send), flights in sums.items() if name == (lineage or "-")}


def have_flown(folder: Path, *, but: str = "") -> frozenset[str]:
    """The living processes of this machine that have begun a run: only they can have messages out, and their answers.

    but: a name that is left out.
    """
    notes = folder / "flights"
    names = {path.name.rpartition(".")[0] for path in notes.iterdir()} if notes.is_dir() else set[str]()
    return frozenset(name for name in names - {"", but} if life_of(folder, name) is Life.ALIVE)


def _new_file(notes: Path, holder: str) -> tuple[int, str]:
    """A process that works on several sends has a file for each run."""
    number = 1
    while True:
        name = f"{holder}.{number}"
        with suppress(FileExistsError):
            return os.open(notes / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), name
        number += 1


def _added_up(folder: Path, notes: Path, *, but: str = "") -> tuple[Counter[Key], list[Counter[Key]]]:
    """The sums of the dead, which move into the common file, and the notes of each living process.

    but: a file that is left out.
    """
    sums, added = _read_sums(notes / SUMS)
    living: list[Counter[Key]] = []
    moved: list[str] = []
    for path in sorted(notes.iterdir()):
        holder = path.name.rpartition(".")[0]
        if not holder or path.name == but:  # the common file, the lock, or our own
            continue
        if path.name in added:  # somebody was killed between adding and removing it
            moved.append(path.name)
        elif life_of(folder, holder) is Life.ALIVE:
            living.append(_read_notes(path))
        else:
            sums += _read_notes(path)
            moved.append(path.name)
    if moved:
        _write_sums(notes / SUMS, sums, moved)
        for name in moved:
            (notes / name).unlink(missing_ok=True)
    return sums, living


def _read_notes(path: Path) -> Counter[Key]:
    sums: Counter[Key] = Counter()
    for line in path.read_bytes().split(b"\n"):
        words = line.split()
        # A power cut may leave anything: what is no note counts nothing.
        if len(words) == 3 and words[1].isdigit() and words[2].isdigit():
            sums[words[0].decode("ascii", "replace"), int(words[1])] += int(words[2])
    return sums


def _read_sums(path: Path) -> tuple[Counter[Key], frozenset[str]]:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return Counter(), frozenset()
    return _read_notes(path), frozenset(line.removeprefix("of ") for line in lines if line.startswith("of "))


def _write_sums(path: Path, sums: Counter[Key], added: list[str]) -> None:
    half = path.with_name(f".{path.name}-part")
    text = b"".join(_line(key, flights) for key, flights in sorted(sums.items()))
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(text + "".join(f"of {name}\n" for name in added).encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _line(key: Key, flights: int) -> bytes:
    return f"{key[0]:16} {key[1]:19d} {flights:19d}\n".encode("ascii")


@contextmanager
def _alone(notes: Path) -> Iterator[None]:
    lock = os.open(notes / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
