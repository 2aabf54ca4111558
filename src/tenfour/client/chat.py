"""One chat, as an application holds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from tenfour.ids import ChatId, Seq
from tenfour.wire import frames

if TYPE_CHECKING:
    from tenfour.client.client import Client, HistoryPage


class Chat:
    """Sends to one chat and follows it; got from ``Client.chat``."""

    def __init__(self, client: Client, chat: ChatId) -> None:
        self._client = client
        self.id = chat

    async def send(self, text: str, *, key: str | None = None, reply_to: str | None = None) -> frames.Ack:
        """The server's ack: the message is durable and has its seq.

        Waits through disconnections; the key (made if none is given) keeps the message from doubling.
        Raises ``TenfourError`` where the server refuses it for good.
        """
        return await self._client.post(self.id, text, key=key, reply_to=reply_to)

    async def events(self, *, after: Seq | None = None) -> AsyncIterator[frames.EventFrame]:
        """Every event after a seq (None: from now on), in order, each once, through disconnections."""
        queue = self._client.listen(self.id, after)
        try:
            while True:
                yield await queue.get()
        finally:
            self._client.unlisten(self.id, queue)

    async def read(self, seq: Seq) -> None:
        """Tells that everything up to a seq was read."""
        self._client.transmit(frames.Receipt(self.id, read=seq, delivered=seq))

    async def typing(self, *, active: bool = True) -> None:
        """Tells that somebody types; it expires by itself after 7 s."""
        self._client.transmit(frames.Typing(active, self.id))

    async def history(self, *, before: Seq | None = None, after: Seq | None = None, limit: int = 50) -> HistoryPage:
        """A page of messages in seq order."""
        return await self._client.history(self.id, before=before, after=after, limit=limit)

    async def synced(self) -> None:
        """Returns once the chat is live on the present connection."""
        await asyncio.shield(self._client.when_synced(self.id))
