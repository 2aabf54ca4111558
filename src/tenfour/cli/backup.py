"""``tenfour backup``."""

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
def backup(file: Path, data: str | None, *, as_json: bool) -> None:
    """Copies the database into FILE as it is at one moment, also while the server runs.

    FILE appears once it is whole and on disk, readable by its owner alone; what has that name already is never
    overwritten. The signing keys are not in it: without them everybody's client gets itself a new token.

    \b
    Examples:
      tenfour backup /backups/tenfour-$(date +%F).db
      tenfour backup --data /var/lib/tenfour copy.db
    """
    import sqlite3

    from tenfour.cli.reach import Reach
    from tenfour.storage.backup import back_up

    settings = Reach(data).settings()
    if settings.uses_postgresql:
        raise CommandFailed("the messages are in a PostgreSQL database", "It is backed up by its own programs: pg_dump or pg_basebackup.")
    source = settings.database_path
    if not source.exists():
        raise CommandFailed(f"there is no database {source}", "Name the server's data folder by --data or TENFOUR_DATA.")
    try:
        with progress("Copying") as told:
            back_up(source, file, told)
    except (OSError, sqlite3.Error) as cause:
        raise CommandFailed(f"no backup was made: {words(cause)}", "") from cause
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        click.echo(f"{file} is a backup of {source}, {file.stat().st_size:,} bytes.")
