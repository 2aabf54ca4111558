"""``tenfour serve``."""

from __future__ import annotations

import os
import sys

import click

from tenfour.settings import Settings, WrongSetting, load_settings


@click.command()
def serve() -> None:
    """Runs the server."""
    import uvloop

    from tenfour import app
    from tenfour.observe.log import make_log
    from tenfour.storage.sqlite import StoreLocked

    try:
        settings = load_settings(os.environ)
        app.external_issuers(settings)
    except WrongSetting as cause:
        click.echo(f"tenfour: {cause}", err=True)
        sys.exit(2)
    log = make_log(settings.log_level, settings.log_format)
    try:
        sys.exit(uvloop.run(app.serve(settings, log, _started)))
    except (StoreLocked, app.CannotStart) as cause:
        click.echo(f"tenfour: {cause}", err=True)
        sys.exit(1)


def _started(settings: Settings, secret: str | None) -> None:
    click.echo(f"Tenfour is at {settings.url}")
    if secret is not None:
        click.echo(f"Make the first administrator: {settings.url}/setup#{secret}")
    click.echo("Ready. Ctrl-C stops it.")
