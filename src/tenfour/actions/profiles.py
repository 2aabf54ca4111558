"""What is told of somebody whose face has changed."""

from __future__ import annotations

from tenfour.broker.broker import ProfileNotice
from tenfour.ids import UserId
from tenfour.storage import people
from tenfour.storage.store import Transaction


def profile_of(tx: Transaction, user: UserId) -> ProfileNotice:
    """The face as it is within the change, to be rung after its commit."""
    person = people.person(tx.connection, user)
    return ProfileNotice(user, person.name, person.avatar_colour, person.avatar)
