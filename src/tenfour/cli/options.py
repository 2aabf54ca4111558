"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Prints JSON; a failure too, on standard error.")
data = click.option("--data", metavar="FOLDER", help="The server's data folder [TENFOUR_DATA, or ./data].")
as_user = click.option("--as", "speaker", metavar="NAME", help="Whose: a name, an id, or ext: and a product's own id.")


def reaching(command: F) -> F:
    """--data for a server of this machine, --url and --token for one elsewhere."""
    for option in (
        click.option("--token", envvar="TENFOUR_TOKEN", metavar="TOKEN", help="An access token [TENFOUR_TOKEN, which others cannot read]."),
        click.option("--url", envvar="TENFOUR_URL", metavar="URL", help="A server elsewhere [TENFOUR_URL]."),
        data,
    ):
        command = option(command)
    return command
