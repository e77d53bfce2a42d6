"""The engine over a ledger and a real line: who has got what, whatever the server and the database do."""

import asyncio
import random
import sqlite3
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter_cli.delivery.dial import Security, Server
from newsletter_cli.delivery.engine import Engine
from newsletter_cli.delivery.lanes import Lanes
from newsletter_cli.delivery.relays import Relay
from newsletter_cli.delivery.retry import RetryPolicy
from newsletter_cli.delivery.running import Counters, Ending, EndKind, Plan
from newsletter_cli.delivery.smtp.book import load_book
from newsletter_cli.delivery.states import SendEvent, SendState
from newsletter_cli.storage.schema import send
from tests.conftest import SQLITE, Clock
from tests.servers import free_port, wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import close_after_data, close_in_data, defer, hang_at, limit_messages, refuse_recipient

BOOK = load_book()


@dataclass
class Running(Clock):
    """A clock that begins where the test's does and runs."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self):
        return self.now + timedelta(seconds=time.monotonic() - self.began)


@pytest.fixture
def clock() -> Clock:
    return Running()


@pytest.fixture
def storage(sqlite_storage):
    return sqlite_storage


@dataclass(frozen=True)
class Letter:
    recipient: str
    envelope_from: str = "news@example.org"
    segments: tuple[bytes, ...] = (b"Subject: x\r\n\r\n", b"text\r\n" * 50)
    smtputf8: bool = False

    @property
    def size(self) -> int:
        return sum(map(len, self.segments))


@dataclass
class Run:
    """An engine in a thread of its own."""

    outbox: object
    engine: Engine | None = None
    ending: Ending | None = None
    thread: threading.Thread | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def start(self, port: int, *, connections=3, wait=5.0, retry=60.0, fill=None, pipelining=True, **plan) -> "Run":
        outbox = self.outbox
        ledger = outbox.ledger()
        ledger.retry = RetryPolicy((timedelta(seconds=retry),), timedelta(hours=1))
        ledger.chance = random.Random(1)
        plan = Plan(depth=2, wait=timedelta(seconds=wait), book=BOOK, tls=ssl.create_default_context(), **plan)
        server = Server(
            host="127.0.0.1",
            port=port,
            security=Security.NONE,
            ehlo_name="news.example.org",
            timeout=timedelta(seconds=5),
            data_timeout=timedelta(seconds=5),
            pipelining=pipelining,
        )
        fill = fill or (lambda reader: Letter(reader.email))
        relays = [Relay(name="smtp", server=server, connections=connections, fill=fill)]
        lanes = Lanes((), {}, most=connections)

        def read_state():
            with outbox.storage.read() as connection:
                row = connection.execute(select(send.c.state, send.c.reason).where(send.c.id == outbox.send_id)).one()
            return SendState(row.state), row.reason

        async def run() -> Ending:
            self.loop = asyncio.get_running_loop()
            self.engine = Engine(
                ledger, relays, lanes, plan, Counters.from_tally(outbox.tally()), read_state, clock=outbox.clock
            )  # fmt: skip
            return await self.engine.run()

        def main() -> None:
            self.ending = asyncio.run(run())

        self.thread = threading.Thread(target=main)
        self.thread.start()
        return self

    def end(self, seconds: float = 20) -> Ending:
        assert self.thread is not None
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "the engine does not end"
        assert self.ending is not None, "the engine failed"
        return self.ending


@pytest.fixture
def run_engine(make_outbox):
    def make(readers=7, **more) -> Run:
        return Run(make_outbox(readers=readers, **more))

    return make


def everybody(count: int) -> dict[str, int]:
    return {f"reader{n}@example.org": 1 for n in range(1, count + 1)}


def sums(outbox) -> Counter[str]:
    return Counter(outbox.outcomes().values())


@pytest.mark.parametrize("pipelining", [True, False])
def test_everybody_gets_one_copy(run_engine, pipelining):
    run = run_engine(40, chunk_size=7)
    with smtp_server() as server:
        ending = run.start(server.port, pipelining=pipelining).end()
    assert ending == Ending(kind=EndKind.FINISHED)
    assert server.copies() == everybody(40)
    assert sums(run.outbox) == {"accepted": 40}
    assert set(run.outbox.chunks()) == {"done"}


def test_a_refused_reader_fails_and_the_others_get_theirs(run_engine):
    run = run_engine(7)
    with smtp_server(refuse_recipient("reader3@*")) as server:
        run.start(server.port).end()
    assert sums(run.outbox) == {"accepted": 6, "failed": 1}
    assert run.outbox.outcomes()["reader3@example.org"] == "failed"


def test_who_is_deferred_is_tried_again(run_engine):
    run = run_engine(5)
    with smtp_server(defer(times=1, each=True)) as server:
        ending = run.start(server.port, retry=0.1).end()
    assert ending.kind is EndKind.FINISHED
    assert server.copies() == everybody(5)
    assert sums(run.outbox) == {"accepted": 5}


def test_a_retry_beyond_our_patience_ends_the_run_and_names_the_time(run_engine):
    run = run_engine(2)
    with smtp_server(defer()) as server:
        ending = run.start(server.port, retry=600, wait=0.5).end()
    assert ending.kind is EndKind.RETRIES
    assert ending.next_due is not None
    assert sums(run.outbox) == {"retry": 2}


def test_a_server_that_is_down_is_said_after_our_patience(run_engine):
    run = run_engine(3)
    ending = run.start(free_port(), wait=0.3).end()
    assert (ending.kind, ending.problem.code) == (EndKind.PROBLEM, "SMTP-CONNECT")
    assert sums(run.outbox) == {"waiting": 3}
    assert set(run.outbox.chunks()) == {"open"}


def test_a_message_without_its_answer_is_uncertain_and_not_sent_again(run_engine):
    run = run_engine(6)
    with smtp_server(close_after_data(times=1)) as server:
        run.start(server.port, connections=1).end()
    assert server.copies() == everybody(6)
    assert sums(run.outbox) == {"accepted": 5, "uncertain": 1}


def test_a_server_that_closes_after_a_few_messages_gets_all_of_them_once(run_engine):
    run = run_engine(20)
    with smtp_server(limit_messages(4)) as server:
        run.start(server.port, connections=2).end()
    assert server.copies() == everybody(20)
    assert sums(run.outbox) == {"accepted": 20}


def test_a_message_that_broke_off_in_the_middle_is_sent_again(run_engine):
    run = run_engine(2)
    big = (b"Subject: x\r\n\r\n", (b"x" * 70 + b"\r\n") * 200_000)
    with smtp_server(close_in_data(1000, times=1)) as server:
        run.start(server.port, connections=1, fill=lambda reader: Letter(reader.email, segments=big)).end()
    assert server.copies() == everybody(2)
    assert sums(run.outbox) == {"accepted": 2}


def test_a_pause_holds_within_a_second_while_every_server_hangs_at_354(run_engine):
    run = run_engine(6)
    with smtp_server(hang_at("data")) as server:
        run.start(server.port, connections=3)
        server.wait_for(hanging=3)
        assert run.outbox.move(SendEvent.PAUSE)
        began = time.monotonic()
        wait_until(lambda: run.engine._stop is not None, seconds=2, what="the pause")
        assert time.monotonic() - began < 1
        server.release()
        ending = run.end()
    assert ending.kind is EndKind.STOPPED
    assert server.copies() == {}
    assert sums(run.outbox) == {"waiting": 6}


def test_a_drain_lands_what_is_on_the_wire_and_begins_nothing_more(run_engine):
    run = run_engine(10)
    with smtp_server(hang_at("message")) as server:
        run.start(server.port, connections=2)
        server.wait_for(received=2, hanging=2)
        run.loop.call_soon_threadsafe(run.engine.drain)
        wait_until(lambda: run.engine._stop is not None, seconds=2, what="the drain")
        server.faults = ()
        server.release()
        ending = run.end()
    assert (ending.kind, ending.doubted) == (EndKind.INTERRUPTED, 0)
    assert sums(run.outbox) == {"accepted": 2, "waiting": 8}
    assert len(server.copies()) == 2


def test_an_abort_leaves_what_was_not_answered_uncertain(run_engine):
    run = run_engine(4)
    with smtp_server(hang_at("message")) as server:
        run.start(server.port, connections=1)
        server.wait_for(received=1, hanging=1)
        run.loop.call_soon_threadsafe(run.engine.abort)
        ending = run.end()
    assert ending.kind is EndKind.INTERRUPTED
    assert sums(run.outbox) == {"uncertain": 1, "waiting": 3}


def test_a_locked_database_stops_the_sending_and_loses_nothing(run_engine):
    run = run_engine(30)
    database: Path = run.outbox.holders.parents[1] / SQLITE
    with smtp_server(hang_at("message", times=1)) as server:
        run.start(server.port, connections=1, wait=30)
        server.wait_for(hanging=1)
        other = sqlite3.connect(database, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            server.release()
            server.wait_for(received=2)  # what was committed before may still leave
            held = time.monotonic() + 1.5
            wait_until(lambda: time.monotonic() > held, seconds=5, what="a while")
            assert len(server.received) <= 4
            other.execute("ROLLBACK")
        finally:
            other.close()
        run.end()
    assert server.copies() == everybody(30)
    assert sums(run.outbox) == {"accepted": 30}
