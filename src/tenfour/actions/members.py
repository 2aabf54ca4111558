"""Who belongs to a chat."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import delete, func, insert, select, update

from tenfour.actions.context import Context
from tenfour.domain.event import EventKind
from tenfour.domain.member import Role, may_add, may_change_role, may_remove
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId
from tenfour.storage import reads
from tenfour.storage.people import require_users
from tenfour.storage.reads import Membership
from tenfour.storage.schema import chats, members
from tenfour.storage.store import Transaction


async def add_member(context: Context, user: UserId, chat: ChatId, other: UserId, role: Role) -> None:
    """Adds somebody; one who is a member already stays as they are.

    Raises ``forbidden``, ``direct_chat_fixed``, ``user_unknown``, ``chat_full``.
    """

    def add(tx: Transaction) -> None:
        place = require_member(tx, chat, user)
        refusal = may_add(place.chat, place.member, role)
        if refusal is not None:
            raise TenfourError(refusal)
        require_users(tx.connection, [other])
        add_row(tx, chat, other, role, by=user, members_max=context.policy.chat_members_max)

    await context.store.change(add)


async def remove_member(context: Context, user: UserId, chat: ChatId, other: UserId) -> None:
    """Takes somebody out. Raises ``forbidden``, ``last_owner``, ``direct_chat_fixed``, ``user_unknown``."""

    def remove(tx: Transaction) -> None:
        place = require_member(tx, chat, user)
        theirs = reads.membership(tx.connection, chat, other)
        if theirs is None:
            raise TenfourError(ErrorCode.USER_UNKNOWN, "That user is not a member of this chat.")
        refusal = None if user == other and place.chat.kind != "direct" else may_remove(place.chat, place.member, theirs.member)
        if refusal is not None:
            raise TenfourError(refusal)
        remove_row(tx, theirs, by=user)

    await context.store.change(remove)


async def change_role(context: Context, user: UserId, chat: ChatId, other: UserId, role: Role, muted_until: int | None) -> None:
    """Gives somebody another role, or mutes. Raises ``forbidden``, ``last_owner``, ``user_unknown``."""

    def change(tx: Transaction) -> None:
        place = require_member(tx, chat, user)
        theirs = reads.membership(tx.connection, chat, other)
        if theirs is None:
            raise TenfourError(ErrorCode.USER_UNKNOWN, "That user is not a member of this chat.")
        refusal = may_change_role(place.chat, place.member, theirs.member, role)
        if refusal is not None:
            raise TenfourError(refusal)
        if theirs.member.role is Role.OWNER and role is not Role.OWNER:
            _keep_an_owner(tx, chat, other)
        changed = replace(theirs.member, role=role, muted_until=muted_until)
        if changed != theirs.member:
            where = (members.c.chat == chat, members.c.user == other)
            tx.connection.execute(update(members).where(*where).values(role=role.value, muted_until=muted_until))
            tx.append(chat, EventKind.MEMBER_CHANGED, user, data={"user": other, "role": role.value, "muted_until": muted_until})

    await context.store.change(change)


def require_member(tx: Transaction, chat: ChatId, user: UserId) -> Membership:
    """Somebody's place in the locked chat; raises ``chat_unknown`` or ``not_a_member``."""
    tx.lock_chat(chat)
    return reads.require_membership(tx.connection, chat, user)


def add_row(tx: Transaction, chat: ChatId, user: UserId, role: Role, *, by: UserId, members_max: int | None = None) -> None:
    """Makes somebody a member, with the event; who is one already stays as they are."""
    place = reads.membership(tx.connection, chat, user)
    if place is not None:
        return
    count = tx.connection.execute(select(chats.c.member_count).where(chats.c.id == chat)).scalar_one()
    if members_max is not None and count >= members_max:
        raise TenfourError(ErrorCode.CHAT_FULL)
    event = tx.append(chat, EventKind.MEMBER_JOINED, by, data={"user": user, "role": role.value})
    # What was said before one came is not unread.
    tx.connection.execute(
        insert(members).values(chat=chat, user=user, role=role.value, joined_seq=event.seq, joined_at=tx.now_ms, delivered_seq=event.seq, read_seq=event.seq)
    )
    tx.connection.execute(update(chats).where(chats.c.id == chat).values(member_count=chats.c.member_count + 1))


def remove_row(tx: Transaction, place: Membership, *, by: UserId, keep_an_owner: bool = True) -> None:
    """Ends a membership, with the event, which is the last that the member gets."""
    chat, user = place.chat.id, place.member.user
    if keep_an_owner and place.member.role is Role.OWNER and place.member_count > 1:
        _keep_an_owner(tx, chat, user)
    tx.append(chat, EventKind.MEMBER_LEFT, by, data={"user": user})
    tx.connection.execute(delete(members).where(members.c.chat == chat, members.c.user == user))
    tx.connection.execute(update(chats).where(chats.c.id == chat).values(member_count=chats.c.member_count - 1))


def _keep_an_owner(tx: Transaction, chat: ChatId, but: UserId) -> None:
    others = select(func.count()).select_from(members).where(members.c.chat == chat, members.c.role == Role.OWNER.value, members.c.user != but)
    if tx.connection.execute(others).scalar_one() == 0:
        raise TenfourError(ErrorCode.LAST_OWNER)
