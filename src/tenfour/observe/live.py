"""The connections of this node as they are now: the gateway keeps the list, the api reads it.

Nothing is written here a frame: what a connection knows of itself is looked at when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tenfour.ids import ChatId, ConnectionId, UserId

CHATS_NAMED = 20


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """One open connection as of one moment."""

    id: ConnectionId
    user: UserId | None
    """None until its token is known to be good."""
    state: str
    """``waiting`` for its token, ``open``, or ``over`` while the close is under way."""
    door: str
    """The chat of a chat's own door, or ``all``."""
    chat_count: int
    """Chats followed."""
    chats: Sequence[ChatId]
    """The first ``CHATS_NAMED`` of them."""
    address: str
    client: str
    age_s: float
    received_s: float
    """Since the last frame from the client."""
    sent_s: float
    """Since the last data frame to it."""
    queue_bytes: int
    """Written, and not taken by the system yet."""
    round_trip_ms: float | None
    """Of the last heartbeat; None where none was needed yet."""


class Connected(Protocol):
    """A connection that can be looked at."""

    user: UserId
    address: str
    client: str

    @property
    def round_trip_s(self) -> float | None: ...

    def follows(self, chat: ChatId) -> bool: ...

    def look(self) -> LiveConnection: ...


@dataclass(frozen=True, slots=True)
class Search:
    """A part of an address or of a client's name, the beginning of a connection's id, or one of these users."""

    text: str
    users: frozenset[UserId] = frozenset()

    def finds(self, connection: str | None, user: str | None, address: str, client: str) -> bool:
        text = self.text.casefold()
        return user in self.users or text in address.casefold() or text in client.casefold() or (connection is not None and connection.startswith(text))


class Live:
    """What is open on this node."""

    def __init__(self, connections: Mapping[ConnectionId, Connected]) -> None:
        self._connections = connections

    def count(self, user: UserId | None = None, search: Search | None = None) -> int:
        """How many there are, of everybody or of one user."""
        return len(self._connections) if user is None and search is None else len(self._of(user, search))

    def following(self, chat: ChatId, user: UserId | None = None, *, limit: int) -> list[LiveConnection]:
        """Those that get the chat's events, of everybody or of one user."""
        found = [each for each in self._of(user) if self._connections[each].follows(chat)]
        return [self._connections[each].look() for each in found[:limit]]

    def look(self, user: UserId | None = None, search: Search | None = None, *, before: str | None = None, limit: int) -> list[LiveConnection]:
        """Newest first: everybody's or one user's, from behind the id of ``before``."""
        found = sorted((each for each in self._of(user, search) if before is None or each < before), reverse=True)
        return [self._connections[each].look() for each in found[:limit]]

    def round_trips(self) -> Iterator[float]:
        """Of the last heartbeat of each connection that needed one, in seconds."""
        return (each.round_trip_s for each in self._connections.values() if each.round_trip_s is not None)

    def _of(self, user: UserId | None, search: Search | None = None) -> list[ConnectionId]:
        return [each for each, found in self._connections.items() if (user is None or found.user == user) and (search is None or search.finds(each, found.user or None, found.address, found.client))]
