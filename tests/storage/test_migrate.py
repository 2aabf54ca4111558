"""A database is brought to the schema of this program, whole or not at all."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tenfour.clock import ManualClock
from tenfour.ids import parse_uuid
from tenfour.storage.migrate import MIGRATIONS, NEWEST, migrate, schema_version
from tenfour.storage.schema import metadata
from tenfour.storage.sqlite import SqliteStore
from tenfour.storage.store import StoreUnusable
from tests.storage.node import Node


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


def definitions(path: Path) -> set[tuple[str, str, str]]:
    """Every table and index, in words that do not depend on the order of columns' constraints or on spaces."""
    found = rows(path, "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name != 'alembic_version' AND name NOT LIKE 'sqlite_autoindex_alembic%'")
    return {(str(kind), str(name), ",".join(sorted(part.strip() for part in str(sql).replace("\n", " ").replace('"', "").split(",")))) for kind, name, sql in found}


def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
    tables = [str(name) for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version', 'sqlite_stat1')")]
    return {table: rows(path, f'PRAGMA table_xinfo("{table}")') + rows(path, f'PRAGMA foreign_key_list("{table}")') for table in tables}


def test_a_new_file_is_at_the_newest_schema_and_has_an_epoch(path: Path) -> None:
    assert migrate(f"sqlite:///{path}", 1_750_000_000_000)

    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    assert schema_version(engine) == NEWEST == ScriptDirectory(str(MIGRATIONS)).get_current_head()
    ((epoch,),) = rows(path, "SELECT epoch FROM store")
    assert parse_uuid(str(epoch)) == epoch


def test_migrating_again_changes_nothing(path: Path) -> None:
    migrate(f"sqlite:///{path}", 0)
    before = path.read_bytes()

    assert not migrate(f"sqlite:///{path}", 1)

    assert path.read_bytes() == before


def test_the_migrations_make_what_the_schema_says(path: Path, tmp_path: Path) -> None:
    migrate(f"sqlite:///{path}", 0)
    told = tmp_path / "told.db"
    engine = create_engine(f"sqlite:///{told}", poolclass=NullPool)
    metadata.create_all(engine)

    assert columns(path) == columns(told)
    assert {each[:2] for each in definitions(path)} == {each[:2] for each in definitions(told)}
    without_rowid = "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE type = 'table' AND name != 'alembic_version' ORDER BY name"
    assert rows(path, without_rowid) == rows(told, without_rowid)
    indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    assert rows(path, indexes) == rows(told, indexes)
    with create_engine(f"sqlite:///{path}", poolclass=NullPool).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_the_first_version_keeps_what_is_in_it(path: Path) -> None:
    _at_version("0001", path)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO store (id, epoch) VALUES (1, 'the epoch')")
        database.execute("INSERT INTO users (id, name, issuer, created_at) VALUES ('u', 'Ann O''Brien', 'local', 7)")

    assert migrate(f"sqlite:///{path}", 0)

    assert rows(path, "SELECT id, name, created_at, avatar, name_words FROM users") == [("u", "Ann O'Brien", 7, None, " ann o brien")]
    assert rows(path, "SELECT epoch FROM store") == [("the epoch",)]
    assert not migrate(f"sqlite:///{path}", 0)


def _at_version(version: str, path: Path) -> None:
    """A database as that version made it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(f"sqlite:///{path}", poolclass=NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def test_a_migration_that_fails_in_its_middle_leaves_nothing_behind(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE users (stranger TEXT)")

    with pytest.raises(Exception, match="users already exists"):
        migrate(f"sqlite:///{path}", 0)

    assert rows(path, "SELECT name FROM sqlite_master") == [("users",)]


async def test_a_database_of_a_newer_program_is_refused_by_name_and_left_as_it_is(path: Path) -> None:
    migrate(f"sqlite:///{path}", 0)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()

    with pytest.raises(StoreUnusable, match=f"schema is 9999, and this version of tenfour knows {NEWEST} at the most"):
        await Node(SqliteStore(path, ManualClock()), ManualClock()).open()

    assert path.read_bytes() == before
