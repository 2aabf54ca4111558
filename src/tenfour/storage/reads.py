"""What connections and pages read: plain functions of a database connection.

Membership is always read in the same transaction as the page: rights in memory are never the reason that
somebody sees something.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, and_, bindparam, exists, select

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.event import Event, EventKind
from tenfour.domain.member import Member, Role
from tenfour.domain.message import Message
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, MessageId, Seq, SessionId, UserId
from tenfour.storage.prepared import Prepared, Row
from tenfour.storage.schema import chats, events, members, messages, sessions, users


@dataclass(frozen=True, slots=True)
class UserRow:
    id: UserId
    name: str
    admin: bool
    disabled: bool


class Membership(Struct, frozen=True, gc=False):
    """A chat together with one user's place in it, as of one moment."""

    chat: Chat
    member: Member
    member_count: int


@dataclass(frozen=True, slots=True)
class Admission:
    """What a connection has to know about its user."""

    user: UserRow
    session_revoked: bool
    memberships: Sequence[Membership]
    """Most recently active first."""
    more: bool


class EventRun(Struct, frozen=True, gc=False):
    """Events of one chat one after the other, encoded by whoever reads them."""

    pieces: tuple[bytes, ...]
    count: int
    last_seq: Seq | None
    size_bytes: int


NO_EVENTS = EventRun((), 0, None, 0)
EventReader = Callable[[Connection, Chat, Seq, int], EventRun]
"""Gives at most so many of a chat's events after a seq."""


@dataclass(frozen=True, slots=True)
class ReplayPage:
    """The next events of a chat for somebody; ``chat`` or ``member`` is None where there is none."""

    chat: Chat | None
    member: Member | None
    member_count: int = 0
    members: Sequence[UserId] | None = None
    """All members, in chats small enough for it."""
    events: EventRun = NO_EVENTS
    cursor: Seq = 0
    """Everything up to here that the member may see is told once these events are."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Messages in seq order, and whether there are others on either side."""

    items: Sequence[Message]
    has_before: bool
    has_after: bool


_CHAT = (chats.c.kind, chats.c.title, chats.c.history, chats.c.last_seq, chats.c.rights_seq, chats.c.changed_at, chats.c.created_at, chats.c.member_count)
_MEMBER = (members.c.role, members.c.joined_seq, members.c.delivered_seq, members.c.read_seq, members.c.muted_until)
_MESSAGE = (messages.c.id, messages.c.seq, messages.c.sender, messages.c.key, messages.c.text, messages.c.reply_to, messages.c.at, messages.c.edited_at, messages.c.deleted_at)

_of_user = and_(members.c.chat == chats.c.id, members.c.user == bindparam("user"))

_admission_user = Prepared(select(users.c.name, users.c.admin, users.c.disabled_at).where(users.c.id == bindparam("user")))
_session = Prepared(select(sessions.c.revoked_at, sessions.c.user).where(sessions.c.id == bindparam("session")))
_memberships = Prepared(
    select(chats.c.id, *_CHAT, *_MEMBER)
    .join_from(members, chats, members.c.chat == chats.c.id)
    .where(members.c.user == bindparam("user"), chats.c.kind != ChatKind.DIAGNOSTIC.value)
    .order_by(chats.c.changed_at.desc())
    .limit(bindparam("limit"))
)
_membership = Prepared(select(chats.c.id, *_CHAT, *_MEMBER).select_from(chats.outerjoin(members, _of_user)).where(chats.c.id == bindparam("chat")))
_chats_of = select(members.c.chat, members.c.joined_seq).join_from(members, chats, members.c.chat == chats.c.id).where(members.c.user == bindparam("user"), chats.c.kind != ChatKind.DIAGNOSTIC.value)
_members_of = select(members.c.user).where(members.c.chat == bindparam("chat")).limit(bindparam("limit"))
_events = Prepared(
    select(events.c.seq, events.c.kind, events.c.by, events.c.at.label("event_at"), events.c.message_id, events.c.data, *_MESSAGE[2:], messages.c.seq.label("message_seq"))
    .select_from(events.outerjoin(messages, messages.c.id == events.c.message_id))
    .where(events.c.chat == bindparam("chat"), events.c.seq > bindparam("after"))
    .order_by(events.c.seq)
    .limit(bindparam("limit"))
)
_in_chat = select(*_MESSAGE).where(messages.c.chat == bindparam("chat"))
_other = messages.alias("other")
# One lower bound each: of two, SQLite may take the wrong one and walk from there.
_is_later = exists().where(_other.c.chat == bindparam("chat"), _other.c.seq >= bindparam("later"))
_is_earlier = exists().where(_other.c.chat == bindparam("chat"), _other.c.seq >= bindparam("first"), _other.c.seq <= bindparam("seq"))
_before = Prepared(
    select(*_MESSAGE, _is_later.label("beyond"))
    .where(messages.c.chat == bindparam("chat"), messages.c.seq < bindparam("seq"), messages.c.seq >= bindparam("first"))
    .order_by(messages.c.seq.desc())
    .limit(bindparam("limit"))
)
_after = Prepared(select(*_MESSAGE, _is_earlier.label("beyond")).where(messages.c.chat == bindparam("chat"), messages.c.seq >= bindparam("later")).order_by(messages.c.seq).limit(bindparam("limit")))
_one = _in_chat.where(messages.c.id == bindparam("id"))
_heads = select(chats.c.id, chats.c.last_seq).where(chats.c.id.in_(bindparam("chats", expanding=True)))

