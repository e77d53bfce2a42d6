"""Custom fields of readers, counted: whom a message could not be filled for."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from newsletter_cli.storage.schema import subscriber
from newsletter_cli.subscribers.audience import EVERYBODY, Expr, eligible, readers


def lacking(
    connection: Connection, at: datetime, names: Iterable[str], *, list_id: int, where: Expr = EVERYBODY
) -> dict[str, int]:
    """For each field, how many readers of the audience have nothing in it; fields that nobody lacks are left out."""
    asked = tuple(names)
    if not asked:
        return {}
    sums = (func.sum(case((_is_empty(name), 1), else_=0)) for name in asked)
    query = select(*sums).select_from(readers()).where(eligible(at, list_id=list_id, where=where))
    return {name: int(n) for name, n in zip(asked, connection.execute(query).one(), strict=True) if n}


def _is_empty(name: str) -> ColumnElement[bool]:
    value = subscriber.c.name if name == "name" else subscriber.c.fields[name].as_string()
    return or_(value.is_(None), value == "")
