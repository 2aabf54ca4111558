"""Everything durable that happens in a chat."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from tenfour.domain.message import Message
from tenfour.ids import ChatId, MessageId, Seq, UserId


class EventKind(StrEnum):
    MESSAGE_SENT = "message_sent"
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    REACTION_ADDED = "reaction_added"
    REACTION_REMOVED = "reaction_removed"
    MESSAGE_PINNED = "message_pinned"
    MESSAGE_UNPINNED = "message_unpinned"
    MEMBER_JOINED = "member_joined"
    MEMBER_LEFT = "member_left"
    MEMBER_CHANGED = "member_changed"
    CHAT_CHANGED = "chat_changed"


RIGHTS_KINDS = frozenset({EventKind.MEMBER_JOINED, EventKind.MEMBER_LEFT, EventKind.MEMBER_CHANGED, EventKind.CHAT_CHANGED})
"""The kinds that may change who may do what: they raise the chat's ``rights_seq``."""


class Event(Struct, frozen=True, gc=False):
    """One event as it was committed, with the message's present state where it is about one.

    ``data`` holds what is particular to the kind, in JSON's own types: ``user`` and ``role`` of a
    ``member_*`` event, ``title`` of a ``chat_changed``.
    """

    chat: ChatId
    seq: Seq
    kind: EventKind
    by: UserId
    at: int
    message: Message | None = None
    message_id: MessageId | None = None
    data: Mapping[str, Any] = {}
