"""The machine of one SMTP connection: bytes in, events out."""

from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis.strategies import binary, integers, lists, sampled_from

from newsletter_cli.delivery.smtp.auth import Credentials
from newsletter_cli.delivery.smtp.events import (
    Answered,
    Broken,
    Closing,
    GivenBack,
    NotSent,
    Ready,
    Uncertain,
    Unusable,
)
from newsletter_cli.delivery.smtp.letter import Job
from newsletter_cli.delivery.smtp.opening import Tls
from newsletter_cli.delivery.smtp.outcome import OUTCOMES, Heard, Outcome, Stage
from newsletter_cli.delivery.smtp.reply import PeerError
from newsletter_cli.delivery.smtp.steps import ASKED, SORTS, STEPS, Command, Sort

HELLO = b"220 mail.test ESMTP\r\n250-mail.test\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
PLAIN_HELLO = b"220 mail.test\r\n250-mail.test\r\n250 8BITMIME\r\n"
ENVELOPE = b"250 flushed\r\n250 sender ok\r\n250 recipient ok\r\n354 go\r\n"
REFUSED = b"250 flushed\r\n250 sender ok\r\n550-5.1.1 nobody\r\n550 5.1.1 of that name\r\n503 no recipient\r\n"
MESSAGE = b"Subject: x\r\n\r\ntext\r\n.\r\n"


def outcomes(events):
    """id → what became of it, once each."""
    named = {NotSent: Outcome.NOT_SENT, Uncertain: Outcome.UNCERTAIN, GivenBack: "given back"}
    found = [
        (event.id, event.outcome if isinstance(event, Answered) else named[type(event)])
        for event in events
        if isinstance(event, Answered | NotSent | Uncertain | GivenBack)
    ]
    assert len(dict(found)) == len(found), "a message has more than one result"
    return dict(found)


def envelope(recipient):
    return b"MAIL FROM:<news@example.org> SIZE=20\r\nRCPT TO:<%b>\r\nDATA\r\n" % recipient.encode()


# --- tables


def test_every_stage_and_answer_has_its_outcome():
    assert set(OUTCOMES) == set(product(Stage, Heard))


def test_every_command_and_sort_of_answer_has_its_step():
    assert set(STEPS) == set(product(Command, Sort))
    assert set(ASKED) == set(Command)
    assert set(SORTS) == set(range(200, 600))


def test_only_a_good_answer_to_an_ended_message_accepts_it():
    assert [pair for pair, outcome in OUTCOMES.items() if outcome is Outcome.ACCEPTED] == [(Stage.ENDED, Heard.OK)]
    assert [pair for pair, outcome in OUTCOMES.items() if outcome is Outcome.UNCERTAIN] == [(Stage.ENDED, Heard.LOST)]


# --- streams

STREAM = HELLO + ENVELOPE + b"250 2.0.0 queued as 1\r\n" + REFUSED + ENVELOPE + b"451 4.3.0 later\r\n"


def in_turns(make_talk, note, pieces):
    """Hear the stream in pieces; an answer is handed over only when its question is out, as on a real line."""
    talk = make_talk(note(), note("b@example.org"), note("c@example.org"))
    for piece in pieces:
        talk.hear(piece)
    return talk


@settings(max_examples=100)
@given(cuts=lists(integers(0, len(STREAM)), max_size=40))
@example(cuts=list(range(len(STREAM))))
def test_the_cuts_of_the_network_do_not_matter(make_talk, note, cuts):
    turns = STREAM.splitlines(keepends=True)
    expected = in_turns(make_talk, note, turns)
    assert outcomes(expected.events) == {1: Outcome.ACCEPTED, 2: Outcome.FAILED, 3: Outcome.RETRY}
    ends, place = [], 0
    for turn in turns:
        place += len(turn)
        ends.append(place)
    bounds = sorted({0, len(STREAM), *cuts, *ends})
    pieces = [STREAM[a:b] for a, b in pairwise(bounds)]
    heard = in_turns(make_talk, note, pieces)
    assert (heard.events, heard.said) == (expected.events, expected.said)


