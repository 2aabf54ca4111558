"""Who is in which chat: chat lists, member lists, unread counts, receipts, and the rows behind them.

Plain functions of a connection. What reads pages for somebody takes that somebody's id, and joins on the
membership itself; rights beyond being a member are the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, func, literal, select, tuple_, update

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.member import Member, Role
from tenfour.domain.message import Draft, Message
from tenfour.domain.name import words_of_name
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, MessageId, Seq, UserId
from tenfour.storage.prepared import Prepared
from tenfour.storage.prepared import Row as PreparedRow
from tenfour.storage.schema import chats, members, messages, users
from tenfour.storage.store import Appended, NotAppended

UNREAD_MAX = 100
"""Unread messages are counted up to here: more is "99+" to everybody."""


@dataclass(frozen=True, slots=True)
class Person:
    """What members see of each other."""

    id: UserId
    name: str
    avatar_colour: str | None
    avatar: str | None


@dataclass(frozen=True, slots=True)
class ChatCard:
    """A chat as it stands in somebody's list."""

    chat: Chat
    external_id: str | None
    member_count: int
    member: Member
    unread: int
    """Messages by others after the read position, at most ``UNREAD_MAX``."""
    last_message: Message | None
    other: Person | None
    """Whom one talks with, in a direct chat."""


@dataclass(frozen=True, slots=True)
class ChannelSign:
    """What everybody may know of a channel: its title and how many are in it."""

    id: ChatId
    title: str | None
    member_count: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Place:
    """A locked chat and one member of it."""

    chat: Chat
    member: Member


@dataclass(frozen=True, slots=True)
class MemberCard:
    """A member as the others see it."""

    person: Person
    role: Role
    joined_seq: Seq
    joined_at: int
    muted_until: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member has got."""

    user: UserId
    delivered: Seq
    read: Seq
    read_at: int | None = None
    """When ``read`` last moved; None where it never did since the member joined."""


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt that changed something, as it stands now, and how many are in the chat to see it."""

    chat: ChatId
    user: UserId
    delivered: Seq
    read: Seq
    read_at: int | None
    member_count: int


# Chats of a user

_me = members.alias("me")
_them = members.alias("them")
_face = users.alias("face")
_last = messages.alias("last")

_first_visible = case((chats.c.history == HistoryRule.FROM_JOINING.value, _me.c.joined_seq), else_=1)
_unread_rows = (
    select(literal(1))
    .select_from(messages)
    .where(
        messages.c.chat == chats.c.id,
        messages.c.seq > _me.c.read_seq,
        messages.c.seq >= _first_visible,
        messages.c.sender != _me.c.user,
        messages.c.deleted_at.is_(None),
    )
    .limit(UNREAD_MAX)
    .correlate(chats, _me)
    .subquery()
)
_unread = select(func.count()).select_from(_unread_rows).correlate(chats, _me).scalar_subquery()
_newest = messages.alias("newest")
_last_seq = (
    select(_newest.c.seq)
    .where(_newest.c.chat == chats.c.id, _newest.c.seq >= _first_visible, _newest.c.deleted_at.is_(None))
    .order_by(_newest.c.seq.desc())
    .limit(1)
    .correlate(chats, _me)
    .scalar_subquery()
)
_cards = (
    select(
        chats,
        _me.c.role,
        _me.c.joined_seq,
        _me.c.delivered_seq,
        _me.c.read_seq,
        _me.c.muted_until,
        _unread.label("unread"),
        _last.c.id.label("last_id"),
        _last.c.seq.label("last_message_seq"),
        _last.c.sender,
        _last.c.key,
        _last.c.text,
        _last.c.reply_to,
        _last.c.at,
        _last.c.edited_at,
        _face.c.id.label("other_id"),
        _face.c.name.label("other_name"),
        _face.c.avatar_colour.label("other_colour"),
        _face.c.avatar.label("other_avatar"),
    )
    .select_from(
        _me.join(chats, chats.c.id == _me.c.chat)
        .outerjoin(_last, and_(_last.c.chat == chats.c.id, _last.c.seq == _last_seq))
        .outerjoin(_them, and_(chats.c.kind == ChatKind.DIRECT.value, _them.c.chat == chats.c.id, _them.c.user != _me.c.user))
        .outerjoin(_face, _face.c.id == _them.c.user)
    )
    .where(_me.c.user == bindparam("user"))
)
_card = _cards.where(_me.c.chat == bindparam("chat"))

# The page comes first: sorting would else count unread messages in every chat of the user.
_page = select(chats.c.id).join_from(members, chats, chats.c.id == members.c.chat).where(members.c.user == bindparam("user"), chats.c.kind != ChatKind.DIAGNOSTIC.value)
_newest_first = (chats.c.changed_at.desc(), chats.c.id.desc())
_first_page = _page.order_by(*_newest_first).limit(bindparam("limit"))
_next_page = _first_page.where(tuple_(chats.c.changed_at, chats.c.id) < tuple_(bindparam("changed_at"), bindparam("after")))
_first_cards = _cards.where(_me.c.chat.in_(_first_page)).order_by(*_newest_first)
_next_cards = _cards.where(_me.c.chat.in_(_next_page)).order_by(*_newest_first)


