"""Receipts on their way: the highest of each chat, at most one a second and chat. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenfour.ids import ChatId, Seq
from tenfour.wire.frames import Receipt

PAUSE_S = 1.0
AT_ONCE_MAX = 10
"""Chats whose receipts go out within one second; the others follow in the next."""
UNSURE_S = 5.0
"""What was told so shortly before a connection was lost may not have been stored."""


@dataclass(slots=True)
class _Mark:
    delivered: Seq = 0
    read: Seq = 0
    told_at: float = float("-inf")


@dataclass(slots=True)
class Receipts:
    """What the user has got and read, by chat."""

    _marks: dict[ChatId, _Mark] = field(default_factory=dict)
    _due: dict[ChatId, _Mark] = field(default_factory=dict)
    _next_at: float = float("-inf")

    def note(self, chat: ChatId, *, delivered: Seq = 0, read: Seq = 0) -> None:
        mark = self._marks.setdefault(chat, _Mark())
        reached = max(mark.delivered, delivered, read), max(mark.read, read)
        if reached != (mark.delivered, mark.read):
            mark.delivered, mark.read = reached
            self._due[chat] = mark

    def take(self, now_s: float) -> list[Receipt]:
        """The receipts to send now."""
        if not self._due or now_s < self._next_at:
            return []
        due = [(chat, mark) for chat, mark in self._due.items() if now_s >= mark.told_at + PAUSE_S][:AT_ONCE_MAX]
        for chat, mark in due:
            mark.told_at = now_s
            del self._due[chat]
        if due:
            self._next_at = now_s + PAUSE_S
        return [Receipt(chat, read=mark.read or None, delivered=mark.delivered) for chat, mark in due]

    def next_at(self) -> float | None:
        """When the next one may go out; None where none waits."""
        if not self._due:
            return None
        return max(self._next_at, min(mark.told_at for mark in self._due.values()) + PAUSE_S)

    def disconnected(self, now_s: float) -> None:
        """What was told last may be lost: it is told again."""
        self._due |= {chat: mark for chat, mark in self._marks.items() if now_s - mark.told_at < UNSURE_S}
