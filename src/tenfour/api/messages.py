"""``/chats/{chat}/messages`` and ``/events``."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter
from sqlalchemy import Connection

from tenfour.actions import messages as actions
from tenfour.actions.context import Caller
from tenfour.actions.messages import Position
from tenfour.api.answers import JsonAnswer
from tenfour.api.chats import Limit, UserName, parse_chat
from tenfour.api.description import BODY, CHAT, ChatPath, MessagePath, answer, problems
from tenfour.api.identity import Asking
from tenfour.api.rates import Rates
from tenfour.api.services import Services
from tenfour.domain.message import Draft, Message
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import MessageId, Seq, UserId, new_id, parse_uuid
from tenfour.storage.people import resolve_user
from tenfour.storage.store import Appended
from tenfour.wire import frames
from tenfour.wire.codec import event_frame
from tenfour.wire.times import rfc3339

SEQ_MAX = 2**53 - 1
_encoder = msgspec.json.Encoder()
SeqParameter = Annotated[int, Parameter(ge=0, le=SEQ_MAX)]
# Litestar forgets the range of one that stands in a union.
OptionalSeq = Annotated[int | None, Parameter(ge=0, le=SEQ_MAX)]


class MessageSending(msgspec.Struct):
    text: str
    reply_to: str | None = None
    on_behalf_of: UserName | None = None
    """Who says it; for server keys."""


class MessageStored(msgspec.Struct):
    chat: str
    key: str
    seq: int
    id: str
    at: str
    duplicate: bool


class HistoryShown(msgspec.Struct):
    items: list[frames.MessageSent]
    has_before: bool
    has_after: bool


class EventPage(msgspec.Struct):
    items: list[frames.EventFrame]
    next: str | None
    """The seq to go on after; null where the page ends at the head."""
    epoch: str


@post(
    "/chats/{chat:str}/messages",
    summary="Says something; 200 with duplicate where the key was used for it before",
    tags=["messages"],
    responses=answer(200, MessageStored, "The key was used for this message before.")
    | problems(
        *CHAT,
        *BODY,
        ErrorCode.SERVER_KEY_SCOPE,
        ErrorCode.USER_UNKNOWN,
        ErrorCode.KEY_MISSING,
        ErrorCode.KEY_INVALID,
        ErrorCode.KEY_REUSED,
        ErrorCode.TEXT_EMPTY,
        ErrorCode.TEXT_TOO_LONG,
        ErrorCode.TEXT_INVALID,
        ErrorCode.REPLY_UNKNOWN,
        ErrorCode.READ_ONLY,
        ErrorCode.MUTED,
        ErrorCode.OUTCOME_UNKNOWN,
        ErrorCode.DRAINING,
    ),
)
async def send_message(
    chat: ChatPath,
    data: MessageSending,
    asking: Asking,
    services: Services,
    sends: Rates,
    idempotency_key: Annotated[str | None, Parameter(header="Idempotency-Key", description="1 to 64 visible ASCII characters of your own; without it sending again doubles the message.")] = None,
) -> Response[MessageStored]:
    context, now_ms = services.context, services.context.clock.now_ms()
    wanted = parse_chat(chat)
    key = idempotency_key.strip().strip('"') if idempotency_key is not None else new_id(now_ms)
    reply_to = _parse_reply(data.reply_to)

    def prepare(connection: Connection, sender: UserId) -> tuple[Draft, Seq | Appended]:
        draft = Draft(wanted, sender, key, data.text, reply_to)
        return draft, actions.prepare_send(connection, draft, context.policy, now_ms)

    if data.on_behalf_of is not None or asking.is_server_key:
        await asking.server_key("messages")
        if data.on_behalf_of is None:
            raise TenfourError(ErrorCode.FIELD_MISSING, "on_behalf_of: a server key says who speaks.")
        speaker = data.on_behalf_of
        draft, prepared = await context.store.read(lambda connection: prepare(connection, resolve_user(connection, speaker)))
    else:
        draft, prepared = await asking.read(lambda connection, caller: prepare(connection, caller.user))
        _, wait_s = sends.take(draft.sender, context.clock.monotonic())
        # A known key writes nothing, and gets its answer whatever the limits are.
        if wait_s > 0.0 and await actions.find_known_key(context, draft) is None:
            raise TenfourError(ErrorCode.RATE_LIMITED, retry_after_ms=round(wait_s * 1000) + 1)
    stored = await actions.finish_send(context, draft, prepared)
    shown = MessageStored(wanted, key, stored.seq, stored.id, rfc3339(stored.at), stored.duplicate)
    return Response(shown, status_code=200 if stored.duplicate else 201)


@get(
    "/chats/{chat:str}/messages",
    summary="A page of history in the order of the chat; the newest messages without a position",
    tags=["messages"],
    responses=answer(200, HistoryShown, "A page.") | problems(*CHAT),
)
async def get_history(
    chat: ChatPath,
    asking: Asking,
    before: OptionalSeq = None,
    after: OptionalSeq = None,
    around: OptionalSeq = None,
    limit: Limit = 50,
) -> JsonAnswer:
    wanted = parse_chat(chat)
    if (before is not None) + (after is not None) + (around is not None) > 1:
        raise TenfourError(ErrorCode.FIELD_INVALID, "before, after, around: take one of them.")
    position = Position(before, after, around)

    def query(connection: Connection, caller: Caller) -> bytes:
        page = actions.get_history(connection, wanted, caller.user, position, limit)
        return _encoder.encode(HistoryShown([message_shown(each) for each in page.items], page.has_before, page.has_after))

    return JsonAnswer(await asking.read(query))


@get("/chats/{chat:str}/messages/{message:str}", summary="One message", tags=["messages"], responses=problems(*CHAT, ErrorCode.MESSAGE_UNKNOWN))
async def get_message(chat: ChatPath, message: MessagePath, asking: Asking) -> frames.MessageSent:
    wanted = parse_chat(chat)
    message_id = _parse_message(message)
    return message_shown(await asking.read(lambda connection, caller: actions.get_message(connection, wanted, caller.user, message_id)))


@get("/chats/{chat:str}/events", summary="What happened in a chat after a seq", tags=["messages"], responses=problems(*CHAT))
async def get_events(chat: ChatPath, asking: Asking, services: Services, after: SeqParameter = 0, limit: Limit = 100) -> EventPage:
    wanted = parse_chat(chat)
    found = await asking.read(lambda connection, caller: actions.get_events(connection, wanted, caller.user, after=after, limit=limit + 1))
    shown = [event_frame(each) for each in found[:limit]]
    return EventPage(shown, str(found[limit - 1].seq) if len(found) > limit else None, services.context.store.epoch)


def message_shown(message: Message) -> frames.MessageSent:
    """The message as its ``message_sent`` event shows it now."""
    edited_at = rfc3339(message.edited_at) if message.edited_at is not None else None
    text = None if message.deleted else message.text
    return frames.MessageSent(message.chat, message.seq, rfc3339(message.at), message.sender, message.id, message.key, text, message.reply_to, edited_at, message.deleted)


def _parse_message(text: str) -> MessageId:
    try:
        return MessageId(parse_uuid(text))
    except ValueError as cause:
        raise TenfourError(ErrorCode.MESSAGE_UNKNOWN, "A message's id is a UUID.") from cause


def _parse_reply(text: str | None) -> MessageId | None:
    try:
        return MessageId(parse_uuid(text)) if text is not None else None
    except ValueError as cause:
        raise TenfourError(ErrorCode.REPLY_UNKNOWN, "reply_to: a message's id is a UUID.") from cause


HANDLERS = [send_message, get_history, get_message, get_events]
