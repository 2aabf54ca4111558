"""What a change may do inside the writer's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.event import RIGHTS_KINDS, Event, EventKind
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, MessageId, UserId
from tenfour.storage.schema import chats, events, users

_MEMBER_KINDS = frozenset({EventKind.MEMBER_JOINED, EventKind.MEMBER_LEFT, EventKind.MEMBER_CHANGED})


class SqlTransaction:
    """Implements ``store.Transaction`` on SQLAlchemy Core, for both databases."""

    def __init__(self, connection: Connection, now_ms: int) -> None:
        self.connection = connection
        self.now_ms = now_ms
        self.events: list[Event] = []

    def lock_chat(self, chat: ChatId) -> Chat:
        # "Key share" lets others insert rows that refer to the chat, who would else wait for us, and we perhaps for them.
        row = self.connection.execute(select(chats).where(chats.c.id == chat).with_for_update(key_share=True)).one_or_none()
        if row is None:
            raise TenfourError(ErrorCode.CHAT_UNKNOWN)
        return Chat(chat, ChatKind(row.kind), row.title, HistoryRule(row.history), row.last_seq, row.rights_seq, row.changed_at, row.created_at)

    def append(self, chat: ChatId, kind: EventKind, by: UserId, *, data: Mapping[str, Any], message_id: MessageId | None = None) -> Event:
        locked = self.lock_chat(chat)
        seq, at = locked.last_seq + 1, max(self.now_ms, locked.changed_at)  # time in a chat never goes back, whichever node's clock is behind
        rights = {"rights_seq": seq} if kind in RIGHTS_KINDS else {}
        self.connection.execute(update(chats).where(chats.c.id == chat).values(last_seq=seq, changed_at=at, **rights))
        event = Event(chat, seq, kind, by, at, message_id=message_id, data=data)
        text = json.dumps(data, ensure_ascii=False) if data else None
        self.connection.execute(insert(events).values(chat=chat, seq=seq, kind=kind.value, by=by, at=at, message_id=message_id, data=text))
        if kind in _MEMBER_KINDS:
            changed = {"membership_seq": users.c.membership_seq + 1, "membership_changed_at": self.now_ms}
            self.connection.execute(update(users).where(users.c.id == data["user"]).values(**changed))
        self.events.append(event)
        return event
