"""Messages on their way: kept in order, with their keys, until the server has acked them. Pure.

A message is *waiting* or *sent*. A lost connection makes all of them waiting again; a refusal that may be
repeated holds its chat back and begins again with the oldest (G9): the key makes that safe (G3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tenfour.ids import ChatId


@dataclass(slots=True)
class Entry:
    """One message that is not acked yet."""

    chat: ChatId
    key: str
    text: str
    reply_to: str | None = None
    sent: bool = False


@dataclass(slots=True)
class Outbox:
    """All unacked messages of a client, by chat in the order of writing."""

    in_flight_max: int = 50
    """Messages of one chat that may be sent and unacked at a time."""
    _chats: dict[ChatId, list[Entry]] = field(default_factory=dict)
    _held_until: dict[ChatId, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(entries) for entries in self._chats.values())

    def __iter__(self) -> Iterator[Entry]:
        for entries in self._chats.values():
            yield from entries

    def add(self, entry: Entry) -> None:
        self._chats.setdefault(entry.chat, []).append(entry)

    def take(self, now_s: float) -> list[Entry]:
        """The entries to send now, oldest first in each chat; they count as sent."""
        taken: list[Entry] = []
        for chat, entries in self._chats.items():
            if self._held_until.get(chat, 0.0) > now_s:
                continue
            self._held_until.pop(chat, None)
            room = self.in_flight_max - sum(entry.sent for entry in entries)
            waiting = [entry for entry in entries if not entry.sent][: max(0, room)]
            for entry in waiting:
                entry.sent = True
            taken += waiting
        return taken

    def next_at(self) -> float | None:
        """When a chat that is held back may go on; None where none is."""
        return min(self._held_until.values(), default=None)

    def acked(self, chat: ChatId, key: str) -> bool:
        """Whether the message was here; it is gone now."""
        return self._remove(chat, key) is not None

    def refused(self, chat: ChatId, key: str) -> bool:
        """A refusal for good: the message is gone, the others go on."""
        return self._remove(chat, key) is not None

    def hold(self, chat: ChatId, until_s: float) -> None:
        """A refusal that may be repeated: the chat waits, then begins again with its oldest message."""
        for entry in self._chats.get(chat, ()):
            entry.sent = False
        self._held_until[chat] = max(until_s, self._held_until.get(chat, 0.0))

    def disconnected(self) -> None:
        """What was sent and not acked has to be sent again."""
        for entry in self:
            entry.sent = False
        self._held_until.clear()

    def _remove(self, chat: ChatId, key: str) -> Entry | None:
        entries = self._chats.get(chat, [])
        for entry in entries:
            if entry.key == key:
                entries.remove(entry)
                if not entries:
                    del self._chats[chat]
                    self._held_until.pop(chat, None)
                return entry
        return None
