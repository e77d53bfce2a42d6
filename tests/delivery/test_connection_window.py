"""What becomes of each message when eight are in flight: copies at the server counted against results."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from newsletter_cli.delivery.connection import Closed, End, Learned
from newsletter_cli.delivery.results import Result
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from tests.delivery.linking import Desk, at, connect, desk_of, jobs, letter, send, until
from tests.servers import wait_until
from tests.servers.smtp import Server, smtp_server
from tests.servers.smtp_faults import (
    answer_late,
    answer_missing,
    answer_twice,
    answer_with,
    chunking_refused,
    chunks_refused,
    claim_pipelining_and_stall,
    close_after,
    close_after_data,
    close_at,
    close_in_data,
    defer,
    hang_at,
    limit_messages,
    merged_replies,
    nonsense_at,
    odd_reply,
    one_byte_at_a_time,
    refuse_data,
    refuse_recipient,
    refuse_sender,
    say_421_at,
    split_replies,
    stop_reading,
    take_data_after_refused_recipient,
    tarpit,
)
from tests.servers.smtp_house import Fault

A, R, F, N, U = Outcome.ACCEPTED, Outcome.RETRY, Outcome.FAILED, Outcome.NOT_SENT, Outcome.UNCERTAIN
DEPTH = 8
WARM = 3  # messages after which the window is open to eight: 1, 2, 4, 8
BURST = range(WARM + 1, WARM + 1 + DEPTH)
STAGES = ("rset", "mail", "rcpt", "message")
THIRD = {"after": WARM + 2, "times": 1}  # of the eight


@dataclass
class Burst(Desk):
    """Gives three jobs, and when all of them have results eight at once."""

    burst: deque[Job] = field(default_factory=deque)
    most: int = 0
    behind: Callable[[], None] = lambda: None  # called when the eight are under way, before anything is heard of them

    def take(self) -> Job | None:
        job = super().take()
        if job is not None:
            self.most = max(self.most, self.links[0].holds + 1)
        return job

    def done(self, result: Result) -> None:
        if len(self.results) == WARM - 1 and self.burst:
            self.jobs, self.burst = self.burst, deque()
            asyncio.get_running_loop().call_soon(self.behind)
        super().done(result)


def burst_of(given: Iterable[Job] | None = None) -> Burst:
    every = list(given or jobs(WARM + DEPTH))
    return Burst(deque(every[:WARM]), burst=deque(every[WARM:]))


def meet(server: Server, desk: Desk, learned: Learned | None = None, **changes: Any) -> Closed:
    closed: Closed = asyncio.run(send(at(server.port, depth=DEPTH, **changes), desk, learned=learned))
    return closed


def meet_eight(
    server: Server, desk: Burst, learned: Learned | None = None, *, till_the_end: bool = False, **changes: Any
) -> Closed:
    """The server answers the first of the eight only when all of them have left.

    till_the_end: our process stands still from there on until the server has ended the connection.
    """
    server.faults = (hang_at("rset", after=WARM, times=1), *server.faults)

    def go_on() -> None:
        server.wait_for(hanging=1)
        server.release()
        if till_the_end:
            wait_until(lambda: server.open == 0, seconds=10, what="the end at the server")

    desk.behind = go_on
    return meet(server, desk, learned, **changes)


def meet_a_limit(server: Server, desk: Desk, learned: Learned, limit: int, under_way: int) -> Closed:
    """The server answers its last message, and ends the connection, once so many behind it have left.

    Else the reset that a message still leaving brings about may overtake that answer in the network.
    """
    server.faults = (hang_at("message", after=limit - 1, times=1), *server.faults)

    async def go() -> Closed:
        link = await connect(at(server.port, depth=DEPTH), learned=learned)
        desk.links.append(link)
        link.start(desk)
        await until(lambda: server.hanging == 1 and link.holds == under_way, "the messages behind the last")
        server.release()
        return await link.closed()

    closed: Closed = asyncio.run(go())
    return closed


def check_counts(server: Server, desk: Desk, closed: Closed) -> None:
    """Accepted was taken once, what is called anything else but uncertain was not, nobody twice; each has one result.

    As the engine counts: where the step was lost, what is not stored is not believed.
    """
    copies = server.copies()
    assert set(copies.values()) <= {1}
    assert sorted(desk.outcomes) == sorted(result.id for result in desk.results)
    for result in desk.results:
        taken = copies[f"r{result.id}@example.org"] == 1
        doubted = closed.out_of_step and result.reply is not None
        outcome = (U if result.written else N) if doubted else result.outcome
        if outcome is A:
            assert taken, f"{result.id} is called accepted and was not taken"
        elif outcome is not U:
            assert not taken, f"{result.id} is called {outcome} and was taken"


def of_the_eight(desk: Desk) -> list[Outcome]:
    return [outcome for number, outcome in desk.outcomes.items() if number in BURST]


def fault(make: Callable[..., Fault], *args: Any, **named: Any) -> Any:
    """A fault made anew for each test: some count."""
    return pytest.param(lambda: make(*args, **named), id=" ".join([make.__name__, *map(str, args)]))


# --- all goes well ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(None, id="nothing"), fault(one_byte_at_a_time, 0.0), fault(split_replies, 3, 0.0),
        fault(merged_replies), fault(tarpit, 0.001), fault(answer_late, 0.01),
        *(fault(odd_reply, kind) for kind in ("bad-utf8", "nul", "many-lines", "bare-lf")),
    ],
)  # fmt: skip
def test_each_message_arrives_once_and_whole(make: Callable[[], Fault] | None) -> None:
    desk, learned = desk_of(jobs(30)), Learned(window=DEPTH)
    with smtp_server(*([make()] if make else []), chunking=True) as server:
        closed = meet(server, desk, learned)
        commands = {line.split(" ")[0] for _, line in server.heard}
    assert desk.outcomes == dict.fromkeys(range(1, 31), A)
    assert {(m.recipients, m.data) for m in server.received} == {
        ((letter(n).recipient,), b"".join(letter(n).segments)) for n in range(1, 31)
    }
    assert server.copies() == Counter({f"r{n}@example.org": 1 for n in range(1, 31)})
    assert (closed.end, closed.out_of_step, server.complaints) == (End.FINISHED, False, ())
    assert commands == {"EHLO", "RSET", "MAIL", "RCPT", "BDAT", "QUIT"}
    assert learned == Learned(window=DEPTH, carried=30)


def test_eight_are_under_way_at_once() -> None:
    desk = burst_of()
    with smtp_server(chunking=True) as server:
        meet(server, desk)
    assert (desk.most, desk.links[0].depth) == (DEPTH, DEPTH)


def test_large_messages_go_over_a_slow_line() -> None:
    desk = desk_of(jobs(6, size=3_000_000))
    with smtp_server(chunking=True) as server:
        meet(server, desk)
    assert set(desk.outcomes.values()) == {A}
    assert [len(m.data) for m in server.received] == [letter(n, 3_000_000).size for n in range(1, 7)]


def test_eight_that_take_nearly_all_of_their_time_each_are_waited_for() -> None:
    # Nine minutes of ten, made shorter: together they take four times what is waited for one.
    desk = burst_of()
    began = time.monotonic()
    with smtp_server(answer_late(0.4, after=WARM), chunking=True) as server:
        closed = meet_eight(server, desk, data_timeout=timedelta(seconds=0.8))
    assert time.monotonic() - began > 3.2
    assert (closed.end, of_the_eight(desk)) == (End.FINISHED, [A] * DEPTH)


# --- refusals: the connection goes on -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "outcome"),
    [
        (lambda: refuse_recipient("r6@*"), F),
        (lambda: refuse_recipient("r6@*", 552, "enough"), R),
        (lambda: defer(only="r6@*"), R),
        (lambda: refuse_sender(**THIRD), R),
        (lambda: refuse_data(554, "5.7.1 spam", **THIRD), F),
        (lambda: refuse_data(451, "4.3.0 later", **THIRD), R),
        (lambda: refuse_data(452, "4.3.1 no room", **THIRD), R),
        (lambda: refuse_data(552, "5.3.4 too big", **THIRD), F),
    ],
)
def test_a_refusal_is_of_its_message_alone(make: Callable[[], Fault], outcome: Outcome) -> None:
    desk = burst_of()
    with smtp_server(make(), chunking=True) as server:
        closed = meet_eight(server, desk)
    assert of_the_eight(desk) == [A, A, outcome, A, A, A, A, A]
    assert (closed.end, closed.out_of_step) == (End.FINISHED, False)
    check_counts(server, desk, closed)


def test_a_greylisted_reader_is_taken_the_second_time() -> None:
    first, second = burst_of(), desk_of(jobs(6)[5:])
    with smtp_server(defer(times=1, each=True, only="r6@*"), chunking=True) as server:
        meet(server, first)
        meet(server, second)
    assert (first.outcomes[6], second.outcomes[6]) == (R, A)
    assert server.copies()["r6@example.org"] == 1


def test_a_permit_that_is_refused_costs_nothing() -> None:
    desk = burst_of()
    desk.allowed = lambda number: number != 6
    with smtp_server(chunking=True) as server:
        closed = meet(server, desk)
        asked = [line for _, line in server.heard if "r6@" in line]
    assert of_the_eight(desk) == [A, A, N, A, A, A, A, A]
    assert desk.result(6).given_back
    assert not desk.result(6).written
    assert (closed.end, asked) == (End.FINISHED, [])


# --- the connection ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_line_that_ends_instead_of_an_answer_leaves_the_rest_of_the_window_in_doubt(stage: str, reset: bool) -> None:
    desk, learned = burst_of(), Learned(window=DEPTH)
    with smtp_server(close_at(stage, reset, **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk, learned)
    assert of_the_eight(desk) == [A, A, U, U, U, U, U, U]
    assert (closed.end, closed.out_of_step, learned.window) == (End.LOST, False, DEPTH // 2)
    # It has closed between two messages, as a server with a limit does, only if nothing of the third was answered.
    assert learned.messages == (WARM + 2 if stage == "rset" else 0)
    check_counts(server, desk, closed)


def test_a_message_that_is_taken_without_an_answer_is_uncertain() -> None:
    desk = burst_of()
    with smtp_server(close_after_data(**THIRD), chunking=True) as server:
        closed = meet_eight(server, desk)
    assert of_the_eight(desk) == [A, A, U, U, U, U, U, U]
    assert server.copies()["r6@example.org"] == 1
    check_counts(server, desk, closed)


@pytest.mark.parametrize("closing", [True, False], ids=["closing", "going on"])
@pytest.mark.parametrize("stage", STAGES)
def test_421_answers_the_oldest_question_and_the_rest_is_read_to_the_end(stage: str, closing: bool) -> None:
    desk, learned = burst_of(), Learned(window=DEPTH)
    with smtp_server(say_421_at(stage, closing, **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk, learned)
    third, rest = (N if stage == "rset" else R), [N] * 5
    if not closing:
        # It speaks of closing and goes on: what it answers then counts, and the third of a refused RSET is taken, too.
        third, rest = (A if stage == "rset" else R), [A] * 5
    assert of_the_eight(desk) == [A, A, third, *rest]
    assert (closed.end, closed.out_of_step) == (End.CLOSING, False)
    assert closed.reply is not None
    assert (closed.reply.code, learned.window) == (421, DEPTH)
    check_counts(server, desk, closed)


def test_a_server_that_closes_after_twenty_messages_gets_twenty() -> None:
    learned = Learned(window=DEPTH)
    first, second = desk_of(jobs(50)), desk_of(Job(job.id, job.letter) for job in jobs(80)[50:])
    with smtp_server(limit_messages(20), chunking=True) as server:
        closed = meet_a_limit(server, first, learned, 20, under_way=DEPTH)
        check_counts(server, first, closed)
        accepted = [number for number, outcome in first.outcomes.items() if outcome is A]
        doubted = [number for number, outcome in first.outcomes.items() if outcome is U]
        assert (accepted, closed.end) == (list(range(1, 21)), End.LOST)
        assert len(doubted) <= DEPTH
        assert learned.messages == 20
        again = meet(server, second, learned)
        check_counts(server, second, again)
    assert (again.end, again.messages) == (End.FINISHED, 20)
    assert set(second.outcomes.values()) == {A}


@pytest.mark.parametrize("how", ["close", "421"])
def test_a_server_with_a_limit_of_three_is_asked_for_three(how: str) -> None:
    learned = Learned(window=4)
    first, second = desk_of(jobs(12)), desk_of(jobs(24)[12:])
    with smtp_server(limit_messages(3, how), chunking=True) as server:
        check_counts(server, first, meet_a_limit(server, first, learned, 3, under_way=4))
        closed = meet(server, second, learned)
        check_counts(server, second, closed)
    assert list(first.outcomes.values()) == [A, A, A, *[U if how == "close" else N] * 3]
    assert second.outcomes == dict.fromkeys((13, 14, 15), A)
    assert (learned.messages, closed.end) == (3, End.FINISHED)


def test_answers_that_arrive_with_the_end_of_the_line_are_heard() -> None:
    # The process stands still behind the eighth write until the server, which has answered three, has reset the line.
    desk = burst_of()
    with smtp_server(close_after("message", reset=True, **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk, till_the_end=True)
    assert of_the_eight(desk) == [A, A, A, U, U, U, U, U]
    assert closed.end is End.LOST
    check_counts(server, desk, closed)


def test_a_message_half_in_our_hands_is_not_sent_and_those_before_it_are_uncertain() -> None:
    every = [*jobs(5), Job(6, letter(6, 40_000_000)), Job(7, letter(7))]
    desk = burst_of(every)
    with smtp_server(hang_at("message", after=WARM, times=1), chunking=True) as server:
        closed = meet(server, desk, write_timeout=timedelta(seconds=0.5))
        server.release()
        wait_until(lambda: server.open == 0, seconds=20, what="its end")  # it has read on
    assert desk.outcomes == {1: A, 2: A, 3: A, 4: U, 5: U, 6: N}
    assert (desk.result(6).alone, desk.result(6).written) == (True, True)
    assert (closed.end, closed.reason) == (End.TIMEOUT, "The server stopped taking what was written.")
    check_counts(server, desk, closed)


def test_a_window_of_the_line_that_closes_lets_nothing_leave_later() -> None:
    every = [*jobs(3), *(Job(number, letter(number, 40_000_000)) for number in (4, 5))]
    desk = burst_of(every)
    with smtp_server(stop_reading(1_000_000), chunking=True) as server:
        closed = meet(server, desk, write_timeout=timedelta(seconds=0.5))
        server.release()
        wait_until(lambda: server.open == 0, seconds=20, what="its end")
    assert desk.outcomes == {1: A, 2: A, 3: A, 4: N}
    check_counts(server, desk, closed)


def test_a_line_that_ends_in_the_middle_of_the_data_leaves_what_has_left_in_doubt() -> None:
    desk = burst_of([*jobs(5), Job(6, letter(6, 3_000)), *jobs(11)[6:]])
    with smtp_server(close_in_data(2_000), chunking=True) as server:
        closed = meet_eight(server, desk)
    assert of_the_eight(desk) == [A, A, U, U, U, U, U, U]
    assert server.copies()["r6@example.org"] == 0
    check_counts(server, desk, closed)


# --- the server counts differently --------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("make", [answer_twice, answer_missing])
def test_an_answer_too_many_or_too_few_counts_nobody_wrong(make: Callable[..., Fault], stage: str) -> None:
    desk = burst_of()
    with smtp_server(make(stage, **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk, timeout=timedelta(seconds=0.5), data_timeout=timedelta(seconds=0.5))
    assert len(of_the_eight(desk)) == DEPTH
    assert set(desk.outcomes.values()) <= {A, U}
    check_counts(server, desk, closed)


@pytest.mark.parametrize("make", [answer_twice, answer_missing])
def test_an_answer_too_many_or_too_few_and_a_refusal_behind_it_are_found_out(make: Callable[..., Fault]) -> None:
    desk = burst_of()
    with smtp_server(make("rcpt", **THIRD), refuse_recipient("r8@*"), chunking=True) as server:
        closed = meet_eight(server, desk)
    assert (closed.end, closed.out_of_step, closed.lock_step) == (End.BROKEN, True, True)
    check_counts(server, desk, closed)


def test_data_taken_after_its_recipient_was_refused_is_out_of_step() -> None:
    desk, learned = burst_of(), Learned(window=DEPTH)
    with smtp_server(refuse_recipient("r6@*"), take_data_after_refused_recipient(), chunking=True) as server:
        closed = meet_eight(server, desk, learned)
    assert (closed.end, closed.out_of_step, learned.lock_step) == (End.BROKEN, True, True)
    assert desk.outcomes[6] is U
    check_counts(server, desk, closed)


@pytest.mark.parametrize("stage", STAGES)
def test_nonsense_is_no_answer(stage: str) -> None:
    desk = burst_of()
    with smtp_server(nonsense_at(stage, **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk)
    assert (closed.end, closed.out_of_step) == (End.BROKEN, True)
    assert of_the_eight(desk)[2:] == [U] * 6
    check_counts(server, desk, closed)


def test_an_answer_longer_than_64_kib_is_no_answer() -> None:
    desk = burst_of()
    with smtp_server(odd_reply("long", **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk)
    assert (closed.end, closed.out_of_step) == (End.BROKEN, True)
    check_counts(server, desk, closed)


@pytest.mark.parametrize("code", [500, 502, 503, 504, 555])
@pytest.mark.parametrize("make", [chunking_refused, chunks_refused])
def test_chunking_that_is_offered_and_refused_is_not_used_again(make: Callable[[int], Fault], code: int) -> None:
    learned = Learned(window=DEPTH)
    first, second = desk_of(jobs(5)), desk_of(jobs(9)[5:])
    with smtp_server(make(code), chunking=True) as server:
        closed = meet(server, first, learned)
        server.faults = tuple(one for one in server.faults if one.unknown)  # the other one refuses by dot, too
        again = meet(server, second, learned)
        assert first.outcomes == {1: N}
        assert (first.result(1).alone, first.result(1).written) == (False, True)
        check_counts(server, first, closed)
        check_counts(server, second, again)
    assert (closed.end, closed.out_of_step, closed.lock_step) == (End.BROKEN, False, False)
    assert (learned.chunking, learned.lock_step) == (False, False)
    assert second.outcomes == dict.fromkeys(range(6, 10), A)
    assert second.links[0].depth == 2


def test_pipelining_that_is_offered_and_broken_counts_nobody_wrong() -> None:
    learned = Learned(window=DEPTH)
    with smtp_server(claim_pipelining_and_stall(), chunking=True) as server:
        for number in range(4):
            desk = desk_of(jobs(number + 1)[number:])
            closed = meet(server, desk, learned, timeout=timedelta(seconds=0.5), data_timeout=timedelta(seconds=0.5))
            check_counts(server, desk, closed)
            assert len(desk.results) == 1
    assert desk.outcomes == {4: A}
    assert learned.lock_step


def test_a_window_that_is_open_ends_when_another_connection_has_lost_step() -> None:
    learned = Learned(window=DEPTH)
    desk = burst_of()
    with smtp_server(chunking=True) as server:
        desk.behind = lambda: setattr(learned, "lock_step", True)
        closed = meet(server, desk, learned)
        check_counts(server, desk, closed)
    assert closed.end is End.FINISHED
    assert set(desk.outcomes.values()) == {A}


# --- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_does_not_answer_is_not_waited_for(stage: str) -> None:
    desk, learned = burst_of(), Learned(window=DEPTH)
    with smtp_server(hang_at(stage, **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk, learned, timeout=timedelta(seconds=0.4), data_timeout=timedelta(seconds=0.4))
        server.release()
        wait_until(lambda: server.open == 0, seconds=10, what="its end")
    assert (closed.end, closed.reason) == (End.TIMEOUT, "The server did not answer in time.")
    assert of_the_eight(desk) == [A, A, U, U, U, U, U, U]
    assert (learned.window, learned.lock_step) == (DEPTH // 2, stage != "message")
    check_counts(server, desk, closed)


def test_an_answer_after_its_time_leaves_its_message_uncertain() -> None:
    desk = burst_of()
    with smtp_server(answer_late(1.0, **THIRD), chunking=True) as server:
        closed = meet_eight(server, desk, data_timeout=timedelta(seconds=0.4))
        wait_until(lambda: server.open == 0, seconds=10, what="its end")
    assert of_the_eight(desk) == [A, A, U, U, U, U, U, U]
    assert server.copies()["r6@example.org"] == 1
    check_counts(server, desk, closed)


def test_a_mail_command_refused_for_good_by_the_server_does_not_stop_the_others() -> None:
    desk = burst_of()
    with smtp_server(answer_with("mail", 555, "5.5.4 not understood", **THIRD), chunking=True) as server:
        closed = meet(server, desk)
    assert [number for number, outcome in desk.outcomes.items() if outcome is not A] == [6]
    check_counts(server, desk, closed)