HIGHEST_SEQ = 2**62
_ROLE = 1 + len(_CHAT)
"""The place of the role in a row of ``_membership`` and ``_memberships``; None in it is a stranger's."""
_KINDS = {kind.value: kind for kind in EventKind}


def admission(connection: Connection, user: UserId, session: SessionId | None, *, limit: int) -> Admission | None:
    """User, session and the user's most recently active chats; None where there is no such user."""
    row = _admission_user.row(connection, {"user": user})
    if row is None:
        return None
    name, admin, disabled_at = row
    face = UserRow(user, name, bool(admin), disabled_at is not None)
    revoked = session is not None and _is_revoked(connection, user, session)
    rows = _memberships.rows(connection, {"user": user, "limit": limit + 1}) if limit else []
    found = [_place(each, user) for each in rows[:limit]]
    return Admission(face, revoked, found, len(rows) > limit)


def membership(connection: Connection, chat: ChatId, user: UserId) -> Membership | None:
    """Somebody's place in a chat; None for a stranger and for an unknown chat."""
    row = _membership.row(connection, {"chat": chat, "user": user})
    return _place(row, user) if row is not None and row[_ROLE] is not None else None


def require_membership(connection: Connection, chat: ChatId, user: UserId) -> Membership:
    """Somebody's place in a chat; raises ``TenfourError`` with ``chat_unknown`` or ``not_a_member``."""
    row = _membership.row(connection, {"chat": chat, "user": user})
    if row is None:
        raise TenfourError(ErrorCode.CHAT_UNKNOWN)
    if row[_ROLE] is None:
        raise TenfourError(ErrorCode.NOT_A_MEMBER)
    return _place(row, user)


def chats_of(connection: Connection, user: UserId) -> dict[ChatId, Seq]:
    """All chats of a user, but for the one of a delivery test, each with the seq of the joining."""
    return {row.chat: row.joined_seq for row in connection.execute(_chats_of, {"user": user})}


def heads(connection: Connection, wanted: Sequence[ChatId]) -> dict[ChatId, Seq]:
    """The head of each chat that there is."""
    return {row.id: row.last_seq for row in connection.execute(_heads, {"chats": list(wanted)})}


def replay(connection: Connection, user: UserId, positions: Mapping[ChatId, Seq | None], read_events: EventReader, *, limit: int, gap_max: int, members_max: int) -> dict[ChatId, ReplayPage]:
    """The next events of several chats, at most ``limit`` in all, as the user may see them.

    A position of None is the head: no events. Nor are there any for one that is further behind than
    ``gap_max`` or beyond the head. The ids of the members come where there are ``members_max`` at the most.
    """
    pages: dict[ChatId, ReplayPage] = {}
    for chat_id, after in positions.items():
        row = _membership.row(connection, {"chat": chat_id, "user": user})
        if row is None or row[_ROLE] is None:
            pages[chat_id] = ReplayPage(_chat(row) if row is not None else None, None)
            continue
        place = _place(row, user)
        chat, member = place.chat, place.member
        found = NO_EVENTS
        cursor = chat.last_seq
        if after is not None and 0 < chat.last_seq - after <= gap_max:
            found = read_events(connection, chat, max(after, member.first_visible_seq(chat) - 1), limit) if limit > 0 else NO_EVENTS
            cursor = found.last_seq or (chat.last_seq if limit > 0 else after)
            limit -= found.count
        names = _names(connection, chat_id, place.member_count, members_max)
        pages[chat_id] = ReplayPage(chat, member, place.member_count, names, found, cursor)
    return pages


def events_between(connection: Connection, chat: ChatId, after: Seq, limit: int) -> list[Event]:
    """The events after a seq, each joined with the present state of its message. Rights are the caller's."""
    rows = _events.rows(connection, {"chat": chat, "after": after, "limit": limit})
    return [_event(chat, row) for row in rows]


