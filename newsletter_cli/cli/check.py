"""`newsletter check [ID…]`: what is wrong with a digest, with file and line. This release looks at nothing online."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.delivery.sends import find_send
from newsletter_cli.digest.check.catalogue import Rule, catalogue, find_rule
from newsletter_cli.digest.check.finding import Finding, Level
from newsletter_cli.digest.file import digest_ids
from newsletter_cli.errors import UsageError

LEVELS: Final = (Level.ERROR, Level.WARNING, Level.NOTE)
GITHUB: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


@dataclass(frozen=True, slots=True)
class Checked:
    """One digest and what was found in it."""

    digest: str
    version: str  # 8 hex digits
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Findings of each level."""
        found = Counter(finding.level for finding in self.findings)
        return {level.value: found[level] for level in LEVELS}

    def document(self) -> dict[str, Any]:
        """Its part of newsletter.check/1."""
        results = [
            {
                "code": one.code,
                "level": one.level.value,
                "file": one.file,
                "line": one.line,
                "text": one.text,
                "fixable": one.fixable,
            }
            for one in self.findings
        ]
        return {"digest": self.digest, "version": self.version, "results": results, "counts": self.counts}


@command(
    "check",
    examples=("newsletter check 2026-w42", "newsletter check 2026-w42 --skip C112 --fail-on warning --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
    formats=("table", "text", "json", "github"),
)
def check(
    run: Run,
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID…", help="Digests; none: all that are not sent yet.", autocompletion=completion.digests
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Use no network; no check of this release does.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CODE", help="Only this check, or all that begin so: C, C11.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option("--skip", metavar="CODE", help="Without this check.")] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="error|warning", help="From which level the exit code is 5.")
    ] = "error",
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="CODE", help="What a check looks for, why, and what to do.")
    ] = None,
) -> Reply:
    """Errors stop a send (safety.require_check). The subject, the intro and the articles are read as the digest shows
    them; --format github writes annotations."""
    if explain is not None:
        return _explained(run, find_rule(explain))
    if fail_on not in (Level.ERROR, Level.WARNING):
        raise UsageError("USAGE", f"“{fail_on}” is neither error nor warning.", sent="", fix="--fail-on warning")
    wanted = tuple(dict.fromkeys(ids or _unsent(run)))
    checked = [_checked(run, id_, _codes(only), _codes(skip)) for id_ in wanted]
    blocking = (Level.ERROR,) if fail_on == Level.ERROR else (Level.ERROR, Level.WARNING)
    failed = any(finding.level in blocking for one in checked for finding in one.findings)
    documents = [one.document() for one in checked]
    return Reply(
        documents[0] if len(documents) == 1 else {"digests": documents},
        Exit.CHECKS if failed else Exit.OK,
        human=lambda: _tell(run, checked),
        next=tuple(f"newsletter test {one.digest}" for one in checked),
    )


def _checked(run: Run, id_: str, only: tuple[str, ...], skip: tuple[str, ...]) -> Checked:
    from newsletter_cli.cli.issue import findings_of  # lazy: --explain needs no template engine
    from newsletter_cli.digest.freeze import freeze  # lazy: with it
    from newsletter_cli.digest.loading import load_issue  # lazy: with it

    issue = load_issue(id_, run.settings, run.newsroom)
    findings = findings_of(run, issue, only=only, skip=skip)
    return Checked(id_, freeze(issue).digest_hex()[:8], findings)


def _unsent(run: Run) -> list[str]:
    """Digests with a file and without a send; NOT-FOUND when there is none."""
    with run.storage.read() as connection:
        found = [id_ for id_ in digest_ids(run.newsroom) if find_send(connection, id_) is None]
    if not found:
        raise UsageError("NOT-FOUND", "There is no digest that is still to be sent.", fix="newsletter compose")
    return found


def _codes(given: list[str] | None) -> tuple[str, ...]:
    """Codes and beginnings of codes.  UsageError NOT-FOUND for one that fits no check."""
    words = tuple(code.strip().upper() for word in given or [] for code in word.split(",") if code.strip())
    for word in words:
        if not any(code.startswith(word) for code in catalogue()):
            find_rule(word)
    return words


# --- what to say -----------------------------------------------------------------------------------------------


def _tell(run: Run, checked: Sequence[Checked]) -> None:
    if run.globals.format == "github":
        for one in checked:
            for finding in one.findings:
                run.out.result(_annotation(finding))
        return
    findings = [finding for one in checked for finding in one.findings]
    places = [_place(finding) for finding in findings]
    width = max(map(len, places), default=0)
    for finding, place in zip(findings, places, strict=True):
        hint = " Fixable." if finding.fixable else f" ({finding.fix})" if finding.fix else ""
        run.out.result(
            f"{run.out.cell(place):<{width}}   {finding.level:<7}  {finding.code}  {run.out.cell(finding.text + hint)}"
        )
    for one in checked:
        run.out.result(_sum_line(run, one, alone=len(checked) == 1))


def _sum_line(run: Run, one: Checked, *, alone: bool) -> str:
    # The plural forms of a language are its own: each word is asked for by its number.
    counts = [
        run.count("{n} error", "{n} errors", one.counts["error"]) if one.counts["error"] else "",
        run.count("{n} warning", "{n} warnings", one.counts["warning"]) if one.counts["warning"] else "",
        run.count("{n} note", "{n} notes", one.counts["note"]) if one.counts["note"] else "",
    ]
    fixable = sum(finding.fixable for finding in one.findings)
    ending = f" ({fixable} fixable)" if fixable else ""
    nothing = run._("Nothing found in version {version}.").format(version=one.version)
    comma = "، " if run.out.words.language == "ar" else ", "
    found = comma.join(filter(None, counts)) + ending if one.findings else f"✓ {nothing}"
    return found if alone else f"{one.digest}   {found}"


def _place(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _annotation(finding: Finding) -> str:
    """A workflow command; the three signs that would end it are escaped."""
    text = finding.text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    line = f",line={finding.line}" if finding.line else ""
    return f"::{GITHUB[finding.level]} file={finding.file}{line},title={finding.code}::{text}"


def _explained(run: Run, rule: Rule) -> Reply:
    language = run.out.words.language
    levels = " / ".join(level.value for level in rule.levels)
    words = rule.explain.get(language, rule.explain["en"])
    document = {
        "code": rule.code,
        "levels": [level.value for level in rule.levels],
        "when": rule.when,
        "says": dict(rule.says),
        "explain": dict(rule.explain),
        "fixable": rule.fixable,
    }

    def tell() -> None:
        run.out.result(f"{rule.code}   {levels}   when {rule.when}")
        run.out.result(rule.says.get(language, rule.says["en"]))
        run.out.result()
        run.out.result(words)

    return Reply(document, human=tell)
