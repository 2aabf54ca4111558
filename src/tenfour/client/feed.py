"""One listener's place in its chats: what waits for it, and what it has yet to read from the history. Pure.

Events come by the connection while there is room for them. What finds no room is not kept: the listener's
place falls behind what is known to exist, and it reads the rest from the history when it gets there. So a
listener that is slow, late, or beyond a reset costs bounded memory and misses nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from tenfour.ids import ChatId, Seq
from tenfour.wire.frames import AnyEvent


@dataclass(frozen=True, slots=True)
class HistoryReplaced:
    """The chat's history is another one: what was told of it before means nothing, and its events come anew from the first.

    So it is after ``restore`` of a backup, for one.
    """

    chat: ChatId
    epoch: str
    seq: Seq = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Events of the history that an epoch names, in order."""

    events: Sequence[AnyEvent]
    epoch: str


@dataclass(slots=True)
class _Cursor:
    position: Seq | None
    """The last event that was queued; None: not known yet, the first that comes."""
    epoch: str | None
    known: Seq = 0
    """The highest event that is known to exist."""


@dataclass(slots=True)
class Feed:
    """The events of one listener, each once and in order for each chat."""

    room: int = 1_000
    """Events that wait for the listener; more are left to the history."""
    _cursors: dict[ChatId, _Cursor] = field(default_factory=dict)
    _queue: deque[AnyEvent | HistoryReplaced] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self._queue)

    def begin(self, chat: ChatId, position: Seq | None, epoch: str | None) -> None:
        """Wants the chat's events after a position of an epoch; None: from the first that comes."""
        self._cursors[chat] = _Cursor(position, epoch)

    def offer(self, frame: AnyEvent, epoch: str) -> None:
        """An event came by the connection."""
        cursor = self._cursor(ChatId(frame.chat), epoch)
        if cursor.position is None:
            cursor.position = frame.seq - 1
        cursor.known = max(cursor.known, frame.seq)
        if frame.seq == cursor.position + 1 and len(self._queue) < self.room:
            self._queue.append(frame)
            cursor.position = frame.seq

    def reached(self, chat: ChatId, head: Seq, epoch: str) -> None:
        """All events up to ``head`` exist."""
        cursor = self._cursor(chat, epoch)
        if cursor.position is None:
            cursor.position = head
        cursor.known = max(cursor.known, head)

    def replaced(self, chat: ChatId, head: Seq, epoch: str) -> None:
        """The chat's history is another one, with this head."""
        cursor = self._cursors.setdefault(chat, _Cursor(None, epoch))
        if cursor.epoch != epoch or (cursor.position or 0) > head:
            self._begin_anew(chat, cursor, epoch)
        self.reached(chat, head, epoch)

    def behind(self) -> tuple[ChatId, Seq, Seq] | None:
        """A chat that has to be read from the history, after which seq, and up to which one at least."""
        for chat, cursor in self._cursors.items():
            if cursor.position is not None and cursor.position < cursor.known:
                return chat, cursor.position, cursor.known
        return None

    def read(self, chat: ChatId, after: Seq, wanted: Seq, page: Page) -> bool:
        """What the history has after ``after``, in order; False where the place has changed meanwhile.

        Nothing where something up to ``wanted`` exists: it is not for this user.
        """
        cursor = self._cursors.get(chat)
        if cursor is None or cursor.position != after or cursor.epoch != page.epoch:
            return False
        self._queue.extend(page.events)
        cursor.position = page.events[-1].seq if page.events else wanted
        cursor.known = max(cursor.known, cursor.position)
        return True

    def forget(self, chat: ChatId) -> None:
        """The chat's history is not to be had any more; what was queued stays."""
        self._cursors.pop(chat, None)

    def pop(self) -> AnyEvent | HistoryReplaced | None:
        """The next event; None where none waits."""
        return self._queue.popleft() if self._queue else None

    def _cursor(self, chat: ChatId, epoch: str) -> _Cursor:
        cursor = self._cursors.setdefault(chat, _Cursor(None, epoch))
        if cursor.epoch is None:
            cursor.epoch = epoch
        elif cursor.epoch != epoch:
            self._begin_anew(chat, cursor, epoch)
        return cursor

    def _begin_anew(self, chat: ChatId, cursor: _Cursor, epoch: str) -> None:
        cursor.position, cursor.epoch, cursor.known = 0, epoch, 0
        self._queue.append(HistoryReplaced(chat, epoch))
