"""``tenfour tail``."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from tenfour.cli import options
from tenfour.cli.output import colour, dim
from tenfour.cli.terminal import escape_controls, escape_lines

if TYPE_CHECKING:
    from tenfour.cli.reach import Reach, Speaker
    from tenfour.client import AnyEvent, HistoryReplaced, Status
    from tenfour.wire.frames import MemberChanged, MemberJoined, MemberLeft

T = TypeVar("T")

INDENT = " " * 10


@click.command()
@click.argument("chat")
@click.option("-n", "--last", type=click.IntRange(min=0), default=10, metavar="COUNT", help="How many of the last events come first [10].")
@click.option("--after", type=click.IntRange(min=0), metavar="SEQ", help="Begins after this number of the chat instead; 0 is its beginning.")
@options.as_user
@options.as_json
@options.reaching
def tail(chat: str, last: int, after: int | None, speaker: str | None, *, as_json: bool, **reach: str | None) -> None:
    """Follows CHAT until Ctrl-C: every event once, in order.

    A lost connection comes back by itself and goes on where it was, also when the server was killed. The
    state of the connection goes to standard error. With --json each event is a line as the protocol has it.

    \b
    Examples:
      tenfour tail General --as ann
      tenfour tail General --as ann --after 0 --json | jq -r .text
      TENFOUR_URL=https://chat.example.org tenfour tail General --as ann
    """
    from tenfour.cli.reach import Reach

    asyncio.run(_tail(Reach(**reach), speaker, chat, last, after, as_json=as_json))


async def _tail(reach: Reach, speaker: str | None, chat: str, last: int, after: int | None, *, as_json: bool) -> None:
    from tenfour.cli.reach import speaking
    from tenfour.cli.rest import find_chat
    from tenfour.cli.running import no_server
    from tenfour.client import HistoryReplaced
    from tenfour.wire.codec import encode

    async with speaking(reach, speaker) as me:
        if me.url is None:
            raise no_server(reach.settings())
        found = await find_chat(me.rest, chat)
        begin = after if after is not None else max(0, found["head"] - last)
        names = await Names.of_chat(me, found["id"])
        days = Days(date.today())  # noqa: DTZ011 - the day here, where the events are read
        async with contextlib.aclosing(_follow(me, found["id"], begin)) as events:
            async for event in events:
                if isinstance(event, HistoryReplaced):
                    click.echo(dim("-- the server has another history than that (was a backup restored?); it begins again"), err=True, color=colour())
                elif as_json:
                    click.echo(json.dumps(json.loads(encode(event))))
                else:
                    click.echo(days.turn(event) + await show_event(event, names), color=colour())


async def _follow(me: Speaker, chat: str, after: int) -> AsyncGenerator[AnyEvent | HistoryReplaced]:
    """The chat's events; raises ``TenfourError`` once the server says no for good, or the speaker is in the chat no more."""
    from tenfour.client import Client, MemberLeft
    from tenfour.errors import ErrorCode, TenfourError

    assert me.url is not None
    watch = Watch(me)
    async with Client(me.url, watch.token, tls=me.tls, on_status=watch.status) as client, client.chat(chat).events(after=after) as events:
        while True:
            event = await _first(anext(events), watch.refused)
            yield event
            if isinstance(event, MemberLeft) and event.user == me.user["id"]:
                raise TenfourError(ErrorCode.REMOVED_FROM_CHAT)


