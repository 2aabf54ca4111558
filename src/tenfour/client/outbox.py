"""Messages on their way: kept in order, with their keys, until the server has answered them. Pure.

A message is *waiting* or *sent*. A lost connection makes all of them waiting again; a refusal that may be
repeated holds its chat back and begins again with the oldest (G9): the key makes that safe (G3).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId

MESSAGES_MAX = 10_000
"""Unanswered messages of a client; ``add`` refuses one more with ``busy``."""
BURST_S = 2.0
"""The server takes so many seconds' worth of messages at once."""


@dataclass(slots=True)
class Entry:
    """One message that is not answered yet."""

    chat: ChatId
    key: str
    text: str
    reply_to: str | None = None
    tried: bool = False
    """Whether it was ever written to a socket: then nobody but the server knows whether it is stored."""


@dataclass(slots=True)
class _Line:
    """One chat's messages; all that were sent are older than all that wait."""

    sent: dict[str, Entry] = field(default_factory=dict)
    waiting: dict[str, Entry] = field(default_factory=dict)
    held_until: float = 0.0

    def take_back(self) -> None:
        self.waiting = self.sent | self.waiting
        self.sent = {}


@dataclass(slots=True)
class Outbox:
    """All unanswered messages of a client, by chat in the order of writing."""

    in_flight_max: int = 50
    """Messages of one chat that may be sent and unanswered at a time."""
    sends_per_s: float = 20.0
    """What the server takes from one connection: ``limits.sends_per_s`` of ``welcome``."""
    _lines: dict[ChatId, _Line] = field(default_factory=dict)
    _free: float = 1.0
    """Messages that may go out now without meeting the limit."""
    _free_at: float = 0.0

    def __len__(self) -> int:
        return sum(len(line.sent) + len(line.waiting) for line in self._lines.values())

    def __iter__(self) -> Iterator[Entry]:
        for line in self._lines.values():
            yield from (line.sent | line.waiting).values()

    def add(self, entry: Entry) -> None:
        """Takes a message; raises ``busy`` where there are too many."""
        if len(self) >= MESSAGES_MAX:
            raise TenfourError(ErrorCode.BUSY, f"{MESSAGES_MAX:,} messages wait in this client for their answer.")
        self._lines.setdefault(entry.chat, _Line()).waiting[entry.key] = entry

    def connected(self, sends_per_s: float, now_s: float) -> None:
        """A new connection, with its own limit."""
        self.sends_per_s, self._free, self._free_at = sends_per_s, sends_per_s * BURST_S, now_s

    def disconnected(self) -> None:
        """What was sent and not answered has to be sent again."""
        for line in self._lines.values():
            line.take_back()
            line.held_until = 0.0

    def take(self, now_s: float, may_send: Callable[[ChatId], bool]) -> list[Entry]:
        """The entries to send now, oldest first in each chat, one of each chat in turn; they count as sent."""
        self._refill(now_s)
        taken: list[Entry] = []
        ready = deque(line for chat, line in self._lines.items() if may_send(chat) and self._is_ready(line, now_s))
        while ready and self._free >= 1.0:
            line = ready.popleft()
            key = next(iter(line.waiting))
            entry = line.sent[key] = line.waiting.pop(key)
            entry.tried = True
            taken.append(entry)
            self._free -= 1.0
            if self._is_ready(line, now_s):
                ready.append(line)
        return taken

    def next_at(self, may_send: Callable[[ChatId], bool]) -> float | None:
        """When more can be sent, if only time stands in the way; None where something else does."""
        free_at = self._free_at + max(0.0, 1.0 - self._free) / self.sends_per_s
        due = [max(line.held_until, free_at) for chat, line in self._lines.items() if line.waiting and len(line.sent) < self.in_flight_max and may_send(chat)]
        return min(due, default=None)

    def answered(self, chat: ChatId, key: str) -> bool:
        """An ack or a refusal for good: whether the message was here; it is gone now, the others go on."""
        line = self._lines.get(chat)
        if line is None or (line.sent.pop(key, None) or line.waiting.pop(key, None)) is None:
            return False
        self._forget_if_empty(chat, line)
        return True

    def hold(self, chat: ChatId, key: str, until_s: float) -> None:
        """A refusal that may be repeated: the chat waits, then begins again with its oldest message."""
        line = self._lines.get(chat)
        if line is not None and (key in line.sent or key in line.waiting):
            line.take_back()
            line.held_until = max(until_s, line.held_until)

    def withdraw(self, chat: ChatId, key: str) -> bool:
        """Takes a message back that was never written to a socket; False for any other."""
        line = self._lines.get(chat)
        if line is None or key not in line.waiting or line.waiting[key].tried:
            return False
        del line.waiting[key]
        self._forget_if_empty(chat, line)
        return True

    def clear(self) -> list[Entry]:
        """Gives up all messages; those that were here."""
        left = list(self)
        self._lines.clear()
        return left

    def _is_ready(self, line: _Line, now_s: float) -> bool:
        return bool(line.waiting) and len(line.sent) < self.in_flight_max and line.held_until <= now_s

    def _refill(self, now_s: float) -> None:
        self._free = min(self.sends_per_s * BURST_S, self._free + max(0.0, now_s - self._free_at) * self.sends_per_s)
        self._free_at = now_s

    def _forget_if_empty(self, chat: ChatId, line: _Line) -> None:
        if not line.sent and not line.waiting:
            del self._lines[chat]
