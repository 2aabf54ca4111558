"""``tenfour send``."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from tenfour.cli import options
from tenfour.cli.failures import CommandFailed, Exit
from tenfour.cli.output import print_json

if TYPE_CHECKING:
    from tenfour.cli.reach import Reach
    from tenfour.wire.frames import Ack


@click.command()
@click.argument("chat")
@click.argument("text")
@click.option("--key", metavar="KEY", help="The message's own key: sent again with it, it is there once. Made where none is given.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0.1), default=30.0, metavar="SECONDS", help="How long to wait for the ack, through disconnections [30].")
@options.as_user
@options.as_json
@options.reaching
def send(chat: str, text: str, key: str | None, timeout_s: float, speaker: str | None, *, as_json: bool, **reach: str | None) -> None:
    """Says TEXT in CHAT, and returns when it is on disk.

    CHAT is a title, an id, or the name of the other one in a direct chat. TEXT - is read from standard input.

    \b
    Examples:
      tenfour send General "Hello, ann" --as bob
      uptime | tenfour send Operations - --as bot
      TENFOUR_URL=https://chat.example.org TENFOUR_TOKEN=… tenfour send General "Hello"
    """
    from tenfour.cli.reach import Reach
    from tenfour.clock import SystemClock
    from tenfour.ids import new_id

    text = sys.stdin.read().rstrip("\n") if text == "-" else text
    key = key or new_id(SystemClock().now_ms())
    ack = asyncio.run(_send(Reach(**reach), speaker, chat, text, key, timeout_s))
    if as_json:
        print_json({"chat": ack.chat, "key": ack.key, "seq": ack.seq, "id": ack.id, "at": ack.at, "duplicate": ack.duplicate})
    else:
        click.echo(f"Stored as number {ack.seq} of the chat{', where it was already' if ack.duplicate else ''}.")


async def _send(reach: Reach, speaker: str | None, chat: str, text: str, key: str, timeout_s: float) -> Ack:
    from tenfour.cli.reach import speaking
    from tenfour.cli.rest import find_chat
    from tenfour.cli.running import no_server
    from tenfour.client import Client

    async with speaking(reach, speaker) as me:
        if me.url is None:
            raise no_server(reach.settings())
        found = await find_chat(me.rest, chat)
        async with Client(me.url, me.tokens, tls=me.tls) as client:
            refused = asyncio.ensure_future(client.connected())
            acked = asyncio.ensure_future(client.chat(found["id"]).send(text, key=key))
            await asyncio.wait({refused, acked}, return_when=asyncio.FIRST_EXCEPTION, timeout=timeout_s)
            if refused.done():
                refused.result()  # raises where the server says no for good
            if not acked.done():
                raise CommandFailed(f"no ack came within {timeout_s:g} s, so nobody knows whether it was stored", f"Send it again with --key {key}: it cannot double.", Exit.UNREACHABLE)
            return acked.result()
