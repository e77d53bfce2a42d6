"""SIGKILL at any moment: what was acknowledged is there, nothing is half there."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from newsletter_cli.storage.schema import act
from tests.conftest import Place
from tests.storage.conftest import Other

Start = Callable[[str, str, Path], Other]

IN_THE_MIDDLE = """
with storage.write() as connection:
    for number in range(2000):
        note(connection, at=NOW, by="me", what="x", details=str(number))
    tell("in the middle")
    wait()
"""
GROUPS = """
tell("go")
for group in range(1_000_000):
    with storage.write() as connection:
        for number in range(10):
            note(connection, at=NOW, by=str(group), what="x", details="ن" * 200)
    tell(group)
"""


def test_a_transaction_that_was_killed_leaves_nothing(place: Place, start_other: Start) -> None:
    other = start_other(IN_THE_MIDDLE, place.database, place.root)
    assert other.hear() == "in the middle"
    other.kill()
    with place.open() as storage, storage.read() as connection:
        assert connection.execute(select(act)).all() == []


MOMENTS = [*range(4), *(pytest.param(moment, marks=pytest.mark.soak) for moment in range(4, 200))]


@pytest.mark.parametrize("moment", MOMENTS)
def test_acknowledged_groups_are_whole_after_a_kill(place: Place, start_other: Start, moment: int) -> None:
    other = start_other(GROUPS, place.database, place.root)
    assert other.hear() == "go"
    time.sleep(Random(moment).uniform(0.01, 0.15))  # the moment of the kill, not a wait for anything
    acknowledged = other.kill()
    with place.open() as storage, storage.read() as connection:
        groups = Counter(connection.execute(select(act.c.by)).scalars())
    assert set(groups.values()) <= {10}
    assert set(acknowledged) <= set(groups)
    assert len(groups) <= len(acknowledged) + 1  # one whose commit was done, but not yet told
