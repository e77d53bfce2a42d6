"""When a send stops by itself."""

import pytest

from newsletter_cli.delivery.breaker import ENOUGH, UNBUILT, Breaker
from newsletter_cli.delivery.canary import Answers, Sung, size_of
from newsletter_cli.delivery.states import Outcome


def tally(**counts: int) -> dict[Outcome, int]:
    return {outcome: counts.get(outcome.value, 0) for outcome in Outcome}


@pytest.mark.parametrize(
    ("counts", "stops"),
    [
        ({"accepted": 190, "failed": 9}, False),  # not enough answers yet
        ({"accepted": 190, "failed": 10}, False),  # five per cent are not above five per cent
        ({"accepted": 189, "failed": 11}, True),
        ({"retry": ENOUGH - 1}, False),
        ({"retry": ENOUGH}, True),  # nobody accepted
        ({"retry": ENOUGH, "accepted": 1}, False),
        ({"uncertain": ENOUGH}, True),
    ],
)
def test_a_share_of_refusals_or_nobody_accepted_stops_it(counts, stops):
    problem = Breaker(0.05).judge(tally(**counts))
    assert (problem is not None) == stops
    if problem is not None:
        assert (problem.code, problem.exit) == ("TOO-MANY-FAILURES", 7)


def test_ten_readers_in_a_row_that_cannot_be_built_stop_it():
    breaker = Breaker(0.05)
    for _ in range(UNBUILT - 1):
        breaker.cannot_build()
    assert breaker.judge(tally(accepted=5)) is None
    breaker.built()
    for _ in range(UNBUILT):
        breaker.cannot_build()
    assert breaker.judge(tally(accepted=5)) is not None


def test_a_person_who_went_on_is_not_stopped_for_the_same_again():
    assert Breaker(0.05, waived=True).judge(tally(failed=500)) is None


@pytest.mark.parametrize(
    ("answers", "sung"),
    [
        (Answers(25, 24, 0, 0, 0, 0), Sung.WAITING),
        (Answers(25, 25, 0, 0, 0, 0), Sung.WELL),
        (Answers(25, 20, 5, 0, 0, 0), Sung.WELL),  # exactly a fifth
        (Answers(25, 19, 6, 0, 0, 0), Sung.BADLY),
        (Answers(25, 19, 3, 3, 0, 0), Sung.BADLY),  # uncertain counts as failed
        (Answers(25, 0, 0, 0, 0, 25), Sung.WELL),  # a temporary answer counts neither way
        (Answers(25, 4, 2, 0, 0, 19), Sung.BADLY),
        (Answers(25, 1, 0, 0, 24, 0), Sung.WELL),
    ],
)
def test_the_first_readers_answers_are_judged_when_all_are_in(answers, sung):
    assert answers.judge() is sung


def test_a_small_send_has_no_first_readers_unless_asked_for():
    assert [size_of(499, 25), size_of(500, 25), size_of(60, 5, asked_for=True), size_of(5, 5, asked_for=True)] == [
        0, 25, 5, 0,
    ]  # fmt: skip
