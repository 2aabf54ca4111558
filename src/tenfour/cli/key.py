"""``tenfour key``: server keys, with which a product's back end shows who it is."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import click

from tenfour.cli import options
from tenfour.cli.output import print_json, print_table
from tenfour.cli.terminal import escape_controls

SCOPES = ("users", "chats", "messages", "tokens")


@click.group()
def key() -> None:
    """Makes, lists and revokes server keys, with which a product's back end uses the API.

    \b
    Examples:
      tenfour key create shop
      tenfour key create bot --scope messages
      tenfour key list
      tenfour key revoke 01890a5d-ac96-774b-bcce-b302099a8057
    """


@key.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="What it may do, once for each; all without.")
@options.as_json
@options.reaching
def create(name: str, scopes: tuple[str, ...], *, as_json: bool, **reach: str | None) -> None:
    """Makes a key. It is printed now and never again: only its hash is kept."""
    made = _ask(reach, "POST", "/server-keys", {"name": name, "scopes": list(scopes) or None})
    if as_json:
        print_json(made)
        return
    click.echo(made["key"])
    click.echo(f"This is the key {escape_controls(made['name'])} ({made['id']}) for {', '.join(made['scopes'])}. It is not shown again.", err=True)


@key.command(name="list")
@options.as_json
@options.reaching
def list_keys(*, as_json: bool, **reach: str | None) -> None:
    """Lists the keys that stand, by their last four characters."""
    found = _ask(reach, "GET", "/server-keys", None)["items"]
    if as_json:
        print_json(found)
    else:
        print_table(["NAME", "ID", "ENDS IN", "SCOPES", "MADE"], [[each["name"], each["id"], each["hint"], " ".join(each["scopes"]), each["created_at"]] for each in found])


@key.command()
@click.argument("key_id", metavar="ID")
@options.reaching
def revoke(key_id: str, **reach: str | None) -> None:
    """Ends a key at once."""
    _ask(reach, "DELETE", f"/server-keys/{quote(key_id, safe='')}", None)
    click.echo(f"The key {escape_controls(key_id)} is revoked.")


def _ask(reach: dict[str, str | None], method: str, path: str, body: dict[str, Any] | None) -> Any:
    from tenfour.cli.reach import Reach, administration

    async def ask() -> Any:
        async with administration(Reach(**reach)) as rest:
            return await rest.call(method, path, body)

    return asyncio.run(ask())
