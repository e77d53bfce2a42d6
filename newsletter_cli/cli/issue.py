"""A digest as it would leave: its file read, rendered and checked, or a scheduled one as it was frozen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from newsletter_cli.cli.frame import Run
from newsletter_cli.delivery.sends import Send, recent_audiences, sent_since
from newsletter_cli.digest.check.circumstances import Audience, Circumstances, circumstances_of
from newsletter_cli.digest.check.finding import Finding, Hit, Level
from newsletter_cli.digest.check.judge import check
from newsletter_cli.digest.check.sources import read_sources
from newsletter_cli.digest.file import find_digest
from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.loading import issue_of
from newsletter_cli.digest.model import DigestFile, Issue
from newsletter_cli.digest.versions import recent_articles, store_version, version_of
from newsletter_cli.errors import RefusedError, UsageError
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.rendering import public_subject, required_fields
from newsletter_cli.subscribers.domains import readers_by_domain
from newsletter_cli.subscribers.doubtful import doubtful
from newsletter_cli.subscribers.fields import lacking
from newsletter_cli.subscribers.lists import list_id
from newsletter_cli.subscribers.where import Expr, parse_where

BLOCKING = {"off": (), "error": (Level.ERROR,), "warning": (Level.ERROR, Level.WARNING)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One version of a digest, and what was found in it."""

    digest: str  # slug
    content: Content
    hash: str  # 64 hex digits
    findings: tuple[Finding, ...]

    @property
    def list(self) -> str:
        return self.content.list

    @property
    def where(self) -> str:
        return self.content.where

    @property
    def subject(self) -> str:
        """With defaults in its slots."""
        return public_subject(self.content)


def ready(run: Run, digest: str, *, list_: str | None = None, where: str | None = None) -> Ready:
    """Render the working file of a digest and check it; its version is stored, except in a dry run.

    list_, where: from the command line; the list takes the place of the file's, the filter narrows the file's.
    """
    issue = rendered(run, with_audience(run, find_digest(run.newsroom, digest), list_, where))
    content = freeze(issue)
    if not run.globals.dry_run:
        with run.storage.write() as connection:
            store_version(run.storage, connection, issue, by=run.user, now=run.clock())
    return Ready(digest=digest, content=content, hash=content.digest_hex(), findings=findings_of(run, issue))


def frozen(run: Run, scheduled: Send) -> Ready:
    """A scheduled send as it was frozen; what the file says by now does not matter any more."""
    with run.storage.read() as connection:
        stored = version_of(connection, scheduled.version)
    if stored is None:
        raise RuntimeError(f"the version of the scheduled {scheduled.digest} is gone")
    return Ready(digest=scheduled.digest, content=stored.content, hash=stored.hash, findings=())


def with_audience(run: Run, file: DigestFile, list_: str | None, where: str | None) -> DigestFile:
    """The digest for another list, or for fewer of its readers."""
    if list_ is not None:
        if list_ not in run.settings.lists:
            raise UsageError("NOT-FOUND", f"There is no list “{list_}”.", fix="newsletter lists list",
                             details={"list": list_})  # fmt: skip
        file = replace(file, list=list_)
    if where:
        parse_where(where)  # its error names the place in what was typed, not in the two joined
        file = replace(file, where=f"({file.where}) ({where})" if file.where else where)
    return file


def rendered(run: Run, file: DigestFile) -> Issue:
    """The issue of a digest file, with the articles it names."""
    return issue_of(file, run.settings, run.newsroom, run.inlined)


def findings_of(
    run: Run,
    issue: Issue,
    *,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    extra: Iterable[Hit] = (),
) -> tuple[Finding, ...]:
    """What the offline checks find, with what the database knows of readers and earlier issues.

    extra: what was seen outside, such as links that do not answer.
    """
    circumstances = circumstances_for(run, issue)
    return check(issue, circumstances, only=only, skip=skip, language=run.out.words.language, extra=extra)


def circumstances_for(run: Run, issue: Issue) -> Circumstances:
    """What the checks must know besides an issue: settings, files, readers, earlier issues."""
    file, where, now = issue.file, parse_where(issue.file.where), run.clock()
    needed = required_fields(freeze(issue))
    with run.storage.read() as connection:
        number = list_id(connection, file.list)
        empty = lacking(connection, now, needed, list_id=number, where=where) if needed and number is not None else {}
        recent = recent_articles(connection, file.list, before=file.id, limit=4)
        domains = {} if number is None else readers_by_domain(connection, now, list_id=number, where=where)
    audience = Audience(readers=0) if number is None else _audience(run, number, issue, where)
    return circumstances_of(
        run.settings,
        empty_fields=empty,
        recent=recent,
        audience=audience,
        sources=read_sources(issue, run.newsroom),
        domains=domains,
    )


def _audience(run: Run, number: int, issue: Issue, where: Expr) -> Audience:
    now, zone = run.clock(), run.settings.newsroom.zone
    midnight = datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)
    with run.storage.read() as connection:
        counted = doubtful(connection, now, list_id=number, where=where)
        before = recent_audiences(connection, number)
        today = sent_since(connection, number, midnight)
    usual = sum(before) / len(before) if before else 0
    return Audience(
        readers=counted.readers,
        change=(counted.readers - usual) / usual if usual else None,
        today=tuple(one.digest for one in today if one.digest != issue.file.id),
        without_consent=counted.without_consent,
        unreachable=counted.unreachable,
    )


def refuse_findings(run: Run, issue: Ready, level: str) -> None:
    """CHECKS when something was found that blocks a send at this level of safety.require_check."""
    blocking = [finding for finding in issue.findings if finding.level in BLOCKING[level]]
    if not blocking:
        return
    errors = sum(finding.level is Level.ERROR for finding in blocking)
    warnings = len(blocking) - errors
    counted = " and ".join(
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((errors, "error"), (warnings, "warning"))
        if count
    )
    first = blocking[0]
    where = f"{first.file}:{first.line}" if first.line else first.file
    raise RefusedError(
        "CHECKS",
        f"{counted} in {issue.digest}.",
        facts=(("first", f"{where} {first.code} {first.text}"),),
        fix=f"newsletter check {issue.digest}",
        details={"errors": errors, "warnings": warnings, "codes": [finding.code for finding in blocking]},
    )
