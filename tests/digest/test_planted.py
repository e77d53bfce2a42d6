"""One mistake in a newsroom without any: exactly that check speaks, and names file and line."""

from pathlib import Path

import pytest

from newsletter_cli.digest.check.catalogue import catalogue
from newsletter_cli.digest.check.fixing import repaired, write_repaired
from tests.digest.planted import Planted, content, delivery, direction, line_of, look, make_room, plant

PLANTED = (*content.PLANTED, *direction.PLANTED, *delivery.PLANTED)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "akhbar"
    make_room(folder)
    return folder


def test_the_newsroom_before_any_mistake_has_nothing(root):
    assert look(root)[0] == ()


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_mistake_is_found_alone_and_in_its_place(root, planted: Planted):
    plant(root, planted.changes)
    found, _ = look(root, planted.known)
    seen = [(one.code, one.level.value, one.file, one.line, one.fixable) for one in found]
    assert seen == [(planted.code, planted.level, planted.file, line_of(root, planted), planted.fixable)]


@pytest.mark.parametrize("planted", [one for one in PLANTED if one.fixable], ids=str)
def test_a_repair_leaves_nothing_to_find_and_nothing_to_repair(root, planted: Planted):
    plant(root, planted.changes)
    found, facts = look(root, planted.known)
    for file in repaired(found, facts.sources):
        write_repaired(file)
    found, facts = look(root, planted.known)
    assert (found, repaired(found, facts.sources)) == ((), ())


def test_every_check_of_these_letters_is_planted():
    # T401 cannot be planted in a file: a template that writes nothing has no way out either, and L305 says so too.
    # D510 asks a spam checker, and is no offline check.
    known = {code for code in catalogue() if code[0] in "CRTDSA"} - {"D510", "D501"}
    assert {one.code for one in PLANTED} | {"T401"} == known
