"""The only way to obtain a chat for a user.

Reads open the chat in the transaction of their page (``open_chat``). Drafts are decided on what a node
remembers (``RightsCache``): that may be stale, because the writer decides again wherever the chat's
``rights_seq`` has moved on since.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from tenfour.domain.chat import Chat
from tenfour.domain.event import Event, EventKind
from tenfour.domain.member import Member, Role
from tenfour.ids import ChatId, Seq, UserId
from tenfour.storage import reads
from tenfour.storage.reads import Membership

RIGHTS_BEFORE = "rights_before"
"""In an event's data: the chat's ``rights_seq`` before the event, by which a gap between two is seen."""

PLACES_MAX = 1_000_000
"""Remembered places of users in chats; over it the user who came first is forgotten, and read again when needed."""


def open_chat(connection: Connection, chat: ChatId, user: UserId) -> Membership:
    """The chat and the user's place in it; raises ``chat_unknown`` or ``not_a_member``.

    To be called in the transaction that reads what is shown.
    """
    return reads.require_membership(connection, chat, user)


class RightsCache:
    """What a node remembers of who may do what. Used on the event loop only.

    A place is as old as the ``rights_seq`` that its chat shows, and never shown as newer: a wrong answer
    here would be one that the writer does not look at again.
    """

    def __init__(self, places_max: int = PLACES_MAX) -> None:
        self._places_max = places_max
        self._count = 0
        self._users: dict[UserId, dict[ChatId, _Place]] = {}
        self._standings: dict[ChatId, list[_Standing]] = {}

    def __len__(self) -> int:
        return self._count

    def peek(self, chat: ChatId, user: UserId) -> Membership | None:
        """The user's place in the chat as it was last heard of; None where nothing is remembered."""
        places = self._users.get(user)
        place = places.get(chat) if places is not None else None
        if place is None:
            return None
        return Membership(place.standing.chat, place.member, place.standing.member_count)

    def put(self, membership: Membership) -> None:
        """Remembers what was read, unless something newer is remembered."""
        chat, member = membership.chat, membership.member
        places = self._users.setdefault(member.user, {})
        known = places.get(chat.id)
        if known is not None:
            if known.standing.chat.rights_seq >= chat.rights_seq:
                return
            self._drop(places, chat.id)
        standing = self._standing(membership)
        standing.places += 1
        # One text for each id, however many rows it was read from.
        places[standing.chat.id] = _Place(standing, replace(member, chat=standing.chat.id))
        self._count += 1
        self._make_room(member.user)

    def heard(self, event: Event) -> None:
        """Takes note of a committed event that changes who may do what."""
        for standing in self._standings.get(event.chat, ()):
            standing.hear(event)
        user = event.data.get("user")
        places = self._users.get(user) if user is not None else None
        place = places.get(event.chat) if places is not None else None
        if places is None or place is None or place.is_newer_than(event):
            return
        if event.kind is EventKind.MEMBER_CHANGED:
            place.member = replace(place.member, role=Role(event.data["role"]), muted_until=event.data.get("muted_until"))
            return
        # Who left has no place; who came (again) has another one than the one remembered.
        self._drop(places, event.chat)
        if not places:
            del self._users[place.member.user]

    def heard_all(self, events: Iterable[Event]) -> None:
        for event in events:
            self.heard(event)

    def forget(self, user: UserId) -> None:
        """Drops all places of a user, who has no connection here any more."""
        places = self._users.pop(user, {})
        for chat in list(places):
            self._drop(places, chat)

    def _standing(self, membership: Membership) -> _Standing:
        """The chat as of its ``rights_seq``, shared by all who were read at it."""
        of_chat = self._standings.setdefault(membership.chat.id, [])
        for standing in of_chat:
            if standing.chat.rights_seq == membership.chat.rights_seq:
                return standing
        chat = replace(membership.chat, id=of_chat[0].chat.id) if of_chat else membership.chat
        of_chat.append(_Standing(chat, membership.member_count))
        return of_chat[-1]

    def _drop(self, places: dict[ChatId, _Place], chat: ChatId) -> None:
        standing = places.pop(chat).standing
        self._count -= 1
        standing.places -= 1
        if standing.places == 0:
            left = [each for each in self._standings[chat] if each is not standing]
            if left:
                self._standings[chat] = left
            else:
                del self._standings[chat]

    def _make_room(self, user: UserId) -> None:
        while self._count > self._places_max:
            first = next(iter(self._users))
            if first == user:  # the newest stays, even where one user alone fills the cache
                if len(self._users) == 1:
                    return
                self._users[user] = self._users.pop(user)
                continue
            self.forget(first)


class _Standing:
    """A chat as of one ``rights_seq``, moved on by each event that follows without a gap."""

    __slots__ = ("chat", "member_count", "places")

    def __init__(self, chat: Chat, member_count: int) -> None:
        self.chat = chat
        self.member_count = member_count
        self.places = 0

    def hear(self, event: Event) -> None:
        # After a gap nobody knows whose rights the missed event changed: this standing keeps its old
        # rights_seq, and the writer decides again for everybody on it.
        if event.data.get(RIGHTS_BEFORE) != self.chat.rights_seq:
            return
        rights_seq: Seq = event.seq
        title = event.data.get("title") if event.kind is EventKind.CHAT_CHANGED else self.chat.title
        self.chat = replace(self.chat, rights_seq=rights_seq, title=title)
        self.member_count += _JOINS.get(event.kind, 0)


class _Place:
    __slots__ = ("member", "standing")

    def __init__(self, standing: _Standing, member: Member) -> None:
        self.standing = standing
        self.member = member

    def is_newer_than(self, event: Event) -> bool:
        """Whether this place was read after the event, or begins with it."""
        return self.standing.chat.rights_seq > event.seq or self.member.joined_seq == event.seq


_JOINS = {EventKind.MEMBER_JOINED: 1, EventKind.MEMBER_LEFT: -1}
