"""Every pair has its meaning."""

from itertools import product

from newsletter_cli.delivery.smtp.outcome import OUTCOMES, Heard, Outcome, Stage
from newsletter_cli.delivery.smtp.steps import ASKED, ROW, SORTS, STEPS, TABLE, Command, Sort, Step


def test_every_pair_of_stage_and_answer_has_its_outcome() -> None:
    assert set(OUTCOMES) == set(product(Stage, Heard))
    assert set(OUTCOMES.values()) == set(Outcome)


def test_only_a_lost_link_after_the_end_is_uncertain() -> None:
    assert [pair for pair, outcome in OUTCOMES.items() if outcome is Outcome.UNCERTAIN] == [(Stage.ENDED, Heard.LOST)]


def test_only_an_answer_after_the_end_is_acceptance() -> None:
    assert [pair for pair, outcome in OUTCOMES.items() if outcome is Outcome.ACCEPTED] == [(Stage.ENDED, Heard.OK)]


def test_every_pair_of_question_and_answer_has_its_step() -> None:
    assert set(STEPS) == set(product(Command, Sort))
    assert set(STEPS.values()) == set(Step)
    assert set(ROW) == set(Sort)
    assert set(TABLE) == set(ASKED) == set(Command)


def test_every_code_has_its_sort() -> None:
    assert set(SORTS) == set(range(200, 600))
    assert (SORTS[250], SORTS[354], SORTS[450], SORTS[550]) == (Sort.DONE, Sort.GO, Sort.LATER, Sort.NEVER)
    assert (SORTS[421], SORTS[503]) == (Sort.CLOSING, Sort.SEQUENCE)


def test_nothing_but_the_end_of_a_message_leads_to_acceptance() -> None:
    assert [pair for pair, step in STEPS.items() if step is Step.ACCEPT] == [
        (Command.DOT, Sort.DONE),
        (Command.BDAT, Sort.DONE),
    ]
