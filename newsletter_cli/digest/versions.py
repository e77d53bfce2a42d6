"""Repository of digests and their frozen versions: what preview, test, send and the web copy show, and what was tested.

A version is never changed: its hash is its name. Storing the same content again stores nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, select

from newsletter_cli.digest.freeze import freeze
from newsletter_cli.digest.model import Issue
from newsletter_cli.mail.content import Content
from newsletter_cli.mail.rendering import public_subject
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import approval, digest, picture, send, trial, version


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDigest:
    """A digest as the database knows it."""

    id: int  # travels in unsubscribe tokens
    slug: str
    list: str
    composer: str  # user name; may not approve it
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One frozen version of a digest."""

    hash: str  # 64 hex digits
    digest_id: int
    content: Content
    subject: str  # with defaults in its slots
    articles: tuple[str, ...]  # slugs in order
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test that reached a server."""

    version: str
    addresses: int
    by: str
    at: datetime


def ensure_digest(
    storage: Storage, connection: Connection, slug: str, list_: str, *, by: str, now: datetime
) -> StoredDigest:
    """The digest's row, made when there is none; a digest that changed its list before a send is noted with the new.

    connection: inside a transaction of `storage` that writes.  by: the composer of a new one.
    """
    row = {"slug": slug, "list": list_, "composer": by, "created": now}
    statement = storage.insert(digest).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=["slug"], set_={"list": list_}))
    found = find_digest_row(connection, slug)
    if found is None:
        raise RuntimeError(f"the row of {slug} is gone inside its own transaction")
    return found


def store_version(storage: Storage, connection: Connection, issue: Issue, *, by: str, now: datetime) -> StoredVersion:
    """Digest, version and pictures, all in the caller's transaction; what is there already stays as it is."""
    content = freeze(issue)
    stored = ensure_digest(storage, connection, content.digest, content.list, by=by, now=now)
    for one in issue.pictures:
        row = {"hash": one.hash, "media_type": one.media_type, "data": one.data, "created": now}
        connection.execute(storage.insert(picture).values(row).on_conflict_do_nothing(index_elements=["hash"]))
    values = {
        "hash": content.digest_hex(),
        "digest_id": stored.id,
        "content": content.to_json(),
        "subject": public_subject(content),
        "articles": list(issue.slugs),
        "created": now,
    }
    connection.execute(storage.insert(version).values(values).on_conflict_do_nothing(index_elements=["hash"]))
    found = version_of(connection, content.digest_hex())
    if found is None:
        raise RuntimeError(f"the version of {content.digest} is gone inside its own transaction")
    return found


def find_digest_row(connection: Connection, slug: str) -> StoredDigest | None:
    """The row of a digest, or None when it never got one."""
    row = connection.execute(select(digest).where(digest.c.slug == slug)).first()
    return StoredDigest(**row._mapping) if row else None


def all_slugs(connection: Connection) -> tuple[str, ...]:
    """Every digest that has a row, the oldest first."""
    return tuple(connection.execute(select(digest.c.slug).order_by(digest.c.id)).scalars())


def version_of(connection: Connection, hash_: str) -> StoredVersion | None:
    """The version with this hash."""
    row = connection.execute(select(version).where(version.c.hash == hash_)).first()
    return None if row is None else _version(row._mapping)


def latest_version(connection: Connection, slug: str) -> StoredVersion | None:
    """The version of a digest that was frozen last."""
    row = connection.execute(
        select(version)
        .join(digest, digest.c.id == version.c.digest_id)
        .where(digest.c.slug == slug)
        .order_by(version.c.created.desc(), version.c.hash)
        .limit(1)
    ).first()
    return None if row is None else _version(row._mapping)


def record_trial(
    connection: Connection, digest_id: int, version_hash: str, *, addresses: int, by: str, at: datetime
) -> None:
    """Note that this version was test-sent to so many addresses and a server took it."""
    connection.execute(
        trial.insert().values(digest_id=digest_id, version=version_hash, addresses=addresses, by=by, at=at)
    )


def last_trial(connection: Connection, slug: str, version_hash: str | None = None) -> Trial | None:
    """The last test of a digest, or of one version of it; None when there was none."""
    query = (
        select(trial.c.version, trial.c.addresses, trial.c.by, trial.c.at)
        .join(digest, digest.c.id == trial.c.digest_id)
        .where(digest.c.slug == slug)
        .order_by(trial.c.id.desc())
        .limit(1)
    )
    if version_hash is not None:
        query = query.where(trial.c.version == version_hash)
    row = connection.execute(query).first()
    return Trial(**row._mapping) if row else None


def tested(connection: Connection, version_hash: str) -> bool:
    """Whether exactly this version was test-sent."""
    return bool(connection.execute(select(func.count()).where(trial.c.version == version_hash)).scalar_one())


def recent_articles(
    connection: Connection, list_: str, *, before: str, limit: int
) -> tuple[tuple[str, frozenset[str]], ...]:
    """(digest, its articles) of the last issues of a list that began to be sent, the newest first, without `before`."""
    issues = [(slug, slugs) for slug, _started, slugs in sent_issues(connection, list_) if slug != before]
    return tuple(issues[:limit])


def sent_issues(connection: Connection, list_: str) -> tuple[tuple[str, datetime, frozenset[str]], ...]:
    """(digest, when its sending began, its articles) of a list's issues, the newest first."""
    rows = connection.execute(
        select(digest.c.slug, send.c.started, version.c.articles)
        .join(send, send.c.digest_id == digest.c.id)
        .join(version, version.c.hash == send.c.version)
        .where(digest.c.list == list_, send.c.started.is_not(None))
        .order_by(send.c.started.desc())
    ).all()
    return tuple((slug, started, frozenset(slugs)) for slug, started, slugs in rows)


def forget_digest(connection: Connection, slug: str) -> bool:
    """Remove a digest that was never armed, with its versions and tests; False when it has a send or is unknown."""
    found = find_digest_row(connection, slug)
    if found is None or connection.execute(select(send.c.id).where(send.c.digest_id == found.id)).first():
        return False
    for table in (approval, trial, version):
        connection.execute(delete(table).where(table.c.digest_id == found.id))
    connection.execute(delete(digest).where(digest.c.id == found.id))
    return True


def _version(row: RowMapping) -> StoredVersion:
    return StoredVersion(
        hash=row["hash"],
        digest_id=row["digest_id"],
        content=Content.from_json(row["content"]),
        subject=row["subject"],
        articles=tuple(row["articles"]),
        created=row["created"],
    )
