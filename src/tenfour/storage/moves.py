"""What changed lately, for a node that may have missed the bell for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from tenfour.domain.chat import ChatKind
from tenfour.ids import ChatId, Seq, SessionId, UserId
from tenfour.storage.schema import chats, events, members, sessions, users

_heads = select(chats.c.id, chats.c.last_seq).where(chats.c.changed_at >= bindparam("since"))
_memberships = select(users.c.id, users.c.membership_seq).where(users.c.membership_changed_at >= bindparam("since"))
_joins = (
    select(members.c.chat, members.c.joined_seq)
    .join(events, (events.c.chat == members.c.chat) & (events.c.seq == members.c.joined_seq))
    .join(chats, chats.c.id == members.c.chat)
    .where(members.c.user == bindparam("user"), events.c.at >= bindparam("since"), chats.c.kind != ChatKind.DIAGNOSTIC.value)
)
_disabled = select(users.c.id).where(users.c.id.in_(bindparam("users", expanding=True)), users.c.disabled_at.is_not(None))
_standing = select(sessions.c.id).where(sessions.c.id.in_(bindparam("sessions", expanding=True)), sessions.c.revoked_at.is_(None))


@dataclass(frozen=True, slots=True)
class Moves:
    """Heads of chats, and how often each user's memberships have changed, where that was lately."""

    heads: Sequence[tuple[ChatId, Seq]]
    memberships: Sequence[tuple[UserId, int]]


def moves_since(connection: Connection, since_ms: int) -> Moves:
    """Of the whole store: two index ranges, whoever is connected where."""
    heads = [(row.id, row.last_seq) for row in connection.execute(_heads, {"since": since_ms})]
    return Moves(heads, [(row.id, row.membership_seq) for row in connection.execute(_memberships, {"since": since_ms})])


def joins_since(connection: Connection, user: UserId, since_ms: int) -> Sequence[tuple[ChatId, Seq]]:
    """The chats that the user has come into and still is in, each with the seq of the joining."""
    return [(row.chat, row.joined_seq) for row in connection.execute(_joins, {"user": user, "since": since_ms})]


def disabled_of(connection: Connection, wanted: Sequence[UserId]) -> set[UserId]:
    """Those of the users who may not come in any more."""
    return set(connection.execute(_disabled, {"users": list(wanted)}).scalars())


def standing_of(connection: Connection, wanted: Sequence[SessionId]) -> set[SessionId]:
    """Those of the sessions that were not ended."""
    return set(connection.execute(_standing, {"sessions": list(wanted)}).scalars())
