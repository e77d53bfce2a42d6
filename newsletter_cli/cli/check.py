"""`newsletter check [ID…]`: what is wrong with a digest, with file and line, and repairs where they are safe."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from newsletter_cli.cli import completion
from newsletter_cli.cli.exits import Exit
from newsletter_cli.cli.frame import Reply, Run, command
from newsletter_cli.delivery.sends import find_send
from newsletter_cli.digest.check.catalogue import Rule, catalogue, find_rule
from newsletter_cli.digest.check.finding import Finding, Hit, Level
from newsletter_cli.digest.file import digest_ids
from newsletter_cli.errors import UsageError

if TYPE_CHECKING:
    from newsletter_cli.digest.check.fixing import Repair
    from newsletter_cli.digest.model import Issue

LEVELS: Final = (Level.ERROR, Level.WARNING, Level.NOTE)
GITHUB: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


@dataclass(frozen=True, slots=True)
class Checked:
    """One digest and what was found in it."""

    digest: str
    version: str  # 8 hex digits
    findings: tuple[Finding, ...]
    fixed: "tuple[Repair, ...]" = ()  # made before the findings were taken, or what would be made

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
        fixed = [
            {"code": one.code, "file": one.file, "line": one.line, "before": one.before, "after": one.after}
            for one in self.fixed
        ]
        return {
            "digest": self.digest,
            "version": self.version,
            "results": results,
            "counts": self.counts,
            "fixed": fixed,
        }


@command(
    "check",
    examples=("newsletter check 2026-w42", "newsletter check 2026-w42 --skip C112 --fail-on warning --json"),
    exits=(Exit.OK, Exit.USAGE, Exit.CONFIG, Exit.CHECKS),
    changes=True,
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
    offline: Annotated[bool, typer.Option("--offline", help="Use no network: links are not asked.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CODE", help="Only this check, or all that begin so: C, C11.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option("--skip", metavar="CODE", help="Without this check.")] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="error|warning", help="From which level the exit code is 5.")
    ] = "error",
    fix: Annotated[
        bool, typer.Option("--fix", help="Repair what is marked Fixable in the files; -n shows what would change.")
    ] = False,
    spam: Annotated[
        bool, typer.Option("--spam", help="Let SpamAssassin or rspamd of this computer score the message.")
    ] = False,
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
    wish = Wish(only=_codes(only), skip=_codes(skip), offline=offline, fix=fix, spam=spam)
    checked = [_checked(run, id_, wish) for id_ in wanted]
    blocking = (Level.ERROR,) if fail_on == Level.ERROR else (Level.ERROR, Level.WARNING)
    failed = any(finding.level in blocking for one in checked for finding in one.findings)
    documents = [one.document() for one in checked]
    return Reply(
        documents[0] if len(documents) == 1 else {"digests": documents},
        Exit.CHECKS if failed else Exit.OK,
        human=lambda: _tell(run, checked),
        next=tuple(f"newsletter test {one.digest}" for one in checked),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for."""

    only: tuple[str, ...]
    skip: tuple[str, ...]
    offline: bool
    fix: bool
    spam: bool

    def asks(self, code: str) -> bool:
        """Whether this check is wanted at all."""
        return (not self.only or code.startswith(self.only)) and not (self.skip and code.startswith(self.skip))

    @property
    def links(self) -> bool:
        """Whether links are asked over the network."""
        return not self.offline and (self.asks("L301") or self.asks("L302"))


def _checked(run: Run, id_: str, wish: Wish) -> Checked:
    from newsletter_cli.cli.issue import findings_of  # lazy: --explain needs no template engine
    from newsletter_cli.digest.freeze import freeze  # lazy: with it
    from newsletter_cli.digest.loading import load_issue  # lazy: with it

    fixed = _repaired(run, id_, wish) if wish.fix else ()
    issue = load_issue(id_, run.settings, run.newsroom, run.inlined)
    seen = _seen_outside(run, issue, wish)
    findings = findings_of(run, issue, only=wish.only, skip=wish.skip, extra=seen)
    return Checked(id_, freeze(issue).digest_hex()[:8], findings, fixed)


def _seen_outside(run: Run, issue: "Issue", wish: Wish) -> tuple[Hit, ...]:
    """Links that do not answer, and the score of a spam checker; nothing is asked that was not wanted."""
    if not wish.links and not wish.spam:
        return ()
    from newsletter_cli.cli.outside import outside_hits  # lazy: as above

    return outside_hits(run, issue, links=wish.links, spam=wish.spam)


def _repaired(run: Run, id_: str, wish: Wish) -> "tuple[Repair, ...]":
    """The repairs that were made in the digest's files; in a dry run those that would be."""
    from newsletter_cli.cli.issue import circumstances_for  # lazy: as above
    from newsletter_cli.digest.check.fixing import repaired, write_repaired  # lazy: as above
    from newsletter_cli.digest.check.judge import check as judged  # lazy: as above
    from newsletter_cli.digest.loading import load_issue  # lazy: as above

    issue = load_issue(id_, run.settings, run.newsroom, run.inlined)
    circumstances = circumstances_for(run, issue)
    findings = judged(issue, circumstances, only=wish.only, skip=wish.skip)
    files = repaired(findings, circumstances.sources)
    for file in files if not run.globals.dry_run else ():
        write_repaired(file)
    return tuple(repair for file in files for repair in file.repairs)


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
    _tell_repairs(run, [repair for one in checked for repair in one.fixed])
    findings = [finding for one in checked for finding in one.findings]
    places = [_place(finding) for finding in findings]
    width = max(map(len, places), default=0)
    for finding, place in zip(findings, places, strict=True):
        hint = f" {run._('Fixable.')}" if finding.fixable else f" ({finding.fix})" if finding.fix else ""
        run.out.result(
            f"{run.out.cell(place):<{width}}   {finding.level:<7}  {finding.code}  {run.out.cell(finding.text + hint)}"
        )
    for one in checked:
        run.out.result(_sum_line(run, one, alone=len(checked) == 1))


def _tell_repairs(run: Run, fixed: "Sequence[Repair]") -> None:
    """Each line as it was and as it is; two digests may share an article, which is repaired once."""
    verb = run._("would fix") if run.globals.dry_run else run._("fixed")
    for (file, line), of_line in groupby(dict.fromkeys(fixed), key=lambda one: (one.file, one.line)):
        repairs = list(of_line)
        codes = " ".join(one.code for one in repairs)
        run.out.result(f"{run.out.cell(f'{file}:{line}')}   {verb}  {codes}")
        run.out.result(f"  - {run.out.cell(repairs[0].before.strip())}")
        run.out.result(f"  + {run.out.cell(_visible(repairs[0].after.strip()))}")


def _visible(text: str) -> str:
    """Direction marks by their names: they are not seen, and were what changed."""
    return text.replace("\u200e", "[LRM]")


def _sum_line(run: Run, one: Checked, *, alone: bool) -> str:
    # The plural forms of a language are its own: each word is asked for by its number.
    counts = [
        run.count("{n} error", "{n} errors", one.counts["error"]) if one.counts["error"] else "",
        run.count("{n} warning", "{n} warnings", one.counts["warning"]) if one.counts["warning"] else "",
        run.count("{n} note", "{n} notes", one.counts["note"]) if one.counts["note"] else "",
    ]
    fixable = sum(finding.fixable for finding in one.findings)
    ending = f" ({run._('{n} fixable with --fix').format(n=fixable)})" if fixable else ""
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
