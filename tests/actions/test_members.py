"""Who comes into a chat, who goes, and who may decide it."""

from __future__ import annotations

import asyncio

import pytest

from tenfour.actions import members
from tenfour.actions.publish import publish_commit
from tenfour.broker.broker import MembershipChanged
from tenfour.domain.chat import ChatKind
from tenfour.domain.event import EventKind
from tenfour.domain.member import Role
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId, new_id
from tests.actions.world import World, refusal


async def roles(world: World, chat: ChatId, reader: str = "ann") -> dict[str, Role]:
    cards = await world.read(members.list_members, world.people[reader], chat, after=None, limit=100)
    return {card.person.name: card.role for card in cards}


async def test_who_is_added_comes_with_an_event_and_a_place_that_begins_there(world: World) -> None:
    chat = await world.chat("ann")
    ben = await world.person("ben")
    await world.say(chat, world.people["ann"])

    card, is_new = await members.add_member(world.context, world.people["ann"], chat, ben)

    assert (is_new, card.person.id, card.role, card.joined_seq) == (True, ben, Role.MEMBER, 3)
    last = (await world.events(chat))[-1]
    assert (last.kind, last.by, last.data["user"], last.data["role"]) == (EventKind.MEMBER_JOINED, world.people["ann"], ben, "member")
    assert await roles(world, chat) == {"ann": Role.OWNER, "ben": Role.MEMBER}


async def test_adding_who_is_there_changes_nothing_unless_a_role_is_named(world: World) -> None:
    chat = await world.chat("ann", "ben")
    ann, ben = world.people["ann"], world.people["ben"]

    same = await members.add_member(world.context, ann, chat, ben)
    raised = await members.add_member(world.context, ann, chat, ben, Role.ADMIN)
    kept = await members.add_member(world.context, ann, chat, ben)

    assert [(card.role, is_new) for card, is_new in (same, raised, kept)] == [(Role.MEMBER, False), (Role.ADMIN, False), (Role.ADMIN, False)]
    assert [event.kind for event in await world.events(chat)] == [EventKind.MEMBER_JOINED] * 2 + [EventKind.MEMBER_CHANGED]


async def test_who_may_not_add_is_refused_and_nobody_comes(world: World) -> None:
    channel, group, direct = await world.chat("ann", "ben", kind=ChatKind.CHANNEL), await world.chat("ann", "ben"), await world.chat("ann", "ben", kind=ChatKind.DIRECT)
    ben, cid, eve = world.people["ben"], await world.person("cid"), await world.person("eve")

    codes = [
        await refusal(members.add_member(world.context, ben, channel, cid)),
        await refusal(members.add_member(world.context, ben, group, cid, Role.ADMIN)),
        await refusal(members.add_member(world.context, ben, direct, cid)),
        await refusal(members.add_member(world.context, eve, group, cid)),
        await refusal(members.add_member(world.context, eve, ChatId(new_id(1)), cid)),
        await refusal(members.add_member(world.context, ben, group, UserId(new_id(1)))),
    ]

    assert codes == [ErrorCode.FORBIDDEN, ErrorCode.FORBIDDEN, ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.NOT_A_MEMBER, ErrorCode.CHAT_UNKNOWN, ErrorCode.USER_UNKNOWN]
    assert await roles(world, group) == {"ann": Role.OWNER, "ben": Role.MEMBER}


async def test_a_chat_has_room_for_so_many_however_they_come_at_once(world: World) -> None:
    chat = await world.chat(*[f"p{number}" for number in range(15)])
    late = [await world.person(f"late{number}") for number in range(10)]

    made = await asyncio.gather(*[members.add_member(world.context, world.people["p0"], chat, user) for user in late], return_exceptions=True)

    assert sum(isinstance(each, tuple) for each in made) == world.context.policy.chat_members_max - 15
    assert {each.code for each in made if isinstance(each, TenfourError)} == {ErrorCode.CHAT_FULL}
    assert len(await roles(world, chat, "p0")) == world.context.policy.chat_members_max


async def test_a_removal_is_the_members_last_event_and_is_told_to_the_member_too(world: World) -> None:
    chat = await world.chat("ann", "ben")
    ben = world.people["ben"]
    told: list[object] = []
    world.broker.listen_user(ben, told.append)

    await members.remove_member(world.context, world.people["ann"], chat, ben)

    last = (await world.events(chat))[-1]
    assert (last.kind, last.by, last.data["user"]) == (EventKind.MEMBER_LEFT, world.people["ann"], ben)
    assert await roles(world, chat) == {"ann": Role.OWNER}
    assert await refusal(world.read(members.list_members, ben, chat, after=None, limit=10)) is ErrorCode.NOT_A_MEMBER
    await world.store.settle()
    publish_commit(world.broker, world.commits[-1])
    assert told == [MembershipChanged(ben, last)]