async def _first(coming: Awaitable[T], refused: asyncio.Future[T]) -> T:
    """What comes, unless the refusal comes first, which is raised."""
    task = asyncio.ensure_future(coming)
    try:
        await asyncio.wait([task, refused], return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else refused.result()
    finally:
        task.cancel()


class Watch:
    """Tells how the connection is, and hears when there will be none any more."""

    def __init__(self, me: Speaker) -> None:
        self.refused: asyncio.Future[AnyEvent | HistoryReplaced] = asyncio.get_running_loop().create_future()
        """Fails once no token is to be had."""
        self._me = me
        self._told = ""

    def status(self, now: Status) -> None:
        from tenfour.client import Connected, Waiting

        match now:
            case Connected():
                self._tell("connected")
            case Waiting():
                self._tell(f"not connected ({escape_controls(now.why)}); trying again")

    async def token(self, refused: bool) -> str:
        from tenfour.errors import Retry, TenfourError

        try:
            return await self._me.tokens(refused)
        except TenfourError as refusal:
            if refusal.failure.retry is Retry.NEVER and not self.refused.done():
                self.refused.set_exception(refusal)
            raise

    def _tell(self, what: str) -> None:
        if what != self._told:
            self._told = what
            click.echo(dim(f"-- {what}"), err=True, color=colour())


class Names:
    """Who is behind an id; each is asked for once."""

    def __init__(self, me: Speaker, known: dict[str, str]) -> None:
        self._me = me
        self._known = known

    @classmethod
    async def of_chat(cls, me: Speaker, chat: str) -> Names:
        """Knows the first members already, those with disabled accounts among them."""
        page = await me.rest.call("GET", f"/chats/{chat}/members")
        return cls(me, {each["user"]: escape_controls(each["name"]) for each in page["items"]})

    async def of(self, user: str) -> str:
        if user not in self._known:
            self._known[user] = escape_controls(await self._ask(user))
        return self._known[user]

    async def _ask(self, user: str) -> str:
        """The name; a server key speaks in the chat's events by its id, which is nobody's name."""
        import httpx

        from tenfour.errors import ErrorCode, TenfourError

        while True:
            try:
                return str((await self._me.rest.call("GET", f"/users/{user}"))["name"])
            except TenfourError as refusal:
                if refusal.code is ErrorCode.USER_UNKNOWN:
                    return user
                raise
            except httpx.TransportError:  # the server went away between the event and the question
                await asyncio.sleep(1.0)


class Days:
    """The line that names the day, wherever it changes from one event to the next; today needs no saying at first."""

    def __init__(self, today: date) -> None:
        self._last = today

    def turn(self, event: AnyEvent) -> str:
        from tenfour.client import OtherEvent

        day = self._last if isinstance(event, OtherEvent) else datetime.fromisoformat(event.at).astimezone().date()
        if day == self._last:
            return ""
        self._last = day
        return dim(f"-- {day}") + "\n"


async def show_event(event: AnyEvent, names: Names) -> str:
    """One event as a line; the further lines of a message are indented, so that none can pass for another."""
    from tenfour import client as sdk

    match event:
        case sdk.OtherEvent():
            return dim(f"-- {escape_controls(event.type)}, which this version does not know")
        case sdk.MessageSent():
            text = "(deleted)" if event.deleted else escape_lines(event.text or "", INDENT)
            return f"{dim(_time(event.at))}  {click.style(await names.of(event.by), bold=True)}  {text}"
        case sdk.MemberJoined() | sdk.MemberLeft() | sdk.MemberChanged():
            return dim(f"{_time(event.at)}  {await _membership(event, names)}")
        case sdk.ChatChanged():
            return dim(f"{_time(event.at)}  {await names.of(event.by)} called the chat {escape_controls(event.title or 'nothing')}")
    return dim(f"{_time(event.at)}  {await names.of(event.by)}: {type(event).__name__}")


def _time(at: str) -> str:
    """The hour as the clock on the wall has it."""
    return f"{datetime.fromisoformat(at).astimezone():%H:%M:%S}"


async def _membership(event: MemberJoined | MemberLeft | MemberChanged, names: Names) -> str:
    from tenfour import client as sdk

    who, whom = await names.of(event.by), await names.of(event.user)
    match event:
        case sdk.MemberJoined():
            return f"{whom} joined" if event.by == event.user else f"{who} added {whom}"
        case sdk.MemberLeft():
            return f"{whom} left" if event.by == event.user else f"{who} took {whom} out"
    return f"{who} made {whom} {escape_controls(event.role)}"
