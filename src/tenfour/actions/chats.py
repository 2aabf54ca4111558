"""Making chats, and what belongs to a chat as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from tenfour.actions.context import Context
from tenfour.actions.members import append_rights_event, lock_place, require_room, seat_members, unseat_member
from tenfour.domain.chat import Chat, ChatKind, HistoryRule, check_title, direct_pair
from tenfour.domain.event import EventKind
from tenfour.domain.member import Role, may_join, may_leave, may_rename, role_on_joining
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId, new_id, parse_uuid
from tenfour.storage import directory
from tenfour.storage.directory import ChannelSign, ChatCard
from tenfour.storage.people import require_users
from tenfour.storage.schema import chats
from tenfour.storage.store import Transaction

FIRST_MEMBERS_MAX = 200
"""Members that come with a new chat: each is an event, and messages of others wait for the transaction."""

ENSURED_MEMBERS_MAX = 1_000
EXTERNAL_ID_CHARS_MAX = 200
MEMBERS_A_CHANGE = 100


@dataclass(frozen=True, slots=True)
class NewChat:
    """A chat as its maker wants it."""

    kind: ChatKind
    title: str | None = None
    history: HistoryRule = HistoryRule.ALL


async def create_chat(context: Context, creator: UserId, wanted: NewChat, others: Sequence[UserId]) -> tuple[ChatId, bool]:
    """The chat and whether it is new: a pair has one direct chat, whoever asks and however often.

    The creator comes first and owns it; a direct chat has no owner. Raises ``user_unknown``,
    ``field_invalid`` or ``chat_full``.
    """
    _check(wanted)
    people = list(dict.fromkeys([creator, *others]))
    if wanted.kind is ChatKind.DIRECT and len(people) != 2:  # noqa: PLR2004 - a pair
        raise TenfourError(ErrorCode.FIELD_INVALID, "members: a direct chat has exactly one other member.")
    if len(people) > FIRST_MEMBERS_MAX + 1:
        raise TenfourError(ErrorCode.FIELD_INVALID, f"members: a new chat takes up to {FIRST_MEMBERS_MAX} members at once; add the others later.")
    chat = ChatId(new_id(context.clock.now_ms()))
    pair = direct_pair(people[0], people[1]) if wanted.kind is ChatKind.DIRECT else None
    roles = dict.fromkeys(people, Role.MEMBER) | ({creator: Role.OWNER} if pair is None else {})

    def create(tx: Transaction) -> tuple[ChatId, bool]:
        require_users(tx.connection, people)
        known = directory.find_chat_by_pair(tx.connection, pair) if pair is not None else None
        if known is not None:
            return known, False
        made = _insert(tx, chat, wanted, creator, pair=pair)
        require_room(tx, made.id, len(roles), context.policy.chat_members_max)
        seat_members(tx, made, roles, by=creator)
        return made.id, True

    try:
        return await context.store.change(create)
    except IntegrityError:  # another node made the pair's chat in the same moment, and its transaction is through
        return await context.store.change(create)


async def ensure_chat(context: Context, key_id: str, name: str, wanted: NewChat, others: Mapping[UserId, Role]) -> tuple[ChatId, bool]:
    """A product's chat by the product's own id or by a UUID, and whether it is new. For server keys.

    What is there gets the title and the missing members; nobody is taken out and no role changed. Asking
    again does nothing more, so it may be repeated until it succeeds. Raises ``user_unknown``,
    ``field_invalid``, ``conflict`` (it is there with another kind) or ``chat_full``.
    """
    _check(wanted)
    if wanted.kind is ChatKind.DIRECT:
        raise TenfourError(ErrorCode.FIELD_INVALID, "kind: a direct chat is made by one of its two members; use a group.")
    if len(others) > ENSURED_MEMBERS_MAX:
        raise TenfourError(ErrorCode.FIELD_INVALID, f"members: at most {ENSURED_MEMBERS_MAX} members at once; send the others in a further request.")
    made_id, external_id = _product_id(name, new_id(context.clock.now_ms()))
    by = UserId(key_id)

    def ensure(tx: Transaction) -> tuple[ChatId, bool]:
        require_users(tx.connection, list(others))
        known = directory.find_chat_by_external_id(tx.connection, external_id) if external_id is not None else made_id
        if known is None or not directory.chat_exists(tx.connection, known):
            return _insert(tx, made_id, wanted, by, external_id=external_id).id, True
        chat = tx.lock_chat(known)
        if chat.kind is not wanted.kind:
            raise TenfourError(ErrorCode.CONFLICT, f"That chat is a {chat.kind.value} already.")
        _set_title(tx, chat, wanted.title, by)
        return chat.id, False

    try:
        chat, is_new = await context.store.change(ensure)
    except IntegrityError:  # another node made it in the same moment
        chat, is_new = await context.store.change(ensure)
    await _bring_members(context, chat, others)
    return chat, is_new


async def rename_chat(context: Context, user: UserId, chat: ChatId, title: str | None) -> ChatCard:
    """The chat with its new title; raises ``forbidden`` for plain members, ``direct_chat_fixed``, ``field_invalid``."""

    def rename(tx: Transaction) -> ChatCard:
        place = lock_place(tx, chat, user)
        refusal = may_rename(place.chat, place.member)
        if refusal is not None:
            raise TenfourError(refusal)
        _check(NewChat(place.chat.kind, title))
        _set_title(tx, place.chat, title, user)
        return _card(tx.connection, chat, user)

    return await context.store.change(rename)


async def join_channel(context: Context, user: UserId, chat: ChatId) -> ChatCard:
    """The channel with the user in it; joining twice changes nothing. Raises ``not_a_member`` where one has to be added, ``chat_full``."""

    def join(tx: Transaction) -> ChatCard:
        channel = tx.lock_chat(chat)
        if directory.find_member(tx.connection, chat, user) is None:
            refusal = may_join(channel)
            if refusal is not None:
                raise TenfourError(refusal)
            require_room(tx, chat, 1, context.policy.chat_members_max)
            role = role_on_joining(channel, directory.count_members(tx.connection, chat))
            seat_members(tx, channel, {user: role}, by=user)
        return _card(tx.connection, chat, user)

    return await context.store.change(join)


async def leave_chat(context: Context, user: UserId, chat: ChatId) -> None:
    """Raises ``last_owner`` while others would stay without an owner, ``direct_chat_fixed``, ``not_a_member``."""

    def leave(tx: Transaction) -> None:
        place = lock_place(tx, chat, user)
        refusal = may_leave(place.chat)
        if refusal is not None:
            raise TenfourError(refusal)
        unseat_member(tx, place.chat, place.member, by=user)

    await context.store.change(leave)


def list_chats(connection: Connection, user: UserId, *, after: tuple[int, ChatId] | None, limit: int) -> Sequence[ChatCard]:
    """The user's chats, most recently active first, from behind the (changed_at, id) of ``after``."""
    return directory.list_chats(connection, user, after=after, limit=limit)


