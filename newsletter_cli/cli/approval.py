"""How many people have approved a version, how many must, and who may: what a send asks and what others show."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter_cli.cli.frame import Run
from newsletter_cli.digest.approvals import Approval, approvals_of, counting
from newsletter_cli.digest.versions import find_digest_row
from newsletter_cli.errors import RefusedError
from newsletter_cli.settings import SafetySettings

if TYPE_CHECKING:
    from newsletter_cli.cli.issue import Ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Where one version of a digest stands."""

    version: str  # 64 hex digits
    composer: str  # user name; "" = nobody on record
    given: tuple[Approval, ...]  # of any version of this digest
    counting: tuple[Approval, ...]  # for this version
    needed: int
    approvers: tuple[str, ...]  # empty: everybody but the composer

    @property
    def missing(self) -> int:
        """How many people must still approve."""
        return max(0, self.needed - len(self.counting))

    @property
    def approved(self) -> bool:
        """Whether somebody approved it, and nobody has to any more."""
        return bool(self.counting) and not self.missing


def approvals_for(run: Run, digest: str, version: str, list_: str) -> Approvals:
    """The approvals of a version, by the safety settings of its list."""
    with run.storage.read() as connection:
        row, given = find_digest_row(connection, digest), approvals_of(connection, digest)
    composer, approvers = row.composer if row else "", run.settings.team.approvers
    return Approvals(
        version=version,
        composer=composer,
        given=given,
        counting=counting(given, version, composer=composer, approvers=approvers),
        needed=run.settings.safety_of(list_).approvals,
        approvers=approvers,
    )


def demand_approval(run: Run, issue: "Ready", safety: SafetySettings) -> None:
    """NOT-APPROVED or CHANGED-SINCE-APPROVAL unless as many people as safety.approvals asks for want this version."""
    if not safety.approvals:
        return
    found = approvals_for(run, issue.digest, issue.hash, issue.list)
    if not found.missing:
        return
    details = {"approvals": len(found.counting), "needed": found.needed, "composer": found.composer}
    earlier = _approved_before(found)
    if earlier is not None:
        raise RefusedError(
            "CHANGED-SINCE-APPROVAL",
            f"Version {earlier.version[:8]} was approved; this is {issue.hash[:8]}.",
            facts=(("approved by", earlier.by),),
            fix=f"newsletter approve {issue.digest}   (by another than {found.composer or 'the composer'})",
            details={**details, "approved": earlier.version[:8]},
        )
    raise RefusedError(
        "NOT-APPROVED",
        f"This version ({issue.hash[:8]}) has {len(found.counting)} of {found.needed} approvals.",
        facts=(("may approve", who_may(found.approvers, found.composer)),),
        fix=f"newsletter approve {issue.digest}   (by another than {found.composer or 'the composer'})",
        details=details,
    )


def approval_word(run: Run, issue: "Ready", safety: SafetySettings) -> str:
    """For the line of what was looked at before a send."""
    found = approvals_for(run, issue.digest, issue.hash, issue.list)
    if not safety.approvals and not found.counting:
        return "not required"
    names = ", ".join(one.by for one in found.counting)
    return f"{'✗' if found.missing else '✓'} {run.out.cell(names)}" if names else "✗"


def who_may(approvers: Collection[str], composer: str) -> str:
    """The people who may approve, in words."""
    if approvers:
        return (
            ", ".join(one for one in approvers if one != composer) or "nobody: team.approvers names the composer only"
        )
    return f"everybody but {composer}" if composer else "everybody"


def _approved_before(found: Approvals) -> Approval | None:
    """The last yes of an earlier version that had enough of them."""
    for one in reversed(found.given):
        enough = counting(found.given, one.version, composer=found.composer, approvers=found.approvers)
        if one.version != found.version and len(enough) >= found.needed:
            return one
    return None
