"""The edge of the program: `main` runs one command and gives its exit code. The only `except Exception` is here."""

import gc
import os
import sys
from collections.abc import Sequence
from typing import Final

from newsletter_cli.cli.words import bind_domain

GARBAGE: Final = 100_000  # objects more than before, when the collector looks again (its own figure: 700)


def entry() -> None:
    """The console script."""
    # Importing makes a few hundred thousand objects that all stay: looking through them for garbage, again and again
    # while they come, and once more at the end, is a tenth of the life of a short command.
    gc.set_threshold(GARBAGE)
    keep_standard_streams()
    code = main()
    gc.freeze()
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run `newsletter` with these words (default: the process's own) and give the exit code."""
    bind_domain()
    from newsletter_cli.cli import edge  # lazy: typer takes its words from the domain bound above

    here = edge.arrive(tuple(sys.argv[1:] if argv is None else argv))
    try:
        return edge.call(here)
    except Exception as error:  # noqa: BLE001  # the edge: nothing is above it that could tell the person
        return edge.tell(error, here)


def keep_standard_streams() -> None:
    """Open the standard descriptors that were closed: else the database would get number 1 or 2 and our talk."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # stays open to the end
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # stays open to the end
