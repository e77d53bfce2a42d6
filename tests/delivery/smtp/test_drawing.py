"""The picture of the conversation shows its table, whole."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from newsletter_cli.delivery.smtp.steps import TABLE, Command, Step

SCRIPT = Path(__file__).parents[3] / "docs" / "conversation.py"


@pytest.fixture(scope="module")
def drawing() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("conversation_drawing", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tables_say(drawing: ModuleType) -> None:
    assert drawing.PAGE.read_text(encoding="utf-8") == drawing.page()
    assert drawing.main(["--check"]) == 0


def test_every_step_leads_somewhere(drawing: ModuleType) -> None:
    assert set(drawing.NEXT) == set(Step) - {Step.BREAK}


def test_every_pair_of_question_and_step_has_its_arrow(drawing: ModuleType) -> None:
    drawn = {(start, label.partition(" (")[0]) for start, _, label in drawing.arrows()}
    for command, row in TABLE.items():
        for step in set(row) - {Step.BREAK}:
            assert any(start == command and label.endswith(f" {step}") for start, label in drawn), (command, step)


def test_every_question_can_be_reached_and_left(drawing: ModuleType) -> None:
    arrows = list(drawing.arrows())
    assert {end for _, end, _ in arrows} == {*Command, "ready", "[*]"}
    assert {start for start, _, _ in arrows} == {*Command, "ready", "[*]"}


def test_a_page_that_is_not_up_to_date_is_told(
    drawing: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drawing, "PAGE", tmp_path / "smtp.md")
    assert drawing.main(["--check"]) == 1
    assert "make docs" in capsys.readouterr().err
    assert drawing.main([]) == 0
    assert drawing.main(["--check"]) == 0
