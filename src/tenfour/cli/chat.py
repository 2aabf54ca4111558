"""``tenfour chat``: chats, as one of their members sees them."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from tenfour.cli import options
from tenfour.cli.output import print_json, print_table
from tenfour.cli.terminal import escape_controls

NO_TITLE = "(no title)"


@click.group()
def chat() -> None:
    """Makes, lists, joins and leaves chats, and adds people, as somebody who may.

    \b
    Examples:
      tenfour chat create General --as ann --member bob --member carol
      tenfour chat create --kind direct --as ann --member bob
      tenfour chat list --as ann
      tenfour chat members General --as ann
      tenfour chat add General carol --as ann
      tenfour chat join Lounge --as carol
    """


@chat.command()
@click.argument("title", required=False)
@click.option("--kind", type=click.Choice(["group", "channel", "direct"]), default="group", help="A channel may be joined by everybody [group].")
@click.option("--member", "members", multiple=True, metavar="NAME", help="Who is in it besides, once for each.")
@click.option("--history", type=click.Choice(["all", "from_joining"]), default="all", help="What who joins later sees of before [all].")
@options.as_user
@options.as_json
@options.reaching
def create(title: str | None, kind: str, members: tuple[str, ...], history: str, speaker: str | None, *, as_json: bool, **reach: str | None) -> None:
    """Makes a chat that --as owns."""
    made = asyncio.run(_create(reach, speaker, {"kind": kind, "title": title, "history": history}, members))
    if as_json:
        print_json(made)
    else:
        people = "nobody else" if made["member_count"] == 1 else f"{made['member_count']} members"
        click.echo(f"{_title(made)} was made ({made['id']}), with {people}.")


@chat.command(name="list")
@options.as_user
@options.as_json
@options.reaching
def list_chats(speaker: str | None, *, as_json: bool, **reach: str | None) -> None:
    """Lists the chats of --as, the most recently active first."""
    found = asyncio.run(_list(reach, speaker))
    if as_json:
        print_json(found)
        return
    rows = [[_title(each), each["id"], each["kind"], each["role"], each["member_count"], each["unread"], each["head"]] for each in found]
    print_table(["CHAT", "ID", "KIND", "ROLE", "MEMBERS", "UNREAD", "HEAD"], rows)


@chat.command()
@click.argument("name", metavar="CHAT")
@options.as_user
@options.as_json
@options.reaching
def members(name: str, speaker: str | None, *, as_json: bool, **reach: str | None) -> None:
    """Lists who is in a chat, named by its title or id."""
    found = asyncio.run(_members(reach, speaker, name))
    if as_json:
        print_json(found)
    else:
        print_table(["NAME", "ID", "ROLE", "JOINED"], [[each["name"], each["user"], each["role"], each["joined_at"]] for each in found])


@chat.command()
@click.argument("name", metavar="CHAT")
@click.argument("people", metavar="NAME...", nargs=-1, required=True)
@options.as_user
@options.reaching
def add(name: str, people: tuple[str, ...], speaker: str | None, **reach: str | None) -> None:
    """Adds people to a group or channel of --as; who is in already stays."""
    asyncio.run(_add(reach, speaker, name, people))


@chat.command()
@click.argument("name", metavar="CHANNEL")
@options.as_user
@options.reaching
def join(name: str, speaker: str | None, **reach: str | None) -> None:
    """Joins a channel, named by its title or id."""
    joined = asyncio.run(_join(reach, speaker, name))
    click.echo(f"You are in {_title(joined)}, with {joined['member_count']} members in all.")


@chat.command()
@click.argument("name", metavar="CHAT")
@options.as_user
@options.reaching
def leave(name: str, speaker: str | None, **reach: str | None) -> None:
    """Leaves a group or channel."""
    click.echo(f"You left {_title(asyncio.run(_leave(reach, speaker, name)))}.")


async def _create(reach: dict[str, str | None], speaker: str | None, wanted: dict[str, Any], members: tuple[str, ...]) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, speaking
    from tenfour.cli.rest import find_user

    async with speaking(Reach(**reach), speaker) as me:
        ids = [(await find_user(me.rest, name))["id"] for name in members]
        made: dict[str, Any] = await me.rest.call("POST", "/chats", wanted | {"members": ids})
        return made


async def _list(reach: dict[str, str | None], speaker: str | None) -> list[dict[str, Any]]:
    from tenfour.cli.reach import Reach, speaking

    async with speaking(Reach(**reach), speaker) as me:
        return [each async for each in me.rest.all("/chats")]


async def _members(reach: dict[str, str | None], speaker: str | None, name: str) -> list[dict[str, Any]]:
    from tenfour.cli.reach import Reach, speaking
    from tenfour.cli.rest import find_chat

    async with speaking(Reach(**reach), speaker) as me:
        found = await find_chat(me.rest, name)
        return [each async for each in me.rest.all(f"/chats/{found['id']}/members")]


async def _add(reach: dict[str, str | None], speaker: str | None, name: str, people: tuple[str, ...]) -> None:
    from tenfour.cli.reach import Reach, speaking
    from tenfour.cli.rest import find_chat, find_user

    async with speaking(Reach(**reach), speaker) as me:
        chat = await find_chat(me.rest, name)
        found = [await find_user(me.rest, person) for person in people]
        for each in found:
            await me.rest.call("PUT", f"/chats/{chat['id']}/members/{each['id']}")
            click.echo(f"{escape_controls(each['name'])} is in {_title(chat)}.")


async def _join(reach: dict[str, str | None], speaker: str | None, name: str) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, speaking
    from tenfour.cli.rest import find_channel

    async with speaking(Reach(**reach), speaker) as me:
        joined: dict[str, Any] = await me.rest.call("POST", f"/chats/{(await find_channel(me.rest, name))['id']}/join")
        return joined


async def _leave(reach: dict[str, str | None], speaker: str | None, name: str) -> dict[str, Any]:
    from tenfour.cli.reach import Reach, speaking
    from tenfour.cli.rest import find_chat

    async with speaking(Reach(**reach), speaker) as me:
        chat = await find_chat(me.rest, name)
        await me.rest.call("POST", f"/chats/{chat['id']}/leave")
        return chat


def _title(chat: dict[str, Any]) -> str:
    """What a chat is called: its title, or the other one in a direct chat."""
    return escape_controls(chat["title"] or (chat["other"] or {}).get("name") or NO_TITLE)
