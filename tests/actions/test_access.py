"""What a node remembers of rights: as old as it says it is, and never said to be newer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfour.actions import chats, members
from tenfour.actions.access import RIGHTS_BEFORE, RightsCache, open_chat
from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.event import Event, EventKind
from tenfour.domain.member import Member, Role
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, Seq, UserId, new_id
from tenfour.storage import reads
from tenfour.storage.reads import Membership
from tests.actions.world import World, refusal

CHAT = ChatId("chat")
ANN, BEN = UserId("ann"), UserId("ben")


def place(user: UserId = ANN, rights_seq: Seq = 2, *, chat: ChatId = CHAT, role: Role = Role.MEMBER, joined_seq: Seq = 1, member_count: int = 2, title: str | None = "Old") -> Membership:
    return Membership(Chat(chat, ChatKind.GROUP, title, HistoryRule.ALL, 9, rights_seq, 0, 0), Member(chat, user, role, joined_seq, 0, 0), member_count)


def event(seq: Seq, before: Seq, kind: EventKind = EventKind.MEMBER_CHANGED, **data: Any) -> Event:
    return Event(CHAT, seq, kind, ANN, 0, data={RIGHTS_BEFORE: before, **data})


def remembered(cache: RightsCache, user: UserId = ANN) -> Membership:
    found = cache.peek(CHAT, user)
    assert found is not None
    return found


def test_what_was_put_is_there_and_nothing_else_is() -> None:
    cache = RightsCache()
    cache.put(place())

    assert cache.peek(CHAT, ANN) == place()
    assert cache.peek(CHAT, BEN) is None
    assert cache.peek(ChatId("other"), ANN) is None
    assert len(cache) == 1


def test_an_event_that_follows_moves_everybody_on_and_changes_who_it_is_about() -> None:
    cache = RightsCache()
    cache.put(place(ANN))
    cache.put(place(BEN))

    cache.heard(event(5, 2, user=BEN, role="admin", muted_until=77))

    assert (remembered(cache, BEN).member.role, remembered(cache, BEN).member.muted_until) == (Role.ADMIN, 77)
    assert remembered(cache, ANN).member.role is Role.MEMBER
    assert remembered(cache, ANN).chat.rights_seq == remembered(cache, BEN).chat.rights_seq == 5


def test_after_a_gap_the_place_stays_as_old_as_it_is() -> None:
    cache = RightsCache()
    cache.put(place(ANN))

    cache.heard(event(7, 5, user=BEN, role="admin"))  # the event at 5 never came

    assert remembered(cache).chat.rights_seq == 2


def test_a_gap_is_not_closed_by_events_that_come_late_or_twice() -> None:
    cache = RightsCache()
    cache.put(place(ANN))
    cache.heard(event(7, 5, user=ANN, role="member"))

    cache.heard(event(5, 2, user=ANN, role="admin"))
    cache.heard(event(5, 2, user=ANN, role="admin"))
    cache.heard(event(9, 7, user=BEN, role="admin"))

    assert remembered(cache).chat.rights_seq == 5, "older than the truth, so that the writer looks again"


def test_a_newer_read_heals_a_gap_and_an_older_one_changes_nothing() -> None:
    cache = RightsCache()
    cache.put(place(ANN, 7, role=Role.ADMIN))

    cache.put(place(ANN, 5, role=Role.OWNER))
    kept = remembered(cache)
    cache.put(place(ANN, 9, role=Role.MEMBER))

    assert (kept.chat.rights_seq, kept.member.role) == (7, Role.ADMIN)
    assert (remembered(cache).chat.rights_seq, remembered(cache).member.role) == (9, Role.MEMBER)


def test_an_event_older_than_the_place_does_not_change_it() -> None:
    cache = RightsCache()
    cache.put(place(ANN, 9, role=Role.ADMIN))

    cache.heard(event(7, 5, user=ANN, role="member"))
    cache.heard(event(7, 5, EventKind.MEMBER_LEFT, user=ANN))

    assert remembered(cache).member.role is Role.ADMIN


def test_who_leaves_or_comes_anew_is_forgotten_even_after_a_gap() -> None:
    for kind in (EventKind.MEMBER_LEFT, EventKind.MEMBER_JOINED):
        cache = RightsCache()
        cache.put(place(ANN))
        cache.put(place(BEN))

        cache.heard(event(7, 5, kind, user=ANN, role="member"))

        assert cache.peek(CHAT, ANN) is None
        assert cache.peek(CHAT, BEN) is not None
        assert len(cache) == 1


def test_the_event_with_which_a_place_begins_does_not_drop_it() -> None:
    cache = RightsCache()
    cache.put(place(ANN, 7, joined_seq=7))

    cache.heard(event(7, 5, EventKind.MEMBER_JOINED, user=ANN, role="member"))

    assert cache.peek(CHAT, ANN) is not None


def test_joins_departures_and_titles_are_followed() -> None:
    cache = RightsCache()
    cache.put(place(ANN))

    cache.heard_all(
        [
            event(3, 2, EventKind.MEMBER_JOINED, user=BEN, role="member"),
            event(4, 3, EventKind.MEMBER_JOINED, user=UserId("cid"), role="member"),
            event(5, 4, EventKind.MEMBER_LEFT, user=BEN),
            event(6, 5, EventKind.CHAT_CHANGED, title="New"),
        ]
    )

    found = remembered(cache)
    assert (found.member_count, found.chat.title, found.chat.rights_seq) == (3, "New", 6)


def test_places_read_at_different_times_are_each_as_old_as_they_are() -> None:
    cache = RightsCache()
    cache.put(place(ANN, 2))
    cache.put(place(BEN, 5))

    cache.heard(event(7, 5, user=UserId("cid"), role="admin"))

    assert (remembered(cache, ANN).chat.rights_seq, remembered(cache, BEN).chat.rights_seq) == (2, 7)


def test_over_its_size_the_user_who_came_first_is_forgotten_and_never_the_newest() -> None:
    cache = RightsCache(places_max=3)
    for number in range(3):
        cache.put(place(ANN, chat=ChatId(f"c{number}")))
    cache.put(place(BEN))

    assert [cache.peek(ChatId(f"c{number}"), ANN) for number in range(3)] == [None] * 3
    assert cache.peek(CHAT, BEN) is not None
    assert len(cache) == 1


def test_a_user_without_connections_is_forgotten_whole() -> None:
    cache = RightsCache()
    cache.put(place(ANN))
    cache.put(place(ANN, chat=ChatId("other")))
    cache.put(place(BEN))

    cache.forget(ANN)
    cache.forget(ANN)

    assert len(cache) == 1
    assert cache.peek(CHAT, ANN) is None


ROLES = st.sampled_from([Role.MEMBER, Role.ADMIN])


@given(st.lists(st.tuples(st.sampled_from([ANN, BEN]), ROLES), min_size=1, max_size=8), st.data())
def test_whatever_is_lost_doubled_or_swapped_a_place_that_says_it_is_as_new_as_the_chat_is_right(changes: list[tuple[UserId, Role]], data: st.DataObject) -> None:
    """A wrong answer at the present rights_seq would be one that the writer does not look at again."""
    truth: list[dict[UserId, Role]] = [{ANN: Role.MEMBER, BEN: Role.MEMBER}]
    events = []
    for number, (user, role) in enumerate(changes):
        truth.append(truth[-1] | {user: role})
        events.append(event(number + 1, number, user=user, role=role.value))
    told = data.draw(st.lists(st.sampled_from([*events, "read"]), max_size=16))
    cache = RightsCache()
    for each in told:
        if each == "read":
            at = data.draw(st.integers(0, len(changes)))
            user = data.draw(st.sampled_from([ANN, BEN]))
            cache.put(place(user, at, role=truth[at][user], joined_seq=0))
        else:
            cache.heard(each)

    for user in (ANN, BEN):
        found = cache.peek(CHAT, user)
        if found is not None and found.chat.rights_seq == len(changes):
            assert found.member.role is truth[-1][user]


async def test_a_chat_is_opened_for_its_members_only(world: World) -> None:
    chat = await world.chat("ann")
    eve = await world.person("eve")

    opened = await world.read(open_chat, chat, world.people["ann"])

    assert (opened.chat.id, opened.member.role, opened.member_count) == (chat, Role.OWNER, 1)
    assert await refusal(world.read(open_chat, chat, eve)) is ErrorCode.NOT_A_MEMBER
    assert await refusal(world.read(open_chat, ChatId(new_id(1)), eve)) is ErrorCode.CHAT_UNKNOWN


@pytest.mark.parametrize("act", ["leave", "promote"])
async def test_the_cache_of_a_node_follows_what_its_store_commits(world: World, act: str) -> None:
    chat = await world.chat("ann", "ben")
    ann, ben = world.people["ann"], world.people["ben"]
    for user in (ann, ben):
        world.rights.put(await world.read(open_chat, chat, user))

    if act == "leave":
        await chats.leave_chat(world.context, ben, chat)
    else:
        await members.change_role(world.context, ann, chat, ben, Role.ADMIN)

    await world.store.settle()
    for user in (ann, ben):
        cached, stored = world.rights.peek(chat, user), await world.read(reads.membership, chat, user)
        assert (cached is None) == (stored is None) == (act == "leave" and user == ben)
        if cached is not None and stored is not None:
            assert (cached.member, cached.member_count, cached.chat.rights_seq) == (stored.member, stored.member_count, stored.chat.rights_seq)
