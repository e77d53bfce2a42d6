"""The theme's one stylesheet, parted into what is inlined (A) and what stays in the head (B1 phones, B2 dark).

Parted by what a rule is, so that whoever edits style.css need not know: at-rules, `:hover` and `[data-ogsc]` cannot
be inlined and would vanish in the inliner without a word. CSS that could fetch or run something is
refused here, before any CSS library reads it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter_cli.errors import RefusedError

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_DARK: Final = re.compile(r"prefers-color-scheme|\[data-ogs[cb]\]|color-scheme")
_CLASS: Final = re.compile(r"\.([A-Za-z_][\w-]*)")

# (pattern, what is said about it). Backslashes come first: an escape can spell any of the others.
_REFUSED: Final = (
    (re.compile(r"\\"), "a backslash escape"),
    (re.compile(r"@import|@charset|@namespace", re.IGNORECASE), "@import"),
    (re.compile(r"url\s*\(|image-set\s*\(", re.IGNORECASE), "url("),
    (re.compile(r"expression\s*\(", re.IGNORECASE), "expression("),
    (re.compile(r"behaviou?r\s*:|-moz-binding", re.IGNORECASE), "behavior"),
    (re.compile(r"@font-face", re.IGNORECASE), "@font-face"),
    (re.compile(r"</|<!--"), "markup"),
    (re.compile(r"(?:^|[},])\s*\*\s*[{,]"), "a rule for every element (*)"),
)


@dataclass(frozen=True, slots=True)
class Style:
    """Three texts of CSS, without comments."""

    inlined: str  # A: every rule that can be inlined; nothing else
    phone: str  # B1: phone widths, :hover
    dark: str  # B2: dark palette

    @property
    def kept_classes(self) -> frozenset[str]:
        """Class names that B needs; all others may go once A is inlined."""
        return frozenset(_CLASS.findall(self.phone + self.dark))


def part(css: str, shown_path: str) -> Style:
    """style.css → its three parts, each rule where it belongs, in the order written.

    shown_path: the file as errors name it.  Raises RefusedError TEMPLATE with file and line.
    """
    clean = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), css)
    for pattern, what in _REFUSED:
        if match := pattern.search(clean):
            raise _refusal(shown_path, clean, match.start(), f"{what} is not allowed in the theme's CSS")
    inlined: list[str] = []
    phone: list[str] = []
    dark: list[str] = []
    for rule in _rules(clean, shown_path):
        selector = rule.partition("{")[0]
        if _DARK.search(selector if not selector.startswith(":root") else rule):
            dark.append(rule)
        elif selector.startswith("@") or ":" in selector or "[" in selector or " + " in selector:
            phone.append(rule)
        else:
            inlined.append(rule)
    return Style("\n".join(inlined), "\n".join(phone), "\n".join(dark))


def _rules(css: str, shown_path: str) -> Iterator[str]:
    """Top-level rules, each in one line."""
    depth = start = 0
    for position, sign in enumerate(css):
        if sign == "{":
            depth += 1
            if depth > 2:
                raise _refusal(shown_path, css, position, "rules nested this deep break the inliner")
        elif sign == "}":
            depth -= 1
            if depth < 0:
                raise _refusal(shown_path, css, position, "“}” without its “{”")
            if depth == 0:
                rule = " ".join(css[start : position + 1].split())
                _refuse_nesting(rule, shown_path, css, start)
                yield rule
                start = position + 1
    if depth or css[start:].strip():
        raise _refusal(shown_path, css, start, "a rule is not closed")


def _refuse_nesting(rule: str, shown_path: str, css: str, position: int) -> None:
    if rule.count("{") > 1 and not rule.startswith("@media"):
        raise _refusal(shown_path, css, position, "nested rules are not understood by mail programs")


def _refusal(shown_path: str, css: str, position: int, what: str) -> RefusedError:
    rest = css[position:]
    line = 1 + css.count("\n", 0, position + len(rest) - len(rest.lstrip()))
    return RefusedError("TEMPLATE", f"{shown_path}:{line} {what}", facts=[("file", f"{shown_path}:{line}")])
