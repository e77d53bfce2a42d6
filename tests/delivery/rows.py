"""Rows of a send as a process that carries it out leaves them, for commands that only look on."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Insert, insert, select, update

from newsletter_cli.delivery.states import ChunkState, SendState
from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import chunk, digest, lane, list_, send, version

SUBJECT = "حصاد الأسبوع"


def put_send(
    storage: Storage,
    slug: str,
    *,
    now: datetime,
    state: SendState = SendState.SENDING,
    holder: str = "",
    **columns: Any,
) -> int:
    """A send of the list weekly that began a minute ago; returns its id. columns: of the table send."""
    with storage.write() as connection:
        list_id = connection.execute(select(list_.c.id).where(list_.c.slug == "weekly")).scalar()
        if list_id is None:
            list_id = _made(connection, insert(list_).values(slug="weekly", created=now))
        digest_id = _made(connection, insert(digest).values(slug=slug, list="weekly", created=now))
        connection.execute(
            insert(version).values(
                hash=f"{digest_id:064x}", digest_id=digest_id, content="{}", subject=SUBJECT, articles=[], created=now
            )
        )
        values = {"started": now - timedelta(minutes=1), "by": "editor", "foreground": True} | columns
        row = insert(send).values(
            digest_id=digest_id, version=f"{digest_id:064x}", list_id=list_id, state=state.value, key_number=0,
            created=now, holder=holder, **values,
        )  # fmt: skip
        return _made(connection, row)


def _made(connection: Connection, statement: Insert) -> int:
    key = connection.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


def put_chunk(
    storage: Storage, send_id: int, *, total: int, state: ChunkState = ChunkState.OPEN, **columns: Any
) -> None:
    """A chunk of it. columns: of the table chunk."""
    with storage.write() as connection:
        connection.execute(insert(chunk).values(send_id=send_id, total=total, state=state.value, **columns))


def put_lane(storage: Storage, key: str, *, now: datetime, **columns: Any) -> None:
    """What is remembered of a lane. columns: of the table lane."""
    with storage.write() as connection:
        connection.execute(insert(lane).values(key=key, at=now, **columns))


def set_send(storage: Storage, send_id: int, **columns: Any) -> None:
    with storage.write() as connection:
        connection.execute(update(send).where(send.c.id == send_id).values(**columns))


def set_chunks(storage: Storage, send_id: int, **columns: Any) -> None:
    with storage.write() as connection:
        connection.execute(update(chunk).where(chunk.c.send_id == send_id).values(**columns))
