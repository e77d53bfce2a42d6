"""The engine over a ledger and a real line: who has got what, whatever the server and the database do."""

import random
import sqlite3
import ssl
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from newsletter_cli.delivery import recovery
from newsletter_cli.delivery.dial import Security, Server
from newsletter_cli.delivery.engine import Engine
from newsletter_cli.delivery.lanes import Lanes, lanes_of, load_providers
from newsletter_cli.delivery.pace import WarmUp
from newsletter_cli.delivery.relays import Relay
from newsletter_cli.delivery.retry import RetryPolicy
from newsletter_cli.delivery.running import Counters, Ending, EndKind, Plan
from newsletter_cli.delivery.states import SendEvent, SendState
from newsletter_cli.mail.problems import MailProblem
from newsletter_cli.settings import Rate
from newsletter_cli.storage.schema import lane
from tests.conftest import SQLITE, Clock
from tests.delivery.driving import BOOK, Driven, Letter, Running, state_of
from tests.servers import free_port, wait_until
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import (
    answer_late,
    close_after_data,
    close_in_data,
    defer,
    hang_at,
    limit_messages,
    refuse_recipient,
    starttls_stripped,
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Running()


@pytest.fixture
def storage(sqlite_storage):
    return sqlite_storage


@dataclass
class Run(Driven):
    """An engine over one server or more."""

    lanes: Lanes | None = None

    def start(
        self, port: int, *others: tuple[str, int, int], connections=3, wait=5.0, retry=60.0, fill=None, pipelining=True,
        rests=None, warm_up=None, weight=1, seal=None, rates=(), **plan,
    ) -> "Run":  # fmt: skip
        """others: (name, port, weight) of further servers beside the one named smtp.  rests: lengths by lane."""
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
        relays = [
            Relay(
                name=name, server=replace(server, port=its_port), connections=connections, fill=fill, weight=its_weight,
                seal=seal, rates=rates,
            )
            for name, its_port, its_weight in (("smtp", port, weight), *others)
        ]  # fmt: skip
        providers = [
            replace(one, rest=timedelta(seconds=(rests or {}).get(one.key, 60))) for one in load_providers()
        ]  # fmt: skip
        ledger.lane_of = lanes_of(providers, ())
        ledger.server_rates = {"smtp": rates} if rates else {}
        ledger.warm_up = warm_up
        self.lanes = lanes = Lanes(providers, (), ledger.resting_lanes(), most=connections)

        return self.drive(
            lambda: Engine(
                ledger, relays, lanes, plan, Counters.from_tally(outbox.tally()), state_of(outbox), clock=outbox.clock
            )
        )


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


def test_readers_who_fall_due_again_and_again_do_not_keep_a_run_for_ever(run_engine):
    run = run_engine(2)
    with smtp_server(defer()) as server:
        ending = run.start(server.port, retry=0.1, wait=1).end()
    assert ending.kind is EndKind.RETRIES
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
        wait_until(lambda: run.engine.counters.stopping, seconds=2, what="the pause")
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
        wait_until(lambda: run.engine.counters.stopping, seconds=2, what="the drain")
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


# --- several servers -------------------------------------------------------------------------------------------------


def test_servers_share_the_mail_by_weight(run_engine):
    run = run_engine(1000, chunk_size=300)
    with smtp_server() as one, smtp_server() as other:
        run.start(one.port, ("b", other.port, 1), weight=3).end(60)
    assert one.copies() + other.copies() == everybody(1000)
    assert abs(sum(one.copies().values()) - 750) <= 50


def test_when_one_dies_the_others_go_on_and_the_stand_in_takes_its_share(run_engine):
    run = run_engine(300, chunk_size=50)
    with smtp_server() as one, smtp_server() as spare:
        ending = run.start(one.port, ("dead", free_port(), 1), ("spare", spare.port, 0)).end(60)
    assert ending.kind is EndKind.FINISHED
    assert one.copies() + spare.copies() == everybody(300)
    assert min(sum(one.copies().values()), sum(spare.copies().values())) > 60


def test_a_stand_in_is_left_alone_while_the_others_are_up(run_engine):
    run = run_engine(60)
    with smtp_server() as one, smtp_server() as spare:
        run.start(one.port, ("spare", spare.port, 0)).end()
    assert one.copies() == everybody(60)
    assert spare.heard == ()


def test_a_stand_in_is_left_alone_while_the_first_answer_takes_a_second(run_engine):
    run = run_engine(12, chunk_size=6)
    with smtp_server(answer_late(1, times=2)) as one, smtp_server() as spare:
        run.start(one.port, ("spare", spare.port, 0), connections=2).end()
    assert spare.copies() == {}
    assert one.copies() == everybody(12)


def test_a_server_that_refuses_our_login_leaves_the_mail_to_the_others(run_engine):
    run = run_engine(20)
    with smtp_server() as good, smtp_server(starttls_stripped()) as bad:
        run.start(good.port, ("bad", bad.port, 1)).end()
    assert good.copies() + bad.copies() == everybody(20)


# --- lanes ---------------------------------------------------------------------------------------------------------

MIXED = [f"reader{n}@{'gmail.com' if n % 3 == 0 else 'example.org'}" for n in range(1, 31)]


def test_a_lane_rests_when_it_is_asked_to_and_the_others_go_on(run_engine):
    run = run_engine(addresses=MIXED)
    slow = defer(421, "4.7.0 try again later, closing connection", only="*@gmail.com", times=1)
    with smtp_server(slow) as server:
        ending = run.start(server.port, connections=1, wait=0.5).end()
    assert ending.kind is EndKind.RETRIES
    assert run.engine.counters.lanes["google"].connections == 1
    assert all(address.endswith("example.org") for address in server.copies())
    assert len(server.copies()) == 20
    assert sums(run.outbox)["accepted"] == 20
    with run.outbox.storage.read() as connection:
        row = connection.execute(select(lane)).one()
    assert (row.key, row.connections) == ("google", 1)


def test_a_lane_comes_back_after_its_rest_and_everybody_gets_one_copy(run_engine):
    run = run_engine(addresses=MIXED)
    slow = defer(450, "4.2.1 user is receiving mail at a rate that is too high", only="*@gmail.com", times=1)
    with smtp_server(slow) as server:
        ending = run.start(server.port, wait=10, retry=0.2, rests={"google": 1}).end()
    assert ending.kind is EndKind.FINISHED
    assert server.copies() == dict.fromkeys(MIXED, 1)
    assert sums(run.outbox) == {"accepted": 30}


def test_a_domain_of_its_own_rests_without_the_others(run_engine):
    addresses = [f"reader{n}@{'small.example' if n % 3 == 0 else 'example.org'}" for n in range(1, 31)]
    run = run_engine(addresses=addresses)
    with smtp_server(defer(450, "4.7.1 too many messages, slow down", only="*@small.example")) as server:
        ending = run.start(server.port, wait=0.5).end()
    assert ending.kind is EndKind.RETRIES
    assert Counter(address.split("@")[1] for address in server.copies()) == {"example.org": 20}
    tried = {line for _, line in server.heard if "small.example" in line and line.startswith("RCPT")}
    assert 1 <= len(tried) < 10  # those on the wire when it asked, and nobody after


# --- the readers written to first, and the stop by itself -------------------------------------------------------------


def test_nobody_else_is_written_to_before_the_first_readers_have_answers(run_engine):
    run = run_engine(60, chunk_size=10, canary=5)
    with smtp_server(hang_at("message", times=1)) as server:
        run.start(server.port, connections=3)
        server.wait_for(hanging=1)
        held = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > held, seconds=5, what="a while")
        assert set(server.copies()) <= set(everybody(5))
        server.release()
        ending = run.end()
    assert ending.kind is EndKind.FINISHED
    assert server.copies() == everybody(60)


