"""A connection carries each message once, byte for byte, over whatever server there is."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
import uvloop

from newsletter_cli.delivery.connection import Closed, ConnectProblem, End, Learned, Result, carry
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from tests.delivery.linking import Desk, Text, at, connect, desk_of, jobs, letter, problem_of, send, until
from tests.servers import free_port, wait_until
from tests.servers.postfix import Postfix, Sink, full_postfix, smtp_sink
from tests.servers.smtp import smtp_server
from tests.servers.smtp_faults import (
    answer_late,
    ehlo_refused,
    greeting_421,
    hang_at,
    limit_messages,
    merged_replies,
    no_banner,
    no_extensions,
    nonsense_at,
    odd_reply,
    one_byte_at_a_time,
    split_replies,
    tarpit,
    without,
)
from tests.servers.smtp_house import Fault

Runs = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Runs:
    """Run a coroutine on each kind of loop."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else None

    def run_it(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(coroutine)

    return run_it


COUNT = 30
ALL_ACCEPTED = dict.fromkeys(range(1, COUNT + 1), Outcome.ACCEPTED)
ONE_EACH = Counter({f"r{number}@example.org": 1 for number in range(1, COUNT + 1)})


def fault(make: Callable[..., Fault], *args: Any, **named: Any) -> Any:
    """A fault made anew for each test: some count."""
    return pytest.param(lambda: make(*args, **named), id=make.__name__)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(None, id="nothing"), fault(without, "PIPELINING"), fault(no_extensions), fault(ehlo_refused),
        fault(one_byte_at_a_time, 0.0), fault(split_replies, 3, 0.0), fault(merged_replies), fault(tarpit, 0.001),
        fault(answer_late, 0.01), *(fault(odd_reply, kind) for kind in ("bad-utf8", "nul", "many-lines", "bare-lf")),
    ],
)  # fmt: skip
def test_each_message_arrives_once_and_whole(run: Runs, make: Callable[[], Fault] | None) -> None:
    desk = desk_of(jobs(COUNT))
    with smtp_server(*([make()] if make else [])) as server:
        closed = run(send(at(server.port), desk))
    assert desk.outcomes == ALL_ACCEPTED
    assert server.copies() == ONE_EACH
    assert {(m.recipients, m.data) for m in server.received} == {
        ((letter(n).recipient,), b"".join(letter(n).segments)) for n in range(1, COUNT + 1)
    }
    assert server.complaints == ()
    assert (closed.end, closed.out_of_step, closed.messages) == (End.FINISHED, False, COUNT)


def test_two_messages_are_under_way_at_once_with_pipelining_and_one_without(run: Runs) -> None:
    class Counting(Desk):
        most = 0

        def done(self, result: Result) -> None:
            self.most = max(self.most, self.links[0].holds + 1)
            super().done(result)

    async def most(port: int, pipelining: bool) -> tuple[int, int]:
        desk = Counting(deque(jobs(10)))
        await send(at(port, pipelining=pipelining), desk)
        return desk.most, desk.links[0].depth

    with smtp_server() as server:
        assert run(most(server.port, True)) == (2, 2)
        assert run(most(server.port, False)) == (1, 1)


def test_a_large_message_goes_over_a_slow_line(run: Runs) -> None:
    desk = desk_of(jobs(4, size=3_000_000))
    with smtp_server() as server:
        run(send(at(server.port), desk))
    assert set(desk.outcomes.values()) == {Outcome.ACCEPTED}
    assert [len(m.data) for m in server.received] == [letter(n, 3_000_000).size for n in range(1, 5)]


def test_dots_are_stuffed_where_they_may_stand(run: Runs) -> None:
    text = Text("r1@example.org", (b".first\r\n", b"..second\r\n.", b"\r\nlast without an end"))
    with smtp_server() as server:
        run(send(at(server.port), desk_of([Job(1, text, dots=True)])))
    [message] = server.received
    assert message.data == b".first\r\n..second\r\n.\r\nlast without an end\r\n"


def test_a_connection_ends_itself_after_its_share_of_messages(run: Runs) -> None:
    desk = desk_of(jobs(10))
    with smtp_server() as server:
        closed = run(send(at(server.port, messages_per_connection=3), desk))
        assert server.heard[-1] == (1, "QUIT")
    assert (closed.end, closed.messages, len(desk.results), len(desk.jobs)) == (End.FINISHED, 3, 3, 7)


