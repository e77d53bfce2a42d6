"""`newsletter digests diff A [B]`: what changed since a digest was tested or sent, or how two digests differ."""

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.delivery.sends import find_send
from newsletter_cli.digest.differences import Difference, differences
from newsletter_cli.digest.file import digest_path
from newsletter_cli.digest.versions import StoredVersion, last_trial, version_of
from newsletter_cli.errors import UsageError
from newsletter_cli.mail.content import Content

SHOWN: Final = 200  # lines of differences on a terminal; --json has them all


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared."""

    digest: str
    what: str  # sent, scheduled, tested, working file
    version: str  # 64 hex digits
    content: Content

    def words(self) -> str:
        """As in the first line: 2026-w42 9c1f40d2 (tested)."""
        return f"{self.digest} {self.version[:8]} ({self.what})"

    def document(self) -> dict[str, str]:
        return {"digest": self.digest, "version": self.version[:8], "state": self.what}


@command(
    "digests diff",
    examples=("newsletter digests diff 2026-w42", "newsletter digests diff 2026-w41 2026-w42 --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
)
def diff(
    run: Run,
    a: Annotated[str, typer.Argument(metavar="A", help="Digest.", autocompletion=completion.digests)],
    b: Annotated[
        str | None,
        typer.Argument(
            metavar="B", help="Another digest; none: A as its file is now.", autocompletion=completion.digests
        ),
    ] = None,
) -> Reply:
    """One digest: the version that was sent or scheduled, else the last that was tested, against the file as it is now.
    Two: what a reader would get of each."""
    before = _recorded(run, a) if b is None else _current(run, a)
    after = _current(run, b or a, working=b is None)
    found = differences(before.content, after.content)
    document = {
        "digest": a,
        "before": before.document(),
        "after": after.document(),
        "same": before.version == after.version,
        "differences": [
            {"part": one.part, "before": list(one.before), "after": list(one.after), "near": one.near} for one in found
        ],
    }
    return Reply(document, human=lambda: _tell(run, before, after, found))


def _recorded(run: Run, id_: str) -> Side:
    """What left or will leave, else what was tested last.  UsageError NOT-FOUND when nothing is on record."""
    with run.storage.read() as connection:
        send, trial = find_send(connection, id_), last_trial(connection, id_)
        hash_ = send.version if send else trial.version if trial else ""
        stored = version_of(connection, hash_) if hash_ else None
    if stored is None:
        if not digest_path(run.newsroom, id_).is_file():
            _current(run, id_)  # says that there is no such digest, with the likeliest id
        raise UsageError(
            "NOT-FOUND", f"{id_} was neither tested nor sent: there is nothing to compare its file with.", sent="",
            fix=f"newsletter test {id_}", details={"digest": id_},
        )  # fmt: skip
    what = "tested" if send is None else "scheduled" if send.started is None else "sent"
    return _side(id_, what, stored)


def _current(run: Run, id_: str, *, working: bool = False) -> Side:
    """The digest as it was sent, else as its file is now.  working: the file in any case."""
    from newsletter_cli.digest.freeze import freeze  # lazy: a sent digest needs no template engine
    from newsletter_cli.digest.loading import load_issue  # lazy: with it

    with run.storage.read() as connection:
        send = None if working else find_send(connection, id_)
        stored = version_of(connection, send.version) if send else None
    if send is not None and stored is not None:
        return _side(id_, "scheduled" if send.started is None else "sent", stored)
    content = freeze(load_issue(id_, run.settings, run.newsroom, run.inlined))
    return Side(id_, "working file", content.digest_hex(), content)


def _side(id_: str, what: str, stored: StoredVersion) -> Side:
    return Side(id_, what, stored.hash, stored.content)


# --- what to say -------------------------------------------------------------------------------------------------


def _tell(run: Run, before: Side, after: Side, found: tuple[Difference, ...]) -> None:
    run.out.result(f"- {before.words()}")
    run.out.result(f"+ {after.words()}")
    if not found:
        run.out.result(run._("No difference: it is the same version."))
        return
    lines = [line for one in found for line in _lines(run, one)]
    for line in lines[:SHOWN]:
        run.out.result(run.out.cell(line))
    if len(lines) > SHOWN:
        rest = len(lines) - SHOWN
        run.out.result(
            run.count("… {n} more line; --json has all of them", "… {n} more lines; --json has all of them", rest)
        )


def _lines(run: Run, one: Difference) -> list[str]:
    """The sign first, the words last: so a line of Arabic keeps its sign on the left."""
    if one.part == "html":
        count = int(one.after[0])
        return ["", "html", "  " + run.count("{n} line of the page changed", "{n} lines of the page changed", count)]
    near = [f"  {one.near}"] if one.near else []
    return ["", one.part, *near, *(f"- {line}" for line in one.before), *(f"+ {line}" for line in one.after)]
