"""``tenfour connections``: who is connected, and why connections ended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed, Exit
from tenfour.cli.output import print_json, print_table
from tenfour.errors import ErrorCode

if TYPE_CHECKING:
    from tenfour.cli.rest import Rest

WATCH_EVERY_S = 2.0
OPEN_COLUMNS = ("USER", "DOOR", "CHATS", "SINCE", "HEARD", "SENT", "QUEUE", "ROUND TRIP", "ADDRESS", "CLIENT", "CONNECTION")
ENDED_COLUMNS = ("AT", "USER", "DOOR", "CLOSE", "CODE", "TIMES", "AFTER", "ADDRESS", "CLIENT", "DETAIL")


@click.command()
@click.option("--user", metavar="NAME", help="Only this one's: a name, an id, or ext: and a product's own id.")
@click.option("--ended", is_flag=True, help="Those that ended, or were refused, and why.")
@click.option("--code", metavar="CODE", help="With --ended: only those with this error code.")
@click.option("--watch", is_flag=True, help=f"Asks again every {WATCH_EVERY_S:g} s, until it is interrupted.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, help="How many at most, the newest first [100].")
@options.as_json
@options.reaching
def connections(user: str | None, code: str | None, limit: int, *, ended: bool, watch: bool, as_json: bool, **reach: str | None) -> None:
    """Lists the open connections of a server, or the last ones that ended: all for administrators, else one's own.

    \b
    Examples:
      tenfour connections
      tenfour connections --user ann --watch
      tenfour connections --ended --code token_expired
    """
    if code is not None and not ended:
        raise click.UsageError("--code goes with --ended.")
    if code is not None and code not in ErrorCode.__members__.values():
        near = get_close_matches(code, ErrorCode)
        raise CommandFailed(f"no error has the code {code!r}", f"Did you mean {' or '.join(near)}?" if near else "All codes stand in docs/reference/errors.md.", Exit.WRONG_USE)
    query: dict[str, Any] = {"limit": limit} | ({"code": code} if code is not None else {})
    asyncio.run(_list(reach, user, query, ended=ended, watch=watch, as_json=as_json))


async def _list(reach: dict[str, str | None], user: str | None, query: dict[str, Any], *, ended: bool, watch: bool, as_json: bool) -> None:
    from tenfour.cli.reach import Reach, administration
    from tenfour.cli.rest import find_user
    from tenfour.cli.running import no_server, running_server

    found = Reach(**reach)
    if found.url is None and running_server(found.settings()) is None:
        raise no_server(found.settings())
    async with administration(found) as rest:
        if user is not None:
            query = query | {"user": (await find_user(rest, user))["id"]}
        while True:
            await _show(rest, query, ended=ended, watch=watch, as_json=as_json)
            if not watch:
                return
            await asyncio.sleep(WATCH_EVERY_S)


async def _show(rest: Rest, query: dict[str, Any], *, ended: bool, watch: bool, as_json: bool) -> None:
    page = await rest.call("GET", "/diagnostics/endings" if ended else "/diagnostics/connections", **query)
    if as_json:
        print_json(page["items"])
        return
    if watch:
        click.clear()
    if ended:
        print_table(ENDED_COLUMNS, [_ended_row(each) for each in page["items"]])
    else:
        print_table(OPEN_COLUMNS, [_open_row(each) for each in page["items"]])
        click.echo(f"{len(page['items'])} of {page['total']} open on node {page['node']}.")


def _open_row(seen: dict[str, Any]) -> Sequence[object]:
    round_trip = f"{seen['round_trip_ms']:g} ms" if seen["round_trip_ms"] is not None else "-"
    times = (seen["since"], f"{seen['received_s']:g} s", f"{seen['sent_s']:g} s")
    return (_name(seen), seen["door"], seen["chat_count"], *times, seen["queue_bytes"], round_trip, seen["address"], seen["client"] or "-", seen["id"])


def _ended_row(seen: dict[str, Any]) -> Sequence[object]:
    after = f"{seen['age_s']:g} s" if seen["age_s"] is not None else "-"
    return (seen["at"], _name(seen), seen["door"], seen["close"], seen["code"], seen["times"], after, seen["address"], seen["client"] or "-", seen["detail"])


def _name(seen: dict[str, Any]) -> str:
    user = seen["user"]
    return "-" if user is None else user["name"] or user["id"]
