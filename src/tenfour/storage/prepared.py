"""Statements of Core that are compiled once and then run by the driver.

For the few that run with every page, every connection and every replay: what SQLAlchemy does around a statement
costs four times the statement. Text, parameters and errors are still those of the dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]


class Prepared:
    """A select whose rows come as the driver gives them: by position, without the types' own conversions."""

    __slots__ = ("_by_dialect", "_statement")

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._by_dialect: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        """All rows; raises ``DBAPIError`` as ``connection.execute`` does."""
        compiled = self._by_dialect.get(connection.dialect.name) or self._compile(connection.dialect)
        given = {**compiled.constants, **values}
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.text, given if compiled.order is None else [given[name] for name in compiled.order])
            found = cast("list[Row]", cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as cause:
            is_gone = connection.dialect.is_disconnect(cause, connection.connection.driver_connection, cursor)
            raise DBAPIError(compiled.text, None, cause, connection_invalidated=is_gone) from cause
        finally:
            cursor.close()
        return found

    def row(self, connection: Connection, values: Mapping[str, Any]) -> Row | None:
        """The only row, of a select by a unique key; None where there is none."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled = self._statement.compile(dialect=dialect)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
        made = self._by_dialect[dialect.name] = _Compiled(str(compiled), order, constants)
        return made


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    order: tuple[str, ...] | None
    """The names of the parameters in their order; None where the driver takes them by name."""
    constants: Mapping[str, Any]
    """Parameters that Core made of values in the statement."""
