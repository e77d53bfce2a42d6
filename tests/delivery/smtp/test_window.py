"""Whole transactions in flight: how the window grows, and what becomes of each message in it."""

from dataclasses import replace

import pytest

from newsletter_cli.delivery.smtp.events import Answered, Broken, Closing, GivenBack, NotSent, Uncertain
from newsletter_cli.delivery.smtp.learned import Learned
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.verdict import Asked
from tests.delivery.smtp.talking import (
    CHUNKING,
    PIPELINING,
    TAKEN,
    TERMS,
    Text,
    chunk,
    job,
    outcomes,
    ready,
    said,
    windowed,
)  # fmt: skip

A, R, F, N, U = Outcome.ACCEPTED, Outcome.RETRY, Outcome.FAILED, Outcome.NOT_SENT, Outcome.UNCERTAIN


def grown(learned: Learned | None = None):
    """A machine whose window is open to eight, with the messages 1 to 3 behind it."""
    talk = ready(CHUNKING, learned=learned)
    for number in (1, 2, 3):
        windowed(talk, number)
        assert outcomes(talk.receive(TAKEN)) == {number: A}
    assert talk.depth == 8
    return talk


def test_a_transaction_is_one_write_that_ends_one_message() -> None:
    talk = ready(CHUNKING)
    assert talk.begin(job(1)) == []
    assert talk.unsent() is None
    assert talk.wants == 1
    talk.allow()
    writing = talk.unsent()
    assert writing is not None
    assert b"".join(writing.parts) == chunk(1)
    assert (writing.ends, writing.behind) == (1, 0)
    assert not talk.room


def test_the_window_starts_at_one_and_doubles_with_each_accepted_message() -> None:
    talk = ready(CHUNKING)
    depths = [talk.depth]
    for number in range(1, 6):
        windowed(talk, number)
        talk.receive(TAKEN)
        depths.append(talk.depth)
    assert depths == [1, 2, 4, 8, 8, 8]


def test_a_refused_message_does_not_open_the_window() -> None:
    talk = ready(CHUNKING)
    windowed(talk, 1)
    assert outcomes(talk.receive(b"250 a\r\n250 b\r\n550 5.1.1 nobody\r\n503 no recipient\r\n")) == {1: F}
    assert talk.depth == 1


def test_eight_are_in_flight_at_once_and_not_nine() -> None:
    talk = grown()
    numbers = range(4, 12)
    assert windowed(talk, *numbers) == b"".join(map(chunk, numbers))
    assert not talk.room
    with pytest.raises(RuntimeError):
        talk.begin(job(12))


@pytest.mark.parametrize(
    ("offer", "changes", "learned"),
    [
        (PIPELINING, {}, Learned(window=8)),
        (CHUNKING, {"chunking": False}, Learned(window=8)),
        (CHUNKING, {}, Learned(window=8, chunking=False)),
        (CHUNKING, {}, Learned(window=1)),
    ],
)
def test_without_a_window_there_is_a_chain(offer: bytes, changes: dict, learned: Learned) -> None:
    talk = ready(offer, replace(TERMS, **changes), learned)
    assert (talk.windowed, talk.pipelined, talk.depth) == (False, True, 2)


def test_once_a_server_has_lost_step_nothing_is_sent_ahead() -> None:
    talk = ready(CHUNKING, learned=Learned(window=8, lock_step=True))
    assert (talk.windowed, talk.pipelined, talk.depth) == (False, False, 1)


def test_dots_are_not_stuffed_and_the_last_line_is_ended() -> None:
    talk = ready(CHUNKING)
    talk.begin(Job(1, Text("a@example.org", segments=(b".a\r\n", b"..b")), dots=True))
    talk.allow()
    assert said(talk).endswith(b"BDAT 9 LAST\r\n.a\r\n..b\r\n")


def test_what_may_not_leave_is_given_back_before_a_word_is_said() -> None:
    talk = ready(CHUNKING)
    talk.begin(job(1))
    assert talk.give_back() == [GivenBack(1)]
    assert talk.unsent() is None
    assert (talk.over, talk.room, talk.idle) == (False, True, True)


