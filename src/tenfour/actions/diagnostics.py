"""Chats for the doctor's delivery test, and what became of one event.

A chat of kind ``diagnostic`` has one member, who made it; it stands in no list, and nobody's other
connections hear of it. A user has at most one; it goes when the test is done, or after an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from tenfour.actions.context import Caller, Context
from tenfour.actions.members import lock_place, unseat_member
from tenfour.domain.chat import ChatKind
from tenfour.domain.event import Event
from tenfour.domain.member import Role
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, Seq, UserId, new_id
from tenfour.storage import directory, reads
from tenfour.storage.directory import Progress
from tenfour.storage.schema import chats, events, members, messages
from tenfour.storage.store import Transaction

LIFE_MS = 3_600_000
READERS_MAX = 50
_PAIR, _BEYOND = "diagnostic:", "diagnostic;"
"""What the unique ``pair`` of these chats begins with, and the first text that is after all of them."""


@dataclass(frozen=True, slots=True)
class DeliveryChat:
    chat: ChatId
    is_new: bool
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What the store knows of an event."""

    event: Event
    progress: Sequence[Progress]
    """How far members have got: in small chats of all of them, else of who asks."""


async def open_delivery_chat(context: Context, user: UserId) -> DeliveryChat:
    """The user's chat for delivery tests, made where there is none."""
    fresh = ChatId(new_id(context.clock.now_ms()))

    def open_chat(tx: Transaction) -> DeliveryChat:
        _forget_old(tx)
        known = tx.connection.execute(select(chats.c.id, chats.c.created_at).where(chats.c.pair == _PAIR + user)).one_or_none()
        if known is not None:
            return DeliveryChat(known.id, is_new=False, expires_ms=known.created_at + LIFE_MS)
        row = {"kind": ChatKind.DIAGNOSTIC.value, "pair": _PAIR + user, "member_count": 1, "changed_at": tx.now_ms, "created_at": tx.now_ms, "created_by": user}
        tx.connection.execute(insert(chats).values(id=fresh, **row))
        # Without an event: it would ring for the user's other connections.
        tx.connection.execute(insert(members).values(chat=fresh, user=user, role=Role.OWNER.value, joined_seq=0, joined_at=tx.now_ms))
        return DeliveryChat(fresh, is_new=True, expires_ms=tx.now_ms + LIFE_MS)

    return await context.store.change(open_chat)


async def delete_delivery_chat(context: Context, user: UserId, chat: ChatId) -> None:
    """Ends the test: its connections to the chat are told ``member_left``, and nothing is left of it.

    Raises ``chat_unknown`` or ``not_a_member``, and ``forbidden`` for a chat of another kind.
    """

    def end(tx: Transaction) -> None:
        place = lock_place(tx, chat, user)
        if place.chat.kind is not ChatKind.DIAGNOSTIC:
            raise TenfourError(ErrorCode.FORBIDDEN, "Only a chat of a delivery test is deleted so.")
        unseat_member(tx, place.chat, place.member, by=user)
        _delete_rows(tx, chat)

    await context.store.change(end)


async def forget_delivery_chats(context: Context) -> int:
    """Deletes those that are older than an hour; how many there were."""
    return await context.store.change(_forget_old)


def trace(connection: Connection, caller: Caller, chat: ChatId, seq: Seq) -> Trace:
    """What became of an event, for a member who may see it or an administrator.

    Raises ``chat_unknown``, ``not_a_member``, or ``message_unknown`` where there is no such event for who asks.
    """
    first = 1
    if not caller.admin:
        place = reads.require_membership(connection, chat, caller.user)
        first = place.member.first_visible_seq(place.chat)
    elif not directory.chat_exists(connection, chat):
        raise TenfourError(ErrorCode.CHAT_UNKNOWN)
    found = reads.events_between(connection, chat, seq - 1, 1) if seq >= first else []
    if not found or found[0].seq != seq:
        raise TenfourError(ErrorCode.MESSAGE_UNKNOWN, f"The chat has no event {seq} for you.")
    if directory.count_members(connection, chat) <= READERS_MAX:
        return Trace(found[0], directory.list_progress(connection, chat, after=None, limit=READERS_MAX))
    own = directory.find_progress(connection, chat, caller.user)
    return Trace(found[0], [own] if own is not None else [])


def _forget_old(tx: Transaction) -> int:
    old = select(chats.c.id).where(chats.c.pair >= _PAIR, chats.c.pair < _BEYOND, chats.c.created_at < tx.now_ms - LIFE_MS)
    found = tx.connection.execute(old).scalars().all()
    for chat in found:
        locked = tx.lock_chat(chat)
        for user in tx.connection.execute(select(members.c.user).where(members.c.chat == chat)).scalars().all():
            member = directory.find_member(tx.connection, chat, user)
            assert member is not None, "read in this transaction"
            unseat_member(tx, locked, member, by=user)
        _delete_rows(tx, chat)
    return len(found)


def _delete_rows(tx: Transaction, chat: ChatId) -> None:
    for table in (events, messages, members):
        tx.connection.execute(delete(table).where(table.c.chat == chat))
    tx.connection.execute(delete(chats).where(chats.c.id == chat))
