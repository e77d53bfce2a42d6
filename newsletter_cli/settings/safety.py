"""Which value of a [safety] key is the stricter one: what the environment and a list may do to it.

The environment and [lists.X] safety may only make a rule stricter, never looser; a looser value is an error and not
ignored in silence, because whoever set it believes that it holds.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import time
from typing import Any, Final

from .kinds import Hours
from .reading import Problem, plain_value, spelled
from .shapes import Path, keys_of
from .tree import SafetySettings

BLOCKS: Final = ("off", "error", "warning")  # of require_check, from loose to strict


def ceiling(value: int) -> float:
    """A ceiling as a number to compare: 0 means none, the loosest."""
    return value or float("inf")


def minutes_of(hours: Hours) -> frozenset[int]:
    """The minutes of the day that a span holds."""
    return frozenset(minute for minute in range(24 * 60) if hours.contains(time(minute // 60, minute % 60)))


def hours_cover(mine: Hours | None, theirs: Hours | None) -> bool:
    """Whether each quiet minute of theirs is one of mine."""
    if theirs is None:
        return True
    return mine is not None and minutes_of(theirs) <= minutes_of(mine)


def matches(pattern: str, address: str) -> bool:
    """Whether an address fits a pattern of `only_to`: `*` stands for any letters, capitals do not count."""
    parts = (re.escape(part) for part in pattern.casefold().split("*"))
    return re.fullmatch(".*".join(parts), address.casefold()) is not None


def is_allowed(only_to: Iterable[str], address: str) -> bool:
    """Whether `only_to` lets an address through; an empty list lets all."""
    patterns = tuple(only_to)
    return not patterns or any(matches(pattern, address) for pattern in patterns)


def within(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether my patterns let through nobody that theirs hold back.

    A pattern read as an address proves it: a `*` of mine that fits a `*` of theirs fits whatever it may stand for.
    """
    if not theirs:
        return True
    return bool(mine) and all(any(matches(wide, narrow) for wide in theirs) for narrow in mine)


# For each key: (new, old) → whether `new` is at least as strict as `old`.
# fmt: off
AT_LEAST: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "live":            lambda new, old: old or not new,
    "require_check":   lambda new, old: BLOCKS.index(new) >= BLOCKS.index(old),
    "require_test":    lambda new, old: new or not old,
    "approvals":       lambda new, old: new >= old,
    "undo_seconds":    lambda new, old: new >= old,
    "canary":          lambda new, old: new >= old,
    "canary_wait":     lambda new, old: new >= old,
    "max_change":      lambda new, old: new <= old,
    "max_recipients":  lambda new, old: ceiling(new) <= ceiling(old),
    "stop_on_failure": lambda new, old: new <= old,
    "quiet_hours":     hours_cover,
    "only_to":         within,
}
STRICTER: Final[Mapping[str, str]] = {
    "live":            "false",
    "require_check":   "off < error < warning",
    "require_test":    "true",
    "approvals":       "more",
    "undo_seconds":    "more",
    "canary":          "more",
    "canary_wait":     "longer",
    "max_change":      "smaller",
    "max_recipients":  "smaller, 0 is none",
    "stop_on_failure": "smaller",
    "quiet_hours":     "hours that hold the old ones",
    "only_to":         "patterns within the old ones",
}
# fmt: on


def looser_keys(new: SafetySettings, old: SafetySettings, keys: Iterable[str], path: Path) -> tuple[Problem, ...]:
    """A problem for each of the named keys in which `new` is looser than `old`."""
    return tuple(
        _looser(key, getattr(new, key), getattr(old, key), (*path, key))
        for key in keys
        if not AT_LEAST[key](getattr(new, key), getattr(old, key))
    )


def _looser(key: str, new: object, old: object, path: Path) -> Problem:
    shape = keys_of(SafetySettings)[key].shape
    before = spelled(plain_value(shape, old))
    return Problem(
        code="SAFETY-LOOSER",
        path=path,
        message=f"safety.{key} may only be made stricter here; {before} holds.",
        value=spelled(plain_value(shape, new)),
        allowed=f"stricter than {before}: {STRICTER[key]}",
        fix="change it in newsletter.toml, or take this value away",
    )


def strictest(main: SafetySettings, own: SafetySettings, keys: Iterable[str]) -> SafetySettings:
    """The rules of a list: those of the newsroom, and of the named keys its own where they are at least as strict."""
    stricter = {key: getattr(own, key) for key in keys if AT_LEAST[key](getattr(own, key), getattr(main, key))}
    return replace(main, **stricter)