def test_a_250_counts_with_the_250_to_the_next_reset_if_that_is_out() -> None:
    talk = grown()
    windowed(talk, 4, 5)
    assert talk.receive(TAKEN) == []
    assert outcomes(talk.receive(b"250 reset\r\n")) == {4: A}
    assert outcomes(talk.receive(TAKEN.partition(b"\n")[2])) == {5: A}


def test_the_answer_to_a_recipient_is_the_answer_to_its_message() -> None:
    talk = grown()
    windowed(talk, 4, 5)
    events = talk.receive(b"250 a\r\n250 b\r\n550 5.1.1 nobody\r\n503 5.5.1 no recipient\r\n" + TAKEN)
    assert outcomes(events) == {4: F, 5: A}
    assert isinstance(events[0], Answered)
    assert (events[0].asked, events[0].reply.code) == (Asked.RCPT, 550)


@pytest.mark.parametrize("word", [b"250 b\r\n550 nobody\r\n250 taken\r\n", b"550 no\r\n503 b\r\n250 taken\r\n"])
def test_data_that_is_taken_for_a_refused_envelope_is_out_of_step(word: bytes) -> None:
    talk = grown()
    windowed(talk, 4, 5, 6)
    events = talk.receive(b"250 a\r\n" + word)
    assert outcomes(events) == {4: U, 5: U, 6: U}
    assert isinstance(events[-1], Broken)
    assert events[-1].out_of_step


@pytest.mark.parametrize(
    "word",
    [
        b"500 what\r\n",  # RSET refused
        b"250 a\r\n503 b\r\n",  # MAIL has no place
        b"250 a\r\n250 b\r\n250 c\r\n503 d\r\n",  # nor has BDAT, which was taken before
        b"250 a\r\n250 b\r\n354 c\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
    ],
)
def test_an_answer_out_of_place_leaves_all_that_has_left_in_doubt(word: bytes) -> None:
    talk = grown()
    windowed(talk, 4, 5)
    events = talk.receive(word)
    assert outcomes(events) == {4: U, 5: U}
    assert isinstance(events[-1], Broken)
    assert events[-1].out_of_step


@pytest.mark.parametrize("code", [500, 502, 503, 504, 555])
def test_a_server_that_offers_chunking_and_does_not_know_bdat_is_not_asked_again(code: int) -> None:
    learned = Learned(window=8)
    talk = ready(CHUNKING, learned=learned)
    windowed(talk, 1)
    # Then it reads the message as commands.
    events = talk.receive(b"250 a\r\n250 b\r\n250 c\r\n" + b"%d 5.5.1 what\r\n" % code * 5)
    assert isinstance(events[0], NotSent)
    assert (events[0].id, events[0].written, str(events[0].reply)) == (1, True, f"{code} 5.5.1 what")
    assert isinstance(events[1], Broken)
    assert not events[1].out_of_step
    assert (learned.chunking, learned.lock_step) == (False, False)
    assert not ready(CHUNKING, learned=learned).windowed


def test_a_refused_recipient_says_nothing_about_chunking() -> None:
    learned = Learned(window=8)
    talk = ready(CHUNKING, learned=learned)
    windowed(talk, 1)
    assert outcomes(talk.receive(b"250 a\r\n250 b\r\n450 4.2.0 later\r\n503 5.5.1 no recipient\r\n")) == {1: R}
    assert learned.chunking


def test_a_message_refused_behind_accepted_ones_says_nothing_about_chunking() -> None:
    talk = grown()
    windowed(talk, 4)
    assert outcomes(talk.receive(b"250 a\r\n250 b\r\n250 c\r\n500 5.6.0 line too long\r\n")) == {4: F}


