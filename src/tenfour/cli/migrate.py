"""``tenfour migrate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed
from tenfour.cli.output import print_json

if TYPE_CHECKING:
    from tenfour.settings import Settings


@click.command()
@options.data
@options.as_json
def migrate(data: str | None, *, as_json: bool) -> None:
    """Brings the database to the schema of this version, and makes it where there is none.

    `tenfour serve` does the same at each start; this is for who wants to see it done before. The server must be
    stopped.
    """
    from tenfour.cli.reach import Reach
    from tenfour.storage.migrate import NEWEST

    settings = Reach(data).settings()
    shown, done = _bring_up_postgresql(settings) if settings.uses_postgresql else _bring_up_file(settings)
    if as_json:
        print_json({"database": shown, "schema": NEWEST, "changed": done})
    else:
        click.echo(f"{shown} {'was brought to' if done else 'has'} schema {NEWEST}{'' if done else ' already'}.")


def _bring_up_file(settings: Settings) -> tuple[str, bool]:
    from sqlalchemy.exc import DBAPIError

    from tenfour.clock import SystemClock
    from tenfour.storage.lock import LOCK_FILE, FileLock
    from tenfour.storage.migrate import SchemaUnknown
    from tenfour.storage.migrate import migrate as bring_up

    path = settings.database_path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(path.parent / LOCK_FILE)
    lock.acquire()
    try:
        return str(path), bring_up(f"sqlite:///{path}", SystemClock().now_ms())
    except (OSError, SchemaUnknown, DBAPIError) as cause:
        raise CommandFailed(f"the database {path} cannot be migrated: {getattr(cause, 'orig', None) or cause}", "") from cause
    finally:
        lock.release()


def _bring_up_postgresql(settings: Settings) -> tuple[str, bool]:
    from sqlalchemy.exc import DBAPIError

    from tenfour.clock import SystemClock
    from tenfour.storage.migrate import SchemaUnknown

    try:
        from tenfour.storage.postgres import migrate_postgres
        from tenfour.storage.postgres_connection import Database, describe
    except ImportError as cause:
        raise CommandFailed(f"the driver of PostgreSQL is missing ({cause})", "Install it by: pip install 'tenfour[postgresql]'") from cause
    from tenfour.storage.store import StoreUnusable

    try:
        database = Database(settings.database)
    except StoreUnusable as cause:
        raise CommandFailed(str(cause), "") from cause
    try:
        return database.shown, migrate_postgres(database, SystemClock().now_ms())
    except (SchemaUnknown, DBAPIError) as cause:
        words = describe(cause) if isinstance(cause, DBAPIError) else str(cause)
        raise CommandFailed(f"the database {database.shown} cannot be migrated: {words}", "") from cause
