"""``/chats/{chat}/members``: for members, and for the server key of a product."""

from __future__ import annotations

import msgspec
from litestar import Response, delete, get, patch, put
from sqlalchemy import Connection

from tenfour.actions import members as actions
from tenfour.api.chats import Cursor, Limit, RoleName, parse_chat, parse_cursor
from tenfour.api.description import BODY, CHAT, ChatPath, UserPath, answer, problems
from tenfour.api.identity import Asking
from tenfour.api.services import Services
from tenfour.domain.member import Role
from tenfour.domain.picture import picture_path
from tenfour.errors import ErrorCode
from tenfour.ids import UserId, parse_uuid
from tenfour.storage.directory import MemberCard
from tenfour.storage.people import resolve_user
from tenfour.wire.times import rfc3339


class MemberAdding(msgspec.Struct):
    role: RoleName | None = None


class RoleChange(msgspec.Struct):
    role: RoleName


class MemberShown(msgspec.Struct):
    user: str
    name: str
    avatar_colour: str | None
    avatar: str | None
    role: str
    joined_seq: int
    joined_at: str
    muted_until: str | None


class MemberPage(msgspec.Struct):
    items: list[MemberShown]
    next: str | None


@get("/chats/{chat:str}/members", summary="The members of a chat", tags=["members"], responses=problems(*CHAT))
async def list_members(chat: ChatPath, asking: Asking, cursor: Cursor = None, limit: Limit = 100) -> MemberPage:
    wanted, after = parse_chat(chat), parse_cursor(cursor)
    found = await asking.read(lambda connection, caller: actions.list_members(connection, caller.user, wanted, after=UserId(after) if after else None, limit=limit + 1))
    return MemberPage([member_shown(each) for each in found[:limit]], found[limit - 1].person.id if len(found) > limit else None)


@put(
    "/chats/{chat:str}/members/{user:str}",
    summary="Adds somebody; who is in already stays",
    tags=["members"],
    responses=answer(201, MemberShown, "Added.") | problems(*CHAT, *BODY, ErrorCode.SERVER_KEY_SCOPE, ErrorCode.USER_UNKNOWN, ErrorCode.CHAT_FULL, ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.LAST_OWNER),
)
async def add_member(chat: ChatPath, user: UserPath, asking: Asking, services: Services, data: MemberAdding | None = None) -> Response[MemberShown]:
    wanted = parse_chat(chat)
    role = Role(data.role) if data is not None and data.role is not None else None
    if asking.is_server_key:
        key = await asking.server_key("chats")
        other = await services.context.store.read(lambda connection: resolve_user(connection, user))
        card, is_new = await actions.admit_member(services.context, key.id, wanted, other, role)
    else:
        caller, other = await asking.read(lambda connection, caller: (caller.user, resolve_user(connection, user)))
        card, is_new = await actions.add_member(services.context, caller, wanted, other, role)
    return Response(member_shown(card), status_code=201 if is_new else 200)


@patch(
    "/chats/{chat:str}/members/{user:str}",
    summary="Changes somebody's role",
    tags=["members"],
    responses=problems(*CHAT, *BODY, ErrorCode.USER_UNKNOWN, ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.LAST_OWNER),
)
async def change_role(chat: ChatPath, user: UserPath, data: RoleChange, asking: Asking, services: Services) -> MemberShown:
    wanted = parse_chat(chat)
    caller, other = await asking.read(lambda connection, caller: (caller.user, _named(connection, user)))
    return member_shown(await actions.change_role(services.context, caller, wanted, other, Role(data.role)))


@delete(
    "/chats/{chat:str}/members/{user:str}",
    status_code=204,
    summary="Takes somebody out",
    tags=["members"],
    responses=problems(*CHAT, ErrorCode.SERVER_KEY_SCOPE, ErrorCode.USER_UNKNOWN, ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.LAST_OWNER),
)
async def remove_member(chat: ChatPath, user: UserPath, asking: Asking, services: Services) -> None:
    wanted = parse_chat(chat)
    if asking.is_server_key:
        key = await asking.server_key("chats")
        other = await services.context.store.read(lambda connection: _named(connection, user))
        await actions.dismiss_member(services.context, key.id, wanted, other)
    else:
        caller, other = await asking.read(lambda connection, caller: (caller.user, _named(connection, user)))
        await actions.remove_member(services.context, caller, wanted, other)


def member_shown(card: MemberCard) -> MemberShown:
    person = card.person
    muted_until = rfc3339(card.muted_until) if card.muted_until is not None else None
    return MemberShown(person.id, person.name, person.avatar_colour, picture_path(person.avatar), card.role.value, card.joined_seq, rfc3339(card.joined_at), muted_until)


def _named(connection: Connection, text: str) -> UserId:
    """A member, who may be disabled by now and still has to be found."""
    try:
        return UserId(parse_uuid(text))
    except ValueError:
        return resolve_user(connection, text)


HANDLERS = [list_members, add_member, change_role, remove_member]
