"""A send under way on either engine: looked at while it runs, stopped where that is wanted, and woken again."""

import json
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from subprocess import Popen

from sqlalchemy import func, select, text

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, delivery, send
from tests.journeys.conftest import Room
from tests.journeys.test_killed import COUNTERS, thread_states
from tests.servers import wait_until

OUTCOMES = (*COUNTERS, "waiting")
WRITING = "datname = current_database() AND application_name = 'newsletter' AND backend_xid IS NOT NULL"
# A client that stopped between two pieces of a pipeline leaves its backend active and waiting for the rest.
WAITS_FOR_CLIENT = "(state = 'idle in transaction' OR state = 'active' AND coalesce(wait_event_type, '') = 'Client')"


@dataclass
class Sending:
    """A send under way, and a look into its database that needs no turn to write."""

    room: Room
    storage: Storage
    process: Popen[str]

    def look(self) -> Counter[str]:
        """{outcome: readers}; in one statement, so that it sees one moment: every chunk's counters are its rows'."""
        sums = [func.count().filter(delivery.c.outcome == name).label(f"n_{name}") for name in OUTCOMES]
        joined = chunk.join(delivery, delivery.c.chunk_id == chunk.c.id).join(send, send.c.id == chunk.c.send_id)
        armed = select(chunk, *sums).select_from(joined).where(send.c.state != "arming").group_by(chunk.c.id)
        found: Counter[str] = Counter()
        with self.storage.read() as connection:
            for row in connection.execute(armed).mappings():
                rows = {name: row[f"n_{name}"] for name in OUTCOMES}
                assert {name: row[name] for name in COUNTERS} == {name: rows[name] for name in COUNTERS}
                assert sum(rows.values()) == row["total"]
                found.update(rows)
        return +found

    @contextmanager
    def watched(self) -> Iterator[None]:
        """The sums are looked at all the while; the first wrong one is raised at the end."""
        wrong: list[AssertionError] = []
        over = threading.Event()

        def watch() -> None:
            while not wrong and not over.wait(0.05):
                try:
                    self.look()
                except AssertionError as error:
                    wrong.append(error)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        assert not wrong, wrong[0]

    def in_flight(self) -> set[str]:
        """Addresses whose intent is committed and whose result is not."""
        with self.storage.read() as connection:
            flying = [pair for row in connection.execute(select(chunk.c.in_flight)) for pair in json.loads(row[0])]
            ids = [id_ for id_, _ in flying]
            return set(connection.execute(select(delivery.c.address).where(delivery.c.id.in_(ids))).scalars())

    def lease_is_over(self) -> bool:
        with self.storage.read() as connection:
            return bool(connection.execute(select(func.max(chunk.c.lease_until))).scalar_one() < datetime.now(UTC))

    def inside(self) -> bool:
        """Whether the stopped sender is in a transaction that writes: it has the file's lock, or a number for it."""
        if self.storage.dialect == "sqlite":
            path = self.room.folder / "data" / "newsletter.db"
            with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
                try:
                    other.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    return True
                other.execute("ROLLBACK")
                return False
        busy = f"state = 'active' AND NOT {WAITS_FOR_CLIENT}"
        wait_until(lambda: not self._backends(busy), seconds=10, what="the end of its last statement")
        return self._backends(WAITS_FOR_CLIENT) > 0

    def _backends(self, which: str) -> int:
        counting = text(f"SELECT count(*) FROM pg_stat_activity WHERE {WRITING} AND {which}")
        with self.storage.read() as connection:
            return int(connection.execute(counting).scalar_one())

    def stop(self, *, inside: bool) -> None:
        """Stops it again and again, until that was inside a transaction, or outside."""

        def caught() -> bool:
            os.kill(self.process.pid, signal.SIGSTOP)
            wait_until(lambda: set(thread_states(self.process.pid)) == {"T"}, seconds=5, what="all its threads to stop")
            if self.inside() is inside:
                return True
            self.wake()
            return False

        wait_until(caught, seconds=30, what="a stop at the right moment")

    def wake(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def resume_at_the_lock(self) -> Popen[str]:
        """Another one that takes the send up; it comes as far as the locks that the stopped one has."""
        before = set(self._holders())
        other = self.room.start("resume", "i1", "--json")
        wait_until(lambda: set(self._holders()) > before, seconds=20, what="another holder")
        return other

    def _holders(self) -> list[str]:
        return [path.name for path in (self.room.folder / "data" / "holders").iterdir() if path.is_file()]
