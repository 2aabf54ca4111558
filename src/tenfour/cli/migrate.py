"""``tenfour migrate``."""

from __future__ import annotations

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed
from tenfour.cli.output import print_json


@click.command()
@options.data
@options.as_json
def migrate(data: str | None, *, as_json: bool) -> None:
    """Brings the database to the schema of this version, and makes it where there is none.

    `tenfour serve` does the same at each start; this is for who wants to see it done before. The server must be
    stopped.
    """
    from sqlalchemy.exc import DBAPIError

    from tenfour.cli.reach import Reach
    from tenfour.clock import SystemClock
    from tenfour.storage.lock import LOCK_FILE, FileLock
    from tenfour.storage.migrate import NEWEST, SchemaUnknown
    from tenfour.storage.migrate import migrate as bring_up

    path = Reach(data).settings().database_path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(path.parent / LOCK_FILE)
    lock.acquire()
    try:
        done = bring_up(f"sqlite:///{path}", SystemClock().now_ms())
    except (OSError, SchemaUnknown, DBAPIError) as cause:
        raise CommandFailed(f"the database {path} cannot be migrated: {getattr(cause, 'orig', None) or cause}", "") from cause
    finally:
        lock.release()
    if as_json:
        print_json({"database": str(path), "schema": NEWEST, "changed": done})
    else:
        click.echo(f"{path} {'was brought to' if done else 'has'} schema {NEWEST}{'' if done else ' already'}.")
