"""Ringing the bell for what was committed: once per chat, to every node that has a member connected."""

from __future__ import annotations

from tenfour.broker.broker import Broker, MembershipChanged
from tenfour.ids import UserId
from tenfour.storage.store import Commit


def publish_commit(broker: Broker, commit: Commit) -> None:
    """Rings for every chat of a commit, and for every user whose membership changed in it."""
    for events in commit:
        broker.ring_chat(events)
        for event in events.changes:
            user = event.data.get("user")
            if user is not None:
                broker.ring_user(MembershipChanged(UserId(user), event))