async def test_who_may_not_remove_is_refused_and_nobody_goes(world: World) -> None:
    chat, direct = await world.chat("ann", "ben", "cid"), await world.chat("ann", "ben", kind=ChatKind.DIRECT)
    ann, ben, cid, eve = world.people["ann"], world.people["ben"], world.people["cid"], await world.person("eve")
    await members.change_role(world.context, ann, chat, ben, Role.ADMIN)

    codes = [
        await refusal(members.remove_member(world.context, cid, chat, ben)),
        await refusal(members.remove_member(world.context, ben, chat, ann)),
        await refusal(members.remove_member(world.context, ann, chat, ann)),
        await refusal(members.remove_member(world.context, ann, direct, ben)),
        await refusal(members.remove_member(world.context, ann, chat, eve)),
        await refusal(members.remove_member(world.context, eve, chat, ben)),
    ]

    assert codes == [ErrorCode.FORBIDDEN, ErrorCode.FORBIDDEN, ErrorCode.LAST_OWNER, ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.USER_UNKNOWN, ErrorCode.NOT_A_MEMBER]
    assert await roles(world, chat) == {"ann": Role.OWNER, "ben": Role.ADMIN, "cid": Role.MEMBER}


async def test_two_owners_who_leave_or_step_down_at_once_leave_one_owner(world: World) -> None:
    chat = await world.chat("ann", "ben", "cid")
    ann, ben = world.people["ann"], world.people["ben"]
    await members.change_role(world.context, ann, chat, ben, Role.OWNER)

    done = await asyncio.gather(members.remove_member(world.context, ann, chat, ann), members.change_role(world.context, ben, chat, ben, Role.MEMBER), return_exceptions=True)

    assert [each.code for each in done if isinstance(each, TenfourError)] == [ErrorCode.LAST_OWNER]
    assert list((await roles(world, chat, "cid")).values()).count(Role.OWNER) == 1


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_is_changed_once_with_an_event_that_says_it(world: World, role: Role) -> None:
    chat = await world.chat("ann", "ben")
    ann, ben = world.people["ann"], world.people["ben"]

    for _ in range(2):
        card = await members.change_role(world.context, ann, chat, ben, role)

    assert card.role is role
    changes = [event.data["role"] for event in await world.events(chat) if event.kind is EventKind.MEMBER_CHANGED]
    assert changes == ([] if role is Role.MEMBER else [role.value])


async def test_a_server_key_acts_as_an_owner_and_is_nobody_in_the_chat(world: World) -> None:
    chat = await world.chat("ann", kind=ChatKind.CHANNEL)
    ben = await world.person("ben")

    first = await members.admit_member(world.context, "key-id", chat, ben)
    again = await members.admit_member(world.context, "key-id", chat, ben)
    raised = await members.admit_member(world.context, "key-id", chat, ben, Role.OWNER)
    await members.dismiss_member(world.context, "key-id", chat, world.people["ann"])

    assert [(card.role, is_new) for card, is_new in (first, again, raised)] == [(Role.MEMBER, True), (Role.MEMBER, False), (Role.OWNER, False)]
    assert await roles(world, chat, "ben") == {"ben": Role.OWNER}
    assert [event.by for event in await world.events(chat)][1:] == [ben, "key-id", "key-id"]


async def test_a_server_key_leaves_direct_chats_alone_and_a_chat_with_an_owner(world: World) -> None:
    chat, direct = await world.chat("ann", "ben"), await world.chat("ann", "ben", kind=ChatKind.DIRECT)
    ann, cid = world.people["ann"], await world.person("cid")

    codes = [
        await refusal(members.admit_member(world.context, "k", direct, cid)),
        await refusal(members.dismiss_member(world.context, "k", direct, ann)),
        await refusal(members.dismiss_member(world.context, "k", chat, ann)),
        await refusal(members.dismiss_member(world.context, "k", chat, cid)),
        await refusal(members.admit_member(world.context, "k", ChatId(new_id(1)), cid)),
        await refusal(members.admit_member(world.context, "k", chat, UserId(new_id(1)))),
    ]

    assert codes == [ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.LAST_OWNER, ErrorCode.USER_UNKNOWN, ErrorCode.CHAT_UNKNOWN, ErrorCode.USER_UNKNOWN]


async def test_members_are_listed_page_by_page_each_once(world: World) -> None:
    chat = await world.chat(*[f"p{number}" for number in range(7)])
    found: list[UserId] = []
    while True:
        page = await world.read(members.list_members, world.people["p0"], chat, after=found[-1] if found else None, limit=3)
        if not page:
            break
        found += [card.person.id for card in page]

    assert found == sorted(world.people.values())
