"""What a slice of an import changes in readers who are known: empty values filled, tags put, and both written down."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, insert, outerjoin, select, update

from newsletter_cli.storage.engine import Storage
from newsletter_cli.storage.schema import import_change, subscriber, subscription, tag
from newsletter_cli.subscribers.filling import filled_in
from newsletter_cli.subscribers.judging import STORED, worth_filling
from newsletter_cli.subscribers.reading import tags_of
from newsletter_cli.subscribers.staging import row


@dataclass(frozen=True, slots=True)
class _Merge:
    """One reader afterwards."""

    row: RowMapping
    name: str
    fields: Mapping[str, str]
    filled: bool
    tags: tuple[str, ...]  # that he did not have

    @property
    def before(self) -> dict[str, Any]:
        """What an undo puts back."""
        return {"name": self.row["known_name"], "fields": self.row["known_fields"] or {}} if self.filled else {}

    @property
    def after(self) -> dict[str, Any]:
        """What must still stand there for an undo to touch it."""
        values = {"name": self.name, "fields": dict(self.fields)} if self.filled else {}
        return values | ({"tags": list(self.tags)} if self.tags else {})


def merge(
    storage: Storage,
    connection: Connection,
    within: ColumnElement[bool],
    *,
    list_id: int,
    batch: str,
    overwrite: Collection[str],
) -> int:
    """Fills and tags the readers of a slice of rows; how many readers got a value.

    Rows whose line in import_change is written here are marked as noted.
    """
    found = connection.execute(_question(within, list_id, overwrite)).mappings().all()
    tagged = tags_of(connection, [one["subscriber_id"] for one in found if one["tags"]])
    merged = [_merged(one, tagged.get(one["subscriber_id"], ()), overwrite) for one in found]
    changed = [one for one in merged if one.filled or one.tags]
    _write_values(connection, [one for one in changed if one.filled])
    _write_tags(storage, connection, changed)
    _write_down(connection, changed, batch)
    return sum(one.filled for one in changed)


def _question(within: ColumnElement[bool], list_id: int, overwrite: Collection[str]) -> Any:
    mine = and_(subscription.c.list_id == list_id, subscription.c.subscriber_id == row.c.subscriber_id)
    known = row.join(subscriber, subscriber.c.id == row.c.subscriber_id)
    return (
        select(
            row.c.n, row.c.subscriber_id, row.c.name, row.c.fields, row.c.tags, row.c.made, row.c.verdict,
            subscriber.c.name.label("known_name"), subscriber.c.fields.label("known_fields"),
            subscription.c.id.label("subscription_id"),
        )
        .select_from(outerjoin(known, subscription, mine))
        .where(within, worth_filling(overwrite))
        .order_by(row.c.n)
    )  # fmt: skip


def _merged(one: RowMapping, has: Collection[str], overwrite: Collection[str]) -> _Merge:
    name: str = one["known_name"]
    fields: Mapping[str, str] = one["known_fields"] or {}
    filled: tuple[str, ...] = ()
    if not one["made"]:
        name, fields, filled = filled_in(name, fields, one["name"], json.loads(one["fields"]), overwrite)
    tags = tuple(word for word in json.loads(one["tags"] or "[]") if word not in has)
    return _Merge(one, name, fields, bool(filled), tags)


def _write_values(connection: Connection, merged: Sequence[_Merge]) -> None:
    if merged:
        connection.execute(
            update(subscriber)
            .where(subscriber.c.id == bindparam("reader"))
            .values(name=bindparam("new_name"), fields=bindparam("new_fields")),
            [
                {"reader": one.row["subscriber_id"], "new_name": one.name, "new_fields": dict(one.fields)}
                for one in merged
            ],
        )


def _write_tags(storage: Storage, connection: Connection, merged: Sequence[_Merge]) -> None:
    pairs = [{"subscriber_id": one.row["subscriber_id"], "tag": word} for one in merged for word in one.tags]
    if pairs:
        connection.execute(storage.insert(tag).on_conflict_do_nothing(), pairs)


def _write_down(connection: Connection, merged: Sequence[_Merge], batch: str) -> None:
    if not merged:
        return
    connection.execute(
        insert(import_change),
        [
            {
                "batch_id": batch,
                "subscriber_id": one.row["subscriber_id"],
                "made_subscriber": one.row["made"],
                "subscription_id": one.row["subscription_id"] if one.row["verdict"] in STORED else None,
                "before": one.before,
                "after": one.after,
            }
            for one in merged
        ],
    )
    noted = [{"place": one.row["n"]} for one in merged if one.row["verdict"] in STORED]
    if noted:
        connection.execute(update(row).where(row.c.n == bindparam("place")).values(noted=True), noted)