def test_bad_answers_to_the_first_readers_stop_the_send(run_engine):
    run = run_engine(60, chunk_size=10, canary=5)
    with smtp_server(refuse_recipient("reader[34]@*")) as server:
        ending = run.start(server.port, first=5).end()
    assert (ending.kind, ending.problem.code) == (EndKind.PROBLEM, "TOO-MANY-FAILURES")
    assert sums(run.outbox) == {"accepted": 3, "failed": 2, "waiting": 55}
    assert run.outbox.state() is SendState.PAUSED


def test_a_send_that_is_refused_too_often_stops_by_itself(run_engine):
    run = run_engine(400, chunk_size=100)
    with smtp_server(refuse_recipient("reader*[05]@*")) as server:
        ending = run.start(server.port, stop_on_failure=0.1).end()
    assert (ending.kind, ending.problem.code) == (EndKind.PROBLEM, "TOO-MANY-FAILURES")
    counts = sums(run.outbox)
    assert counts["failed"] > 0.1 * (counts["accepted"] + counts["failed"])
    assert 200 <= counts["accepted"] + counts["failed"] < 300
    assert len(server.copies()) == counts["accepted"]


def test_readers_that_cannot_be_built_fail_and_ten_in_a_row_stop_the_send(run_engine):
    def fill(reader):
        if reader.delivery > 5:
            raise MailProblem("name is empty for this reader")
        return Letter(reader.email)

    run = run_engine(40, chunk_size=10)
    with smtp_server() as server:
        ending = run.start(server.port, connections=1, fill=fill).end()
    assert (ending.kind, ending.problem.code) == (EndKind.PROBLEM, "TOO-MANY-FAILURES")
    counts = sums(run.outbox)
    assert counts["accepted"] == 5
    assert 10 <= counts["failed"] < 35


