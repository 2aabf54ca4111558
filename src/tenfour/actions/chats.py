"""Making chats, and what belongs to a chat as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from tenfour.actions.context import Context
from tenfour.actions.members import add_row, remove_row, require_member
from tenfour.domain.chat import TITLE_CHARS_MAX, ChatKind, HistoryRule, direct_pair
from tenfour.domain.event import EventKind
from tenfour.domain.member import Role, may_rename
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId, new_id
from tenfour.storage.people import require_users
from tenfour.storage.schema import chats, members
from tenfour.storage.store import Transaction


def check_title(title: str | None, kind: ChatKind) -> str | None:
    """The title to store; raises ``field_invalid``. Groups and channels have one, direct chats have none."""
    if kind is ChatKind.DIRECT:
        return None
    title = (title or "").strip()
    if not title or len(title) > TITLE_CHARS_MAX or not title.isprintable():
        raise TenfourError(ErrorCode.FIELD_INVALID, f"A title has 1 to {TITLE_CHARS_MAX} visible characters.")
    return title


async def create_chat(context: Context, creator: UserId, kind: ChatKind, title: str | None, others: Sequence[UserId], history: HistoryRule = HistoryRule.ALL) -> ChatId:
    """A new chat with its members; of a direct chat the one that the pair has.

    Raises ``user_unknown``, ``field_invalid`` or ``chat_full``.
    """
    title = check_title(title, kind)
    people = [creator, *dict.fromkeys(user for user in others if user != creator)]
    if kind is ChatKind.DIRECT and len(people) != 2:  # noqa: PLR2004 - a pair
        raise TenfourError(ErrorCode.FIELD_INVALID, "A direct chat has exactly one other member.")
    if len(people) > context.policy.chat_members_max:
        raise TenfourError(ErrorCode.CHAT_FULL)
    chat = ChatId(new_id(context.clock.now_ms()))
    return await context.store.change(lambda tx: _create(tx, chat, kind, title, people, history))


def _create(tx: Transaction, chat: ChatId, kind: ChatKind, title: str | None, people: Sequence[UserId], history: HistoryRule) -> ChatId:
    require_users(tx.connection, people)
    pair = direct_pair(people[0], people[1]) if kind is ChatKind.DIRECT else None
    if pair is not None:
        known = tx.connection.execute(select(chats.c.id).where(chats.c.pair == pair)).scalar_one_or_none()
        if known is not None:
            return ChatId(known)
    creator = people[0]
    row = {"id": chat, "kind": kind.value, "title": title, "history": history.value, "pair": pair, "changed_at": tx.now_ms, "created_at": tx.now_ms, "created_by": creator}
    tx.connection.execute(insert(chats).values(row))
    for user in people:
        role = Role.OWNER if user == creator and kind is not ChatKind.DIRECT else Role.MEMBER
        add_row(tx, chat, user, role, by=creator)
    return chat


async def rename_chat(context: Context, user: UserId, chat: ChatId, title: str) -> None:
    """Raises ``forbidden`` for plain members, ``direct_chat_fixed``, ``field_invalid``."""

    def rename(tx: Transaction) -> None:
        place = require_member(tx, chat, user)
        refusal = may_rename(place.chat, place.member)
        if refusal is not None:
            raise TenfourError(refusal)
        new_title = check_title(title, place.chat.kind)
        tx.connection.execute(update(chats).where(chats.c.id == chat).values(title=new_title))
        tx.append(chat, EventKind.CHAT_CHANGED, user, data={"title": new_title})

    await context.store.change(rename)


async def join_channel(context: Context, user: UserId, chat: ChatId) -> None:
    """Public channels can be joined by everybody; joining twice changes nothing. Raises ``forbidden``."""

    def join(tx: Transaction) -> None:
        if tx.lock_chat(chat).kind is not ChatKind.CHANNEL:
            raise TenfourError(ErrorCode.FORBIDDEN, "Only channels can be joined; ask a member to add you.")
        add_row(tx, chat, user, Role.MEMBER, by=user, members_max=context.policy.chat_members_max)

    await context.store.change(join)


async def leave_chat(context: Context, user: UserId, chat: ChatId) -> None:
    """Raises ``last_owner`` while others remain, ``direct_chat_fixed``."""

    def leave(tx: Transaction) -> None:
        place = require_member(tx, chat, user)
        if place.chat.kind is ChatKind.DIRECT:
            raise TenfourError(ErrorCode.DIRECT_CHAT_FIXED)
        remove_row(tx, place, by=user)

    await context.store.change(leave)


async def ensure_chat(context: Context, external: str, creator: UserId, title: str, people: Sequence[UserId]) -> tuple[ChatId, bool]:
    """The product's own chat of that id, made or brought to this title and these members; whether it is new."""
    chat = ChatId(new_id(context.clock.now_ms()))
    return await context.store.change(lambda tx: _ensure(tx, chat, external, creator, title, people))


def _ensure(tx: Transaction, chat: ChatId, external: str, creator: UserId, title: str, people: Sequence[UserId]) -> tuple[ChatId, bool]:
    wanted = [creator, *dict.fromkeys(user for user in people if user != creator)]
    known = tx.connection.execute(select(chats.c.id, chats.c.title).where(chats.c.external_id == external)).one_or_none()
    if known is None:
        _create(tx, chat, ChatKind.GROUP, check_title(title, ChatKind.GROUP), wanted, HistoryRule.ALL)
        tx.connection.execute(update(chats).where(chats.c.id == chat).values(external_id=external))
        return chat, True
    require_users(tx.connection, wanted)
    _bring_members(tx, ChatId(known.id), wanted)
    new_title = check_title(title, ChatKind.GROUP)
    if known.title != new_title:
        tx.connection.execute(update(chats).where(chats.c.id == known.id).values(title=new_title))
        tx.append(ChatId(known.id), EventKind.CHAT_CHANGED, creator, data={"title": new_title})
    return ChatId(known.id), False


def _bring_members(tx: Transaction, chat: ChatId, wanted: Sequence[UserId]) -> None:
    there = set(tx.connection.execute(select(members.c.user).where(members.c.chat == chat)).scalars())
    for user in wanted:
        if user not in there:
            add_row(tx, chat, user, Role.MEMBER, by=wanted[0])
    for user in there - set(wanted):
        remove_row(tx, require_member(tx, chat, UserId(user)), by=wanted[0], keep_an_owner=False)
