"""Prepared statements give what Core gives, and fail as it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, bindparam, create_engine, insert, select
from sqlalchemy.exc import DBAPIError

from tenfour.storage.prepared import Prepared

METADATA = MetaData()
THINGS = Table("things", METADATA, Column("id", Integer, primary_key=True), Column("name", Text))
MISSING = Table("missing", METADATA, Column("id", Integer, primary_key=True))
LATER = select(THINGS.c.id, THINGS.c.name).where(THINGS.c.id > bindparam("after"), THINGS.c.name != "c").order_by(THINGS.c.id).limit(bindparam("limit"))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        THINGS.create(connection)
        connection.execute(insert(THINGS), [{"id": number, "name": name} for number, name in enumerate("abcde")])
        yield connection
    engine.dispose()


@pytest.mark.parametrize("values", [{"after": 0, "limit": 2}, {"after": -1, "limit": 9}, {"after": 9, "limit": 9}])
def test_the_rows_are_those_of_core(connection: Connection, values: dict[str, int]) -> None:
    rows = Prepared(LATER).rows(connection, values)

    assert rows == [tuple(row) for row in connection.execute(LATER, values)]


def test_one_row_or_none(connection: Connection) -> None:
    by_id = Prepared(select(THINGS.c.name).where(THINGS.c.id == bindparam("id")))

    assert by_id.row(connection, {"id": 1}) == ("b",)
    assert by_id.row(connection, {"id": 7}) is None


def test_what_the_driver_refuses_is_an_error_of_sqlalchemy(connection: Connection) -> None:
    with pytest.raises(DBAPIError) as refused:
        Prepared(select(MISSING.c.id)).rows(connection, {})

    assert "no such table" in str(refused.value.orig)