def list_channels(connection: Connection, query: str, *, after: ChatId | None, limit: int) -> Sequence[ChannelSign]:
    """The channels that everybody may join and with a word in their title that begins as the query does, newest first."""
    return directory.list_channels(connection, query, after=after, limit=limit)


def get_chat(connection: Connection, user: UserId, chat: ChatId) -> ChatCard | ChannelSign:
    """The chat as it stands in the user's list; to a stranger a channel shows its sign.

    Raises ``chat_unknown``, or ``not_a_member`` for what is no channel.
    """
    found = directory.find_card(connection, chat, user) or directory.find_channel(connection, chat)
    if found is None:
        raise TenfourError(ErrorCode.NOT_A_MEMBER if directory.chat_exists(connection, chat) else ErrorCode.CHAT_UNKNOWN)
    return found


def _check(wanted: NewChat) -> None:
    if wanted.kind is ChatKind.DIAGNOSTIC:
        raise TenfourError(ErrorCode.FIELD_INVALID, "kind: direct, group or channel.")
    fault = check_title(wanted.title, wanted.kind)
    if fault is not None:
        raise TenfourError(ErrorCode.FIELD_INVALID, fault)


def _product_id(name: str, fresh: str) -> tuple[ChatId, str | None]:
    """The chat's id and its external id: a UUID is the id itself, anything else is external."""
    try:
        return ChatId(parse_uuid(name)), None
    except ValueError:
        if not name or len(name) > EXTERNAL_ID_CHARS_MAX or not name.isprintable():
            raise TenfourError(ErrorCode.FIELD_INVALID, f"A chat's own id has 1 to {EXTERNAL_ID_CHARS_MAX} printable characters.") from None
        return ChatId(fresh), name


def _insert(tx: Transaction, chat: ChatId, wanted: NewChat, by: UserId, *, pair: str | None = None, external_id: str | None = None) -> Chat:
    row = {"kind": wanted.kind.value, "title": wanted.title, "history": wanted.history.value, "pair": pair, "external_id": external_id}
    tx.connection.execute(insert(chats).values(id=chat, **row, changed_at=tx.now_ms, created_at=tx.now_ms, created_by=by))
    return tx.lock_chat(chat)


def _set_title(tx: Transaction, chat: Chat, title: str | None, by: UserId) -> None:
    if chat.title == title:
        return
    tx.connection.execute(update(chats).where(chats.c.id == chat.id).values(title=title))
    append_rights_event(tx, chat, EventKind.CHAT_CHANGED, by, {"title": title})


async def _bring_members(context: Context, chat: ChatId, wanted: Mapping[UserId, Role]) -> None:
    """Adds who is missing, some in each transaction: messages wait behind every one of them."""
    people = list(wanted)
    for start in range(0, len(people), MEMBERS_A_CHANGE):
        some = people[start : start + MEMBERS_A_CHANGE]

        def bring(tx: Transaction, some: Sequence[UserId] = some) -> None:
            locked = tx.lock_chat(chat)
            missing = {user: wanted[user] for user in some if directory.find_member(tx.connection, chat, user) is None}
            require_room(tx, chat, len(missing), context.policy.chat_members_max)
            seat_members(tx, locked, missing, by=None)

        await context.store.change(bring)


def _card(connection: Connection, chat: ChatId, user: UserId) -> ChatCard:
    card = directory.find_card(connection, chat, user)
    assert card is not None, "a member of this transaction has a card"
    return card
