"""``tenfour restore``."""

from __future__ import annotations

from pathlib import Path

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed, words
from tenfour.cli.output import print_json
from tenfour.cli.progress import progress


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@options.data
@options.as_json
def restore(file: Path, data: str | None, *, as_json: bool) -> None:
    """Puts the backup FILE in the place of the database. The server must be stopped.

    The database that was there is kept beside it. Messages and events get a new epoch: a client that comes back
    from after the backup reads the history anew, instead of being told nothing.

    \b
    Example:
      tenfour restore /backups/tenfour-2026-11-20.db
    """
    import sqlite3

    from tenfour.cli.reach import Reach
    from tenfour.clock import SystemClock
    from tenfour.storage.backup import NotABackup
    from tenfour.storage.backup import restore as put_back
    from tenfour.storage.migrate import SchemaUnknown

    settings = Reach(data).settings()
    if settings.uses_postgresql:
        raise CommandFailed("the messages are in a PostgreSQL database", "It is restored by its own programs: pg_restore, or from a base backup.")
    path = settings.database_path
    try:
        with progress("Restoring") as told:
            kept = put_back(file, path, SystemClock().now_ms(), told)
    except (NotABackup, SchemaUnknown, OSError, sqlite3.Error) as cause:
        raise CommandFailed(f"nothing was restored: {words(cause)}", "") from cause
    if as_json:
        print_json({"database": str(path), "kept": None if kept is None else str(kept)})
        return
    click.echo(f"{path} is as it was in {file}.")
    if kept is not None:
        click.echo(f"What was there before is in {kept}; delete it when you are sure.")
