"""Who belongs to a chat, and what the role allows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, Seq, UserId


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


_RANK = {Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}


@dataclass(frozen=True, slots=True)
class Member:
    """One user's place in one chat."""

    chat: ChatId
    user: UserId
    role: Role
    joined_seq: Seq
    delivered_seq: Seq
    read_seq: Seq
    muted_until: int | None = None
    """Milliseconds since 1970 until which this member may not write."""

    def first_visible_seq(self, chat: Chat) -> Seq:
        """The seq of the first event that this member may see."""
        return self.joined_seq if chat.history is HistoryRule.FROM_JOINING else 1


def may_rename(chat: Chat, member: Member) -> ErrorCode | None:
    """None, or why this member may not change the chat's title."""
    if chat.kind is ChatKind.DIAGNOSTIC:
        return ErrorCode.FORBIDDEN
    if chat.kind is ChatKind.DIRECT:
        return ErrorCode.DIRECT_CHAT_FIXED
    return None if _RANK[member.role] >= _RANK[Role.ADMIN] else ErrorCode.FORBIDDEN


def may_add(chat: Chat, member: Member, role: Role) -> ErrorCode | None:
    """None, or why this member may not add somebody with that role."""
    if chat.kind is ChatKind.DIAGNOSTIC:
        return ErrorCode.FORBIDDEN
    if chat.kind is ChatKind.DIRECT:
        return ErrorCode.DIRECT_CHAT_FIXED
    if chat.kind is ChatKind.GROUP and role is Role.MEMBER:
        return None
    return None if _RANK[member.role] >= max(_RANK[role], _RANK[Role.ADMIN]) else ErrorCode.FORBIDDEN


def may_remove(chat: Chat, member: Member, other: Member) -> ErrorCode | None:
    """None, or why this member may not take the other one out of the chat."""
    if chat.kind is ChatKind.DIRECT:
        return ErrorCode.DIRECT_CHAT_FIXED
    if member.role is Role.OWNER or _RANK[member.role] > _RANK[other.role]:
        return None
    return ErrorCode.FORBIDDEN


def may_change_role(chat: Chat, member: Member, other: Member, role: Role) -> ErrorCode | None:
    """None, or why this member may not give the other one that role."""
    if chat.kind is ChatKind.DIRECT:
        return ErrorCode.DIRECT_CHAT_FIXED
    if member.role is Role.OWNER:
        return None
    if _RANK[member.role] > _RANK[other.role] and _RANK[member.role] > _RANK[role]:
        return None
    return ErrorCode.FORBIDDEN


def may_join(chat: Chat) -> ErrorCode | None:
    """None, or why nobody comes into this chat without being added."""
    return None if chat.kind is ChatKind.CHANNEL else ErrorCode.NOT_A_MEMBER


def may_leave(chat: Chat) -> ErrorCode | None:
    """None, or why nobody goes out of this chat."""
    if chat.kind is ChatKind.DIAGNOSTIC:
        return ErrorCode.FORBIDDEN
    return ErrorCode.DIRECT_CHAT_FIXED if chat.kind is ChatKind.DIRECT else None


def role_on_joining(chat: Chat, member_count: int) -> Role:
    """The role of somebody who joins: the first in an empty channel owns it, so that it is never nobody's."""
    return Role.OWNER if chat.kind is ChatKind.CHANNEL and member_count == 0 else Role.MEMBER


def keeps_an_owner(other: Member, role: Role | None, *, other_owners: int, other_members: int) -> ErrorCode | None:
    """None, or ``last_owner`` where people would stay behind without an owner; ``role`` None is going."""
    if other.role is not Role.OWNER or role is Role.OWNER or other_owners > 0:
        return None
    return ErrorCode.LAST_OWNER if other_members > 0 or role is not None else None
