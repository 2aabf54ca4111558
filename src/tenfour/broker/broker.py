"""The broker's port: a bell between nodes.

The broker may lose, double or reorder; the store knows, and ``gateway/room`` heals by seq. It never blocks
its caller: what cannot be carried is dropped and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from tenfour.domain.event import Event
from tenfour.ids import ChatId, ConnectionId, Seq, SessionId, UserId
from tenfour.wire.batch import ChatEvents


@dataclass(frozen=True, slots=True)
class TypingNotice:
    chat: ChatId
    by: UserId
    active: bool


class ReceiptNotice(Struct, frozen=True, gc=False):
    """How far somebody has got; ``delivered`` and ``read`` are the stored values after the change."""

    chat: ChatId
    by: UserId
    delivered: Seq
    read: Seq
    read_at: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptNotices:
    """How far some members of a chat have got."""

    chat: ChatId
    receipts: Sequence[ReceiptNotice]


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """The chat has events up to ``head``: what rings in the place of events that are too large to be carried."""

    chat: ChatId
    head: Seq


ChatBell = ChatEvents | HeadMoved | TypingNotice | ReceiptNotices


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The user's connections of this session close; None: all of the user's connections."""

    user: UserId
    session: SessionId | None


@dataclass(frozen=True, slots=True)
class UserDisabled:
    user: UserId


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """Somebody came into or went out of a chat: the event itself, for the user's own connections."""

    user: UserId
    event: Event


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """A newer connection of the user is there; the node with the oldest too many closes it."""

    user: UserId
    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class OwnReceipt:
    """The user has read on in a chat too large to tell everybody: for the user's own connections."""

    user: UserId
    receipt: ReceiptNotice


UserBell = SessionEnded | UserDisabled | MembershipChanged | ConnectionOpened | OwnReceipt


@dataclass(frozen=True, slots=True)
class PresenceNotice:
    """Somebody's first connection to a node is there, or the last one has been gone for long enough."""

    user: UserId
    online: bool
    since: int
    node: str


@dataclass(frozen=True, slots=True)
class ProfileNotice:
    """A user's face as it is now."""

    user: UserId
    name: str
    avatar_colour: str | None
    avatar: str | None


@dataclass(frozen=True, slots=True)
class NodeAlive:
    """A node says a few times a minute that it is there, and how many users are online on it."""

    node: str
    users: int
    checksum: int


@dataclass(frozen=True, slots=True)
class RosterWanted:
    """Somebody's list of this node's users is not what the node has said."""

    node: str


@dataclass(frozen=True, slots=True)
class RosterPart:
    """A piece of the list of all users that are online on a node, each since when."""

    node: str
    checksum: int
    """Of the whole list: pieces of one list have the same."""
    part: int
    parts: int
    users: Mapping[UserId, int]


Sign = PresenceNotice | ProfileNotice | NodeAlive | RosterWanted | RosterPart


class Subscription(Protocol):
    def cancel(self) -> None:
        """No bell rings for this subscription after this returns; doing it again is nothing."""


class Broker(Protocol):
    """Carries bells to every node that asked for them, this one too.

    A listener is called on the event loop. What it raises goes to the loop's exception handler, and costs
    nobody else the bell.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def ring_chat(self, bell: ChatBell) -> None:
        """Tells every node with a member of the chat connected."""

    def ring_user(self, bell: UserBell) -> None:
        """Tells every node where the user is connected."""

    def ring_sign(self, bell: Sign) -> None:
        """Tells every node."""

    def listen_chat(self, chat: ChatId, heard: Callable[[ChatBell], None]) -> Subscription:
        """``heard`` is called for each bell of the chat from now on.

        Over a network "now" is when the other side knows of it: a bell rung before is lost, like any that
        the broker loses, and what it told is healed from the store.
        """

    def listen_user(self, user: UserId, heard: Callable[[UserBell], None]) -> Subscription: ...

    def listen_signs(self, heard: Callable[[Sign], None]) -> Subscription: ...

    @property
    def returns(self) -> int:
        """How often the way between nodes was there (again): before each time bells may have been lost. 0 without such a way."""

    @property
    def trouble(self) -> str | None:
        """None, or in one sentence why bells do not get through at the moment."""
