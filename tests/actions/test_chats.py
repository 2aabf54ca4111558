"""Chats as a whole: made, found, renamed, joined, left."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tenfour.actions import chats, members
from tenfour.actions.chats import NewChat
from tenfour.domain.chat import ChatKind
from tenfour.domain.event import EventKind
from tenfour.domain.member import Role
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, UserId, new_id
from tenfour.storage.directory import ChannelSign, ChatCard
from tests.actions.world import World, refusal

pytestmark = pytest.mark.asyncio


async def test_a_new_group_begins_with_its_members_joining_in_order_the_creator_first(world: World) -> None:
    chat = await world.chat("ann", "ben", "cid")

    events = await world.events(chat)
    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.kind for event in events] == [EventKind.MEMBER_JOINED] * 3
    assert [(event.data["user"], event.data["role"]) for event in events] == [
        (world.people["ann"], "owner"),
        (world.people["ben"], "member"),
        (world.people["cid"], "member"),
    ]
    assert {event.by for event in events} == {world.people["ann"]}
    card = await world.read(chats.get_chat, world.people["ben"], chat)
    assert isinstance(card, ChatCard)
    assert (card.member_count, card.chat.last_seq, card.chat.rights_seq, card.unread) == (3, 3, 3, 0)


async def test_a_pair_has_one_direct_chat_whoever_asks(world: World) -> None:
    ann, ben = await world.person("ann"), await world.person("ben")

    first, is_new = await chats.create_chat(world.context, ann, NewChat(ChatKind.DIRECT), [ben])
    again, is_new_again = await chats.create_chat(world.context, ben, NewChat(ChatKind.DIRECT), [ann])

    assert (first, is_new, is_new_again) == (again, True, False)
    assert [event.data["role"] for event in await world.events(first)] == ["member", "member"]


async def test_fifty_that_ask_for_a_direct_chat_at_once_get_the_same_one(world: World) -> None:
    pair = [await world.person("ann"), await world.person("ben")]

    made = await asyncio.gather(*[chats.create_chat(world.context, pair[n % 2], NewChat(ChatKind.DIRECT), [pair[1 - n % 2]]) for n in range(50)])

    assert len({chat for chat, _ in made}) == 1
    assert [is_new for _, is_new in made].count(True) == 1


@pytest.mark.parametrize(
    ("wanted", "others", "code"),
    [
        (NewChat(ChatKind.DIRECT), [], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.DIRECT), ["ben", "cid"], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.DIRECT, "title"), ["ben"], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.DIAGNOSTIC, "title"), ["ben"], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.CHANNEL), [], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.GROUP, " "), [], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.GROUP, "two\nlines"), [], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.GROUP, "x" * 201), [], ErrorCode.FIELD_INVALID),
        (NewChat(ChatKind.GROUP, "x"), [f"p{n}" for n in range(20)], ErrorCode.CHAT_FULL),
    ],
)
async def test_what_cannot_be_made_is_refused_by_name(world: World, wanted: NewChat, others: list[str], code: ErrorCode) -> None:
    ann = await world.person("ann")
    people = [await world.person(name) for name in others]

    assert await refusal(chats.create_chat(world.context, ann, wanted, people)) is code

    assert await world.read(chats.list_chats, ann, after=None, limit=10) == []


async def test_nobody_is_put_into_a_chat_who_is_unknown_or_disabled(world: World) -> None:
    ann, ben = await world.person("ann"), await world.person("ben")
    await world.disable(ben)

    group = NewChat(ChatKind.GROUP, "x")

    assert await refusal(chats.create_chat(world.context, ann, group, [ben])) is ErrorCode.USER_UNKNOWN
    assert await refusal(chats.create_chat(world.context, ann, group, [UserId(new_id(1))])) is ErrorCode.USER_UNKNOWN


async def test_only_owners_and_administrators_rename_a_chat(world: World) -> None:
    chat = await world.chat("ann", "ben")
    ann, ben = world.people["ann"], world.people["ben"]

    card = await chats.rename_chat(world.context, ann, chat, "New")

    assert card.chat.title == "New"
    last = (await world.events(chat))[-1]
    assert (last.kind, last.by, last.data["title"]) == (EventKind.CHAT_CHANGED, ann, "New")
    assert await refusal(chats.rename_chat(world.context, ben, chat, "Mine")) is ErrorCode.FORBIDDEN
    assert await refusal(chats.rename_chat(world.context, ann, chat, "")) is ErrorCode.FIELD_INVALID
    assert await refusal(chats.rename_chat(world.context, await world.person("eve"), chat, "Hers")) is ErrorCode.NOT_A_MEMBER
    assert await refusal(chats.rename_chat(world.context, ann, ChatId(new_id(1)), "x")) is ErrorCode.CHAT_UNKNOWN
    direct = await world.chat("ann", "ben", kind=ChatKind.DIRECT)
    assert await refusal(chats.rename_chat(world.context, ann, direct, "x")) is ErrorCode.DIRECT_CHAT_FIXED


async def test_renaming_to_the_same_title_makes_no_event(world: World) -> None:
    chat = await world.chat("ann", title="Same")

    await chats.rename_chat(world.context, world.people["ann"], chat, "Same")

    assert len(await world.events(chat)) == 1


async def test_everybody_can_join_a_channel_and_nobody_else_a_group(world: World) -> None:
    channel = await world.chat("ann", kind=ChatKind.CHANNEL)
    group = await world.chat("ann")
    eve = await world.person("eve")

    card = await chats.join_channel(world.context, eve, channel)
    again = await chats.join_channel(world.context, eve, channel)

    assert (card.member.role, card.member.joined_seq, card.member_count) == (Role.MEMBER, 2, 2)
    assert again == card
    assert await refusal(chats.join_channel(world.context, eve, group)) is ErrorCode.NOT_A_MEMBER
    assert await refusal(chats.join_channel(world.context, eve, ChatId(new_id(1)))) is ErrorCode.CHAT_UNKNOWN


async def test_a_full_channel_takes_nobody_more(world: World) -> None:
    channel = await world.chat(*[f"p{n}" for n in range(20)], kind=ChatKind.CHANNEL)

    assert await refusal(chats.join_channel(world.context, await world.person("late"), channel)) is ErrorCode.CHAT_FULL


async def test_the_first_to_come_into_an_empty_channel_owns_it(world: World) -> None:
    channel = await world.chat("ann", kind=ChatKind.CHANNEL)
    await chats.leave_chat(world.context, world.people["ann"], channel)

    card = await chats.join_channel(world.context, await world.person("ben"), channel)

    assert (card.member.role, card.member_count) == (Role.OWNER, 1)


async def test_who_leaves_is_out_and_can_be_in_again_with_a_new_place(world: World) -> None:
    channel = await world.chat("ann", "ben", kind=ChatKind.CHANNEL)
    ben = world.people["ben"]

    await chats.leave_chat(world.context, ben, channel)

    assert isinstance(await world.read(chats.get_chat, ben, channel), ChannelSign)
    assert await refusal(chats.leave_chat(world.context, ben, channel)) is ErrorCode.NOT_A_MEMBER
    card = await chats.join_channel(world.context, ben, channel)
    assert (card.member.joined_seq, card.member_count) == (4, 2)


async def test_the_last_owner_stays_while_others_are_there(world: World) -> None:
    chat = await world.chat("ann", "ben")
    ann, ben = world.people["ann"], world.people["ben"]

    assert await refusal(chats.leave_chat(world.context, ann, chat)) is ErrorCode.LAST_OWNER

    await chats.leave_chat(world.context, ben, chat)
    await chats.leave_chat(world.context, ann, chat)
    assert [event.kind for event in await world.events(chat)][-2:] == [EventKind.MEMBER_LEFT] * 2


async def test_nobody_leaves_a_direct_chat(world: World) -> None:
    direct = await world.chat("ann", "ben", kind=ChatKind.DIRECT)

    assert await refusal(chats.leave_chat(world.context, world.people["ann"], direct)) is ErrorCode.DIRECT_CHAT_FIXED


async def test_a_stranger_sees_the_sign_of_a_channel_and_nothing_of_a_group(world: World) -> None:
    channel = await world.chat("ann", "ben", kind=ChatKind.CHANNEL, title="News")
    group = await world.chat("ann")
    eve = await world.person("eve")

    sign = await world.read(chats.get_chat, eve, channel)

    assert isinstance(sign, ChannelSign)
    assert (sign.title, sign.member_count) == ("News", 2)
    assert await refusal(world.read(chats.get_chat, eve, group)) is ErrorCode.NOT_A_MEMBER
    assert await refusal(world.read(chats.get_chat, eve, ChatId(new_id(1)))) is ErrorCode.CHAT_UNKNOWN
    assert [each.id for each in await world.read(chats.list_channels, "", after=None, limit=10)] == [channel]


async def test_a_products_chat_is_made_once_and_gains_members_by_being_asked_for_again(world: World) -> None:
    ann, ben, cid = [await world.person(name) for name in ("ann", "ben", "cid")]
    wanted = NewChat(ChatKind.GROUP, "Order 42")

    chat, is_new = await chats.ensure_chat(world.context, "key", "order-42", wanted, {ann: Role.OWNER, ben: Role.MEMBER})
    again = await chats.ensure_chat(world.context, "key", "order-42", replace(wanted, title="Order 42, paid"), {ann: Role.MEMBER, cid: Role.MEMBER})
    thrice = await chats.ensure_chat(world.context, "key", "order-42", replace(wanted, title="Order 42, paid"), {cid: Role.MEMBER})

    assert (is_new, again, thrice) == (True, (chat, False), (chat, False))
    assert [event.kind for event in await world.events(chat)] == [EventKind.MEMBER_JOINED, EventKind.MEMBER_JOINED, EventKind.CHAT_CHANGED, EventKind.MEMBER_JOINED]
    cards = await world.read(members.list_members, ann, chat, after=None, limit=10)
    assert {card.person.name: card.role for card in cards} == {"ann": Role.OWNER, "ben": Role.MEMBER, "cid": Role.MEMBER}
    card = await world.read(chats.get_chat, ann, chat)
    assert isinstance(card, ChatCard)
    assert (card.external_id, card.chat.title) == ("order-42", "Order 42, paid")


async def test_a_product_may_choose_the_uuid_of_its_chat(world: World) -> None:
    own_id = new_id(1)

    chat, is_new = await chats.ensure_chat(world.context, "key", own_id.upper(), NewChat(ChatKind.CHANNEL, "News"), {await world.person("ann"): Role.MEMBER})

    assert (chat, is_new) == (own_id, True)
    assert await refusal(chats.ensure_chat(world.context, "key", own_id, NewChat(ChatKind.GROUP, "News"), {})) is ErrorCode.CONFLICT


async def test_a_product_that_asks_ten_times_at_once_has_one_chat(world: World) -> None:
    people = {await world.person(f"p{n}"): Role.MEMBER for n in range(5)}

    made = await asyncio.gather(*[chats.ensure_chat(world.context, "key", "one", NewChat(ChatKind.GROUP), people) for _ in range(10)])

    assert len({chat for chat, _ in made}) == 1
    assert len(await world.events(made[0][0])) == 5


@pytest.mark.parametrize(("name", "kind"), [("", ChatKind.GROUP), ("x" * 201, ChatKind.GROUP), ("a\nb", ChatKind.GROUP), ("x", ChatKind.DIRECT)])
async def test_a_products_chat_with_a_bad_id_or_kind_is_refused(world: World, name: str, kind: ChatKind) -> None:
    assert await refusal(chats.ensure_chat(world.context, "key", name, NewChat(kind), {})) is ErrorCode.FIELD_INVALID