def list_chats(connection: Connection, user: UserId, *, after: tuple[int, ChatId] | None, limit: int) -> Sequence[ChatCard]:
    """The user's chats, most recently active first, from behind the (changed_at, id) of ``after``."""
    if after is None:
        rows = connection.execute(_first_cards, {"user": user, "limit": limit})
    else:
        rows = connection.execute(_next_cards, {"user": user, "limit": limit, "changed_at": after[0], "after": after[1]})
    return [_chat_card(row, user) for row in rows]


def find_card(connection: Connection, chat: ChatId, user: UserId) -> ChatCard | None:
    """One chat as it stands in the user's list; None for who is no member."""
    row = connection.execute(_card, {"chat": chat, "user": user}).one_or_none()
    return None if row is None else _chat_card(row, user)


# Channels

_signs = select(chats.c.id, chats.c.title, chats.c.member_count, chats.c.created_at).where(chats.c.kind == ChatKind.CHANNEL.value)


def find_channel(connection: Connection, chat: ChatId) -> ChannelSign | None:
    """A channel's sign; None where there is no such channel."""
    row = connection.execute(_signs.where(chats.c.id == chat)).one_or_none()
    return None if row is None else ChannelSign(row.id, row.title, row.member_count, row.created_at)


def list_channels(connection: Connection, query: str, *, after: ChatId | None, limit: int) -> Sequence[ChannelSign]:
    """The channels with a word in their title that begins as the query does, newest first, from behind the id of ``after``."""
    found = _signs.order_by(chats.c.id.desc())
    if after is not None:
        found = found.where(chats.c.id < after)
    if not query:
        found = found.limit(limit)
    # Titles are folded as they are read, up to the last that is wanted: channels are few beside people, whose words are stored.
    wanted = words_of_name(query)
    rows = connection.execution_options(stream_results=True).execute(found)
    fitting = (row for row in rows if not query or wanted in words_of_name(row.title or ""))
    signs = [ChannelSign(row.id, row.title, row.member_count, row.created_at) for row in islice(fitting, limit)]
    rows.close()
    return signs


# Chats and members as rows, for changes

_member = select(members.c.role, members.c.joined_seq, members.c.delivered_seq, members.c.read_seq, members.c.muted_until).where(
    members.c.chat == bindparam("chat"), members.c.user == bindparam("user")
)
_member_count = select(chats.c.member_count).where(chats.c.id == bindparam("chat"))
_owners = select(func.count()).select_from(members).where(members.c.chat == bindparam("chat"), members.c.role == Role.OWNER.value)


def find_chat_by_pair(connection: Connection, pair: str) -> ChatId | None:
    """The direct chat of two users."""
    return connection.execute(select(chats.c.id).where(chats.c.pair == pair)).scalar_one_or_none()


def find_chat_by_external_id(connection: Connection, external_id: str) -> ChatId | None:
    """The chat that a product calls so."""
    return connection.execute(select(chats.c.id).where(chats.c.external_id == external_id)).scalar_one_or_none()


def chat_exists(connection: Connection, chat: ChatId) -> bool:
    return connection.execute(select(literal(1)).where(chats.c.id == chat)).first() is not None


def find_member(connection: Connection, chat: ChatId, user: UserId) -> Member | None:
    """One user's place in a chat that is known to be there."""
    row = connection.execute(_member, {"chat": chat, "user": user}).one_or_none()
    if row is None:
        return None
    return Member(chat, user, Role(row.role), row.joined_seq, row.delivered_seq, row.read_seq, row.muted_until)


def count_members(connection: Connection, chat: ChatId) -> int:
    count: int = connection.execute(_member_count, {"chat": chat}).scalar_one()
    return count


def count_owners(connection: Connection, chat: ChatId) -> int:
    return connection.execute(_owners, {"chat": chat}).scalar_one()


# Members

_member_cards = (
    select(members.c.user, members.c.role, members.c.joined_seq, members.c.joined_at, members.c.muted_until, users.c.name, users.c.avatar_colour, users.c.avatar)
    .join_from(members, users, users.c.id == members.c.user)
    .where(members.c.chat == bindparam("chat"))
)
_first_members = _member_cards.order_by(members.c.user).limit(bindparam("limit"))
_next_members = _first_members.where(members.c.user > bindparam("after"))
_one_member = _member_cards.where(members.c.user == bindparam("user"))


def list_members(connection: Connection, chat: ChatId, *, after: UserId | None, limit: int) -> Sequence[MemberCard]:
    """The members of a chat by user id, from behind ``after``."""
    if after is None:
        rows = connection.execute(_first_members, {"chat": chat, "limit": limit})
    else:
        rows = connection.execute(_next_members, {"chat": chat, "limit": limit, "after": after})
    return [_member_card(row) for row in rows]


def find_member_card(connection: Connection, chat: ChatId, user: UserId) -> MemberCard | None:
    row = connection.execute(_one_member, {"chat": chat, "user": user}).one_or_none()
    return None if row is None else _member_card(row)


# Messages by their keys

