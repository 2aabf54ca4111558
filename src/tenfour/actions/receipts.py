"""How far everybody has got: the last value wins, and each chat's are stored together once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import Connection

from tenfour.actions.access import open_chat
from tenfour.actions.context import Context
from tenfour.broker.broker import OwnReceipt, ReceiptNotice, ReceiptNotices
from tenfour.errors import TenfourError
from tenfour.ids import ChatId, Seq, UserId
from tenfour.storage import directory
from tenfour.storage.directory import Progress, StoredReceipt
from tenfour.storage.store import Transaction

NOTED_MAX = 200_000
"""Receipts that wait for the next flush; over it new ones are dropped, and the client's next one stands in."""

TURNS = 10
"""The chats of a node take turns within the second, so that no moment has all receipts at once."""

RECEIPTS_A_CHANGE = 2_000
"""What one change writes, so that messages never wait long behind receipts."""


class ReceiptBook:
    """Gathers receipts and stores them together. Used on the event loop only."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._noted: dict[ChatId, dict[UserId, tuple[Seq, Seq]]] = {}
        self._count = 0
        self._flushing = asyncio.Lock()

    def note(self, chat: ChatId, user: UserId, *, delivered: Seq = 0, read: Seq = 0) -> None:
        """Takes a receipt for the next flush. What is read is delivered; a seq past the head counts as the head.

        It comes to nothing for somebody who is no member when it is stored.
        """
        of_chat = self._noted.get(chat)
        if of_chat is None:
            of_chat = self._noted[chat] = {}
        known = of_chat.get(user)
        if known is not None:
            of_chat[user] = (max(known[0], delivered, read), max(known[1], read))
        elif self._count < NOTED_MAX:
            of_chat[user] = (max(delivered, read), read)
            self._count += 1

    async def flush(self, turn: int | None = None) -> None:
        """Stores what was noted and tells who has to know: in all chats, or in those whose turn (0 … ``TURNS`` - 1) it is.

        While the store cannot write the receipts wait for a later flush: the store itself says what is wrong.
        """
        async with self._flushing:
            chats = [chat for chat in self._noted if turn is None or hash(chat) % TURNS == turn]
            wanted = [(chat, Progress(user, *progress)) for chat in chats for user, progress in self._noted.pop(chat).items()]
            self._count -= len(wanted)
            for start in range(0, len(wanted), RECEIPTS_A_CHANGE):
                try:
                    await _store(self._context, wanted[start : start + RECEIPTS_A_CHANGE])
                except TenfourError:
                    self._take_back(wanted[start:])
                    break

    def _take_back(self, wanted: Sequence[tuple[ChatId, Progress]]) -> None:
        for chat, progress in wanted:
            self.note(chat, progress.user, delivered=progress.delivered, read=progress.read)


async def store_receipt(context: Context, chat: ChatId, user: UserId, *, delivered: Seq, read: Seq) -> Progress:
    """The user's position after the receipt, stored at once; raises ``chat_unknown`` or ``not_a_member``."""

    def store(tx: Transaction) -> tuple[Progress, list[StoredReceipt]]:
        open_chat(tx.connection, chat, user)
        moved = directory.store_receipts(tx.connection, [(chat, Progress(user, delivered, read))], tx.now_ms)
        stands = directory.find_progress(tx.connection, chat, user)
        assert stands is not None, "a member of this transaction has a row"
        return stands, moved

    progress, moved = await context.store.change(store)
    _tell(context, moved)
    return progress


def list_receipts(connection: Connection, chat: ChatId, user: UserId, *, after: UserId | None, limit: int) -> Sequence[Progress]:
    """How far each member has got, as any member may know; raises ``chat_unknown`` or ``not_a_member``."""
    open_chat(connection, chat, user)
    return directory.list_progress(connection, chat, after=after, limit=limit)


async def _store(context: Context, wanted: Sequence[tuple[ChatId, Progress]]) -> None:
    _tell(context, await context.store.change(lambda tx: directory.store_receipts(tx.connection, wanted, tx.now_ms)))


def _tell(context: Context, moved: Sequence[StoredReceipt]) -> None:
    """Everybody in a small chat, else only the user's own connections: else one message in a chat of 1,000 would cause 1,000,000 frames."""
    by_chat: dict[ChatId, list[ReceiptNotice]] = {}
    for receipt in moved:
        notice = ReceiptNotice(receipt.chat, receipt.user, receipt.delivered, receipt.read, receipt.read_at)
        if receipt.member_count <= context.policy.receipts_live_max:
            by_chat.setdefault(receipt.chat, []).append(notice)
        else:
            context.broker.ring_user(OwnReceipt(receipt.user, notice))
    for chat, notices in by_chat.items():
        context.broker.ring_chat(ReceiptNotices(chat, notices))
