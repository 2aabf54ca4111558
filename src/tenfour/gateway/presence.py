"""Who is there: online at the first connection, offline 30 s after the last one.

The delay is why a reconnect storm sends no presence at all. Changes are gathered and written once a second,
one write a connection. Presence is told in chats of up to ``receipts_live_max`` members.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from tenfour.broker.broker import PresenceNotice, Sign
from tenfour.ids import UserId
from tenfour.wire import codec, frames
from tenfour.wire.rfc6455 import text_frame
from tenfour.wire.times import rfc3339

if TYPE_CHECKING:
    from tenfour.gateway.audience import Audience
    from tenfour.gateway.connection import Connection
    from tenfour.gateway.hub import Hub


class Presence:
    """The presence of all users, as this node knows it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._online: dict[UserId, int] = {}
        """User → since when, milliseconds."""
        self._leaving: dict[UserId, float] = {}
        """Users without a connection here → monotonic time at which they go offline."""
        self._changed: dict[UserId, PresenceNotice] = {}
        hub.broker.listen_signs(self._heard)

    def came(self, user: UserId) -> None:
        """A connection of the user was admitted."""
        if self._leaving.pop(user, None) is None and user not in self._online:
            self._hub.broker.ring_sign(PresenceNotice(user, True, self._hub.clock.now_ms(), self._hub.node))

    def went(self, user: UserId) -> None:
        """The last connection of the user on this node is gone."""
        if user in self._online:
            self._leaving[user] = self._hub.clock.monotonic() + self._hub.limits.offline_after_s

    def joined(self, connection: Connection, audience: Audience, seen: set[UserId]) -> None:
        """A connection went live in a chat: it learns who is there, but for whom it has seen in another one. The others know.

        Without ``seen`` people who share two hundred chats would be told of each other two hundred times whenever one comes back.
        """
        there = [user for user in self.told_in(audience) if user in self._online and user != connection.user and user not in seen]
        seen.update(there)
        if there:
            connection.write(b"".join([self._frame(user, online=True, since=self._online[user]) for user in there]))

    def entered(self, user: UserId) -> None:
        """Somebody joined a chat: its members learn whether they are there."""
        since = self._online.get(user)
        if since is not None:
            self._changed.setdefault(user, PresenceNotice(user, True, since, self._hub.node))

    def tick(self, now_s: float) -> None:
        """Once a second: who has been away for long enough goes; what changed is told."""
        for user in [user for user, at in self._leaving.items() if at <= now_s]:
            del self._leaving[user]
            self._hub.broker.ring_sign(PresenceNotice(user, False, self._hub.clock.now_ms(), self._hub.node))
        if self._changed:
            self._tell()

    def told_in(self, audience: Audience) -> AbstractSet[UserId]:
        """The members of whom the audience is told: none in a large chat."""
        if audience.members is None or audience.member_count > self._hub.limits.receipts_live_max:
            return frozenset()
        return audience.members

    def _heard(self, notice: Sign) -> None:
        if not isinstance(notice, PresenceNotice):
            return
        if notice.online:
            self._online.setdefault(notice.user, notice.since)
        elif notice.user in self._hub.users:
            return  # gone from another node, but still here
        else:
            self._online.pop(notice.user, None)
        self._changed[notice.user] = notice

    def _tell(self) -> None:
        changed, self._changed = self._changed, {}
        written: dict[Connection, list[bytes]] = {}
        for audience in self._hub.audiences.values():
            for user in changed.keys() & self.told_in(audience):
                notice = changed[user]
                data = self._frame(user, online=notice.online, since=notice.since)
                for follower in audience.followers():
                    if follower.user != user:
                        frames_of = written.setdefault(follower, [])  # type: ignore[arg-type]
                        if data not in frames_of:
                            frames_of.append(data)
        for connection, data_of in written.items():
            connection.write(b"".join(data_of))

    @staticmethod
    def _frame(user: UserId, *, online: bool, since: int) -> bytes:
        return text_frame(codec.encode(frames.Presence(user, "online" if online else "offline", rfc3339(since))))
