"""The tables of states, over every pair."""

from itertools import product

from newsletter_cli.delivery.states import (
    Fact,
    Outcome,
    SendEvent,
    SendState,
    delivery_after,
    same_attempt,
    send_after,
)  # fmt: skip

BY_A_PERSON = {Fact.RESEND_UNCERTAIN, Fact.RESEND_FAILED, Fact.TAKEN_UP}


def test_an_accepted_message_stays_accepted_whatever_comes():
    assert {delivery_after(Outcome.ACCEPTED, fact) for fact in Fact} == {None}


def test_a_250_wins_over_everything():
    for outcome in set(Outcome) - {Outcome.ACCEPTED}:
        assert delivery_after(outcome, Fact.ACCEPTED) is Outcome.ACCEPTED


def test_nobody_uncertain_or_failed_goes_back_to_waiting_but_by_a_person_or_by_proof_that_nothing_left():
    for outcome, fact in product((Outcome.UNCERTAIN, Outcome.FAILED, Outcome.SKIPPED), Fact):
        if delivery_after(outcome, fact) is Outcome.WAITING:
            assert fact in BY_A_PERSON or (outcome, fact) == (Outcome.UNCERTAIN, Fact.NOT_SENT)


def test_every_fact_means_something_to_who_is_owed_a_message_but_a_persons_second_wish():
    for outcome, fact in product((Outcome.WAITING, Outcome.RETRY), Fact):
        assert (delivery_after(outcome, fact) is None) == (fact in BY_A_PERSON)


def test_a_cancelled_send_never_moves_again():
    assert {send_after(SendState.CANCELLED, event) for event in SendEvent} == {None}


def test_only_a_sending_or_paused_send_can_finish_and_only_a_resume_leads_back():
    for state, event in product(SendState, SendEvent):
        after = send_after(state, event)
        if after is SendState.SENT:
            assert event is SendEvent.FINISH
            assert state in (SendState.SENDING, SendState.PAUSED)
        if after is SendState.SENDING:
            assert event in (SendEvent.BEGIN, SendEvent.RESUME)


def test_an_answer_counts_for_its_own_attempt():
    for outcome, tried, attempt in product(Outcome, range(4), range(1, 4)):
        assert same_attempt(outcome, tried, attempt, Fact.ACCEPTED)
        late = tried == attempt and outcome is Outcome.UNCERTAIN
        assert same_attempt(outcome, tried, attempt, Fact.LATER) == (tried == attempt - 1 or late)
