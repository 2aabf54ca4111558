"""Clients that come back by themselves and send what was not acked again: one of bare frames, one of the Python SDK."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tenfour.client import Client, Connected, Status, TenfourError
from tests.servers import Person, Wire, open_wire
from tests.system.checker import RETRYABLE
from tests.system.history import History
from tests.system.tap import EVENTS, Tap

PAGE = 200


class Actor(Protocol):
    """A client of a run."""

    name: str
    person: Person
    tap: Tap
    shown: dict[str, int]
    """The last seq of each chat that the application has."""

    def start(self) -> None: ...

    def say(self, chat: str, text: str, key: str | None = None) -> str:
        """Puts a message on its way; gives its key."""

    @property
    def waiting(self) -> int:
        """Messages without a final answer."""

    async def close(self) -> None: ...


@dataclass(slots=True)
class _Outgoing:
    chat: str
    key: str
    text: str
    sent: bool = False


class WireClient:
    """Bare frames at either door. It trusts the server's order: what comes twice is shown twice."""

    def __init__(self, history: History, tap: Tap, person: Person, chats: dict[str, int], *, door: str | None, random: Random, changed: Callable[[], None]) -> None:
        self.name = tap.client
        self.person = person
        self.tap = tap
        self.shown = dict(chats)
        self.synced: set[str] = set()
        self.refused: dict[str, str] = {}
        """Key → code of what was refused for good."""
        self._history = history
        self._door = door
        self._random = random
        self._changed = changed
        self._outbox: list[_Outgoing] = []
        self._held_until: dict[str, float] = {}
        self._epoch: str | None = None
        self._wire: Wire | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._comes_back_after_s = 0.0

    def start(self) -> None:
        self._task = asyncio.create_task(self._live())

    def say(self, chat: str, text: str, key: str | None = None) -> str:
        key = key or uuid.uuid4().hex
        self._outbox.append(_Outgoing(chat, key, text))
        self._wake.set()
        return key

    @property
    def waiting(self) -> int:
        return len(self._outbox)

    async def tell(self, **frame: Any) -> None:
        """Writes a frame that need not arrive."""
        if self._wire is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._wire.say(**frame)

    async def close(self) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _live(self) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError, ConnectionClosed, InvalidHandshake):
                await self._connection()
            self.synced.clear()
            self._changed()
            await asyncio.sleep(self._comes_back_after_s + self._random.uniform(0.0, 0.1))
            self._comes_back_after_s = 0.0

    async def _connection(self) -> None:
        query = "" if self._door is None else f"after={self.shown[self._door]}" + (f"&epoch={self._epoch}" if self._epoch else "")
        wire = await open_wire(self.tap, self._door, query=query, headers=self.person.headers)  # type: ignore[arg-type]  # of the server it needs the address only
        try:
            wire.welcome = await wire.next("welcome")
            self._note("state", code="connected")
            self._epoch = self._epoch or wire.welcome["epoch"]
            if self._door is None:
                await wire.say(type="subscribe", id="s", epoch=self._epoch, chats=self.shown, rest=True)
            await self._follow(wire)
        finally:
            wire.abort()

    async def _follow(self, wire: Wire) -> None:
        """Reads, and writes once all chats are live, until the connection ends."""
        self._held_until.clear()
        for entry in self._outbox:
            entry.sent = False
        writer: asyncio.Task[None] | None = None
        try:
            while True:
                frame = await wire.receive()
                wire.seen.clear()
                await self._heard(frame)
                if writer is None and self.synced >= self.shown.keys():
                    self._wire = wire
                    writer = asyncio.create_task(self._write(wire))
                self._changed()
        finally:
            self._wire = None
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, wire: Wire) -> None:
        while True:
            self._wake.clear()
            while (entry := self._next()) is not None:
                entry.sent = True
                await wire.say(type="send", chat=entry.chat, key=entry.key, text=entry.text)
            await self._wake.wait()

    def _next(self) -> _Outgoing | None:
        """The oldest message that waits in a chat that is not held back."""
        now = asyncio.get_running_loop().time()
        return next((each for each in self._outbox if not each.sent and self._held_until.get(each.chat, 0.0) <= now), None)

    async def _heard(self, frame: dict[str, Any]) -> None:
        chat = frame.get("chat")
        match frame["type"]:
            case "ack":
                self._note("state", code="sent", chat=frame["chat"], key=frame["key"])
                self._outbox = [each for each in self._outbox if (each.chat, each.key) != (chat, frame["key"])]
            case "error" if frame["key"] is not None:
                self._refused(frame)
            case "error" if frame["code"] == "not_a_member" and chat is not None:
                self.synced.discard(chat)
                self.shown.pop(chat, None)
            case "synced":
                self.synced.add(frame["chat"])
            case "reset":
                await self._page(frame["chat"], frame["head"])
                self.synced.add(frame["chat"])
            case "goodbye":
                self._comes_back_after_s = (frame["after_ms"] or 0) / 1000
            case kind if kind in EVENTS:
                self._show(frame)

    def _refused(self, frame: dict[str, Any]) -> None:
        if frame["code"] not in RETRYABLE:
            self.refused[frame["key"]] = frame["code"]
            self._outbox = [each for each in self._outbox if (each.chat, each.key) != (frame["chat"], frame["key"])]
            return
        for entry in self._outbox:
            if entry.chat == frame["chat"]:
                entry.sent = False
        loop = asyncio.get_running_loop()
        at = self._held_until[frame["chat"]] = loop.time() + (frame["retry_after_ms"] or 100) / 1000
        loop.call_at(at + 0.001, self._wake.set)

    def _show(self, frame: dict[str, Any]) -> None:
        self._note("shown", chat=frame["chat"], seq=frame["seq"])
        self.shown[frame["chat"]] = frame["seq"]
        if frame["type"] == "member_left" and frame["user"] == self.person.id:
            self.shown.pop(frame["chat"])
            self.synced.discard(frame["chat"])

    async def _page(self, chat: str, head: int) -> None:
        """What a reset left out, read as history."""
        while self.shown[chat] < head:
            answer = await self.person.request("GET", f"/chats/{chat}/events", params={"after": self.shown[chat], "limit": PAGE})
            answer.raise_for_status()
            for frame in answer.json()["items"]:
                if frame["seq"] <= head:
                    self._show(frame)

    def _note(self, f: str, **fields: Any) -> None:
        self._history.add(f, client=self.name, user=self.person.id, **fields)