_key = select(messages.c.seq, messages.c.id, messages.c.at, messages.c.content_hash).where(
    messages.c.chat == bindparam("chat"), messages.c.sender == bindparam("sender"), messages.c.key == bindparam("key")
)


def find_key(connection: Connection, draft: Draft) -> Appended | NotAppended | None:
    """What a key that is there already answers: its ack, or ``key_reused``; None where it is new."""
    row = connection.execute(_key, {"chat": draft.chat, "sender": draft.sender, "key": draft.key}).one_or_none()
    if row is None:
        return None
    if row.content_hash != draft.content_hash():
        return NotAppended(ErrorCode.KEY_REUSED)
    return Appended(row.seq, MessageId(row.id), row.at, duplicate=True)


# Receipts

_progress = select(members.c.user, members.c.delivered_seq, members.c.read_seq, members.c.read_at).where(members.c.chat == bindparam("chat"))
_first_progress = _progress.order_by(members.c.user).limit(bindparam("limit"))
_next_progress = _first_progress.where(members.c.user > bindparam("after"))
_one_progress = _progress.where(members.c.user == bindparam("user"))
# One statement a receipt: a join on the values of a hundred is compiled anew each time, for ten times as long as all of these take.
_standing = Prepared(
    select(members.c.delivered_seq, members.c.read_seq, members.c.read_at, chats.c.last_seq, chats.c.member_count)
    .join_from(members, chats, chats.c.id == members.c.chat)
    .where(members.c.chat == bindparam("chat"), members.c.user == bindparam("user"))
)
# Another node may have stored a later position since it was read here: the greater one stays.
_advance = (
    update(members)
    .where(members.c.chat == bindparam("of_chat"), members.c.user == bindparam("of_user"))
    .values(
        delivered_seq=case((members.c.delivered_seq < bindparam("delivered"), bindparam("delivered")), else_=members.c.delivered_seq),
        read_seq=case((members.c.read_seq < bindparam("read"), bindparam("read")), else_=members.c.read_seq),
        read_at=case((members.c.read_seq < bindparam("read"), bindparam("at")), else_=members.c.read_at),
    )
)


def list_progress(connection: Connection, chat: ChatId, *, after: UserId | None, limit: int) -> Sequence[Progress]:
    """How far each member of a chat has got, by user id, from behind ``after``."""
    if after is None:
        rows = connection.execute(_first_progress, {"chat": chat, "limit": limit})
    else:
        rows = connection.execute(_next_progress, {"chat": chat, "limit": limit, "after": after})
    return [Progress(*row) for row in rows]


def find_progress(connection: Connection, chat: ChatId, user: UserId) -> Progress | None:
    """How far one member has got."""
    row = connection.execute(_one_progress, {"chat": chat, "user": user}).one_or_none()
    return None if row is None else Progress(*row)


def store_receipts(connection: Connection, wanted: Sequence[tuple[ChatId, Progress]], now_ms: int) -> list[StoredReceipt]:
    """Moves positions forward, never back and never past the head; returns those that moved.

    What is for somebody who is no member (any more) is nothing.
    """
    moved: list[StoredReceipt] = []
    for chat, progress in wanted:
        row = _standing.row(connection, {"chat": chat, "user": progress.user})
        receipt = _moved(chat, progress, row, now_ms) if row is not None else None
        if receipt is not None:
            moved.append(receipt)
    if moved:
        connection.execute(_advance, [{"of_chat": each.chat, "of_user": each.user, "delivered": each.delivered, "read": each.read, "at": now_ms} for each in moved])
    return moved


def _moved(chat: ChatId, wanted: Progress, row: PreparedRow, now_ms: int) -> StoredReceipt | None:
    delivered_seq, read_seq, read_at, last_seq, member_count = row
    read = max(read_seq, min(wanted.read, last_seq))
    delivered = max(delivered_seq, min(wanted.delivered, last_seq), read)
    if (delivered, read) == (delivered_seq, read_seq):
        return None
    return StoredReceipt(chat, wanted.user, delivered, read, now_ms if read > read_seq else read_at, member_count)


# Rows to values


def _chat_card(row: Row[*tuple[Any, ...]], user: UserId) -> ChatCard:
    chat = Chat(row.id, ChatKind(row.kind), row.title, HistoryRule(row.history), row.last_seq, row.rights_seq, row.changed_at, row.created_at)
    member = Member(chat.id, user, Role(row.role), row.joined_seq, row.delivered_seq, row.read_seq, row.muted_until)
    last = None
    if row.last_id is not None:
        last = Message(row.last_id, chat.id, row.last_message_seq, row.sender, row.key, row.text, row.reply_to, row.at, row.edited_at)
    other = Person(row.other_id, row.other_name, row.other_colour, row.other_avatar) if row.other_id is not None else None
    return ChatCard(chat, row.external_id, row.member_count, member, row.unread, last, other)


def _member_card(row: Row[*tuple[Any, ...]]) -> MemberCard:
    return MemberCard(Person(row.user, row.name, row.avatar_colour, row.avatar), Role(row.role), row.joined_seq, row.joined_at, row.muted_until)
