"""An editor with a window is opened at a line; one that needs the terminal is not."""

from pathlib import Path

import pytest

from newsletter_cli.cli.editor import editor_command, open_in_editor
from tests.servers import wait_until

FILE = Path("/room/articles/wheat.md")


@pytest.mark.parametrize(
    ("visual", "command"),
    [
        ("gedit", ("gedit", "+14", str(FILE))),
        ("/usr/bin/gvim -f", ("/usr/bin/gvim", "-f", "+14", str(FILE))),
        ("code --wait", ("code", "--wait", "-g", f"{FILE}:14")),
        ("subl", ("subl", f"{FILE}:14")),
        ("'/opt/My Editor/edit'", ("/opt/My Editor/edit", "+14", str(FILE))),
        ("vim", None),
        ("/bin/nano -w", None),
        ("", None),
        ("'unclosed", None),
    ],
)
def test_the_command_of_each_editor(visual: str, command: tuple[str, ...] | None) -> None:
    assert editor_command({"VISUAL": visual, "EDITOR": "gedit"}, FILE, 14) == command


def test_without_a_line_the_file_alone_is_opened() -> None:
    assert editor_command({"VISUAL": "code"}, FILE, 0) == ("code", str(FILE))


def test_it_is_started_and_a_missing_one_is_not(tmp_path: Path) -> None:
    told, editor = tmp_path / "told", tmp_path / "edit"
    editor.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}.part && mv {told}.part {told}\n', encoding="utf-8")
    editor.chmod(0o755)
    assert open_in_editor({"VISUAL": str(editor)}, FILE, 3)
    wait_until(told.exists, seconds=10, what="the editor")
    assert told.read_text(encoding="utf-8").split() == ["+3", str(FILE)]
    assert not open_in_editor({"VISUAL": str(tmp_path / "none")}, FILE, 3)
    assert not open_in_editor({}, FILE, 3)
