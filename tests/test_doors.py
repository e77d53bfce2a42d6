"""The door-plates that load a file only when one of its names is asked for: what they name is there."""

import ast
import importlib
from pathlib import Path

import pytest

ROOMS = ("articles", "language", "settings")
every_room = pytest.mark.parametrize("room", ROOMS)


@every_room
def test_every_public_name_is_found_where_the_door_plate_says(room: str) -> None:
    door = importlib.import_module(f"newsletter_cli.{room}")
    assert sorted(name for names in door._HOMES.values() for name in names) == sorted(door.__all__)
    for home, names in door._HOMES.items():
        file = importlib.import_module(f"newsletter_cli.{room}.{home}")
        assert [getattr(door, name) for name in names] == [getattr(file, name) for name in names]


@every_room
def test_what_the_type_checker_sees_is_what_the_program_gets(room: str) -> None:
    door = importlib.import_module(f"newsletter_cli.{room}")
    tree = ast.parse(Path(str(door.__file__)).read_text(encoding="utf-8"))
    told = {
        str(node.module).removeprefix(f"newsletter_cli.{room}."): tuple(alias.name for alias in node.names)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
    }
    assert told == dict(door._HOMES)


@every_room
def test_a_name_that_is_not_there_is_refused_as_everywhere(room: str) -> None:
    door = importlib.import_module(f"newsletter_cli.{room}")
    with pytest.raises(AttributeError, match=f"module 'newsletter_cli.{room}' has no attribute 'nothing'"):
        door.nothing  # noqa: B018  # asking is the act
