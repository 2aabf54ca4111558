"""Who belongs to a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from tenfour.actions.access import RIGHTS_BEFORE, open_chat
from tenfour.actions.context import Context
from tenfour.domain.chat import Chat
from tenfour.domain.event import Event, EventKind
from tenfour.domain.member import Member, Role, keeps_an_owner, may_add, may_change_role, may_leave, may_remove
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId
from tenfour.storage import directory
from tenfour.storage.directory import MemberCard
from tenfour.storage.people import require_users
from tenfour.storage.schema import chats, members
from tenfour.storage.store import Transaction


def list_members(connection: Connection, user: UserId, chat: ChatId, *, after: UserId | None, limit: int) -> Sequence[MemberCard]:
    """The chat's members by user id; raises ``chat_unknown`` or ``not_a_member``."""
    open_chat(connection, chat, user)
    return directory.list_members(connection, chat, after=after, limit=limit)


async def add_member(context: Context, user: UserId, chat: ChatId, other: UserId, role: Role | None = None) -> tuple[MemberCard, bool]:
    """The other one as a member, and whether they are new; one who is there already stays, or gets the named role.

    Raises ``forbidden``, ``direct_chat_fixed``, ``user_unknown``, ``chat_full``, ``last_owner``.
    """

    def add(tx: Transaction) -> tuple[MemberCard, bool]:
        place = lock_place(tx, chat, user)
        theirs = directory.find_member(tx.connection, chat, other)
        if theirs is None:
            _refuse(may_add(place.chat, place.member, role or Role.MEMBER))
            require_users(tx.connection, [other])
            require_room(tx, chat, 1, context.policy.chat_members_max)
            seat_members(tx, place.chat, {other: role or Role.MEMBER}, by=user)
        elif role is not None and role is not theirs.role:
            _give_role(tx, place.chat, place.member, theirs, role)
        return _card(tx, chat, other), theirs is None

    return await context.store.change(add)


async def remove_member(context: Context, user: UserId, chat: ChatId, other: UserId) -> None:
    """Takes somebody out, or leaves. Raises ``forbidden``, ``last_owner``, ``direct_chat_fixed``, ``user_unknown``."""

    def remove(tx: Transaction) -> None:
        place = lock_place(tx, chat, user)
        theirs = _their_place(tx, chat, other)
        _refuse(may_leave(place.chat) if user == other else may_remove(place.chat, place.member, theirs))
        unseat_member(tx, place.chat, theirs, by=user)

    await context.store.change(remove)


async def change_role(context: Context, user: UserId, chat: ChatId, other: UserId, role: Role) -> MemberCard:
    """The member with the new role. Raises ``forbidden``, ``last_owner``, ``direct_chat_fixed``, ``user_unknown``."""

    def change(tx: Transaction) -> MemberCard:
        place = lock_place(tx, chat, user)
        _give_role(tx, place.chat, place.member, _their_place(tx, chat, other), role)
        return _card(tx, chat, other)

    return await context.store.change(change)


# For a product's back end: its server key has the rights of an owner, and is not in the chat itself


async def admit_member(context: Context, key_id: str, chat: ChatId, other: UserId, role: Role | None = None) -> tuple[MemberCard, bool]:
    """The other one as a member, and whether they are new; one who is there already stays as they are, or gets the named role."""

    def admit(tx: Transaction) -> tuple[MemberCard, bool]:
        locked = _lock_open_chat(tx, chat)
        theirs = directory.find_member(tx.connection, chat, other)
        if theirs is None:
            require_users(tx.connection, [other])
            require_room(tx, chat, 1, context.policy.chat_members_max)
            seat_members(tx, locked, {other: role or Role.MEMBER}, by=None)
        elif role is not None:
            _set_role(tx, locked, theirs, role, by=UserId(key_id))
        return _card(tx, chat, other), theirs is None

    return await context.store.change(admit)


async def dismiss_member(context: Context, key_id: str, chat: ChatId, other: UserId) -> None:
    """Takes somebody out; raises ``last_owner``, ``direct_chat_fixed``, ``user_unknown``."""

    def dismiss(tx: Transaction) -> None:
        unseat_member(tx, _lock_open_chat(tx, chat), _their_place(tx, chat, other), by=UserId(key_id))

    await context.store.change(dismiss)


# Within a change, for the other actions on chats


