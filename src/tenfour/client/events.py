"""What ``async for`` takes events from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from tenfour.client.feed import Feed, HistoryReplaced, Page
from tenfour.errors import TenfourError
from tenfour.ids import ChatId, Seq
from tenfour.wire.frames import AnyEvent

ReadPage = Callable[[ChatId, Seq], Awaitable[Page | None]]
"""A page of a chat's events after a seq; None where the client is closed."""


class Events:
    """The events of one chat, or of all, each once and in order for each chat.

    They are collected from the moment that this was made. It ends when the client is closed, and raises
    ``TenfourError`` where the server has nothing more for this user. ``aclose`` stops it early; so does dropping it.
    """

    def __init__(self, chat: ChatId | None, feed: Feed, read_page: ReadPage, leave: Callable[[Events], None]) -> None:
        self._chat = chat
        self._feed = feed
        self._read_page = read_page
        self._leave = leave
        self._changed = asyncio.Event()
        self._end: TenfourError | StopAsyncIteration | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AnyEvent | HistoryReplaced:
        while (item := self._feed.pop()) is None:
            behind = self._feed.behind()
            if behind is not None and not isinstance(self._end, StopAsyncIteration):
                await self._catch_up(*behind)
            elif self._end is not None:
                raise self._end
            else:
                self._changed.clear()
                await self._changed.wait()
        return item

    async def aclose(self) -> None:
        """Wants no more."""
        self.end(StopAsyncIteration())
        self._leave(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # What the client tells

    def change(self, step: Callable[[Feed], None]) -> None:
        step(self._feed)
        self._changed.set()

    def end(self, cause: TenfourError | StopAsyncIteration) -> None:
        """Nothing more comes; what was collected is still given out."""
        if self._end is None:
            self._end = cause
            self._changed.set()

    async def _catch_up(self, chat: ChatId, after: Seq, known: Seq) -> None:
        try:
            page = await self._read_page(chat, after)
        except TenfourError:
            if self._chat is not None:
                raise
            self._feed.forget(chat)  # one of all: the user may not see it any more, and the others go on
            return
        if page is None:
            self.end(StopAsyncIteration())
        else:
            self._feed.read(chat, after, known, page)
