"""What becomes of a message when the line ends, or when the server speaks out of turn."""

import pytest

from newsletter_cli.delivery.smtp.events import Answered, Broken, Closing, NotSent, Uncertain
from newsletter_cli.delivery.smtp.outcome import Outcome
from newsletter_cli.delivery.smtp.reply import PeerError
from newsletter_cli.delivery.smtp.verdict import Asked
from tests.delivery.smtp.talking import PLAIN, chained, data, envelope, job, outcomes, ready, said


def test_the_envelope_of_the_next_message_goes_out_behind_the_data() -> None:
    talk = ready()
    assert talk.begin(job(1)) == []
    assert said(talk) == envelope(1)
    talk.receive(b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n")
    talk.allow()
    talk.begin(job(2))
    writing = talk.unsent()
    assert writing is not None
    assert b"".join(writing.parts) == data(1) + envelope(2)
    assert (writing.ends, writing.behind) == (1, len(envelope(2)))
    assert not talk.room


def test_nothing_is_said_between_data_and_its_answer() -> None:
    talk = ready()
    talk.begin(job(1))
    assert not talk.room
    with pytest.raises(RuntimeError):
        talk.begin(job(2))


def test_a_250_counts_when_the_line_ends_before_the_answer_to_the_next_reset() -> None:
    # A server that closes without a word after so many messages has taken the last of them.
    talk = ready()
    chained(talk)
    assert talk.receive(b"250 2.0.0 taken\r\n") == []
    assert outcomes(talk.receive(b"")) == {1: Outcome.ACCEPTED, 2: Outcome.NOT_SENT}


def test_a_refusal_counts_when_the_line_ends_before_the_answer_to_data() -> None:
    talk = ready()
    talk.begin(job(1))
    said(talk)
    assert talk.receive(b"250 a\r\n250 b\r\n550 5.1.1 nobody\r\n") == []
    [event] = talk.lost()
    assert isinstance(event, Answered)
    assert (event.asked, event.outcome, event.written) == (Asked.RCPT, Outcome.FAILED, False)


def test_a_message_that_is_refused_before_its_end_is_not_finished() -> None:
    # Its rest would reach a server that has said no already, and might take it after all.
    talk = ready()
    talk.begin(job(1))
    said(talk)
    talk.receive(b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n")
    talk.allow()
    talk.unsent()  # handed over, and its end has not left
    closing, answered = talk.receive(b"552 5.3.4 too big\r\n")
    assert isinstance(closing, Closing)
    assert isinstance(answered, Answered)
    assert answered.outcome is Outcome.FAILED
    assert talk.closing
    assert not talk.room


def test_a_message_that_is_accepted_before_its_end_is_in_doubt() -> None:
    talk = ready()
    talk.begin(job(1))
    said(talk)
    talk.receive(b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n")
    talk.allow()
    talk.unsent()
    assert talk.receive(b"250 taken\r\n") == [
        Uncertain(1),
        Broken("a message was accepted before its end was written", True),
    ]


def test_a_broken_server_is_believed_nothing() -> None:
    talk = ready()
    chained(talk)
    events = talk.receive(b"250 taken\r\nHTTP/1.1 400 Bad Request\r\n")
    assert events[:2] == [Uncertain(1), NotSent(2)]
    assert isinstance(events[2], Broken)
    assert events[2].out_of_step


def test_without_pipelining_a_broken_server_loses_no_step() -> None:
    talk = ready(PLAIN)
    talk.begin(job(1))
    said(talk)
    events = talk.receive(b"nonsense\r\n")
    assert (events[0], events[1].out_of_step) == (NotSent(1), False)


def test_what_is_over_stays_over() -> None:
    talk = ready()
    talk.receive(b"250 nobody asked\r\n")
    for call in (lambda: talk.receive(b"250 ok\r\n"), lambda: talk.begin(job(1)), talk.quit, talk.probe):
        with pytest.raises(PeerError, match="an answer to no question: 250 nobody asked"):
            call()
    assert talk.unsent() is None
    assert talk.lost() == []


def test_421_out_of_the_blue_ends_an_idle_connection() -> None:
    talk = ready()
    [event] = talk.receive(b"421 4.4.2 idle too long\r\n")
    assert isinstance(event, Closing)
    assert (talk.closing, talk.room, talk.waiting, talk.patience()) == (True, False, False, 5.0)
    assert talk.receive(b"221 bye then\r\n") == []


def test_a_server_that_refuses_reset_without_pipelining_is_used_while_no_envelope_is_open() -> None:
    talk = ready(PLAIN)
    talk.begin(job(1))
    assert said(talk) == b"RSET\r\n"
    assert talk.receive(b"502 what?\r\n") == []
    assert said(talk) == b"MAIL FROM:<news@example.org>\r\n"
    talk.receive(b"250 a\r\n")
    said(talk)
    assert outcomes(talk.receive(b"550 5.1.1 nobody\r\n")) == {1: Outcome.FAILED}
    talk.begin(job(2))
    said(talk)
    events = talk.receive(b"502 what?\r\n")
    assert events[0] == NotSent(2)
    assert isinstance(events[1], Broken)


def test_each_question_has_its_patience() -> None:
    talk = ready()
    assert talk.patience() is None
    chained(talk)
    assert talk.patience() == 600.0
    talk.receive(b"250 taken\r\n")
    assert talk.patience() == 30.0


def test_probe_and_quit_want_an_idle_line() -> None:
    talk = ready()
    talk.probe()
    with pytest.raises(RuntimeError):
        talk.quit()
    assert said(talk) == b"NOOP\r\n"
    talk.receive(b"250 still here\r\n")
    talk.quit()
    assert said(talk) == b"QUIT\r\n"
    assert talk.patience() == 5.0
    talk.receive(b"221 bye\r\n")
    assert talk.over
