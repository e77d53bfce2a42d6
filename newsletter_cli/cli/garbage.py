"""How often Python looks for garbage: hardly while a command loads, more often in one that goes on for hours."""

import gc
from typing import Final

# Objects more than before, when the collector looks again; its own figure is 700.
_WHILE_LOADING: Final = 1_000_000
_FOR_HOURS: Final = 100_000


def seldom() -> None:
    """For the start of a process.

    Importing makes a few hundred thousand objects that all stay: looking through them for garbage, again and again
    while they come, is a seventh of the life of a short command.
    """
    gc.set_threshold(_WHILE_LOADING)


def for_hours() -> None:
    """For a process that stays: what is loaded by now is never looked at again, what comes is looked at in time."""
    gc.freeze()
    gc.set_threshold(_FOR_HOURS)


def no_more() -> None:
    """For the end of a process: the last look of all, through everything, is left out."""
    gc.freeze()
