"""The edge of the program: `main` runs one command and gives its exit code. The only `except Exception` is here."""

import os
import sys
from collections.abc import Sequence

from newsletter_cli.cli import garbage
from newsletter_cli.cli.words import bind_domain


def entry() -> None:
    """The console script."""
    garbage.seldom()
    keep_standard_streams()
    code = main()
    garbage.no_more()
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
