"""``tenfour trace``: what became of one event."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from tenfour.cli import options
from tenfour.cli.output import print_json
from tenfour.cli.terminal import escape_controls


@click.command()
@click.argument("chat")
@click.argument("seq", type=click.IntRange(min=1))
@options.as_json
@options.reaching
def trace(chat: str, seq: int, *, as_json: bool, **reach: str | None) -> None:
    """Tells what became of the event SEQ of CHAT (its id): when it was committed and heard, who has it, who has read it.

    \b
    Example:
      tenfour trace 01890a5d-ac96-774b-bcce-b302099a8057 42
    """
    told = asyncio.run(_trace(reach, chat, seq))
    if as_json:
        print_json(told)
    else:
        for line in _lines(told):
            click.echo(escape_controls(line))


async def _trace(reach: dict[str, str | None], chat: str, seq: int) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, administration

    async with administration(Reach(**reach)) as rest:
        told: dict[str, Any] = await rest.call("GET", "/diagnostics/delivery", chat=chat, seq=seq)
        return told


def _lines(told: dict[str, Any]) -> list[str]:
    arrival, by = told["arrival"], _name(told["by"])
    heard = f"on node {told['node']} after {arrival['after_ms']} ms (events in the batch: {arrival['events']}, deliveries: {arrival['deliveries']})" if arrival is not None else "not known any more"
    return [
        f"event      {told['seq']} {told['kind']} by {by}",
        f"committed  {told['committed_at']}",
        f"heard      {heard}",
        f"delivered  to the open connections that follow the chat: {len(told['recipients'])}",
        *(f"           {each['connection']}  {_name(each['user'])}, {each['queue_bytes']} bytes waiting" for each in told["recipients"]),
        *(f"{_name(each['user'])}: {_progress(each)}" for each in told["readers"]),
    ]


def _name(user: dict[str, Any] | None) -> str:
    return "-" if user is None else user["name"] or user["id"]


def _progress(reader: dict[str, Any]) -> str:
    if reader["read"]:
        return f"read it (position last moved at {reader['read_at']})" if reader["read_at"] is not None else "read it"
    return "has it, unread" if reader["delivered"] else "has not said that it has it"
