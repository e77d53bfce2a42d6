"""Repository of approvals: who read which version of a digest and wants exactly that to leave.

An approval belongs to a version, so any edit voids it: the new version has none. It counts while its user is one whom
the newsroom lets approve, and never when he composed the digest himself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, select

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import approval, digest, send, trial

LONGEST_NOTE: Final = 500  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's yes to one version."""

    version: str  # 64 hex digits
    by: str
    note: str
    at: datetime


def approve(
    storage: Storage, connection: Connection, digest_id: int, version: str, *, by: str, note: str, at: datetime
) -> bool:
    """Whether this is new; a second yes of the same person to the same version changes nothing."""
    row = {"digest_id": digest_id, "version": version, "by": by, "note": note[:LONGEST_NOTE], "at": at}
    statement = storage.insert(approval).values(row)
    once = statement.on_conflict_do_nothing(index_elements=["digest_id", "version", "by"])
    return connection.execute(once.returning(approval.c.id)).first() is not None


def revoke(connection: Connection, digest_id: int, version: str, *, by: str) -> bool:
    """Take back one person's yes; False when there was none."""
    mine = (approval.c.digest_id == digest_id, approval.c.version == version, approval.c.by == by)
    return bool(connection.execute(delete(approval).where(*mine)).rowcount)


def approvals_of(connection: Connection, slug: str) -> tuple[Approval, ...]:
    """Every approval of a digest that stands, of all its versions, the oldest first."""
    rows = connection.execute(
        select(approval.c.version, approval.c.by, approval.c.note, approval.c.at)
        .join(digest, digest.c.id == approval.c.digest_id)
        .where(digest.c.slug == slug)
        .order_by(approval.c.id)
    )
    return tuple(Approval(**row._mapping) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaiting:
    """A digest that was tested and has not been sent nor scheduled."""

    digest: str  # slug
    list: str  # slug
    composer: str
    version: str  # the one tested last, 64 hex digits


def awaiting_approval(connection: Connection) -> tuple[Awaiting, ...]:
    """What only waits for somebody to say yes, the oldest first."""
    last = select(func.max(trial.c.id)).group_by(trial.c.digest_id).scalar_subquery()
    rows = connection.execute(
        select(digest.c.slug, digest.c.list, digest.c.composer, trial.c.version)
        .join(trial, trial.c.digest_id == digest.c.id)
        .outerjoin(send, send.c.digest_id == digest.c.id)
        .where(trial.c.id.in_(last), send.c.id.is_(None))
        .order_by(digest.c.id)
    )
    return tuple(Awaiting(digest=row.slug, list=row.list, composer=row.composer, version=row.version) for row in rows)


def counting(
    approvals: Collection[Approval], version: str, *, composer: str, approvers: Collection[str]
) -> tuple[Approval, ...]:
    """Those that count for a version.  approvers: the only users who may; empty = everybody but the composer."""
    return tuple(
        one
        for one in approvals
        if one.version == version and one.by != composer and (not approvers or one.by in approvers)
    )