@pytest.mark.parametrize("how", ["close", "421"])
def test_a_server_that_ends_after_so_many_messages_has_taken_them(run: Runs, how: str) -> None:
    desk = desk_of(jobs(COUNT))
    with smtp_server(limit_messages(20, how)) as server:
        closed = run(send(at(server.port), desk))
    taken = [number for number, outcome in desk.outcomes.items() if outcome is Outcome.ACCEPTED]
    assert taken == list(range(1, 21))
    assert {outcome for number, outcome in desk.outcomes.items() if number > 20} <= {Outcome.NOT_SENT, Outcome.RETRY}
    assert closed.end is (End.CLOSING if how == "421" else End.LOST)
    assert not closed.out_of_step


def test_jobs_that_come_later_are_taken_after_a_wake(run: Runs) -> None:
    async def come_later(port: int) -> Desk:
        desk = desk_of([])
        desk.finishing = False
        link = await connect(at(port))
        link.start(desk)
        for job in jobs(3):
            desk.jobs.append(job)
            link.wake()
            await until(lambda job=job: job.id in {result.id for result in desk.results}, "the answer")  # type: ignore[misc]
        link.finish()
        await link.closed()
        return desk

    with smtp_server() as server:
        assert run(come_later(server.port)).outcomes == dict.fromkeys((1, 2, 3), Outcome.ACCEPTED)


def test_a_handful_of_jobs_is_carried_and_told_in_their_order(run: Runs) -> None:
    async def test(port: int) -> tuple[Result, ...]:
        return await carry(await connect(at(port)), jobs(3))

    with smtp_server(limit_messages(2)) as server:
        found = run(test(server.port))
    assert [(one.id, one.outcome) for one in found] == [
        (1, Outcome.ACCEPTED), (2, Outcome.ACCEPTED), (3, Outcome.NOT_SENT),
    ]  # fmt: skip


def test_no_jobs_are_carried_too(run: Runs) -> None:
    async def test(port: int) -> tuple[Result, ...]:
        return await carry(await connect(at(port)), ())

    with smtp_server() as server:
        assert run(test(server.port)) == ()


def test_a_server_can_be_asked_whether_it_is_there(run: Runs) -> None:
    async def ask(port: int) -> tuple[int, Closed]:
        link = await connect(at(port))
        reply = await link.probe()
        link.finish()
        return reply.code, await link.closed()

    with smtp_server() as server:
        code, closed = run(ask(server.port))
        assert [line for _, line in server.heard] == ["EHLO client.test", "NOOP", "QUIT"]
    assert (code, closed.end) == (250, End.FINISHED)


# --- no connection ----------------------------------------------------------------------------------------------


def test_a_port_where_nobody_listens_is_tried_again_later(run: Runs) -> None:
    problem = run(problem_of(at(free_port())))
    assert (problem.code, problem.temporary) == ("SMTP-CONNECT", True)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "x" * 70 + ".example.org"])
def test_a_host_that_does_not_exist_is_named(run: Runs, host: str) -> None:
    problem = run(problem_of(at(25, host=host)))
    assert problem.code == "SMTP-CONNECT"
    assert host in problem.reason


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (greeting_421, "does not want to talk"),
        (lambda: nonsense_at("connect"), "does not speak SMTP"),
        (lambda: nonsense_at("ehlo"), "does not speak SMTP"),
    ],
)
def test_a_server_that_is_none_is_tried_again_later(run: Runs, make: Callable[[], Fault], reason: str) -> None:
    with smtp_server(make()) as server:
        problem = run(problem_of(at(server.port)))
    assert (problem.code, problem.temporary) == ("SMTP-CONNECT", True)
    assert reason in problem.reason


@pytest.mark.parametrize("make", [no_banner, lambda: hang_at("ehlo")])
def test_a_server_that_says_nothing_is_not_waited_for(run: Runs, make: Callable[[], Fault]) -> None:
    with smtp_server(make()) as server:
        problem = run(problem_of(at(server.port, timeout=timedelta(seconds=0.3))))
        server.release()
    assert (problem.code, problem.reason) == ("SMTP-CONNECT", "The server did not answer in time.")


def test_an_opening_that_is_cancelled_leaves_no_connection(run: Runs) -> None:
    async def cancel(port: int) -> None:
        opening = asyncio.create_task(connect(at(port)))
        await until(lambda: server.hanging == 1, "the connection")
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        server.release()
        await until(lambda: server.open == 0, "its end")

    with smtp_server(no_banner()) as server:
        run(cancel(server.port))


