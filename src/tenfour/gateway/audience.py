"""Who on this node follows one chat, and how its events reach them.

Events are encoded once, a batch is joined into one buffer, and each member's connection gets one write.
Unmasked frames are the same bytes for everybody (RFC 6455, section 5.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from tenfour.broker.broker import Subscription
from tenfour.domain.event import Event, EventKind
from tenfour.errors import ErrorCode
from tenfour.gateway.room import Room
from tenfour.ids import ChatId, Seq, UserId
from tenfour.wire.batch import ChatEvents
from tenfour.wire.rfc6455 import text_frame


class Follower(Protocol):
    """A connection as an audience sees it."""

    user: UserId

    def write(self, data: bytes) -> None: ...

    def removed_from(self, chat: ChatId) -> None: ...

    def end(self, code: ErrorCode, detail: str) -> None: ...


class Audience:
    """The live connections of one chat, and those that are ahead of the room.

    A replay may have read more than the room has heard: such a connection is *ahead* with the seq that it
    has, gets only what is later, and is plain live from the first batch that reaches it.
    """

    __slots__ = ("ahead", "arriving", "changed_at", "changed_seq", "chat", "live", "member_count", "members", "room", "subscription")

    def __init__(self, chat: ChatId) -> None:
        self.chat = chat
        self.room = Room()
        self.live: dict[Follower, Callable[[bytes], None]] = {}
        self.ahead: dict[Follower, Seq] = {}
        self.arriving = 0
        """Replays that will end here: the audience stays open for them."""
        self.members: set[UserId] | None = None
        """All members, in chats small enough for presence and typing; else None."""
        self.member_count = 0
        self.changed_at = 0.0
        self.changed_seq: Seq = 0
        """The last event here that was no message: who is a member may have changed with it."""
        self.subscription: Subscription | None = None

    @property
    def empty(self) -> bool:
        return not self.live and not self.ahead and not self.arriving

    def join(self, follower: Follower, cursor: Seq) -> None:
        """From now on the follower gets every event after ``cursor``, which the room has not passed yet."""
        last_seq = self.room.last_seq
        assert last_seq is not None, "a follower joins a room that knows its head"
        assert cursor >= last_seq, "a follower joins at the room's last seq or ahead of it"
        if cursor == last_seq:
            self.live[follower] = follower.write
        else:
            self.ahead[follower] = cursor

    def follows(self, follower: Follower) -> bool:
        return follower in self.live or follower in self.ahead

    def leave(self, follower: Follower) -> None:
        self.live.pop(follower, None)
        self.ahead.pop(follower, None)

    def pass_on(self, events: ChatEvents) -> int:
        """Writes events to all; a member who goes gets nothing after its own ``member_left``.

        Returns the number of deliveries: events times connections.
        """
        delivered = 0
        start = 0
        for change in events.changes:
            end = change.seq + 1 - events.first_seq
            delivered += self._write(events.first_seq + start, events.payloads[start:end])
            start = end
            self._apply(change)
        return delivered + self._write(events.first_seq + start, events.payloads[start:])

    def show(self, *payloads: bytes, but: UserId | None = None, only: UserId | None = None) -> None:
        """Writes what is no event (typing, receipts, presence) to the live connections."""
        data = b"".join([text_frame(payload) for payload in payloads])
        for follower in self.followers():
            if follower.user != but and (only is None or follower.user == only):
                follower.write(data)

    def followers(self) -> Iterable[Follower]:
        return (*self.live, *self.ahead)

    def _write(self, first_seq: Seq, payloads: Sequence[bytes]) -> int:
        if not payloads:
            return 0
        data = b"".join([text_frame(payload) for payload in payloads])
        for write in tuple(self.live.values()):
            write(data)
        delivered = len(self.live) * len(payloads)
        return delivered + self._write_ahead(first_seq, payloads) if self.ahead else delivered

    def _write_ahead(self, first_seq: Seq, payloads: Sequence[bytes]) -> int:
        last_seq = first_seq + len(payloads) - 1
        delivered = 0
        for follower, cursor in tuple(self.ahead.items()):
            if cursor > last_seq:
                continue
            later = payloads[max(0, cursor + 1 - first_seq) :]
            if later:
                follower.write(b"".join([text_frame(payload) for payload in later]))
                delivered += len(later)
            del self.ahead[follower]
            self.live[follower] = follower.write
        return delivered

    def _apply(self, change: Event) -> None:
        self.changed_seq = change.seq
        user = change.data.get("user")
        if change.kind is EventKind.MEMBER_JOINED and user is not None:
            self.member_count += 1
            if self.members is not None:
                self.members.add(user)
        elif change.kind is EventKind.MEMBER_LEFT and user is not None:
            self.member_count -= 1
            if self.members is not None:
                self.members.discard(user)
            # Who is ahead of this has joined again since, and was told so by the replay.
            for follower in [each for each in self.followers() if each.user == user and self.ahead.get(each, 0) <= change.seq]:
                self.leave(follower)
                follower.removed_from(self.chat)
