"""Bytes to frames and back.

Decoding never raises: what cannot be read becomes ``Unreadable``, with whatever tells the sender which of
its frames is meant. Old protocol versions would be translated here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tenfour.domain.event import Event, EventKind
from tenfour.domain.message import Message
from tenfour.errors import FAILURES, ErrorCode
from tenfour.wire import frames
from tenfour.wire.frames import ClientFrame, EventFrame, Frame, OtherEvent, ServerFrame
from tenfour.wire.times import rfc3339

_client_frames: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_server_frames: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)
_anything = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()

_NO_EVENTS = frozenset(each.__struct_config__.tag for each in ServerFrame.__args__) - frozenset(each.__struct_config__.tag for each in EventFrame.__args__)
_CLIENT_TYPES = frozenset(each.__struct_config__.tag for each in ClientFrame.__args__)

encode = _encoder.encode
"""The JSON text of a frame, compact, as UTF-8."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A frame that no dialog can act on, with what could be made out of it."""

    code: ErrorCode
    detail: str
    id: str | None = None
    chat: str | None = None
    key: str | None = None


def decode(payload: bytes) -> ClientFrame | Unreadable:
    """The frame that a client sent, or why it is none."""
    try:
        return _client_frames.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as cause:
        return _explain(payload, cause)


def decode_server(payload: bytes) -> ServerFrame | OtherEvent | None:
    """The frame that a server sent; None for a type that this version does not know.

    What has a place in a chat is an event even then: to pass over it would be a gap. Raises ``ValueError`` for
    what is no frame at all.
    """
    try:
        return _server_frames.decode(payload)
    except msgspec.ValidationError:
        seen = _anything.decode(payload)
        if not isinstance(seen, dict) or not isinstance(seen.get("type"), str):
            raise
    if seen["type"] in _NO_EVENTS or not isinstance(seen.get("chat"), str) or not isinstance(seen.get("seq"), int):
        return None
    return OtherEvent(seen["type"], seen["chat"], seen["seq"])


def _explain(payload: bytes, cause: Exception) -> Unreadable:
    try:
        seen = _anything.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return Unreadable(ErrorCode.MALFORMED, FAILURES[ErrorCode.MALFORMED].title + ".")
    if not isinstance(seen, dict):
        return Unreadable(ErrorCode.MALFORMED, "A frame is a JSON object.")
    kind = seen.get("type")
    if not isinstance(kind, str) or kind not in _CLIENT_TYPES:
        shown = repr(kind[:40]) if isinstance(kind, str) else "missing"
        return Unreadable(ErrorCode.UNKNOWN_TYPE, f"The type is {shown}.", **_marks(seen))
    code = ErrorCode.FIELD_MISSING if "missing required field" in str(cause) else ErrorCode.FIELD_INVALID
    return Unreadable(code, f"{cause}.", **_marks(seen))


def _marks(seen: dict[str, Any]) -> dict[str, str | None]:
    """The fields by which a sender knows its frame again."""
    return {name: value if isinstance(value := seen.get(name), str) and len(value) <= 100 else None for name in ("id", "chat", "key")}  # noqa: PLR2004


def error_frame(
    code: ErrorCode,
    detail: str | None = None,
    *,
    id: str | None = None,  # noqa: A002 - the field is called so
    chat: str | None = None,
    key: str | None = None,
    retry_after_ms: int | None = None,
) -> frames.Error:
    """The ``error`` frame for a failure of the catalogue."""
    failure = FAILURES[code]
    return frames.Error(code.value, detail or failure.title + ".", failure.advice, id, chat, key, retry_after_ms)


def encode_event(event: Event) -> bytes:
    """The JSON text of a durable event, as it stands now."""
    return encode(event_frame(event))


def event_frame(event: Event) -> EventFrame:
    """The frame of a durable event: a deleted message carries ``deleted`` and no text."""
    if event.kind is EventKind.MESSAGE_SENT:
        assert event.message is not None, "a message_sent event is joined with its message"
        return _message_sent(event, event.message)
    kind = _EVENT_FRAMES[event.kind]
    fields: dict[str, Any] = dict(event.data)
    if event.kind is EventKind.MEMBER_CHANGED and isinstance(fields.get("muted_until"), int):
        fields["muted_until"] = rfc3339(fields["muted_until"])
    if event.message_id is not None:
        fields["id"] = event.message_id
    if event.kind is EventKind.MESSAGE_EDITED and event.message is not None:
        fields |= {"text": event.message.text, "deleted": event.message.deleted}
    known = {name: value for name, value in fields.items() if name in kind.__struct_fields__}
    frame: EventFrame = kind(chat=event.chat, seq=event.seq, at=rfc3339(event.at), by=event.by, **known)
    return frame


def _message_sent(event: Event, message: Message) -> frames.MessageSent:
    return frames.MessageSent(
        event.chat,
        event.seq,
        rfc3339(event.at),
        event.by,
        message.id,
        message.key,
        None if message.deleted else message.text,
        message.reply_to,
        rfc3339(message.edited_at) if message.edited_at is not None else None,
        message.deleted,
    )


_EVENT_FRAMES: dict[EventKind, type[Any]] = {EventKind(str(each.__struct_config__.tag)): each for each in EventFrame.__args__}
assert set(_EVENT_FRAMES) == set(EventKind), "every kind of event has its frame"
assert all(issubclass(each, Frame) for each in _EVENT_FRAMES.values())
