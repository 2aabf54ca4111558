"""One chat's order on this node: what to pass on, what to drop, what to fetch.

The broker may lose, double or reorder. A room lets events through in seq order only, each once. What is
missing is read from the store: that is ``Heal``. Pure: bells go in, effects come out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tenfour.ids import Seq
from tenfour.wire.batch import ChatEvents

HELD_MAX = 256
"""Bells that wait for a missing one; more are dropped, and read from the store later."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Events that are next in order."""

    events: ChatEvents


@dataclass(frozen=True, slots=True)
class Heal:
    """The events after ``after`` have to be read from the store."""

    after: Seq


RoomEffect = Pass | Heal


@dataclass(slots=True)
class Room:
    """``last_seq`` is None until the head was read, after the subscription to the bell."""

    last_seq: Seq | None = None
    healing: bool = False
    _held: list[ChatEvents] = field(default_factory=list)
    _dropped_to: Seq = 0
    """The last seq of the bells that found no place."""

    def opened(self, head: Seq) -> list[RoomEffect]:
        """The store's head, read after the room began to listen."""
        if self.last_seq is None:
            self.last_seq = head
        return self._release()

    def heard(self, events: ChatEvents) -> list[RoomEffect]:
        """A bell with events."""
        if self.last_seq is None or events.first_seq > self.last_seq + 1:
            return self._hold(events)
        if events.last_seq <= self.last_seq:
            return []
        effects: list[RoomEffect] = [Pass(_after(events, self.last_seq))]
        self.last_seq = events.last_seq
        return effects + self._release() if self._held else effects

    def saw_head(self, head: Seq) -> list[RoomEffect]:
        """The store's head as a poll saw it: a lost last bell shows no gap."""
        if self.last_seq is None or head <= self.last_seq or self.healing:
            return []
        self.healing = True
        return [Heal(self.last_seq)]

    def healed(self, events: ChatEvents) -> list[RoomEffect]:
        """What the store had after the gap."""
        self.healing = False
        return self.heard(events) + self._release()

    def gave_up(self) -> None:
        """The store could not say what was missing: the next bell or poll asks again, and not this moment."""
        self.healing = False

    def _hold(self, events: ChatEvents) -> list[RoomEffect]:
        if len(self._held) < HELD_MAX:
            self._held.append(events)
        else:
            self._dropped_to = max(self._dropped_to, events.last_seq)
        if self.last_seq is None or self.healing:
            return []
        self.healing = True
        return [Heal(self.last_seq)]

    def _release(self) -> list[RoomEffect]:
        """Passes on what was held and is next in order now."""
        assert self.last_seq is not None, "a room is released once it knows its head"
        effects: list[RoomEffect] = []
        waiting = sorted(self._held, key=lambda events: events.first_seq)
        self._held = []
        for events in waiting:
            if events.first_seq > self.last_seq + 1:
                effects += self._hold(events)
            elif events.last_seq > self.last_seq:
                effects.append(Pass(_after(events, self.last_seq)))
                self.last_seq = events.last_seq
        return effects + self.saw_head(self._dropped_to)


def _after(events: ChatEvents, seq: Seq) -> ChatEvents:
    """The part of the events that comes after a seq."""
    skip = seq + 1 - events.first_seq
    if skip <= 0:
        return events
    changes = [each for each in events.changes if each.seq > seq]
    return ChatEvents(events.chat, seq + 1, events.payloads[skip:], changes)