LIKELY = [
    b"250 ok\r\n",
    b"354 go\r\n",
    b"550 5.1.1 no\r\n",
    b"421 bye\r\n",
    b"503 no\r\n",
    b"451 later\r\n",
    b"220 hi\r\n",
]


@settings(max_examples=100)
@given(
    pieces=lists(sampled_from(LIKELY) | binary(max_size=30), max_size=30), start=sampled_from([b"", HELLO, PLAIN_HELLO])
)
@example(pieces=[b"250 \x00\xff\xe2\x80\xa8\r\n"], start=HELLO)
@example(pieces=[b"250-" + b"x" * 70_000], start=HELLO)
@example(pieces=[b"99\xb2 no\r\n"], start=b"")
def test_any_bytes_give_events_or_a_peer_error_and_each_message_one_result(make_talk, note, pieces, start):
    talk = make_talk(note(), note("b@example.org"), note("c@example.org"))
    begun = set()
    try:
        for line in start.splitlines(keepends=True):
            talk.hear(line)
        for piece in filter(None, pieces):
            talk.hear(piece)
            begun |= {flight.job.id for flight in talk.machine._work.flights}
        talk.events += talk.machine.lost()
    except PeerError:
        assert talk.machine.over
    found = outcomes(talk.events)
    assert begun <= set(found)
    assert list(found) == sorted(found)


def test_a_message_is_accepted_only_by_an_answer_of_its_own(make_talk, note):
    talk = make_talk(note(), note("b@example.org")).hear(HELLO).hear(ENVELOPE)
    talk.hear(b"250 queued\r\n")
    assert outcomes(talk.events) == {}  # the next RSET is out: its 250 shows that the counting is right
    talk.hear(b"250 flushed\r\n")
    assert outcomes(talk.events) == {1: Outcome.ACCEPTED}


DOUBT = {1: Outcome.UNCERTAIN, 2: Outcome.NOT_SENT}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((ENVELOPE, b"250 ok\r\n354 what\r\n"), DOUBT),  # one answer missing
        ((ENVELOPE, b"250 ok\r\n500 what\r\n"), DOUBT),  # RSET refused
        ((ENVELOPE, b"this is no answer\r\n"), DOUBT),
        ((ENVELOPE + b"250 too early\r\n",), {1: Outcome.NOT_SENT}),
        ((b"250 a\r\n250 b\r\n503 what\r\n",), {1: Outcome.NOT_SENT}),
        ((b"250 a\r\n550 b\r\n250 c\r\n",), {1: Outcome.NOT_SENT}),
    ],
)
def test_who_loses_step_is_not_believed(make_talk, note, answers, expected):
    talk = make_talk(note(), note("b@example.org")).hear(HELLO)
    for answer in answers:
        talk.hear(answer)
    assert outcomes(talk.events) == expected
    assert isinstance(talk.events[-1], Broken)
    assert talk.events[-1].out_of_step


def test_an_answer_too_many_is_found(make_talk, note):
    talk = make_talk(note()).hear(HELLO).hear(ENVELOPE).hear(b"250 queued\r\n250 queued\r\n")
    assert isinstance(talk.events[-1], Broken)


def test_a_354_for_a_refused_recipient_gets_a_lone_dot(make_talk, note):
    talk = make_talk(note(), note("b@example.org")).hear(HELLO)
    talk.take_said()
    talk.hear(b"250 a\r\n250 b\r\n550 5.1.1 nobody\r\n354 go\r\n")
    assert talk.take_said() == b".\r\nRSET\r\n" + envelope("b@example.org")
    talk.hear(b"554 no recipients\r\n")
    assert outcomes(talk.events) == {1: Outcome.FAILED}
    talk.hear(ENVELOPE)
    assert talk.take_said() == MESSAGE


def test_a_lone_dot_that_is_accepted_ends_the_conversation(make_talk, note):
    talk = make_talk(note()).hear(HELLO).hear(b"250 a\r\n250 b\r\n550 5.1.1 nobody\r\n354 go\r\n250 queued\r\n")
    assert isinstance(talk.events[-1], Broken)
    assert outcomes(talk.events) == {1: Outcome.NOT_SENT}