def test_what_is_signed_in_threads_reaches_everybody_once(run_engine):
    def seal(letter):
        return replace(letter, segments=(b"X-Signed: yes\r\n", *letter.segments))

    run = run_engine(100, chunk_size=30)
    with smtp_server() as server:
        run.start(server.port, seal=seal).end()
    assert server.copies() == everybody(100)
    assert all(message.data.startswith(b"X-Signed: yes") for message in server.received)
    assert sums(run.outbox) == {"accepted": 100}


# --- how fast --------------------------------------------------------------------------------------------------------


def test_a_rate_holds_over_all_connections(run_engine):
    run = run_engine(30)
    began = time.monotonic()
    with smtp_server() as server:
        run.start(server.port, rates=(Rate(20, 1),)).end()
    assert server.copies() == everybody(30)
    assert time.monotonic() - began >= 29 / 20  # the first may go at once; slower is no fault here


def test_a_warm_up_lets_so_many_go_today_and_the_rest_tomorrow(run_engine):
    run = run_engine(30)
    with smtp_server() as server:
        ending = run.start(server.port, warm_up=WarmUp(12, 1.4, 100, ZoneInfo("Asia/Damascus"))).end()
    assert ending.kind is EndKind.RETRIES
    assert len(server.copies()) == 12
    assert sums(run.outbox) == {"accepted": 12, "waiting": 18}


# --- leases ----------------------------------------------------------------------------------------------------------


def test_a_run_whose_lease_was_taken_goes_on_under_a_new_one(run_engine):
    run = run_engine(60, chunk_size=60)
    with smtp_server(answer_late(0.02)) as server:
        run.start(server.port)
        server.wait_for(received=5)
        outbox = run.outbox
        later = outbox.clock() + timedelta(hours=1)
        taken = recovery.take_over(outbox.storage, outbox.send_id, outbox.holders, later)
        assert taken.uncertain > 0
        assert len(taken.ended) == 1
        ending = run.end()
    assert ending.kind is EndKind.FINISHED
    assert server.copies() == everybody(60)
    assert sums(outbox) == {"accepted": 60}  # whose answer came late is known after all
