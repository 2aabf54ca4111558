"""One chat, as an application holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenfour.client.events import Events
from tenfour.client.rest import HistoryPage
from tenfour.ids import ChatId, Seq
from tenfour.wire import frames

if TYPE_CHECKING:
    from tenfour.client.client import Client


class Chat:
    """Sends to one chat and follows it; got from ``Client.chat``."""

    def __init__(self, client: Client, chat: ChatId) -> None:
        self._client = client
        self.id = chat

    async def send(self, text: str, *, key: str | None = None, reply_to: str | None = None) -> frames.Ack:
        """The server's ack: the message is durable and has its seq.

        Waits through disconnections; the key (made if none is given) keeps the message from doubling. Raises
        ``TenfourError`` where the server refuses it for good, ``ClientClosed`` where the client was closed before.
        Cancelled, it takes the message back if that was never written to a socket; otherwise the message stays on
        its way, and a second call with the same key and text gets its answer.
        """
        return await self._client.post(self.id, text, key=key, reply_to=reply_to)

    def events(self, *, after: Seq | None = None, epoch: str | None = None) -> Events:
        """Every event after a seq, in order, each once, through disconnections, restarts and resets.

        None: from the chat's head when this connection was opened; if the chat is followed already, from now on.
        ``epoch`` is the ``Client.epoch`` that the seq was got in: if the server has another one, the first item is
        ``HistoryReplaced``, and the new history follows from its beginning.
        """
        return self._client.listen(self.id, after, epoch)

    async def read(self, seq: Seq) -> None:
        """Tells that everything up to a seq was read; at most once a second, the highest counts."""
        self._client.note_receipt(self.id, read=seq)

    async def delivered(self, seq: Seq) -> None:
        """Tells that everything up to a seq has arrived."""
        self._client.note_receipt(self.id, delivered=seq)

    async def typing(self, *, active: bool = True) -> None:
        """Tells those who follow the chat that somebody types; it expires by itself after 7 s."""
        self._client.transmit(frames.Typing(active, self.id))

    async def history(self, *, before: Seq | None = None, after: Seq | None = None, around: Seq | None = None, limit: int = 50) -> HistoryPage:
        """A page of messages in seq order; the newest without a position. Raises ``ConnectionError`` where nobody answers."""
        return await self._client.history(self.id, before=before, after=after, around=around, limit=limit)

    async def synced(self) -> None:
        """Returns once the chat, which is followed, is live on the present connection."""
        await self._client.synced(self.id)
