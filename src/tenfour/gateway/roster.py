"""Who is online on which node. Pure: signs and times go in, what changed comes out.

A node tells of each user that comes and goes, and a few times a minute how many it has and their checksum. Whoever
finds that its own list of that node differs asks for the whole of it: so a lost sign, a new node and a broker that
was away are put right alike. A node that says nothing for ``GONE_S`` is gone with all its users.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zlib import crc32

from tenfour.broker.broker import NodeAlive, PresenceNotice, RosterPart
from tenfour.ids import UserId

GONE_S = 35.0
PART_USERS = 2_000


class Roster:
    """The users of one node, each since when (milliseconds), and their checksum."""

    __slots__ = ("checksum", "since")

    def __init__(self, since: Mapping[UserId, int] | None = None) -> None:
        self.since: dict[UserId, int] = dict(since or {})
        self.checksum = 0
        for user in self.since:
            self.checksum ^= crc32(user.encode())

    def add(self, user: UserId, since: int) -> None:
        if user not in self.since:
            self.since[user] = since
            self.checksum ^= crc32(user.encode())

    def remove(self, user: UserId) -> None:
        if self.since.pop(user, None) is not None:
            self.checksum ^= crc32(user.encode())

    def alive(self, node: str) -> NodeAlive:
        return NodeAlive(node, len(self.since), self.checksum)

    def parts(self, node: str) -> Iterator[RosterPart]:
        """The whole of it, in signs that a broker carries."""
        users = list(self.since.items())
        pieces = [dict(users[start : start + PART_USERS]) for start in range(0, len(users), PART_USERS)] or [{}]
        for number, piece in enumerate(pieces):
            yield RosterPart(node, self.checksum, number, len(pieces), piece)


class Rosters:
    """The rosters of all nodes, this one's among them.

    What changes for whoever asks "is this user online?" is in ``changed``: user → online since, or None. Whoever reads
    it empties it.
    """

    def __init__(self, node: str) -> None:
        self.node = node
        self.own = Roster()
        self.changed: dict[UserId, int | None] = {}
        self._others: dict[str, Roster] = {}
        self._heard_at: dict[str, float] = {}
        self._parts: dict[str, dict[int, RosterPart]] = {}

    def since(self, user: UserId) -> int | None:
        """Since when the user is online, on whichever node; None for who is not."""
        found = [each.since[user] for each in (self.own, *self._others.values()) if user in each.since]
        return min(found) if found else None

    def heard(self, notice: PresenceNotice, now_s: float) -> None:
        """Somebody came to a node, or went from it."""
        roster = self._roster(notice.node, now_s)
        before = self.since(notice.user)
        if notice.online:
            roster.add(notice.user, notice.since)
        else:
            roster.remove(notice.user)
        self._note(notice.user, before)

    def is_complete(self, alive: NodeAlive, now_s: float) -> bool:
        """Whether this node's list of the other one is what the other one says; if not, it has to be asked."""
        roster = self._roster(alive.node, now_s)
        return (len(roster.since), roster.checksum) == (alive.users, alive.checksum)

    def take(self, part: RosterPart, now_s: float) -> None:
        """A piece of a node's list, which counts once all pieces of one list are there."""
        if part.node == self.node:
            return
        self._roster(part.node, now_s)
        pieces = self._parts.setdefault(part.node, {})
        if any((each.checksum, each.parts) != (part.checksum, part.parts) for each in pieces.values()):
            pieces.clear()
        pieces[part.part] = part
        if len(pieces) == part.parts:
            del self._parts[part.node]
            self._replace(part.node, Roster({user: since for each in pieces.values() for user, since in each.users.items()}))

    def forget_silent(self, now_s: float) -> list[str]:
        """Drops the nodes that have said nothing for too long; their names."""
        gone = [node for node, at in self._heard_at.items() if now_s - at >= GONE_S]
        for node in gone:
            del self._heard_at[node]
            self._parts.pop(node, None)
            self._replace(node, Roster())
            del self._others[node]
        return gone

    def _roster(self, node: str, now_s: float) -> Roster:
        if node == self.node:
            return self.own
        self._heard_at[node] = now_s
        return self._others.setdefault(node, Roster())

    def _replace(self, node: str, roster: Roster) -> None:
        users = self._others[node].since.keys() | roster.since.keys()
        before = {user: self.since(user) for user in users}
        self._others[node] = roster
        for user in users:
            self._note(user, before[user])

    def _note(self, user: UserId, before: int | None) -> None:
        now = self.since(user)
        if (now is None) != (before is None):
            self.changed[user] = now