def test_421_answers_the_oldest_and_the_rest_was_not_sent(make_talk, note):
    talk = make_talk(note(), note("b@example.org")).hear(HELLO).hear(ENVELOPE).hear(b"421 4.3.2 shutting down\r\n")
    talk.events += talk.machine.lost()
    assert outcomes(talk.events) == {1: Outcome.RETRY, 2: Outcome.NOT_SENT}
    assert sum(isinstance(event, Closing) for event in talk.events) == 1


def test_421_to_the_next_rset_does_not_touch_the_message_before(make_talk, note):
    talk = make_talk(note(), note("b@example.org")).hear(HELLO).hear(ENVELOPE).hear(b"250 ok\r\n421 bye\r\n")
    talk.events += talk.machine.lost()
    assert outcomes(talk.events) == {1: Outcome.ACCEPTED, 2: Outcome.NOT_SENT}


def test_a_link_lost_after_the_end_of_a_message_leaves_it_uncertain(make_talk, note):
    talk = make_talk(note(), note("b@example.org")).hear(HELLO).hear(ENVELOPE)
    talk.events += talk.machine.lost()
    assert outcomes(talk.events) == {1: Outcome.UNCERTAIN, 2: Outcome.NOT_SENT}


def test_a_message_half_written_is_not_sent_and_alone(make_talk, note):
    talk = make_talk(note()).hear(HELLO)
    talk.machine.receive(ENVELOPE)
    talk.machine.allow()
    talk.machine.unsent()  # … and `left` is never said
    (event,) = talk.machine.lost()
    assert isinstance(event, NotSent)
    assert (event.id, event.alone) == (1, True)


def test_a_message_given_back_after_354_ends_the_connection_without_a_dot(make_talk, note):
    talk = make_talk(note()).hear(HELLO)
    talk.machine.receive(ENVELOPE)
    assert talk.machine.give_back() == [GivenBack(1)]
    assert talk.machine.over
    assert talk.machine.unsent() is None


# --- the opening


def test_without_pipelining_every_command_waits_for_its_answer(make_talk, note):
    talk = make_talk(note())
    said = []
    answers = b"220 hi\r\n", b"250 mail.test\r\n", b"250 a\r\n", b"250 b\r\n", b"250 c\r\n", b"354 d\r\n", b"250 e\r\n"
    for answer in answers:
        said.append(talk.hear(answer).take_said())
    assert said == [
        b"EHLO news.example.org\r\n",
        b"RSET\r\n",
        b"MAIL FROM:<news@example.org>\r\n",
        b"RCPT TO:<a@example.org>\r\n",
        b"DATA\r\n",
        MESSAGE,
        b"",
    ]
    assert outcomes(talk.events) == {1: Outcome.ACCEPTED}


def test_pipelining_can_be_turned_off(make_talk, note):
    talk = make_talk(note(), pipelining=False).hear(HELLO)
    assert talk.machine.depth == 1
    assert talk.take_said() == b"EHLO news.example.org\r\nRSET\r\n"


def test_a_server_that_knows_no_ehlo_is_greeted_with_helo(make_talk, note):
    talk = make_talk(note()).hear(b"220 hi\r\n").hear(b"502 what\r\n")
    assert talk.take_said() == b"EHLO news.example.org\r\nHELO news.example.org\r\n"
    talk.hear(b"250 mail.test\r\n")
    assert isinstance(talk.events[-1], Ready)
    assert talk.machine.depth == 1


