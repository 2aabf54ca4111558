"""``/chats`` and what belongs to a chat as a whole."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Response, get, patch, post, put
from litestar.params import Parameter

from tenfour.actions import chats as actions
from tenfour.actions.admission import check_chat_id
from tenfour.actions.chats import NewChat
from tenfour.api.description import BODY, CHAT, SERVER_KEY, TOKEN, ChatPath, answer, problems
from tenfour.api.identity import Asking
from tenfour.api.services import Services
from tenfour.domain.chat import TITLE_CHARS_MAX, ChatKind, HistoryRule
from tenfour.domain.event import Event, EventKind
from tenfour.domain.member import Role
from tenfour.domain.picture import picture_path
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId, parse_uuid
from tenfour.storage.directory import ChannelSign, ChatCard
from tenfour.storage.people import resolve_user
from tenfour.wire import frames
from tenfour.wire.codec import event_frame
from tenfour.wire.times import rfc3339

Kind = Literal["direct", "group", "channel"]
History = Literal["all", "from_joining"]
RoleName = Literal["owner", "admin", "member"]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=TITLE_CHARS_MAX)]
UserName = Annotated[str, msgspec.Meta(min_length=1, max_length=300, description="A user's UUID, or ext: and its id in your product.")]
Cursor = Annotated[str | None, Parameter(max_length=80, description="The next of the page before.")]
Limit = Annotated[int, Parameter(ge=1, le=200)]


class ChatMaking(msgspec.Struct):
    """A chat to be made."""

    kind: Kind
    title: Title | None = None
    members: Annotated[list[UserName], msgspec.Meta(max_length=actions.FIRST_MEMBERS_MAX)] = []
    history: History = "all"


class ChatChange(msgspec.Struct):
    title: Title | None


class EnsuredMember(msgspec.Struct):
    user: UserName
    role: RoleName = "member"


class ChatEnsuring(msgspec.Struct):
    """A product's chat as it should be; members are added, nobody is taken out."""

    kind: Literal["group", "channel"] = "group"
    title: Title | None = None
    members: Annotated[list[UserName | EnsuredMember], msgspec.Meta(max_length=actions.ENSURED_MEMBERS_MAX)] = []
    history: History = "all"


class PersonShown(msgspec.Struct):
    id: str
    name: str
    avatar_colour: str | None
    avatar: str | None


class ChatShown(msgspec.Struct):
    """A chat as a member sees it."""

    id: str
    kind: str
    title: str | None
    history: str
    external_id: str | None
    member_count: int
    head: int
    changed_at: str
    created_at: str
    role: str
    joined_seq: int
    delivered: int
    read: int
    unread: int
    """Messages by others that were not read, counted to 100."""
    last_message: frames.MessageSent | None
    other: PersonShown | None
    """Whom one talks with, in a direct chat."""


class ChannelShown(msgspec.Struct):
    """A channel as everybody may see it."""

    id: str
    kind: Literal["channel"]
    title: str | None
    member_count: int
    created_at: str


class ChatPage(msgspec.Struct):
    items: list[ChatShown]
    next: str | None


class ChannelPage(msgspec.Struct):
    items: list[ChannelShown]
    next: str | None


class ChatEnsured(msgspec.Struct):
    id: str
    external_id: str | None
    created: bool


def parse_chat(text: str) -> ChatId:
    """The chat id of a path; raises ``chat_id_invalid``."""
    return check_chat_id(text)


def parse_cursor(text: str | None) -> str | None:
    """A cursor that is an id; raises ``field_invalid``."""
    if text is None:
        return None
    try:
        return parse_uuid(text)
    except ValueError as cause:
        raise TenfourError(ErrorCode.FIELD_INVALID, "cursor: take the next of the page before.") from cause