@pytest.mark.parametrize(
    ("word", "third"),
    [
        (b"421 bye\r\n", N),
        (b"250 a\r\n421 bye\r\n", R),
        (b"250 a\r\n250 b\r\n421 bye\r\n", R),
        (b"250 a\r\n250 b\r\n250 c\r\n421 bye\r\n", R),
    ],
    ids=["rset", "mail", "rcpt", "bdat"],
)
def test_421_in_a_window_answers_the_oldest_and_what_has_no_answer_then_was_not_sent(
    word: bytes, third: Outcome
) -> None:
    talk = grown()
    windowed(talk, *range(4, 12))
    events = talk.receive(TAKEN * 2 + word)
    assert sum(isinstance(event, Closing) for event in events) == 1
    assert not talk.room
    assert outcomes(events + talk.lost()) == {4: A, 5: A, 6: third, **dict.fromkeys(range(7, 12), N)}


def test_behind_a_421_a_server_that_goes_on_is_heard() -> None:
    talk = grown()
    windowed(talk, 4, 5, 6)
    events = talk.receive(b"250 a\r\n421 slow down\r\n503 c\r\n503 d\r\n" + TAKEN)
    assert outcomes(events + talk.lost()) == {4: R, 5: A, 6: N}


def test_behind_a_421_data_that_is_taken_for_its_envelope_is_out_of_step() -> None:
    talk = grown()
    windowed(talk, 4, 5)
    assert outcomes(talk.receive(b"250 a\r\n250 b\r\n421 slow down\r\n250 taken\r\n")) == {4: U, 5: U}


def test_when_the_line_is_lost_all_that_has_left_without_an_answer_is_uncertain() -> None:
    talk = grown()
    windowed(talk, *range(4, 12))
    events = talk.receive(TAKEN + b"250 a\r\n250 b\r\n550 5.1.1 nobody\r\n") + talk.lost()
    assert outcomes(events) == {4: A, 5: F, **dict.fromkeys(range(6, 12), U)}


def test_the_last_of_a_window_that_is_half_written_was_not_sent() -> None:
    talk = grown()
    windowed(talk, 4)
    talk.begin(job(5))
    talk.allow()
    talk.unsent()  # … and its end is never said to have left
    assert talk.lost() == [Uncertain(4), NotSent(5, alone=True, written=True)]


def test_each_answer_of_a_window_starts_the_patience_for_the_next() -> None:
    talk = grown()
    windowed(talk, 4, 5)
    patience = []
    for answer in (TAKEN + TAKEN).splitlines(keepends=True):
        patience.append((talk.answers, talk.patience()))
        talk.receive(answer)
    command, message = TERMS.command_seconds, TERMS.data_seconds
    assert [seconds for _, seconds in patience] == [command, command, command, message] * 2
    assert [count - patience[0][0] for count, _ in patience] == list(range(8))


def test_a_window_that_is_halved_elsewhere_is_halved_here_with_the_next_message() -> None:
    learned = Learned(window=8)
    talk = grown(learned)
    learned.left_unanswered(8)
    windowed(talk, 4)
    talk.receive(TAKEN)
    assert (learned.window, talk.depth) == (4, 4)


# --- what a run remembers


def test_connections_that_end_together_halve_the_window_once() -> None:
    learned = Learned(window=8)
    for _ in range(4):
        learned.left_unanswered(8)
    assert learned.window == 4
    for widest in (4, 2, 1, 1):
        learned.left_unanswered(widest)
    assert learned.window == 1


def test_a_server_that_closes_after_so_many_messages_gets_so_many() -> None:
    learned = Learned(window=8)
    learned.closed_after(20)
    learned.has_carried(20)
    assert learned.messages == 20


def test_an_accident_is_no_limit() -> None:
    learned = Learned(window=8)
    learned.closed_after(0)
    learned.has_carried(50)
    learned.closed_after(3)
    assert learned.messages == 0


def test_a_limit_that_a_connection_has_passed_is_none() -> None:
    learned = Learned(window=8)
    learned.closed_after(3)
    learned.has_carried(3)
    assert learned.messages == 3
    learned.has_carried(50)
    assert learned.messages == 0
