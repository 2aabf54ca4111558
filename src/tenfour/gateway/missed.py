"""Events that somebody missed, read and encoded once for all who missed the same.

After a restart every member of a chat asks for the same events. A run that was read is good as long as the
chat's head is what it was, because everything that changes a message is an event: an edit or a delete moves
the head. The membership is read for each of them all the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock

from sqlalchemy import Connection as Database

from tenfour.domain.chat import Chat
from tenfour.domain.event import Event
from tenfour.ids import ChatId, Seq
from tenfour.storage import reads
from tenfour.storage.reads import NO_EVENTS, EventRun
from tenfour.wire.codec import encode_event
from tenfour.wire.rfc6455 import text_frame

KEPT_BYTES_MAX = 8 * 1_048_576
WRITE_BYTES = 131_072


class MissedEvents:
    """Gives runs of encoded events to the reader threads, and keeps the latest of them."""

    def __init__(self, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._kept_bytes_max = kept_bytes_max
        self._kept: OrderedDict[tuple[ChatId, Seq], tuple[Seq, EventRun]] = OrderedDict()
        """(chat, position) → the head at which it was read, and the run."""
        self._bytes = 0
        self._lock = Lock()

    def after(self, database: Database, chat: Chat, position: Seq, limit: int) -> EventRun:
        """At most ``limit`` of the chat's events after the position, as of the transaction in which the chat was read."""
        kept = self._find(chat, position)
        if kept is not None and kept.count <= limit:
            return kept
        run = encoded(reads.events_between(database, chat.id, position, limit))
        self._keep(chat, position, run)
        return run

    def _find(self, chat: Chat, position: Seq) -> EventRun | None:
        with self._lock:
            head, run = self._kept.get((chat.id, position), (None, None))
            if head != chat.last_seq:
                return None
            self._kept.move_to_end((chat.id, position))
            return run

    def _keep(self, chat: Chat, position: Seq, run: EventRun) -> None:
        with self._lock:
            self._forget(chat.id, position)
            self._kept[chat.id, position] = (chat.last_seq, run)
            self._bytes += run.size_bytes
            while self._bytes > self._kept_bytes_max:
                self._forget(*next(iter(self._kept)))

    def _forget(self, chat: ChatId, position: Seq) -> None:
        _, run = self._kept.pop((chat, position), (0, NO_EVENTS))
        self._bytes -= run.size_bytes


def encoded(events: Sequence[Event]) -> EventRun:
    """The events' frames, joined as long as they fit into one write."""
    pieces = tuple(_pieces(events))
    return EventRun(pieces, len(events), events[-1].seq if events else None, sum(map(len, pieces)))


def _pieces(events: Sequence[Event]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for event in events:
        data = text_frame(encode_event(event))
        if waiting and size + len(data) > WRITE_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
        waiting.append(data)
        size += len(data)
    if waiting:
        yield b"".join(waiting)
