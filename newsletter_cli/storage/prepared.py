"""Statements of the hot paths: compiled once, then handed to the driver as they are.

    _DUE = Prepared(select(…))          at import; the statement is the one both engines share
    _DUE.rows(connection, chunk=3, n=8)

SQLAlchemy's own work for each execution and each row costs a sender more than SQLite does. Bind parameters and columns
keep their types: instants, booleans and JSON are converted as everywhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.dml import UpdateBase

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement as one dialect wants it."""

    text: str
    order: tuple[str, ...] | None  # of positional parameters; None: they are named
    fixed: Mapping[str, Any]  # what the statement itself holds, converted
    into: tuple[tuple[str, Convert], ...]  # parameters that need a conversion
    out: tuple[tuple[int, Convert], ...]  # columns that do

    def values(self, given: Mapping[str, Any]) -> Any:
        values = {**self.fixed, **given}
        for name, convert in self.into:
            if name in given:
                values[name] = convert(values[name])
        return values if self.order is None else tuple([values[name] for name in self.order])


class Prepared:
    """One statement. May be shared by threads; the first execution on each dialect compiles it."""

    __slots__ = ("_forms", "_statement")

    def __init__(self, statement: Select[Any] | UpdateBase) -> None:
        """statement: no expanding `in_`, no parameter without a name of its own."""
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def rows(self, connection: Connection, **given: Any) -> Sequence[Sequence[Any]]:
        """All rows; each can be unpacked like a tuple."""
        form = self._form(connection)
        found: Sequence[Sequence[Any]] = connection.exec_driver_sql(form.text, form.values(given)).all()
        if not form.out:
            return found
        rows = []
        for row in found:
            values = list(row)
            for index, convert in form.out:
                values[index] = convert(values[index])
            rows.append(tuple(values))
        return rows

    def run(self, connection: Connection, **given: Any) -> int:
        """Executes it; returns the rows it changed."""
        form = self._form(connection)
        return connection.exec_driver_sql(form.text, form.values(given)).rowcount

    def many(self, connection: Connection, order: tuple[str, ...], given: Sequence[tuple[Any, ...]]) -> None:
        """Executes it once for each row of parameters; not with none.

        order: the names of the parameters, all of them, as each row has them. Their values are not converted: give
        them as their columns hold them.
        """
        form = self._form(connection)
        rows: Sequence[Any] = given
        if form.order is None:
            rows = [dict(zip(order, values, strict=True)) for values in given]
        elif form.order != order:
            pick = itemgetter(*(order.index(name) for name in form.order))
            rows = [pick(values) for values in given]
        connection.exec_driver_sql(form.text, rows)

    def _form(self, connection: Connection) -> _Form:
        form = self._forms.get(connection.dialect.name)
        if form is None:
            form = self._forms[connection.dialect.name] = _compiled(self._statement, connection.dialect)
        return form


def _compiled(statement: Select[Any] | UpdateBase, dialect: Dialect) -> _Form:
    compiled = statement.compile(dialect=dialect)
    into = tuple(
        (name, convert)
        for name, bind in compiled.binds.items()
        if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    )
    params = dict(compiled.params)
    for name, convert in into:
        if params.get(name) is not None:
            params[name] = convert(params[name])
    out = tuple(
        (index, convert)
        for index, column in enumerate(statement.exported_columns)  # what it selects, or returns
        if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
    )
    order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
    return _Form(str(compiled), order, params, into, out)
