"""Where in the files of a theme something stands that was seen in the page."""

import re
from collections.abc import Callable
from typing import Final

from newsletter_cli.digest.model import Issue

_COMMENTS: Final = re.compile(r"/\*.*?\*/|\{#.*?#\}|<!--(?!\[if).*?-->", re.DOTALL)


def find_in_theme(
    issue: Issue, pattern: str, *, is_meant: Callable[[str, re.Match[str]], bool] = lambda _text, _match: True
) -> tuple[str, int | None]:
    """(file, line) of the first place that fits, the page's template first; its name and no line when nothing does.

    pattern: a regular expression, letter case ignored; comments are not searched.
    is_meant: told each file's text and the match; False goes on looking.
    """
    wanted = re.compile(pattern, re.IGNORECASE)
    for file in issue.theme:
        text = _COMMENTS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), file.text)
        for match in wanted.finditer(text):
            if is_meant(text, match):
                return file.shown, 1 + text.count("\n", 0, match.start())
    return f"templates/{issue.file.template}.html.j2", None