class SdkClient:
    """The Python SDK, followed chat by chat."""

    def __init__(self, history: History, tap: Tap, person: Person, chats: dict[str, int], *, changed: Callable[[], None]) -> None:
        self.name = tap.client
        self.person = person
        self.tap = tap
        self.shown = dict(chats)
        self.client = Client(tap.url, person.token, on_status=self._status)
        self._history = history
        self._changed = changed
        self._sending: set[asyncio.Task[None]] = set()
        self._following: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self.client.start()
        self._following = [asyncio.create_task(self._follow(chat, after)) for chat, after in self.shown.items()]

    def say(self, chat: str, text: str, key: str | None = None) -> str:
        key = key or uuid.uuid4().hex
        task = asyncio.create_task(self._send(chat, text, key))
        self._sending.add(task)
        task.add_done_callback(self._sent)
        return key

    @property
    def waiting(self) -> int:
        return len(self._sending)

    async def close(self) -> None:
        await self.client.close()
        for task in (*self._following, *self._sending):
            task.cancel()
        await asyncio.gather(*self._following, *self._sending, return_exceptions=True)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._changed()

    async def _send(self, chat: str, text: str, key: str) -> None:
        with contextlib.suppress(TenfourError):  # the tap has written it down
            await self.client.chat(chat).send(text, key=key)
            self._history.add("state", code="sent", client=self.name, user=self.person.id, chat=chat, key=key)

    async def _follow(self, chat: str, after: int) -> None:
        async for event in self.client.chat(chat).events(after=after):
            self._history.add("shown", client=self.name, user=self.person.id, chat=chat, seq=event.seq)
            self.shown[chat] = event.seq
            self._changed()

    def _status(self, status: Status) -> None:
        if isinstance(status, Connected):
            self._history.add("state", code="connected", client=self.name, user=self.person.id)
        self._changed()
