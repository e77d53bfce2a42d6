"""Between the process and the command: what the process is, and how whatever a command raises is told."""

import contextlib
import errno
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import typer

from newsletter_cli.cli import failure, options
from newsletter_cli.cli.frame import Edge
from newsletter_cli.cli.output import NobodyReadsError, Out
from newsletter_cli.cli.run import Surroundings, make_out
from newsletter_cli.cli.terminal import silence
from newsletter_cli.cli.tree import branch
from newsletter_cli.errors import NOTHING_SENT, NewsletterError, NotConfirmedError, TryAgainError, UsageError


def arrive(words: tuple[str, ...]) -> Edge:
    """The process as it is now: its words, environment, streams, folder and clock."""
    # Characters that the terminal's encoding lacks, and undecodable file names, are shown escaped: never an error.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # io.StringIO has none
    around = Surroundings(
        argv=words,
        env=os.environ,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        cwd=Path.cwd(),
        clock=lambda: datetime.now(UTC),
    )
    return Edge(around)


def call(edge: Edge) -> int:
    """Run the command and give its exit code; whatever goes wrong is raised."""
    try:
        code = branch().main(args=list(edge.around.argv), prog_name="newsletter", standalone_mode=False, obj=edge)
    except SystemExit as error:  # typer's completion, and its answer to a closed pipe while it shows a page
        code = error.code
    edge.around.stdout.flush()
    return code if isinstance(code, int) else 0


def tell(error: Exception, edge: Edge) -> int:
    """Show what went wrong and give the exit code; where nobody reads any more, only the code speaks."""
    if isinstance(error, BrokenPipeError):
        silence(edge.around.stdout)
        return edge.exit
    known = error if isinstance(error, NewsletterError) else _from_typer(error) or _from_disk(error, edge)
    try:
        code = _show(known or error, edge)
        edge.around.stdout.flush()
    except (BrokenPipeError, NobodyReadsError):
        silence(edge.around.stdout)
        return known.exit if known else 1
    return code


def _show(error: Exception, edge: Edge) -> int:
    out = _out(edge)
    if isinstance(error, NewsletterError):
        return failure.tell(error, out)
    return failure.tell_bug(error, out, argv=edge.around.argv, folder=_crash_folder(edge))


def _from_disk(error: Exception, edge: Edge) -> NewsletterError | None:
    """A full disk that no room met at its own door: most often that of `newsletter … > file`."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    silence(edge.around.stdout)
    where = [("file", str(error.filename))] if error.filename else []
    return TryAgainError("DISK-FULL", "There is no room to write the answer.", facts=where, sent="", fix="make room")


def _from_typer(error: Exception) -> NewsletterError | None:
    """Typer's own exceptions in our words, known by their `exit_code`; None for a bug."""
    if isinstance(error, typer.Abort):
        return NotConfirmedError("NOT-CONFIRMED", "Stopped: the input ended.", sent=NOTHING_SENT)
    message = getattr(error, "format_message", None)
    if not callable(message) or not isinstance(getattr(error, "exit_code", None), int):
        return None
    path = getattr(getattr(error, "ctx", None), "command_path", "newsletter")
    text = " ".join(str(message()).split()).replace("Value error, ", "")  # pydantic puts it before our own words
    facts: list[tuple[str, str]] = []
    if hasattr(error, "option_name") and hasattr(error, "possibilities"):  # an option that does not exist
        text = f"There is no option {error.option_name}."
        facts = [("perhaps", " · ".join(sorted(error.possibilities or ())))] if error.possibilities else []
    return UsageError("USAGE", text, facts=facts, sent="", fix=f"{path} --help")


def _out(edge: Edge) -> Out:
    """The run's own streams; when the parser failed there is no run, and a look at the words must do."""
    if edge.run is not None:
        return edge.run.out
    return make_out(options.with_environment(options.guess(edge.around.argv), edge.around.env), edge.around)


def _crash_folder(edge: Edge) -> Path:
    """data/crash of the newsroom that the command had found, else the state folder: looking now may fail again."""
    newsroom = edge.run.found_newsroom if edge.run is not None else None
    return newsroom.crash if newsroom is not None else failure.state_folder(edge.around.env)
