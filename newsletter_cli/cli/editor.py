"""Opening a file at a line in the person's own editor, from a page: only one that has a window of its own."""

import contextlib
import shlex
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

# These need the terminal they are called from, and there `newsletter preview` is at work.
_IN_TERMINAL: Final = frozenset(
    {"vi", "vim", "nvim", "view", "nano", "pico", "micro", "hx", "helix", "joe", "ed", "ex", "mcedit", "kak", "emacs"}
)
_LINE_BEHIND: Final = frozenset({"subl", "sublime_text", "zed", "mate"})  # FILE:LINE
_GO_TO: Final = frozenset({"code", "codium", "code-insiders", "cursor"})  # -g FILE:LINE


def editor_command(env: Mapping[str, str], path: Path, line: int) -> tuple[str, ...] | None:
    """VISUAL with its arguments, the file and the line; None where no editor with a window is named.

    line: from 1; 0 = just the file.
    """
    with contextlib.suppress(ValueError):  # a quotation mark without its partner
        words = shlex.split(env.get("VISUAL", ""))
        name = Path(words[0]).name.removesuffix(".exe") if words else ""
        if not name or name in _IN_TERMINAL:
            return None
        if not line:
            return (*words, str(path))
        if name in _GO_TO:
            return (*words, "-g", f"{path}:{line}")
        return (*words, f"{path}:{line}") if name in _LINE_BEHIND else (*words, f"+{line}", str(path))
    return None


def open_in_editor(env: Mapping[str, str], path: Path, line: int) -> bool:
    """Whether an editor was started; it lives on without us."""
    command = editor_command(env, path, line)
    if command is None:
        return False
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except OSError:
        return False
    # Somebody has to ask how it ended, or it stays in the table of processes.
    threading.Thread(target=process.wait, daemon=True, name="editor").start()
    return True
