"""Readers out of a file into a list: looked at first, then copied in slices, so that it can be taken back.

    source.py   bytes → rows                      candidates.py  row → candidate, or rejected
    staging.py  candidates in a temporary table   judging.py     what becomes of each      → ImportJob.preview
    copying.py  new readers                       merging.py     values and tags of known  → ImportJob.run

rows = added + already + unsubscribed + suppressed + rejected, always. Nobody is reactivated, and no filled value
changes unless it is named for that.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import Connection, and_, insert, select, text, true, update

from newsletter_cli.storage.acts import note
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import import_batch, subscriber
from newsletter_cli.storage.slices import Slices
from newsletter_cli.subscribers import staging
from newsletter_cli.subscribers.candidates import Candidate, Reason, Remarks, RowReader
from newsletter_cli.subscribers.copying import Terms, copy_in, copy_new, note_changes
from newsletter_cli.subscribers.judging import Judged, count_changes, is_new, judge, judged
from newsletter_cli.subscribers.judging import tally as tally_of
from newsletter_cli.subscribers.lists import list_id
from newsletter_cli.subscribers.merging import merge
from newsletter_cli.subscribers.plain import Plain
from newsletter_cli.subscribers.records import Outcome
from newsletter_cli.subscribers.rejects import RejectsFile
from newsletter_cli.subscribers.source import Source
from newsletter_cli.subscribers.staging import row
from newsletter_cli.subscribers.states import SubscriptionStatus

SLICE: Final = 4_000  # rows copied in one transaction: some 20 ms of SQLite's write lock
LOOK: Final = 20_000  # rows judged in one transaction that writes nothing but temporary rows
SAMPLES: Final = 5
LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # of batch ids: none that looks like another

Progress = Callable[[str, int], None]  # "read" or "stored", and how many rows so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the editor asked for."""

    list: str  # slug
    status: SubscriptionStatus  # PENDING or ACTIVE, of those of whom the file says nothing
    by: str
    consent: str = ""
    overwrite: frozenset[str] = frozenset()  # fields whose filled values may change


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Where the rows went; they add up."""

    added: int = 0
    already: int = 0  # on the list, or a second time in the file
    unsubscribed: int = 0
    suppressed: int = 0
    rejected: int = 0

    @property
    def rows(self) -> int:
        return self.added + self.already + self.unsubscribed + self.suppressed + self.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the first rows, as it was read."""

    line: int
    address: str
    name: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an import would do."""

    counts: Counts
    reasons: Mapping[Reason, int]  # of the rejected, the most frequent first
    remarks: Remarks
    samples: tuple[Sample, ...]
    rejects_file: Path | None  # None: none were rejected, or nothing may be written
    changes: int  # rows that would change the roster, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    batch: str
    counts: Counts
    filled: int  # known readers who got a value that was empty
    rejects_file: Path | None


@contextmanager
def import_job(
    storage: Storage,
    source: Source,
    wish: Wish,
    *,
    clock: Callable[[], datetime],
    chance: Random,
    zone: tzinfo,
    imports: Path | None,
    progress: Progress | None = None,
) -> Iterator["ImportJob"]:
    """A file that was read and judged; nothing of it is in the roster before `run`.

    clock: aware, UTC.  chance: names the batch.  zone: the newsroom's, for dates without one and the file's name.
    imports: folder of the rejected rows; None: write none (a dry run).  Their file goes again unless `run` was called.
    """
    with storage.slices(scattered=True) as slices:
        job = ImportJob(storage, slices, source, wish, clock, zone, _free_id(storage, chance), imports)
        try:
            job.read(progress or _silent)
            yield job
        finally:
            job.close()


class ImportJob:
    """One import, between reading the file and the editor's yes. Made by `import_job`."""

    def __init__(
        self,
        storage: Storage,
        slices: Slices,
        source: Source,
        wish: Wish,
        clock: Callable[[], datetime],
        zone: tzinfo,
        batch: str,
        imports: Path | None,
    ) -> None:
        self.batch = batch
        self._storage = storage
        self._slices = slices
        self._source = source
        self._wish = wish
        self._clock = clock
        self._reader = RowReader(source.columns, zone)
        name = f"{clock().astimezone(zone):%Y-%m-%d}-{batch}-rejects.csv"
        self._rejects = None if imports is None else RejectsFile(imports / name, source.columns)
        self._usable = self._total = 0
        self._began = False

    # --- looking

    def read(self, progress: Progress) -> None:
        """Reads the whole file into the temporary table and judges it."""
        with self._slices.aside() as connection:
            staging.create(self._storage, connection)
        for block in self._source.blocks():
            plain, candidates, rejected = self._reader.read_block(block)
            if self._rejects is not None:
                for one in rejected:
                    self._rejects.add(one)
            self._put(plain)
            self._put(candidates)
            progress("read", self._usable)
        with self._slices.aside() as connection:
            # A file that fits into one slice keeps its order, for people who look for it in the list.
            self._total = staging.arrange(connection, as_in_file=self._usable <= SLICE)
        for numbers in staging.slices_of(self._total, LOOK):
            with self._slices.aside() as connection:
                judge(connection, staging.within(numbers), list_id(connection, self._wish.list))

    def preview(self) -> Preview:
        """What `run` would do if nobody changed the roster in between."""
        with self._slices.aside() as connection:
            tally = tally_of(connection, true())
            samples = _samples(connection)
            changes = count_changes(connection, self._wish.overwrite)
        return Preview(
            counts=self._counts(tally),
            reasons=dict(self._reader.rejected.most_common()),
            remarks=self._reader.remarks,
            samples=samples,
            rejects_file=self._rejects_file(),
            changes=changes,
        )

    # --- doing

    def run(self, progress: Progress | None = None) -> Imported:
        """Copies the rows into the roster, slice by slice, each judged again: somebody may have left meanwhile.

        Stopped in the middle, what was stored stays; `undo` takes it back, the same import again goes on.
        """
        self._began = True
        at = self._clock()
        number = self._begin(at)
        terms = self._terms(number, at)
        tally, filled = dict.fromkeys(Outcome, 0), 0
        for numbers in staging.slices_of(self._total, SLICE):
            with self._slices.aside() as connection:  # most of the work, while others may write
                looked_at = staging.moment(connection)
                found = _judged(connection, numbers, number)
            with self._slices.write() as connection:
                self._lock(connection)
                if looked_at is None or looked_at != staging.moment(connection):
                    found = _judged(connection, numbers, number)
                filled += self._copy(connection, numbers, found, terms)
            for outcome, n in found.outcomes.items():
                tally[outcome] += n
            (progress or _silent)("stored", sum(tally.values()))
        counts = self._counts(tally)
        self._end(counts, at)
        return Imported(batch=self.batch, counts=counts, filled=filled, rejects_file=self._rejects_file())

    def close(self) -> None:
        """The rejected rows stay only when something was imported."""
        if self._rejects is not None:
            if self._began:
                self._rejects.close()
            else:
                self._rejects.discard()

    # --- pieces

    def _put(self, rows: Sequence[Candidate | Plain]) -> None:
        if rows:
            with self._slices.aside() as connection:
                staging.put(self._storage, connection, rows)
            self._usable += len(rows)

    def _begin(self, at: datetime) -> int:
        """Notes the batch before its first row, so that an import that is killed can be taken back."""
        with self._slices.write() as connection:
            number = list_id(connection, self._wish.list, create=at)
            if number is None:
                raise RuntimeError("a list that was just made has no number")
            connection.execute(
                insert(import_batch).values(
                    id=self.batch, list_id=number, file=self._source.path.name, consent=self._wish.consent,
                    counts={}, by=self._wish.by, created=at,
                )
            )  # fmt: skip
        return number

    def _terms(self, number: int, at: datetime) -> Terms:
        return Terms(
            batch=self.batch,
            list_id=number,
            status=self._wish.status,
            consent=self._wish.consent,
            source=f"import {self._source.path.name}",
            at=at,
        )

    def _copy(self, connection: Connection, numbers: range, found: Judged, terms: Terms) -> int:
        """Stores a judged slice; how many known readers got a value."""
        within, overwrite = staging.within(numbers), self._wish.overwrite
        # Numbers given beforehand leave gaps where other rows stand: not worth it when most are others.
        if self._storage.dialect == "sqlite" and found.new >= found.others:
            copy_new(connection, within, numbers[0], terms)
            if not found.others:
                return 0
            within = and_(within, ~is_new())
        copy_in(self._storage, connection, within, terms)
        filled = merge(self._storage, connection, within, list_id=terms.list_id, batch=terms.batch, overwrite=overwrite)
        note_changes(connection, within, terms)
        return filled

    def _lock(self, connection: Connection) -> None:
        """Nobody else adds readers during a slice: whether one was new decides what an undo may delete."""
        if self._storage.dialect == "postgresql":  # SQLite's write lock is that already
            connection.execute(text(f"LOCK TABLE {subscriber.name} IN SHARE ROW EXCLUSIVE MODE"))

    def _end(self, counts: Counts, at: datetime) -> None:
        with self._slices.write() as connection:
            connection.execute(
                update(import_batch)
                .where(import_batch.c.id == self.batch)
                .values(counts={"rows": counts.rows, **asdict(counts)})
            )
            details = f"{counts.added} of {counts.rows} rows of {self._source.path.name} ({self.batch})"
            note(connection, at=at, by=self._wish.by, what="imported", list=self._wish.list, details=details)

    def _counts(self, tally: Mapping[Outcome, int]) -> Counts:
        return Counts(
            added=tally.get(Outcome.ADDED, 0),
            already=tally.get(Outcome.ALREADY, 0) + self._usable - self._total,
            unsubscribed=tally.get(Outcome.UNSUBSCRIBED, 0),
            suppressed=tally.get(Outcome.SUPPRESSED, 0),
            rejected=self._reader.rejected.total(),
        )

    def _rejects_file(self) -> Path | None:
        return self._rejects.path if self._rejects is not None and self._rejects.written else None


def _judged(connection: Connection, numbers: range, list_number: int) -> Judged:
    within = staging.within(numbers)
    judge(connection, within, list_number)
    return judged(connection, within)


def _samples(connection: Connection) -> tuple[Sample, ...]:
    query = select(row.c.line, row.c.address, row.c.name, row.c.fields).order_by(row.c.line).limit(SAMPLES)
    return tuple(
        Sample(line=one.line, address=one.address, name=one.name, fields=json.loads(one.fields))
        for one in connection.execute(query)
    )


def _free_id(storage: Storage, chance: Random) -> str:
    """An id that no import has."""
    with storage.read() as connection:
        taken = set(connection.execute(select(import_batch.c.id)).scalars())
    while True:
        made = "imp-" + "".join(chance.choices(LETTERS, k=4))
        if made not in taken:
            return made


def _silent(what: str, rows: int) -> None:
    """Progress that nobody watches."""
