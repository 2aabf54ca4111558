"""Who is there: online at the first connection, offline 30 s after the last one.

The delay is why a reconnect storm sends no presence at all. Changes are gathered and written once a second,
one write a connection. Presence is told in chats of up to ``receipts_live_max`` members. Somebody is online
who is so on any node (``roster``).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from tenfour.broker.broker import NodeAlive, PresenceNotice, RosterPart, RosterWanted, Sign
from tenfour.gateway.roster import Rosters
from tenfour.ids import UserId
from tenfour.wire import codec, frames
from tenfour.wire.rfc6455 import text_frame
from tenfour.wire.times import rfc3339

if TYPE_CHECKING:
    from tenfour.gateway.audience import Audience
    from tenfour.gateway.connection import Connection
    from tenfour.gateway.hub import Hub


ALIVE_S = 5.0


class Presence:
    """The presence of all users, as this node knows it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rosters = Rosters(hub.node)
        self._leaving: dict[UserId, float] = {}
        """Users without a connection here → monotonic time at which they go offline."""
        self._alive_at = 0.0
        self._is_wanted = False
        """Whether another node lacks something of this one's list."""
        hub.broker.listen_signs(self._heard)

    def came(self, user: UserId) -> None:
        """A connection of the user was admitted."""
        if self._leaving.pop(user, None) is None and user not in self._rosters.own.since:
            self._hub.broker.ring_sign(PresenceNotice(user, True, self._hub.clock.now_ms(), self._hub.node))

    def went(self, user: UserId) -> None:
        """The last connection of the user on this node is gone."""
        if user in self._rosters.own.since:
            self._leaving[user] = self._hub.clock.monotonic() + self._hub.limits.offline_after_s

    def joined(self, connection: Connection, audience: Audience, seen: set[UserId]) -> None:
        """A connection went live in a chat: it learns who is there, but for whom it has seen in another one. The others know.

        Without ``seen`` people who share two hundred chats would be told of each other two hundred times whenever one comes back.
        """
        others = [user for user in self.told_in(audience) if user != connection.user and user not in seen]
        there = {user: since for user in others if (since := self._rosters.since(user)) is not None}
        seen.update(there)
        if there:
            connection.write(b"".join([self._frame(user, since) for user, since in there.items()]))

    def entered(self, user: UserId) -> None:
        """Somebody joined a chat: its members learn whether they are there."""
        since = self._rosters.since(user)
        if since is not None:
            self._rosters.changed.setdefault(user, since)

    def tick(self, now_s: float) -> None:
        """Once a second: who has been away for long enough goes; what changed is told."""
        for user in [user for user, at in self._leaving.items() if at <= now_s]:
            del self._leaving[user]
            self._hub.broker.ring_sign(PresenceNotice(user, False, self._hub.clock.now_ms(), self._hub.node))
        if self._hub.broker.returns:
            self._keep_in_step(now_s)
        if self._rosters.changed:
            self._tell()

    def _keep_in_step(self, now_s: float) -> None:
        """With the other nodes."""
        for node in self._rosters.forget_silent(now_s):
            self._hub.log.warning("Error node.silent", node=node)
        if self._is_wanted:
            self._is_wanted = False
            for part in self._rosters.own.parts(self._hub.node):
                self._hub.broker.ring_sign(part)
        if now_s - self._alive_at >= ALIVE_S:
            self._alive_at = now_s
            self._hub.broker.ring_sign(self._rosters.own.alive(self._hub.node))

    def told_in(self, audience: Audience) -> AbstractSet[UserId]:
        """The members of whom the audience is told: none in a large chat."""
        if audience.members is None or audience.member_count > self._hub.limits.receipts_live_max:
            return frozenset()
        return audience.members

    def _heard(self, sign: Sign) -> None:
        now_s = self._hub.clock.monotonic()
        match sign:
            case PresenceNotice():
                self._rosters.heard(sign, now_s)
            case NodeAlive():
                if not self._rosters.is_complete(sign, now_s):
                    self._hub.broker.ring_sign(RosterWanted(sign.node))
            case RosterWanted():
                self._is_wanted = self._is_wanted or sign.node == self._hub.node
            case RosterPart():
                self._rosters.take(sign, now_s)

    def _tell(self) -> None:
        changed, self._rosters.changed = self._rosters.changed, {}
        written: dict[Connection, list[bytes]] = {}
        for audience in self._hub.audiences.values():
            for user in changed.keys() & self.told_in(audience):
                data = self._frame(user, changed[user])
                for follower in audience.followers():
                    if follower.user != user:
                        frames_of = written.setdefault(follower, [])  # type: ignore[arg-type]
                        if data not in frames_of:
                            frames_of.append(data)
        for connection, data_of in written.items():
            connection.write(b"".join(data_of))

    def _frame(self, user: UserId, since: int | None) -> bytes:
        """``since`` is None for who went offline just now."""
        at = since if since is not None else self._hub.clock.now_ms()
        return text_frame(codec.encode(frames.Presence(user, "online" if since is not None else "offline", rfc3339(at))))
