"""The frames of protocol ``tenfour.v1``: JSON objects tagged by ``type``.

What a client sends has every field optional where its absence deserves an error of its own; a field more
than the protocol knows is no error. Times are text here (``wire.times``).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

PROTOCOL = "tenfour.v1"
BEARER_PREFIX = "tenfour.bearer."


Position = Annotated[int, Meta(le=2**53 - 1)]
"""A seq that a client names: no larger than JSON's numbers are exact, and a database can hold."""


class Frame(Struct, tag_field="type", frozen=True, gc=False, omit_defaults=False):
    """One frame."""


# Client → server


class Send(Frame, tag="send", frozen=True):
    key: str | None = None
    text: str | None = None
    chat: str | None = None
    reply_to: str | None = None


class Edit(Frame, tag="edit", frozen=True):
    id: str | None = None
    chat: str | None = None
    text: str | None = None


class Delete(Frame, tag="delete", frozen=True):
    id: str | None = None
    chat: str | None = None


class React(Frame, tag="react", frozen=True):
    id: str | None = None
    chat: str | None = None
    emoji: str | None = None


class Unreact(Frame, tag="unreact", frozen=True):
    id: str | None = None
    chat: str | None = None
    emoji: str | None = None


class Typing(Frame, tag="typing", frozen=True):
    active: bool
    chat: str | None = None


class Receipt(Frame, tag="receipt", frozen=True):
    chat: str | None = None
    read: Position | None = None
    delivered: Position | None = None


class Subscribe(Frame, tag="subscribe", frozen=True):
    id: str
    chats: dict[str, Position | None] = {}
    epoch: str | None = None
    rest: bool = False


class Unsubscribe(Frame, tag="unsubscribe", frozen=True):
    chats: list[str]


class Authenticate(Frame, tag="authenticate", frozen=True):
    token: str


class Ping(Frame, tag="ping", frozen=True):
    id: str | None = None


class Pong(Frame, tag="pong", frozen=True):
    id: str | None = None


ClientFrame = Send | Edit | Delete | React | Unreact | Typing | Receipt | Subscribe | Unsubscribe | Authenticate | Ping | Pong


# Server → client


class UserFace(Struct, frozen=True):
    id: str
    name: str


class ChatHead(Struct, frozen=True):
    chat: str
    head: int
    read: int


class Limits(Struct, frozen=True):
    """The limits in force, told in ``welcome``."""

    frame_bytes: int
    text_chars: int
    frames_per_s: int
    sends_per_s: int
    user_sends_per_s: int
    connections_per_user: int
    send_budget_bytes: int
    receipts_live_max: int


class Welcome(Frame, tag="welcome", frozen=True):
    connection: str
    user: UserFace
    protocol: str
    epoch: str
    heartbeat_s: float
    server_time: str
    expires_at: str
    node: str
    limits: Limits
    chats: list[ChatHead]
    chats_more: bool


class Ack(Frame, tag="ack", frozen=True):
    chat: str
    key: str
    seq: int
    id: str
    at: str
    duplicate: bool = False


class Error(Frame, tag="error", frozen=True):
    code: str
    detail: str
    advice: str
    id: str | None = None
    chat: str | None = None
    key: str | None = None
    retry_after_ms: int | None = None


class Synced(Frame, tag="synced", frozen=True):
    id: str | None
    chat: str
    seq: int
    epoch: str


class Reset(Frame, tag="reset", frozen=True):
    id: str | None
    chat: str
    head: int
    epoch: str


class TypingShown(Frame, tag="typing", frozen=True):
    chat: str
    by: str
    expires_ms: int


class ReceiptShown(Frame, tag="receipt", frozen=True, omit_defaults=True):
    chat: str
    by: str
    delivered: int
    read: int
    read_at: str | None = None


class Presence(Frame, tag="presence", frozen=True):
    user: str
    state: str
    since: str


class Profile(Frame, tag="profile", frozen=True):
    user: str
    name: str
    avatar_colour: str | None = None
    avatar: str | None = None


class TokenExpiring(Frame, tag="token_expiring", frozen=True):
    expires_at: str


class Authenticated(Frame, tag="authenticated", frozen=True):
    user: str
    expires_at: str


class Goodbye(Frame, tag="goodbye", frozen=True):
    code: int
    reason: str
    reconnect: bool
    after_ms: int | None = None


# The durable events


class MessageSent(Frame, tag="message_sent", frozen=True, omit_defaults=True):
    chat: str
    seq: int
    at: str
    by: str
    id: str
    key: str
    text: str | None = None
    reply_to: str | None = None
    edited_at: str | None = None
    deleted: bool = False


class MessageEdited(Frame, tag="message_edited", frozen=True, omit_defaults=True):
    chat: str
    seq: int
    at: str
    by: str
    id: str
    text: str | None = None
    deleted: bool = False


class MessageDeleted(Frame, tag="message_deleted", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    id: str


class ReactionAdded(Frame, tag="reaction_added", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    id: str
    emoji: str


class ReactionRemoved(Frame, tag="reaction_removed", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    id: str
    emoji: str


class MessagePinned(Frame, tag="message_pinned", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    id: str


class MessageUnpinned(Frame, tag="message_unpinned", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    id: str


class MemberJoined(Frame, tag="member_joined", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    user: str
    role: str


class MemberLeft(Frame, tag="member_left", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    user: str


class MemberChanged(Frame, tag="member_changed", frozen=True, omit_defaults=True):
    chat: str
    seq: int
    at: str
    by: str
    user: str
    role: str
    muted_until: str | None = None


class ChatChanged(Frame, tag="chat_changed", frozen=True):
    chat: str
    seq: int
    at: str
    by: str
    title: str | None


EventFrame = MessageSent | MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved | MessagePinned | MessageUnpinned | MemberJoined | MemberLeft | MemberChanged | ChatChanged


class OtherEvent(Struct, frozen=True, gc=False):
    """A durable event of a kind that this version does not know; it has its place in the chat like any other."""

    type: str
    chat: str
    seq: int


AnyEvent = EventFrame | OtherEvent
EVENT_TYPES = (*EventFrame.__args__, OtherEvent)

ServerFrame = Welcome | Ack | Error | Synced | Reset | TypingShown | ReceiptShown | Presence | Profile | TokenExpiring | Authenticated | Ping | Pong | Goodbye | EventFrame