@get("/chats", summary="The user's chats, most recently active first; or the channels that can be joined", tags=["chats"], responses=problems(*TOKEN))
async def list_chats(
    asking: Asking,
    view: Literal["mine", "channels"] = "mine",
    text: Annotated[str, Parameter(query="query", max_length=64, description="Of channels: the beginning of a word of the title.")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ChatPage | ChannelPage:
    if view == "channels":
        before = parse_cursor(cursor)
        signs = await asking.read(lambda connection, _: actions.list_channels(connection, text.strip(), after=ChatId(before) if before else None, limit=limit + 1))
        return ChannelPage([channel_shown(each) for each in signs[:limit]], signs[limit - 1].id if len(signs) > limit else None)
    after = _parse_place(cursor)
    cards = await asking.read(lambda connection, caller: actions.list_chats(connection, caller.user, after=after, limit=limit + 1))
    last = cards[limit - 1].chat if len(cards) > limit else None
    return ChatPage([chat_shown(each) for each in cards[:limit]], f"{last.changed_at}.{last.id}" if last is not None else None)


@post(
    "/chats",
    summary="Makes a chat; a pair has one direct chat, which comes back with 200",
    tags=["chats"],
    responses=answer(200, ChatShown, "The pair's direct chat, which was there.") | problems(*TOKEN, *BODY, ErrorCode.USER_UNKNOWN, ErrorCode.CHAT_FULL),
)
async def create_chat(data: ChatMaking, asking: Asking, services: Services) -> Response[ChatShown]:
    creator, others = await asking.read(lambda connection, caller: (caller.user, [resolve_user(connection, each) for each in data.members]))
    chat, is_new = await actions.create_chat(services.context, creator, NewChat(ChatKind(data.kind), data.title, HistoryRule(data.history)), others)
    card = await services.context.store.read(lambda connection: actions.get_chat(connection, creator, chat))
    assert isinstance(card, ChatCard), "who makes a chat is in it"
    return Response(chat_shown(card), status_code=201 if is_new else 200)


@get("/chats/{chat:str}", summary="One chat; to a stranger a channel shows title and member count", tags=["chats"], responses=problems(*CHAT))
async def get_chat(chat: ChatPath, asking: Asking) -> ChatShown | ChannelShown:
    wanted = parse_chat(chat)
    found = await asking.read(lambda connection, caller: actions.get_chat(connection, caller.user, wanted))
    return chat_shown(found) if isinstance(found, ChatCard) else channel_shown(found)


@put(
    "/chats/{chat:str}",
    summary="Makes sure that a product's chat is there (server key)",
    tags=["chats"],
    responses=answer(201, ChatEnsured, "Made.") | problems(*SERVER_KEY, *BODY, ErrorCode.USER_UNKNOWN, ErrorCode.CONFLICT, ErrorCode.CHAT_FULL),
)
async def ensure_chat(chat: str, data: ChatEnsuring, asking: Asking, services: Services) -> Response[ChatEnsured]:
    key = await asking.server_key("chats")
    named = [each if isinstance(each, EnsuredMember) else EnsuredMember(each) for each in data.members]
    people: dict[UserId, Role] = await services.context.store.read(lambda connection: {resolve_user(connection, each.user): Role(each.role) for each in named})
    wanted = NewChat(ChatKind(data.kind), data.title, HistoryRule(data.history))
    made, is_new = await actions.ensure_chat(services.context, key.id, chat, wanted, people)
    return Response(ChatEnsured(made, None if made == chat.lower() else chat, is_new), status_code=201 if is_new else 200)


@patch("/chats/{chat:str}", summary="Renames a chat", tags=["chats"], responses=problems(*CHAT, *BODY, ErrorCode.DIRECT_CHAT_FIXED))
async def rename_chat(chat: ChatPath, data: ChatChange, asking: Asking, services: Services) -> ChatShown:
    wanted = parse_chat(chat)
    caller = await asking.caller()
    return chat_shown(await actions.rename_chat(services.context, caller.user, wanted, data.title))


@post("/chats/{chat:str}/join", status_code=200, summary="Joins a channel", tags=["chats"], responses=problems(*CHAT, ErrorCode.CHAT_FULL))
async def join_channel(chat: ChatPath, asking: Asking, services: Services) -> ChatShown:
    wanted = parse_chat(chat)
    caller = await asking.caller()
    return chat_shown(await actions.join_channel(services.context, caller.user, wanted))


@post("/chats/{chat:str}/leave", status_code=204, summary="Leaves a group or channel", tags=["chats"], responses=problems(*CHAT, ErrorCode.LAST_OWNER, ErrorCode.DIRECT_CHAT_FIXED))
async def leave_chat(chat: ChatPath, asking: Asking, services: Services) -> None:
    wanted = parse_chat(chat)
    caller = await asking.caller()
    await actions.leave_chat(services.context, caller.user, wanted)


def chat_shown(card: ChatCard) -> ChatShown:
    chat, member, last = card.chat, card.member, card.last_message
    message = event_frame(Event(chat.id, last.seq, EventKind.MESSAGE_SENT, last.sender, last.at, last)) if last is not None else None
    return ChatShown(
        id=chat.id,
        kind=chat.kind.value,
        title=chat.title,
        history=chat.history.value,
        external_id=card.external_id,
        member_count=card.member_count,
        head=chat.last_seq,
        changed_at=rfc3339(chat.changed_at),
        created_at=rfc3339(chat.created_at),
        role=member.role.value,
        joined_seq=member.joined_seq,
        delivered=member.delivered_seq,
        read=member.read_seq,
        unread=card.unread,
        last_message=message if isinstance(message, frames.MessageSent) else None,
        other=PersonShown(card.other.id, card.other.name, card.other.avatar_colour, picture_path(card.other.avatar)) if card.other is not None else None,
    )


def channel_shown(sign: ChannelSign) -> ChannelShown:
    return ChannelShown(sign.id, "channel", sign.title, sign.member_count, rfc3339(sign.created_at))


def _parse_place(cursor: str | None) -> tuple[int, ChatId] | None:
    if cursor is None:
        return None
    changed_at, _, chat = cursor.partition(".")
    if not (changed_at.isascii() and changed_at.isdigit() and len(changed_at) <= 15):  # noqa: PLR2004 - milliseconds
        raise TenfourError(ErrorCode.FIELD_INVALID, "cursor: take the next of the page before.")
    place = parse_cursor(chat)
    assert place is not None
    return int(changed_at), ChatId(place)


HANDLERS = [list_chats, create_chat, get_chat, ensure_chat, rename_chat, join_channel, leave_chat]