def test_a_password_never_goes_over_a_line_in_clear(make_talk):
    who = Credentials(username="ops", secret="geheim")
    talk = make_talk(credentials=who).hear(b"220 hi\r\n").hear(b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n")
    (event,) = talk.events
    assert isinstance(event, Unusable)
    assert event.code == "SMTP-AUTH"
    assert talk.said == b"EHLO news.example.org\r\n"


@pytest.mark.parametrize("safe", [{"loopback": True}, {"encrypted": True}])
def test_a_login_goes_to_loopback_and_over_tls(make_talk, safe):
    who = Credentials(username="ops", secret="geheim")
    talk = make_talk(credentials=who, **safe).hear(b"220 hi\r\n250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n")
    assert talk.take_said() == b"EHLO news.example.org\r\nAUTH PLAIN AG9wcwBnZWhlaW0=\r\n"
    assert isinstance(talk.hear(b"235 welcome\r\n").events[-1], Ready)


def test_login_is_tried_when_plain_is_not_taken(make_talk):
    who = Credentials(username="ops", secret="geheim")
    talk = make_talk(credentials=who, encrypted=True).hear(b"220 hi\r\n250-mail.test\r\n250 AUTH LOGIN PLAIN\r\n")
    talk.take_said()
    said = [talk.hear(answer).take_said() for answer in (b"504 not this\r\n", b"334 VXNlcg==\r\n", b"334 UGFzcw==\r\n")]
    assert said == [b"AUTH LOGIN\r\n", b"b3Bz\r\n", b"Z2VoZWlt\r\n"]


def test_a_server_that_must_offer_starttls_and_does_not_is_not_used(make_talk):
    talk = make_talk(tls=Tls.REQUIRED).hear(HELLO)
    (event,) = talk.events
    assert isinstance(event, Unusable)
    assert (event.code, event.temporary) == ("SMTP-TLS", False)


@pytest.mark.parametrize("behind", [b"250 injected\r\n", b"2"])
def test_clear_text_behind_starttls_is_not_believed(make_talk, behind):
    talk = make_talk(tls=Tls.REQUIRED).hear(b"220 hi\r\n250-mail.test\r\n250 STARTTLS\r\n").hear(b"220 go\r\n" + behind)
    assert isinstance(talk.events[-1], Broken)
    assert talk.machine.over


def test_what_was_offered_in_clear_is_forgotten_under_tls(make_talk):
    talk = make_talk(tls=Tls.REQUIRED).hear(b"220 hi\r\n250-mail.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n")
    talk.hear(b"220 go\r\n").take_said()
    talk.machine.secured()
    talk.go_on()
    assert talk.take_said() == b"EHLO news.example.org\r\n"
    talk.hear(b"250 mail.test\r\n")
    assert talk.machine.depth == 1


# --- what a server can carry


def test_smtputf8_is_asked_for_only_when_the_address_needs_it(make_talk, note):
    wide = note("خالد@example.org", smtputf8=True)
    assert b"SMTPUTF8" not in make_talk(note()).hear(HELLO).said
    assert b"MAIL FROM:<news@example.org> SIZE=20 BODY=8BITMIME SMTPUTF8\r\n" in make_talk(wide).hear(HELLO).said


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        ({"recipient": "خالد@example.org", "smtputf8": True}, 553),
        ({"recipient": "a b@example.org"}, 553),
        ({"recipient": "a@example.org>\r\nRCPT TO:<b@example.org"}, 553),
        ({"recipient": ""}, 553),
    ],
)
def test_what_the_server_cannot_carry_is_not_said(make_talk, note, letter, code):
    talk = make_talk(note(**letter)).hear(PLAIN_HELLO)
    assert talk.said == b"EHLO news.example.org\r\n"
    (event,) = talk.events[1:]
    assert (event.reply.code, event.outcome, event.local, event.written) == (code, Outcome.FAILED, True, False)


def test_a_message_larger_than_the_server_takes_fails_here(make_talk, note):
    talk = make_talk(note(segments=(b"x" * 1001,))).hear(HELLO)
    assert [event.reply.code for event in talk.events[1:]] == [552]


@pytest.mark.parametrize(
    ("segments", "wire"),
    [
        ((b".a\r\n", b".b\r\n"), b"..a\r\n..b\r\n.\r\n"),
        ((b"a\r", b"\n.b"), b"a\r\n..b\r\n.\r\n"),
        ((b"..\r\n",), b"...\r\n.\r\n"),
    ],
)
def test_dots_are_stuffed_across_segments(make_talk, note, segments, wire):
    talk = make_talk().hear(HELLO)
    talk.take_said()
    talk.machine.begin(Job(1, note(segments=segments), dots=True))
    talk.go_on()
    talk.take_said()
    assert talk.hear(ENVELOPE).take_said() == wire
