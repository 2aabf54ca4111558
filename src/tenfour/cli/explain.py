"""``tenfour explain``: would this connection be let in, and if not, exactly why."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed, Exit
from tenfour.cli.output import print_json, print_table
from tenfour.cli.terminal import escape_controls

MARKS = {"passed": "✓", "failed": "✗", "skipped": "-"}


@click.command()
@click.option("--user", metavar="NAME", help="Whose connection: a name, an id, or ext: and a product's own id.")
@click.option("--chat", metavar="ID", help="At the door of this chat; at the door of all chats without.")
@click.option("--token", "explained", metavar="TOKEN", help="The connection of this token; - reads it from standard input, where others cannot see it.")
@click.option("--origin", metavar="ORIGIN", help="From a page of this origin, as browsers write it: https://app.example.org")
@click.option("--at", metavar="URL", help="The server's address as that page has it; its public one without.")
@click.option("--address", metavar="IP", help="From this address, for the limits that count by it.")
@options.as_json
@options.data
@click.option("--url", envvar="TENFOUR_URL", metavar="URL", help="A server elsewhere [TENFOUR_URL]; TENFOUR_TOKEN says who asks.")
@click.pass_context
def explain(ctx: click.Context, /, user: str | None, explained: str | None, data: str | None, url: str | None, *, as_json: bool, **place: str | None) -> None:
    """Says whether a server would let a connection in, with every check in order. Exit code 1 where it would not.

    \b
    Examples:
      tenfour explain --user ann --chat 01890a5d-ac96-774b-bcce-b302099a8057
      tenfour explain --token - < token.txt
      tenfour explain --user ann --origin https://app.example.org
    """
    if user is None and explained is None and url is None:
        raise CommandFailed("it is not said whose connection", "Name somebody by --user, or give a token by --token -.", Exit.WRONG_USE)
    token = sys.stdin.read().strip() if explained == "-" else explained
    told = asyncio.run(_explain(data, url, user, {"token": token, "url": place.pop("at"), **place}))
    if as_json:
        print_json(told)
    else:
        _show(told)
    ctx.exit(0 if told["allowed"] else Exit.REFUSED)


async def _explain(data: str | None, url: str | None, user: str | None, question: dict[str, Any]) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, administration
    from tenfour.cli.rest import find_user

    async with administration(Reach(data, url, os.environ.get("TENFOUR_TOKEN"))) as rest:
        named = (await find_user(rest, user))["id"] if user is not None else None
        told: dict[str, Any] = await rest.call("POST", "/diagnostics/explain", question | {"user": named})
        return told


def _show(told: dict[str, Any]) -> None:
    print_table(("", "CHECK", "WHAT WAS SEEN"), [(MARKS[each["outcome"]], each["name"], each["detail"] or "") for each in told["checks"]])
    if told["allowed"]:
        click.echo("The connection would be let in.")
        return
    how = f"HTTP {told['status']}" if told["status"] else f"close code {told['close']}"
    click.echo(f"The connection would be refused: {escape_controls(told['detail'].removesuffix('.'))}. [{told['code']}, {how}]")
    click.echo(told["advice"])
    if told["cause"] is not None:
        click.echo(f"{told['cause']['sentence']} {told['cause']['page']}")
