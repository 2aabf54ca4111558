"""What waits for the writer, and what goes into the next transaction. Pure.

Fair between chats: a batch takes one message of each waiting chat in turn, so that a flood in one chat
delays the others by a batch at the most. Within a chat the order of arrival is kept (G9).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tenfour.ids import ChatId, UserId
from tenfour.storage.store import Append

BATCH_MESSAGES = 2_000
BATCH_CHARS = 1_048_576
WAITING_CHARS_MAX = 32 * 1_048_576
WAITING_PER_SENDER_MAX = 1_000
MESSAGE_CHARS = 100
"""What a message weighs beside its text."""


@dataclass(slots=True)
class Backlog:
    """Appends that wait, by chat."""

    _chats: dict[ChatId, deque[Append]] = field(default_factory=dict)
    _senders: dict[UserId, int] = field(default_factory=dict)
    _chars: int = 0
    _count: int = 0

    def __bool__(self) -> bool:
        return bool(self._chats)

    def __len__(self) -> int:
        return self._count

    def add(self, append: Append) -> bool:
        """False, and nothing added, if as much waits as may wait: in all, or of this sender."""
        sender = append.draft.sender
        of_sender = self._senders.get(sender, 0)
        weight = len(append.draft.text) + MESSAGE_CHARS
        if of_sender >= WAITING_PER_SENDER_MAX or self._chars + weight > WAITING_CHARS_MAX:
            return False
        self._senders[sender] = of_sender + 1
        self._chars += weight
        self._count += 1
        waiting = self._chats.get(append.draft.chat)
        if waiting is None:
            waiting = self._chats[append.draft.chat] = deque()
        waiting.append(append)
        return True

    def take(self) -> list[Append]:
        """The next batch, a message of each chat in turn: ``BATCH_MESSAGES`` at the most, and none more once it holds ``BATCH_CHARS``."""
        batch: list[Append] = []
        chars = 0
        while self._chats and len(batch) < BATCH_MESSAGES and chars < BATCH_CHARS:
            for chat in list(self._chats):
                append = self._chats[chat].popleft()
                batch.append(append)
                chars += len(append.draft.text) + MESSAGE_CHARS
                # The chat goes to the end of the line, or out of it.
                waiting = self._chats.pop(chat)
                if waiting:
                    self._chats[chat] = waiting
                if len(batch) >= BATCH_MESSAGES or chars >= BATCH_CHARS:
                    break
        self._forget(batch, chars)
        return batch

    def take_all(self) -> list[Append]:
        """Everything that waits, at once."""
        everything = [append for waiting in self._chats.values() for append in waiting]
        self._chats, self._senders, self._chars, self._count = {}, {}, 0, 0
        return everything

    def _forget(self, batch: list[Append], chars: int) -> None:
        self._chars -= chars
        self._count -= len(batch)
        for append in batch:
            sender = append.draft.sender
            left = self._senders[sender] - 1
            if left:
                self._senders[sender] = left
            else:
                del self._senders[sender]
