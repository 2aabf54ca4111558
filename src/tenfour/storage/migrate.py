"""Bringing a database to the schema of this version, with Alembic's migrations.

Alembic is imported only where there is something to do: it costs a fifth of a second at start.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from tenfour.ids import new_id
from tenfour.storage.schema import store

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0005"
MIGRATION_LOCK = 0x54454E464F5552
"""The number of the advisory lock on PostgreSQL: TENFOUR in ASCII."""
PRIVATE_FILE = 0o600


class SchemaUnknown(Exception):
    """The database has a schema that this version has never heard of."""


def schema_version(engine: Engine) -> str | None:
    """The newest migration that was applied; None for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def migrate(url: str, now_ms: int) -> bool:
    """Brings the SQLite file of that address up, as ``migrate_engine`` does."""
    engine = _migrating_engine(url)
    try:
        return migrate_engine(engine, now_ms)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine, now_ms: int) -> bool:
    """Applies what is missing and makes the store's epoch; whether anything was done.

    All of it is one transaction: who is interrupted finds the database as it was. Raises ``SchemaUnknown``.
    """
    version = schema_version(engine)
    if version == NEWEST:
        return False
    if version is not None and version not in _known_versions():
        raise SchemaUnknown(f"its schema is {version}, and this version of tenfour knows {NEWEST} at the most; install a newer one")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Of several nodes that start at once one migrates; the others wait here, and find nothing left to do.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        _upgrade(connection)
        if connection.execute(store.select()).first() is None:
            connection.execute(store.insert().values(id=1, epoch=new_id(now_ms)))
    return True


def _migrating_engine(url: str) -> Engine:
    """An engine whose transactions hold the definition of tables too, which the driver of SQLite does not do by itself."""
    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).touch(mode=PRIVATE_FILE)  # SQLite would let everybody read it; what it makes beside it has the file's mode
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _known_versions() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
