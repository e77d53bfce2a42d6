"""What becomes of each message when the server refuses, stalls, closes, or counts differently from us."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from newsletter_cli.delivery.connection import Closed, Connection, End, Result
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.verdict import Category, Effect
from tests.delivery.linking import Desk, Text, at, connect, desk_of, jobs, letter, send, until
from tests.servers import wait_until
from tests.servers.smtp import Server, smtp_server
from tests.servers.smtp_faults import (
    accept_354_after_refused_recipient,
    answer_late,
    answer_missing,
    answer_twice,
    answer_with,
    claim_pipelining_and_stall,
    close_after,
    close_after_data,
    close_at,
    close_in_data,
    defer,
    hang_at,
    nonsense_at,
    refuse_data,
    refuse_recipient,
    refuse_sender,
    say_421_at,
    stop_reading,
    take_data_after_refused_recipient,
    without,
)
from tests.servers.smtp_house import Fault

A, R, F, N, U = Outcome.ACCEPTED, Outcome.RETRY, Outcome.FAILED, Outcome.NOT_SENT, Outcome.UNCERTAIN
STAGES = ("rset", "mail", "rcpt", "data", "message")
SECOND = {"after": 1, "times": 1}  # the second time it could happen
both_ways = pytest.mark.parametrize("pipelining", [True, False], ids=["chained", "lock-step"])


def meet(server: Server, desk: Desk, **changes: Any) -> Closed:
    closed: Closed = asyncio.run(send(at(server.port, **changes), desk))
    return closed


def check_counts(server: Server, desk: Desk, closed: Closed) -> None:
    """Nobody is counted wrong, as the engine counts: where the step was lost, what is not stored is not believed."""
    copies = server.copies()
    assert set(copies.values()) <= {1}
    for result in desk.results:
        taken = copies[f"r{result.id}@example.org"] == 1
        doubted = closed.out_of_step and result.reply is not None
        outcome = (U if result.written else N) if doubted else result.outcome
        if outcome is A:
            assert taken, f"{result.id} is called accepted and was not taken"
        elif outcome is not U:
            assert not taken, f"{result.id} is called {outcome} and was taken"


# --- refusals: the connection goes on -----------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize(
    ("make", "outcome", "category", "effect"),
    [
        (lambda: refuse_recipient("r2@*"), F, Category.DEAD, Effect.NONE),
        (lambda: refuse_recipient("r2@*", 552, "enough"), R, Category.TRANSIENT, Effect.NONE),
        (lambda: refuse_recipient("r2@*", 550, "no"), F, Category.UNKNOWN, Effect.NONE),
        (lambda: defer(only="r2@*"), R, Category.TRANSIENT, Effect.NONE),
        (lambda: defer(450, "4.2.1 busy", only="r2@*"), R, Category.THROTTLE, Effect.SLOW),
        (lambda: answer_with("data", 451, "4.3.0 later", **SECOND), R, Category.TRANSIENT, Effect.NONE),
        (lambda: answer_with("data", 554, "no", **SECOND), F, Category.UNKNOWN, Effect.NONE),
        (lambda: refuse_data(554, "5.7.1 spam", **SECOND), F, Category.POLICY, Effect.PAUSE_LANE),
        (lambda: refuse_data(451, "4.3.0 later", **SECOND), R, Category.TRANSIENT, Effect.NONE),
        (lambda: refuse_sender(**SECOND), R, Category.AUTH, Effect.PAUSE_SENDER),
        (lambda: answer_with("mail", 530, "5.7.0 log in first", **SECOND), R, Category.LOGIN, Effect.PAUSE_LOGIN),
    ],
)  # fmt: skip
def test_a_refusal_is_of_its_message_alone(
    make: Callable[[], Fault], outcome: Outcome, category: Category, effect: Effect, pipelining: bool
) -> None:
    desk = desk_of(jobs(4))
    with smtp_server(make()) as server:
        closed = meet(server, desk, pipelining=pipelining)
    assert desk.outcomes == {1: A, 2: outcome, 3: A, 4: A}
    verdict = desk.result(2).verdict
    assert verdict is not None
    assert (verdict.category, verdict.effect, closed.end) == (category, effect, End.FINISHED)
    check_counts(server, desk, closed)


@both_ways
def test_a_503_behind_an_accepted_command_is_an_answer_only_in_lock_step(pipelining: bool) -> None:
    desk = desk_of(jobs(4))
    with smtp_server(refuse_recipient("r2@*", 503, "5.5.1 not now")) as server:
        closed = meet(server, desk, pipelining=pipelining)
    assert (closed.end, closed.out_of_step) == ((End.BROKEN, True) if pipelining else (End.FINISHED, False))
    assert desk.outcomes[2] is (N if pipelining else F)
    check_counts(server, desk, closed)


def test_a_354_for_a_refused_recipient_gets_a_lone_dot() -> None:
    desk = desk_of(jobs(3))
    with smtp_server(refuse_recipient("r2@*"), accept_354_after_refused_recipient()) as server:
        closed = meet(server, desk)
    assert desk.outcomes == {1: A, 2: F, 3: A}
    assert desk.result(2).reply is not None
    assert desk.result(2).reply.code == 550
    assert [message.data for message in server.received if not message.taken] == [b""]
    assert closed.end is End.FINISHED


def test_a_lone_dot_that_is_taken_ends_the_connection() -> None:
    desk = desk_of(jobs(3))
    with smtp_server(refuse_recipient("r2@*"), take_data_after_refused_recipient()) as server:
        closed = meet(server, desk)
    assert (closed.end, closed.out_of_step, closed.lock_step) == (End.BROKEN, True, True)
    assert desk.outcomes[2] is N


def test_a_message_that_cannot_go_through_this_server_is_refused_here() -> None:
    wide = Text("بريد@example.org", (b"Subject: x\r\n\r\n",), smtputf8=True)
    forged = Text("r3@example.org>\r\nDATA", (b"Subject: x\r\n\r\n",))
    desk = desk_of((Job(1, letter(1, 5000)), Job(2, wide), Job(3, forged), Job(4, letter(4, 100))))
    with smtp_server(without("SMTPUTF8"), size=1000) as server:
        closed = meet(server, desk)
    assert desk.outcomes == {1: F, 2: F, 3: F, 4: A}
    found = [(result.reply.enhanced, result.verdict.category) for result in desk.results if result.verdict]  # type: ignore[union-attr]
    assert found == [("5.3.4", Category.CONTENT), ("5.6.7", Category.EAI), ("5.1.3", Category.DEAD)]
    assert closed.end is End.FINISHED
    assert server.copies() == {"r4@example.org": 1}


def test_smtputf8_is_asked_for_only_when_it_is_needed() -> None:
    wide = Text("بريد@example.org", (b"Subject: x\r\n\r\n",), smtputf8=True)
    with smtp_server() as server:
        meet(server, desk_of((Job(1, wide), Job(2, letter(2, 100)))))
        mails = [line for _, line in server.heard if line.startswith("MAIL")]
    assert mails == [
        f"MAIL FROM:<news@example.org> SIZE={wide.size} BODY=8BITMIME SMTPUTF8",
        f"MAIL FROM:<news@example.org> SIZE={letter(2, 100).size}",
    ]
    assert server.copies()["بريد@example.org"] == 1


# --- the connection ends ------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_line_that_ends_instead_of_an_answer(stage: str, reset: bool, pipelining: bool) -> None:
    desk = desk_of(jobs(4))
    with smtp_server(close_at(stage, reset, **SECOND)) as server:
        closed = meet(server, desk, pipelining=pipelining)
    assert desk.outcomes[1] is A
    assert desk.outcomes[2] is (U if stage == "message" else N)
    assert set(desk.outcomes.values()) <= {A, N, U}
    assert (closed.end, closed.out_of_step) == (End.LOST, False)
    check_counts(server, desk, closed)


@both_ways
def test_a_message_that_is_taken_without_an_answer_is_uncertain(pipelining: bool) -> None:
    desk = desk_of(jobs(3))
    with smtp_server(close_after_data(**SECOND)) as server:
        closed = meet(server, desk, pipelining=pipelining)
    assert (desk.outcomes[1], desk.outcomes[2]) == (A, U)
    assert server.copies()["r2@example.org"] == 1
    assert server.copies()["r3@example.org"] == 0
    assert closed.end is End.LOST
    assert desk.result(2).written


@both_ways
@pytest.mark.parametrize("closing", [True, False], ids=["closing", "going on"])
@pytest.mark.parametrize("stage", STAGES)
def test_421_answers_the_oldest_question_and_nothing_more_begins(stage: str, closing: bool, pipelining: bool) -> None:
    desk = desk_of(jobs(4))
    with smtp_server(say_421_at(stage, closing, **SECOND)) as server:
        closed = meet(server, desk, pipelining=pipelining)
    assert desk.outcomes[1] is A
    assert desk.outcomes[2] is (N if stage == "rset" else R)
    assert desk.outcomes.get(3, N) is N
    assert (closed.end, closed.out_of_step) == (End.CLOSING, False)
    assert closed.reply is not None
    assert closed.reply.code == 421
    check_counts(server, desk, closed)


class Busy(Desk):
    """A desk in a process that stands still behind the first message, until the server has closed the line."""

    server: Server
    more: tuple[Job, ...] = ()  # for the moment after

    def take(self) -> Job | None:
        if self.asked[1] == 1:
            asyncio.get_running_loop().call_soon(self._stand_still)  # comes before anything is read
        return super().take()

    def _stand_still(self) -> None:
        wait_until(lambda: self.server.open == 0, seconds=10, what="the end at the server")
        self.jobs.extend(self.more)
        self.links[0].wake()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("more", [(), jobs(2)[1:]], ids=["nothing", "an envelope"])
def test_an_answer_that_arrives_with_the_end_of_the_line_is_heard(more: tuple[Job, ...], reset: bool) -> None:
    # With an envelope to write, the write finds the line broken before the answer is read.
    desk = Busy(deque(jobs(1)))
    desk.finishing = False
    desk.more = more
    with smtp_server(close_after("message", reset=reset)) as server:
        desk.server = server
        closed = meet(server, desk)
    assert desk.outcomes[1] is A
    assert [desk.outcomes[job.id] for job in more] == [N for _ in more]
    assert closed.end is End.LOST


def test_an_end_in_the_middle_of_the_data_leaves_it_uncertain_only_if_all_has_left() -> None:
    small, large = desk_of(jobs(1)), desk_of(jobs(1, size=40_000_000))
    for desk in (small, large):
        with smtp_server(close_in_data(100)) as server:
            meet(server, desk)
        assert server.received == ()
    assert small.result(1).outcome is U
    assert (large.result(1).outcome, large.result(1).alone, large.result(1).written) == (N, True, True)


# --- the server counts differently --------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("make", [answer_twice, answer_missing])
def test_an_answer_too_many_or_too_few_counts_nobody_wrong(
    make: Callable[..., Fault], stage: str, pipelining: bool
) -> None:
    desk = desk_of(jobs(4))
    with smtp_server(make(stage, **SECOND)) as server:
        closed = meet(server, desk, pipelining=pipelining, timeout=timedelta(seconds=0.5),
                      data_timeout=timedelta(seconds=0.5))  # fmt: skip
    assert desk.outcomes[1] in (A, U)
    check_counts(server, desk, closed)
    if pipelining:
        assert closed.lock_step or closed.end is End.FINISHED


@both_ways
@pytest.mark.parametrize("stage", STAGES)
def test_nonsense_is_no_answer(stage: str, pipelining: bool) -> None:
    desk = desk_of(jobs(3))
    with smtp_server(nonsense_at(stage, **SECOND)) as server:
        closed = meet(server, desk, pipelining=pipelining)
    assert (closed.end, closed.out_of_step) == (End.BROKEN, pipelining)
    assert desk.outcomes[2] is (U if stage == "message" else N)
    check_counts(server, desk, closed)


def test_a_server_that_stalls_on_pipelining_is_used_without() -> None:
    first, second = desk_of(jobs(2)), desk_of(jobs(2))
    with smtp_server(claim_pipelining_and_stall()) as server:
        closed = meet(server, first, timeout=timedelta(seconds=0.5))
        again = meet(server, second, pipelining=not closed.lock_step)
    assert (closed.end, closed.lock_step, closed.out_of_step) == (End.TIMEOUT, True, False)
    assert set(first.outcomes.values()) == {N}
    assert (again.end, second.outcomes) == (End.FINISHED, {1: A, 2: A})


# --- time ---------------------------------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_does_not_answer_is_not_waited_for(stage: str, pipelining: bool) -> None:
    desk = desk_of(jobs(3))
    with smtp_server(hang_at(stage, **SECOND)) as server:
        closed = meet(server, desk, pipelining=pipelining, timeout=timedelta(seconds=0.4),
                      data_timeout=timedelta(seconds=0.4))  # fmt: skip
        server.release()
    assert (closed.end, closed.reason) == (End.TIMEOUT, "The server did not answer in time.")
    assert desk.outcomes[1] is A
    assert desk.outcomes[2] is (U if stage == "message" else N)
    check_counts(server, desk, closed)


def test_the_answer_to_a_message_may_take_longer_than_a_command() -> None:
    desk = desk_of(jobs(2))
    with smtp_server(answer_late(0.6)) as server:
        closed = meet(server, desk, timeout=timedelta(seconds=0.3))
    assert (closed.end, desk.outcomes) == (End.FINISHED, {1: A, 2: A})


def test_a_write_that_stands_still_was_not_received_whole() -> None:
    desk = desk_of(jobs(1, size=40_000_000))
    with smtp_server(stop_reading()) as server:
        closed = meet(server, desk, write_timeout=timedelta(seconds=0.4))
        server.release()
        wait_until(lambda: server.open == 0, seconds=10, what="its end")
    result = desk.result(1)
    assert (result.outcome, result.alone, result.written) == (N, True, True)
    assert (closed.end, closed.reason) == (End.TIMEOUT, "The server stopped taking what was written.")
    assert server.received == ()


# --- permit, abort, faults of the engine ---------------------------------------------------------------------------


def test_a_message_given_back_after_its_354_ends_the_connection_without_a_dot() -> None:
    desk = desk_of(jobs(3), allowed=lambda number: number != 2)
    with smtp_server() as server:
        closed = meet(server, desk)
    assert desk.outcomes == {1: A, 2: N}
    assert desk.result(2).given_back
    assert closed.end is End.GIVEN_BACK
    assert [message.recipients for message in server.received] == [("r1@example.org",)]


def test_without_pipelining_it_is_given_back_before_data_and_the_connection_goes_on() -> None:
    desk = desk_of(jobs(3), allowed=lambda number: number != 2)
    with smtp_server() as server:
        closed = meet(server, desk, pipelining=False)
        commands = [line.split(" ")[0] for _, line in server.heard]
    assert desk.outcomes == {1: A, 2: N, 3: A}
    assert desk.result(2).given_back
    assert closed.end is End.FINISHED
    one = ["RSET", "MAIL", "RCPT", "DATA"]
    assert commands == ["EHLO", *one, "RSET", "MAIL", "RCPT", "RSET", *one, "QUIT"]


def test_without_pipelining_leave_is_asked_again_before_the_data() -> None:
    desk = desk_of(jobs(1))
    desk.allowed = lambda number: desk.asked[number] == 1
    with smtp_server() as server:
        closed = meet(server, desk, pipelining=False)
    assert (desk.outcomes, closed.end) == ({1: N}, End.GIVEN_BACK)
    assert server.received == ()


@pytest.mark.parametrize("stage", ["mail", "data", "message"])
def test_giving_up_while_the_server_hangs_leaves_every_job_with_a_result(stage: str) -> None:
    async def go(server: Server, desk: Desk) -> Closed:
        link = await connect(at(server.port))
        link.start(desk)
        await until(lambda: server.hanging == 1, "the hanging")
        link.abort()
        assert link.holds == 0
        return await link.closed()

    desk = desk_of(jobs(3))
    desk.finishing = False
    with smtp_server(hang_at(stage)) as server:
        closed = asyncio.run(go(server, desk))
        server.release()
    assert closed.end is End.ABORTED
    assert desk.outcomes[1] is (U if stage == "message" else N)
    assert desk.outcomes.get(2, N) is N


def test_what_is_left_of_a_message_never_leaves_once_it_is_given_up() -> None:
    async def go(server: Server, desk: Desk) -> None:
        link = await connect(at(server.port))
        link.start(desk)
        await until(lambda: server.hanging == 1 and desk.asked[1] == 1, "the standstill")
        link.abort()

    desk = desk_of(jobs(1, size=40_000_000))
    desk.finishing = False
    with smtp_server(stop_reading()) as server:
        asyncio.run(go(server, desk))
        server.release()
        wait_until(lambda: server.open == 0, seconds=10, what="its end")
    assert (desk.result(1).outcome, desk.result(1).alone) == (N, True)
    assert server.received == ()


class Slip(Exception):
    pass


@pytest.mark.parametrize("where", ["take", "permit", "done"])
def test_a_fault_of_the_engine_loses_no_job_and_is_told(where: str) -> None:
    class Slipping(Desk):
        def take(self) -> Job | None:
            if where == "take" and len(self.jobs) == 1:
                raise Slip
            return super().take()

        def permit(self, job_id: int) -> bool:
            if where == "permit" and job_id == 2:
                raise Slip
            return super().permit(job_id)

        def done(self, result: Result) -> None:
            self.results.append(result)
            if where == "done" and result.id == 1:
                raise Slip

    desk = Slipping(deque(jobs(3)))
    with smtp_server() as server, pytest.raises(Slip):
        meet(server, desk)
    taken = 3 - len(desk.jobs)
    assert sorted(desk.outcomes) == list(range(1, taken + 1))
    assert taken == 2


@pytest.mark.parametrize("where", ["take", "permit", "done"])
def test_giving_up_inside_a_call_of_the_desk_gives_each_job_one_result(where: str) -> None:
    class Ending(Desk):
        link: Connection

        def take(self) -> Job | None:
            if where == "take" and len(self.jobs) == 1:
                self.link.abort()
            return super().take()

        def permit(self, job_id: int) -> bool:
            if where == "permit" and job_id == 2:
                self.link.abort()
            return super().permit(job_id)

        def done(self, result: Result) -> None:
            self.results.append(result)
            if where == "done":
                self.link.abort()

    async def go(port: int) -> Closed:
        desk.link = await connect(at(port))
        desk.link.start(desk)
        return await desk.link.closed()

    desk = Ending(deque(jobs(3)))
    with smtp_server() as server:
        closed = asyncio.run(go(server.port))
    assert closed.end is End.ABORTED
    assert sorted(desk.outcomes) == list(range(1, 4 - len(desk.jobs)))
    check_counts(server, desk, closed)
