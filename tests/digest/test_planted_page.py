"""One mistake in the page, its links or its pictures: exactly that check speaks, and names file and line."""

import sys
from pathlib import Path

import pytest

from newsletter_cli.digest.check.catalogue import catalogue
from newsletter_cli.digest.check.fixing import repaired, write_repaired
from tests.digest.planted import (
    Planted,
    line_of,
    links,
    look,
    make_room,
    page,
    pictures,
    plant,
)

PLANTED = (*page.PLANTED, *links.PLANTED, *pictures.PLANTED)
ONLINE = {"L301", "L302"}  # test_links_online
APART = {"I104"}  # below: it needs short articles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "akhbar"
    make_room(folder)
    for name, data in pictures.FILES.items():
        (folder / name).write_bytes(data)
    return folder


def seen(root: Path, **known: object) -> list[tuple[str, str, str, int | None, bool]]:
    return [(one.code, one.level.value, one.file, one.line, one.fixable) for one in look(root, known)[0]]


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_a_planted_mistake_is_found_alone_and_in_its_place(root, planted: Planted):
    plant(root, planted.changes)
    found = seen(root, **planted.known)
    assert found == [(planted.code, planted.level, planted.file, line_of(root, planted), planted.fixable)]


@pytest.mark.parametrize("planted", [one for one in PLANTED if one.fixable], ids=str)
def test_a_repair_leaves_nothing_to_find(root, planted: Planted):
    plant(root, planted.changes)
    found, facts = look(root)
    for file in repaired(found, facts.sources):
        write_repaired(file)
    assert look(root)[0] == ()


@pytest.mark.parametrize("planted", pictures.WITHOUT_PILLOW, ids=str)
def test_a_picture_too_large_is_found_where_nothing_makes_it_smaller(root, planted: Planted, monkeypatch):
    plant(root, planted.changes)
    assert seen(root) == []
    monkeypatch.setitem(sys.modules, "PIL", None)  # as if the extra were not installed
    assert seen(root) == [(planted.code, planted.level, planted.file, line_of(root, planted), planted.fixable)]


def test_every_check_of_these_letters_is_planted():
    assert {one.code for one in (*PLANTED, *pictures.WITHOUT_PILLOW)} | ONLINE | APART == {
        code for code in catalogue() if code[0] in "HLI"
    }