def lock_place(tx: Transaction, chat: ChatId, user: UserId) -> directory.Place:
    """Somebody's place in the locked chat; raises ``chat_unknown`` or ``not_a_member``."""
    locked = tx.lock_chat(chat)
    member = directory.find_member(tx.connection, chat, user)
    if member is None:
        raise TenfourError(ErrorCode.NOT_A_MEMBER)
    return directory.Place(locked, member)


def require_room(tx: Transaction, chat: ChatId, more: int, members_max: int) -> None:
    """Raises ``chat_full`` unless so many more fit in."""
    if directory.count_members(tx.connection, chat) + more > members_max:
        raise TenfourError(ErrorCode.CHAT_FULL)


def seat_members(tx: Transaction, chat: Chat, roles: Mapping[UserId, Role], *, by: UserId | None) -> Chat:
    """Makes users members who are none yet, each with its event, in order; the chat as it is then.

    ``by`` None: each comes by itself.
    """
    rows: list[dict[str, object]] = []
    for user, role in roles.items():
        event, chat = append_rights_event(tx, chat, EventKind.MEMBER_JOINED, by or user, {"user": user, "role": role.value})
        # What was said before one came is not unread.
        seqs = dict.fromkeys(("joined_seq", "delivered_seq", "read_seq"), event.seq)
        rows.append({"chat": chat.id, "user": user, "role": role.value, "joined_at": tx.now_ms, **seqs})
    if rows:
        tx.connection.execute(insert(members), rows)
        tx.connection.execute(update(chats).where(chats.c.id == chat.id).values(member_count=chats.c.member_count + len(rows)))
    return chat


def unseat_member(tx: Transaction, chat: Chat, member: Member, *, by: UserId) -> None:
    """Ends a membership, with the event, which is the last that the member gets; raises ``last_owner``."""
    _keep_an_owner(tx, member, None)
    append_rights_event(tx, chat, EventKind.MEMBER_LEFT, by, {"user": member.user})
    tx.connection.execute(delete(members).where(members.c.chat == chat.id, members.c.user == member.user))
    tx.connection.execute(update(chats).where(chats.c.id == chat.id).values(member_count=chats.c.member_count - 1))


def append_rights_event(tx: Transaction, chat: Chat, kind: EventKind, by: UserId, data: Mapping[str, Any]) -> tuple[Event, Chat]:
    """The event, and the chat after it; the event says after which other one it comes (``RightsCache``)."""
    event = tx.append(chat.id, kind, by, data={**data, RIGHTS_BEFORE: chat.rights_seq})
    return event, replace(chat, last_seq=event.seq, rights_seq=event.seq)


def _lock_open_chat(tx: Transaction, chat: ChatId) -> Chat:
    locked = tx.lock_chat(chat)
    _refuse(may_leave(locked))
    return locked


def _give_role(tx: Transaction, chat: Chat, member: Member, other: Member, role: Role) -> None:
    _refuse(may_change_role(chat, member, other, role))
    _set_role(tx, chat, other, role, by=member.user)


def _set_role(tx: Transaction, chat: Chat, other: Member, role: Role, *, by: UserId) -> None:
    if other.role is role:
        return
    _keep_an_owner(tx, other, role)
    tx.connection.execute(update(members).where(members.c.chat == chat.id, members.c.user == other.user).values(role=role.value))
    append_rights_event(tx, chat, EventKind.MEMBER_CHANGED, by, {"user": other.user, "role": role.value, "muted_until": other.muted_until})


def _keep_an_owner(tx: Transaction, member: Member, role: Role | None) -> None:
    if member.role is not Role.OWNER:
        return
    owners, people = directory.count_owners(tx.connection, member.chat), directory.count_members(tx.connection, member.chat)
    _refuse(keeps_an_owner(member, role, other_owners=owners - 1, other_members=people - 1))


def _their_place(tx: Transaction, chat: ChatId, user: UserId) -> Member:
    member = directory.find_member(tx.connection, chat, user)
    if member is None:
        raise TenfourError(ErrorCode.USER_UNKNOWN, "That user is not a member of this chat.")
    return member


def _card(tx: Transaction, chat: ChatId, user: UserId) -> MemberCard:
    card = directory.find_member_card(tx.connection, chat, user)
    assert card is not None, "a member of this transaction has a row"
    return card


def _refuse(code: ErrorCode | None) -> None:
    if code is not None:
        raise TenfourError(code)