def history(connection: Connection, chat: ChatId, user: UserId, *, before: Seq | None = None, after: Seq | None = None, around: Seq | None = None, limit: int = 50) -> HistoryPage:
    """A page of messages that the user may see; raises ``chat_unknown`` or ``not_a_member``.

    Without a position the newest messages come. ``around`` has the message at that seq in its middle.
    """
    place = require_membership(connection, chat, user)
    values: dict[str, Any] = {"chat": chat, "first": place.member.first_visible_seq(place.chat)}
    if after is not None:
        return _page_after(connection, values, after, limit)
    if around is not None:
        older = _page_before(connection, values, around, limit // 2)
        newer = _page_after(connection, values, around - 1, limit - len(older.items))
        return HistoryPage([*older.items, *newer.items], older.has_before if limit > 1 else newer.has_before, newer.has_after)
    return _page_before(connection, values, before if before is not None else HIGHEST_SEQ, limit)


def message(connection: Connection, chat: ChatId, user: UserId, message_id: MessageId) -> Message:
    """One message; raises ``chat_unknown``, ``not_a_member`` or ``message_unknown``."""
    place = require_membership(connection, chat, user)
    row = connection.execute(_one, {"chat": chat, "id": message_id}).one_or_none()
    if row is None or row.seq < place.member.first_visible_seq(place.chat):
        raise TenfourError(ErrorCode.MESSAGE_UNKNOWN)
    return _message(chat, tuple(row))


def events_after(connection: Connection, chat: ChatId, user: UserId, after: Seq, limit: int) -> list[Event]:
    """The events that the user may see after a seq; raises ``chat_unknown`` or ``not_a_member``."""
    place = require_membership(connection, chat, user)
    return events_between(connection, chat, max(after, place.member.first_visible_seq(place.chat) - 1), limit)


def _page_before(connection: Connection, values: dict[str, Any], seq: Seq, limit: int) -> HistoryPage:
    if limit <= 0:
        return HistoryPage([], has_before=True, has_after=True)
    at = {**values, "seq": seq, "later": max(seq, values["first"])}
    rows = _before.rows(connection, {**at, "limit": limit + 1})
    has_after = rows[0][-1] if rows else connection.execute(select(_is_later), at).scalar_one()
    return HistoryPage([_message(values["chat"], row) for row in reversed(rows[:limit])], len(rows) > limit, bool(has_after))


def _page_after(connection: Connection, values: dict[str, Any], seq: Seq, limit: int) -> HistoryPage:
    at = {**values, "seq": seq, "later": max(seq + 1, values["first"])}
    rows = _after.rows(connection, {**at, "limit": limit + 1})
    has_before = rows[0][-1] if rows else connection.execute(select(_is_earlier), at).scalar_one()
    return HistoryPage([_message(values["chat"], row) for row in rows[:limit]], bool(has_before), len(rows) > limit)


def _is_revoked(connection: Connection, user: UserId, session: SessionId) -> bool:
    row = _session.row(connection, {"session": session})
    return row != (None, user)


def _names(connection: Connection, chat: ChatId, member_count: int, members_max: int) -> Sequence[UserId] | None:
    if member_count > members_max:
        return None
    return connection.execute(_members_of, {"chat": chat, "limit": members_max + 1}).scalars().all()


def _place(row: Row, user: UserId) -> Membership:
    member_count, role, joined_seq, delivered_seq, read_seq, muted_until = row[_ROLE - 1 :]
    return Membership(_chat(row), Member(row[0], user, Role(role), joined_seq, delivered_seq, read_seq, muted_until), member_count)


def _chat(row: Row) -> Chat:
    chat_id, kind, title, history_rule, last_seq, rights_seq, changed_at, created_at = row[: _ROLE - 1]
    return Chat(chat_id, ChatKind(kind), title, HistoryRule(history_rule), last_seq, rights_seq, changed_at, created_at)


def _message(chat: ChatId, row: Row) -> Message:
    message_id, seq, sender, key, text, reply_to, at, edited_at, deleted_at = row[:9]
    return Message(message_id, chat, seq, sender, key, text, reply_to, at, edited_at, deleted_at is not None)


def _event(chat: ChatId, row: Row) -> Event:
    seq, kind, by, event_at, message_id, data, sender, key, text, reply_to, at, edited_at, deleted_at, message_seq = row
    said = Message(message_id, chat, message_seq, sender, key, text, reply_to, at, edited_at, deleted_at is not None) if key is not None else None
    return Event(chat, seq, _KINDS[kind], by, event_at, said, message_id, json.loads(data) if data is not None else {})