def test_the_source_address_is_used(run: Runs) -> None:
    async def peer(source: str) -> str:
        came: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            came.set_result(writer.get_extra_info("peername")[0])
            writer.write(b"554 go away\r\n")
            writer.close()

        listener = await asyncio.start_server(connected, "127.0.0.1", 0)
        async with listener:
            await problem_of(at(listener.sockets[0].getsockname()[1], source_address=source))
            return await came

    assert run(peer("127.0.0.9")) == "127.0.0.9"


def test_a_connection_problem_is_told_with_server_answer_and_way_out(run: Runs) -> None:
    with smtp_server(greeting_421()) as server:
        problem: ConnectProblem = run(problem_of(at(server.port)))
    error = problem.as_error(at(server.port), sent="Nothing was sent.")
    assert (error.code, error.exit) == ("SMTP-CONNECT", 7)
    assert error.facts == (("server", f"127.0.0.1:{server.port}"), ("answer", "421 4.3.2 closing"))


# --- real servers -----------------------------------------------------------------------------------------------


def test_smtp_sink_takes_each_message_once(run: Runs, sink: Sink) -> None:
    desk = desk_of(jobs(COUNT))
    run(send(at(sink.port), desk))
    assert desk.outcomes == ALL_ACCEPTED
    assert sink.copies() == ONE_EACH


@pytest.mark.parametrize("flag", ["-e", "-p"])
def test_smtp_sink_without_extensions_takes_each_message_once(run: Runs, flag: str) -> None:
    desk = desk_of(jobs(COUNT))
    with smtp_sink(flag) as sink:
        run(send(at(sink.port), desk))
        assert desk.outcomes == ALL_ACCEPTED
        assert sink.copies() == ONE_EACH


def test_postfix_takes_each_message_once(run: Runs, postfix: Postfix) -> None:
    tag = next(_tags)
    desk = desk_of(Job(n, Text(f"p{n}-{tag}@example.org", letter(n).segments)) for n in range(1, COUNT + 1))
    run(send(at(postfix.port), desk))
    assert desk.outcomes == ALL_ACCEPTED
    want = Counter({f"p{n}-{tag}@example.org": 1 for n in range(1, COUNT + 1)})

    def copies() -> Counter[str]:
        return Counter({who: n for who, n in postfix.copies().items() if who.split("@")[0].endswith(f"-{tag}")})

    wait_until(lambda: copies() == want, seconds=20, what="the delivery")


def test_postfix_takes_a_window_of_messages_each_once(postfix: Postfix) -> None:
    count, tag, learned = 300, next(_tags), Learned(window=8)
    desk = desk_of(Job(n, Text(f"p{n}-{tag}@example.org", letter(n, 5000).segments, token=f"t{n}"))
                   for n in range(1, count + 1))  # fmt: skip
    asyncio.run(send(at(postfix.port, depth=8), desk, learned=learned))
    assert desk.outcomes == dict.fromkeys(range(1, count + 1), Outcome.ACCEPTED)
    assert desk.links[0].depth == 8
    assert learned == Learned(window=8, carried=count)
    want = Counter({f"p{n}-{tag}@example.org": 1 for n in range(1, count + 1)})

    def copies() -> Counter[str]:
        return Counter({who: n for who, n in postfix.copies().items() if who.split("@")[0].endswith(f"-{tag}")})

    wait_until(lambda: copies() == want, seconds=60, what="the delivery")


def test_postfix_refuses_a_recipient_in_a_window_and_takes_the_others() -> None:
    desk = desk_of(Job(n, Text(f"r{n}@{'elsewhere.test' if n % 5 == 0 else 'example.org'}", letter(n).segments))
                   for n in range(1, 41))  # fmt: skip
    refusing = {"smtpd_recipient_restrictions": "check_recipient_access inline:{elsewhere.test=reject}"}
    with full_postfix(refusing) as postfix:
        closed = asyncio.run(send(at(postfix.port, depth=8), desk))
        want = Counter({f"r{n}@example.org": 1 for n in range(1, 41) if n % 5})
        wait_until(lambda: postfix.copies() == want, seconds=30, what="the delivery")
    assert desk.outcomes == {n: Outcome.ACCEPTED if n % 5 else Outcome.FAILED for n in range(1, 41)}
    assert (closed.end, closed.out_of_step) == (End.FINISHED, False)


_tags = iter(range(1, 1000))
