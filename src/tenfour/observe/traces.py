"""What this node heard lately from the broker, and when: one short row a batch, of a bounded number of batches."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tenfour.ids import ChatId, Seq

BATCHES_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Heard:
    """A batch of events of one chat that reached the connections of this node."""

    at_s: float
    """On the monotonic clock."""
    events: int
    deliveries: int
    """Events times connections."""


class Traces:
    """A ring; the oldest batch goes when a new one comes. ``heard`` costs one tuple and one append a batch."""

    def __init__(self) -> None:
        self._ring: deque[tuple[ChatId, Seq, int, float, int]] = deque(maxlen=BATCHES_KEPT)
        self.heard = self._ring.append
        """Takes (chat, first seq, number of events, monotonic time, deliveries)."""

    def find(self, chat: ChatId, seq: Seq) -> Heard | None:
        """The batch with this event; None where it did not come here, or so long ago that it is not known any more."""
        for of_chat, first, count, at_s, deliveries in reversed(self._ring):
            if of_chat == chat and first <= seq < first + count:
                return Heard(at_s, count, deliveries)
        return None
